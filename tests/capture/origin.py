"""A server whose every byte the test decides, over TCP or TLS, on loopback."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h2.config  # type: ignore[import-untyped]  # it ships no types
import h2.connection  # type: ignore[import-untyped]  # it ships no types
import h2.events  # type: ignore[import-untyped]  # it ships no types
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey
Answer = bytes | Callable[[socket.socket, bytes], None]


class Origin:
    """Answers by path; keeps every request as it came, and counts connections."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: dict[str, Answer] = {}
        self.requests: list[bytes] = []
        self.connections = 0

    def handle(self, connection: socket.socket) -> None:
        request = _read_request(connection)
        if not request:
            return
        self.requests.append(request)
        path = request.split(b" ", 2)[1].decode()
        answer = self.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            answer(connection, request)


def _read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(65536)
        if not piece:
            return b""
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(origin: Origin, tls: ssl.SSLContext | None = None) -> Iterator[Origin]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            origin.connections += 1
            try:
                connection = tls.wrap_socket(self.request, server_side=True) if tls else self.request
                with connection:
                    if tls is not None and connection.selected_alpn_protocol() == "h2":
                        _handle_h2(origin, connection)
                    else:
                        origin.handle(connection)
            except OSError:
                pass  # the other side hung up, which some tests want

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        origin.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield origin
        server.shutdown()


def _handle_h2(origin: Origin, connection: socket.socket) -> None:
    """Every answer is text/plain and names the path asked for."""
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    while data := connection.recv(65536):
        for event in state.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                path = dict(event.headers)[b":path"]
                origin.requests.append(path)
                state.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/plain")])
                state.send_data(event.stream_id, b"h2 " + path, end_stream=True)
        connection.sendall(state.data_to_send())


def make_certificates(folder: Path, host: str) -> tuple[Path, Path]:
    """An authority's certificate, and certificate with key of `host` signed by it, as PEM files."""
    now = datetime.now(UTC)

    def sign(
        name: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: x509.Name,
        by: ec.EllipticCurvePrivateKey,
        ca: bool,
    ) -> x509.Certificate:
        names: list[x509.GeneralName] = [
            x509.DNSName(host),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(by, hashes.SHA256())
        )

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = sign("Test authority", authority_key, _name("Test authority"), authority_key, ca=True)
    leaf = sign(host, key, authority.subject, authority_key, ca=False)
    authority_file, leaf_file = folder / "authority.pem", folder / "leaf.pem"
    authority_file.write_bytes(authority.public_bytes(Encoding.PEM))
    leaf_file.write_bytes(
        leaf.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return authority_file, leaf_file


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])

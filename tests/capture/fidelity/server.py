"""The fidelity site's server: HTTP/1.1, TLS and HTTP/2 over sockets, everything noted in the journal."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import cast

from tests.capture.fidelity import websocket
from tests.capture.fidelity.answers import Reply, answer
from tests.capture.fidelity.http2 import serve_http2
from tests.capture.fidelity.journal import Fields, Journal, Request


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


@contextlib.contextmanager
def serving(journal: Journal, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve the site on a port of its own; its origin, `http(s)://localhost:PORT`."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = tls.wrap_socket(self.request, server_side=True) if tls else self.request
                with connection:
                    if isinstance(connection, ssl.SSLSocket) and connection.selected_alpn_protocol() == "h2":
                        serve_http2(connection, origin, journal)
                    else:
                        _serve_http1(connection, origin, journal)

    with _Server(("127.0.0.1", 0), Handler) as server:
        origin = f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield origin
        finally:
            server.shutdown()


def _serve_http1(connection: socket.socket, origin: str, journal: Journal) -> None:
    with connection.makefile("rb") as incoming:
        while request := _read_request(cast(Iterator[bytes], incoming), origin, incoming.read):
            if request.field(b"upgrade").lower() == b"websocket":
                websocket.talk(connection, request, journal)
                return
            if not _write(connection, request, answer(request), journal):
                return


def _read_request(lines: Iterator[bytes], origin: str, read: object) -> Request | None:
    first = next(lines, b"")
    if not first.strip():
        return None
    method, target, _ = first.decode("latin-1").split(" ", 2)
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        if not line.strip():
            break
        name, _, value = line.rstrip(b"\r\n").partition(b":")
        fields.append((name, value.strip()))
    length = next((int(value) for name, value in fields if name.lower() == b"content-length"), 0)
    body = read(length) if length else b""  # type: ignore[operator]  # a buffered reader's
    return Request(origin=origin, protocol="http/1.1", method=method, target=target, fields=tuple(fields), body=body)


def _write(connection: socket.socket, request: Request, reply: Reply, journal: Journal) -> bool:
    """Write the reply, note what was written; whether the connection stays open."""
    fields = _framed(reply)
    sent = journal.begin(request, reply.status, fields)
    try:
        reason = HTTPStatus(reply.status).phrase.encode()
        head = b"".join(b"%s: %s\r\n" % field for field in fields)
        connection.sendall(b"HTTP/1.1 %d %s\r\n%s\r\n" % (reply.status, reason, head))
        if request.method != "HEAD":
            for piece in reply.body:
                if not piece:
                    continue
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.framing == "chunked" else piece)
                sent.body.add(piece)
            if reply.framing == "chunked":
                connection.sendall(b"0\r\n\r\n")
    except OSError as error:
        sent.broken = f"the other side hung up ({type(error).__name__})"
        raise
    if reply.break_off:
        sent.broken = "the server broke off"
    return not reply.break_off and reply.framing != "close"


def _framed(reply: Reply) -> Fields:
    if reply.framing == "chunked":
        return (*reply.fields, (b"Transfer-Encoding", b"chunked"))
    if reply.framing == "close":
        return (*reply.fields, (b"Connection", b"close"))
    if reply.framing == "none":
        return reply.fields
    length = reply.promised if reply.promised is not None else sum(map(len, reply.body))
    return (*reply.fields, (b"Content-Length", b"%d" % length))

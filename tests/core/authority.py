"""A real time-stamping authority: OpenSSL behind a small server on loopback, with certificates of the test's wish."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from rfc3161_client import decode_timestamp_response

NOW = datetime.now(UTC).replace(microsecond=0)  # OpenSSL stamps with the machine's clock

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to run an authority with")

_CONFIG = """[tsa]
default_tsa = t
[t]
serial = {place}/serial
signer_cert = {place}/tsa.crt
signer_key = {place}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = {digests}
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """Its root lies in `ca_file`; `answer` is what it says to a request."""

    def __init__(
        self,
        place: Path,
        *,
        begins: datetime = NOW - timedelta(days=1),
        ends: datetime = NOW + timedelta(days=1000),
        purpose: ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
        digests: str = "sha256, sha512",
    ) -> None:
        place.mkdir()
        self.place = place
        self.ca_file = place / "ca.crt"
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        years = timedelta(days=9000)
        name = f"Root of {place.name}"
        root = _certificate(name, root_key, name, root_key, NOW - years, NOW + years, None)
        signer = _certificate("Authority of Rivermouth", key, name, root_key, begins, ends, purpose)
        self.ca_file.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (place / "tsa.crt").write_bytes(signer.public_bytes(serialization.Encoding.PEM))
        (place / "tsa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (place / "serial").write_text("01\n")
        (place / "tsa.cnf").write_text(_CONFIG.format(place=place, digests=digests))
        self._lock = threading.Lock()

    def answer(self, request: bytes) -> bytes:
        with self._lock:
            (self.place / "query").write_bytes(request)
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]
            subprocess.run(command, cwd=self.place, capture_output=True, check=True)
            return (self.place / "reply").read_bytes()

    def sign_as_token(self, answer: bytes) -> bytes:
        """The answer's content, signed by this one's key whatever its certificate is for."""
        (self.place / "token").write_bytes(decode_timestamp_response(answer).time_stamp_token())
        self._cms("-verify", "-noverify", "-inform", "DER", "-in", "token", "-out", "content")
        kind = ("-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform", "DER")
        self._cms(
            *("-sign", "-binary", "-nodetach", "-in", "content", "-signer", "tsa.crt", "-inkey", "tsa.key"),
            *(*kind, "-out", "signed"),
        )
        token = (self.place / "signed").read_bytes()
        granted = b"\x30\x03\x02\x01\x00"
        return b"\x30\x82" + (len(granted) + len(token)).to_bytes(2, "big") + granted + token

    def _cms(self, *arguments: str) -> None:
        subprocess.run(["openssl", "cms", *arguments], cwd=self.place, capture_output=True, check=True)

    @contextmanager
    def serve(
        self, *, status: int = 200, body: bytes | None = None, wait: threading.Event | None = None
    ) -> Iterator[str]:
        """The address it is asked at; with `status`, `body` or `wait`, one that misbehaves."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                if wait is not None:
                    wait.wait()
                said = authority.answer(asked) if body is None else body
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/tsa"
            finally:
                if wait is not None:
                    wait.set()
                server.shutdown()
                thread.join()


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    begins: datetime,
    ends: datetime,
    purpose: ObjectIdentifier | None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=purpose is None, path_length=None), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])

"""The recording proxy as its users see it: start it, open a capture, get a WARC.

The proxy itself is a subprocess (`capture.proxy.recorder`). All traffic of a capture goes through
it under a login of its own, which is how it knows whose WARC an exchange belongs to.
"""

from __future__ import annotations

import json
import os
import secrets as random
import subprocess
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archiver.core import errors
from archiver.core.durable import make_directory, write_durably
from archiver.core.errors import ArchiverError, RecorderFailed
from capture.proxy.recorded import Echo, Failure, ProxyLogin, Recorded, Refusal, Truncation

__all__ = ["DEFAULT_MAX_BYTES", "Echo", "Failure", "ProxyLogin", "Recorded", "Recorder", "Refusal", "Truncation"]

DEFAULT_MAX_BYTES = 500 * 1000 * 1000
"""What one capture may take in as response bodies, in bytes as they came over the wire."""

_START_SECONDS = 60.0
_ANSWER_SECONDS = 120.0
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")


class Recorder:
    """The running proxy, as a context manager. One serves many captures at once; thread-safe.

    A proxy that does not start, or has died, raises RecorderFailed from whatever is asked next.
    `authority_dir` keeps the proxy's own certificate authority, private key included;
    `allow_hosts` are `host` or `host:port` names that may lead to private addresses;
    `trust_ca` is a PEM file trusted beside the public authorities; `secrets` are values that
    must not reach a WARC.
    """

    def __init__(
        self,
        *,
        authority_dir: Path,
        allow_hosts: Collection[str] = (),
        trust_ca: Path | None = None,
        secrets: Collection[str] = (),
    ) -> None:
        self._authority_dir = authority_dir
        self._allow_hosts = tuple(allow_hosts)
        self._trust_ca = trust_ca
        self._secrets = tuple(secrets)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._asked = 0
        self._ended = False

    def __enter__(self) -> Self:
        make_directory(self._authority_dir.absolute())
        self._authority_dir.chmod(0o700)
        settings = {
            "authority_dir": str(self._authority_dir.absolute()),
            "allow_hosts": self._allow_hosts,
            "trusted": str(self._trusted()),
            "secrets": self._secrets,
        }
        # Nobody reads it while the proxy runs well; a file, because a full pipe would stop it.
        self._complaints: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "capture.proxy.recorder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=_environment(),
            start_new_session=True,  # Ctrl-C reaches the parent, which then ends it in order
        )
        started: Future[dict[str, Any]] = Future()
        self._waiting[0] = started
        self._listener = threading.Thread(target=self._listen, name="recorder-answers", daemon=True)
        self._listener.start()
        try:
            self._write(settings)
            self._port = int(self._result(started, _START_SECONDS)["port"])
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def pid(self) -> int:
        """The proxy's process id."""
        return self._process.pid

    @property
    def ca_file(self) -> Path:
        """The proxy's own certificate authority, PEM: `verify=` of an HTTP client."""
        return self._authority_dir / "mitmproxy-ca-cert.pem"

    @property
    def ca_spki(self) -> str:
        """Base64 SHA-256 of its key: Chromium's `--ignore-certificate-errors-spki-list`."""
        certificate = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(sha256(key).digest()).decode()

    def begin(
        self,
        capture_id: str,
        warc: Path,
        info: Mapping[str, str],
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        secrets: Collection[str] = (),
    ) -> ProxyLogin:
        """Open the WARC of a capture; it lies under `WARC.part` until finished.

        `info` are further fields of the warcinfo. `secrets` are values of this capture that must not
        reach its WARC, such as the cookies of a stored login; those too short to be one, `en` or a
        user's number, are let be. Raises StorageFull, RecorderFailed.
        """
        password = random.token_urlsafe(24)
        self._ask(
            "begin",
            capture=capture_id,
            warc=str(warc.absolute()),
            info=dict(info),
            password=password,
            max_bytes=max_bytes,
            secrets=list(secrets),
        )
        return ProxyLogin(server=f"http://127.0.0.1:{self._port}", username=capture_id, password=password)

    def add_resource(
        self,
        capture_id: str,
        uri: str,
        media_type: str,
        file: Path,
        headers: Mapping[str, str] | None = None,
    ) -> bool:
        """Write `file` as a resource record with further WARC `headers`; it is read before this returns.

        The result says whether it was a text with a secret in it, which is then masked.
        Raises StorageFull, RecorderFailed.
        """
        told = self._ask(
            "add_resource",
            capture=capture_id,
            uri=uri,
            media_type=media_type,
            file=str(file.absolute()),
            headers=dict(headers or {}),
        )
        return bool(told["masked"])

    def mask(self, capture_id: str, texts: Sequence[str]) -> list[str]:
        """`texts` without what the capture knows to be secret by now, and without values of secret URL parameters."""
        return list(self._ask("mask", capture=capture_id, texts=list(texts))["texts"])

    def incomplete_media(self, capture_id: str, named: Sequence[str]) -> list[str]:
        """Media URLs that are not in the WARC whole: those seen, and those of `named` that were never asked for."""
        return list(self._ask("media", capture=capture_id, named=list(named))["urls"])

    def finish(self, capture_id: str, *, grace: float = 5.0) -> Recorded:
        """Wait up to `grace` seconds for responses under way, cut what still streams, publish the WARC.

        A cut response is among `truncated` with reason "time". Raises StorageFull where the disk
        refused any part of it, RecorderFailed; the WARC is then not there.
        """
        told = self._ask("finish", seconds=grace + _ANSWER_SECONDS, capture=capture_id, grace=grace)
        return Recorded(
            warc=Path(told["warc"]),
            records=told["records"],
            size=told["size"],
            sha256=told["sha256"],
            responses=told["responses"],
            refused=tuple(Refusal(**refusal) for refusal in told["refused"]),
            truncated=tuple(Truncation(**truncation) for truncation in told["truncated"]),
            failed=tuple(Failure(**failure) for failure in told["failed"]),
            echoes=tuple(Echo(**echo) for echo in told["echoes"]),
        )

    def abandon(self, capture_id: str) -> None:
        """Forget the capture and remove what was written of it."""
        self._ask("abandon", capture=capture_id)

    def _ask(self, deed: str, *, seconds: float = _ANSWER_SECONDS, **details: object) -> dict[str, Any]:
        with self._lock:
            self._asked += 1
            number = self._asked
            answer: Future[dict[str, Any]] = Future()
            self._waiting[number] = answer
            self._write({"id": number, "do": deed, "with": details})
        return self._result(answer, seconds)

    def _write(self, message: Mapping[str, object]) -> None:
        pipe = self._process.stdin
        if self._ended or pipe is None:
            raise RecorderFailed(self._epitaph())
        try:
            pipe.write(json.dumps(message).encode() + b"\n")
            pipe.flush()
        except (OSError, ValueError) as error:
            raise RecorderFailed(self._epitaph()) from error

    def _result(self, answer: Future[dict[str, Any]], seconds: float) -> dict[str, Any]:
        try:
            told = answer.result(seconds)
        except TimeoutError as error:
            self._process.kill()
            raise RecorderFailed(
                f"the recording proxy gave no answer for {seconds:.0f} s and was ended; capture again"
            ) from error
        if "error" in told:
            raise _error_class(told["error"])(told["message"])
        result: dict[str, Any] = told.get("result", told)
        return result

    def _listen(self) -> None:
        """Hand every answer to whoever waits for it; at the end, tell all that none will come."""
        for line in self._process.stdout or ():
            told = json.loads(line)
            answer = self._waiting.pop(told.get("id", 0), None)
            if answer is not None:
                answer.set_result(told)
        self._process.wait()
        with self._lock:
            self._ended = True
            while self._waiting:
                self._waiting.popitem()[1].set_exception(RecorderFailed(self._epitaph()))

    def _epitaph(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        why = f" ({lines[-1]})" if lines else ""
        return f"the recording proxy has died{why}; nothing it was recording is filed, run the capture again"

    def _stop(self) -> None:
        """Close its input, which ends it; kill it if it does not."""
        pipe = self._process.stdin
        try:
            if pipe is not None:
                pipe.close()
        except BrokenPipeError:
            pass  # it is dead already, which is what is wanted
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._complaints.close()

    def _trusted(self) -> Path:
        """One PEM file of every authority servers may be signed by."""
        if self._trust_ca is None:
            return Path(certifi.where())
        bundle = self._authority_dir.absolute() / "trusted.pem"
        write_durably(bundle, Path(certifi.where()).read_bytes() + b"\n" + self._trust_ca.read_bytes())
        return bundle


def _environment() -> dict[str, str]:
    """What the proxy needs of ours; no token or password of the parent's reaches it."""
    return {
        name: value for name, value in os.environ.items() if name in _KEPT_ENVIRONMENT or name.startswith("COVERAGE_")
    }


def _error_class(name: str) -> type[ArchiverError]:
    found = getattr(errors, name, None)
    return found if isinstance(found, type) and issubclass(found, ArchiverError) else RecorderFailed

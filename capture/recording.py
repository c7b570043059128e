"""The recording proxy as its users see it: start it, open a capture, get a WARC.

The proxy itself is a subprocess (`capture.recorder`). All traffic of a capture goes through
it under a login of its own, which is how it knows whose WARC an exchange belongs to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

DEFAULT_MAX_BYTES = 500 * 1000 * 1000
"""What one capture may take in as response bodies, in bytes as they came over the wire."""


@dataclass(frozen=True, kw_only=True)
class ProxyLogin:
    """How one capture's traffic reaches the proxy."""

    server: str  # "http://127.0.0.1:PORT"
    username: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A connection the egress guard refused."""

    host: str
    port: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Truncation:
    """A response kept only in part; `reason` is the WARC-Truncated value."""

    url: str
    reason: str  # "length" over the capture's byte budget | "disconnect" | "time"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A request that got no response: name not found, connection refused, bad certificate, ..."""

    url: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A finished WARC and what its capture should know of it."""

    warc: Path
    records: int
    size: int
    sha256: str  # "sha256:" and 64 hex digits, of the file
    responses: int
    refused: tuple[Refusal, ...] = ()
    truncated: tuple[Truncation, ...] = ()
    failed: tuple[Failure, ...] = ()


class Recorder:
    """The running proxy, as a context manager. One serves many captures at once; thread-safe.

    A proxy that does not start, or has died, raises RecorderFailed from whatever is asked next.
    """

    def __init__(
        self,
        *,
        authority_dir: Path,
        allow_hosts: Collection[str] = (),
        trust_ca: Path | None = None,
        secrets: Collection[str] = (),
    ) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    @property
    def ca_file(self) -> Path:
        """The proxy's own certificate authority, PEM: `verify=` of an HTTP client."""
        raise NotImplementedError

    @property
    def ca_spki(self) -> str:
        """Base64 SHA-256 of its key: Chromium's `--ignore-certificate-errors-spki-list`."""
        raise NotImplementedError

    def begin(
        self, capture_id: str, warc: Path, info: Mapping[str, str], *, max_bytes: int = DEFAULT_MAX_BYTES
    ) -> ProxyLogin:
        """Open the WARC of a capture; it lies under `WARC.part` until finished."""
        raise NotImplementedError

    def add_resource(
        self, capture_id: str, uri: str, media_type: str, file: Path, headers: Mapping[str, str] = {}
    ) -> None:
        """Write `file` as a resource record; it is read before this returns."""
        raise NotImplementedError

    def finish(self, capture_id: str) -> Recorded:
        """Wait a bounded time for responses under way, cut what still streams, publish the WARC."""
        raise NotImplementedError

    def abandon(self, capture_id: str) -> None:
        """Forget the capture and remove what was written of it."""
        raise NotImplementedError

"""What one recording gives back: the WARC, and what is missing from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

AS_BROWSER = "x-archiver-as-browser"
"""The request header, with the login's password, that makes the proxy add the browser's cookies; it goes no further."""


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
class Echo:
    """A response whose body gave a secret back: it is kept masked, and is not for export."""

    url: str


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
    echoes: tuple[Echo, ...] = ()

"""What the fidelity site read and wrote, exchange by exchange, byte for byte."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field

Fields = tuple[tuple[bytes, bytes], ...]

_KEPT = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as the server read it. `target` is the path with its query, as it stood on the wire."""

    origin: str  # "https://localhost:PORT"
    protocol: str  # "http/1.1" | "h2"
    method: str
    target: str
    fields: Fields
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def url(self) -> str:
        return self.origin + self.target

    def field(self, name: bytes) -> bytes:
        return next((value for key, value in self.fields if key.lower() == name), b"")


class Body:
    """The bytes of a body as they were written: all of a small one, length and SHA-256 of any."""

    def __init__(self) -> None:
        self.length = 0
        self.start = bytearray()
        self._digest = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        self._digest.update(piece)
        if len(self.start) < _KEPT:
            self.start += piece[: _KEPT - len(self.start)]

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@dataclass(kw_only=True)
class Sent:
    """One exchange. `broken` says why the body is not whole: the server broke off, or the other side did."""

    request: Request
    status: int
    fields: Fields
    body: Body = field(default_factory=Body)
    broken: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One web socket message as the server sent or read it."""

    url: str
    sender: str  # "client" | "server"
    content: bytes
    text: bool


class Journal:
    """Everything the site did, in the order it began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.exchanges: list[Sent] = []
        self.messages: list[Said] = []

    def begin(self, request: Request, status: int, fields: Fields) -> Sent:
        sent = Sent(request=request, status=status, fields=fields)
        with self._lock:
            self.exchanges.append(sent)
        return sent

    def say(self, said: Said) -> None:
        with self._lock:
            self.messages.append(said)

    @property
    def paths(self) -> set[str]:
        """Every path that was asked for, with its method."""
        return {f"{each.request.method} {each.request.path}" for each in self.exchanges}

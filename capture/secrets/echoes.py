"""Responses that give a secret back: found under their content encoding, and kept without it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archiver.core.warc import decode_pieces
from capture.secrets.masking import Fields, Secrets

_UNSEARCHED = (b"image/", b"video/", b"audio/", b"font/")
"""Media types whose bytes are no text; SVG is."""

_SMALL = 1 << 20
"""Bytes up to which these are searched all the same: a server may name a text so, and a picture may hold one."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A response as it may be kept; `echoes` says that its body gave a secret back and is not as it was sent."""

    fields: Fields
    body: BinaryIO | None
    echoes: bool = False


def without_echoes(fields: Fields, body: BinaryIO | None, secrets: Secrets, new_file: Callable[[], BinaryIO]) -> Kept:
    """The response with every secret in its body masked, which is then stored decoded.

    Most have none, and stay byte for byte. `body` is closed where another takes its place.
    """
    kind = _value(fields, b"content-type").strip().lower()
    if body is None or not secrets:
        return Kept(fields=fields, body=body)
    is_text = kind.startswith(b"image/svg") or not kind.startswith(_UNSEARCHED)
    if not is_text and body.seek(0, io.SEEK_END) > _SMALL:
        body.seek(0)
        return Kept(fields=fields, body=body)
    encoding = _value(fields, b"content-encoding").decode("latin-1")
    if not any(secrets.found_in(piece) for piece in _overlapping(decode_pieces(body, encoding), secrets.longest)):
        return Kept(fields=fields, body=body)
    masked = new_file()
    for piece in _masked(decode_pieces(body, encoding), secrets):
        masked.write(piece)
    body.close()
    return Kept(fields=tuple(_renamed(fields, decoded=bool(encoding))), body=masked, echoes=True)


def _overlapping(pieces: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """The pieces, each with the end of the one before, so that nothing is cut in two."""
    end = b""
    for piece in pieces:
        yield end + piece
        end = (end + piece)[-longest:]


def _masked(pieces: Iterable[bytes], secrets: Secrets) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held = secrets.mask(held + piece)  # what is masked already holds no secret any more
        safe = max(0, len(held) - secrets.longest)
        yield held[:safe]
        held = held[safe:]
    yield held


def _renamed(fields: Fields, *, decoded: bool) -> Iterator[tuple[bytes, bytes]]:
    """The headers that would be untrue of a decoded body, under other names."""
    for name, value in fields:
        untrue = decoded and name.lower() in (b"content-encoding", b"content-length")
        yield (b"X-Orig-" + name, value) if untrue else (name, value)


def _value(fields: Fields, name: bytes) -> bytes:
    return b", ".join(value for key, value in fields if key.lower() == name)

"""Taking transfer and content encodings off a body, as far as it goes."""

from __future__ import annotations

import zlib
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types


class _Decoder(Protocol):
    def decompress(self, packed: bytes, /) -> bytes: ...


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def decompress(self, packed: bytes) -> bytes:
        plain: bytes = self._decompressor.process(packed)
        return plain


_PIECE = 1 << 14


def decode_body(body: bytes, transfer_encoding: str, content_encoding: str) -> bytes:
    """`body` without the encodings its two headers name, the last applied taken off first.

    A body that is cut gives what came before the cut; one that is not what the header
    claims, or in an encoding not known here, is returned as it is. Known: chunked, gzip,
    deflate (with and without the zlib wrapper), br.
    """
    if "chunked" in _names(transfer_encoding):
        body = _unchunk(body)
    for name in reversed(_names(content_encoding)):
        body = _decode(body, name)
    return body


def _names(header: str) -> list[str]:
    return [name.strip().lower() for name in header.split(",") if name.strip()]


def _decode(body: bytes, name: str) -> bytes:
    if name in ("gzip", "x-gzip"):
        return _inflate(body, zlib.decompressobj(31))
    if name == "deflate":
        wrapped = body[:2] and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
        return _inflate(body, zlib.decompressobj(15 if wrapped else -15))
    if name == "br":
        return _inflate(body, _Brotli())
    return body


def _inflate(body: bytes, decoder: _Decoder) -> bytes:
    plain: list[bytes] = []
    for start in range(0, len(body), _PIECE):
        try:
            plain.append(decoder.decompress(body[start : start + _PIECE]))
        except (zlib.error, brotli.error):
            if not any(plain):
                return body
            break
    return b"".join(plain)


def _unchunk(body: bytes) -> bytes:
    """RFC 9112, 7.1; a body that does not begin with a chunk size was not chunked."""
    pieces: list[bytes] = []
    position = 0
    while True:
        end = body.find(b"\r\n", position)
        size = _chunk_size(body[position:end]) if end >= 0 else None
        if size is None:
            return b"".join(pieces) if pieces else body
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[end + 2 : end + 2 + size])
        position = end + 2 + size + 2


def _chunk_size(line: bytes) -> int | None:
    digits = line.split(b";")[0].strip()
    return int(digits, 16) if digits and not digits.strip(b"0123456789abcdefABCDEF") else None

"""The gzip members of a file, one at a time, each to its last byte (RFC 1952).

The check reads with this, not with warcio's reader, which tells neither where a member's
header, codes and trailer are nor whether every byte of the file belongs to one.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

from archiver.core.errors import BadWarc

_CHUNK = 1 << 16
_GZIP_ONLY = 31
_TRAILER_LENGTH = 8
HEADER_LENGTH = 10
"""Of a gzip header without optional fields, in bytes."""


def damaged(path: Path, offset: int, reason: str) -> BadWarc:
    return BadWarc(f"{path}, record at offset {offset}: {reason}; restore the file from a copy")


class Member:
    """A readable stream over one gzip member of `file`, which starts at `offset`.

    Every method raises BadWarc, naming the file and the offset, where the member is cut or
    damaged; its checksum and length are compared when its end is reached.
    """

    def __init__(self, file: BinaryIO, path: Path, offset: int) -> None:
        self.path = path
        self.offset = offset
        self.length = 0
        """Compressed bytes, known once `ended`."""
        self.header = b""
        self._file = file
        self._inflate = zlib.decompressobj(_GZIP_ONLY)
        self._ready = bytearray()
        self._taken = 0
        self._pending = b""
        file.seek(offset)

    @property
    def ended(self) -> bool:
        """Whether the member was read to its end and every byte of it handed out."""
        return self._inflate.eof and not self._ready

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; b"" at the member's end."""
        if not self._ready:
            self._fill()
        piece = bytes(self._ready[:size])
        del self._ready[:size]
        return piece

    def read_exactly(self, size: int) -> bytes:
        pieces = []
        while size:
            piece = self.read(min(size, _CHUNK))
            if not piece:
                raise self.damage("the record is shorter than its Content-Length says")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def read_until(self, mark: bytes, limit: int) -> bytes | None:
        """Everything up to and with `mark`; None, with nothing consumed, if not within `limit` bytes."""
        searched = 0
        while True:
            found = self._ready.find(mark, max(0, searched - len(mark)))
            if 0 <= found <= limit - len(mark):
                return self.read(found + len(mark))
            searched = len(self._ready)
            if searched >= limit or not self._fill():
                return None

    def read_record_end(self) -> None:
        """Read what follows a record: two line ends, then the member's end."""
        if self.read_exactly(4) != b"\r\n\r\n":
            raise self.damage("the record is longer than its Content-Length says")
        if self.read(1):
            raise self.damage("its gzip member holds more than one record")

    def damage(self, reason: str) -> BadWarc:
        return damaged(self.path, self.offset, reason)

    def _fill(self) -> bool:
        """Inflate some more; whether anything came."""
        before = len(self._ready)
        while len(self._ready) == before and not self._inflate.eof:
            packed = self._pending or self._file.read(_CHUNK)
            if not packed:
                raise self.damage("the file ends in the middle of it")
            self._taken += 0 if self._pending else len(packed)
            self.header += packed[: HEADER_LENGTH - len(self.header)]
            try:
                self._ready += self._inflate.decompress(packed, _CHUNK)
            except zlib.error as error:
                raise self.damage(f"its compressed bytes are damaged ({error})") from error
            self._pending = self._inflate.unconsumed_tail
        if self._inflate.eof:
            self.length = self._taken - len(self._inflate.unused_data)
        return len(self._ready) > before


def has_stray_bits(file: BinaryIO, offset: int, length: int) -> bool:
    """Whether bits after the member's last code, up to the byte's end, are set.

    No checksum covers them and every encoder leaves them 0 (RFC 1951, 3.2.3), so a set one
    was flipped later. The test: the last byte's highest set bit is cleared; if the member
    still inflates with its checksum right, that bit meant nothing.
    """
    place = offset + length - _TRAILER_LENGTH - 1
    file.seek(place)
    last = file.read(1)[0]
    if not last:
        return False
    cleared = bytes([last & ~(1 << (last.bit_length() - 1))])
    inflate = zlib.decompressobj(_GZIP_ONLY)
    file.seek(offset)
    position = offset
    try:
        while position < offset + length:
            packed = file.read(min(_CHUNK, offset + length - position))
            if position <= place < position + len(packed):
                packed = packed[: place - position] + cleared + packed[place - position + 1 :]
            position += len(packed)
            while packed:
                inflate.decompress(packed, _CHUNK)
                packed = inflate.unconsumed_tail
    except zlib.error:
        return False
    return inflate.eof

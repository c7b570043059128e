"""The gzip members of a file, one after the other, each to its last byte (RFC 1952).

The check reads with this, not with warcio's reader, which tells neither where a member's
header, codes and trailer are nor whether every byte of the file belongs to one. It inflates
with isal, twice as fast as zlib; that zlib can read the file too was seen when it was filed,
because extraction reads every record with it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from archiver.core.errors import BadWarc

_READ = 1 << 18
_FED = 1 << 15  # what follows a member in the piece fed to the decompressor is copied: small pieces
_INFLATED = 1 << 18
_GZIP_ONLY = 31
_TRAILER_LENGTH = 8
HEADER_LENGTH = 10
"""Of a gzip header without optional fields, in bytes."""


class Defect(StrEnum):
    """Kinds of what can be wrong with a WARC."""

    COMPRESSION = "compression"  # damaged gzip, bytes that belong to nothing, members that are not records
    TRUNCATED = "truncated"  # the file ends inside a record
    HEADER = "header"  # no WARC header, or one that is not written as WARC 1.1 says
    VERSION = "version"
    TYPE = "type"
    ID = "id"
    DATE = "date"
    URI = "uri"
    LENGTH = "length"  # the block is not as long as Content-Length says
    DIGEST = "digest"  # missing, of an unknown kind, or not the one of the bytes
    REFERENCE = "reference"  # to a record that is not there
    PROFILE = "profile"  # a revisit that does not say what it repeats
    COUNT = "count"  # other records than were written


class DamagedRecord(BadWarc):
    """BadWarc of one record, with its kind and its reason alone."""

    def __init__(self, message: str, *, defect: Defect, reason: str) -> None:
        super().__init__(message)
        self.defect = defect
        self.reason = reason


def damaged(path: Path, offset: int, reason: str, defect: Defect = Defect.COMPRESSION) -> DamagedRecord:
    message = f"{path}, record at offset {offset}: {reason}; restore the file from a copy"
    return DamagedRecord(message, defect=defect, reason=reason)


class MemberReader:
    """Reads a file once: its members one by one, and the SHA-256 of every byte of it.

    `begin` enters the next member; the other methods read in it. They raise DamagedRecord,
    naming the file and the offset, where the member is cut or damaged; its checksum and length
    are compared when its end is reached.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.path = path
        self.size = 0
        """Bytes of the file read so far."""
        self.offset = 0
        """Where the member entered last begins."""
        self.header = b""
        """That member's gzip header."""
        self.broken = False
        """Whether the member's compression is damaged or cut: nothing after that can be read."""
        self._file = file
        self._digest = hashlib.sha256()
        self._whole = self._packed = memoryview(b"")
        self._plain = b""
        self._at = 0
        self._unfinished = b""

    @property
    def end(self) -> int:
        """Where the member ends, once it is read to its end."""
        return self.size - len(self._packed)

    def begin(self) -> bool:
        """Enter the member after the one read to its end; False at the end of the file."""
        if not self._packed and not self._read():
            return False
        self.offset = self.end
        self.header = b""
        self._plain = b""
        self._at = 0
        self._unfinished = b""
        self._inflate = isal_zlib.decompressobj(_GZIP_ONLY)
        return True

    def hash_rest(self) -> str:
        """Read the file to its end, whatever it holds; the SHA-256 of all of it in hex."""
        while self._read():
            pass
        return self._digest.hexdigest()

    def skip(self) -> None:
        """Read the member to its end."""
        self._at = len(self._plain)
        while self._fill():
            self._at = len(self._plain)

    def read_until(self, mark: bytes, limit: int) -> bytes | None:
        """Everything up to and with `mark`; None, with nothing consumed, if not within `limit` bytes."""
        while (found := self._plain.find(mark, self._at, self._at + limit)) < 0:
            if len(self._plain) - self._at >= limit or not self._fill():
                return None
        start, self._at = self._at, found + len(mark)
        return self._plain[start : self._at]

    def peek(self) -> bytes:
        """What is inflated already and not yet read."""
        return self._plain[self._at :]

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The next `size` bytes, in pieces."""
        while size:
            if self._at == len(self._plain) and not self._fill():
                raise self.damage("the record is shorter than its Content-Length says", Defect.LENGTH)
            piece = memoryview(self._plain)[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def read_record_end(self) -> None:
        """Read what follows a record: two line ends, then the member's end."""
        if b"".join(self.pieces(4)) != b"\r\n\r\n":
            raise self.damage("the record is longer than its Content-Length says", Defect.LENGTH)
        if self._at < len(self._plain) or self._fill():
            raise self.damage("its gzip member holds more than one record")

    def damage(self, reason: str, defect: Defect = Defect.COMPRESSION) -> DamagedRecord:
        return damaged(self.path, self.offset, reason, defect)

    def _fill(self) -> bool:
        """Inflate some more; whether anything came."""
        while not self._inflate.eof:
            packed: bytes | memoryview = self._unfinished
            if not packed:
                if not self._packed and not self._read():
                    self.broken = True
                    raise self.damage("the file ends in the middle of it", Defect.TRUNCATED)
                packed, self._packed = self._packed[:_FED], self._packed[_FED:]
                if len(self.header) < HEADER_LENGTH:
                    self.header += packed[: HEADER_LENGTH - len(self.header)]
            try:
                plain = self._inflate.decompress(packed, _INFLATED)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stub calls the class an instance
                self.broken = True
                raise self.damage(f"its compressed bytes are damaged ({error})") from error
            self._unfinished = self._inflate.unconsumed_tail
            if self._inflate.eof:
                self._give_back(len(self._inflate.unused_data))
            if plain:
                self._plain = self._plain[self._at :] + plain
                self._at = 0
                return True
        return False

    def _give_back(self, count: int) -> None:
        """The last `count` bytes fed are not the member's: they are the next one's."""
        if count:
            fed = len(self._whole) - len(self._packed)
            self._packed = self._whole[fed - count :]

    def _read(self) -> bool:
        piece = self._file.read(_READ)
        self._digest.update(piece)
        self.size += len(piece)
        self._whole = self._packed = memoryview(piece)
        return bool(piece)


def has_stray_bits(file: BinaryIO, offset: int, end: int) -> bool:
    """Whether bits after a member's last code, up to the byte's end, are set.

    No checksum covers them and every encoder leaves them 0 (RFC 1951, 3.2.3), so a set one
    was flipped later. The test: the last byte's highest set bit is cleared; if the member
    still inflates with its checksum right, that bit meant nothing.
    """
    place = end - _TRAILER_LENGTH - 1
    file.seek(place)
    last = file.read(1)[0]
    if not last:
        return False
    cleared = bytes([last & ~(1 << (last.bit_length() - 1))])
    inflate = zlib.decompressobj(_GZIP_ONLY)
    file.seek(offset)
    position = offset
    try:
        while position < end:
            packed = file.read(min(_READ, end - position))
            if position <= place < position + len(packed):
                packed = packed[: place - position] + cleared + packed[place - position + 1 :]
            position += len(packed)
            while packed:
                inflate.decompress(packed, _INFLATED)
                packed = inflate.unconsumed_tail
    except zlib.error:
        return False
    return inflate.eof

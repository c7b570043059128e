"""A file stored uncompressed inside a ZIP, read in place."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipInfo

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # APPNOTE 4.3.7: signature ... name length, extra length


class _Slice(io.RawIOBase):
    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._position = file, start, size, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        piece = self._file.read(left if size < 0 else min(size, left))
        self._position += len(piece)
        return piece


def stored_file(file: BinaryIO, entry: ZipInfo) -> BinaryIO:
    """The bytes of `entry`, seekable, as long as `file` (the ZIP) is open. Raises BadZipFile."""
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise BadZipFile(f"{entry.filename} has no local header")
    signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    if signature != b"PK\x03\x04":
        raise BadZipFile(f"{entry.filename} has no local header")
    start = entry.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    return cast(BinaryIO, _Slice(file, start, entry.file_size))

"""A WARC put together from records that exist already, none of them changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from archiver.core.warc.heads import Headers
from archiver.core.warc.packing import GzipMember
from archiver.core.warc.reading import WarcRecord

_CHUNK = 1 << 20


class WarcCopy:
    """Writes records to the open `file` one after the other, a gzip member each; durability is the caller's."""

    def __init__(self, file: BinaryIO) -> None:
        self.records = 0
        self._file = file

    def copy(self, record: WarcRecord) -> None:
        """The record's compressed bytes as they stand in its file."""
        with record.path.open("rb") as source:
            source.seek(record.offset)
            rest = record.length
            while rest:
                piece = source.read(min(rest, _CHUNK))
                if not piece:
                    raise EOFError(f"{record.path} ends inside the record at {record.offset}")
                self._file.write(piece)
                rest -= len(piece)
        self.records += 1

    def add(self, headers: Headers, block: Iterable[bytes]) -> None:
        """A record with exactly these WARC headers."""
        member = GzipMember(self._file, hashlib.sha256())
        member.write(head_text(headers))
        for piece in block:
            member.write(piece)
        member.write(b"\r\n\r\n")
        member.flush()
        self.records += 1


def head_text(headers: Headers) -> bytes:
    """A WARC/1.1 head with its empty line."""
    return b"".join(
        [
            b"WARC/1.1\r\n",
            *(f"{name}: {value}\r\n".encode("utf-8", "surrogateescape") for name, value in headers),
            b"\r\n",
        ]
    )


def whole_block(record: WarcRecord) -> Iterator[bytes]:
    """The record's block: its HTTP head, then its payload."""
    yield record.http_head
    yield from record.iter_payload()

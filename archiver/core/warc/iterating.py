"""warcio's iterator, made to say where a file is damaged.

As it comes, warcio reads past damage: compressed bytes that cannot be inflated and a file
that ends inside a record count as the record's end, a record shorter or longer than its
Content-Length is a warning on stderr. Here each of them raises BadWarc.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from warcio.archiveiterator import WARCIterator
from warcio.bufferedreaders import DecompressingBufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from archiver.core.errors import BadWarc
from archiver.core.warc.heads import why_no_record
from archiver.core.warc.members import damaged

_HEAD_LIMIT = 1 << 20
_END = b"\r\n\r\n"


class RecordIterator(WARCIterator):  # type: ignore[misc]  # warcio ships no types
    """The records of `file` from `offset` on, their blocks unparsed in `raw_stream`.

    Raises BadWarc, naming `path` and the record's offset, where the file cannot be read on:
    damaged or cut gzip, a gzip member with anything but one record in it, a head that is no
    WARC head, a block that is not as long as its Content-Length says.
    """

    def __init__(self, file: BinaryIO, path: Path, offset: int) -> None:
        file.seek(offset)
        super().__init__(file, no_record_parse=True)
        self._path = path
        self.reader = _MemberReader(self.fh, self.damage)

    def damage(self, reason: str) -> BadWarc:
        """That the record under way is damaged."""
        return damaged(self._path, self.offset, reason)

    def first(self) -> ArcWarcRecord:
        """The record at `offset`. Raises BadWarc if the file ends there."""
        for record in self:
            return record
        raise self.damage("the file ends before it")

    def read_block(self, record: ArcWarcRecord, size: int) -> bytes:
        """The next `size` bytes of a record's block. Raises BadWarc if there are fewer."""
        piece: bytes = record.raw_stream.read(size)
        if len(piece) < size:
            raise self.damage("the record is shorter than its Content-Length says")
        return piece

    def _next_record(self, next_line: None) -> ArcWarcRecord:
        try:
            record = super()._next_record(next_line)
        except ArchiveLoadFailed as error:
            raise self.damage("it does not begin with a WARC header") from error
        except EOFError:
            if self.reader.in_empty_member:
                raise self.damage("it does not begin with a WARC header") from None
            raise
        self.reader.head_ended = True
        reason = why_no_record(record.rec_headers)
        if reason is not None:
            raise self.damage(reason)
        return record

    def _consume_blanklines(self) -> tuple[None, int]:
        """What follows a record: two line ends, then its gzip member's end."""
        if self.record.raw_stream.limit:
            raise self.damage("the record is shorter than its Content-Length says")
        after = self.reader.read(len(_END) + 1)
        if after[: len(_END)] != _END:
            raise self.damage("the record is longer than its Content-Length says")
        if len(after) > len(_END):
            raise self.damage("its gzip member holds more than one record")
        return None, len(_END)


class _MemberReader(DecompressingBufferedReader):  # type: ignore[misc]  # warcio ships no types
    """Inflates one gzip member after the other; nothing but whole gzip passes."""

    def __init__(self, file: BinaryIO, damage: Callable[[str], BadWarc]) -> None:
        self._damage = damage
        super().__init__(file)

    @property
    def in_empty_member(self) -> bool:
        return self._begun and not self.head_ended

    def readline(self, length: int | None = None) -> bytes:
        """A line of a head; one that does not end would fill the memory."""
        line: bytes = super().readline(_HEAD_LIMIT)
        self._head_size += len(line)
        if self._head_size > _HEAD_LIMIT:
            raise self._damage("it does not begin with a WARC header")
        return line

    def _init_decomp(self, decomp_type: str) -> None:
        super()._init_decomp(decomp_type)
        self._begun = self.head_ended = False
        self._head_size = 0

    def _process_read(self, packed: bytes) -> None:
        if not packed and self._begun and not self.decompressor.eof:
            raise self._damage("the file ends in the middle of it")
        self._begun = self._begun or bool(packed)
        super()._process_read(packed)

    def _decompress(self, packed: bytes) -> bytes:
        try:
            plain: bytes = self.decompressor.decompress(packed)
        except zlib.error as error:
            raise self._damage(f"its compressed bytes are damaged ({error})") from error
        return plain

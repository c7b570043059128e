"""Reading WARC files record by record, without holding big bodies in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders

from archiver.core import clock
from archiver.core.warc.decoding import decode_body
from archiver.core.warc.heads import HTTP_HEAD_LIMIT, Headers, first_value, is_http, parse_head, why_no_record
from archiver.core.warc.iterating import RecordIterator
from archiver.core.warc.members import MemberReader, damaged

_KEPT = 1 << 20
_CHUNK = 1 << 18


@dataclass(frozen=True, kw_only=True)
class WarcRecord:
    """One record; `offset` and `length` are those of its gzip member, in bytes.

    Payloads up to 1 MiB stay with the record; longer ones are read again from `path` each
    time they are asked for. `uri` is "" for a warcinfo. For HTTP records `http_head` is the
    raw block up to the empty line, and the payload what follows it. A restored record (see
    restoring.py) has the offset and length of the record that stands for it.
    """

    path: Path
    offset: int
    length: int
    type: str
    id: str
    date: datetime
    uri: str
    headers: Headers
    http_head: bytes
    payload_size: int
    _kept: bytes | None
    _source: Callable[[], Iterator[bytes]] | None = None

    def header(self, name: str) -> str | None:
        """The first WARC header of that name, case-insensitive."""
        return first_value(self.headers, name)

    @property
    def http_headers(self) -> Headers:
        """Name and value in order; bytes that are not UTF-8 are read as ISO 8859-1."""
        return tuple(self._http.headers)

    def http_header(self, name: str) -> str | None:
        """The first HTTP header of that name, case-insensitive."""
        value: str | None = self._http.get_header(name)
        return value

    @property
    def status(self) -> int | None:
        """The HTTP status of a response record."""
        code: str = self._http.get_statuscode() if self.type == "response" else ""
        return int(code) if code.isascii() and code.isdigit() else None

    @property
    def method(self) -> str | None:
        """The HTTP method of a request record."""
        return (self._http.protocol or None) if self.type == "request" else None

    @property
    def media_type(self) -> str:
        """Type and subtype in lower case, without parameters; "" where none is stated."""
        stated = self.http_header("Content-Type") if self.http_head else self.header("Content-Type")
        return (stated or "").split(";")[0].strip().lower()

    @property
    def truncated(self) -> str | None:
        """The WARC-Truncated reason of a record that holds only a part."""
        return self.header("WARC-Truncated")

    def payload(self) -> bytes:
        """The payload as stored: transfer and content encodings still on."""
        return b"".join(self.iter_payload())

    def iter_payload(self) -> Iterator[bytes]:
        """The payload as stored, in pieces of at most 256 KiB. Raises BadWarc."""
        if self._source is not None:
            yield from self._source()
            return
        if self._kept is not None:
            yield self._kept
            return
        with self.path.open("rb") as file:
            records = RecordIterator(file, self.path, self.offset)
            record = records.first()
            records.read_block(record, len(self.http_head))
            rest = self.payload_size
            while rest:
                piece = records.read_block(record, min(rest, _CHUNK))
                rest -= len(piece)
                yield piece

    def content(self) -> bytes:
        """The payload with chunking and content encodings (gzip, deflate, br) taken off.

        A body cut in transit, or one that is not what its headers claim, gives what can be read.
        """
        if not self.http_head:
            return self.payload()
        return decode_body(
            self.payload(),
            self.http_header("Transfer-Encoding") or "",
            self.http_header("Content-Encoding") or "",
        )

    @cached_property
    def _http(self) -> StatusAndHeaders:
        return parse_head(self.http_head) if self.http_head else StatusAndHeaders("", [])


def read_records(path: Path) -> Iterator[WarcRecord]:
    """Every record of the WARC at `path`, in order. Raises BadWarc where it cannot be read on."""
    with path.open("rb") as file:
        yield from read_stream(file, path)


def read_stream(file: BinaryIO, path: Path) -> Iterator[WarcRecord]:
    """As `read_records`, from an open file that messages call `path`.

    Payloads over 1 MiB cannot be read from such a record, since `path` may be no file.
    """
    records = RecordIterator(file, path, 0)
    for record in records:
        yield _take(records, record, path)


def read_record(path: Path, offset: int) -> WarcRecord:
    """The record whose gzip member starts at `offset`. Raises BadWarc."""
    with path.open("rb") as file:
        records = RecordIterator(file, path, offset)
        return _take(records, records.first(), path)


def read_heads(path: Path) -> Iterator[WarcRecord]:
    """As `read_records`, twice as fast, where few payloads are asked for: none is kept, whatever its size."""
    with path.open("rb") as file:
        members = MemberReader(file, path)
        while members.begin():
            block = members.read_until(b"\r\n\r\n", HTTP_HEAD_LIMIT)
            try:
                head = parse_head(block or b"")
                reason = why_no_record(head)
            except (ValueError, EOFError):
                reason = "it does not begin with a WARC header"
            if reason is not None:
                raise members.damage(reason)
            headers: Headers = tuple(head.headers)
            size, http_head = int(first_value(headers, "Content-Length") or 0), b""
            if is_http(headers):
                http_head = members.read_until(b"\r\n\r\n", min(size, HTTP_HEAD_LIMIT)) or b""
            for _ in members.pieces(size - len(http_head)):
                pass
            members.read_record_end()
            length = members.end - members.offset
            yield _record(path, members.offset, length, headers, http_head, size - len(http_head), None)


def _take(records: RecordIterator, record: ArcWarcRecord, path: Path) -> WarcRecord:
    """Everything of `record`, read to its end; a payload to be kept only if it is small."""
    headers: Headers = tuple(record.rec_headers.headers)
    start = records.read_block(record, min(record.length, HTTP_HEAD_LIMIT))
    end = start.find(b"\r\n\r\n") if is_http(headers) else -1
    http_head = start[: end + 4] if end >= 0 else b""
    payload_size = record.length - len(http_head)
    kept = None
    if payload_size <= _KEPT:
        kept = start[len(http_head) :] + records.read_block(record, record.length - len(start))
    offset, length = records.get_record_offset(), records.get_record_length()
    return _record(path, offset, length, headers, http_head, payload_size, kept)


def _record(
    path: Path, offset: int, length: int, headers: Headers, http_head: bytes, payload_size: int, kept: bytes | None
) -> WarcRecord:
    """Raises BadWarc where a field is missing that every record has."""
    try:
        date = clock.from_iso(first_value(headers, "WARC-Date") or "")
    except ValueError as error:
        raise damaged(path, offset, "its WARC-Date is missing or no date") from error
    for name in ("WARC-Type", "WARC-Record-ID"):
        if not first_value(headers, name):
            raise damaged(path, offset, f"it has no {name}")
    return WarcRecord(
        path=path,
        offset=offset,
        length=length,
        type=first_value(headers, "WARC-Type") or "",
        id=first_value(headers, "WARC-Record-ID") or "",
        date=date,
        uri=(first_value(headers, "WARC-Target-URI") or "").strip("<>"),
        headers=headers,
        http_head=http_head,
        payload_size=payload_size,
        _kept=kept,
    )

"""Reading WARC files record by record, without holding big bodies in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from archiver.core import clock
from archiver.core.warc.decoding import decode_body
from archiver.core.warc.members import Member

Headers = tuple[tuple[str, str], ...]

_WARC_HEAD_LIMIT = 1 << 20
_HTTP_HEAD_LIMIT = 1 << 20
_KEPT = 1 << 20
_CHUNK = 1 << 18


@dataclass(frozen=True, kw_only=True)
class WarcRecord:
    """One record; `offset` and `length` are those of its gzip member, in bytes.

    Payloads up to 1 MiB stay with the record; longer ones are read again from `path` each
    time they are asked for. `uri` is "" for a warcinfo. For HTTP records `http_head` is the
    raw block up to the empty line, and the payload what follows it.
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

    def header(self, name: str) -> str | None:
        """The first WARC header of that name, case-insensitive."""
        return first_value(self.headers, name)

    @property
    def http_headers(self) -> Headers:
        """Name and value in order; bytes that are not UTF-8 are read as ISO 8859-1."""
        return parse_headers(self.http_head.split(b"\n", 1)[1]) if self.http_head else ()

    def http_header(self, name: str) -> str | None:
        """The first HTTP header of that name, case-insensitive."""
        return first_value(self.http_headers, name)

    @property
    def status(self) -> int | None:
        """The HTTP status of a response record."""
        words = self._first_words
        return int(words[1]) if self.type == "response" and len(words) > 1 and words[1].isdigit() else None

    @property
    def method(self) -> str | None:
        """The HTTP method of a request record."""
        words = self._first_words
        return words[0].decode("ascii", "replace") if self.type == "request" and words else None

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
        if self._kept is not None:
            yield self._kept
            return
        with self.path.open("rb") as file:
            member = Member(file, self.path, self.offset)
            read_warc_head(member)
            member.read_exactly(len(self.http_head))
            rest = self.payload_size
            while rest:
                piece = member.read_exactly(min(rest, _CHUNK))
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

    @property
    def _first_words(self) -> list[bytes]:
        return self.http_head.split(b"\n", 1)[0].split()


def read_records(path: Path) -> Iterator[WarcRecord]:
    """Every record of the WARC at `path`, in order. Raises BadWarc where it cannot be read on."""
    with path.open("rb") as file:
        yield from read_stream(file, path)


def read_stream(file: BinaryIO, path: Path) -> Iterator[WarcRecord]:
    """As `read_records`, from an open file that messages call `path`.

    Payloads over 1 MiB cannot be read from such a record, since `path` may be no file.
    """
    end = file.seek(0, 2)
    offset = 0
    while offset < end:
        record = _read_one(file, path, offset)
        yield record
        offset += record.length


def read_record(path: Path, offset: int) -> WarcRecord:
    """The record whose gzip member starts at `offset`. Raises BadWarc."""
    with path.open("rb") as file:
        return _read_one(file, path, offset)


def parse_headers(block: bytes) -> Headers:
    """Name-value pairs of a header block; folded lines are joined (RFC 9112, 5.2)."""
    pairs: list[tuple[str, str]] = []
    for raw in block.split(b"\n"):
        line = _text(raw).rstrip("\r")
        if line[:1] in (" ", "\t") and pairs:
            name, value = pairs[-1]
            pairs[-1] = (name, f"{value} {line.strip()}")
        elif ":" in line:
            name, value = line.split(":", 1)
            pairs.append((name.strip(), value.strip()))
    return tuple(pairs)


def _read_one(file: BinaryIO, path: Path, offset: int) -> WarcRecord:
    member = Member(file, path, offset)
    headers, size = read_warc_head(member)
    http_head = read_http_head(member, headers, size)
    payload_size = size - len(http_head)
    kept = member.read_exactly(payload_size) if payload_size <= _KEPT else None
    if kept is None:
        member.skip(payload_size)
    if member.read_exactly(4) != b"\r\n\r\n" or member.read(1):
        raise member.damage("the record is longer than its Content-Length says")
    try:
        date = clock.from_iso(first_value(headers, "WARC-Date") or "")
    except ValueError as error:
        raise member.damage("its WARC-Date is missing or no date") from error
    return WarcRecord(
        path=path,
        offset=offset,
        length=member.length,
        type=_required(member, headers, "WARC-Type"),
        id=_required(member, headers, "WARC-Record-ID"),
        date=date,
        uri=(first_value(headers, "WARC-Target-URI") or "").strip("<>"),
        headers=headers,
        http_head=http_head,
        payload_size=payload_size,
        _kept=kept,
    )


def read_warc_head(member: Member) -> tuple[Headers, int]:
    """The WARC headers, and the block's length in bytes. Raises BadWarc."""
    head = member.read_until(b"\r\n\r\n", _WARC_HEAD_LIMIT)
    if head is None or not head.startswith((b"WARC/1.1\r\n", b"WARC/1.0\r\n")):
        raise member.damage("it does not begin with a WARC header")
    headers = parse_headers(head.split(b"\n", 1)[1])
    size = first_value(headers, "Content-Length") or ""
    if not (size.isascii() and size.isdigit()):
        raise member.damage("its Content-Length is missing or no number")
    return headers, int(size)


def read_http_head(member: Member, headers: Headers, size: int) -> bytes:
    """The raw HTTP head of an HTTP record; b"" where there is none."""
    if not (first_value(headers, "Content-Type") or "").lower().startswith("application/http"):
        return b""
    return member.read_until(b"\r\n\r\n", min(size, _HTTP_HEAD_LIMIT)) or b""


def _required(member: Member, headers: Headers, name: str) -> str:
    value = first_value(headers, name)
    if not value:
        raise member.damage(f"it has no {name}")
    return value


def first_value(headers: Headers, name: str) -> str | None:
    """The first value under `name`, case-insensitive."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")

"""Writing WARC/1.1: one gzip member per record, SHA-256 block and payload digests."""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders

from archiver.core import clock
from archiver.core.durable import part_path, publish, storage_errors, sync_file
from archiver.core.errors import StorageFull
from archiver.core.records import Digest
from archiver.core.warc.packing import GzipMember, RawHead, RecordWriter
from archiver.core.warc.reading import WarcRecord, read_records

FORMAT = "WARC File Format 1.1"
CONFORMS_TO = "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"

_MADE_ANEW = frozenset(
    ("Content-Type", "Content-Length", "WARC-Block-Digest", "WARC-Payload-Digest", "WARC-JSON-Metadata")
)

_UNSAFE_IN_URI = re.compile(r"[^\x21-\x7e]+")

Body = bytes | BinaryIO
"""Bytes, or a seekable binary file read from its start to its end."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its response as they stood on the wire.

    A head is the raw block from the first line to the empty line, inclusive. `protocols`
    are WARC-Protocol values ("http/1.1", "h2", "tls/1.3"), `cipher_suite` the TLS name.
    `metadata` goes into WARC-JSON-Metadata of the response. `truncated` is None or a
    WARC-Truncated value: "length", "time", "disconnect".
    """

    uri: str
    date: datetime
    request_head: bytes
    request_body: Body = b""
    response_head: bytes
    response_body: Body = b""
    ip_address: str | None = None
    protocols: tuple[str, ...] = ()
    cipher_suite: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    truncated: str | None = None
    request_truncated: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """What takes the place of a record's target URI, HTTP head and payload; `metadata` is added to its own."""

    uri: str
    head: bytes
    body: Body
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WarcSummary:
    """A finished WARC: `records` counts every record, the warcinfo included; `size` is in bytes."""

    path: Path
    records: int
    size: int
    sha256: Digest


def new_record_id() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


class WarcWriter:
    """Writes `path`, which appears under its name when `finish` has made it durable.

    After a StorageFull the file ends with its last whole record and every further call
    raises StorageFull again: evidence with a hole is not filed. Not thread-safe.
    """

    def __init__(
        self,
        path: Path,
        *,
        info: Mapping[str, str],
        now: Callable[[], datetime] = clock.now,
        new_record_id: Callable[[], str] = new_record_id,
    ) -> None:
        self.path = path
        self._now = now
        self._new_record_id = new_record_id
        self._records = 0
        self._size = 0
        self._digest = hashlib.sha256()
        self._failure: StorageFull | None = None
        with storage_errors(path):
            self._file: BinaryIO = part_path(path).open("wb", buffering=0)
        self._write_warcinfo(info)

    def write_exchange(self, exchange: Exchange) -> str:
        """Write the response record, then its request record; the response's id."""
        response_id, request_id = self._new_record_id(), self._new_record_id()
        shared: list[tuple[str, str]] = []
        if exchange.ip_address is not None:
            shared.append(("WARC-IP-Address", exchange.ip_address))
        shared += [("WARC-Protocol", protocol) for protocol in exchange.protocols]
        if exchange.cipher_suite is not None:
            shared.append(("WARC-Cipher-Suite", exchange.cipher_suite))
        of_response = list(shared)
        if exchange.metadata:
            text = json.dumps(exchange.metadata, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
            of_response.append(("WARC-JSON-Metadata", text))
        if exchange.truncated is not None:
            of_response.append(("WARC-Truncated", exchange.truncated))
        self._write(
            "response",
            response_id,
            exchange.date,
            uri=exchange.uri,
            headers=of_response,
            content_type="application/http;msgtype=response",
            head=exchange.response_head,
            body=exchange.response_body,
        )
        of_request = [*shared, ("WARC-Concurrent-To", response_id)]
        if exchange.request_truncated is not None:
            of_request.append(("WARC-Truncated", exchange.request_truncated))
        self._write(
            "request",
            request_id,
            exchange.date,
            uri=exchange.uri,
            headers=of_request,
            content_type="application/http;msgtype=request",
            head=exchange.request_head,
            body=exchange.request_body,
        )
        return response_id

    def write_resource(
        self,
        uri: str,
        media_type: str,
        payload: Body,
        *,
        date: datetime | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Write a resource record with further WARC `headers`; its id."""
        record_id = self._new_record_id()
        self._write(
            "resource",
            record_id,
            date or self._now(),
            uri=uri,
            headers=list((headers or {}).items()),
            content_type=media_type,
            body=payload,
        )
        return record_id

    @property
    def size(self) -> int:
        """Bytes written so far: where the next record will begin."""
        return self._size

    def rewrite(self, change: Callable[[WarcRecord], Rewritten | None], *, until: int) -> None:
        """Write the file anew, the records that begin before byte `until` as `change` wants them.

        For what turns out, while the file is unfinished, not to be kept as it was written. A record
        for which `change` gives None stays byte for byte; where it does so for all nothing is
        written. Raises StorageFull.
        """
        self._refuse_after_failure()
        part = part_path(self.path)
        records = list(read_records(part))
        changes = {each.offset: new for each in records if each.offset < until and (new := change(each))}
        if not changes:
            return
        before, self._file = self._file, part.with_name(f"{part.name}.new").open("wb", buffering=0)
        before.close()
        self._size, self._records, self._digest = 0, 0, hashlib.sha256()
        with part.open("rb") as old:
            for record in records:
                if new := changes.get(record.offset):
                    self._write_changed(record, new)
                else:
                    old.seek(record.offset)
                    self._copy(old.read(record.length))
        with storage_errors(self.path):
            part.with_name(f"{part.name}.new").replace(part)

    def finish(self) -> WarcSummary:
        """Make the file durable under its own name. Raises StorageFull if any write was refused."""
        self._refuse_after_failure()
        with storage_errors(self.path):
            sync_file(self._file)
            self._file.close()
        publish(part_path(self.path), self.path)
        return WarcSummary(
            path=self.path,
            records=self._records,
            size=self._size,
            sha256=Digest(f"sha256:{self._digest.hexdigest()}"),
        )

    def abandon(self) -> None:
        """Close and remove what was written; nothing appears under the file's name."""
        self._file.close()
        part = part_path(self.path)
        for each in (part, part.with_name(f"{part.name}.new")):
            each.unlink(missing_ok=True)

    def _write_warcinfo(self, info: Mapping[str, str]) -> None:
        software = f"Archiver/{version('records-archiver')}"
        fields = {"software": software, "format": FORMAT, "conformsTo": CONFORMS_TO, **info}
        text = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in fields.items())
        self._write(
            "warcinfo",
            self._new_record_id(),
            self._now(),
            headers=[("WARC-Filename", self.path.name)],
            content_type="application/warc-fields",
            body=text.encode(),
        )

    def _write(
        self,
        record_type: str,
        record_id: str,
        date: datetime,
        *,
        content_type: str,
        uri: str | None = None,
        headers: list[tuple[str, str]],
        head: bytes = b"",
        body: Body,
    ) -> None:
        self._refuse_after_failure()
        fields = [
            ("WARC-Type", record_type),
            ("WARC-Record-ID", record_id),
            ("WARC-Date", clock.to_warc_date(date)),
        ]
        if uri is not None:
            fields.append(("WARC-Target-URI", ascii_uri(uri)))
        self._append(_record(record_type, [*fields, *headers], content_type, head, body))

    def _write_changed(self, record: WarcRecord, new: Rewritten) -> None:
        """`record` with another URI, head and payload; its digests and length are made anew."""
        told = json.loads(record.header("WARC-JSON-Metadata") or "{}") | new.metadata
        headers = [
            (name, ascii_uri(new.uri) if name == "WARC-Target-URI" else value)
            for name, value in record.headers
            if name not in _MADE_ANEW
        ]
        if told:
            text = json.dumps(told, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
            headers.append(("WARC-JSON-Metadata", text))
        content_type = record.header("Content-Type") or ""
        self._append(_record(record.type, headers, content_type, new.head, new.body))

    def _copy(self, member: bytes) -> None:
        """A record as it was packed before."""
        try:
            with storage_errors(self.path):
                rest = memoryview(member)
                while rest:  # an unbuffered write may take only a part
                    rest = rest[self._file.write(rest) :]
        except StorageFull as error:
            self._failure = error
            raise
        self._digest.update(member)
        self._size += len(member)
        self._records += 1

    def _append(self, record: ArcWarcRecord) -> None:
        member = GzipMember(self._file, self._digest.copy())
        try:
            with storage_errors(self.path):
                RecordWriter(member).write_record(record)
        except StorageFull as error:
            self._failure = error
            self._cut_to_last_record()
            raise
        self._digest = member.digest
        self._size += member.size
        self._records += 1

    def _cut_to_last_record(self) -> None:
        with storage_errors(self.path):
            self._file.truncate(self._size)
            self._file.seek(self._size)

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise StorageFull(str(self._failure)) from self._failure


def _record(
    record_type: str, headers: list[tuple[str, str]], content_type: str, head: bytes, body: Body
) -> ArcWarcRecord:
    stream, length = _stream(body)
    return ArcWarcRecord(
        "warc",
        record_type,
        StatusAndHeaders("", [(name, _one_line(value)) for name, value in headers], protocol=RecordBuilder.WARC_1_1),
        stream,
        RawHead(head) if head else None,
        _one_line(content_type),
        length,
        payload_length=length,
    )


def ascii_uri(uri: str) -> str:
    """`uri` with everything outside printable ASCII percent-encoded as UTF-8 (RFC 3987, 3.1)."""
    return _UNSAFE_IN_URI.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), uri)


def _one_line(value: str) -> str:
    return " ".join(value.split("\n")).replace("\r", "")


def _stream(body: Body) -> tuple[BinaryIO, int]:
    """`body` at its start, and its length in bytes."""
    if isinstance(body, bytes):
        return io.BytesIO(body), len(body)
    body.seek(0, io.SEEK_END)
    length = body.tell()
    body.seek(0)
    return body, length

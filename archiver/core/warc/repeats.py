"""What a thinned WARC keeps of records whose payload lies elsewhere: one record that holds them all.

A capture that repeats an earlier one is mostly heads, and each as a gzip member of its own takes 500
to 800 bytes, together 200. So they stand in one `resource` record, the second of the file,
`urn:repeats:<address of the page>`, whose payload is itself a WARC/1.1 file, uncompressed
(application/warc): a `revisit` (profile identical-payload-digest) for each response or resource, and
the requests that belong to them. Five headers are ours:

    WARC-Refers-To-Filename     where the payload lies: `cap_.../capture.warc.gz` or `cap_.../page.png`
                                of the same record, or `assets/ab/sha256-...`
    WARC-Refers-To-File-Offset  of its record there; absent where the file is the payload
    Archiver-Position           the record's place in the WARC as recorded, from 0
    Archiver-Block-Digest       } as the record had them without "Archiver-" ("WARC-" for the digest)
    Archiver-Content-Length     }
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.core.errors import BadWarc
from archiver.core.warc.copying import head_text
from archiver.core.warc.heads import Headers, first_value, is_http, parse_head, why_no_record
from archiver.core.warc.members import damaged
from archiver.core.warc.reading import WarcRecord

REPEATS = "urn:repeats:"
MEDIA_TYPE = "application/warc"
PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

_FILE, _OFFSET = "WARC-Refers-To-Filename", "WARC-Refers-To-File-Offset"
_POSITION = "Archiver-Position"
_RENAMED = {"WARC-Block-Digest": "Archiver-Block-Digest", "Content-Length": "Archiver-Content-Length"}
_BACK = {ours: theirs for theirs, ours in _RENAMED.items()}
_ADDED = frozenset(
    {
        "WARC-Profile",
        "WARC-Refers-To",
        "WARC-Refers-To-Target-URI",
        "WARC-Refers-To-Date",
        _FILE,
        _OFFSET,
        _POSITION,
        "Content-Length",
    }
)
_LARGEST = 1 << 26


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Where a payload is kept.

    `file` is relative to the record's directory, or below `assets/`; `offset` is that of a record in
    it, None where the file itself is the payload. `id`, `uri` and `date` are that record's, as its
    WARC headers give them.
    """

    file: str
    offset: int | None = None
    id: str = ""
    uri: str = ""
    date: str = ""


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """One record of the inner WARC. `headers` are those of the record as recorded.

    `block` is the HTTP head of a revisit, the whole block of a request; `holder` is None for a request.
    """

    position: int
    type: str
    headers: Headers
    block: bytes
    holder: Holder | None

    @property
    def digest(self) -> str:
        """The payload's: `sha256:` and 64 hex digits."""
        return first_value(self.headers, "WARC-Payload-Digest") or ""

    @property
    def id(self) -> str:
        return first_value(self.headers, "WARC-Record-ID") or ""


def write_revisit(record: WarcRecord, position: int, holder: Holder) -> bytes | None:
    """The revisit that stands for a response or resource record; None where it would not give back every header."""
    fields = [(_RENAMED.get(name, name), "revisit" if name == "WARC-Type" else value) for name, value in record.headers]
    fields += [("WARC-Profile", PROFILE), *refers_to(holder), (_FILE, holder.file)]
    if holder.offset is not None:
        fields.append((_OFFSET, str(holder.offset)))
    fields += [(_POSITION, str(position)), ("Content-Length", str(len(record.http_head)))]
    text = head_text(tuple(fields)) + record.http_head + b"\r\n\r\n"
    expected = Repeat(
        position=position, type=record.type, headers=record.headers, block=record.http_head, holder=holder
    )
    return text if _gives_back(text, expected, record) else None


def write_request(record: WarcRecord, position: int) -> bytes | None:
    """The request, whole; None where reading would not give it back."""
    block = record.http_head + record.payload()
    text = head_text((*record.headers, (_POSITION, str(position)))) + block + b"\r\n\r\n"
    expected = Repeat(position=position, type="request", headers=record.headers, block=block, holder=None)
    return text if _gives_back(text, expected, record) else None


def _gives_back(text: bytes, expected: Repeat, record: WarcRecord) -> bool:
    try:
        return list(_read(text, record.path, record.offset)) == [expected]
    except BadWarc:
        return False


def refers_to(holder: Holder) -> list[tuple[str, str]]:
    """The standard's headers that name the record with the payload; none where a file holds it."""
    if holder.offset is None:
        return []
    return [
        ("WARC-Refers-To", holder.id),
        ("WARC-Refers-To-Target-URI", holder.uri),
        ("WARC-Refers-To-Date", holder.date),
    ]


def is_repeats(record: WarcRecord) -> bool:
    return record.type == "resource" and record.uri.startswith(REPEATS)


def read_repeats(record: WarcRecord) -> list[Repeat]:
    """The records of the inner WARC, in the order of their places. Raises BadWarc."""
    if record.payload_size > _LARGEST:
        raise damaged(record.path, record.offset, "its inner WARC is larger than any capture writes")
    return sorted(_read(record.payload(), record.path, record.offset), key=lambda each: each.position)


def _read(inner: bytes, path: Path, offset: int) -> Iterator[Repeat]:
    def damage() -> BadWarc:
        return damaged(path, offset, f"its inner WARC is damaged at byte {at}")

    at = 0
    while at < len(inner):
        end = inner.find(b"\r\n\r\n", at) + 4
        if end < 4:
            raise damage()
        head = parse_head(inner[at:end])
        if why_no_record(head) is not None:
            raise damage()
        headers: Headers = tuple(head.headers)
        stop = end + int(head["Content-Length"])
        if inner[stop : stop + 4] != b"\r\n\r\n":
            raise damage()
        try:
            yield _take(headers, inner[end:stop])
        except ValueError as error:
            raise damage() from error
        at = stop + 4


def _take(headers: Headers, block: bytes) -> Repeat:
    """Raises ValueError for a head that no thinning writes."""
    position = int(first_value(headers, _POSITION) or "")
    if first_value(headers, "WARC-Type") == "request":
        kept = tuple(each for each in headers if each[0] != _POSITION)
        return Repeat(position=position, type="request", headers=kept, block=block, holder=None)
    if first_value(headers, "WARC-Type") != "revisit":
        raise ValueError("neither a request nor a revisit")
    offset = first_value(headers, _OFFSET)
    file = first_value(headers, _FILE)
    length = first_value(headers, _RENAMED["Content-Length"]) or ""
    if not file or not (length.isascii() and length.isdigit()) or int(length) < len(block):
        raise ValueError("not where its payload lies, or how long it is")
    holder = Holder(
        file=file,
        offset=None if offset is None else int(offset),
        id=first_value(headers, "WARC-Refers-To") or "",
        uri=first_value(headers, "WARC-Refers-To-Target-URI") or "",
        date=first_value(headers, "WARC-Refers-To-Date") or "",
    )
    type = "response" if is_http(headers) else "resource"
    restored = tuple(
        (_BACK.get(name, name), type if name == "WARC-Type" else value) for name, value in headers if name not in _ADDED
    )
    return Repeat(position=position, type=type, headers=restored, block=block, holder=holder)

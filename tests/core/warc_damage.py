"""A small real WARC and every defect the checkers are compared by, each as the bytes of a file."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archiver.core.warc import Defect, Exchange, WarcWriter, read_records

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENTENCES = "The dam is safe. Le barrage est sûr. বান্ধ সুৰক্ষিত। बाँध सुरक्षित है। بند محفوظ ہے۔ 🛟"
RECORDS = 6


def write_sound(path: Path) -> bytes:
    """A warcinfo, two exchanges and a document, by our own writer."""
    numbers = itertools.count(1)
    writer = WarcWriter(
        path,
        info={},
        now=lambda: NOON,
        new_record_id=lambda: f"<urn:uuid:00000000-0000-4000-8000-{next(numbers):012d}>",
    )
    for name in ("notice", "reply"):
        writer.write_exchange(
            Exchange(
                uri=f"https://example.gov.in/{name}",
                date=NOON,
                request_head=f"GET /{name} HTTP/1.1\r\nHost: example.gov.in\r\n\r\n".encode(),
                response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
                response_body=SENTENCES.encode(),
            )
        )
    writer.write_resource("urn:dom:https://example.gov.in/notice", "text/html", b"<p>\xc3\xa9</p>")
    writer.finish()
    return path.read_bytes()


def plain_members(path: Path) -> list[bytes]:
    content = path.read_bytes()
    return [gzip.decompress(content[each.offset : each.offset + each.length]) for each in read_records(path)]


def pack(members: list[bytes]) -> bytes:
    return b"".join(gzip.compress(each, mtime=0) for each in members)


@dataclass(frozen=True)
class Damage:
    """One row: `make` takes the plain records and gives the file; `defects` are those the check must name."""

    name: str
    defects: tuple[Defect, ...]
    make: Callable[[list[bytes]], bytes]


def edit(number: int, old: bytes, new: bytes) -> Callable[[list[bytes]], bytes]:
    """Replace once in one record, and pack all anew: no checksum of the compression tells of it."""

    def make(members: list[bytes]) -> bytes:
        assert old in members[number]
        return pack([*members[:number], members[number].replace(old, new, 1), *members[number + 1 :]])

    return make


def drop(number: int, name: bytes) -> Callable[[list[bytes]], bytes]:
    def make(members: list[bytes]) -> bytes:
        lines = members[number].split(b"\r\n")
        kept = [line for line in lines if not line.startswith(name + b":")]
        assert len(kept) < len(lines)
        return pack([*members[:number], b"\r\n".join(kept), *members[number + 1 :]])

    return make


def _as_revisit(members: list[bytes]) -> bytes:
    return edit(1, b"WARC-Type: response", b"WARC-Type: revisit")(members)


def _without_digests(members: list[bytes]) -> bytes:
    """Both digests taken off, and the payload edited."""
    lines = members[1].replace(b"The dam is safe", b"The dam is gone").split(b"\r\n")
    return pack([members[0], b"\r\n".join(line for line in lines if b"-Digest:" not in line), *members[2:]])


def _flipped_bit(members: list[bytes]) -> bytes:
    packed = bytearray(pack(members))
    packed[len(gzip.compress(members[0], mtime=0)) + 60] ^= 4
    return bytes(packed)


def _stray_bit(members: list[bytes]) -> bytes:
    """A bit set after the last code of the last member, where no checksum reaches."""
    packed = bytearray(pack(members))
    for bit in range(8):
        changed = bytearray(packed)
        changed[-9] ^= 1 << bit
        try:
            whole = zlib.decompress(gzip.compress(b""), 31) + gzip.decompress(bytes(changed))
        except (OSError, EOFError, zlib.error):
            continue
        if whole == b"".join(members) and changed != packed:
            return bytes(changed)
    raise AssertionError("this file's last code ends at a byte's end")


def _first_lines_without_cr(members: list[bytes]) -> bytes:
    head, _, rest = members[3].partition(b"\r\n\r\n")
    return pack([*members[:3], head.replace(b"\r\n", b"\n") + b"\r\n\r\n" + rest, *members[4:]])


def _all_lines_without_cr(members: list[bytes]) -> bytes:
    head, _, rest = members[3].partition(b"\r\n\r\n")
    return pack([*members[:3], head.replace(b"\r\n", b"\n") + b"\n\n" + rest, *members[4:]])


LONG = b"X-Long: " + b"x" * (1 << 20) + b"\r\n"
OTHER = b"<urn:uuid:00000000-0000-4000-8000-00000000ffff>"

DAMAGES = (
    Damage("a bit flipped in the compressed bytes", (Defect.COMPRESSION,), _flipped_bit),
    Damage("a bit flipped that no checksum covers", (Defect.COMPRESSION,), _stray_bit),
    Damage("the payload edited", (Defect.DIGEST, Defect.DIGEST), edit(1, b"The dam is safe", b"The dam is gone")),
    Damage("an HTTP header edited", (Defect.DIGEST,), edit(1, b"text/plain", b"text/html ")),
    Damage("both digests absent, the payload edited", (Defect.DIGEST, Defect.DIGEST), _without_digests),
    Damage("the block digest absent", (Defect.DIGEST,), drop(1, b"WARC-Block-Digest")),
    Damage("the payload digest absent", (Defect.DIGEST,), drop(1, b"WARC-Payload-Digest")),
    Damage(
        "a payload digest of other bytes",
        (Defect.DIGEST,),
        edit(1, b"WARC-Payload-Digest: sha256:", b"WARC-Payload-Digest: sha256:0"),
    ),
    Damage(
        "a digest of an unknown kind",
        (Defect.DIGEST,),
        edit(1, b"WARC-Block-Digest: sha256", b"WARC-Block-Digest: crc9"),
    ),
    Damage("WARC-Record-ID missing", (Defect.ID, Defect.REFERENCE), drop(1, b"WARC-Record-ID")),
    Damage("WARC-Record-ID used twice", (Defect.ID,), edit(5, b"00000000006>", b"00000000004>")),
    Damage("WARC-Record-ID that is no URI", (Defect.ID,), edit(5, b"<urn:uuid:00000000", b"<00000000")),
    Damage("WARC-Date that is no date", (Defect.DATE,), edit(1, b"2026-11-21", b"2026-11-31")),
    Damage("WARC-Date in another zone", (Defect.DATE,), edit(1, b"12:00:00.000000Z", b"12:00:00+05:30")),
    Damage("WARC-Date missing", (Defect.DATE,), drop(1, b"WARC-Date")),
    Damage("WARC-Type missing", (Defect.TYPE,), drop(5, b"WARC-Type")),
    Damage("WARC-Target-URI missing", (Defect.URI,), drop(1, b"WARC-Target-URI")),
    Damage(
        "Content-Length too small", (Defect.DIGEST, Defect.DIGEST, Defect.LENGTH), edit(5, b"Length: 9", b"Length: 8")
    ),
    Damage("Content-Length too great", (Defect.LENGTH,), edit(5, b"Length: 9", b"Length: 99")),
    Damage("Content-Length missing", (Defect.LENGTH,), drop(5, b"Content-Length")),
    Damage(
        "a header given twice", (Defect.HEADER,), edit(1, b"WARC-Date", b"WARC-Date: 2025-01-01T00:00:00Z\r\nWARC-Date")
    ),
    Damage(
        "WARC-Concurrent-To pointing nowhere",
        (Defect.REFERENCE,),
        edit(2, b"To: <urn:uuid:00000000-0000-4000-8000-000000000002>", b"To: " + OTHER),
    ),
    Damage("a revisit without its profile", (Defect.PROFILE,), _as_revisit),
    Damage("a header that is not UTF-8", (Defect.HEADER,), edit(1, b"WARC-Date", b"X-Town: caf\xe9\r\nWARC-Date")),
    Damage("a header of more than a megabyte", (Defect.HEADER,), edit(5, b"WARC-Date", LONG + b"WARC-Date")),
    Damage("a header line without a colon", (Defect.HEADER,), edit(1, b"WARC-Date", b"nonsense\r\nWARC-Date")),
    Damage("header lines ending without CR", (Defect.HEADER,), _first_lines_without_cr),
    Damage("a whole header without CR", (Defect.HEADER, Defect.REFERENCE), _all_lines_without_cr),
    Damage("an unknown version", (Defect.VERSION,), edit(1, b"WARC/1.1", b"WARC/3.0")),
    Damage("one gzip member for all records", (Defect.COMPRESSION,), lambda members: gzip.compress(b"".join(members))),
    Damage("not compressed", (Defect.COMPRESSION,), b"".join),
    Damage("zeros after the last record", (Defect.COMPRESSION,), lambda members: pack(members) + bytes(512)),
    Damage("an empty gzip member at the end", (Defect.HEADER,), lambda members: pack([*members, b""])),
    Damage("a line of text at the end", (Defect.COMPRESSION,), lambda members: pack(members) + b"copied by hand\n"),
    Damage("a record lost from the middle", (Defect.COUNT,), lambda members: pack([*members[:5], *members[6:]])),
)

"""Checking a WARC to its last byte: what is wrong with it, all of it, in order.

`warcio check` is no such check: it passes most files that end inside a record, digests that
are absent, a Record-ID used twice, and bits flipped where no checksum covers them. Only the
parsing of heads is warcio's here.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archiver.core import clock
from archiver.core.errors import BadWarc
from archiver.core.warc.heads import HTTP_HEAD_LIMIT, Headers, first_value, is_http, parse_head, why_no_record
from archiver.core.warc.members import Member, has_stray_bits

_WARC_HEAD_LIMIT = 1 << 20
_CHUNK = 1 << 18
_TYPES = frozenset({"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"})
_WITHOUT_URI = frozenset({"warcinfo", "metadata"})
_WITHOUT_PAYLOAD_DIGEST = frozenset({"warcinfo", "metadata", "revisit"})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One defect, at the record whose gzip member starts at `offset`."""

    offset: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class WarcCheck:
    """`records` counts the records read whole; `size` is the file's, in bytes."""

    path: Path
    records: int
    size: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


def check_warc(path: Path, *, records: int | None = None) -> WarcCheck:
    """Read every byte of the WARC at `path` and list every defect.

    `records` is how many it must hold: a file cut exactly between two records is whole in
    every other respect. After damaged compression the rest cannot be read and is not checked.
    """
    with path.open("rb") as file:
        return check_stream(file, path, records=records)


def check_stream(file: BinaryIO, path: Path, *, records: int | None = None) -> WarcCheck:
    """As `check_warc`, from an open file that findings call `path`."""
    findings: list[Finding] = []
    seen: set[str] = set()
    gzip_header = b""
    count = offset = 0
    size = file.seek(0, 2)
    while offset < size:
        try:
            length, header, problems = _check_record(file, path, offset, seen)
        except BadWarc as error:
            findings.append(Finding(offset=offset, problem=str(error)))
            break
        gzip_header = gzip_header or header
        if header != gzip_header:
            # flags, time and system are outside the checksum: a flip shows only by comparison
            problems.append("its gzip header differs from the first record's")
        findings += [Finding(offset=offset, problem=problem) for problem in problems]
        count += 1
        offset += length
    if not count and not findings:
        findings.append(Finding(offset=0, problem="the file holds no record"))
    if records is not None and count != records:
        findings.append(Finding(offset=offset, problem=f"{count} records where {records} were written"))
    return WarcCheck(path=path, records=count, size=size, findings=tuple(findings))


def _check_record(file: BinaryIO, path: Path, offset: int, seen: set[str]) -> tuple[int, bytes, list[str]]:
    member = Member(file, path, offset)
    headers, size = _read_warc_head(member)
    problems: list[str] = []
    record_type = first_value(headers, "WARC-Type") or ""
    if record_type not in _TYPES:
        problems.append(f"WARC-Type {record_type!r} is not one of WARC 1.1")
    record_id = first_value(headers, "WARC-Record-ID") or ""
    if not record_id:
        problems.append("WARC-Record-ID is missing")
    elif record_id in seen:
        problems.append(f"WARC-Record-ID {record_id} is used twice")
    seen.add(record_id)
    try:
        clock.from_iso(first_value(headers, "WARC-Date") or "")
    except ValueError:
        problems.append("WARC-Date is missing or no date")
    if record_type not in _WITHOUT_URI and not first_value(headers, "WARC-Target-URI"):
        problems.append("WARC-Target-URI is missing")

    stated_block = first_value(headers, "WARC-Block-Digest")
    stated_payload = first_value(headers, "WARC-Payload-Digest")
    block, payload = _hasher(stated_block), _hasher(stated_payload)
    head = (member.read_until(b"\r\n\r\n", min(size, HTTP_HEAD_LIMIT)) or b"") if is_http(headers) else b""
    block.update(head)
    rest = size - len(head)
    while rest:
        piece = member.read_exactly(min(rest, _CHUNK))
        block.update(piece)
        payload.update(piece)
        rest -= len(piece)
    if not _same(stated_block, block):
        problems.append(_digest_problem("block", stated_block))
    if record_type not in _WITHOUT_PAYLOAD_DIGEST and not _same(stated_payload, payload):
        problems.append(_digest_problem("payload", stated_payload))

    member.read_record_end()
    if has_stray_bits(file, offset, member.length):
        problems.append("bits that belong to nothing are set at the end of its compressed bytes")
    return member.length, member.header, problems


def _read_warc_head(member: Member) -> tuple[Headers, int]:
    """The WARC headers, and the block's length in bytes. Raises BadWarc."""
    head = parse_head(member.read_until(b"\r\n\r\n", _WARC_HEAD_LIMIT) or b"\r\n")
    reason = why_no_record(head)
    if reason is not None:
        raise member.damage(reason)
    return tuple(head.headers), int(head["Content-Length"])


def _hasher(stated: str | None) -> hashlib._Hash:
    name = (stated or "sha256:").split(":")[0].lower().replace("-", "")
    return hashlib.new(name) if name in ("sha1", "sha256", "sha512", "md5") else hashlib.sha256()


def _same(stated: str | None, found: hashlib._Hash) -> bool:
    """Digests are written in hex or, by older tools, in base 32."""
    value = (stated or "").partition(":")[2]
    return value == found.hexdigest() or value == base64.b32encode(found.digest()).decode()


def _digest_problem(kind: str, stated: str | None) -> str:
    return f"the {kind} digest is missing" if stated is None else f"the {kind} differs from its digest"

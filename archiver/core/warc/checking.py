"""Checking a WARC to its last byte: what is wrong with it, all of it, in order.

`warcio check` is no such check: it passes most files that end inside a record, digests that
are absent, a Record-ID used twice, and bits flipped where no checksum covers them. Nothing of
warcio's is in this check, so that no fault of the reader is one of the checker too.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archiver.core.records import Digest
from archiver.core.warc.header_rules import HEAD_LIMIT, Problem, StrictHead, check_fields, parse_strictly
from archiver.core.warc.heads import HTTP_HEAD_LIMIT
from archiver.core.warc.members import DamagedRecord, Defect, MemberReader, has_stray_bits

_WITHOUT_PAYLOAD_DIGEST = frozenset({"warcinfo", "metadata", "revisit"})
_ALGORITHMS = ("sha1", "sha256", "sha512", "md5")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One defect, at the record whose gzip member starts at `offset`, in plain words."""

    defect: Defect
    offset: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class WarcCheck:
    """`records` counts the records read whole; `size` and `sha256` are the file's."""

    path: Path
    records: int
    size: int
    sha256: Digest
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


def check_warc(path: Path, *, records: int | None = None, sha256: Digest | None = None) -> WarcCheck:
    """Read every byte of the WARC at `path` once and list every defect.

    `records` is how many it must hold: a file cut exactly between two records is whole in
    every other respect. `sha256` is the file's digest where one was recorded: a file that still
    has it was not changed since, and is not searched for bits that no checksum inside covers.
    After damaged compression the rest cannot be read and is not checked.
    """
    with path.open("rb") as file:
        return check_stream(file, path, records=records, sha256=sha256)


def check_stream(file: BinaryIO, path: Path, *, records: int | None = None, sha256: Digest | None = None) -> WarcCheck:
    """As `check_warc`, from an open seekable file that findings call `path`."""
    file.seek(0)
    walk = _Walk(MemberReader(file, path))
    while walk.next_record():
        pass
    found = Digest(f"sha256:{walk.members.hash_rest()}")
    findings = [*walk.findings, *walk.dangling()]
    if found != sha256:
        findings += walk.unlike_headers
        findings += [
            _finding(
                start, Defect.COMPRESSION, "bits that belong to nothing are set at the end of its compressed bytes"
            )
            for start, end in walk.places
            if has_stray_bits(file, start, end)
        ]
    if not walk.count and not findings:
        findings.append(_finding(0, Defect.COUNT, "the file holds no record"))
    if records is not None and walk.count != records:
        findings.append(_finding(walk.members.end, Defect.COUNT, f"{walk.count} records where {records} were written"))
    findings.sort(key=lambda each: each.offset)
    return WarcCheck(path=path, records=walk.count, size=walk.members.size, sha256=found, findings=tuple(findings))


def _finding(offset: int, defect: Defect, problem: str) -> Finding:
    return Finding(defect=defect, offset=offset, problem=problem)


class _Walk:
    """One pass over a file, and what it gathers."""

    def __init__(self, members: MemberReader) -> None:
        self.members = members
        self.count = 0
        self.findings: list[Finding] = []
        self.unlike_headers: list[Finding] = []
        self.places: list[tuple[int, int]] = []
        """Where each sound member begins and ends."""
        self._ids: set[str] = set()
        self._concurrent: list[tuple[int, str]] = []
        self._gzip_header = b""

    def next_record(self) -> bool:
        """Check the record in the next member; False where the file ends or cannot be read on."""
        members = self.members
        if not members.begin():
            return False
        problems: list[Problem] = []
        whole = False
        try:
            self._check_record(problems)
            whole = True
        except DamagedRecord as error:
            problems.append((error.defect, error.reason))
        if not whole and not members.broken:
            try:
                members.skip()  # its compression is sound so far: the next record can be read all the same
            except DamagedRecord as error:
                problems.append((error.defect, error.reason))
        self._report(problems)
        if members.broken:
            return False
        self.count += whole
        self.places.append((members.offset, members.end))
        self._gzip_header = self._gzip_header or members.header
        if members.header != self._gzip_header:
            # flags, time and system are outside the checksum: a flip shows only by comparison
            problem = "its gzip header differs from the first record's"
            self.unlike_headers.append(_finding(members.offset, Defect.COMPRESSION, problem))
        return True

    def dangling(self) -> Iterator[Finding]:
        """Concurrent-To that names no record of the file."""
        for offset, id in self._concurrent:
            if id not in self._ids:
                yield _finding(offset, Defect.REFERENCE, f"WARC-Concurrent-To {id} names no record of this file")

    def _report(self, problems: list[Problem]) -> None:
        self.findings += [_finding(self.members.offset, defect, problem) for defect, problem in problems]

    def _check_record(self, problems: list[Problem]) -> None:
        """Adds to `problems`; raises DamagedRecord where the record cannot be read to its end."""
        members = self.members
        head = _read_head(members)
        problems += check_fields(head)
        record_id = head.first("warc-record-id")
        if record_id in self._ids:
            problems.append((Defect.ID, f"WARC-Record-ID {record_id} is used twice"))
        elif record_id:
            self._ids.add(record_id)
        self._concurrent += [(members.offset, each) for each in head.fields.get("warc-concurrent-to", ())]
        length = head.first("content-length") or ""
        if not (length.isascii() and length.isdigit()):
            raise members.damage("its Content-Length is missing or no number", Defect.LENGTH)
        problems += _check_block(members, head, int(length))
        members.read_record_end()


def _read_head(members: MemberReader) -> StrictHead:
    block = members.read_until(b"\r\n\r\n", HEAD_LIMIT)
    start = members.peek() if block is None else block
    if start.startswith(b"WARC/") and b"\n\n" in start:
        raise members.damage("the lines of its WARC header end without CR", Defect.HEADER)
    if block is None and start.startswith(b"WARC/") and len(start) >= HEAD_LIMIT:
        raise members.damage(f"its WARC header does not end within {HEAD_LIMIT:,} bytes", Defect.HEADER)
    head = None if block is None else parse_strictly(block)
    if head is None:
        raise members.damage("it does not begin with a WARC header", Defect.HEADER)
    return head


def _check_block(members: MemberReader, head: StrictHead, size: int) -> Iterator[Problem]:
    """Compare the block, and the payload in it, with the digests stated."""
    stated_block = head.first("warc-block-digest")
    stated_payload = head.first("warc-payload-digest")
    block = _hasher(stated_block)
    http_head = b""
    if (head.first("content-type") or "").lower().startswith("application/http"):
        http_head = members.read_until(b"\r\n\r\n", min(size, HTTP_HEAD_LIMIT)) or b""
    asked = head.first("warc-type") not in _WITHOUT_PAYLOAD_DIGEST
    # without an HTTP head the payload is the block, and its digest need not be taken twice
    same = not http_head and _algorithm(stated_payload) == block.name
    payload = block if same else _hasher(stated_payload)
    updates = [block.update] if same or not asked else [block.update, payload.update]
    block.update(http_head)
    for piece in members.pieces(size - len(http_head)):
        for update in updates:
            update(piece)
    yield from _compare("block", stated_block, block)
    if asked:
        yield from _compare("payload", stated_payload, payload)


def _algorithm(stated: str | None) -> str:
    return (stated or "sha256:").partition(":")[0].lower().replace("-", "")


def _hasher(stated: str | None) -> hashlib._Hash:
    name = _algorithm(stated)
    return hashlib.new(name, usedforsecurity=False) if name in _ALGORITHMS else hashlib.sha256()


def _compare(kind: str, stated: str | None, found: hashlib._Hash) -> Iterator[Problem]:
    """Digests are written in hex or, by older tools, in base 32."""
    if stated is None:
        yield Defect.DIGEST, f"the {kind} digest is missing"
    elif _algorithm(stated) not in _ALGORITHMS:
        yield Defect.DIGEST, f"the {kind} digest is of a kind not known: {stated[:40]!r}"
    else:
        value = stated.partition(":")[2]
        if value.lower() != found.hexdigest() and value.upper() != base64.b32encode(found.digest()).decode():
            yield Defect.DIGEST, f"the {kind} differs from its digest"

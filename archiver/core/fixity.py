"""Is every object still what was recorded? SHA-256, lengths and counts, with typed findings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from archiver.core.records import Digest, ObjectRole, StoredObject
from archiver.core.warc import WarcCheck, check_warc


class Fault(StrEnum):
    """What can be wrong."""

    MISSING = "missing"
    LENGTH = "length"
    DIGEST = "digest"
    WARC = "warc"
    UNREADABLE = "unreadable"
    UNKNOWN_FILE = "unknown file"
    CATALOGUE = "catalogue"
    TRAIL = "trail"
    DECISION = "decision"  # a row that the trail commits to
    TIMESTAMP = "timestamp"
    SNAPSHOT = "snapshot"
    INDEX = "index"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference, or one thing that could not be checked. `subject` is a path or an id.

    Of a defect inside a WARC, `defect` is its kind and `offset` where its record begins, in bytes.
    """

    fault: Fault
    subject: str
    message: str
    defect: str | None = None
    offset: int | None = None


def digest_file(path: Path) -> Digest:
    """The file's SHA-256, read once, in constant memory. Raises OSError."""
    with path.open("rb") as file:
        return Digest("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())


def digest_bytes(content: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


class KeptFile(Protocol):
    """A file that is kept and known by its SHA-256: an object of evidence, or an asset that captures share."""

    @property
    def path(self) -> str: ...
    @property
    def sha256(self) -> Digest: ...
    @property
    def size(self) -> int: ...


def check_object(stored: KeptFile, path: Path) -> Iterator[Finding]:
    """Compare one file with its entry; nothing is yielded where they agree."""
    yield from _compare(stored, path, lambda: digest_file(path))


def check_warc_object(stored: StoredObject, path: Path, records: int) -> Iterator[Finding]:
    """As `check_object`, and every record of the WARC, in the same single reading of the file.

    `records` is how many were noted at capture: a file cut exactly between two is whole otherwise.
    """
    check: list[WarcCheck] = []

    def read() -> Digest:
        check.append(check_warc(path, records=records, sha256=stored.sha256))
        return check[0].sha256

    yield from _compare(stored, path, read)
    for defect in check[0].findings if check else ():
        yield Finding(
            fault=Fault.WARC,
            subject=stored.path,
            message=f"{defect.problem} (record at offset {defect.offset})",
            defect=defect.defect,
            offset=defect.offset,
        )


def _compare(stored: KeptFile, path: Path, digest: Callable[[], Digest]) -> Iterator[Finding]:
    def finding(fault: Fault, message: str) -> Finding:
        return Finding(fault=fault, subject=stored.path, message=message)

    try:
        size = path.stat().st_size
        if size != stored.size:
            yield finding(Fault.LENGTH, f"{size} bytes instead of {stored.size}")
        found = digest()
    except FileNotFoundError:
        yield finding(Fault.MISSING, "the file is missing")
    except OSError as error:
        yield finding(Fault.UNREADABLE, f"could not be read: {error.strerror}")
    else:
        if found != stored.sha256:
            yield finding(Fault.DIGEST, f"{found} instead of {stored.sha256}")


def is_warc(stored: StoredObject) -> bool:
    return stored.role is ObjectRole.WARC

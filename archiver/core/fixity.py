"""Is every object still what was recorded? SHA-256, lengths and counts, with typed findings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from archiver.core.errors import BadWarc
from archiver.core.records import Digest, ObjectRole, StoredObject
from archiver.core.warc import check_warc


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
    INDEX = "index"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference, or one thing that could not be checked. `subject` is a path or an id."""

    fault: Fault
    subject: str
    message: str


def digest_file(path: Path) -> Digest:
    """The file's SHA-256, read once, in constant memory. Raises OSError."""
    with path.open("rb") as file:
        return Digest("sha256:" + hashlib.file_digest(file, "sha256").hexdigest())


def digest_bytes(content: bytes) -> Digest:
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def check_object(stored: StoredObject, path: Path) -> Iterator[Finding]:
    """Compare one file with its entry; nothing is yielded where they agree."""

    def finding(fault: Fault, message: str) -> Finding:
        return Finding(fault=fault, subject=stored.path, message=message)

    try:
        size = path.stat().st_size
        if size != stored.size:
            yield finding(Fault.LENGTH, f"{size} bytes instead of {stored.size}")
        digest = digest_file(path)
    except FileNotFoundError:
        yield finding(Fault.MISSING, "the file is missing")
        return
    except OSError as error:
        yield finding(Fault.UNREADABLE, f"could not be read: {error.strerror}")
        return
    if digest != stored.sha256:
        yield finding(Fault.DIGEST, f"{digest} instead of {stored.sha256}")


def check_warc_object(stored: StoredObject, path: Path, records: int) -> Iterator[Finding]:
    """Read a WARC to its last byte and compare its record count with the one noted at capture."""
    try:
        check = check_warc(path)
    except (BadWarc, OSError) as error:
        yield Finding(fault=Fault.WARC, subject=stored.path, message=str(error))
        return
    for defect in check.findings:
        message = f"{defect.problem} (record at offset {defect.offset})"
        yield Finding(fault=Fault.WARC, subject=stored.path, message=message)
    if check.records != records:
        yield Finding(fault=Fault.WARC, subject=stored.path, message=f"{check.records} records instead of {records}")


def is_warc(stored: StoredObject) -> bool:
    return stored.role is ObjectRole.WARC

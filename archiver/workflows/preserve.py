"""Keeping evidence readable: every file hashed anew within a period, a second copy, repair from it."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.clock import to_iso
from archiver.core.errors import EvidenceDamaged
from archiver.core.fixity import check_object
from archiver.core.progress import Progress, silent
from archiver.core.records import StoredObject
from archiver.core.second_copy import SecondCopy
from retention.register import active_plan

OPENED_BY = {
    "application/warc": "any WARC/1.1 reader: pywb, warcio, ReplayWeb.page",
    "image/png": "any viewer of pictures",
    "image/webp": "any browser",
    "application/jsonl": "any text editor",
    "application/json": "any text editor",
}


@dataclass(frozen=True, kw_only=True)
class FixityRound:
    """`checked` of `total` files were hashed; `overdue` still wait longer than the period; `findings` in words.

    `repaired` names files that were brought back from the second copy.
    """

    total: int
    checked: int
    overdue: int
    findings: tuple[str, ...]
    repaired: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StoredFormat:
    """How much of one format is kept, and what opens it."""

    media_type: str
    files: int
    size: int
    opened_by: str


@dataclass(frozen=True, kw_only=True)
class StoredClass:
    """How much one class takes, and where its records lie by the plan."""

    class_code: str
    records: int
    files: int
    size: int
    storage: str


def check_fixity(
    archive: Archive, *, now: datetime, everything: bool = False, at_least: int = 0, progress: Progress = silent
) -> FixityRound:
    """Hash the files that waited longest, so many a day that each is hashed within the archive's `fixity_days`, and
    `at_least` so many.

    What is lost or changed is brought back from the second copy, where there is one and its bytes match our hash.
    """
    days = archive.settings.retention.fixity_days
    waiting = _longest_waiting(archive)
    budget = len(waiting) if everything else min(len(waiting), max(at_least, math.ceil(len(waiting) / days)))
    findings, repaired, checked = list[str](), list[str](), list[str]()
    with ThreadPoolExecutor(_threads(), thread_name_prefix="fixity") as pool:  # hashing leaves the interpreter free
        hashed = pool.map(lambda stored: _findings(archive, stored), waiting[:budget])
        for number, (stored, found) in enumerate(zip(waiting[:budget], hashed, strict=True), 1):
            if found and _repair(archive, stored, archive.objects.path_of(stored.path)):
                repaired.append(stored.path)
                found = []
            findings += found
            if not found:
                checked.append(stored.path)
            progress(number, budget, stored.path)
    _note(archive, checked, now)
    return FixityRound(
        total=len(waiting),
        checked=budget,
        overdue=_overdue(archive, now - timedelta(days=days)),
        findings=tuple(findings),
        repaired=tuple(repaired),
    )


def _threads() -> int:
    return min(4, len(os.sched_getaffinity(0)))


def _findings(archive: Archive, stored: StoredObject) -> list[str]:
    path = archive.objects.path_of(stored.path)
    return [f"{each.subject}: {each.message}" for each in check_object(stored, path)]


def _longest_waiting(archive: Archive) -> list[StoredObject]:
    """Never hashed first, then the longest ago, then by path."""
    last = dict(archive.db.conn.execute("SELECT path, at FROM fixity_checks"))
    stored = [each for each, _ in archive.catalogue.all_objects()]
    return sorted(stored, key=lambda each: (last.get(each.path, ""), each.path))


def _note(archive: Archive, paths: list[str], now: datetime) -> None:
    """A plain transaction: what was hashed when is no decision, and its outcome is in the night's report."""
    archive.db.conn.execute("BEGIN IMMEDIATE")
    archive.db.conn.executemany(
        "INSERT OR REPLACE INTO fixity_checks (path, at) VALUES (?, ?)", [(each, to_iso(now)) for each in paths]
    )
    archive.db.conn.execute("COMMIT")


def _overdue(archive: Archive, since: datetime) -> int:
    (count,) = archive.db.conn.execute(
        "SELECT count(*) FROM objects o LEFT JOIN fixity_checks f ON f.path = o.path WHERE f.at IS NULL OR f.at < ?",
        (to_iso(since),),
    ).fetchone()
    return int(count)


def _repair(archive: Archive, stored: StoredObject, path: Path) -> bool:
    if not archive.settings.retention.second_copy:
        return False
    try:
        SecondCopy(Path(archive.settings.retention.second_copy)).repair(stored, path)
    except EvidenceDamaged:
        return False
    return True


def copy_to_second(archive: Archive, *, progress: Progress = silent) -> int:
    """Bring the second location up to date, each file compared with its hash; how many were copied.

    What is there of destroyed records is removed. Raises CopyUnreachable, EvidenceDamaged, StorageFull.
    """
    copy = SecondCopy(Path(archive.settings.retention.second_copy))
    stored = [each for each, _ in archive.catalogue.all_objects()]
    copied = 0
    for number, each in enumerate(stored, 1):
        if not copy.has(each):
            copy.put(each, archive.objects.path_of(each.path))
            copied += 1
        progress(number, len(stored), each.path)
    for record in {stub.record_id for stub in archive.catalogue.stubs()} & set(copy.records()):
        copy.remove(record)
    return copied


def formats(archive: Archive) -> list[StoredFormat]:
    """The formats kept, the most frequent first."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for each, _ in archive.catalogue.all_objects():
        files[each.media_type] += 1
        sizes[each.media_type] += each.size
    return [
        StoredFormat(
            media_type=kind, files=count, size=sizes[kind], opened_by=OPENED_BY.get(kind, "no tool is noted for it")
        )
        for kind, count in sorted(files.items(), key=lambda each: (-each[1], each[0]))
    ]


def storage_by_class(archive: Archive) -> Iterator[StoredClass]:
    """What each class takes on the disk, by its code; "undecided" for what has none."""
    rows = archive.db.conn.execute(
        "SELECT coalesce(r.class_code, 'undecided') AS code, count(DISTINCT r.id), count(o.path), "
        "coalesce(sum(o.size), 0) FROM records r LEFT JOIN captures c ON c.record_id = r.id "
        "LEFT JOIN objects o ON o.capture_id = c.id GROUP BY code ORDER BY code"
    )
    plan = active_plan(archive.db)
    for code, records, files, size in rows:
        schedule = plan.schedule(code) if plan else None
        yield StoredClass(
            class_code=code, records=records, files=files, size=size, storage=schedule.storage if schedule else ""
        )

"""Keeping evidence readable: every file hashed anew within a period, a second copy, repair from it."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.assets import PREFIX, known_assets
from archiver.core.clock import to_iso
from archiver.core.errors import EvidenceDamaged
from archiver.core.fixity import KeptFile, check_object
from archiver.core.progress import Progress, silent
from archiver.core.second_copy import SecondCopy


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
            if found and _repair(archive, stored, _path_of(archive, stored)):
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


def _findings(archive: Archive, stored: KeptFile) -> list[str]:
    return [f"{each.subject}: {each.message}" for each in check_object(stored, _path_of(archive, stored))]


def _kept(archive: Archive) -> list[KeptFile]:
    """Every file that must stay as it is: the evidence, and the assets that captures share."""
    return [*(each for each, _ in archive.catalogue.all_objects()), *known_assets(archive.db)]


def _path_of(archive: Archive, kept: KeptFile) -> Path:
    store = archive.assets if kept.path.startswith(PREFIX) else archive.objects
    return store.path_of(kept.path)


def _longest_waiting(archive: Archive) -> list[KeptFile]:
    """Never hashed first, then the longest ago, then by path."""
    last = dict(archive.db.conn.execute("SELECT path, at FROM fixity_checks"))
    return sorted(_kept(archive), key=lambda each: (last.get(each.path, ""), each.path))


def _note(archive: Archive, paths: list[str], now: datetime) -> None:
    """A plain transaction: what was hashed when is no decision, and its outcome is in the night's report."""
    archive.db.conn.execute("BEGIN IMMEDIATE")
    archive.db.conn.executemany(
        "INSERT OR REPLACE INTO fixity_checks (path, at) VALUES (?, ?)", [(each, to_iso(now)) for each in paths]
    )
    archive.db.conn.execute("COMMIT")


def _overdue(archive: Archive, since: datetime) -> int:
    last = dict(archive.db.conn.execute("SELECT path, at FROM fixity_checks"))
    return sum(last.get(each.path, "") < to_iso(since) for each in _kept(archive))


def _repair(archive: Archive, stored: KeptFile, path: Path) -> bool:
    if not archive.settings.retention.second_copy:
        return False
    try:
        SecondCopy(Path(archive.settings.retention.second_copy)).repair(stored, path)
    except EvidenceDamaged:
        return False
    return True


def copy_to_second(archive: Archive, *, progress: Progress = silent) -> int:
    """Bring the second location up to date, each file compared with its hash; how many were copied.

    What is there of destroyed records, and assets that nothing needs, are removed. Raises CopyUnreachable,
    EvidenceDamaged, StorageFull.
    """
    copy = SecondCopy(Path(archive.settings.retention.second_copy))
    stored = _kept(archive)
    copied = 0
    for number, each in enumerate(stored, 1):
        if not copy.has(each):
            copy.put(each, _path_of(archive, each))
            copied += 1
        progress(number, len(stored), each.path)
    for record in {stub.record_id for stub in archive.catalogue.stubs()} & set(copy.records()):
        copy.remove(record)
    known = {each.path for each in stored}
    for name in [each for each in copy.assets() if each not in known]:
        copy.remove_asset(name)
    return copied

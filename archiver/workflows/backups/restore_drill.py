"""Practising a restore: a backup is restored at a temporary place, looked at in every way, and the copy removed.

What the live archive's trail tells of is repeated on it, as in earnest: what was destroyed since must not be there.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.backup_boxes import BackupBoxes
from archiver.core.events import EventType
from archiver.core.fixity import Fault
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.stubs import is_destroyed
from archiver.workflows.backups.back_up import BackupSet, chosen_set, unpack
from archiver.workflows.backups.restore import restore_from
from archiver.workflows.verification.verify import verify_archive
from retention.holds import holds


@dataclass(frozen=True, kw_only=True)
class Drill:
    """What a practised restore found. `newer_events` happened since the set was made; `destroyed_since` counts the
    records of the set that were destroyed since, and again on the restored copy; `not_in_set` those captured since.
    """

    set: str
    made_at: str  # ISO 8601 UTC
    files: int
    size: int
    records: int
    newer_events: int
    destroyed_since: int
    not_in_set: int
    seconds: float
    findings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.findings


def drill(
    archive: Archive,
    boxes: BackupBoxes,
    *,
    actor: Person,
    now: datetime,
    id: str = "",
    place: Path | None = None,
    progress: Progress = silent,
) -> Drill:
    """Restore a set, the newest by default, below `place`, verify it, and note in the trail what was found.

    Raises NotFound, BackupDamaged, StorageFull, NotPermitted.
    """
    actor.require(Permission.BACK_UP)
    chosen, started = chosen_set(boxes, id), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="archiver-drill-", dir=place) as folder:
        into = Path(folder) / "restored"
        done = restore_from(
            partial(unpack, boxes, chosen, progress=progress),
            into,
            mirror=archive.trail.path,
            now=now,
            config_directory=archive.config_directory,
            progress=progress,
        )
        with Archive.open(into, config_directory=archive.config_directory) as restored:
            findings = tuple(_findings(archive, restored, chosen))
            there = set(restored.catalogue.record_ids())
    live = set(archive.catalogue.record_ids())
    found = Drill(
        set=chosen.id,
        made_at=chosen.made_at,
        files=len(chosen.files),
        size=chosen.size,
        records=len(there),
        newer_events=done.newer_events,
        destroyed_since=len(archive.catalogue.stubs()) - chosen.destroyed,
        not_in_set=len(live - there),
        seconds=round(time.monotonic() - started, 1),
        findings=findings,
    )
    with archive.change(at=now, actor=actor.id) as change:
        told = {"records": found.records, "destroyed_since": found.destroyed_since, "findings": len(findings)}
        change.record(EventType.RESTORE_DRILLED, [chosen.id], {**told, "events": chosen.trail_size})
    return found


def _findings(live: Archive, restored: Archive, chosen: BackupSet) -> Iterator[str]:
    """In words, everything in which the restored archive is not what it must be."""
    since = {subject for event in live.trail.events() if event.seq >= chosen.trail_size for subject in event.subjects}
    for each in verify_archive(restored).findings:
        # older than the trail it was given, without what was captured since: that is what a backup is
        is_newer = each.fault is Fault.CATALOGUE and each.subject in since
        if each.fault is not Fault.SNAPSHOT and not is_newer:
            yield f"{each.subject}: {each.message}"
    names = {Path(each.path).parts[2] for each in chosen.files if each.path.startswith("objects/")}
    for record in restored.catalogue.record_ids():
        if is_destroyed(live.db, record):
            yield f"{record} was destroyed and is there again"
    for stub in live.catalogue.stubs():
        place = restored.objects.root / restored.objects.place_of_record(stub.record_id)
        if place.exists():
            yield f"files of {stub.record_id}, which was destroyed, are there again"
    known = set(restored.catalogue.record_ids())
    for record in sorted(each for each in live.catalogue.record_ids() if each in names and each not in known):
        yield f"{record} is in the set and was not restored"
    active = {each.id for each in holds(restored.db, active=True)}
    for hold in holds(live.db, active=True):
        if hold.id not in active:
            yield f"hold {hold.id} is not in force again"

"""A new catalogue and index from the evidence, the trail and the newest usable snapshot.

`objects/` is master of the evidence, `trail/` of what happened; decisions are only in snapshots. Where
the trail tells of a decision that no snapshot holds, the archive opens locked for disposal and the
missing decisions are listed.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from archiver.core.archive import CATALOGUE, DISPOSAL_LOCK, Archive, connect, read_settings, user_config_directory
from archiver.core.clock import to_timestamp14
from archiver.core.config import Settings
from archiver.core.durable import make_directory, sync_directory
from archiver.core.errors import EvidenceDamaged, NotPermitted
from archiver.core.events import Event, EventType, TrailHead, read_event, read_trail_file
from archiver.core.fixity import digest_file
from archiver.core.objects import MANIFEST
from archiver.core.people import Person, Role
from archiver.core.progress import Progress, silent
from archiver.core.records import RecordId
from archiver.core.schema import migrate
from archiver.core.snapshots import snapshots
from archiver.workflows.disposal.copies import Probes, purge_catalogue, purge_set_aside, purge_snapshots
from archiver.workflows.disposal.destroy_papers import replay_paper_disposals
from archiver.workflows.disposal.replay import replay_disposals, replay_holds
from archiver.workflows.filing.file_capture import enter_capture
from archiver.workflows.indexing.catching_up import update_index
from archiver.workflows.recover import uncatalogued


@dataclass(frozen=True, kw_only=True)
class MissingDecision:
    """An event of a decision whose content no snapshot holds."""

    seq: int
    at: str
    type: str
    actor: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    snapshot: str | None
    captures_filed: int
    events_read: int
    records: int
    items: int
    trail: TrailHead
    missing: tuple[MissingDecision, ...]
    set_aside: str | None  # where the catalogue that stood there was moved
    without_administrator: bool = False  # nobody can log in: see `admit_after_rebuild`


def rebuild_archive(
    directory: Path, *, now: datetime, config_directory: Path | None = None, progress: Progress = silent
) -> Rebuilt:
    """Rebuild in a file of its own and put it in place only when it is whole.

    Raises EvidenceDamaged, TrailBroken. What stood as `catalogue.db` is set aside, never deleted.
    """
    settings = read_settings(directory)
    lines = read_trail_file(directory / "trail" / "events.jsonl")
    fresh = directory / "catalogue.rebuilding.db"
    _remove_database(fresh)
    snapshot, known = _start_from_snapshot(directory, fresh, lines)
    archive = _open_at(directory, fresh, settings, config_directory)
    try:
        with archive.run_lock():
            missing = _read_trail(archive, lines[known:])
            replay_holds(archive, [read_event(line) for line in lines[known:]])
            again = replay_disposals(archive)
            again += [RecordId(id) for id in replay_paper_disposals(archive)]
            filed = _file_evidence(archive, now, progress)
            _lock_disposal(archive, missing, now)
            archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        archive.close()
    set_aside = _put_in_place(directory, fresh, now)
    make_directory(directory / "snapshots")  # a backup whose snapshot's key was destroyed brings none
    with Archive.open(directory, config_directory=config_directory) as rebuilt:
        update_index(rebuilt, rebuild=True, progress=progress)
        if again:  # what came back with an old copy leaves no trace in that copy's own copies either
            purge_set_aside(rebuilt, again)
            purge_catalogue(rebuilt, Probes())
            purge_snapshots(rebuilt, at=now)
        if not snapshots(directory / "snapshots"):
            rebuilt.finish_run(at=now)  # never is there no copy of the decisions
        counts = rebuilt.catalogue.counts()
        return Rebuilt(
            snapshot=snapshot,
            captures_filed=filed,
            events_read=len(lines) - known,
            records=counts["records"],
            items=counts["items"],
            trail=rebuilt.trail.head(),
            missing=tuple(missing),
            set_aside=set_aside,
            without_administrator=not rebuilt.people.active(Role.ADMINISTRATOR),
        )


def admit_after_rebuild(
    directory: Path, name: str, secret: str, *, now: datetime, config_directory: Path | None = None
) -> Person:
    """A new administrator for an archive that lost everybody with its snapshots; disposal stays locked.

    Raises NotPermitted where an administrator is left: that one adds people.
    """
    with Archive.open(directory, config_directory=config_directory) as archive:
        if archive.people.active(Role.ADMINISTRATOR):
            raise NotPermitted(
                "an administrator is known to this archive: log in as that one and use `archiver person add`"
            )
        with archive.change(at=now, actor="archive") as change:
            person = archive.people.add(name, Role.ADMINISTRATOR, secret, now=now, by="archive")
            change.record(
                EventType.PERSON_ADDED,
                [person.id],
                {"role": person.role.value, "after_rebuild": True},
                commits=[("people", person.id)],
            )
        archive.finish_run(at=now)
        return person


def _start_from_snapshot(directory: Path, fresh: Path, lines: Sequence[str]) -> tuple[str | None, int]:
    """Copy the newest snapshot whose events begin the trail; its name and how many events it has."""
    for path in snapshots(directory / "snapshots"):
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as snapshot:
                if snapshot.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                    continue
                stored = [line for (line,) in snapshot.execute("SELECT line FROM events ORDER BY seq")]
        except sqlite3.DatabaseError:
            continue  # a damaged snapshot is no reason to stop: an older one, or none, will do
        if stored == list(lines[: len(stored)]):
            shutil.copyfile(path, fresh)
            return path.name, len(stored)
    return None, 0


def _open_at(directory: Path, path: Path, settings: Settings, config_directory: Path | None) -> Archive:
    db = connect(path)
    migrate(db)
    return Archive(directory, settings, db, config_directory or user_config_directory())


def _read_trail(archive: Archive, lines: Sequence[str]) -> list[MissingDecision]:
    missing = []
    archive.db.conn.execute("BEGIN IMMEDIATE")
    for line in lines:
        archive.trail.insert_line(line)
        event = read_event(line)
        if _is_decision(event):
            missing.append(
                MissingDecision(seq=event.seq, at=event.at, type=event.type, actor=event.actor, subjects=event.subjects)
            )
    archive.db.conn.execute("COMMIT")
    return missing


def _is_decision(event: Event) -> bool:
    try:
        return EventType(event.type).decision
    except ValueError:
        return True  # an event this version does not know may be one: in doubt nothing is disposed of


def _file_evidence(archive: Archive, now: datetime, progress: Progress) -> int:
    """File every capture the catalogue lacks, oldest first, each checked against the trail's digest of it."""
    waiting = uncatalogued(archive)
    digests = {
        event.subjects[-1]: event.detail.get("manifest")
        for event in archive.trail.events()
        if event.type in (EventType.CAPTURED, EventType.CAPTURE_ENDED)
    }
    damaged = [
        f"{directory / MANIFEST} is not the file the trail knows"
        for directory in waiting
        if directory.name in digests and digest_file(directory / MANIFEST) != digests[directory.name]
    ]
    if damaged:
        raise EvidenceDamaged("; ".join(damaged) + ": restore these files from another copy, then rebuild again")
    for number, directory in enumerate(waiting, 1):
        with archive.change(at=now, actor="archive") as change:
            enter_capture(archive, change, directory, tell=directory.name not in digests)
        progress(number, len(waiting), directory.name)
    return len(waiting)


def _lock_disposal(archive: Archive, missing: Sequence[MissingDecision], now: datetime) -> None:
    if not missing:
        return
    before = json.loads(archive.meta(DISPOSAL_LOCK) or '{"missing": []}')["missing"]
    value = json.dumps({"since": now.isoformat(), "missing": [*before, *(asdict(each) for each in missing)]})
    archive.db.conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (DISPOSAL_LOCK, value))


def _put_in_place(directory: Path, fresh: Path, now: datetime) -> str | None:
    current = directory / CATALOGUE
    set_aside = None
    if current.exists():
        # whatever is still only in the write-ahead log belongs to the file it is set aside with
        set_aside = f"catalogue.before-rebuild-{to_timestamp14(now)}.db"
        for suffix in ("", "-wal", "-shm"):
            part = current.with_name(current.name + suffix)
            if part.exists():
                part.rename(directory / (set_aside + suffix))
    _remove_side_files(current)
    _remove_side_files(fresh)
    fresh.rename(current)
    sync_directory(directory)
    return set_aside


def _remove_database(path: Path) -> None:
    path.unlink(missing_ok=True)
    _remove_side_files(path)


def _remove_side_files(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)

"""Whether the backups and restore drills that the settings want were made: what a night tells of where they were not.

A unit that cannot even start, for want of its key or its disk, tells nobody; the night does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from archiver.core.archive import Archive
from archiver.core.clock import from_iso
from archiver.core.events import EventType, read_event

BACKUP_EVERY = timedelta(days=2)
"""A backup is due each day; a day is left for a night that was long, or a machine that slept."""
DRILL_EVERY = timedelta(days=35)
"""A drill is due on the first of each month."""


def late_backups(archive: Archive, *, now: datetime) -> list[str]:
    """In sentences, what is late; nothing where `[backup]` names no place or no key."""
    stated = archive.settings.backup
    if not (stated.place and stated.key_file):
        return []
    late = []
    backup = next(_at(archive, EventType.BACKED_UP), None)
    if backup is None:
        late.append("no backup was ever made: look at the units that `archiver timer` prints")
    elif now - backup > BACKUP_EVERY:
        late.append(f"the last backup was made on {_day(archive, backup)}: look at archiver-backup.service")
    drill = next(_at(archive, EventType.RESTORE_DRILLED, passed=True), None)
    since = drill or min(_at(archive, EventType.BACKED_UP), default=None)
    if since is not None and now - since > DRILL_EVERY:
        last = f"since {_day(archive, drill)}" if drill else "ever"
        late.append(f"no restore of the backup was practised with success {last}: look at archiver-drill.service")
    return late


def _at(archive: Archive, type: EventType, *, passed: bool = False) -> Iterator[datetime]:
    """When such events happened, the newest first; with `passed` of drills those that found nothing."""
    rows = archive.db.conn.execute(
        "SELECT line FROM events WHERE instr(line, ?) ORDER BY seq DESC", (f'"{type.value}"',)
    )
    for (line,) in rows:
        event = read_event(line)
        if event.type == type and not (passed and event.detail.get("findings")):
            yield from_iso(event.at)


def _day(archive: Archive, moment: datetime) -> str:
    return moment.astimezone(archive.settings.archive.zone).date().isoformat()

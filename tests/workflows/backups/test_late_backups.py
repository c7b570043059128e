"""A night tells of backups and drills that are wanted and were not made."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.core.events import EventType
from archiver.workflows.backups.late_backups import late_backups
from archiver.workflows.night.closing import close_night
from tests.workflows.disposal.shelf import LATER, Shelf, make_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Whose settings want backups."""
    made = make_shelf(tmp_path)
    settings = made.directory / "archive.toml"
    text = settings.read_text(encoding="utf-8").replace('place = ""', 'place = "/mnt/backup"')
    settings.write_text(text.replace('key_file = ""', 'key_file = "/root/backup.key"'), encoding="utf-8")
    return made


def after(shelf: Shelf, *told: tuple[EventType, int, int], days: int) -> list[str]:
    """What is late so many days after LATER, when events of a type happened on days with so many findings."""
    with shelf.open() as archive:
        for type, day, findings in told:
            with archive.change(at=_on(day), actor="shelf") as change:
                change.record(type, ["set"], {"findings": findings} if type is EventType.RESTORE_DRILLED else {})
        return late_backups(archive, now=_on(days))


def _on(day: int) -> datetime:
    return LATER + timedelta(days=day)


def test_a_backup_that_was_never_made_is_told(shelf: Shelf) -> None:
    assert after(shelf, days=0) == ["no backup was ever made: look at the units that `archiver timer` prints"]


def test_a_backup_is_late_after_two_days(shelf: Shelf) -> None:
    assert after(shelf, (EventType.BACKED_UP, 0, 0), days=2) == []
    assert after(shelf, days=3) == ["the last backup was made on 2026-06-01: look at archiver-backup.service"]


def test_a_drill_is_late_35_days_after_the_first_backup_or_the_last_that_found_nothing(shelf: Shelf) -> None:
    assert after(shelf, (EventType.BACKED_UP, 0, 0), (EventType.BACKED_UP, 36, 0), days=36) == [
        "no restore of the backup was practised with success ever: look at archiver-drill.service"
    ]
    assert after(shelf, (EventType.RESTORE_DRILLED, 36, 0), (EventType.BACKED_UP, 71, 0), days=71) == []
    failed = after(shelf, (EventType.RESTORE_DRILLED, 72, 1), (EventType.BACKED_UP, 72, 0), days=72)
    assert failed == [
        "no restore of the backup was practised with success since 2026-07-07: look at archiver-drill.service"
    ]


def test_where_no_backup_is_wanted_none_is_late(tmp_path: Path) -> None:
    assert after(make_shelf(tmp_path), days=400) == []


def test_the_night_tells_of_it(shelf: Shelf) -> None:
    with shelf.open() as archive:
        closing = close_night(archive, actor="shelf", now=LATER)
    assert "no backup was ever made: look at the units that `archiver timer` prints" in closing.problems

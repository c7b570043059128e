"""Accounts are closed and taken up again: nights leave them, and the periods that count from it begin by themselves."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from archiver.cli import archiver
from archiver.core.archive import Archive
from archiver.core.decision_facts import events_of_records
from archiver.core.errors import BadInput
from archiver.core.events import EventType
from archiver.workflows.archive.keep_register import add_account, close_account, reopen_account
from archiver.workflows.night.agenda import agenda
from archiver.workflows.verification.verify import verify_archive
from tests.workflows.disposal.shelf import FILED, LATER, Shelf, file_thread, make_shelf, person, record_id


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = make_shelf(tmp_path)
    with made.open() as archive:
        olu = person(archive, "Olu")
        account = add_account(
            archive, handle="@শিৱসাগৰ", url="https://town.example/", site="", department="", contact="", actor=olu,
            now=FILED,
        )  # fmt: skip
        file_thread(archive, 1)
        archive.db.conn.execute("UPDATE records SET account_id = ?", (account.id,))
    return made


def close(archive: Archive, day: date | None = None, reason: str = "moved to another site") -> str:
    return close_account(archive, "@শিৱসাগৰ", day, reason=reason, actor=person(archive, "Olu"), now=LATER).status


def looked_at(archive: Archive) -> int:
    accounts, jobs = archive.register.accounts(), archive.register.jobs()
    return len(agenda(accounts, jobs, night=LATER.date(), zone=ZoneInfo("Asia/Kolkata")))


def test_closing_an_account_enters_the_event_in_the_same_transaction_and_nights_leave_it(shelf: Shelf) -> None:
    with shelf.open() as archive:
        assert looked_at(archive) == 1
        assert close(archive, date(2026, 5, 31)) == "closed"
        assert events_of_records(archive.db) == {record_id(1): {"account-closed": date(2026, 5, 31)}}
        assert looked_at(archive) == 0
        told = [event.type for event in archive.trail.events()][-2:]
        assert told == [EventType.ACCOUNT_STATUS_SET, EventType.TRIGGER_ENTERED]
        assert verify_archive(archive).findings == ()


def test_taking_it_up_again_takes_the_event_back(shelf: Shelf) -> None:
    with shelf.open() as archive:
        close(archive)
        olu = person(archive, "Olu")
        reopened = reopen_account(archive, "@শিৱসাগৰ", reason="a mistake", actor=olu, now=LATER)
        assert reopened.status == "active"
        assert events_of_records(archive.db) == {}
        assert looked_at(archive) == 1


def test_a_day_to_come_no_reason_and_a_second_closing_are_refused(shelf: Shelf) -> None:
    with shelf.open() as archive:
        with pytest.raises(BadInput, match="yet to come"):
            close(archive, LATER.date() + timedelta(days=1))
        with pytest.raises(BadInput, match="reason"):
            close(archive, reason=" ")
        assert events_of_records(archive.db) == {}
        close(archive)
        with pytest.raises(BadInput, match="closed already"):
            close(archive)


def test_the_command_closes_an_account(shelf: Shelf) -> None:
    env = {"ARCHIVER_CONFIG": str(shelf.config), "ARCHIVER_ARCHIVE": str(shelf.directory)}
    login = CliRunner().invoke(archiver, ["login", "Olu"], input="correct horse battery\n", env=env)
    assert login.exit_code == 0, login.output
    done = CliRunner().invoke(archiver, ["account", "close", "@শিৱসাগৰ", "--reason", "moved", "--json"], env=env)
    assert done.exit_code == 0, done.output
    assert '"status": "closed"' in done.stdout

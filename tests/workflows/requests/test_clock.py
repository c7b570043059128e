"""The register: requesters kept apart, the log and what it does to the clock, what a request covers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.core.archive import Archive
from archiver.core.commitments import check_commitments
from archiver.core.errors import BadInput, NotPermitted
from archiver.core.events import EventType
from archiver.core.people import Person, Role
from archiver.core.records import RecordId
from archiver.core.request_files import RequestDetails
from archiver.core.requests import InformationRequest
from archiver.workflows.keeping.keep_holds import close_request
from archiver.workflows.requests.answer import open_request
from archiver.workflows.requests.clock import (
    clock_of,
    due_calendar,
    due_requests,
    last_day_of_appeal,
    log_event,
    received_on,
    see_requester,
)
from retention.holds import matters
from tests.workflows.town import make

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive of a town in Ontario."""
    directory, config = make(tmp_path)
    with Archive.open(directory, config_directory=config) as opened:
        yield opened


def person(archive: Archive, role: Role = Role.OFFICER, name: str = "Rita") -> Person:
    with archive.change(at=NOW, actor="per_0") as change:
        made = archive.people.add(name, role, "correct horse battery", now=NOW, by="per_0")
        change.record(EventType.PERSON_ADDED, [made.id], commits=[("people", made.id)])
    return made


def ask(archive: Archive, actor: Person, law: str = "RTI Act 2005", **more: Any) -> InformationRequest:
    return open_request(
        archive,
        law=law,
        received=date(2026, 3, 1),
        requester='Zoya خان, "þ" ®',
        subject="পানী",
        contact="zoya@example.org",
        actor=actor,
        now=NOW,
        details=RequestDetails(number="", **more),
    )


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


def test_a_list_of_requests_names_nobody(archive: Archive) -> None:
    actor = person(archive)
    request = ask(archive, actor)
    assert "Zoya" not in repr(archive.requests.requests())
    assert see_requester(archive, request.number, actor=actor, now=NOW).name.startswith("Zoya خان")
    assert [each.type for each in archive.trail.events()][-1] == "requester_seen"
    assert all("Zoya" not in each.line for each in archive.trail.events())


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SERVICE])
def test_who_does_not_answer_requests_may_not_see_who_asked(archive: Archive, role: Role) -> None:
    request = ask(archive, person(archive))
    with pytest.raises(NotPermitted):
        see_requester(archive, request.number, actor=person(archive, role, "Other"), now=NOW)


def test_the_log_moves_the_clock(archive: Archive) -> None:
    actor = person(archive)
    number = ask(archive, actor).number
    request = archive.requests.request(number)
    assert clock_of(archive, request, today=TODAY).due == date(2026, 3, 31)
    log_event(archive, number, "paused", about="fee", day=date(2026, 3, 5), actor=actor, now=later(4))
    assert clock_of(archive, request, today=date(2026, 3, 6)).state == "paused"
    log_event(archive, number, "resumed", about="fee", day=date(2026, 3, 8), actor=actor, now=later(7))
    assert clock_of(archive, request, today=date(2026, 3, 9)).due == date(2026, 4, 3)
    log_event(archive, number, "delivered", day=date(2026, 3, 20), note="by post", actor=actor, now=later(20))
    found = clock_of(archive, archive.requests.request(number), today=date(2026, 3, 21))
    assert (found.state, found.request.status) == ("answered", "delivered")
    assert due_requests(archive, today=date(2026, 3, 22)) == []
    assert list(check_commitments(archive.db, archive.trail.events())) == []


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("resumed", {"about": "fee"}, "does not stand"),
        ("paused", {}, "say what stops the clock"),
        ("extended", {"days": 10}, "needs its reason"),
        ("letter in", {"day": date(2026, 2, 1)}, "received on 2026-03-01"),
        ("letter in", {"day": date(2026, 3, 9)}, "yet to come"),
        ("forgotten", {}, "nothing that is logged"),
    ],
)
def test_what_does_not_fit_the_log_is_refused(archive: Archive, kind: str, more: dict[str, Any], message: str) -> None:
    actor = person(archive)
    number = ask(archive, actor).number
    with pytest.raises(BadInput, match=message):
        log_event(archive, number, kind, **{"day": TODAY, "actor": actor, "now": NOW, **more})


def test_an_order_names_its_own_day(archive: Archive) -> None:
    actor = person(archive)
    request = ask(archive, actor, law="Order of the High Court", due_set=date(2026, 3, 10))
    assert (clock_of(archive, request, today=TODAY).due, clock_of(archive, request, today=TODAY).clock) == (
        date(2026, 3, 10),
        None,
    )
    unknown = ask(archive, actor, law="Some other Act")
    assert "no clock is known" in clock_of(archive, unknown, today=TODAY).why
    assert [each.request.number for each in due_requests(archive, today=TODAY)] == [request.number, unknown.number]
    written = due_calendar(archive, due_requests(archive, today=TODAY), now=NOW)
    assert b"DTSTART;VALUE=DATE:20260310" in written
    assert b"Zoya" not in written


def test_a_request_sent_just_before_midnight_elsewhere_has_our_day(archive: Archive) -> None:
    moment = datetime.fromisoformat("2026-03-01T23:59:00-12:00")
    assert received_on(archive, moment) == date(2026, 3, 2)


def test_a_request_holds_what_its_searches_hit_until_its_appeal_period_is_over_and_an_appeal_holds_it_on(
    archive: Archive,
) -> None:
    actor = person(archive)
    request = ask(archive, actor)
    record = RecordId("rec_0000000000000001")
    with archive.change(at=NOW, actor=actor.id):
        archive.requests.freeze_hits(
            request,
            query="x",
            interpreted="x",
            analyser_version="1",
            watermark=1,
            hits=[(f"{record}/1", record)],
            now=NOW,
            actor=actor.id,
        )

    def holding(today: date) -> tuple[str, ...]:
        return matters(archive.db, today, record).get(record, ())

    assert holding(TODAY) == (f"request {request.number}",)
    log_event(archive, request.number, "delivered", day=date(2026, 3, 2), actor=actor, now=NOW)
    until = last_day_of_appeal(archive, request.number, today=TODAY)
    assert until == date(2026, 4, 1)
    close_request(archive, request.number, reason="answered", appeal_until=until, actor=actor, now=NOW)
    assert holding(date(2026, 4, 1)) == (f"request {request.number}, appeals until 2026-04-01",)
    assert holding(date(2026, 4, 2)) == ()
    log_event(archive, request.number, "appealed", day=TODAY, note="to the commission", actor=actor, now=NOW)
    assert holding(date(2030, 1, 1)) == (f"request {request.number}",)
    assert [each.kind for each in archive.request_files.events(request.number)] == [
        "delivered", "closed", "reopened", "appealed",
    ]  # fmt: skip


def test_a_log_entry_changed_past_the_archive_is_found(archive: Archive, tmp_path: Path) -> None:
    actor = person(archive)
    request = ask(archive, actor)
    log_event(archive, request.number, "letter in", day=TODAY, note="سوال", actor=actor, now=NOW)
    archive.db.conn.execute("UPDATE request_events SET note = 'other'")
    assert [subject for subject, _ in check_commitments(archive.db, archive.trail.events())] == ["request_events/1"]

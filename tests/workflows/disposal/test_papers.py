"""The archive's own papers have classes, schedules and dates, and none is due while anything needs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from archiver.cli import archiver
from archiver.core.archive import Archive
from archiver.core.errors import NotFound
from archiver.core.events import EventType
from archiver.core.nights import NightRun, Nights, NightVisit, VisitKind
from archiver.core.papers import PaperKind
from archiver.core.requests import FiledProduction
from archiver.workflows.keeping.classify import extend_retention
from archiver.workflows.keeping.keep_holds import close_request, place_hold, release_hold, reopen_request
from archiver.workflows.keeping.keep_papers import PlannedPaper, explain_paper, plan_papers
from archiver.workflows.keeping.plan_retention import activate_file_plan, approve_file_plan, load_file_plan
from archiver.workflows.keeping.retention_report import report_retention
from archiver.workflows.requests.answer import open_request
from archiver.workflows.verification.verify import verify_archive
from retention.decisions import State
from retention.holds import Scope, ScopeKind
from retention.plan_file import example_jurisdictions, example_plan, read_plan
from retention.report_page import render_report
from tests.workflows.disposal.shelf import (
    FILED,
    LATER,
    PLAN,
    Shelf,
    approved_batch,
    day,
    file_thread,
    make_shelf,
    person,
    record_id,
    run,
)

OF_PAPERS = """
[[class]]
code = "P1"
title = "Proofs"
[class.schedule]
mandate = "Archives Act"
trigger = "created"
period = "P1Y"
action = "review"
approvals = 1
[[class]]
code = "P2"
title = "Cases"
[class.schedule]
mandate = "RTI Act"
trigger = "event:case-closed"
period = "P2Y"
action = "review"
approvals = 1
[[class]]
code = "P3"
title = "Plans"
[class.schedule]
mandate = "By-law 9"
trigger = "event:superseded"
period = "P5Y"
action = "review"
approvals = 1
[[class]]
code = "P4"
title = "The trail"
[class.schedule]
mandate = "Archives Act, s. 2"
period = "permanent"
action = "permanent"
[[rule]]
match = { kind = ["certificate", "night_report"] }
class = "P1"
because = "papers of the archive"
[[rule]]
match = { kind = ["request", "production", "hold"] }
class = "P2"
because = "a case"
[[rule]]
match = { kind = "file_plan" }
class = "P3"
because = "a plan"
[[rule]]
match = { kind = "trail" }
class = "P4"
because = "the trail"
"""
FAR = day("2046-01-01")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = make_shelf(tmp_path)
    with made.open() as archive:
        put_in_force(archive, tmp_path, OF_PAPERS)
    return made


def put_in_force(archive: Archive, place: Path, more: str, *, at: datetime = FILED) -> int:
    (place / "next.toml").write_text(PLAN + more, encoding="utf-8")
    number = load_file_plan(archive, place / "next.toml", actor=person(archive, "Ann"), now=at)
    approve_file_plan(archive, number, actor=person(archive, "Ann"), now=at)
    activate_file_plan(archive, number, actor=person(archive, "Bob"), now=at + timedelta(seconds=1))
    return number


def of_kind(archive: Archive, kind: PaperKind, today: str) -> list[PlannedPaper]:
    return [each for each in plan_papers(archive, today=day(today)) if each.paper.kind is kind]


def ask(archive: Archive, *records: int) -> str:
    """A request whose search hit these records; its number."""
    number = open_request(
        archive, law="RTI Act 2005", received=day("2026-01-12"), requester="A. Resident", subject="পানী যোগান",
        actor=person(archive, "Olu"), now=FILED + timedelta(days=2),
    ).number  # fmt: skip
    with archive.change(at=FILED + timedelta(days=2), actor="shelf") as change:
        search = archive.requests.freeze_hits(
            archive.requests.request(number), query="x", interpreted="x", analyser_version="1", watermark=1,
            hits=[(f"{record_id(each)}/0", record_id(each)) for each in records], now=change.at, actor="shelf",
        )  # fmt: skip
        change.record(EventType.REQUEST_SEARCHED, [number], commits=[("request_searches", search.id)])
    return number


def end(archive: Archive, number: str, *, at: datetime) -> None:
    close_request(archive, number, reason="answered", appeal_until=None, actor=person(archive, "Ann"), now=at)


def test_a_request_and_its_bundle_are_held_until_the_time_to_appeal_is_over_and_count_from_its_closing(
    shelf: Shelf,
) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        number = ask(archive, 1)
        with archive.change(at=LATER, actor="shelf"):
            archive.requests.file_production(
                FiledProduction(
                    id="prod_0000000000000001",
                    request_number=number,
                    path=str(archive.directory / "productions" / f"{number}-1"),
                    sha256="0" * 64,
                    records=1,
                    items=1,
                    made_at=LATER,
                    made_by="shelf",
                )
            )
        kinds = (PaperKind.REQUEST, PaperKind.PRODUCTION)
        asked, made = (of_kind(archive, kind, "2046-01-01")[0] for kind in kinds)
        bundle = "bundle prod_0000000000000001"
        assert asked.decision.matters == (f"request {number}", bundle)
        assert made.decision.matters == (f"request {number}",)
        assert (asked.decision.state, asked.decision.due) == (State.HELD, None)
        assert made.paper.place == f"productions/{number}-1"

        end(archive, number, at=LATER)
        asked, made = (of_kind(archive, kind, "2026-07-31")[0] for kind in kinds)
        assert asked.decision.matters == (f"request {number}, appeals until 2026-07-31", bundle)
        assert made.decision.matters == (f"request {number}, appeals until 2026-07-31",)
        for today, state in (("2026-08-01", State.KEEP), ("2028-06-01", State.DUE)):
            asked, after = (of_kind(archive, kind, today)[0] for kind in kinds)
            assert (after.decision.state, after.decision.due) == (state, day("2028-06-01"))
            assert asked.decision.matters == (bundle,)
        assert "2 years after the event “case-closed” on 2026-06-01" in after.explanation

        reopen_request(archive, number, reason="appealed", actor=person(archive, "Olu"), now=LATER)
        assert of_kind(archive, PaperKind.REQUEST, "2046-01-01")[0].decision.state is State.HELD


def test_a_bundle_is_held_as_long_as_a_record_it_shows_is(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        number = ask(archive, 1)
        end(archive, number, at=LATER)
        hold(archive, 1)
        (asked,) = of_kind(archive, PaperKind.REQUEST, "2046-01-01")
        assert asked.decision.state is State.HELD
        assert asked.decision.matters[0].startswith("Bora v. Town (hld_")


def test_a_hold_over_a_paper_holds_it_until_it_is_released(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        number = ask(archive, 1)
        end(archive, number, at=LATER)
        placed = hold(archive, number)
        paper = explain_paper(archive, number, today=FAR)
        assert paper is not None
        assert paper.decision.matters == (f"Bora v. Town ({placed})",)
        assert verify_archive(archive).findings == ()
        release_hold(archive, placed, reason="judgment", actor=person(archive, "Ann"), now=LATER)
        paper = explain_paper(archive, number, today=FAR)
        assert paper is not None
        assert paper.decision.state is State.DUE
        with pytest.raises(NotFound):
            hold(archive, "REQ-1999-0001")


def hold(archive: Archive, subject: int | str) -> str:
    """Over a record by its number, or over a paper."""
    value = record_id(subject) if isinstance(subject, int) else subject
    return place_hold(
        archive, matter="Bora v. Town", mandate="order", custodian="Clerk", reason="quoted",
        scopes=[Scope(kind=ScopeKind.RECORD, value=value)], actor=person(archive, "Olu"), now=LATER,
    ).hold.id  # fmt: skip


def test_a_hold_is_a_paper_that_counts_from_its_release(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        placed = hold(archive, 1)
        (paper,) = of_kind(archive, PaperKind.HOLD, "2046-01-01")
        assert (paper.paper.id, paper.decision.matters) == (placed, (f"Bora v. Town ({placed})",))
        # released at 19:00 UTC, which is the next day where the archive is
        release_hold(
            archive, placed, reason="judgment", actor=person(archive, "Ann"), now=datetime(2026, 8, 9, 19, tzinfo=UTC)
        )
        (paper,) = of_kind(archive, PaperKind.HOLD, "2046-01-01")
        assert (paper.decision.state, paper.decision.due) == (State.DUE, day("2028-08-10"))


def test_a_certificate_and_the_plan_it_names_stay_as_long_as_the_stubs_do(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        done = run(archive, approved_batch(archive))
        later = OF_PAPERS.replace("P5Y", "P6Y")
        put_in_force(archive, tmp_path, later, at=LATER)
        (certificate,) = of_kind(archive, PaperKind.CERTIFICATE, "2046-01-01")
        plans = of_kind(archive, PaperKind.FILE_PLAN, "2046-01-01")
    assert certificate.paper.id == done.certificate
    assert (archive.directory / certificate.paper.place / "certificate.json").exists()
    assert (certificate.decision.state, certificate.decision.due) == (State.HELD, day("2027-06-01"))
    assert certificate.explanation.startswith("Held for the proof of what became of 1 records")
    first, second, third = (each.decision for each in plans)
    assert first.matters == (
        "plan 3, which kept schedules of it",
        "the certificates of 1 records, which name its schedules",
    )
    assert (second.matters, second.due) == (("plan 3, which kept schedules of it",), day("2032-06-01"))
    assert third.matters == ("every record, for it is in force",)


def test_the_report_of_a_night_is_held_with_the_records_it_captured(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        nights = Nights(archive.db)
        night = NightRun(id="run_0000000000000001", night=day("2026-01-10"), started=FILED, actor="shelf", trail_size=1)
        visit = NightVisit(
            number=1,
            kind=VisitKind.PAGE,
            url="https://town.example/1",
            site="town.example",
            account_id=None,
            job_id=None,
            reason="new",
        )
        with archive.change(at=FILED, actor="shelf") as change:
            nights.begin(night)
            nights.add_visits(night.id, [visit])
            change.db.conn.execute("UPDATE night_visits SET capture_id = (SELECT id FROM captures)")
        (report,) = of_kind(archive, PaperKind.NIGHT_REPORT, "2046-01-01")
        assert report.decision.matters == ("a night that has not ended",)
        with archive.change(at=FILED, actor="shelf"):
            nights.finish(night.id, at=FILED, exit_code=0, figures={})
        (report,) = of_kind(archive, PaperKind.NIGHT_REPORT, "2046-01-01")
        assert (report.decision.state, report.decision.due) == (State.DUE, day("2027-01-10"))
        hold(archive, 1)
        (report,) = of_kind(archive, PaperKind.NIGHT_REPORT, "2046-01-01")
        assert report.decision.state is State.HELD


def test_the_trail_is_never_due(shelf: Shelf) -> None:
    with shelf.open() as archive:
        (trail,) = of_kind(archive, PaperKind.TRAIL, "2046-01-01")
    assert (trail.decision.state, trail.decision.due) == (State.HELD, None)


def test_without_a_rule_for_its_kind_a_paper_waits_for_an_officer_and_is_never_due(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    with shelf.open() as archive:
        everything = '[[rule]]\nmatch = {}\nclass = "N"\nbecause = "whatever it is"\n'
        put_in_force(archive, tmp_path, everything)
        (first, second) = of_kind(archive, PaperKind.FILE_PLAN, "2046-01-01")
    assert (first.decision.class_code, first.decision.due) == (None, None)
    assert second.decision.state is State.HELD


def test_an_officer_puts_a_paper_off_and_the_event_is_of_the_paper(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        number = ask(archive, 1)
        end(archive, number, at=LATER)
        olu = person(archive, "Olu")
        extend_retention(archive, [number], day("2050-01-01"), reason="for the town's history", actor=olu, now=LATER)
        paper = explain_paper(archive, number, today=FAR)
        assert paper is not None
        assert (paper.decision.state, paper.decision.due) == (State.KEEP, day("2050-01-01"))
        assert paper.explanation.endswith("put off until 2050-01-01.")
        assert list(archive.trail.events())[-1].subjects == (number,)
        assert verify_archive(archive).findings == ()
        with pytest.raises(NotFound):
            extend_retention(archive, ["REQ-1999-0001"], FAR, reason="none", actor=olu, now=LATER)


def test_the_report_counts_papers_by_kind_and_lists_those_that_are_due(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        number = ask(archive, 1)
        end(archive, number, at=LATER)
        found = report_retention(archive, today=day("2028-05-01"), since=day("2028-01-01"))
    assert [(each.record_id, each.due) for each in found.papers_due] == [(number, day("2028-06-01"))]
    assert {each.kind.value: each.by_state for each in found.papers} == {
        "request": {"keep": 1}, "file_plan": {"held": 2}, "trail": {"held": 1},
    }  # fmt: skip
    page = render_report(found, made_at="2028-05-01").decode()
    assert "পানী যোগান" in page
    assert "<td>file plan</td><td>2</td><td>2 held</td>" in page


@pytest.mark.parametrize("jurisdiction", ["", *example_jurisdictions()])
def test_every_example_plan_has_a_class_for_every_kind_of_paper(jurisdiction: str, tmp_path: Path) -> None:
    plan = read_plan(example_plan(jurisdiction))
    (tmp_path / "example.toml").write_text(example_plan(jurisdiction), encoding="utf-8")
    shelf = make_shelf(tmp_path)
    with shelf.open() as archive:
        number = load_file_plan(archive, tmp_path / "example.toml", actor=person(archive, "Ann"), now=FILED)
        approve_file_plan(archive, number, actor=person(archive, "Ann"), now=FILED)
        activate_file_plan(archive, number, actor=person(archive, "Bob"), now=FILED)
        file_thread(archive, 1)
        end(archive, ask(archive, 1), at=LATER)
        found = plan_papers(archive, today=day("2036-06-01"))
    stand = {each.paper.kind: (each.decision.class_code, each.decision.state) for each in found}
    assert stand == {
        PaperKind.REQUEST: ("ARCHIVE-2", State.DUE),
        PaperKind.FILE_PLAN: ("ARCHIVE-1", State.HELD),
        PaperKind.TRAIL: ("ARCHIVE-1", State.HELD),
    }
    named = {value for rule in plan.rules for field, values in rule.conditions if field == "kind" for value in values}
    assert {kind.value for kind in PaperKind} <= named


def test_the_command_lists_papers_and_says_why_one_is_kept(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        number = ask(archive, 1)
    place = ["--archive", str(shelf.directory)]
    env = {"ARCHIVER_CONFIG": str(shelf.config)}
    listed = CliRunner().invoke(archiver, ["retention", "papers", "--kind", "request", "--json", *place], env=env)
    (told,) = json.loads(listed.stdout)
    assert (told["paper"]["id"], told["paper"]["records"], told["decision"]["state"]) == (number, 1, "held")
    assert told["class_reason"].endswith("a case")
    why = CliRunner().invoke(archiver, ["retention", "why", number, *place], env=env)
    assert f"Held for request {number}" in " ".join(why.stdout.split())
    shown = CliRunner().invoke(archiver, ["retention", "papers", *place], env={**env, "COLUMNS": "250"})
    assert "The archive's own papers" in shown.stdout

"""The queue of a night, and what is known of threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import NotFound
from archiver.core.nights import NightRun, Nights, NightVisit, VisitKind, VisitState
from archiver.core.records import CaptureId, Outcome
from tests.conftest import MOMENT

RUN = NightRun(id="run_1", night=MOMENT.date(), started=MOMENT, actor="per_1", trail_size=3)
VISIT = NightVisit(
    number=1, kind=VisitKind.PAGE, url="https://town.example/পানী", site="town.example", account_id=None, job_id="job_1",
    reason="new",
)  # fmt: skip


@pytest.fixture
def nights(archive: Archive) -> Nights:
    found = Nights(archive.db)
    found.begin(RUN)
    return found


def test_a_run_is_read_back_as_it_was_begun_taken_up_and_finished(nights: Nights) -> None:
    assert nights.run("last") == RUN
    nights.take_up(RUN, at=MOMENT + timedelta(hours=1))
    nights.finish("run_1", at=MOMENT + timedelta(hours=2), exit_code=105, figures={"left": 2})
    assert nights.runs() == [
        replace(
            RUN, taken_up=(MOMENT + timedelta(hours=1),), finished=MOMENT + timedelta(hours=2), exit_code=105,
            figures={"left": 2},
        )
    ]  # fmt: skip
    with pytest.raises(NotFound, match="archiver runs list"):
        nights.run("run_2")


def test_an_address_is_queued_once_a_night_and_stays_as_it_stands(nights: Nights) -> None:
    nights.add_visits("run_1", [VISIT])
    nights.end_visit("run_1", VISIT, state=VisitState.DONE, outcome=Outcome.COMPLETE, told="")
    nights.add_visits("run_1", [VISIT, replace(VISIT, kind=VisitKind.DISCOVERY)])
    assert [(each.kind, each.state) for each in nights.visits("run_1")] == [
        (VisitKind.DISCOVERY, VisitState.WAITING),
        (VisitKind.PAGE, VisitState.DONE),
    ]


def test_a_lease_names_the_capture_before_it_begins_and_what_is_put_back_waits_again(nights: Nights) -> None:
    nights.add_visits("run_1", [VISIT])
    nights.lease(
        "run_1", VISIT, owner="host:1", expires=MOMENT + timedelta(minutes=5), capture=CaptureId("cap_1"), attempt=1
    )
    (leased,) = nights.visits("run_1")
    assert (leased.state, leased.capture_id, leased.attempts) == (VisitState.LEASED, "cap_1", 1)
    nights.put_back("run_1", leased, not_before=MOMENT + timedelta(hours=1), told="throttled")
    (waiting,) = nights.visits("run_1")
    assert waiting.state is VisitState.WAITING
    assert (waiting.attempts, waiting.not_before, waiting.told) == (1, MOMENT + timedelta(hours=1), "throttled")


def test_what_is_known_of_a_thread_is_brought_up_to_date_and_its_owner_stays(nights: Nights) -> None:
    def later(hours: int) -> datetime:
        return MOMENT + timedelta(hours=hours)

    nights.note_found(VISIT.url, account=None, job="job_1", at=MOMENT, hint='{"comments": 1}')
    nights.note_seen(VISIT.url, hint='{"comments": 1}')
    nights.note_found(VISIT.url, account="acc_9", job=None, at=later(24), hint='{"comments": 2}')
    (thread,) = nights.threads("job_1")
    assert (thread.first_found, thread.last_found) == (MOMENT, later(24))
    assert (thread.hint, thread.seen) == ('{"comments": 2}', '{"comments": 1}')
    assert nights.threads("acc_9") == []
    assert nights.observations("job_1") == {}


def test_marks_of_a_list_are_kept_by_its_address(nights: Nights) -> None:
    assert nights.marks("https://town.example/") == {}
    nights.set_marks("https://town.example/", {"wordpress": "7"}, at=MOMENT)
    nights.set_marks("https://town.example/", {"wordpress": "9"}, at=MOMENT)
    assert nights.marks("https://town.example/") == {"wordpress": "9"}


def test_notes_are_kept_in_their_order(nights: Nights) -> None:
    nights.note("run_1", "घड़ी पीछे गई", at=MOMENT)
    nights.note("run_1", "cut", at=MOMENT, about="acc_1")
    assert [(each.about, each.note) for each in nights.notes("run_1")] == [("", "घड़ी पीछे गई"), ("acc_1", "cut")]

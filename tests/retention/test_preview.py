from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date

from archiver.core.records import RecordId
from retention.decisions import State
from retention.preview import preview_activation
from tests.retention.values import PLAN, RECORD, plan_of

TODAY = date(2029, 1, 1)
ROUTINE = replace(RECORD, class_code="COMMS-1")
LASTING = replace(RECORD, id=RecordId("rec_0000000000000002"), class_code="HIST")
WAITING = replace(RECORD, id=RecordId("rec_0000000000000003"))
RECORDS = [ROUTINE, LASTING, WAITING]


def test_the_same_plan_changes_nothing() -> None:
    assert preview_activation(plan_of(), plan_of(), RECORDS, TODAY, UTC) == []


def test_a_shorter_period_shows_each_date_it_moves_from_what_to_what() -> None:
    shorter = plan_of(PLAN.replace("P7Y", "P2Y"))
    (change,) = preview_activation(plan_of(), shorter, RECORDS, TODAY, UTC)
    assert change.record_id == ROUTINE.id
    assert (change.before.due, change.after.due) == (date(2033, 4, 1), date(2028, 4, 1))
    assert change.sooner


def test_a_longer_period_is_no_cause_for_alarm() -> None:
    (change,) = preview_activation(plan_of(), plan_of(PLAN.replace("P7Y", "P8Y")), RECORDS, TODAY, UTC)
    assert not change.sooner


def test_another_action_on_the_same_day_is_a_change_too() -> None:
    destroyed_later = plan_of(PLAN.replace('action = "destroy"', 'action = "review"'))
    (change,) = preview_activation(plan_of(), destroyed_later, RECORDS, TODAY, UTC)
    assert change.before.due == change.after.due
    assert not change.sooner


def test_the_first_plan_changes_whatever_it_decides() -> None:
    changes = preview_activation(None, plan_of(), RECORDS, TODAY, UTC)
    assert [change.record_id for change in changes] == [ROUTINE.id, LASTING.id]
    assert changes[0].sooner
    assert not changes[1].sooner
    assert changes[1].after.state is State.PERMANENT

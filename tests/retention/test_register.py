from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlite_utils import Database

from archiver.core.errors import NotFound
from archiver.core.schema import migrate
from retention.file_plan import FilePlan
from retention.plan_file import example_plan, read_plan
from retention.register import (
    PlanVersion,
    activate_plan,
    active_plan,
    list_versions,
    load_plan,
    plan_source,
    plan_version,
)
from tests.retention.values import PLAN, plan_of

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SHORTER = PLAN.replace("P7Y", "P2Y")


@pytest.fixture
def db() -> Iterator[Database]:
    database = Database(memory=True)
    migrate(database)
    yield database
    database.close()


def load(db: Database, source: str) -> int:
    with db.atomic():
        return load_plan(db, read_plan(source), source, now=NOW, actor="per_1")


def activate(db: Database, number: int, *, after: timedelta = timedelta()) -> None:
    with db.atomic():
        activate_plan(db, number, now=NOW + after, actor="per_2")


def numbers(plan: FilePlan) -> dict[str, int]:
    return {schedule.class_code: schedule.number for schedule in plan.schedules}


def unnumbered(plan: FilePlan) -> FilePlan:
    schedules = tuple(replace(schedule, number=0) for schedule in plan.schedules)
    return replace(plan, number=0, schedules=schedules)


@pytest.mark.parametrize("source", [PLAN, example_plan()])
def test_a_loaded_plan_comes_back_as_it_was_read(db: Database, source: str) -> None:
    number = load(db, source)
    filed = plan_version(db, number)
    assert filed.number == number == 1
    assert unnumbered(filed) == read_plan(source)
    assert set(numbers(filed).values()) == {1}
    assert plan_source(db, number) == source


def test_a_loaded_plan_is_a_draft_until_it_is_activated(db: Database) -> None:
    number = load(db, PLAN)
    assert active_plan(db) is None
    activate(db, number)
    assert active_plan(db) == plan_version(db, number)


def test_the_list_tells_who_loaded_and_activated_what_and_when(db: Database) -> None:
    load(db, PLAN)
    load(db, SHORTER)
    activate(db, 1, after=timedelta(hours=1))
    first, second = list_versions(db)
    assert first == PlanVersion(
        number=1,
        title="Rivermouth file plan",
        sha256=first.sha256,
        loaded_at=NOW,
        loaded_by="per_1",
        activated_at=NOW + timedelta(hours=1),
        activated_by="per_2",
        active=True,
    )
    assert (second.number, second.activated_at, second.activated_by, second.active) == (2, None, None, False)
    assert first.sha256 != second.sha256


def test_the_same_text_again_is_the_same_version(db: Database) -> None:
    assert load(db, PLAN) == 1
    assert load(db, SHORTER) == 2
    assert load(db, PLAN) == 1
    assert len(list_versions(db)) == 2


def test_an_unchanged_schedule_keeps_its_number_and_a_changed_one_gets_the_next(db: Database) -> None:
    load(db, PLAN)
    load(db, SHORTER)
    assert numbers(plan_version(db, 1)) == {"COMMS-1": 1, "HIST": 1, "NOTICE": 1, "POLICY": 1}
    assert numbers(plan_version(db, 2)) == {"COMMS-1": 2, "HIST": 1, "NOTICE": 1, "POLICY": 1}
    back_again = PLAN + "# after a year's trial\n"
    load(db, back_again)
    assert numbers(plan_version(db, 3))["COMMS-1"] == 3
    assert unnumbered(plan_version(db, 1)) == plan_of()


def test_loading_changes_nothing_that_was_loaded_before(db: Database) -> None:
    load(db, PLAN)
    activate(db, 1)
    before = plan_version(db, 1)
    load(db, SHORTER)
    assert plan_version(db, 1) == before == active_plan(db)


def test_the_plan_activated_last_is_in_force_also_an_older_one(db: Database) -> None:
    load(db, PLAN)
    load(db, SHORTER)
    activate(db, 1)
    activate(db, 2, after=timedelta(days=1))
    assert active_plan(db) == plan_version(db, 2)
    activate(db, 1, after=timedelta(days=2))
    assert active_plan(db) == plan_version(db, 1)


def test_a_plan_activated_after_the_clock_was_set_back_is_in_force_all_the_same(db: Database) -> None:
    first, second = load(db, PLAN), load(db, SHORTER)
    activate(db, first)
    activate(db, second, after=timedelta(days=-40))
    assert active_plan(db) == plan_version(db, second)
    activate(db, first, after=timedelta(days=-39))
    assert active_plan(db) == plan_version(db, first)


def test_activating_the_plan_in_force_again_leaves_its_date(db: Database) -> None:
    load(db, PLAN)
    activate(db, 1)
    activate(db, 1, after=timedelta(days=9))
    assert list_versions(db)[0].activated_at == NOW


def test_a_version_that_is_not_there_is_told_by_its_number(db: Database) -> None:
    for ask in (plan_version, plan_source):
        with pytest.raises(NotFound, match="version 7 is not in this archive"):
            ask(db, 7)
    with pytest.raises(NotFound, match="version 7 is not in this archive"):
        activate(db, 7)


def test_a_load_whose_transaction_fails_leaves_nothing(db: Database) -> None:
    def load_and_fail() -> None:
        with db.atomic():
            load_plan(db, plan_of(), PLAN, now=NOW, actor="per_1")
            raise sqlite3.OperationalError("the event could not be written")

    with pytest.raises(sqlite3.OperationalError):
        load_and_fail()
    assert list_versions(db) == []
    for table in ("record_classes", "schedule_versions", "classification_rules"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

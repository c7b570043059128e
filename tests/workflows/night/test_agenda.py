from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from archiver.core.records import Account, AccountId
from archiver.core.register import CaptureJob
from archiver.workflows.night.agenda import agenda, is_due, narrow

NIGHT = date(2026, 11, 21)
ACCOUNT = Account(id=AccountId("acc_1"), site="town.example", handle="@নগৰ", url="https://town.example/")


def job(every: str = "night", *, ran_nights_ago: int | None = None, **more: object) -> CaptureJob:
    ran = None
    if ran_nights_ago is not None:
        ran = datetime(2026, 11, 22, 2, tzinfo=UTC) - timedelta(days=ran_nights_ago)
    values: dict[str, object] = {
        "id": "job_1", "name": "j", "account_id": ACCOUNT.id, "urls": (), "every": every, "depth": 1,
        "status": "active", "last_run": ran,
    }  # fmt: skip
    return CaptureJob(**{**values, **more})  # type: ignore[arg-type]  # what the tests give


@pytest.mark.parametrize(
    ("every", "nights_ago", "due"),
    [
        ("night", None, True), ("night", 0, False), ("night", 1, True), ("night", 9, True), ("night", -1, True),
        ("week", 6, False), ("week", 7, True), ("week", 20, True),
        ("month", 29, False), ("month", 30, True), ("once", None, True), ("once", 400, False),
    ],
)  # fmt: skip
def test_a_job_is_due_when_its_time_has_passed_and_stays_so_until_it_has_run(
    every: str, nights_ago: int | None, due: bool
) -> None:
    assert is_due(job(every, ran_nights_ago=nights_ago), night=NIGHT, zone=UTC) is due


def test_an_account_without_a_job_is_looked_at_every_night_with_its_threads() -> None:
    (scope,) = agenda([ACCOUNT], [], night=NIGHT, zone=UTC)
    assert (scope.id, scope.urls, scope.depth, scope.job_id) == (ACCOUNT.id, (ACCOUNT.url,), 1, None)


def test_an_account_with_jobs_is_looked_at_as_they_say() -> None:
    assert agenda([ACCOUNT], [job("week", ran_nights_ago=2)], night=NIGHT, zone=UTC) == []
    assert agenda([ACCOUNT], [job(status="paused")], night=NIGHT, zone=UTC) == []
    (scope,) = agenda([ACCOUNT], [job(depth=0), job(id="job_2", depth=1)], night=NIGHT, zone=UTC)
    assert (scope.depth, scope.job_id, len(scope.jobs)) == (1, "job_1", 2)


def test_a_job_of_addresses_stands_for_itself() -> None:
    (scope,) = agenda(
        [], [job(account_id=None, urls=("https://a.example/", "https://b.example/"))], night=NIGHT, zone=UTC
    )
    assert (scope.id, scope.account_id, len(scope.urls)) == ("job_1", None, 2)


def test_a_night_can_be_narrowed_to_accounts() -> None:
    scopes = agenda([ACCOUNT], [job(id="job_9", account_id=None, urls=("https://a.example/",))], night=NIGHT, zone=UTC)
    assert [each.id for each in narrow(scopes, {ACCOUNT.id})] == [ACCOUNT.id]
    assert narrow(scopes, ()) == scopes

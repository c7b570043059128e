"""Which threads a night looks at, and what holds whatever the threads do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.discovery import Hint
from capture.discovery.found import read_hint, write_hint
from capture.revisits import RevisitPolicy, ThreadHistory, VisitReason, night_of, plan_visits

NIGHT = date(2026, 11, 21)
URL = "https://town.example/শিৱসাগৰ/1"
POLICY = RevisitPolicy(quiet_days=7, sample_days=30, gone_checks=3, failed_checks=5)


def days_ago(days: float) -> datetime:
    return datetime(2026, 11, 22, 1, tzinfo=UTC) - timedelta(days=days)


def reason(history: ThreadHistory | None, hint: Hint | None = None, *, night: date = NIGHT) -> VisitReason | None:
    planned = plan_visits(
        [URL], {URL: history} if history else {}, {URL: hint} if hint else {}, POLICY, night=night, zone=UTC
    )
    return planned[0].reason if planned else None


def quiet(**changed: object) -> ThreadHistory:
    """A thread looked at two nights ago, with nothing new for a hundred days."""
    values = {"looked": days_ago(2), "healthy": days_ago(2), "active": days_ago(100), **changed}
    return ThreadHistory(**values)  # type: ignore[arg-type]  # what the tests give


def test_a_thread_never_captured_is_new() -> None:
    assert reason(None) is VisitReason.NEW


def test_a_quiet_thread_is_looked_at_on_one_night_of_thirty() -> None:
    nights = [NIGHT + timedelta(days=day) for day in range(28)]
    seen = [reason(quiet(looked=days_ago(0) + (n - NIGHT), healthy=days_ago(0)), night=n) for n in nights]
    assert seen.count(VisitReason.SAMPLED) <= 1
    assert set(seen) <= {VisitReason.SAMPLED, None}


def test_a_recent_thread_is_looked_at_every_night_until_it_has_been_quiet() -> None:
    assert reason(quiet(active=days_ago(6))) is VisitReason.RECENT
    assert reason(quiet(active=days_ago(8))) is not VisitReason.RECENT


@pytest.mark.parametrize(
    ("seen", "now", "changed"),
    [
        (Hint(modified=days_ago(90)), Hint(modified=days_ago(80)), True),
        (Hint(modified=days_ago(90)), Hint(modified=days_ago(90)), False),
        (Hint(comments=3), Hint(comments=2), True),
        (Hint(comments=3), Hint(), False),
        (Hint(), Hint(comments=3), False),
        (Hint(), Hint(activity=days_ago(50)), True),
        (Hint(activity=days_ago(50)), Hint(activity=days_ago(50)), False),
        (Hint(activity=days_ago(50)), Hint(), False),
    ],
)
def test_a_hint_tells_of_a_change_only_where_both_lists_say_something(seen: Hint, now: Hint, changed: bool) -> None:
    assert now.tells_of_change(seen) is changed
    assert (reason(quiet(seen=seen), now) is VisitReason.CHANGED) is changed


def test_what_is_gone_is_looked_at_a_few_times_more_and_again_when_its_listing_changes() -> None:
    assert reason(quiet(gone=3)) is VisitReason.GONE
    assert reason(quiet(gone=4)) is None
    back = Hint(modified=days_ago(0.1))
    assert reason(quiet(gone=4, seen=Hint(modified=days_ago(9))), back) is VisitReason.CHANGED


def test_what_failed_is_tried_night_after_night_and_then_waits_its_turn() -> None:
    assert reason(quiet(failing=5)) is VisitReason.FAILED
    assert reason(quiet(failing=6)) is not VisitReason.FAILED
    assert reason(ThreadHistory(looked=days_ago(1), failing=1)) is VisitReason.FAILED
    assert reason(ThreadHistory(looked=days_ago(40), failing=9)) is VisitReason.OVERDUE


def test_a_thread_captured_this_night_already_is_not_captured_again() -> None:
    assert reason(quiet(healthy=days_ago(0), looked=days_ago(0), active=days_ago(0))) is None


def test_what_was_destroyed_is_listed_while_it_is_online_and_never_captured() -> None:
    def planned(hints: dict[str, Hint]) -> list[VisitReason]:
        visits = plan_visits([URL], {}, hints, POLICY, night=NIGHT, zone=UTC, disposed={URL})
        return [each.reason for each in visits]

    assert planned({URL: Hint()}) == [VisitReason.DISPOSED]
    assert planned({}) == []


def test_new_threads_come_before_sampled_ones() -> None:
    histories = {"https://a/1": quiet(active=days_ago(1)), "https://a/3": quiet(failing=1)}
    threads = ["https://a/1", "https://a/2", "https://a/3"]
    planned = plan_visits(threads, histories, {}, POLICY, night=NIGHT, zone=UTC)
    assert [each.reason for each in planned] == [VisitReason.NEW, VisitReason.FAILED, VisitReason.RECENT]


def test_a_night_goes_from_noon_to_noon() -> None:
    assert night_of(datetime(2026, 11, 21, 23, tzinfo=UTC), UTC) == NIGHT
    assert night_of(datetime(2026, 11, 22, 5, tzinfo=UTC), UTC) == NIGHT
    assert night_of(datetime(2026, 11, 22, 12, tzinfo=UTC), UTC) == NIGHT + timedelta(days=1)


HINTS = st.builds(
    Hint,
    modified=st.none() | st.integers(0, 400).map(days_ago),
    comments=st.none() | st.integers(0, 5),
    activity=st.none() | st.integers(0, 400).map(days_ago),
)


@given(HINTS)
def test_a_hint_is_read_back_as_it_was_written(hint: Hint) -> None:
    assert read_hint(write_hint(hint)) == hint


@given(HINTS, HINTS)
def test_after_it_was_seen_a_hint_tells_of_no_change(earlier: Hint, hint: Hint) -> None:
    assert not hint.tells_of_change(hint.over(earlier))


@given(
    urls=st.lists(st.integers(0, 40).map("https://town.example/{}".format), max_size=30),
    activity=st.integers(0, 60),
    missed=st.sets(st.integers(0, 120), max_size=60),
    policy=st.builds(RevisitPolicy, quiet_days=st.integers(0, 20), sample_days=st.integers(1, 40)),
)
def test_every_thread_is_looked_at_within_the_period_and_none_twice_a_night(
    urls: list[str], activity: int, missed: set[int], policy: RevisitPolicy
) -> None:
    """Over 120 nights, some of them missed: each night catches up what the missed ones left."""
    histories: dict[str, ThreadHistory] = {}
    looked: dict[str, date] = {}
    active = days_ago(activity)
    for number in range(120):
        night = NIGHT + timedelta(days=number)
        if number in missed:
            continue
        visits = [each.url for each in plan_visits(urls, histories, {}, policy, night=night, zone=UTC)]
        assert len(visits) == len(set(visits))
        at = datetime(night.year, night.month, night.day, 23, tzinfo=UTC)
        for url in visits:
            histories[url] = ThreadHistory(looked=at, healthy=at, active=active)
            looked[url] = night
        for url in urls:
            assert night - looked[url] < timedelta(days=policy.sample_days), "overdue ones are looked at tonight"

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from archiver.workflows.night.watch import Watch


class Clocks:
    """A wall's clock that can be set, and one that never jumps."""

    def __init__(self, wall: datetime) -> None:
        self.wall, self.steady = wall, 1000.0

    def pass_seconds(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds

    def watch(self, hours: float = 6, until: str = "", zone: str = "UTC") -> Watch:
        return Watch(lambda: self.wall, seconds=lambda: self.steady, hours=hours, until=until, zone=ZoneInfo(zone))


@pytest.fixture
def clocks(now: datetime) -> Clocks:
    return Clocks(now)


@pytest.mark.parametrize(("set_by", "told"), [(-3600, "back by 3600 s"), (7200, "on by 7200 s")])
def test_a_clock_that_was_set_is_said_once_and_moves_no_deadline(clocks: Clocks, set_by: float, told: str) -> None:
    watch = clocks.watch(hours=2)
    deadline = watch.deadline
    clocks.pass_seconds(600)
    assert watch.jump() == ""
    clocks.wall += timedelta(seconds=set_by)
    assert told in watch.jump()
    assert watch.jump() == ""
    assert watch.deadline == deadline
    clocks.pass_seconds(2 * 3600 - 601)
    assert not watch.over
    clocks.pass_seconds(1)
    assert watch.over


def test_small_corrections_are_no_news(clocks: Clocks) -> None:
    watch = clocks.watch()
    clocks.wall += timedelta(seconds=40)
    assert watch.jump() == ""


@pytest.mark.parametrize(
    ("until", "hours"),
    [("", 6.0), ("14:15", 1.0), ("13:00", 6.0), ("23:59", 6.0), ("13:15", 6.0)],
)
def test_a_night_ends_at_its_local_time_or_after_its_hours(clocks: Clocks, until: str, hours: float) -> None:
    """It is 13:15 in Kolkata."""
    watch = clocks.watch(until=until, zone="Asia/Kolkata")
    assert watch.deadline - clocks.steady == hours * 3600


def test_a_moment_to_come_is_told_by_the_wall_s_clock(clocks: Clocks) -> None:
    watch = clocks.watch()
    assert watch.moment_of(clocks.steady + 60) == datetime(2026, 11, 21, 7, 46, tzinfo=UTC)

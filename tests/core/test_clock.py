"""Moments are UTC, of fixed width, and come back as they went."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core import clock

LOCAL = datetime(2026, 11, 21, 13, 15, 0, 123456, tzinfo=ZoneInfo("Asia/Kolkata"))
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - Hypothesis asks for naive bounds
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.timezones(),
)


def test_now_is_aware_and_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_a_local_moment_is_told_in_utc_with_microseconds() -> None:
    assert clock.to_iso(LOCAL) == "2026-11-21T07:45:00.123456Z"


def test_a_whole_second_keeps_its_six_zeros() -> None:
    assert clock.to_iso(datetime(2026, 11, 21, tzinfo=UTC)) == "2026-11-21T00:00:00.000000Z"


def test_a_year_before_1000_keeps_its_width() -> None:
    """Pages do state 0001-01-01: it is what unset dates look like in .NET."""
    moment = datetime(1, 1, 1, tzinfo=UTC)
    assert clock.to_iso(moment) == "0001-01-01T00:00:00.000000Z"
    assert clock.to_timestamp14(moment) == "00010101000000"
    assert clock.from_iso(clock.to_iso(moment)) == moment


def test_a_warc_date_has_microseconds() -> None:
    assert clock.to_warc_date(LOCAL) == "2026-11-21T07:45:00.123456Z"


def test_a_timestamp_has_14_digits_in_utc() -> None:
    assert clock.to_timestamp14(LOCAL) == "20261121074500"


def test_a_naive_moment_is_read_as_utc_unless_another_zone_is_assumed() -> None:
    naive = datetime(2026, 11, 21, 13, 15)  # noqa: DTZ001 - it is the subject
    assert clock.to_utc(naive) == datetime(2026, 11, 21, 13, 15, tzinfo=UTC)
    assert clock.to_utc(naive, ZoneInfo("Asia/Kolkata")) == datetime(2026, 11, 21, 7, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T13:15:00+05:30", datetime(2026, 11, 21, 7, 45, tzinfo=UTC)),
        ("2026-11-21T01:45:00-06:00", datetime(2026, 11, 21, 7, 45, tzinfo=UTC)),
        ("2026-11-21T07:45:00Z", datetime(2026, 11, 21, 7, 45, tzinfo=UTC)),
        ("2026-11-21T07:45:00", datetime(2026, 11, 21, 7, 45, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
    ],
)
def test_iso_moments_with_and_without_offset_are_read(text: str, moment: datetime) -> None:
    assert clock.from_iso(text) == moment
    assert clock.from_iso(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00+05:30", "9999-12-31T23:00:00-06:00"]
)
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clock.from_iso(text)


def test_an_unknown_moment_stays_unknown() -> None:
    assert clock.optional_iso(None) is None
    assert clock.from_optional_iso(None) is None
    assert clock.optional_iso(LOCAL) == "2026-11-21T07:45:00.123456Z"
    assert clock.from_optional_iso("2026-11-21T07:45:00.123456Z") == LOCAL


@given(MOMENTS)
def test_a_written_moment_is_read_as_the_same(moment: datetime) -> None:
    # compared in UTC: a moment in the hour that a zone repeats equals no moment of another zone
    assert clock.from_iso(clock.to_iso(moment)) == moment.astimezone(UTC)


@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(first: datetime, second: datetime) -> None:
    before = clock.to_utc(first) < clock.to_utc(second)
    assert (clock.to_iso(first) < clock.to_iso(second)) == before


@given(MOMENTS)
def test_a_timestamp_is_the_moment_cut_to_the_second(moment: datetime) -> None:
    digits = clock.to_timestamp14(moment)
    assert len(digits) == 14
    assert date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) == clock.to_utc(moment).date()


def test_an_offset_with_seconds_is_no_obstacle() -> None:
    """Zones before standard time had such offsets."""
    moment = datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=53, seconds=28)))
    assert clock.to_iso(moment) == "1899-12-31T18:06:32.000000Z"

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.periods import (
    PERMANENT,
    Period,
    YearEnd,
    add_period,
    end_of_year,
    parse_period,
    parse_year_end,
)

PERIODS = st.builds(
    Period,
    years=st.integers(0, 99),
    months=st.integers(0, 99),
    weeks=st.integers(0, 99),
    days=st.integers(0, 999),
).filter(lambda period: period != Period())
DAYS = st.dates(date(1900, 1, 1), date(2500, 12, 31))


@pytest.mark.parametrize(
    ("text", "period", "words"),
    [
        ("P7Y", Period(years=7), "7 years"),
        ("P1Y", Period(years=1), "1 year"),
        ("P18M", Period(months=18), "18 months"),
        ("P90D", Period(days=90), "90 days"),
        ("P2W", Period(weeks=2), "2 weeks"),
        ("P1Y6M", Period(years=1, months=6), "1 year and 6 months"),
        ("P1Y2M3D", Period(years=1, months=2, days=3), "1 year, 2 months and 3 days"),
        ("permanent", PERMANENT, "permanently"),
    ],
)
def test_a_period_is_read_written_back_and_said_in_words(text: str, period: Period, words: str) -> None:
    assert parse_period(text) == period
    assert str(period) == text
    assert period.in_words() == words


@pytest.mark.parametrize(
    "text",
    ["", "P", "7Y", "P7", "p7y", "P-7Y", "P7Y ", "PT24H", "P1.5Y", "P6M1Y", "P٧Y", "Permanent", "P00007Y"],
)
def test_what_is_no_period_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write P7Y"):
        parse_period(text)


def test_a_period_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least a day"):
        parse_period("P0Y0D")


def test_a_period_beyond_five_centuries_is_taken_for_a_slip() -> None:
    assert parse_period("P500Y") == Period(years=500)
    with pytest.raises(ValueError, match="write permanent"):
        parse_period("P501Y")


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        (date(2026, 4, 1), "P7Y", date(2033, 4, 1)),
        (date(2026, 1, 31), "P1M", date(2026, 2, 28)),
        (date(2028, 1, 31), "P1M", date(2028, 2, 29)),
        (date(2026, 3, 31), "P1M", date(2026, 4, 30)),
        (date(2028, 2, 29), "P1Y", date(2029, 2, 28)),
        (date(2028, 2, 29), "P4Y", date(2032, 2, 29)),
        (date(2026, 11, 21), "P18M", date(2028, 5, 21)),
        (date(2026, 12, 31), "P2M", date(2027, 2, 28)),
        (date(2026, 11, 21), "P90D", date(2027, 2, 19)),
        (date(2026, 12, 25), "P2W", date(2027, 1, 8)),
        (date(2026, 1, 31), "P1M1D", date(2026, 3, 1)),
        (date(9990, 1, 1), "P20Y", date.max),
        (date(9999, 12, 30), "P2D", date.max),
        (date(9999, 12, 30), "P1D", date.max),
    ],
)
def test_periods_are_counted_on_the_calendar(start: date, period: str, end: date) -> None:
    assert add_period(start, parse_period(period)) == end


def test_a_permanent_period_ends_on_no_day() -> None:
    with pytest.raises(ValueError, match="no day"):
        add_period(date(2026, 1, 1), PERMANENT)


@pytest.mark.parametrize(
    ("day", "year_end", "end"),
    [
        (date(2026, 4, 1), "03-31", date(2027, 3, 31)),
        (date(2026, 3, 31), "03-31", date(2026, 3, 31)),
        (date(2026, 1, 2), "12-31", date(2026, 12, 31)),
        (date(2027, 5, 1), "02-29", date(2028, 2, 29)),
        (date(2026, 2, 1), "02-29", date(2026, 2, 28)),
        (date(9999, 12, 1), "03-31", date.max),
    ],
)
def test_a_cut_off_is_the_end_of_the_fiscal_year_the_day_lies_in(day: date, year_end: str, end: date) -> None:
    assert end_of_year(day, parse_year_end(year_end)) == end


@pytest.mark.parametrize("text", ["", "31-03", "02-30", "3-31", "00-10", "2026-03-31"])
def test_what_is_no_day_of_a_year_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_year_end(text)


@given(PERIODS)
def test_every_period_is_read_back_as_written(period: Period) -> None:
    assert parse_period(str(period)) == period


@given(DAYS, PERIODS)
def test_a_period_always_ends_after_it_starts(start: date, period: Period) -> None:
    assert add_period(start, period) > start


@given(DAYS, DAYS, PERIODS)
def test_what_starts_later_never_ends_earlier(one: date, other: date, period: Period) -> None:
    first, second = sorted((one, other))
    assert add_period(first, period) <= add_period(second, period)


@given(DAYS, st.dates(date(2024, 1, 1), date(2024, 12, 31)))
def test_a_fiscal_year_ends_on_or_after_each_of_its_days_and_within_a_year(day: date, last: date) -> None:
    year_end = YearEnd(month=last.month, day=last.day)
    end = end_of_year(day, year_end)
    assert day <= end
    assert (end - day).days <= 366
    assert end_of_year(end, year_end) == end
    assert parse_year_end(str(year_end)) == year_end

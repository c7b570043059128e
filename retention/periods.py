"""Retention periods: ISO 8601 durations counted on the calendar, and the year-end cut-off.

Dates only. Which day a moment falls on is decided by the caller, in the agency's time zone.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_YEARS = 500
"""A longer period is a slip of the keyboard, or means permanent."""

_DURATION = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Period:
    """A length of time in calendar units; `permanent` has none."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    permanent: bool = False

    def __str__(self) -> str:
        """The ISO 8601 duration, or `permanent`; `parse_period` reads it back."""
        if self.permanent:
            return "permanent"
        parts = ((self.years, "Y"), (self.months, "M"), (self.weeks, "W"), (self.days, "D"))
        return "P" + "".join(f"{count}{unit}" for count, unit in parts if count)

    def in_words(self) -> str:
        """`7 years`, `1 year and 6 months`, `permanently`."""
        if self.permanent:
            return "permanently"
        units = ((self.years, "year"), (self.months, "month"), (self.weeks, "week"), (self.days, "day"))
        parts = [f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in units if count]
        return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


PERMANENT = Period(permanent=True)


@dataclass(frozen=True, kw_only=True)
class YearEnd:
    """The last day of a fiscal year; `day` 29 in February means that month's last day."""

    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.month:02d}-{self.day:02d}"


def parse_period(text: str) -> Period:
    """Read `P7Y`, `P18M`, `P2W`, `P90D`, a combination, or `permanent`.

    Raises ValueError for anything else, for zero, and beyond `LONGEST_YEARS`.
    """
    if text == "permanent":
        return PERMANENT
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a period: write P7Y, P18M, P2W, P90D or permanent")
    years, months, weeks, days = (int(count or 0) for count in match.groups())
    if not years + months + weeks + days:
        raise ValueError(f"{text!r} keeps nothing: a period is at least a day")
    if years + months / 12 + weeks / 52 + days / 365 > LONGEST_YEARS:
        raise ValueError(f"{text!r} is longer than {LONGEST_YEARS} years: write permanent if that is meant")
    return Period(years=years, months=months, weeks=weeks, days=days)


def parse_year_end(text: str) -> YearEnd:
    """Read `03-31`, month and day. Raises ValueError if there is no such day."""
    match = re.fullmatch(r"(\d\d)-(\d\d)", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not a year's last day: write month and day, such as 03-31")
    month, day = int(match[1]), int(match[2])
    try:
        date(2024, month, day)  # a leap year, so that 02-29 is one
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar") from None
    return YearEnd(month=month, day=day)


def add_period(start: date, period: Period) -> date:
    """The day `period` after `start`: years and months first, then weeks and days.

    A day the month does not have becomes the month's last (31 January + 1 month is the last
    of February; 29 February + 1 year is 28 February). Past the calendar's end (year 9999) the
    answer is its last day. Raises ValueError for a permanent period, which ends on no day.
    """
    if period.permanent:
        raise ValueError("a permanent period ends on no day")
    month = start.month - 1 + period.years * 12 + period.months
    year, month = start.year + month // 12, month % 12 + 1
    if year > date.max.year:
        return date.max
    moved = date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
    rest = timedelta(weeks=period.weeks, days=period.days)
    return date.max if rest > date.max - moved else moved + rest


def end_of_year(day: date, year_end: YearEnd) -> date:
    """Last day of the fiscal year `day` lies in; `day` itself if it is that."""
    this_year = _in_year(day.year, year_end)
    if day <= this_year:
        return this_year
    return date.max if day.year == date.max.year else _in_year(day.year + 1, year_end)


def _in_year(year: int, year_end: YearEnd) -> date:
    last = calendar.monthrange(year, year_end.month)[1]
    return date(year, year_end.month, min(year_end.day, last))

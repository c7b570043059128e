"""Which days an office is open: weekends, the jurisdiction's public holidays, and its own closed days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

import holidays

from archiver.core.errors import BadInput, CalendarGap

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, kw_only=True)
class OfficeCalendar:
    """`jurisdiction` is ISO 3166, with a subdivision where its holidays are its own; "" has none.

    Holidays that hang on the moon are the library's estimates until they are proclaimed: enter what was
    proclaimed in `closed`, and what was not kept in `open`.
    """

    jurisdiction: str
    weekend: frozenset[int] = frozenset({5, 6})  # as date.weekday()
    closed: Mapping[date, str] = field(default_factory=dict)
    open: frozenset[date] = frozenset()

    def closed_for(self, day: date) -> str:
        """Why the office is closed that day; "" where it is open. Raises CalendarGap."""
        if day in self.open:
            return ""
        if day in self.closed:
            return self.closed[day]
        if day.weekday() in self.weekend:
            return WEEKDAYS[day.weekday()].capitalize()
        return _holiday(self.jurisdiction, day)

    def is_open(self, day: date) -> bool:
        return not self.closed_for(day)

    def next_open(self, day: date) -> date:
        """`day` itself where the office is open. Raises CalendarGap."""
        for _ in range(366):
            if self.is_open(day):
                return day
            day += timedelta(days=1)
        raise CalendarGap(f"the office has no open day in the year before {day}: see `requests.weekend`")


def office_calendar(
    jurisdiction: str, *, weekend: Iterable[str] = (), closed: Iterable[str] = (), opened: Collection[str] = ()
) -> OfficeCalendar:
    """From settings: names of weekdays, and days as `2026-03-02` or `2026-03-02 Founders' day`. Raises BadInput."""
    names = [each.strip().lower() for each in weekend]
    unknown = [each for each in names if each not in WEEKDAYS]
    if unknown:
        raise BadInput(f"requests.weekend: {', '.join(unknown)} is no day of the week")
    days: dict[date, str] = {}
    for entry in closed:
        day, _, why = entry.strip().partition(" ")
        days[_day(day, "requests.closed_days")] = why.strip() or "closed by the agency"
    return OfficeCalendar(
        jurisdiction=jurisdiction,
        weekend=frozenset(WEEKDAYS.index(each) for each in names),
        closed=days,
        open=frozenset(_day(each, "requests.open_days") for each in opened),
    )


def _day(text: str, key: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{key}: {text!r} is no day such as 2026-03-02") from error


def _holiday(jurisdiction: str, day: date) -> str:
    if not jurisdiction:
        return ""
    return _known(jurisdiction, day.year).get(day, "")


@cache
def _known(jurisdiction: str, year: int) -> Mapping[date, str]:
    country, _, subdivision = jurisdiction.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        raise CalendarGap(
            f"no public holidays of {jurisdiction} are known: enter them in `requests.closed_days`, and set "
            '`requests.holidays = "none"`'
        )
    part = subdivision if subdivision in known[country] else None
    found = holidays.country_holidays(country, subdiv=part, years=year, language="en_US")
    if not found.start_year <= year <= found.end_year:
        raise CalendarGap(f"the public holidays of {jurisdiction} in {year} are not known")
    return dict(found.items())

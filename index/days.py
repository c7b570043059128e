"""Days, months, years, ranges of days and names like "last quarter" typed in a query."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from index.folding import fold
from index.lexer import Kind, Piece, fail
from index.query import Field, Range

_DAY = re.compile(r"([12]\d{3})(?:-(\d{2})(?:-(\d{2}))?)?")
_RANGE = re.compile(r"\s*(\S+)\s+TO\s+(\S+)\s*")
_SPAN = re.compile(r"(this|last) (week|month|quarter|year)")
_RECENT = re.compile(r"last (\d{1,4}) (day|week|month)s?")
_FORM = (
    "write a day, month or year (2026-01-31, 2026-01, 2026), a range [2026-01-01 TO 2026-03-31], today, yesterday, "
    '"this month", "last quarter", "last 7 days"'
)


def read_days(query: str, field: Field, piece: Piece, *, today: date, time_zone: tzinfo) -> Range:
    """The moments between the first and the last day of `piece`, both included, in `time_zone`.

    A range's end may be `*`: open. Raises BadQuery.
    """
    if piece.kind is not Kind.RANGE and (named := named_days(fold_spaces(piece.text), today)):
        return _range(field, *named, time_zone)
    first_text = last_text = piece.text
    if piece.kind is Kind.RANGE:
        match = _RANGE.fullmatch(piece.text)
        if match is None:
            fail(query, f"[{piece.text}] is no range; {_FORM}", piece.start, piece.end)
        first_text, last_text = match.groups()
        if first_text == last_text == "*":
            fail(query, f"[{piece.text}] names no day; {_FORM}", piece.start, piece.end)
    open_start = piece.kind is Kind.RANGE and first_text == "*"
    open_end = piece.kind is Kind.RANGE and last_text == "*"
    first = None if open_start else _period(query, piece, first_text, today)[0]
    last = None if open_end else _period(query, piece, last_text, today)[1]
    if first and last and first > last:
        fail(query, f"the range ends ({last}) before it begins ({first})", piece.start, piece.end)
    return _range(field, first, last, time_zone)


def fold_spaces(text: str) -> str:
    """Words in lower case and Latin digits, one space between."""
    return " ".join(fold(word) for word in text.split())


def named_days(name: str, today: date) -> tuple[date, date] | None:
    """First and last day of what `name` calls a time, seen from `today`; None if it is no such name.

    Weeks begin on Monday (ISO 8601). "last month" is the calendar month before this one; "last 7 days" are
    today and the six days before it, "last 2 weeks" fourteen days, "last 3 months" since the day after today's
    three months ago.
    """
    if name in ("today", "yesterday"):
        day = today - timedelta(days=name == "yesterday")
        return day, day
    if match := _SPAN.fullmatch(name):
        first, last = _span(match[2], today)
        return (first, last) if match[1] == "this" else _span(match[2], first - timedelta(days=1))
    if match := _RECENT.fullmatch(name):
        number = int(match[1])
        try:
            start = (
                _months_before(today, number)
                if match[2] == "month"
                else today - timedelta(days=number * (7 if match[2] == "week" else 1))
            )
        except (OverflowError, ValueError):
            return None
        return (start + timedelta(days=1), today) if number else None
    return None


def _span(kind: str, day: date) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that `day` lies in."""
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    start = (day.month - 1) // months * months + 1
    end = start + months - 1
    return date(day.year, start, 1), date(day.year, end, calendar.monthrange(day.year, end)[1])


def _months_before(day: date, months: int) -> date:
    """The same day `months` earlier, or the last of a month too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _range(field: Field, first: date | None, last: date | None, time_zone: tzinfo) -> Range:
    return Range(
        field=field,
        start=_midnight(first, time_zone) if first else None,
        end=_midnight(last + timedelta(days=1), time_zone) if last else None,
    )


def _period(query: str, piece: Piece, text: str, today: date) -> tuple[date, date]:
    """First and last day of the day, month or year `text`; digits of any script."""
    if named := named_days(fold(text), today):
        return named
    match = _DAY.fullmatch(fold(text))
    if match is None:
        fail(query, f"{text!r} is no date; {_FORM}", piece.start, piece.end)
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except ValueError:  # calendar.IllegalMonthError is one
        fail(query, f"{text!r} is no date of the calendar", piece.start, piece.end)


def _midnight(day: date, time_zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, time_zone).astimezone(UTC)

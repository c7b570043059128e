"""Days, months, years and ranges of days typed in a query."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from index.folding import fold
from index.lexer import Kind, Piece, fail
from index.query import Field, Range

_DAY = re.compile(r"([12]\d{3})(?:-(\d{2})(?:-(\d{2}))?)?")
_RANGE = re.compile(r"\s*(\S+)\s+TO\s+(\S+)\s*")
_FORM = "write a day, month or year (2026-01-31, 2026-01, 2026) or a range [2026-01-01 TO 2026-03-31]"


def read_days(query: str, field: Field, piece: Piece, time_zone: tzinfo) -> Range:
    """The moments between the first and the last day of `piece`, both included, in `time_zone`.

    A range's end may be `*`: open. Raises BadQuery.
    """
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
    first = None if open_start else _period(query, piece, first_text)[0]
    last = None if open_end else _period(query, piece, last_text)[1]
    if first and last and first > last:
        fail(query, f"the range ends ({last}) before it begins ({first})", piece.start, piece.end)
    return Range(
        field=field,
        start=_midnight(first, time_zone) if first else None,
        end=_midnight(last + timedelta(days=1), time_zone) if last else None,
    )


def _period(query: str, piece: Piece, text: str) -> tuple[date, date]:
    """First and last day of the day, month or year `text`; digits of any script."""
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

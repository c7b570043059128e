"""Bars of a timeline: which days, months or years, and how many moments fall into each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from index.engine import Step, Timeline


def bars_between(
    first: datetime, last: datetime, *, time_zone: tzinfo, most: int, least: Step = Step.DAY
) -> tuple[Step, list[date]]:
    """The narrowest bars from `first` to `last`, `least` or wider, `most` at most if years allow it: their first days.

    Behind them stands the first day after the last bar.
    """
    start, end = first.astimezone(time_zone).date(), last.astimezone(time_zone).date()
    if least is Step.DAY and (end - start).days < most:
        return Step.DAY, [start + timedelta(days=number) for number in range((end - start).days + 2)]
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    if least is not Step.YEAR and months <= most:
        return Step.MONTH, [_month(start.year, start.month - 1 + number) for number in range(months + 1)]
    return Step.YEAR, [date(year, 1, 1) for year in range(start.year, end.year + 2)]


def midnights(days: Iterable[date], time_zone: tzinfo) -> list[datetime]:
    """When each of `days` begins in `time_zone`, in UTC."""
    return [datetime.combine(day, time(), time_zone).astimezone(UTC) for day in days]


def timeline_of(
    moments: Iterable[datetime | None], *, time_zone: tzinfo, most: int, least: Step = Step.DAY
) -> Timeline:
    """The timeline of `moments`, None being undated."""
    everything = list(moments)
    dated = sorted(each for each in everything if each is not None)
    undated = len(everything) - len(dated)
    if not dated:
        return Timeline(step=least, bars=(), undated=undated)
    step, days = bars_between(dated[0], dated[-1], time_zone=time_zone, most=most, least=least)
    edges = midnights(days, time_zone)
    counts = [0] * (len(days) - 1)
    for moment in dated:
        counts[bisect_right(edges, moment) - 1] += 1
    return Timeline(step=step, bars=tuple(zip(days, counts, strict=False)), undated=undated)


def _month(year: int, months: int) -> date:
    """The first day of month number `months` (from 0) of `year`, or of a later year."""
    return date(year + months // 12, months % 12 + 1, 1)

"""Requests in figures: how many, how long they took, which sections were used."""

from __future__ import annotations

from collections import Counter
from datetime import date
from statistics import median

from archiver.core.archive import Archive
from archiver.workflows.requests.clock import clock_of
from exports.requests.plots import RequestFigures
from exports.requests.statutory_clock import ClockState

_ANSWERS = ("delivered", "collected", "answered")


def request_statistics(archive: Archive, *, since: date | None, until: date | None, today: date) -> RequestFigures:
    """Of the requests received in that time, both days included."""
    requests = [
        each
        for each in archive.requests.requests()
        if (since is None or since <= each.received) and (until is None or each.received <= until)
    ]
    days: list[int] = []
    states: Counter[str] = Counter()
    sections: Counter[str] = Counter()
    for request in requests:
        states[clock_of(archive, request, today=today).state] += 1
        answers = [e.day for e in archive.request_files.events(request.number) if e.kind in _ANSWERS]
        if answers:
            days.append((min(answers) - request.received).days)
        for decided in archive.reviews.decisions(request.number).values():
            sections.update(decided.coding.sections)
        sections.update(each.section for each in archive.redactions.standing(request.number))
    late = states[ClockState.ANSWERED_LATE.value]
    return RequestFigures(
        received=len(requests),
        answered=len(days),
        in_time=len(days) - late,
        late=late,
        open=len(requests) - len(days),
        median_days=median(days) if days else None,
        longest_days=max(days, default=None),
        days=tuple(sorted(days)),
        by_month=dict(sorted(Counter(f"{each.received:%Y-%m}" for each in requests).items())),
        sections=dict(sections.most_common()),
    )

"""The retention report as one HTML page with a plot, without scripts or anything fetched; and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retention.pages import render_page

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MONTHS_SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One month of the plot; measures in the units of its viewBox."""

    month: str
    count: int
    left: float
    height: float


def render_report(report: Any, *, made_at: str) -> bytes:
    """The page; `report` is a `RetentionReport`."""
    return render_page("report.html", r=report, bars=bars(report.by_month), made_at=made_at)


def bars(by_month: Mapping[str, int]) -> list[Bar]:
    """The first five years' months, none left out, as bars 100 high at most."""
    if not by_month:
        return []
    first, last = min(by_month), max(by_month)
    months = [month for month in _months(first) if month <= last][:_MONTHS_SHOWN]
    most = max(by_month.get(month, 0) for month in months) or 1
    return [
        Bar(month=month, count=by_month.get(month, 0), left=14 * place, height=100 * by_month.get(month, 0) / most)
        for place, month in enumerate(months)
    ]


def _months(first: str) -> Iterable[str]:
    year, month = map(int, first.split("-"))
    for each in range(_MONTHS_SHOWN):
        place = month - 1 + each
        yield f"{year + place // 12:04d}-{place % 12 + 1:02d}"


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV (RFC 4180); what a spreadsheet would take for a formula stands behind an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        texts = ["" if value is None else str(value) for value in row]
        writer.writerow([f"'{text}" if text.startswith(_FORMULA) else text for text in texts])
    return out.getvalue()

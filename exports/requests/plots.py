"""Figures about requests as plots: one SVG file that opens in any browser, without scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

_WIDE, _BAR, _LEFT = 720, 22, 150


@dataclass(frozen=True, kw_only=True)
class RequestFigures:
    """`days` are what each answered request took, in calendar days from receipt to delivery."""

    received: int
    answered: int
    in_time: int
    late: int
    open: int
    median_days: float | None
    longest_days: int | None
    days: tuple[int, ...]
    by_month: Mapping[str, int]
    sections: Mapping[str, int]


def write_plots(figures: RequestFigures) -> bytes:
    """Requests by month, days taken, sections used, as bars one below the other."""
    taken = Counter(f"{day // 10 * 10} to {day // 10 * 10 + 9} days" for day in figures.days)
    charts = (
        ("Requests received, by month", figures.by_month),
        ("Days taken", dict(sorted(taken.items(), key=lambda each: int(each[0].split()[0])))),
        ("Sections used", figures.sections),
    )
    parts, top = [], 20
    for title, bars in charts:
        parts.append(f'<text x="10" y="{top}" font-weight="bold">{escape(title)}</text>')
        most = max(bars.values(), default=1)
        top += 12
        for name, value in bars.items():
            wide = max(1, (_WIDE - _LEFT - 60) * value // most)
            parts += [
                f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end">{escape(name)}</text>',
                f'<rect x="{_LEFT}" y="{top}" width="{wide}" height="{_BAR - 4}" fill="#0b4f8a"/>',
                f'<text x="{_LEFT + wide + 6}" y="{top + 15}">{value}</text>',
            ]
            top += _BAR
        if not bars:
            parts.append(f'<text x="{_LEFT}" y="{top + 15}">none</text>')
            top += _BAR
        top += 34
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {top}" font-family="sans-serif" '
        'font-size="13" role="img" aria-label="Requests in figures"><rect width="100%" height="100%" fill="#fff"/>'
    )
    return (head + "".join(parts) + "</svg>\n").encode()

"""A night's report as one HTML page: no script, nothing loaded, readable in light, dark and print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from archiver.core.clock import from_iso

_WIDTH, _HEIGHT, _LEFT, _FOOT = 720, 200, 44, 26
_SERIES = ("captured", "unchanged", "failed", "left")

_environment = Environment(
    loader=PackageLoader("archiver.workflows.night", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One part of one night's bar, in the plot's own units from its top left corner."""

    series: str
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Stacked bars, a night each; `ticks` are (y, label), `days` (x, label)."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str], ...]
    missed: tuple[float, ...]  # x of nights without a run
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    base: int = _HEIGHT - _FOOT


def render_page(report: Mapping[str, Any]) -> str:
    """`report` is the document of `report.json`."""
    zone = ZoneInfo(report["time_zone"])

    def moment(text: str | None) -> str:
        return "" if text is None else f"{_local(text, zone):%Y-%m-%d %H:%M %Z}"

    return _environment.get_template("report.html").render(
        report=report, plot=plot_nights(report["nights"]), moment=moment, series=_SERIES
    )


def plot_nights(nights: Sequence[Mapping[str, Any]]) -> Plot:
    """The nights side by side, oldest first, on one scale of round steps."""
    most = max((sum(night[name] for name in _SERIES) for night in nights), default=0)
    step = _round_step(most)
    top = max(step, -(-most // step) * step)
    base, room = _HEIGHT - _FOOT, _HEIGHT - _FOOT - 12
    slot = (_WIDTH - _LEFT) / max(len(nights), 8)
    bars, days, missed = [], [], []
    every = max(1, round(len(nights) / 8))
    for number, night in enumerate(nights):
        x = _LEFT + number * slot
        y = float(base)
        for name in _SERIES:
            height = night[name] / top * room
            if height:
                y -= height
                title = f"{night['night']}: {night[name]} {name}"
                bars.append(Bar(series=name, x=x + slot * 0.15, y=y, width=slot * 0.7, height=height, title=title))
        if not night["ran"]:
            missed.append(x + slot / 2)
        if number % every == 0:
            days.append((x + slot / 2, night["night"][5:]))
    ticks = tuple((base - value / top * room, f"{value:,}") for value in range(0, top + 1, step))
    return Plot(bars=tuple(bars), ticks=ticks, days=tuple(days), missed=tuple(missed))


def _round_step(most: int) -> int:
    """1, 2 or 5 times a power of ten, so that about four steps reach `most`."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * 4 >= most:
                return factor * power
        power *= 10


def _local(text: str, zone: ZoneInfo) -> datetime:
    return from_iso(text).astimezone(zone)

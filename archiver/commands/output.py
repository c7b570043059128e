"""What commands print: tables for people, one JSON document for programs, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from archiver.core.clock import to_iso
from archiver.core.progress import Progress
from archiver.core.records import Completeness

_PIPE_WIDTH = 240
LONGEST = 200
"""Rows of a table that a set of any size fills: nobody reads on, and a program asks for JSON."""

_COLOURS = {
    "complete": "green", "unchanged": "green", "present": "green", "active": "green", "permanent": "green",
    "due soon": "yellow", "due today": "yellow", "overdue": "red", "answered": "green", "answered late": "red",
    "partial": "yellow", "edited": "yellow", "due": "yellow", "undecided": "yellow", "held": "yellow",
    "gone": "magenta", "disposed": "magenta", "disabled": "bright_black", "paused": "bright_black",
    "login_wall": "red", "challenge": "red", "throttled": "red", "refused": "red", "failed": "red",
}  # fmt: skip


def console() -> Console:
    """Standard output: as wide as the terminal, or wide enough that nothing is cut in a pipe."""
    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def counted(number: int, noun: str) -> str:
    """`1 record`, `2,000 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plain(value: object) -> Any:
    """`value` as JSON takes it: dataclasses as objects, moments as ISO 8601 UTC, sets as sorted lists."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(each) for each in value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(each) for each in value]
    return value


def print_json(value: object) -> None:
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str = "none",
    most: int | None = None,
) -> None:
    """A table; known states are coloured on a terminal. `empty` is said where there are no rows.

    Of more rows than `most` only the first are shown, and how many more there are is said.
    """
    shown = Table(title=title, title_justify="left", title_style="bold", header_style="bold cyan", expand=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        count += 1
        if most is None or count <= most:
            shown.add_row(*(_cell(value) for value in row))
    if count:
        console().print(shown)
        if most is not None and count > most:
            say(f"… and {count - most:,} more: --json gives every one.", "yellow")
    else:
        say(f"{title}: {empty}")


def say(text: str = "", style: str = "") -> None:
    """One line of plain words."""
    console().print(Text(text, style=style), soft_wrap=True)


def heading(text: str) -> None:
    say(text, "bold")


def describe(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, aligned; empty values are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value not in (None, "", ()):
            grid.add_row(name, _cell(value))
    console().print(grid)


def show_moment(moment: datetime | None, zone: ZoneInfo) -> str:
    """`2026-11-21 13:15 IST`: to the minute, in the archive's time zone."""
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def show_completeness(completeness: Completeness) -> str:
    """`17 of 20 comments, 85 %`; "" where the site declared nothing."""
    if completeness.percent is None:
        return ""
    counts = ", ".join(
        f"{completeness.found.get(kind, 0):,} of {count:,} {kind}"
        for kind, count in sorted(completeness.declared.items())
    )
    return f"{counts}, {completeness.percent} %"


def _cell(value: object) -> Text:
    text = "" if value is None else value.value if isinstance(value, Enum) else str(value)
    return Text(text, style=_COLOURS.get(text, ""))


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A bar on standard error where that is a terminal; yields the callable that moves it."""
    with Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as bars:
        task = bars.add_task(label, total=None, detail="")

        def show(done: int, total: int, what: str = "") -> None:
            bars.update(task, completed=done, total=total, detail=escape(what))

        yield show

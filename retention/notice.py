"""The public notice: what is kept, how long, on what authority, and how to ask for it, from the plan in force.

Its own words stand in `notice.toml`, in each of the archive's languages that it has; what the plan says is shown
as the plan says it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from importlib import resources

from retention.file_plan import FilePlan, ScheduleVersion, TriggerKind
from retention.pages import render_page
from retention.periods import Period


def languages() -> list[str]:
    """BCP 47 tags the notice has words in."""
    return sorted(_words())


def _words() -> dict[str, dict[str, str]]:
    text = resources.files("retention").joinpath("notice.toml").read_text(encoding="utf-8")
    return {tag: dict(words) for tag, words in tomllib.loads(text).items()}


def render_notice(plan: FilePlan, *, agency: str, wanted: Sequence[str], ask: str, today: date) -> bytes:
    """One page with a part for each wanted language that there are words in, English where there is none.

    `ask` says how records are asked for: an address, an office. HTML without scripts.
    """
    words = _words()
    chosen = [tag for tag in dict.fromkeys(each.split("-")[0] for each in wanted) if tag in words] or ["en"]
    parts = [{"tag": tag, "w": words[tag], "rows": _rows(plan, words[tag])} for tag in chosen]
    return render_page("notice.html", agency=agency, plan=plan, parts=parts, ask=ask, today=today.isoformat())


def _rows(plan: FilePlan, words: dict[str, str]) -> list[tuple[str, str, str, str, str]]:
    """Title, description, how long, what then, authority of every class with a schedule."""
    rows = []
    for entry in plan.classes:
        schedule = plan.schedule(entry.code)
        if schedule is not None:
            kept = _how_long(schedule, words)
            rows.append((entry.title, entry.description, kept, words[schedule.action.value], schedule.mandate))
    return rows


def _how_long(schedule: ScheduleVersion, words: dict[str, str]) -> str:
    if schedule.period.permanent:
        return words["for_ever"]
    kind = schedule.trigger.kind
    start = words[kind.value]
    if kind is TriggerKind.EVENT:
        start = f"{start} ({_isolated(schedule.trigger.event)})"
    text = words["after"].format(period=_period(schedule.period, words), start=start)
    return f"{text} {words['cutoff'].format(day=_isolated(str(schedule.cutoff)))}" if schedule.cutoff else text


def _isolated(text: str) -> str:
    """Read from left to right within a text of either direction (UAX #9): 06-30 must not turn into 30-06."""
    return f"\u2066{text}\u2069"


def _period(period: Period, words: dict[str, str]) -> str:
    units = (("years", period.years), ("months", period.months), ("weeks", period.weeks), ("days", period.days))
    return ", ".join(f"{count} {words[unit if count != 1 else unit[:-1]]}" for unit, count in units if count)

"""What one file plan says that another does not, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta

from retention.decisions import due_date
from retention.file_plan import Action, FilePlan, ScheduleVersion

_PROBES = [date(2024, 2, 29) + timedelta(days=each) for each in range(4 * 365 + 1)]
"""Every day of four years, a leap day among them: periods are compared on all of them."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One entry that was added, removed or changed. `was` and `now` are words, "" where there is nothing.

    `shorter` says that the change lets records go sooner, or by fewer people.
    """

    entry: str
    field: str
    was: str
    now: str
    shorter: bool = False


def compare_plans(old: FilePlan | None, new: FilePlan) -> list[Difference]:
    """Classes by code, then their schedules, then the rules as a list."""
    before = old or FilePlan(title="", classes=(), schedules=(), rules=())
    found = list(_changes("plan", {"title": before.title}, {"title": new.title}))
    for code in sorted({each.code for each in (*before.classes, *new.classes)}):
        found += _changes(f"class {code}", _fields(before.record_class(code)), _fields(new.record_class(code)))
        was, now = before.schedule(code), new.schedule(code)
        shorter = is_shorter(was, now)
        found += _changes(f"schedule of {code}", _fields(was), _fields(now), shorter=shorter)
    rules = [[f"{dict(each.conditions)} → {each.class_code}" for each in plan.rules] for plan in (before, new)]
    if rules[0] != rules[1]:
        found.append(Difference(entry="rules", field="order", was="\n".join(rules[0]), now="\n".join(rules[1])))
    return found


def is_shorter(was: ScheduleVersion | None, now: ScheduleVersion | None) -> bool:
    """Whether records of the class may go sooner under `now`, or with fewer people's word.

    Two triggers cannot be compared without the records: another trigger counts as shorter.
    """
    if now is None or now.action is Action.PERMANENT:
        return False
    if was is None or was.action is Action.PERMANENT:
        return True
    if now.approvals < was.approvals or not set(was.roles) <= set(now.roles):
        return True
    if now.action is not was.action and now.action is not Action.REVIEW:
        return True
    if now.trigger != was.trigger:
        return True
    return any(due_date(now, day) < due_date(was, day) for day in _PROBES)


def _fields(entry: object) -> dict[str, str]:
    if entry is None:
        return {}
    told = {each.name: getattr(entry, each.name) for each in fields(entry)}  # type: ignore[arg-type]  # dataclasses only
    return {name: _word(value) for name, value in told.items() if name not in ("code", "class_code", "number")}


def _word(value: object) -> str:
    if value in (None, False, ()):
        return ""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _changes(
    entry: str, was: Mapping[str, str], now: Mapping[str, str], *, shorter: bool = False
) -> Iterator[Difference]:
    for name in dict.fromkeys((*was, *now)):
        before, after = was.get(name, ""), now.get(name, "")
        if before != after:
            yield Difference(entry=entry, field=name, was=before, now=after, shorter=shorter)

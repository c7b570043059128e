"""File plans as TOML files: read whole, every fault found and told with its place.

title = "…"

[[class]]
code = "COMMS-1"
title = "Routine exchanges"
parent = "COMMS"
[class.schedule]
mandate = "By-law 12/2019, schedule B"
trigger = "last_activity"       # created | captured | last_activity | event:<type>
period = "P2Y"                  # ISO 8601, or permanent
cutoff = "03-31"                # optional: count from the end of the fiscal year
action = "destroy"              # destroy | transfer | review | permanent
approvals = 2
roles = ["administrator"]       # optional: roles of which one approver each must be
storage = "server room B"       # optional: where the class's records lie
review_by = 2029-04-01          # optional: when the schedule itself is looked at again
keep_copy = true                # optional, with transfer: a copy stays here
effective_from = 2026-04-01     # optional

[[rule]]
match = { kind = "thread", tag = ["routine", "thanks"] }   # every key; any of its values
class = "COMMS-1"
because = "a citizen's question and its answer"
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from importlib import resources
from typing import Any, TypeVar

from archiver.core.errors import BadFilePlan, NotFound
from archiver.core.papers import PaperKind
from archiver.core.people import Permission, Role
from archiver.core.records import RecordKind
from retention.classification import FIELDS, covers
from retention.file_plan import (
    Action,
    ClassificationRule,
    FilePlan,
    RecordClass,
    ScheduleVersion,
    Trigger,
    TriggerKind,
)
from retention.periods import PERMANENT, Period, YearEnd, parse_period, parse_year_end

_CODE = re.compile(r"\w[\w.\-/]{0,63}")
_EVENT = re.compile(r"[a-z][a-z0-9-]{0,63}")
_LEAST_APPROVALS = {Action.DESTROY: 2, Action.TRANSFER: 2, Action.REVIEW: 1, Action.PERMANENT: 0}
"""Content leaves the archive only by the decision of two different people."""

Value = TypeVar("Value")


def example_plan(jurisdiction: str = "") -> str:
    """The text of a plan that comes with Archiver: an example, for counsel to replace.

    `jurisdiction` is one of `example_jurisdictions`, "" for the general one. Raises NotFound.
    """
    known = example_jurisdictions()
    if jurisdiction and jurisdiction not in known:
        raise NotFound(f"there is no example plan for {jurisdiction!r}: there are {', '.join(known)}")
    name = f"{jurisdiction or 'example'}.toml"
    return resources.files("retention").joinpath("plans", name).read_text(encoding="utf-8")


def example_jurisdictions() -> list[str]:
    """ISO 3166 codes of the jurisdictions that an example plan comes for."""
    names = (each.name for each in resources.files("retention").joinpath("plans").iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name[0].isupper())


def parse_trigger(text: str) -> Trigger:
    """Read `created`, `captured`, `last_activity` or `event:<type>`. Raises ValueError."""
    kind, colon, event = text.partition(":")
    if kind == TriggerKind.EVENT and _EVENT.fullmatch(event):
        return Trigger(kind=TriggerKind.EVENT, event=event)
    if not colon and kind in (TriggerKind.CREATED, TriggerKind.CAPTURED, TriggerKind.LAST_ACTIVITY):
        return Trigger(kind=TriggerKind(kind))
    raise ValueError(
        f"{text!r} is not a trigger: write created, captured, last_activity, or event: and a type "
        "in lower-case letters, digits and hyphens"
    )


def read_plan(source: str, name: str = "file plan") -> FilePlan:
    """The plan in `source`. Raises BadFilePlan, which lists every fault with its key path.

    `name` is what the message calls the file.
    """
    try:
        tree = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise BadFilePlan(f"{name} is not TOML: {error}") from error
    return read_plan_tree(tree, name)


def read_plan_tree(tree: dict[str, Any], name: str) -> FilePlan:
    """The plan in what TOML holds. Raises BadFilePlan, which lists every fault with its key path."""
    reader = _Reader()
    plan = reader.plan(tree)
    if reader.faults:
        count = len(reader.faults)
        raise BadFilePlan(
            f"{name} has {count} fault{'s' if count != 1 else ''}; correct and load it again:\n"
            + "\n".join(f"  {fault}" for fault in reader.faults)
        )
    return plan


@dataclass
class _Reader:
    """Collects faults; what it returns after a fault stands in for the right value and is never used."""

    faults: list[str] = field(default_factory=list)

    def fault(self, place: str, message: str) -> None:
        self.faults.append(f"{place}: {message}")

    def plan(self, tree: dict[str, Any]) -> FilePlan:
        self._only(tree, "", {"title", "class", "rule"})
        title = self._text(tree, "", "title", required=True)
        classes: list[RecordClass] = []
        schedules: list[ScheduleVersion] = []
        for place, table in self._tables(tree, "class"):
            entry, schedule = self._class(place, table)
            classes.append(entry)
            if schedule:
                schedules.append(schedule)
        if not tree.get("class"):
            self.fault("class", "the plan has no record class")
        rules = [self._rule(place, table) for place, table in self._tables(tree, "rule")]
        self._check_codes(classes)
        if sum(entry.not_a_record for entry in classes) > 1:
            self.fault("class", "two classes are not_a_record: one at most can be")
        self._check_rules(classes, schedules, rules)
        return FilePlan(
            title=title,
            classes=tuple(sorted(classes, key=lambda entry: entry.code)),
            schedules=tuple(sorted(schedules, key=lambda schedule: schedule.class_code)),
            rules=tuple(rules),
        )

    def _class(self, place: str, table: dict[str, Any]) -> tuple[RecordClass, ScheduleVersion | None]:
        self._only(table, place, {"code", "title", "parent", "description", "schedule", "not_a_record"})
        code = self._text(table, place, "code", required=True)
        if code and not _CODE.fullmatch(code):
            self.fault(f"{place}.code", f"{code!r} may hold letters, digits, dots, hyphens and slashes only")
        entry = RecordClass(
            code=code,
            title=self._text(table, place, "title", required=True),
            parent=self._text(table, place, "parent") or None,
            description=self._text(table, place, "description"),
            not_a_record=self._truth(table, place, "not_a_record"),
        )
        schedule = table.get("schedule")
        if schedule is None:
            return entry, None
        if not isinstance(schedule, dict):
            self.fault(f"{place}.schedule", "must be a table")
            return entry, None
        return entry, self._schedule(f"{place}.schedule", code, schedule)

    def _schedule(self, place: str, code: str, table: dict[str, Any]) -> ScheduleVersion:
        self._only(table, place, {each.name for each in fields(ScheduleVersion)} - {"class_code", "number"})
        action = self._parsed(table, place, "action", _parse_action, Action.REVIEW)
        period = self._period(table, place, action)
        trigger: Trigger | None = None
        if action is not Action.PERMANENT or "trigger" in table:
            trigger = self._parsed(table, place, "trigger", parse_trigger, None)
        cutoff: YearEnd | None = None
        if "cutoff" in table:
            cutoff = self._parsed(table, place, "cutoff", parse_year_end, None)
        approvals = self._approvals(table, place, action)
        return ScheduleVersion(
            class_code=code,
            mandate=self._text(table, place, "mandate", required=True),
            trigger=trigger or Trigger(kind=TriggerKind.CREATED),
            period=period,
            action=action,
            cutoff=cutoff,
            approvals=approvals,
            effective_from=self._day(table, place, "effective_from"),
            roles=self._roles(table, place, approvals),
            storage=self._text(table, place, "storage"),
            review_by=self._day(table, place, "review_by"),
            keep_copy=self._keep_copy(table, place, action),
        )

    def _day(self, table: dict[str, Any], place: str, key: str) -> date | None:
        day = table.get(key)
        if day is None or (isinstance(day, date) and not isinstance(day, datetime)):
            return day
        self.fault(f"{place}.{key}", "must be a date without quotes, such as 2026-04-01")
        return None

    def _truth(self, table: dict[str, Any], place: str, key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            self.fault(f"{place}.{key}", "must be true or false")
            return False
        return value

    def _keep_copy(self, table: dict[str, Any], place: str, action: Action) -> bool:
        keep = self._truth(table, place, "keep_copy")
        if keep and action is not Action.TRANSFER:
            self.fault(
                f"{place}.keep_copy", f"means nothing with the action {action.value}: only transfer keeps a copy"
            )
        return keep

    def _roles(self, table: dict[str, Any], place: str, approvals: int) -> tuple[str, ...]:
        given = table.get("roles", [])
        able = [role.value for role in Role if role.may(Permission.APPROVE)]
        if not isinstance(given, list) or not all(each in able for each in given) or len(set(given)) < len(given):
            self.fault(f"{place}.roles", f"must be a list of roles that can approve, each once: {', '.join(able)}")
            return ()
        if len(given) > approvals:
            self.fault(f"{place}.roles", f"{len(given)} roles cannot be held by {approvals} who approve")
        return tuple(sorted(given))

    def _period(self, table: dict[str, Any], place: str, action: Action) -> Period:
        if action is Action.PERMANENT and "period" not in table:
            return PERMANENT
        period = self._parsed(table, place, "period", parse_period, None)
        if period and "action" in table and period.permanent != (action is Action.PERMANENT):
            self.fault(f"{place}.period", f"{period} contradicts the action {action.value}")
        return period or PERMANENT

    def _approvals(self, table: dict[str, Any], place: str, action: Action) -> int:
        least = _LEAST_APPROVALS[action]
        approvals = table.get("approvals", max(2, least))
        if not isinstance(approvals, int) or isinstance(approvals, bool) or not least <= approvals <= 9:
            self.fault(f"{place}.approvals", f"the action {action.value} takes {least} to 9 approvals")
            return least
        return approvals

    def _rule(self, place: str, table: dict[str, Any]) -> ClassificationRule:
        self._only(table, place, {"match", "class", "because"})
        match = table.get("match", {})
        conditions: list[tuple[str, tuple[str, ...]]] = []
        if isinstance(match, dict):
            self._only(match, f"{place}.match", set(FIELDS))
            for key in sorted(set(match) & set(FIELDS)):
                conditions.append((key, self._values(f"{place}.match.{key}", key, match[key])))
        else:
            self.fault(f"{place}.match", 'must be a table, such as { kind = "thread" }')
        return ClassificationRule(
            class_code=self._text(table, place, "class", required=True),
            because=self._text(table, place, "because", required=True),
            conditions=tuple(conditions),
        )

    def _values(self, place: str, key: str, given: object) -> tuple[str, ...]:
        values = given if isinstance(given, list) else [given]
        texts = tuple(value for value in values if isinstance(value, str) and value.strip())
        if not values or len(texts) != len(values):
            self.fault(place, "must be a text or a list of texts, none empty")
        kinds = list(dict.fromkeys(kind.value for kind in (*RecordKind, *PaperKind)))
        for text in texts:
            if key == "kind" and text not in kinds:
                self.fault(place, f"{text!r} is not a kind of record or paper: {', '.join(kinds)}")
        return texts

    def _check_codes(self, classes: list[RecordClass]) -> None:
        parents = {entry.code: entry.parent for entry in classes}
        for code, count in Counter(entry.code for entry in classes if entry.code).items():
            if count > 1:
                self.fault(f"class {code}", f"is there {count} times; a code names one class")
        for entry in classes:
            if entry.parent is None:
                continue
            if entry.parent not in parents:
                self.fault(f"class {entry.code}", f"its parent {entry.parent} is no class of this plan")
            elif _goes_in_circles(entry.code, parents):
                self.fault(f"class {entry.code}", "is above itself by its parents")

    def _check_rules(
        self, classes: list[RecordClass], schedules: list[ScheduleVersion], rules: list[ClassificationRule]
    ) -> None:
        parents = {entry.parent for entry in classes}
        scheduled = {schedule.class_code for schedule in schedules}
        codes = {entry.code for entry in classes}
        for entry in classes:
            if entry.code and entry.code not in scheduled and entry.code not in parents:
                self.fault(f"class {entry.code}", "has no schedule, and is no heading above other classes")
        for number, rule in enumerate(rules, start=1):
            if rule.class_code and rule.class_code not in codes:
                self.fault(f"rule[{number}].class", f"{rule.class_code} is no class of this plan")
            elif rule.class_code and rule.class_code not in scheduled:
                self.fault(f"rule[{number}].class", f"{rule.class_code} is a heading, it has no schedule")
            for earlier, other in enumerate(rules[: number - 1], start=1):
                if covers(other, rule):
                    same = other.conditions == rule.conditions and other.class_code != rule.class_code
                    told = "contradicts" if same else "is never reached after"
                    self.fault(f"rule[{number}].match", f"{told} rule {earlier}, which matches all that it matches")
                    break

    def _tables(self, tree: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
        given = tree.get(key, [])
        if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
            self.fault(key, f"must be tables, each headed [[{key}]]")
            return []
        return [(f"{key}[{number}]", table) for number, table in enumerate(given, start=1)]

    def _only(self, table: dict[str, Any], place: str, known: set[str]) -> None:
        for key in sorted(set(table) - known):
            self.fault(f"{place}.{key}".lstrip("."), f"unknown key; there are {', '.join(sorted(known))}")

    def _text(self, table: Mapping[str, Any], place: str, key: str, *, required: bool = False) -> str:
        value = table.get(key, "")
        path = f"{place}.{key}".lstrip(".")
        if not isinstance(value, str):
            self.fault(path, "must be a text in quotes")
            return ""
        if required and not value.strip():
            self.fault(path, "is missing" if key not in table else "is empty")
        return value.strip()

    def _parsed(
        self, table: dict[str, Any], place: str, key: str, parse: Callable[[str], Value], otherwise: Value
    ) -> Value:
        known = len(self.faults)
        text = self._text(table, place, key, required=True)
        if len(self.faults) > known:
            return otherwise
        try:
            return parse(text)
        except ValueError as error:
            self.fault(f"{place}.{key}", str(error))
            return otherwise


def _parse_action(text: str) -> Action:
    if text not in list(Action):
        raise ValueError(f"{text!r} is not an action: {', '.join(Action)}")
    return Action(text)


def _goes_in_circles(code: str, parents: Mapping[str, str | None]) -> bool:
    seen: set[str] = set()
    above = parents.get(code)
    while above is not None and above not in seen:
        if above == code:
            return True
        seen.add(above)
        above = parents.get(above)
    return False

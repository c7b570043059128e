"""The file plan's values: record classes, the schedules bound to them, and the rules that classify.

A class has one schedule at most, so schedules cannot contradict each other
("class determines destiny", MoReq2010). A class without one is a heading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from retention.periods import Period, YearEnd


class TriggerKind(StrEnum):
    """The fact from which a period is counted."""

    CREATED = "created"  # the record's own creation, as the site dates it
    CAPTURED = "captured"  # the latest capture: a record still being captured is still growing
    LAST_ACTIVITY = "last_activity"  # the newest post, comment or edit in the record
    EVENT = "event"  # something an officer enters, such as `event:consultation-closed`


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """`event` names the event's type for `TriggerKind.EVENT`, and is empty otherwise."""

    kind: TriggerKind
    event: str = ""

    def __str__(self) -> str:
        return f"event:{self.event}" if self.kind is TriggerKind.EVENT else self.kind.value


class Action(StrEnum):
    """What the schedule wants done when the period has passed."""

    DESTROY = "destroy"  # evidence is destroyed, a stub stays
    TRANSFER = "transfer"  # handed to another archive, a stub stays
    REVIEW = "review"  # an officer decides anew
    PERMANENT = "permanent"  # kept for ever


@dataclass(frozen=True, kw_only=True)
class RecordClass:
    """An entry of the file plan; `parent` is the code of the class above it."""

    code: str
    title: str
    parent: str | None = None
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class ScheduleVersion:
    """One version of the rule bound to a class; never changed once its plan was active.

    `number` counts the versions of this class's schedule from 1; it is 0 until the register
    gives it one. `cutoff` moves the count's start to the end of the fiscal year the trigger
    falls in. Nothing is due under it before `effective_from`.
    """

    class_code: str
    mandate: str  # the law, by-law or order it rests on
    trigger: Trigger
    period: Period
    action: Action
    number: int = 0
    cutoff: YearEnd | None = None
    approvals: int = 2  # how many different people must approve the action, each time
    effective_from: date | None = None


@dataclass(frozen=True, kw_only=True)
class ClassificationRule:
    """A record that meets every condition belongs to the class.

    `conditions` pairs a field's name with the values of which one must match; empty matches
    every record. The fields are those of `retention.classification.FIELDS`.
    """

    class_code: str
    because: str
    conditions: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class FilePlan:
    """A whole plan. `number` is its version in the register, 0 for one read from a file.

    Classes and schedules are sorted by code; `rules` are in the order they are tried.
    """

    title: str
    classes: tuple[RecordClass, ...]
    schedules: tuple[ScheduleVersion, ...]
    rules: tuple[ClassificationRule, ...]
    number: int = 0

    def record_class(self, code: str) -> RecordClass | None:
        """The class of that code, if the plan has it."""
        return next((entry for entry in self.classes if entry.code == code), None)

    def schedule(self, code: str) -> ScheduleVersion | None:
        """The schedule bound to the class, None for a heading or an unknown class."""
        return next((schedule for schedule in self.schedules if schedule.class_code == code), None)

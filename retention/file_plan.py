"""The file plan's values: record classes, the schedules bound to them, and the rules that classify.

A class has one schedule at most, so schedules cannot contradict each other
("class determines destiny", MoReq2010). A class without one is a heading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

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
    """An entry of the file plan; `parent` is the code of the class above it.

    `not_a_record` marks the one class for what an officer finds to be no record at all.
    """

    code: str
    title: str
    parent: str | None = None
    description: str = ""
    not_a_record: bool = False


@dataclass(frozen=True, kw_only=True)
class ScheduleVersion:
    """One version of the rule bound to a class; never changed once its plan was active.

    `number` counts the versions of this class's schedule from 1; it is 0 until the register
    gives it one. `cutoff` moves the count's start to the end of the fiscal year the trigger
    falls in. Nothing is due under it before `effective_from`. Of those who approve an action,
    one must hold each of the `roles`. `storage` says where the class's records lie,
    `review_by` when the schedule itself must be looked at again; `keep_copy` leaves here what
    was transferred.
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
    roles: tuple[str, ...] = ()
    storage: str = ""
    review_by: date | None = None
    keep_copy: bool = False


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
        return self._classes.get(code)

    def schedule(self, code: str) -> ScheduleVersion | None:
        """The schedule bound to the class, None for a heading or an unknown class."""
        return self._schedules.get(code)

    @cached_property
    def _schedules(self) -> dict[str, ScheduleVersion]:
        return {schedule.class_code: schedule for schedule in self.schedules}

    @cached_property
    def _classes(self) -> dict[str, RecordClass]:
        return {entry.code: entry for entry in self.classes}

    @property
    def not_a_record(self) -> RecordClass | None:
        """The class for what is no record, if the plan has one."""
        return next((entry for entry in self.classes if entry.not_a_record), None)

"""What happens to each record, when, and why: a pure function of records, file plan, holds and the day.

Only state `due` lets anything be proposed for disposal. In doubt a record is kept: without a
class, a schedule or the date the period counts from, it is never due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Protocol

from archiver.core.records import RecordId
from retention.file_plan import Action, FilePlan, RecordClass, ScheduleVersion, Trigger, TriggerKind
from retention.periods import add_period, end_of_year


class State(StrEnum):
    """Where a record stands today."""

    KEEP = "keep"  # its period has not passed
    DUE = "due"  # its period has passed, and nothing forbids the action
    PERMANENT = "permanent"  # kept for ever
    UNDECIDED = "undecided"  # no class, no schedule or no date to count from: an officer is needed
    HELD = "held"  # a hold forbids disposal, whatever the schedule says


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One fact and the rule it was measured by.

    `version` is the schedule version's number, None where the rule is no schedule;
    `authority` the law or matter the rule rests on.
    """

    fact: str
    rule: str
    version: int | None = None
    authority: str = ""


class Facts(Protocol):
    """What a decision asks of a record; `core.records.Record` has it, and the lean rows of a whole catalogue."""

    @property
    def id(self) -> RecordId: ...
    @property
    def class_code(self) -> str | None: ...
    @property
    def created(self) -> datetime | None: ...
    @property
    def last_captured(self) -> datetime | None: ...
    @property
    def last_activity(self) -> datetime | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One record's standing. `due` is the schedule's date, or the later one an officer put it off to, also while
    a hold overrides it.

    `start` is the day of the trigger, `matters` what holds the record, `extended` the day it was put off to.
    """

    record_id: RecordId
    state: State
    class_code: str | None = None
    entry: RecordClass | None = None
    schedule: ScheduleVersion | None = None
    start: date | None = None
    due: date | None = None
    extended: date | None = None
    matters: tuple[str, ...] = ()

    @property
    def action(self) -> Action | None:
        return None if self.schedule is None else self.schedule.action

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why: the holds first, then the schedule's fact and rule. Never empty."""
        held = (
            Reason(fact=f"held for {matter}", rule="a held record is never disposed of", authority=matter)
            for matter in self.matters
        )
        return (*held, *self._put_off(), self._scheduled())

    def _put_off(self) -> tuple[Reason, ...]:
        if self.extended is None or self.extended != self.due:
            return ()
        return (Reason(fact=f"put off until {self.extended}", rule="an officer may keep a record longer"),)

    def _scheduled(self) -> Reason:
        if self.class_code is None:
            return Reason(fact="it has no record class", rule="an unclassified record is never due")
        if self.entry is None:
            return Reason(fact=f"class {self.class_code} is not in the file plan", rule="an unknown class is never due")
        if self.schedule is None:
            return Reason(fact=f"class {self.class_code} has no schedule", rule="without a schedule nothing is due")
        if self.schedule.action is Action.PERMANENT:
            fact = "it is of permanent value"
        elif self.start is None:
            fact = f"the date of {_trigger_words(self.schedule.trigger)} is not known"
        else:
            fact = _count_words(self.schedule, self.start)
        return Reason(
            fact=fact,
            rule=f"class {self.class_code}, {self.entry.title}",
            version=self.schedule.number,
            authority=self.schedule.mandate,
        )


_FACTS = {
    TriggerKind.CREATED: "creation",
    TriggerKind.CAPTURED: "the latest capture",
    TriggerKind.LAST_ACTIVITY: "last activity",
}

_NO_EVENTS: Mapping[str, date] = {}


def plan(
    records: Iterable[Facts],
    file_plan: FilePlan,
    holds: Mapping[RecordId, tuple[str, ...]],
    today: date,
    time_zone: tzinfo,
    events: Mapping[RecordId, Mapping[str, date]] | None = None,
    extensions: Mapping[RecordId, date] | None = None,
) -> list[Decision]:
    """One decision for each record, in the order given; see `decide_each`."""
    return list(decide_each(records, file_plan, holds, today, time_zone, events, extensions))


def decide_each(
    records: Iterable[Facts],
    file_plan: FilePlan,
    holds: Mapping[RecordId, tuple[str, ...]],
    today: date,
    time_zone: tzinfo,
    events: Mapping[RecordId, Mapping[str, date]] | None = None,
    extensions: Mapping[RecordId, date] | None = None,
) -> Iterator[Decision]:
    """One decision for each record, in the order given and while it is asked for.

    `holds` names the matters that hold a record; `time_zone` decides on which day a moment
    fell; `events` gives the dates officers entered, by record and event type; `extensions` the
    days records were put off to.
    """
    known, longer = events or {}, extensions or {}
    for record in records:
        code = record.class_code
        entry = None if code is None else file_plan.record_class(code)
        schedule = None if code is None else file_plan.schedule(code)
        start = due = None
        extended = longer.get(record.id)
        if entry is None or schedule is None:
            state = State.UNDECIDED
        elif schedule.action is Action.PERMANENT:
            state = State.PERMANENT
        else:
            start = trigger_date(record, schedule.trigger, time_zone, known.get(record.id, _NO_EVENTS))
            if start is None:
                state = State.UNDECIDED
            else:
                due = due_date(schedule, start)
                if extended is not None and extended > due:
                    due = extended
                state = State.DUE if today >= due else State.KEEP
        matters = holds.get(record.id, ())
        yield Decision(
            record_id=record.id,
            state=State.HELD if matters else state,
            class_code=code,
            entry=entry,
            schedule=schedule,
            start=start,
            due=due,
            extended=extended,
            matters=matters,
        )


def trigger_date(record: Facts, trigger: Trigger, time_zone: tzinfo, events: Mapping[str, date]) -> date | None:
    """The day the period counts from, in `time_zone`; None where the fact is not known."""
    if trigger.kind is TriggerKind.EVENT:
        return events.get(trigger.event)
    moment = record.created
    if trigger.kind is TriggerKind.CAPTURED:
        moment = record.last_captured
    elif trigger.kind is TriggerKind.LAST_ACTIVITY:
        moment = record.last_activity
    return None if moment is None else moment.astimezone(time_zone).date()


def due_date(schedule: ScheduleVersion, start: date) -> date:
    """First day on which the action may be taken, `start` being the trigger's day.

    Never before the schedule takes effect. Raises ValueError for a permanent schedule.
    """
    counted_from = end_of_year(start, schedule.cutoff) if schedule.cutoff else start
    due = add_period(counted_from, schedule.period)
    return max(due, schedule.effective_from) if schedule.effective_from else due


def explain(decision: Decision) -> str:
    """The decision in one sentence, with its fact, rule, schedule version and authority."""
    opening = {
        State.KEEP: f"Kept until {decision.due}",
        State.DUE: f"Due since {decision.due} to {_ACTION_WORDS.get(decision.action, 'be reviewed')}",
        State.PERMANENT: "Kept permanently",
        State.UNDECIDED: "Undecided, so never due",
    }
    if decision.state is State.HELD:
        matters = " and ".join(decision.matters)
        tail = f"; without the hold it would be due on {decision.due}" if decision.due else ""
        return f"Held for {matters}{tail}: {_reason_words(decision.reasons[-1])}."
    put_off = "".join(f", put off until {reason.fact[-10:]}" for reason in decision.reasons[:-1])
    return f"{opening[decision.state]}: {_reason_words(decision.reasons[-1])}{put_off}."


_ACTION_WORDS: Mapping[Action | None, str] = {
    Action.DESTROY: "be destroyed",
    Action.TRANSFER: "be transferred",
    Action.REVIEW: "be reviewed",
}


def _reason_words(reason: Reason) -> str:
    version = "" if reason.version is None else f", schedule version {reason.version}"
    authority = "" if reason.version is None else f", by {reason.authority}"
    return f"{reason.rule}, {reason.fact}{version}{authority}"


def _trigger_words(trigger: Trigger) -> str:
    return f"the event “{trigger.event}”" if trigger.kind is TriggerKind.EVENT else _FACTS[trigger.kind]


def _count_words(schedule: ScheduleVersion, start: date) -> str:
    """`7 years after last activity on 2026-04-01`, with cut-off and effect where they count."""
    trigger = f"{_trigger_words(schedule.trigger)} on {start}"
    if schedule.cutoff:
        words = (
            f"{schedule.period.in_words()} after {end_of_year(start, schedule.cutoff)}, "
            f"the end of the year of {trigger}"
        )
    else:
        words = f"{schedule.period.in_words()} after {trigger}"
    due = due_date(schedule, start)
    if schedule.effective_from == due:
        words += f", in effect from {due}"
    return words

"""What happens to each record, when, and why: a pure function of records, file plan, holds and the day.

Only state `due` lets anything be proposed for disposal. In doubt a record is kept: without a
class, a schedule or the date the period counts from, it is never due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from archiver.core.records import Record, RecordId
from retention.file_plan import Action, FilePlan, ScheduleVersion, Trigger, TriggerKind
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


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One record's standing. `due` is the schedule's date, also while a hold overrides it."""

    record_id: RecordId
    state: State
    action: Action | None
    due: date | None
    reasons: tuple[Reason, ...]
    class_code: str | None = None


_FACTS = {
    TriggerKind.CREATED: "creation",
    TriggerKind.CAPTURED: "the latest capture",
    TriggerKind.LAST_ACTIVITY: "last activity",
}

_NO_EVENTS: Mapping[str, date] = {}


def plan(
    records: Iterable[Record],
    file_plan: FilePlan,
    holds: Mapping[RecordId, tuple[str, ...]],
    today: date,
    time_zone: tzinfo,
    events: Mapping[RecordId, Mapping[str, date]] | None = None,
) -> list[Decision]:
    """One decision for each record, in the order given.

    `holds` names the matters that hold a record; `time_zone` decides on which day a moment
    fell; `events` gives the dates officers entered, by record and event type.
    """
    known = events or {}
    return [
        _decide(record, file_plan, holds.get(record.id, ()), today, time_zone, known.get(record.id, _NO_EVENTS))
        for record in records
    ]


def _decide(
    record: Record,
    file_plan: FilePlan,
    matters: tuple[str, ...],
    today: date,
    time_zone: tzinfo,
    events: Mapping[str, date],
) -> Decision:
    scheduled = _by_schedule(record, file_plan, today, time_zone, events)
    if not matters:
        return scheduled
    held = tuple(
        Reason(fact=f"held for {matter}", rule="a held record is never disposed of", authority=matter)
        for matter in matters
    )
    return Decision(
        record_id=record.id,
        state=State.HELD,
        action=scheduled.action,
        due=scheduled.due,
        reasons=held + scheduled.reasons,
        class_code=record.class_code,
    )


def _by_schedule(
    record: Record, file_plan: FilePlan, today: date, time_zone: tzinfo, events: Mapping[str, date]
) -> Decision:
    code = record.class_code
    if code is None:
        return _undecided(record, "it has no record class", "an unclassified record is never due")
    entry, schedule = file_plan.record_class(code), file_plan.schedule(code)
    if entry is None:
        return _undecided(record, f"class {code} is not in the file plan", "an unknown class is never due")
    if schedule is None:
        return _undecided(record, f"class {code} has no schedule", "without a schedule nothing is due")
    rule = f"class {code}, {entry.title}"
    if schedule.action is Action.PERMANENT:
        reason = _reason("it is of permanent value", rule, schedule)
        return _decision(record, State.PERMANENT, schedule, None, reason)
    start = trigger_date(record, schedule.trigger, time_zone, events)
    if start is None:
        fact = f"the date of {_trigger_words(schedule.trigger)} is not known"
        return _decision(record, State.UNDECIDED, schedule, None, _reason(fact, rule, schedule))
    due = due_date(schedule, start)
    state = State.DUE if today >= due else State.KEEP
    return _decision(record, state, schedule, due, _reason(_count_words(schedule, start), rule, schedule))


def trigger_date(record: Record, trigger: Trigger, time_zone: tzinfo, events: Mapping[str, date]) -> date | None:
    """The day the period counts from, in `time_zone`; None where the fact is not known."""
    if trigger.kind is TriggerKind.EVENT:
        return events.get(trigger.event)
    moment: datetime | None = {
        TriggerKind.CREATED: record.created,
        TriggerKind.CAPTURED: record.last_captured,
        TriggerKind.LAST_ACTIVITY: record.last_activity,
    }[trigger.kind]
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
    scheduled = next((reason for reason in decision.reasons if reason.version is not None), None)
    opening = {
        State.KEEP: f"Kept until {decision.due}",
        State.DUE: f"Due since {decision.due} to {_ACTION_WORDS.get(decision.action, 'be reviewed')}",
        State.PERMANENT: "Kept permanently",
        State.UNDECIDED: "Undecided, so never due",
    }
    if decision.state is State.HELD:
        matters = " and ".join(reason.authority for reason in decision.reasons if reason.fact.startswith("held for "))
        tail = f"; without the hold it would be due on {decision.due}" if decision.due else ""
        return f"Held for {matters}{tail}: {_reason_words(scheduled or decision.reasons[-1])}."
    return f"{opening[decision.state]}: {_reason_words(decision.reasons[0])}."


_ACTION_WORDS: Mapping[Action | None, str] = {
    Action.DESTROY: "be destroyed",
    Action.TRANSFER: "be transferred",
    Action.REVIEW: "be reviewed",
}


def _reason_words(reason: Reason) -> str:
    version = "" if reason.version is None else f", schedule version {reason.version}"
    authority = "" if reason.version is None else f", by {reason.authority}"
    return f"{reason.rule}, {reason.fact}{version}{authority}"


def _reason(fact: str, rule: str, schedule: ScheduleVersion) -> Reason:
    return Reason(fact=fact, rule=rule, version=schedule.number, authority=schedule.mandate)


def _undecided(record: Record, fact: str, rule: str) -> Decision:
    return Decision(
        record_id=record.id,
        state=State.UNDECIDED,
        action=None,
        due=None,
        reasons=(Reason(fact=fact, rule=rule),),
        class_code=record.class_code,
    )


def _decision(record: Record, state: State, schedule: ScheduleVersion, due: date | None, reason: Reason) -> Decision:
    return Decision(
        record_id=record.id,
        state=state,
        action=schedule.action,
        due=due,
        reasons=(reason,),
        class_code=record.class_code,
    )


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

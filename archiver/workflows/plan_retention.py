"""How long every record is kept, and why; loading and activating the file plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.errors import BadFilePlan, NotFound
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import Record
from archiver.workflows.classify import classify_undecided
from retention.decisions import Decision, explain, plan
from retention.plan_file import read_plan
from retention.preview import Change as DueChange
from retention.preview import preview_activation
from retention.register import activate_plan, active_plan, load_plan, plan_version


@dataclass(frozen=True, kw_only=True)
class PlannedRecord:
    """One record's decision, with the record and the reasons in one sentence."""

    record: Record
    decision: Decision
    explanation: str


@dataclass(frozen=True, kw_only=True)
class Activated:
    """What activating a plan did: due dates that changed, records classified by it, records that wait."""

    number: int
    title: str
    changes: tuple[DueChange, ...]
    classified: int
    undecided: int


def plan_records(archive: Archive, *, today: date) -> list[PlannedRecord]:
    """A decision for every record, undecided first, then by due date. Raises NotFound without an active plan."""
    file_plan = active_plan(archive.db)
    if file_plan is None:
        raise NotFound(
            "no file plan is active: load one with `archiver fileplan load FILE`, then `archiver fileplan activate`"
        )
    records = archive.catalogue.records()
    decisions = plan(records, file_plan, {}, today, archive.settings.archive.zone)
    planned = [
        PlannedRecord(record=record, decision=decision, explanation=explain(decision))
        for record, decision in zip(records, decisions, strict=True)
    ]
    return sorted(
        planned,
        key=lambda each: (each.decision.due is not None, each.decision.due or date.max, each.record.id),
    )


def load_file_plan(archive: Archive, path: Path, *, actor: Person, now: datetime) -> int:
    """Keep the plan of a TOML file as a draft version; returns its number. Raises BadFilePlan."""
    actor.require(Permission.KEEP_RECORDS)
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadFilePlan(f"{path}: not UTF-8 text at byte {error.start}: save the file as UTF-8") from error
    parsed = read_plan(source, path.name)
    with archive.change(at=now, actor=actor.id) as change:
        number = load_plan(change.db, parsed, source, now=now, actor=actor.id)
        change.record(EventType.PLAN_LOADED, [], {"plan": number}, commits=[("plan_versions", number)])
    return number


def preview_plan(archive: Archive, number: int, *, today: date) -> tuple[DueChange, ...]:
    """Which records' due dates the plan would change. Raises NotFound."""
    return tuple(
        preview_activation(
            active_plan(archive.db), plan_version(archive.db, number), archive.catalogue.records(), today,
            archive.settings.archive.zone,
        )
    )  # fmt: skip


def activate_file_plan(archive: Archive, number: int, *, actor: Person, now: datetime) -> Activated:
    """Make a loaded version the plan in force, and classify by it what has no class yet."""
    actor.require(Permission.APPROVE)
    file_plan = plan_version(archive.db, number)
    changes = preview_plan(archive, number, today=now.astimezone(archive.settings.archive.zone).date())
    with archive.change(at=now, actor=actor.id) as change:
        activate_plan(change.db, number, now=now, actor=actor.id)
        change.record(
            EventType.PLAN_ACTIVATED,
            [],
            {"plan": number, "due_dates_changed": len(changes)},
            commits=[("plan_versions", number)],
        )
    classified, undecided = classify_undecided(archive, actor=actor, now=now)
    return Activated(number=number, title=file_plan.title, changes=changes, classified=classified, undecided=undecided)

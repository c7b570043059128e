"""How long every record is kept, and why; loading, approving and activating the file plan."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.decision_facts import events_of_records, extensions, record_facts
from archiver.core.errors import AlreadyExists, BadFilePlan, SecondPersonNeeded
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import Record
from archiver.workflows.keeping.classify import classify_undecided
from archiver.workflows.keeping.keep_papers import preview_papers
from archiver.workflows.keeping.standing import Standing
from retention.comparison import Difference, compare_plans
from retention.decisions import Decision, explain
from retention.file_plan import FilePlan
from retention.plan_file import read_plan
from retention.plan_writing import read_plan_csv, write_plan_toml
from retention.preview import Change as DueChange
from retention.preview import preview_activation
from retention.register import (
    activate_plan,
    active_plan,
    add_plan_approval,
    load_plan,
    plan_approvals,
    plan_version,
)


@dataclass(frozen=True, kw_only=True)
class PlannedRecord:
    """One record's decision, with the record and the reasons in one sentence."""

    record: Record
    decision: Decision
    explanation: str


@dataclass(frozen=True, kw_only=True)
class PlanPreview:
    """What putting a plan in force would change: entries of the plan, records' dates, and what goes sooner.

    `digest` is of the list of records, and of the archive's own papers, whose dates move, from what to what; approvals
    are given for it. `shortens` says that the activation takes a second person's approval.
    """

    number: int
    title: str
    differences: tuple[Difference, ...]
    changes: tuple[DueChange, ...]
    digest: str
    shortens: bool
    approved_by: tuple[str, ...]


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
    decisions = {each.record_id: each for each in Standing.of(archive).of_all(today)}
    planned = [
        PlannedRecord(record=record, decision=decisions[record.id], explanation=explain(decisions[record.id]))
        for record in archive.catalogue.records()
    ]
    return sorted(
        planned,
        key=lambda each: (each.decision.due is not None, each.decision.due or date.max, each.record.id),
    )


def explain_record(archive: Archive, id: str, *, today: date) -> PlannedRecord:
    """Why one record is kept, in one sentence. Raises NotFound."""
    record = archive.catalogue.record(id)
    decision = Standing.of(archive).of_record(record.id, today)
    return PlannedRecord(record=record, decision=decision, explanation=explain(decision))


def read_plan_file(path: Path) -> tuple[FilePlan, str]:
    """The plan of a TOML or CSV file, and its TOML text. Raises BadFilePlan."""
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadFilePlan(f"{path}: not UTF-8 text at byte {error.start}: save the file as UTF-8") from error
    if path.suffix.casefold() == ".csv":
        parsed = read_plan_csv(source, path.name)
        return parsed, write_plan_toml(parsed)
    return read_plan(source, path.name), source


def load_file_plan(archive: Archive, path: Path, *, actor: Person, now: datetime) -> int:
    """Keep the plan of a file as a draft version; returns its number. Raises BadFilePlan."""
    actor.require(Permission.KEEP_RECORDS)
    parsed, source = read_plan_file(path)
    with archive.change(at=now, actor=actor.id) as change:
        number = load_plan(change.db, parsed, source, now=now, actor=actor.id)
        change.record(EventType.PLAN_LOADED, [], {"plan": number}, commits=[("plan_versions", number)])
    return number


def preview_plan(archive: Archive, number: int, *, today: date) -> tuple[DueChange, ...]:
    """Which records' due dates the plan would change. Raises NotFound."""
    return _preview(archive, active_plan(archive.db), plan_version(archive.db, number), today)


def _preview(archive: Archive, old: FilePlan | None, new: FilePlan, today: date) -> tuple[DueChange, ...]:
    changes = preview_activation(
        old,
        new,
        list(record_facts(archive.db)),
        today,
        archive.settings.archive.zone,
        events_of_records(archive.db),
        extensions(archive.db),
    )
    return (*changes, *preview_papers(archive, old, new, today=today))


def preview_activating(archive: Archive, number: int, *, today: date) -> PlanPreview:
    """Everything that putting the plan in force would change. Raises NotFound."""
    old, new = active_plan(archive.db), plan_version(archive.db, number)
    changes, differences = _preview(archive, old, new, today), compare_plans(old, new)
    told = hashlib.sha256()
    for each in changes:
        told.update(f"{each.record_id} {each.before.due} {each.after.due} {each.after.action}\n".encode())
    return PlanPreview(
        number=number,
        title=new.title,
        differences=tuple(differences),
        changes=changes,
        digest="sha256:" + told.hexdigest(),
        # before the first plan nothing was promised, and nothing could go
        shortens=old is not None and (any(c.sooner for c in changes) or any(d.shorter for d in differences)),
        approved_by=tuple(person for person, _ in plan_approvals(archive.db, number)),
    )


def approve_file_plan(archive: Archive, number: int, *, actor: Person, now: datetime) -> PlanPreview:
    """One person's word that the plan may go into force though it lets records go sooner; another activates it."""
    actor.require(Permission.APPROVE)
    preview = preview_activating(archive, number, today=_today(archive, now))
    if (actor.id, preview.digest) in plan_approvals(archive.db, number):
        raise AlreadyExists(f"{actor.name} approved plan {number} already: another approver activates it")
    with archive.change(at=now, actor=actor.id) as change:
        approval = add_plan_approval(change.db, number, actor.id, preview.digest, now=now)
        change.record(
            EventType.PLAN_APPROVED,
            [],
            {"plan": number, "sooner": preview.digest, "due_dates_changed": len(preview.changes)},
            commits=[("plan_approvals", approval)],
        )
    return preview_activating(archive, number, today=_today(archive, now))


def activate_file_plan(archive: Archive, number: int, *, actor: Person, now: datetime) -> Activated:
    """Make a loaded version the plan in force, and classify by it what has no class yet.

    Raises SecondPersonNeeded where anything goes sooner and nobody else approved that list.
    """
    actor.require(Permission.APPROVE)
    preview = preview_activating(archive, number, today=_today(archive, now))
    if preview.shortens:
        approved = [person for person, sooner in plan_approvals(archive.db, number) if sooner == preview.digest]
        if not [person for person in approved if person != actor.id and _may_approve(archive, person)]:
            raise SecondPersonNeeded(
                f"plan {number} lets records go sooner or by fewer people: another approver must first look at "
                f"`archiver fileplan diff {number}` and agree by `archiver fileplan approve {number}`"
            )
    with archive.change(at=now, actor=actor.id) as change:
        activate_plan(change.db, number, now=now, actor=actor.id)
        change.record(
            EventType.PLAN_ACTIVATED,
            [],
            {"plan": number, "due_dates_changed": len(preview.changes), "dates": preview.digest},
            commits=[("plan_versions", number)],
        )
    classified, undecided = classify_undecided(archive, actor=actor, now=now)
    return Activated(
        number=number, title=preview.title, changes=preview.changes, classified=classified, undecided=undecided
    )


def _may_approve(archive: Archive, person: str) -> bool:
    found = archive.people.find(person)
    return found.status == "active" and found.role.may(Permission.APPROVE)


def _today(archive: Archive, now: datetime) -> date:
    return now.astimezone(archive.settings.archive.zone).date()

"""What is due is proposed in batches: frozen lists, one for each class and schedule version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from archiver.core.archive import Archive
from archiver.core.clock import from_iso
from archiver.core.errors import MassOfDueRecords
from archiver.core.events import EventType, read_event
from archiver.core.people import Permission, Person
from archiver.core.records import RecordId, new_id
from archiver.workflows.disposal.paper_guards import paper_digest
from archiver.workflows.keeping.keep_holds import catch_up_live_holds
from archiver.workflows.keeping.keep_papers import plan_papers
from archiver.workflows.keeping.standing import Standing
from retention import batches
from retention.batches import Batch, BatchItem, Status, evidence_digest, list_digest
from retention.decisions import Decision, State
from retention.file_plan import Action

_FEW = 20
"""So many newly due records are never a mass."""


def propose_batches(archive: Archive, *, actor: str, now: datetime, confirmed_by: Person | None = None) -> list[Batch]:
    """Propose every record, and every paper of the archive's own, that is due and waits in no batch; never both in one.

    Raises NotFound without an active plan.

    Raises MassOfDueRecords where suddenly a great part of all records is due, or the clock seems to have jumped,
    unless `confirmed_by`, who must be able to approve, says that it is meant.
    """
    if confirmed_by is not None:
        confirmed_by.require(Permission.APPROVE)
    catch_up_live_holds(archive, actor=actor, now=now)
    today = now.astimezone(archive.settings.archive.zone).date()
    own = plan_papers(archive, today=today)
    # bundles may be large: they are read before anybody must wait, and what changes until they go is found then
    proposed = batches.records_in_batches(archive.db)
    digests = {
        each.decision.record_id: paper_digest(archive, each.paper)
        for each in own
        if each.decision.state is State.DUE and each.decision.record_id not in proposed
    }
    with archive.change(at=now, actor=actor) as change:
        standing = Standing(change.db, archive.settings.archive.zone)
        waiting = batches.records_in_batches(change.db) | _kept_copies(archive)
        total, due = 0, []
        for decision in standing.of_all(today):
            total += 1
            if decision.state is State.DUE and decision.record_id not in waiting:
                due.append(decision)
        papers_due = [
            each.decision
            for each in own
            if each.decision.record_id in digests and each.decision.record_id not in waiting
        ]
        if confirmed_by is None:
            _doubt(archive, due, total, now, "records")
            _doubt(archive, papers_due, len(own), now, "papers of the archive's own")
        made = [
            _propose(group, lambda each: evidence_digest(change.db, each), archive, actor, now)
            for group in _by_schedule(due)
        ]
        made += [_propose(group, digests.__getitem__, archive, actor, now) for group in _by_schedule(papers_due)]
        for each in made:
            change.record(
                EventType.BATCH_PROPOSED,
                [each.id],
                {
                    "action": each.action.value,
                    "record_class": each.class_code,
                    "schedule": each.schedule_number,
                    "list": each.digest,
                    "records": len(each.items),
                    **({"confirmed_by": confirmed_by.id} if confirmed_by else {}),
                },
                commits=[("batches", each.id)],
            )
    return made


def _kept_copies(archive: Archive) -> set[RecordId]:
    """Records that were transferred and kept here: they were disposed of as their schedule says."""
    rows = archive.db.conn.execute("SELECT record_id FROM batch_items WHERE state = 'transferred'")
    return {RecordId(id) for (id,) in rows}


def _doubt(archive: Archive, due: list[Decision], total: int, now: datetime, what: str) -> None:
    """A wrong clock makes everything due: better to ask."""
    if not due:
        return
    settings = archive.settings.retention
    idle = _idle_days(archive, now)
    if idle > settings.idle_days:
        raise MassOfDueRecords(
            f"{len(due)} {what} are due, but nothing has happened here for {idle} days: is the clock right? "
            "An approver who has looked proposes them with `archiver disposal propose --confirm-mass`"
        )
    if len(due) > _FEW and len(due) * 100 > total * settings.mass_percent:
        raise MassOfDueRecords(
            f"{len(due)} of {total} {what} are newly due at once, more than {settings.mass_percent} %: "
            "an approver who has looked proposes them with `archiver disposal propose --confirm-mass`"
        )


def _idle_days(archive: Archive, now: datetime) -> int:
    """How long before today anything last happened: today's login and night were dated by the same clock."""
    for (line,) in archive.db.conn.execute("SELECT line FROM events ORDER BY seq DESC"):
        gap = now - from_iso(read_event(line).at)
        if gap > timedelta(days=1):
            return gap.days
    return 0


def _by_schedule(due: list[Decision]) -> list[list[Decision]]:
    groups: dict[tuple[str, int], list[Decision]] = defaultdict(list)
    for each in due:
        assert each.schedule is not None
        groups[each.schedule.class_code, each.schedule.number].append(each)
    return [sorted(groups[key], key=lambda each: (each.due or date.max, each.record_id)) for key in sorted(groups)]


def _propose(
    due: list[Decision], digest: Callable[[RecordId], str], archive: Archive, actor: str, now: datetime
) -> Batch:
    schedule = due[0].schedule
    assert schedule is not None
    items = tuple(
        BatchItem(
            position=position,
            record_id=each.record_id,
            due=each.due or date.max,
            digest=digest(each.record_id),
        )
        for position, each in enumerate(due, 1)
    )
    made = Batch(
        id=new_id("bat"),
        action=Action(schedule.action),
        class_code=schedule.class_code,
        schedule_number=schedule.number,
        digest="",
        proposed_at=now,
        proposed_by=actor,
        status=Status.PROPOSED,
        certificate=None,
        items=items,
        approvals=(),
    )
    made = replace(made, digest=list_digest(made.action, made.class_code, made.schedule_number, items))
    batches.add_batch(archive.db, made)
    return made

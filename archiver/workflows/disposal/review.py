"""Reviewing a batch: taking records out, putting them off, giving them another class; approving; withdrawing."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime

from archiver.core.archive import Archive, Change
from archiver.core.errors import AlreadyExists, BadInput, BatchNotReady, SecondPersonNeeded
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import RecordId
from archiver.workflows.keeping.classify import extend_retention, reclassify
from retention import batches
from retention.batches import Approval, Batch, ItemState, Status
from retention.file_plan import Action, ScheduleVersion
from retention.register import schedule_version

_REVIEWABLE = (ItemState.PROPOSED, ItemState.APPROVED, ItemState.FAILED)


def sample(batch: Batch, size: int) -> list[RecordId]:
    """Records of the batch to look at, drawn so that the same list always gives the same ones."""
    waiting = [each.record_id for each in batch.items if each.state.open]
    return sorted(random.Random(batch.digest).sample(waiting, min(size, len(waiting))))  # noqa: S311 - repeatable


def exclude(archive: Archive, id: str, records: Sequence[str], *, reason: str, actor: Person, now: datetime) -> Batch:
    """Take records out of the batch: they stay as they are and are proposed again the next night."""
    return _review(archive, id, records, ItemState.EXCLUDED, reason, actor=actor, now=now)


def extend(
    archive: Archive, id: str, records: Sequence[str], until: date, *, reason: str, actor: Person, now: datetime
) -> Batch:
    """Put records of the batch off until a day to come."""

    def then(chosen: Sequence[RecordId]) -> None:
        extend_retention(archive, chosen, until, reason=reason, actor=actor, now=now)

    return _review(archive, id, records, ItemState.EXTENDED, reason, actor=actor, now=now, then=then)


def change_class(
    archive: Archive, id: str, records: Sequence[str], code: str, *, reason: str, actor: Person, now: datetime
) -> Batch:
    """Give records of the batch another class, and with it another schedule."""

    def then(chosen: Sequence[RecordId]) -> None:
        reclassify(archive, chosen, code, reason=reason, actor=actor, now=now)

    return _review(archive, id, records, ItemState.RECLASSIFIED, reason, actor=actor, now=now, then=then)


def _review(
    archive: Archive,
    id: str,
    records: Sequence[str],
    state: ItemState,
    reason: str,
    *,
    actor: Person,
    now: datetime,
    then: Callable[[Sequence[RecordId]], None] | None = None,
) -> Batch:
    actor.require(Permission.KEEP_RECORDS)
    if not reason.strip():
        raise BadInput("taking records out of a batch needs a reason")
    batch = batches.batch(archive.db, id)
    chosen = _chosen(batch, records)
    if then is not None:
        then(chosen)  # it takes them out of the batch too, as everything that changes their date does
    with archive.change(at=now, actor=actor.id) as change:
        for each in chosen:
            batches.set_state(change.db, id, each, state, reason.strip(), actor=actor.id, at=now)
        change.record(EventType.BATCH_REVIEWED, [id, *chosen], {"outcome": state.value})
        _end_if_nothing_is_left(change, id)
    return batches.batch(archive.db, id)


def _chosen(batch: Batch, records: Sequence[str]) -> list[RecordId]:
    """The records named, all of which must wait in the batch; none named: all that wait. Raises BatchNotReady."""
    waiting = {each.record_id for each in batch.waiting(*_REVIEWABLE)}
    if strange := [each for each in records if each not in waiting]:
        raise BatchNotReady(f"{', '.join(strange)} does not wait in batch {batch.id}: see `archiver disposal show`")
    chosen = [RecordId(each) for each in dict.fromkeys(records)] or sorted(waiting)
    if not chosen:
        raise BatchNotReady(f"nothing waits in batch {batch.id}")
    return chosen


def approve(
    archive: Archive, id: str, *, actor: Person, now: datetime, digest: str = "", looked_at: Sequence[str] = ()
) -> Batch:
    """One person's word that the list may go. With enough different people's, the batch is approved.

    `digest` is the list's as the person saw it, "" for as it stands; `looked_at` the records of their sample.
    Raises BatchNotReady, AlreadyExists, NotPermitted.
    """
    actor.require(Permission.APPROVE)
    batch = batches.batch(archive.db, id)
    if batch.action is Action.REVIEW:
        raise BatchNotReady(
            f"batch {id} is for review: put its records off or give them another class "
            "(`archiver disposal extend`, `archiver disposal reclassify`)"
        )
    if batch.status is not Status.PROPOSED:
        raise BatchNotReady(f"batch {id} is {batch.status.value}: only a proposed one can be approved")
    if digest and digest != batch.digest:
        raise BatchNotReady(f"batch {id} has another list than the one you saw: look at it again")
    if actor.id in {each.person_id for each in batch.approvals}:
        raise AlreadyExists(f"{actor.name} approved batch {id} already: another person must")
    approval = Approval(
        person_id=actor.id, role=actor.role.value, at=now, digest=batch.digest, looked_at=tuple(looked_at)
    )
    with archive.change(at=now, actor=actor.id) as change:
        number = batches.add_approval(change.db, id, approval)
        change.record(
            EventType.BATCH_APPROVED,
            [id],
            {"list": batch.digest, "looked_at": len(approval.looked_at)},
            commits=[("batch_approvals", number)],
        )
        if lacks_approval(archive, batches.batch(change.db, id)) is None:
            batches.set_status(change.db, id, Status.APPROVED)
            for each in batch.waiting(ItemState.PROPOSED):
                batches.set_state(change.db, id, each.record_id, ItemState.APPROVED, "", actor=actor.id, at=now)
    return batches.batch(archive.db, id)


def lacks_approval(archive: Archive, batch: Batch) -> str | None:
    """What the batch still lacks, None where it may be carried out: the number of different people and the roles that
    the schedule demands, two people at the least where anything leaves the archive, all for this very list.
    """
    schedule: ScheduleVersion = schedule_version(archive.db, batch.class_code, batch.schedule_number)
    least = max(schedule.approvals, 2 if batch.action in (Action.DESTROY, Action.TRANSFER) else 1)
    active = {each.id: each for each in archive.people.everybody() if each.status == "active"}
    people = {
        each.person_id: each.role
        for each in batch.approvals
        if each.digest == batch.digest
        and each.person_id in active
        and active[each.person_id].role.may(Permission.APPROVE)
    }
    if len(people) < least:
        return f"it has the approval of {len(people)} of {least} different people"
    if missing := set(schedule.roles) - set(people.values()):
        return f"nobody who is {' or '.join(sorted(missing))} has approved it"
    return None


def require_approval(archive: Archive, batch: Batch) -> None:
    """Raises SecondPersonNeeded where approvals lack, BatchNotReady where the list is not the one approved."""
    if lacking := lacks_approval(archive, batch):
        raise SecondPersonNeeded(f"batch {batch.id} cannot be carried out: {lacking}")
    stated = batches.list_digest(batch.action, batch.class_code, batch.schedule_number, batch.items)
    if stated != batch.digest:
        raise BatchNotReady(f"batch {batch.id} has not the list that was approved: it was changed past the archive")


def withdraw(archive: Archive, id: str, *, reason: str, actor: Person, now: datetime) -> Batch:
    """Give a batch up: what waits in it stays, and is proposed again when it is due."""
    actor.require(Permission.APPROVE)
    batch = batches.batch(archive.db, id)
    if batch.status not in (Status.PROPOSED, Status.APPROVED):
        raise BatchNotReady(f"batch {id} is {batch.status.value}: only one that is not begun can be withdrawn")
    if not reason.strip():
        raise BadInput("withdrawing a batch needs a reason")
    with archive.change(at=now, actor=actor.id) as change:
        for each in batch.waiting(*_REVIEWABLE):
            batches.set_state(change.db, id, each.record_id, ItemState.EXCLUDED, reason.strip(), actor=actor.id, at=now)
        batches.set_status(change.db, id, Status.WITHDRAWN)
        change.record(EventType.BATCH_ENDED, [id], {"status": Status.WITHDRAWN.value})
    return batches.batch(archive.db, id)


def _end_if_nothing_is_left(change: Change, id: str) -> None:
    batch = batches.batch(change.db, id)
    if batch.status in (Status.PROPOSED, Status.APPROVED) and not batch.waiting(*_REVIEWABLE, ItemState.EXECUTING):
        batches.set_status(change.db, id, Status.DONE)
        change.record(EventType.BATCH_ENDED, [id], {"status": Status.DONE.value, **batch.counts})

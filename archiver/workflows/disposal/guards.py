"""What forbids that a record goes, asked again inside the very transaction in which it would go.

A guard looks at one record and says why it must stay, or None. All of GUARDS must be silent.
tests/workflows/disposal takes each away in turn and shows what then breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from archiver.core.archive import DISPOSAL_LOCK, Archive
from archiver.core.fixity import check_object
from archiver.core.records import Capture, Record, StoredObject
from archiver.workflows.disposal.review import lacks_approval
from archiver.workflows.keeping.standing import Standing
from retention import batches
from retention.batches import Batch, BatchItem, ItemState
from retention.decisions import Decision, State


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What is the same for every record that would go in one transaction, asked once in it: nobody else writes then."""

    archive: Archive
    standing: Standing
    batch: Batch  # its row and approvals as they are at this moment; its list as it was read when the run began
    today: date
    locked: bool
    lacking: str | None  # what the batch's approvals lack

    @classmethod
    def look(cls, archive: Archive, batch: Batch, standing: Standing, now: datetime) -> Circumstances:
        (digest,) = archive.db.conn.execute("SELECT digest FROM batches WHERE id = ?", (batch.id,)).fetchone()
        batch = replace(batch, digest=digest, approvals=batches.approvals(archive.db, batch.id))
        return cls(
            archive=archive,
            standing=standing,
            batch=batch,
            today=now.astimezone(archive.settings.archive.zone).date(),
            locked=archive.meta(DISPOSAL_LOCK) is not None,
            lacking=lacks_approval(archive, batch),
        )


@dataclass(frozen=True, kw_only=True)
class OnItsWay:
    """What is about to go, a record or a paper, with the decision on it as it is at this moment."""

    circumstances: Circumstances
    item: BatchItem
    decision: Decision

    @property
    def archive(self) -> Archive:
        return self.circumstances.archive

    @property
    def batch(self) -> Batch:
        return self.circumstances.batch


@dataclass(frozen=True, kw_only=True)
class Candidate(OnItsWay):
    """A record about to go."""

    @classmethod
    def look(cls, circumstances: Circumstances, item: BatchItem) -> Candidate:
        decision = circumstances.standing.of_record(item.record_id, circumstances.today)
        return cls(circumstances=circumstances, item=item, decision=decision)

    @cached_property
    def record(self) -> Record:
        return self.archive.catalogue.record(self.item.record_id)

    @cached_property
    def captures(self) -> list[Capture]:
        return self.archive.catalogue.captures(self.item.record_id)

    @cached_property
    def stored(self) -> list[StoredObject]:
        return self.archive.catalogue.stored_objects(self.item.record_id)


Guard = Callable[[Candidate], str | None]


def not_locked(candidate: OnItsWay) -> str | None:
    """After a rebuild that lost decisions nothing goes: a hold may be among them."""
    if not candidate.circumstances.locked:
        return None
    return "the archive is locked for disposal since it was rebuilt or restored"


def announced(candidate: OnItsWay) -> str | None:
    """Its going was committed and told off the machine before."""
    state = batches.item_state(candidate.archive.db, candidate.batch.id, candidate.item.record_id)
    return None if state is ItemState.EXECUTING else f"it is {state.value if state else 'not'} in the batch"


def approved(candidate: OnItsWay) -> str | None:
    """Enough different people, still entitled, agreed to this very list."""
    lacking = candidate.circumstances.lacking
    return f"the batch is not approved: {lacking}" if lacking else None


def not_held(candidate: OnItsWay) -> str | None:
    """No hold, no open request and no appeal covers it, and of a paper: nothing needs it."""
    if candidate.decision.state is not State.HELD:
        return None
    return f"held for {' and '.join(candidate.decision.matters)}"


def still_due(candidate: OnItsWay) -> str | None:
    """Its class, its schedule and its date are what was approved, and the date has come."""
    decision, batch = candidate.decision, candidate.batch
    if decision.schedule is None or (decision.class_code, decision.schedule.number) != (
        batch.class_code,
        batch.schedule_number,
    ):
        return "its class or schedule is another than the one approved"
    if decision.due is None or decision.due > candidate.item.due:
        return f"it is due later than was approved: {decision.due or 'never'}"
    if decision.state is not State.DUE and decision.state is not State.HELD:
        return f"it is not due before {decision.due}"
    return None


def unchanged(candidate: Candidate) -> str | None:
    """It has the very evidence it had when it was proposed: no capture came since."""
    now = batches.evidence_digest(candidate.archive.db, candidate.item.record_id)
    return None if now == candidate.item.digest else "its evidence is not what was proposed: it was captured since"


def whole(candidate: Candidate) -> str | None:
    """Every file is there and is what was recorded: what is lost or changed is looked into, not swept away."""
    store = candidate.archive.objects
    for each in candidate.stored:
        for finding in check_object(each, store.path_of(each.path)):
            return f"damaged: {each.path.rpartition('/')[2]}: {finding.message}"
    return None


GUARDS: tuple[Guard, ...] = (not_locked, announced, approved, not_held, still_due, unchanged, whole)


def why_not(candidate: Candidate) -> str | None:
    """Why the record must stay; None where every guard is silent."""
    for guard in GUARDS:
        if reason := guard(candidate):
            return reason
    return None

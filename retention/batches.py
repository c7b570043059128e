"""Batches of records that are due: frozen lists with a digest, reviewed, approved, and carried out one by one.

SQL lives here, inside the caller's transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, to_iso
from archiver.core.errors import NotFound
from archiver.core.papers import is_paper_id
from archiver.core.records import RecordId
from retention.file_plan import Action


class ItemState(StrEnum):
    """Where one record of a batch stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTING = "executing"  # announced; it is still whole
    FAILED = "failed"  # its evidence is missing or changed: a person must look
    EXCLUDED = "excluded"  # a reviewer took it out
    EXTENDED = "extended"  # a reviewer put it off
    RECLASSIFIED = "reclassified"  # a reviewer gave it another class
    EJECTED = "ejected"  # a hold, a request, a changed class, date or evidence took it out
    RETAINED = "retained"  # reviewed, and kept under a new date or class
    DESTROYED = "destroyed"
    TRANSFERRED = "transferred"

    @property
    def open(self) -> bool:
        """Whether something is still to be done with it."""
        return self in (ItemState.PROPOSED, ItemState.APPROVED, ItemState.EXECUTING)


class Status(StrEnum):
    """Where a batch stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTING = "executing"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class BatchItem:
    """One record of a batch, or one paper; `digest` is of its evidence, or its rows and files, as it was proposed."""

    position: int  # from 1
    record_id: RecordId
    due: date
    digest: str
    state: ItemState = ItemState.PROPOSED
    reason: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's word on a list; `looked_at` are the records of their sample."""

    person_id: str
    role: str
    at: datetime
    digest: str
    looked_at: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Records, or papers of the archive's own, of one class and one schedule version that were due on one day."""

    id: str  # bat_ and 16 hex digits
    action: Action
    class_code: str
    schedule_number: int
    digest: str  # sha256: of the frozen list
    proposed_at: datetime
    proposed_by: str
    status: Status
    certificate: str | None
    items: tuple[BatchItem, ...]
    approvals: tuple[Approval, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many of its records stand where; they add up to the number proposed."""
        found = Counter(each.state.value for each in self.items)
        return {state.value: found[state.value] for state in ItemState if found[state.value]}

    @property
    def of_papers(self) -> bool:
        """Whether it lists papers of the archive's own: no batch has both."""
        return any(is_paper_id(each.record_id) for each in self.items)

    @property
    def done(self) -> ItemState:
        """What became of a record or paper of it that went."""
        return ItemState.TRANSFERRED if self.action is Action.TRANSFER else ItemState.DESTROYED

    def waiting(self, *states: ItemState) -> list[BatchItem]:
        return [each for each in self.items if each.state in states]


def list_digest(action: Action, class_code: str, schedule_number: int, items: Sequence[BatchItem]) -> str:
    """What approvals are given for: the action, the schedule and every record with its date and evidence."""
    told = [[each.position, each.record_id, each.due.isoformat(), each.digest] for each in items]
    text = json.dumps([action.value, class_code, schedule_number, told], separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def evidence_digest(db: Database, record: RecordId) -> str:
    """Of the names and digests of every file of the record: another capture, or a lost one, changes it."""
    rows = db.conn.execute(
        "SELECT o.path, o.sha256 FROM objects o JOIN captures c ON c.id = o.capture_id WHERE c.record_id = ? "
        "ORDER BY o.path",
        (record,),
    )
    hashed = hashlib.sha256()
    for path, sha256 in rows:
        hashed.update(f"{path} {sha256}\n".encode())
    return "sha256:" + hashed.hexdigest()


def records_in_batches(db: Database) -> set[RecordId]:
    """Records that wait in a batch: none is proposed twice."""
    rows = db.conn.execute(
        "SELECT record_id FROM batch_items WHERE state IN ('proposed', 'approved', 'executing', 'failed')"
    )
    return {RecordId(id) for (id,) in rows}


def add_batch(db: Database, batch: Batch) -> None:
    """File a proposed batch with its list."""
    db.conn.execute(
        "INSERT INTO batches (id, action, class_code, schedule_number, digest, proposed_at, proposed_by, status) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            batch.id,
            batch.action.value,
            batch.class_code,
            batch.schedule_number,
            batch.digest,
            to_iso(batch.proposed_at),
            batch.proposed_by,
            batch.status.value,
        ),
    )
    db.conn.executemany(
        "INSERT INTO batch_items (batch_id, position, record_id, due, digest) VALUES (?, ?, ?, ?, ?)",
        [(batch.id, each.position, each.record_id, each.due.isoformat(), each.digest) for each in batch.items],
    )


def set_status(db: Database, batch: str, status: Status, *, certificate: str | None = None) -> None:
    db.conn.execute(
        "UPDATE batches SET status = ?, certificate = coalesce(?, certificate) WHERE id = ?",
        (status.value, certificate, batch),
    )


def set_state(
    db: Database, batch: str, record: RecordId, state: ItemState, reason: str, *, actor: str, at: datetime
) -> None:
    """Where a record of the batch stands from now on, and why."""
    db.conn.execute(
        "UPDATE batch_items SET state = ?, reason = ?, decided_by = ?, decided_at = ? "
        "WHERE batch_id = ? AND record_id = ?",
        (state.value, reason, actor, to_iso(at), batch, record),
    )


def eject(db: Database, records: Sequence[RecordId], reason: str, *, actor: str, at: datetime) -> list[RecordId]:
    """Take these records out of whatever batch they wait in unannounced; those that were in one."""
    return [
        record
        for record in records
        if db.conn.execute(
            "UPDATE batch_items SET state = 'ejected', reason = ?, decided_by = ?, decided_at = ? "
            "WHERE record_id = ? AND state IN ('proposed', 'approved', 'failed')",
            (reason, actor, to_iso(at), record),
        ).rowcount
    ]


def add_approval(db: Database, batch: str, approval: Approval) -> int:
    cursor = db.conn.execute(
        "INSERT INTO batch_approvals (batch_id, person_id, role, at, digest, looked_at) VALUES (?, ?, ?, ?, ?, ?)",
        (
            batch,
            approval.person_id,
            approval.role,
            to_iso(approval.at),
            approval.digest,
            json.dumps(approval.looked_at),
        ),
    )
    return int(cursor.lastrowid or 0)


def batch(db: Database, id: str) -> Batch:
    """With its list and approvals. Raises NotFound."""
    row = next(iter(db.query("SELECT * FROM batches WHERE id = ?", [id])), None)
    if row is None:
        raise NotFound(f"there is no batch {id}: see `archiver disposal list`")
    items = tuple(
        BatchItem(
            position=each["position"],
            record_id=RecordId(each["record_id"]),
            due=date.fromisoformat(each["due"]),
            digest=each["digest"],
            state=ItemState(each["state"]),
            reason=each["reason"],
            decided_by=each["decided_by"],
            decided_at=from_optional_iso(each["decided_at"]),
        )
        for each in db.query("SELECT * FROM batch_items WHERE batch_id = ? ORDER BY position", [id])
    )
    return Batch(
        id=row["id"],
        action=Action(row["action"]),
        class_code=row["class_code"],
        schedule_number=row["schedule_number"],
        digest=row["digest"],
        proposed_at=from_iso(row["proposed_at"]),
        proposed_by=row["proposed_by"],
        status=Status(row["status"]),
        certificate=row["certificate"],
        items=items,
        approvals=approvals(db, id),
    )


def approvals(db: Database, batch: str) -> tuple[Approval, ...]:
    return tuple(
        Approval(
            person_id=each["person_id"],
            role=each["role"],
            at=from_iso(each["at"]),
            digest=each["digest"],
            looked_at=tuple(json.loads(each["looked_at"])),
        )
        for each in db.query("SELECT * FROM batch_approvals WHERE batch_id = ? ORDER BY id", [batch])
    )


def item_state(db: Database, batch: str, record: RecordId) -> ItemState | None:
    row = db.conn.execute(
        "SELECT state FROM batch_items WHERE batch_id = ? AND record_id = ?", (batch, record)
    ).fetchone()
    return None if row is None else ItemState(row[0])


def batch_ids(db: Database, *statuses: Status) -> list[str]:
    """Batches in one of these states, or all, the oldest first."""
    rows = db.conn.execute("SELECT id, status FROM batches ORDER BY proposed_at, id")
    return [id for id, status in rows if not statuses or status in statuses]


def add_line(db: Database, batch: str, position: int, record: RecordId, line: str, *, at: datetime, salt: str) -> int:
    """The certificate's line of a record that went; `salt` opens its salted digest, and is never told."""
    cursor = db.conn.execute(
        "INSERT INTO disposals (record_id, batch_id, position, at, line, salt) VALUES (?, ?, ?, ?, ?, ?)",
        (record, batch, position, to_iso(at), line, salt),
    )
    return int(cursor.lastrowid or 0)


def lines(db: Database, batch: str) -> list[str]:
    rows = db.conn.execute("SELECT line FROM disposals WHERE batch_id = ? ORDER BY position", (batch,))
    return [line for (line,) in rows]


def records_with_line(db: Database, batch: str) -> list[RecordId]:
    """The records of the batch that went, or were handed over."""
    rows = db.conn.execute("SELECT record_id FROM disposals WHERE batch_id = ? ORDER BY position", (batch,))
    return [RecordId(id) for (id,) in rows]

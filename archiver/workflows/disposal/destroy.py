"""The one place where a record goes.

Its disposal is announced first (`announce`: committed, and told to the mirror off the machine). Then, in one
transaction (`destroy`), everything that could forbid it is asked again; the record's files are moved aside, which loses
nothing; its rows go, a stub and the certificate's line come; and with the commit it is gone. The files are
unlinked right after. A kill before the commit leaves the record whole, one after it leaves files that the next start
sweeps (`sweep_doomed`): so a hold placed at any moment before the commit finds everything.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archiver.core import filing
from archiver.core.archive import Archive, Change
from archiver.core.assets import Asset, release_assets
from archiver.core.clock import optional_iso, to_iso
from archiver.core.disposal_rows import correction_numbers, decision_rows, delete_record_rows
from archiver.core.events import EventType
from archiver.core.records import Record, RecordId
from archiver.core.stubs import Stub, add_stub
from archiver.workflows.disposal.guards import Candidate, why_not
from archiver.workflows.keep_holds import mirror_if_set
from archiver.workflows.standing import Standing
from retention import batches
from retention.batches import Batch, BatchItem, ItemState
from retention.decisions import explain
from retention.file_plan import Action

_READY = (ItemState.APPROVED, ItemState.EXECUTING)
METHOD = "files unlinked and their names synced; rows overwritten (SQLite secure_delete)"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one record, and why where it stayed."""

    record_id: RecordId
    state: ItemState
    reason: str = ""


def announce(archive: Archive, batch: Batch, items: Sequence[BatchItem], *, actor: str, now: datetime) -> None:
    """Commit that these records are about to go, and tell the mirror. Raises CopyUnreachable: then nothing goes.

    What left the batch since its list was read is not announced, and so does not go.
    """
    with archive.change(at=now, actor=actor) as change:
        waiting = [
            each.record_id for each in items if batches.item_state(change.db, batch.id, each.record_id) in _READY
        ]
        for record in waiting:
            batches.set_state(change.db, batch.id, record, ItemState.EXECUTING, "", actor=actor, at=now)
        change.record(
            EventType.DISPOSAL_BEGUN,
            [batch.id, *waiting],
            {"certificate": batch.certificate, "action": batch.action.value, "list": batch.digest},
        )
    mirror_if_set(archive)


def at_once(act: Callable[[], None]) -> None:
    act()


def destroy(
    archive: Archive,
    standing: Standing,
    batch: Batch,
    item: BatchItem,
    *,
    actor: str,
    now: datetime,
    later: Callable[[Callable[[], None]], object] = at_once,
) -> Outcome:
    """Destroy one announced record, or leave it whole with the reason. Raises StorageFull, ArchiveBusy.

    `later` is given the unlinking of its files, once its disposal is committed: another thread may wait for the disk.
    """
    record = item.record_id
    today = now.astimezone(archive.settings.archive.zone).date()
    try:
        with archive.change(at=now, actor=actor) as change:
            candidate = Candidate.look(archive, standing, reread(archive, batch), item, today)
            if reason := why_not(candidate):
                return spare(change, batch, item, reason)
            released = _destroy_rows(archive, change, candidate)
    except BaseException:
        archive.objects.spare(record)  # nothing was committed: it is whole
        raise
    later(lambda: _remove_files(archive, record, released))
    done = ItemState.TRANSFERRED if batch.action is Action.TRANSFER else ItemState.DESTROYED
    return Outcome(record_id=record, state=done)


def reread(archive: Archive, batch: Batch) -> Batch:
    """The batch with its approvals as they are now; the frozen list never changes, and was checked as a whole."""
    row = archive.db.conn.execute("SELECT digest FROM batches WHERE id = ?", (batch.id,)).fetchone()
    return replace(batch, digest=row[0], approvals=batches.approvals(archive.db, batch.id))


def spare(change: Change, batch: Batch, item: BatchItem, reason: str) -> Outcome:
    """Leave an announced record whole, for the reason given: ejected, or failed where its evidence is damaged."""
    state = batches.item_state(change.db, batch.id, item.record_id) or ItemState.EJECTED
    if state is not ItemState.EXECUTING:
        return Outcome(record_id=item.record_id, state=state, reason=reason)  # it left the batch by another way
    state = ItemState.FAILED if reason.startswith("damaged: ") else ItemState.EJECTED
    batches.set_state(change.db, batch.id, item.record_id, state, reason, actor=change.actor, at=change.at)
    change.record(EventType.DISPOSAL_STOPPED, [batch.id, item.record_id], {"state": state.value})
    filing.tell_index(change.db, item.record_id)
    return Outcome(record_id=item.record_id, state=state, reason=reason)


def _destroy_rows(archive: Archive, change: Change, candidate: Candidate) -> list[Asset]:
    """Everything inside the transaction; what is returned has lost its last reference."""
    record, batch = candidate.item.record_id, candidate.batch
    described = archive.catalogue.record(record)
    urls = sorted({url for each in archive.catalogue.captures(record) for url in (each.url, each.final_url)})
    line, number = add_certificate_line(archive, change, candidate)
    rows, corrections = list(decision_rows(change.db.conn, record)), correction_numbers(change.db.conn, record)
    archive.objects.doom(record)
    released = release_assets(change.db, record)
    delete_record_rows(change.db.conn, record)
    add_stub(
        change.db,
        Stub(
            record_id=record,
            site=described.site,
            kind=described.kind,
            native_root_id=described.native_root_id,
            canonical_url=described.canonical_url,
            urls=tuple(urls),
            destroyed_at=change.at,
            certificate=batch.certificate or "",
        ),
    )
    done = ItemState.TRANSFERRED if batch.action is Action.TRANSFER else ItemState.DESTROYED
    batches.set_state(change.db, batch.id, record, done, "", actor=change.actor, at=change.at)
    filing.tell_index(change.db, record)
    change.record(
        EventType.RECORD_DISPOSED,
        [record, batch.id],
        {
            "action": batch.action.value,
            "record_class": batch.class_code,
            "schedule": batch.schedule_number,
            "certificate": batch.certificate,
            "evidence": line["evidence"],
            "stub": {"site": described.site, "kind": described.kind.value, "native": described.native_root_id},
            "corrections": corrections,
        },
        commits=[("disposals", number), *rows],
    )
    return released


def add_certificate_line(archive: Archive, change: Change, candidate: Candidate) -> tuple[dict[str, Any], int]:
    """What the certificate says of one record: ids, dates, counts and a salted digest, no content; with its number."""
    record = archive.catalogue.record(candidate.item.record_id)
    salt = secrets.token_hex(16)
    line = _line(archive, candidate, record, salt) | {"at": to_iso(change.at)}
    text = json.dumps(line, ensure_ascii=False)
    number = batches.add_line(
        change.db, candidate.batch.id, candidate.item.position, record.id, text, at=change.at, salt=salt
    )
    return line, number


def _line(archive: Archive, candidate: Candidate, record: Record, salt: str) -> dict[str, Any]:
    batch, decision = candidate.batch, candidate.decision
    stored = archive.catalogue.stored_objects(record.id)
    names = [[each.path.rpartition("/")[2], each.sha256, each.size] for each in stored]
    message = json.dumps(sorted(names), separators=(",", ":")).encode()
    return {
        "position": candidate.item.position,
        "record": record.id,
        "kind": record.kind.value,
        "site": record.site,
        "native_root_id": record.native_root_id,
        "class": batch.class_code,
        "schedule": batch.schedule_number,
        "due": candidate.item.due.isoformat(),
        "why": explain(decision),
        "first_captured": optional_iso(record.first_captured),
        "last_captured": optional_iso(record.last_captured),
        "captures": len(archive.catalogue.captures(record.id)),
        "items": len(archive.catalogue.items(record.id)),
        "files": len(stored),
        "bytes": sum(each.size for each in stored),
        "evidence": "hmac-sha256:" + hmac.new(bytes.fromhex(salt), message, hashlib.sha256).hexdigest(),
    }


def _remove_files(archive: Archive, record: RecordId, released: Sequence[Asset]) -> None:
    archive.objects.destroy(record)
    for each in released:
        archive.assets.remove(each.name)


def sweep_doomed(archive: Archive) -> tuple[list[RecordId], list[RecordId]]:
    """After a crash: records whose disposal was not committed go back to their place, of the others the files go.

    Returns the spared and the swept. The catalogue decides, and nothing else: what a batch under way has a line of is
    gone, wherever a power cut left its files.
    """
    spared, swept = [], []
    known = set(archive.catalogue.record_ids())
    for record in archive.objects.doomed():
        if record in known:
            archive.objects.spare(record)
            spared.append(record)
        else:
            archive.objects.destroy(record)
            swept.append(record)
    for batch in batches.batch_ids(archive.db, batches.Status.EXECUTING):
        for record in batches.records_with_line(archive.db, batch):
            if record not in known and (archive.objects.root / archive.objects.place_of_record(record)).exists():
                archive.objects.destroy(record)
                swept.append(record)
    archive.objects.sync_destroyed(swept)
    return spared, swept

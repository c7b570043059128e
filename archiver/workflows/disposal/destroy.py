"""The one place where a record goes.

Its disposal is announced first (`announce`: committed, and told to the mirror off the machine). Then, in one
transaction for a few records together (`destroy`), everything that could forbid it is asked again of each; the record's
files are moved aside, which loses nothing; its rows go, a stub and the certificate's line come; and with the commit it
is gone. The files are unlinked right after. A kill before the commit leaves all of them whole, one after it leaves
files that the next start sweeps (`sweep_doomed`): so a hold placed at any moment before the commit finds everything.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from archiver.core import filing
from archiver.core.archive import Archive, Change
from archiver.core.assets import Asset, release_assets
from archiver.core.clock import optional_iso, to_iso
from archiver.core.commitments import salted_digest
from archiver.core.disposal_rows import correction_numbers, count_items, decision_rows, delete_record_rows
from archiver.core.events import EventType
from archiver.core.records import RecordId
from archiver.core.stubs import Stub, add_stub, address_digest, is_destroyed
from archiver.workflows.disposal.guards import Candidate, Circumstances, OnItsWay, why_not
from archiver.workflows.keeping.keep_holds import mirror_if_set
from archiver.workflows.keeping.standing import Standing
from retention import batches
from retention.batches import Batch, BatchItem, ItemState
from retention.decisions import explain

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
    items: Sequence[BatchItem],
    *,
    actor: str,
    now: datetime,
    later: Callable[[Callable[[], None]], object] = at_once,
) -> list[Outcome]:
    """Destroy announced records in one transaction, each one or leave it whole with the reason.

    `later` is given the unlinking of their files, once their disposal is committed: another thread may wait for the
    disk. Raises StorageFull, ArchiveBusy: then nothing is committed and all are whole, or all are as outcomes say.
    """
    stayed, going = list[Outcome](), list[_Going]()
    try:
        with archive.change(at=now, actor=actor) as change:
            here = Circumstances.look(archive, batch, standing, now)
            for item in items:
                candidate = Candidate.look(here, item)
                if reason := why_not(candidate):
                    stayed.append(spare(change, batch, item, reason))
                else:
                    going.append(_set_aside(archive, change, candidate))
            delete_record_rows(change.db.conn, [each.stub.record_id for each in going])
            for each in going:
                _tell(change, batch, each)
    except BaseException:
        for item in items:
            if not is_destroyed(archive.db, item.record_id):
                archive.objects.spare(item.record_id)  # it was not committed: it is whole
        raise
    for each in going:
        later(partial(_remove_files, archive, each.stub.record_id, each.released))
    return [*stayed, *(Outcome(record_id=each.stub.record_id, state=batch.done) for each in going)]


def spare(change: Change, batch: Batch, item: BatchItem, reason: str) -> Outcome:
    """Leave an announced record whole, for the reason given: ejected, or failed where its evidence is damaged."""
    state = batches.item_state(change.db, batch.id, item.record_id) or ItemState.EJECTED
    if state is not ItemState.EXECUTING:
        return Outcome(record_id=item.record_id, state=state, reason=reason)  # it left the batch by another way
    state = ItemState.FAILED if reason.startswith("damaged: ") else ItemState.EJECTED
    batches.set_state(change.db, batch.id, item.record_id, state, reason, actor=change.actor, at=change.at)
    change.record(EventType.DISPOSAL_STOPPED, [batch.id, item.record_id], {"state": state.value})
    if not batch.of_papers:
        filing.tell_index(change.db, item.record_id)
    return Outcome(record_id=item.record_id, state=state, reason=reason)


@dataclass(frozen=True, kw_only=True)
class _Going:
    """A record on its way out, its files set aside: what stays of it, and what loses its last reference with it."""

    stub: Stub
    evidence: str  # its salted digest
    released: list[Asset]
    commits: list[tuple[str, object]]
    corrections: list[int]


def _set_aside(archive: Archive, change: Change, candidate: Candidate) -> _Going:
    """Its line on the certificate, and its files out of their place; its rows are still there."""
    described, db = candidate.record, change.db
    evidence, number = certify(change, candidate)
    rows, corrections = list(decision_rows(db.conn, described.id)), correction_numbers(db.conn, described.id)
    archive.objects.doom(described.id)
    return _Going(
        stub=Stub(
            record_id=described.id,
            site=described.site,
            kind=described.kind,
            native_root_id=described.native_root_id,
            canonical_url=described.canonical_url,
            urls=tuple(sorted({url for each in candidate.captures for url in (each.url, each.final_url)})),
            destroyed_at=change.at,
            certificate=candidate.batch.certificate or "",
        ),
        evidence=evidence,
        released=release_assets(db, described.id),
        commits=[("disposals", number), *rows],
        corrections=corrections,
    )


def _tell(change: Change, batch: Batch, going: _Going) -> None:
    """Its rows are gone: the stub, its state in the batch, and the event that commits to there being nothing."""
    stub = going.stub
    add_stub(change.db, stub)
    batches.set_state(change.db, batch.id, stub.record_id, batch.done, "", actor=change.actor, at=change.at)
    filing.tell_index(change.db, stub.record_id)
    change.record(
        EventType.RECORD_DISPOSED,
        [stub.record_id, batch.id],
        {
            "action": batch.action.value,
            "record_class": batch.class_code,
            "schedule": batch.schedule_number,
            "certificate": batch.certificate,
            "evidence": going.evidence,
            "stub": {
                "site": stub.site,
                "kind": stub.kind.value,
                "native": stub.native_root_id,
                "addresses": sorted(address_digest(each) for each in {stub.canonical_url, *stub.urls}),
            },
            "corrections": going.corrections,
        },
        commits=going.commits,
    )


def certify(change: Change, candidate: Candidate) -> tuple[str, int]:
    """Put one record on the certificate: the salted digest of its evidence, and the line's number."""
    batch, record, stored = candidate.batch, candidate.record, candidate.stored
    names = [[each.path.rpartition("/")[2], each.sha256, each.size] for each in stored]
    told = {
        "position": candidate.item.position,
        "record": record.id,
        "kind": record.kind.value,
        "site": record.site,
        "native_root_id": record.native_root_id,
        "class": batch.class_code,
        "schedule": batch.schedule_number,
        "due": candidate.item.due.isoformat(),
        "why": explain(candidate.decision),
        "first_captured": optional_iso(record.first_captured),
        "last_captured": optional_iso(record.last_captured),
        "captures": len(candidate.captures),
        "items": count_items(change.db.conn, record.id),
        "files": len(stored),
        "bytes": sum(each.size for each in stored),
    }
    return add_certificate_line(change, candidate, told, json.dumps(sorted(names), separators=(",", ":")).encode())


def add_certificate_line(
    change: Change, candidate: OnItsWay, told: Mapping[str, object], evidence: bytes
) -> tuple[str, int]:
    """What the certificate says of a record or paper: ids, dates, counts and a salted digest, no content.

    `told` and that digest of `evidence` are the line; the digest, and the line's number.
    """
    salt, item = secrets.token_hex(16), candidate.item
    digest = salted_digest(salt, evidence)
    text = json.dumps({**told, "evidence": digest, "at": to_iso(change.at)}, ensure_ascii=False)
    number = batches.add_line(
        change.db, candidate.batch.id, item.position, item.record_id, text, at=change.at, salt=salt
    )
    return digest, number


def keep_here(change: Change, candidate: OnItsWay, evidence: str, number: int) -> Outcome:
    """Note that what was transferred stays here as a copy, never due again. `number`: of its certificate line."""
    id, batch, told = candidate.item.record_id, candidate.batch, "a copy stays here"
    batches.set_state(change.db, batch.id, id, ItemState.TRANSFERRED, told, actor=change.actor, at=change.at)
    change.record(
        EventType.RECORD_TRANSFERRED,
        [id, batch.id],
        {"certificate": batch.certificate, "evidence": evidence},
        commits=[("disposals", number)],
    )
    return Outcome(record_id=id, state=ItemState.TRANSFERRED, reason=told)


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

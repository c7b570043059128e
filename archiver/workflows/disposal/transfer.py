"""Handing records over to another archive: a package for each, its receipt, and what stays here.

    TRANSFER/bat_.../rec_.../      a BagIt bag (RFC 8493); its payload is laid out as an E-ARK CSIP package:
        data/METS.xml, data/metadata/descriptive/dc.xml, data/metadata/preservation/premis.xml,
        data/representations/rep1/data/cap_.../...

TRANSFER is a directory, or a bucket. Nothing goes here before the other archive's receipt was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from archiver.core.archive import Archive, Change
from archiver.core.clock import optional_iso
from archiver.core.errors import BadInput, BatchNotReady
from archiver.core.events import EventType
from archiver.core.fixity import digest_bytes
from archiver.core.people import Permission, Person
from archiver.core.records import RecordId
from archiver.workflows.disposal.destinations import destination
from archiver.workflows.disposal.destroy import Outcome, add_certificate_line, spare
from archiver.workflows.disposal.guards import Candidate, Circumstances, why_not
from archiver.workflows.standing import Standing
from exports.packages import PackageEvent, PackageFile, write_package
from retention import batches
from retention.batches import Batch, BatchItem, ItemState, Status
from retention.file_plan import Action
from retention.register import schedule_version


def hand_over(archive: Archive, batch: Batch, records: Sequence[RecordId], *, actor: str, now: datetime) -> int:
    """Hand a package over for each record of which the trail does not tell that it was; how many those were.

    What was handed over once is the other archive's, which may have taken it in and moved it. Raises CopyUnreachable,
    EvidenceDamaged.
    """
    told = {
        event.subjects[0]
        for event in archive.trail.events()
        if event.type == EventType.HANDED_OVER and event.subjects[1] == batch.id
    }
    waiting = [each for each in records if each not in told]
    if not waiting:
        return 0
    place = destination(archive, batch.id, now=now)
    for record in waiting:
        delivered = place.earlier(record) or place.deliver(record, partial(_write, archive, batch, record, now))
        with archive.change(at=now, actor=actor) as change:
            change.record(
                EventType.HANDED_OVER,
                [record, batch.id],
                {
                    "package": delivered.sums,
                    "files": delivered.files,
                    "bytes": delivered.size,
                    "locked_until": optional_iso(delivered.locked_until),
                },
            )
    return len(waiting)


def _write(archive: Archive, batch: Batch, record: RecordId, now: datetime, where: Path) -> None:
    write_package(
        where,
        archive.catalogue.record(record),
        _files(archive, record),
        _events(archive, record),
        agency=archive.settings.archive.agency,
        batch=batch.id,
        made_at=now,
    )


def _files(archive: Archive, record: RecordId) -> list[PackageFile]:
    return [
        PackageFile(name=each.path.partition(f"{record}/")[2], path=archive.objects.path_of(each.path), stored=each)
        for each in archive.catalogue.stored_objects(record)
    ]


def _events(archive: Archive, record: RecordId) -> list[PackageEvent]:
    """What the trail tells of the record, with the proof's leaf, as PREMIS events."""
    return [
        PackageEvent(seq=each.seq, at=each.at, type=each.type, leaf=each.leaf.hex())
        for each in archive.trail.events()
        if record in each.subjects
    ]


def record_receipt(archive: Archive, id: str, receipt: str, *, actor: Person, now: datetime) -> Batch:
    """Note that the other archive has taken in a batch: its number or words. Raises BatchNotReady, BadInput."""
    actor.require(Permission.APPROVE)
    batch = batches.batch(archive.db, id)
    if batch.action is not Action.TRANSFER or batch.status is not Status.EXECUTING:
        raise BatchNotReady(f"batch {id} has not been handed over: `archiver disposal run {id}` does that")
    if not receipt.strip():
        raise BadInput("a receipt needs the number or the words the other archive gave")
    with archive.change(at=now, actor=actor.id) as change:
        change.db.conn.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (f"receipt {id}", receipt.strip())
        )
        digest = digest_bytes(receipt.strip().encode())
        change.record(EventType.TRANSFER_RECEIVED, [id], {"receipt": digest})
    return batches.batch(archive.db, id)


def receipt_of(archive: Archive, id: str) -> str:
    """What the other archive gave, "" where nothing yet."""
    return archive.meta(f"receipt {id}") or ""


def keeps_copy(archive: Archive, batch: Batch) -> bool:
    """Whether the schedule leaves here what was transferred."""
    schedule = schedule_version(archive.db, batch.class_code, batch.schedule_number)
    return batch.action is Action.TRANSFER and schedule.keep_copy


def keep_copy(
    archive: Archive,
    standing: Standing,
    batch: Batch,
    items: Sequence[BatchItem],
    *,
    actor: str,
    now: datetime,
    later: object = None,
) -> list[Outcome]:
    """Note that records were transferred and stay here as copies: they are never due again."""
    with archive.change(at=now, actor=actor) as change:
        here = Circumstances.look(archive, batch, standing, now)
        return [_keep(change, Candidate.look(here, item)) for item in items]


def _keep(change: Change, candidate: Candidate) -> Outcome:
    item, batch = candidate.item, candidate.batch
    if reason := why_not(candidate):
        return spare(change, batch, item, reason)
    line, number = add_certificate_line(change, candidate)
    told = "a copy stays here"
    batches.set_state(
        change.db, batch.id, item.record_id, ItemState.TRANSFERRED, told, actor=change.actor, at=change.at
    )
    change.record(
        EventType.RECORD_TRANSFERRED,
        [item.record_id, batch.id],
        {"certificate": batch.certificate, "evidence": line["evidence"]},
        commits=[("disposals", number)],
    )
    return Outcome(record_id=item.record_id, state=ItemState.TRANSFERRED, reason=told)

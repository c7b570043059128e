"""Handing records over to another archive: a package for each, its receipt, and what stays here.

    TRANSFER/bat_.../rec_.../      a BagIt bag (RFC 8493); its payload is laid out as an E-ARK CSIP package:
        data/METS.xml, data/metadata/descriptive/dc.xml, data/metadata/preservation/premis.xml,
        data/representations/rep1/data/cap_.../...

TRANSFER is a directory, or a bucket. Nothing goes here before the other archive's receipt was recorded.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from archiver.core.archive import Archive, Change
from archiver.core.clock import optional_iso
from archiver.core.errors import BadInput, BatchNotReady
from archiver.core.events import EventType
from archiver.core.fixity import digest_bytes
from archiver.core.paper_files import files_of_paper
from archiver.core.paper_rows import tell_rows
from archiver.core.papers import find_paper, kind_of_id
from archiver.core.people import Permission, Person
from archiver.core.records import Record, RecordId
from archiver.workflows.disposal.destinations import destination
from archiver.workflows.disposal.destroy import Outcome, certify, keep_here, spare
from archiver.workflows.disposal.guards import Candidate, Circumstances, why_not
from archiver.workflows.keeping.standing import Standing
from exports.transfer.packages import PackageEvent, PackageFile, PackageSubject, write_package
from retention import batches
from retention.batches import Batch, BatchItem, Status
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


def _write(archive: Archive, batch: Batch, id: RecordId, now: datetime, where: Path) -> None:
    paper = batch.of_papers
    write_package(
        where,
        _paper_subject(archive, id) if paper else _record_subject(archive.catalogue.record(id)),
        list(_paper_files(archive, id)) if paper else _files(archive, id),
        _events(archive, id),
        agency=archive.settings.archive.agency,
        batch=batch.id,
        made_at=now,
        rows=tell_rows(archive.db.conn, kind_of_id(id), id) if paper else None,
    )


def _record_subject(record: Record) -> PackageSubject:
    return PackageSubject(
        id=record.id,
        identifiers=(record.id, record.canonical_url),
        title=record.title,
        creator=record.creator_name or record.creator_handle,
        publisher=record.site,
        created=record.created,
        language=record.language,
        type=record.kind.value,
        keywords=record.keywords,
    )


def _files(archive: Archive, record: RecordId) -> list[PackageFile]:
    return [
        PackageFile(
            name=each.path.partition(f"{record}/")[2],
            path=archive.objects.path_of(each.path),
            stored=each,
            media_type=each.media_type,
        )
        for each in archive.catalogue.stored_objects(record)
    ]


def _paper_subject(archive: Archive, id: str) -> PackageSubject:
    """Raises NotFound where the paper is gone."""
    paper = find_paper(archive.db, id, archive.settings.archive.zone)
    return PackageSubject(
        id=id,
        identifiers=(id,),
        title=paper.title,
        creator=archive.settings.archive.agency,
        publisher=archive.settings.archive.agency,
        created=paper.created,
        language="und",
        type=paper.kind.value,
        form=("Other", "papers of an archive's own work"),
    )


def _paper_files(archive: Archive, id: str) -> Iterator[PackageFile]:
    place = find_paper(archive.db, id, archive.settings.archive.zone).place
    for each in files_of_paper(archive.directory, place):
        media_type = mimetypes.guess_type(each.path)[0] or "application/octet-stream"
        yield PackageFile(name=each.path, path=archive.directory / each.path, stored=each, media_type=media_type)


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
    return keep_here(change, candidate, *certify(change, candidate))

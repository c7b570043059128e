"""Carrying a batch out: announced in parts, record by record, then every copy, then the certificate.

It may be killed anywhere and is run again: what went is on the list with its line, what did not is whole, and the
certificate is issued only when nothing is left to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from archiver.core import clock
from archiver.core.archive import DISPOSAL_LOCK, Archive
from archiver.core.disposal_rows import evidence_size, texts_of_record
from archiver.core.errors import BatchNotReady, DisposalLocked
from archiver.core.events import EventType
from archiver.core.paper_rows import texts_of_paper
from archiver.core.papers import PaperKind, is_paper_id, kind_of_id, papers
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.records import RecordId, new_id
from archiver.core.stubs import stub_of_record
from archiver.workflows.disposal.certify import Print, issue_certificate, print_with_browser
from archiver.workflows.disposal.copies import (
    Probes,
    Purge,
    purge_backup_keys,
    purge_catalogue,
    purge_index,
    purge_second_copy,
    purge_set_aside,
    purge_snapshots,
)
from archiver.workflows.disposal.destroy import Outcome, announce, destroy, sweep_doomed
from archiver.workflows.disposal.destroy_papers import destroy_papers, sweep_papers
from archiver.workflows.disposal.residue import find_paper_residue, find_residue, store_residue
from archiver.workflows.disposal.review import require_approval
from archiver.workflows.disposal.transfer import hand_over, keep_copy, keeps_copy, receipt_of
from archiver.workflows.keeping.keep_holds import catch_up_live_holds
from archiver.workflows.keeping.standing import Standing
from retention import batches
from retention.batches import Batch, BatchItem, ItemState, Status
from retention.file_plan import Action

AT_ONCE = 100
"""Records announced together: a kill leaves so many announced at the most, all of them whole."""
UNLINKING = 4
"""Threads that unlink files: each waits for the disk nearly all the time."""
TOGETHER, TOGETHER_BYTES = 50, 64_000_000
"""Records, and bytes of their evidence to be hashed, that go in one transaction: nobody else can write meanwhile."""


@dataclass(frozen=True, kw_only=True)
class BatchRun:
    """What one run did. `certificate` is None where something is still to be done: a receipt, a look at damage."""

    batch: Batch
    outcomes: tuple[Outcome, ...]
    certificate: str | None


def run_batch(
    archive: Archive,
    id: str,
    *,
    actor: Person,
    now: Callable[[], datetime] = clock.now,
    purge: Purge = purge_index,
    printed: Print | None = None,
    progress: Progress = silent,
) -> BatchRun:
    """Carry out an approved batch, or go on with one that was cut off.

    Raises SecondPersonNeeded, BatchNotReady, DisposalLocked, CopyUnreachable, ArchiveBusy, NotPermitted.
    """
    actor.require(Permission.APPROVE)
    with archive.run_lock():
        sweep_doomed(archive)
        sweep_papers(archive)
        batch = _begin(archive, id, actor, now())
        outcomes, probes = _leave_out_destroyed(archive, batch, actor, now()), Probes()
        batch = batches.batch(archive.db, id)
        todo = batch.waiting(ItemState.EXECUTING, ItemState.APPROVED)
        standing = Standing.of(archive)
        if batch.action is Action.TRANSFER:
            hand_over(archive, batch, [each.record_id for each in todo], actor=actor.id, now=now())
            if not receipt_of(archive, batch.id):
                return BatchRun(batch=batch, outcomes=(), certificate=None)
        dispose = destroy_papers if batch.of_papers else keep_copy if keeps_copy(archive, batch) else destroy
        with ThreadPoolExecutor(UNLINKING, thread_name_prefix="unlink") as unlinking:
            removed: list[Future[None]] = []

            def later(act: Callable[[], None]) -> None:
                removed.append(unlinking.submit(act))

            for part in _parts(todo):
                announce(archive, batch, part, actor=actor.id, now=now())
                for group in _groups(archive, part):
                    for each in group:
                        if not probes.full:
                            probes.remember(each.record_id, _texts(archive, each.record_id))
                    outcomes += dispose(archive, standing, batch, group, actor=actor.id, now=now(), later=later)
                    progress(len(outcomes), len(todo), group[-1].record_id)
            for done in removed:
                done.result()  # what could not be removed is raised here, before anything is certified
            progress(len(outcomes), len(todo), "files removed")
        certificate = _finish(archive, id, actor, now, purge, probes, printed or print_with_browser(archive))
    return BatchRun(batch=batches.batch(archive.db, id), outcomes=tuple(outcomes), certificate=certificate)


def _texts(archive: Archive, id: RecordId) -> set[str]:
    if is_paper_id(id):
        return texts_of_paper(archive.db.conn, kind_of_id(id), id)
    return texts_of_record(archive.db.conn, id)


def _parts(items: Sequence[BatchItem]) -> Iterator[Sequence[BatchItem]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _groups(archive: Archive, items: Sequence[BatchItem]) -> Iterator[list[BatchItem]]:
    """Records of a part that go in one transaction; one with much evidence goes alone."""
    group, size = list[BatchItem](), 0
    for item in items:
        more = _size(archive, item.record_id)
        if group and (len(group) == TOGETHER or size + more > TOGETHER_BYTES):
            yield group
            group, size = [], 0
        group.append(item)
        size += more
    yield group


def _size(archive: Archive, id: RecordId) -> int:
    if is_paper_id(id):
        return TOGETHER_BYTES if kind_of_id(id) is PaperKind.PRODUCTION else 0  # a bundle goes alone
    return evidence_size(archive.db.conn, id)


def _begin(archive: Archive, id: str, actor: Person, now: datetime) -> Batch:
    """The batch, executing, with its certificate's name and what is left elsewhere of its records."""
    batch = batches.batch(archive.db, id)
    if batch.action is Action.REVIEW:
        raise BatchNotReady(f"batch {id} is for review: nothing of it goes")
    require_approval(archive, batch)
    if batch.status not in (Status.APPROVED, Status.EXECUTING):
        raise BatchNotReady(f"batch {id} is {batch.status.value}: there is nothing to carry out")
    if archive.meta(DISPOSAL_LOCK) is not None:
        raise DisposalLocked(
            "the archive was rebuilt or restored and decisions are missing: nothing goes before two people have "
            "confirmed the list of holds (`archiver disposal unlock`)"
        )
    catch_up_live_holds(archive, actor=actor.id, now=now)
    if batch.status is Status.APPROVED:
        going = [each.record_id for each in batch.waiting(ItemState.APPROVED)]
        found = find_paper_residue(archive, going) if batch.of_papers else find_residue(archive, going)
        with archive.change(at=now, actor=actor.id):
            store_residue(archive, id, found)
            batches.set_status(archive.db, id, Status.EXECUTING, certificate=new_id("crt"))
    return batches.batch(archive.db, id)


def _leave_out_destroyed(archive: Archive, batch: Batch, actor: Person, now: datetime) -> list[Outcome]:
    """Eject what is destroyed already: a batch that came back with an older catalogue lists what went since."""
    gone = [each.record_id for each in batch.waiting(ItemState.APPROVED, ItemState.EXECUTING)]
    left_out = [
        Outcome(record_id=stub.record_id, state=ItemState.EJECTED, reason=f"gone already, by {stub.certificate}")
        for record in gone
        if (stub := stub_of_record(archive.db, record)) is not None
    ]
    if left_out:
        with archive.change(at=now, actor=actor.id) as change:
            for each in left_out:
                batches.set_state(change.db, batch.id, each.record_id, each.state, each.reason, actor=actor.id, at=now)
                change.record(EventType.DISPOSAL_STOPPED, [batch.id, each.record_id], {"state": each.state.value})
    return left_out


def _finish(
    archive: Archive,
    id: str,
    actor: Person,
    now: Callable[[], datetime],
    purge: Purge,
    probes: Probes,
    printed: Print,
) -> str | None:
    batch = batches.batch(archive.db, id)
    if batch.waiting(ItemState.APPROVED, ItemState.EXECUTING):
        return None
    gone = _destroyed(archive, batch)
    proof: Mapping[str, Any] = {}
    if gone and not batch.of_papers:
        archive.objects.sync_destroyed(gone)
        proof = purge(archive, gone)
        purge_second_copy(archive, gone)
    if gone:
        left = [*purge_set_aside(archive, gone), *purge_catalogue(archive, probes), *purge_backup_keys(archive, gone)]
        if left:
            with archive.change(at=now(), actor=actor.id):
                store_residue(archive, id, left)
    digest = issue_certificate(
        archive, batch, actor=actor, now=now(), printed=printed, receipt=receipt_of(archive, id), index=proof
    )
    with archive.change(at=now(), actor=actor.id) as change:
        batches.set_status(change.db, id, Status.DONE)
        change.record(
            EventType.BATCH_ENDED,
            [id],
            {"status": Status.DONE.value, "certificate": batch.certificate, "sums": digest, **batch.counts},
        )
    purge_snapshots(archive, at=now())
    return batch.certificate


def _destroyed(archive: Archive, batch: Batch) -> list[RecordId]:
    known = set(archive.catalogue.record_ids())
    if batch.of_papers:
        known = {RecordId(each.id) for each in papers(archive.db, date.max, archive.settings.archive.zone)}
    went = batch.waiting(ItemState.DESTROYED, ItemState.TRANSFERRED)
    return [each.record_id for each in went if each.record_id not in known]

"""The one place where a paper of the archive's own goes: a request, a bundle, a night's report, a hold, an old plan.

As records do: announced first, then everything that could forbid it is asked again in one transaction, in which its
rows go, a stub and the certificate's line come. Its files are unlinked right after the commit; those that a kill leaves
are swept at the next start, for the stub says where they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from archiver.core.archive import Archive, Change
from archiver.core.clock import from_iso, to_iso
from archiver.core.events import Event, EventType
from archiver.core.paper_files import are_there, has_files, remove_paper_files
from archiver.core.paper_rows import committed_rows, count_rows, delete_paper_rows
from archiver.core.paper_stubs import PaperStub, add_paper_stub, last_page_of, paper_stubs, request_of
from archiver.core.papers import PaperKind
from archiver.workflows.disposal.destroy import Outcome, add_certificate_line, at_once, keep_here, spare
from archiver.workflows.disposal.guards import Circumstances
from archiver.workflows.disposal.paper_guards import PaperCandidate, planned_by_id, why_paper_stays
from archiver.workflows.disposal.transfer import keeps_copy
from archiver.workflows.keeping.standing import Standing
from retention import batches
from retention.batches import Batch, BatchItem
from retention.decisions import explain


def destroy_papers(
    archive: Archive,
    standing: Standing,
    batch: Batch,
    items: Sequence[BatchItem],
    *,
    actor: str,
    now: datetime,
    later: Callable[[Callable[[], None]], object] = at_once,
) -> list[Outcome]:
    """Destroy announced papers in one transaction, each one or leave it whole with the reason.

    What was transferred stays as a copy where the schedule says so. `later` is given the unlinking of the files, once
    their disposal is committed. Raises StorageFull, ArchiveBusy.
    """
    outcomes, places, keeps = list[Outcome](), list[str](), keeps_copy(archive, batch)
    with archive.change(at=now, actor=actor) as change:
        here = Circumstances.look(archive, batch, standing, now)
        planned = planned_by_id(here)
        for item in items:
            if item.record_id not in planned:
                outcomes.append(spare(change, batch, item, "it is no paper of this archive any more"))
                continue
            found = planned[item.record_id]
            candidate = PaperCandidate(circumstances=here, item=item, decision=found.decision, paper=found.paper)
            if reason := why_paper_stays(candidate):
                outcomes.append(spare(change, batch, item, reason))
            elif keeps:
                outcomes.append(keep_here(change, candidate, *_certify(change, candidate)))
            else:
                places.append(_take_out(change, candidate))
                outcomes.append(Outcome(record_id=item.record_id, state=batch.done))
    for place in places:
        later(partial(remove_paper_files, archive.directory, place))
    return outcomes


def _take_out(change: Change, candidate: PaperCandidate) -> str:
    """Its rows go; a stub, the certificate's line and the event come. Where its files lie."""
    paper, batch, db, item = candidate.paper, candidate.batch, change.db, candidate.item
    evidence, number = _certify(change, candidate)
    bundle = paper.kind is PaperKind.PRODUCTION
    stub = PaperStub(
        id=paper.id,
        kind=paper.kind,
        place=paper.place if has_files(paper.place) else "",
        request_number=request_of(db, paper.id) if bundle else "",
        last_page=last_page_of(db, paper.id) if bundle else 0,
        gone_at=change.at,
        certificate=batch.certificate or "",
    )
    commits = [("disposals", number), *committed_rows(db.conn, paper.kind, paper.id)]
    delete_paper_rows(db.conn, paper.kind, paper.id)
    add_paper_stub(db, stub)
    batches.set_state(db, batch.id, item.record_id, batch.done, "", actor=change.actor, at=change.at)
    change.record(
        EventType.PAPER_DISPOSED,
        [paper.id, batch.id],
        {
            "action": batch.action.value,
            "kind": paper.kind.value,
            "record_class": batch.class_code,
            "schedule": batch.schedule_number,
            "certificate": batch.certificate,
            "evidence": evidence,
            "stub": {"place": stub.place, "request": stub.request_number, "last_page": stub.last_page},
        },
        commits=commits,
    )
    return stub.place


def _certify(change: Change, candidate: PaperCandidate) -> tuple[str, int]:
    """Put one paper on the certificate: the salted digest of its evidence, and the line's number."""
    paper, batch = candidate.paper, candidate.batch
    told = {
        "position": candidate.item.position,
        "record": paper.id,
        "kind": paper.kind.value,
        "class": batch.class_code,
        "schedule": batch.schedule_number,
        "due": candidate.item.due.isoformat(),
        "why": explain(candidate.decision),
        "created": to_iso(paper.created),
        "last_activity": to_iso(paper.last_activity),
        "rows": count_rows(change.db.conn, paper.kind, paper.id),
        "files": candidate.files.count,
        "bytes": candidate.files.size,
    }
    # the digest that was agreed to: the guards found that the paper still has it
    return add_certificate_line(change, candidate, told, candidate.item.digest.encode())


def sweep_papers(archive: Archive) -> list[str]:
    """Remove the files of papers whose disposal is committed and that a kill left; the papers' ids.

    Names of files are never given twice, so a stub's place is its own.
    """
    left = [each for each in paper_stubs(archive.db) if are_there(archive.directory, each.place)]
    for each in left:
        remove_paper_files(archive.directory, each.place)
    return [each.id for each in left]


def replay_paper_disposals(archive: Archive) -> list[str]:
    """After a rebuild or a restore: destroy again every paper that the trail tells of as destroyed and that is here."""
    again = []
    gone = {each.id for each in paper_stubs(archive.db)}
    for event in archive.trail.events():
        if event.type == EventType.PAPER_DISPOSED and event.subjects[0] not in gone:
            stub = _stub_of(event)
            archive.db.conn.execute("BEGIN IMMEDIATE")
            delete_paper_rows(archive.db.conn, stub.kind, stub.id)
            add_paper_stub(archive.db, stub)
            archive.db.conn.execute("COMMIT")
            again.append(stub.id)
    sweep_papers(archive)
    return again


def _stub_of(event: Event) -> PaperStub:
    told = event.detail.get("stub", {})
    return PaperStub(
        id=event.subjects[0],
        kind=PaperKind(event.detail["kind"]),
        place=str(told.get("place", "")),
        request_number=str(told.get("request", "")),
        last_page=int(told.get("last_page", 0)),
        gone_at=from_iso(event.at),
        certificate=str(event.detail.get("certificate", "")),
    )

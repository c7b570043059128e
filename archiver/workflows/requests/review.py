"""Reviewing what was found for a request: the frozen set, decisions, second reviewers, what came later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound, ReviewConflict
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import CataloguedItem, RecordId
from archiver.core.requests import InformationRequest
from archiver.core.reviews import Coding, CodingBatch, Member, ReviewSet, Subject
from exports.requests.law_rules import check_sections, find_law
from exports.requests.review_rules import (
    Change,
    Conflict,
    ReviewFinding,
    Selection,
    check_coding,
    duplicates,
    effective,
    find_conflicts,
    preview,
    select,
)


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What a frozen set does not have: records hit since, items that came since, items edited since."""

    records: tuple[RecordId, ...]
    items: tuple[str, ...]
    edited: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReviewState:
    """A set and how far its review is. `duplicates` counts texts that stand in it more than once."""

    set: ReviewSet
    decided: int
    undecided: int
    second_missing: int
    duplicates: int
    conflicts: tuple[Conflict, ...]
    additions: Additions
    batches: tuple[CodingBatch, ...]


def freeze_review(archive: Archive, number: str, *, actor: Person, now: datetime) -> ReviewSet:
    """Freeze what the request's searches hit, families whole: every item of each thread. Raises BadInput."""
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    hits = archive.requests.hits(request)
    if not hits:
        raise BadInput(f"{request.number} has no hits to review: run `archiver request search {request.number} QUERY`")
    members = [
        Member(item_id=each.id, record_id=record, hit=each.id in found, versions=max(1, len(each.versions)))
        for record, found in hits.items()
        for each in archive.catalogue.items(record)
    ]
    watermark = max(each.watermark for each in archive.requests.searches(request))
    with archive.change(at=now, actor=actor.id) as change:
        frozen = archive.reviews.freeze(request.number, members, watermark=watermark, now=now, actor=actor.id)
        change.record(
            EventType.REVIEW_FROZEN,
            [request.number],
            {"set": frozen.id, "records": frozen.records, "items": frozen.items, "hits": frozen.hits},
            commits=[("review_sets", frozen.id)],
        )
    return frozen


def code(
    archive: Archive,
    number: str,
    selection: Selection,
    coding: Coding,
    *,
    actor: Person,
    now: datetime,
    level: int = 1,
) -> CodingBatch:
    """Decide every item that the selection names, in one batch that can be undone.

    Raises BadInput where it names none, changes nothing, or the coding contradicts itself or the law in force.
    """
    actor.require(Permission.ANSWER)
    request, chosen = archive.requests.request(number), preview_coding(archive, number, selection, coding)
    _check_law(archive, request, coding)
    if level == 1 and not chosen:
        raise BadInput("the selection names nothing that would change: see `archiver review code --preview`")
    codings: dict[Subject, Coding] = {(each.record_id, each.item_id): each.after for each in chosen}
    if level == 2:
        codings = _second(archive, request.number, selection, coding, actor)
    return _enter(archive, request.number, codings, level=level, how=selection.told, actor=actor, now=now)


def code_record(
    archive: Archive, number: str, record: str, coding: Coding, *, actor: Person, now: datetime
) -> CodingBatch:
    """Decide a record as a whole; it holds of each of its items that is not decided by itself."""
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    _check_law(archive, request, coding)
    members = archive.reviews.members(archive.reviews.set_of(request.number).id)
    if record not in {each.record_id for each in members}:
        raise NotFound(f"{record} is not in the review set of {request.number}")
    return _enter(
        archive, request.number, {(RecordId(record), ""): coding}, level=1, how="1 record", actor=actor, now=now
    )


def preview_coding(archive: Archive, number: str, selection: Selection, coding: Coding) -> list[Change]:
    """What `code` would change. Raises BadInput, NotFound."""
    request = archive.requests.request(number)
    check_coding(coding, find_law(request.law))
    members = archive.reviews.members(archive.reviews.set_of(request.number).id)
    texts, decisions = read_texts(archive, members), archive.reviews.decisions(request.number)
    return preview(select(selection, members, texts, decisions), texts, decisions, coding)


def undo_coding(archive: Archive, number: str, batch: int, *, actor: Person, now: datetime) -> CodingBatch:
    """Take a batch back: what held before it holds again. Raises NotFound, BadInput."""
    actor.require(Permission.ANSWER)
    request, found = archive.requests.request(number), archive.reviews.batch(batch)
    if found.request_number != request.number:
        raise NotFound(f"batch {batch} is none of {request.number}")
    if found.undone_at is not None:
        raise BadInput(f"batch {batch} is undone already")
    with archive.change(at=now, actor=actor.id) as change:
        archive.reviews.undo(batch, now=now, actor=actor.id)
        change.record(EventType.REVIEW_UNDONE, [request.number], {"batch": batch}, commits=[("review_batches", batch)])
    return archive.reviews.batch(batch)


def assign_review(
    archive: Archive, number: str, *, to: str, size: int, actor: Person, now: datetime
) -> tuple[str, list[RecordId]]:
    """Give a person the next `size` records that nobody has; the batch's name and its records. Raises BadInput."""
    actor.require(Permission.ANSWER)
    request, person = archive.requests.request(number), archive.people.find(to)
    if not person.role.may(Permission.ANSWER) or person.status != "active":
        raise BadInput(f"{person.name} may not review: that takes an active officer or approver")
    members = archive.reviews.members(archive.reviews.set_of(request.number).id)
    taken = archive.reviews.assignments(request.number)
    free = [each for each in dict.fromkeys(member.record_id for member in members) if each not in taken][:size]
    if not free:
        raise BadInput(f"every record of {request.number} is assigned already")
    batch = f"B{len({name for _, name in taken.values()}) + 1:03d}"
    with archive.change(at=now, actor=actor.id) as change:
        archive.reviews.assign(request.number, free, person=person.id, batch=batch)
        change.record(EventType.REVIEW_ASSIGNED, [request.number, person.id], {"batch": batch, "records": len(free)})
    return batch, free


def review_state(archive: Archive, number: str) -> ReviewState:
    """How far the review is, and what came since the set was frozen. Raises NotFound."""
    request = archive.requests.request(number)
    frozen = archive.reviews.set_of(request.number)
    members = archive.reviews.members(frozen.id)
    texts, decisions = read_texts(archive, members), archive.reviews.decisions(request.number)
    held = [effective(decisions, each.record_id, each.item_id) for each in members]
    decided = [each for each in held if each is not None and each.coding.release != "undecided"]
    return ReviewState(
        set=frozen,
        decided=len(decided),
        undecided=len(members) - len(decided),
        second_missing=sum(
            each.coding.release in ("withheld", "redacted") and each.coding.responsive != "no" and not each.second
            for each in decided
        ),
        duplicates=len(duplicates(members, texts)),
        conflicts=tuple(find_conflicts(members, texts, decisions)),
        additions=_additions(archive, request, members, texts),
        batches=tuple(archive.reviews.batches(request.number)),
    )


def read_texts(archive: Archive, members: Iterable[Member]) -> dict[str, CataloguedItem]:
    """The items of a set as the catalogue has them now, by id; what was destroyed is not among them."""
    records = dict.fromkeys(each.record_id for each in members)
    return {each.id: each for record in records for each in archive.catalogue.items(record)}


def require_finished(findings: Iterable[ReviewFinding], number: str) -> None:
    """Raises ReviewConflict, naming what is open."""
    stopping = [each for each in findings if each.stops]
    if stopping:
        told = "; ".join(f"{each.subject} {each.problem}" for each in stopping[:20])
        more = f"; and {len(stopping) - 20} more" if len(stopping) > 20 else ""
        raise ReviewConflict(f"{number}: {told}{more}: see `archiver review check {number}`")


def _enter(
    archive: Archive, number: str, codings: dict[Subject, Coding], *, level: int, how: str, actor: Person, now: datetime
) -> CodingBatch:
    with archive.change(at=now, actor=actor.id) as change:
        batch = archive.reviews.code(number, codings, level=level, how=how, now=now, actor=actor.id)
        change.record(
            EventType.REVIEW_CODED,
            [number],
            {"batch": batch.id, "level": level, "decisions": batch.size},
            commits=[("review_batches", batch.id)],
        )
    return batch


def _second(
    archive: Archive, number: str, selection: Selection, coding: Coding, actor: Person
) -> dict[Subject, Coding]:
    """A second reviewer's decisions: only about what another person decided first."""
    members = archive.reviews.members(archive.reviews.set_of(number).id)
    texts, decisions = read_texts(archive, members), archive.reviews.decisions(number)
    chosen = select(selection, members, texts, decisions)
    codings: dict[Subject, Coding] = {}
    for member in chosen:
        first = effective(decisions, member.record_id, member.item_id)
        if first is None:
            raise BadInput(f"{member.item_id} is undecided: a second reviewer follows a first")
        if first.actor == actor.id:
            raise BadInput(f"{member.item_id} was decided by {actor.name}: a second reviewer is another person")
        codings[(member.record_id, member.item_id if (member.record_id, member.item_id) in decisions else "")] = coding
    if not codings:
        raise BadInput("the selection names nothing")
    return codings


def _check_law(archive: Archive, request: InformationRequest, coding: Coding) -> None:
    law = find_law(archive.request_files.details(request.number).law_code or request.law)
    check_coding(coding, law)
    check_sections(law, request.received, coding.sections)


def _additions(
    archive: Archive, request: InformationRequest, members: list[Member], texts: dict[str, CataloguedItem]
) -> Additions:
    known = {each.item_id: each.versions for each in members}
    records = {each.record_id for each in members}
    return Additions(
        records=tuple(each for each in archive.requests.hits(request) if each not in records),
        items=tuple(id for id in texts if id not in known),
        edited=tuple(id for id, entry in texts.items() if id in known and max(1, len(entry.versions)) > known[id]),
    )

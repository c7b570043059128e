"""Redacting for a request: what is to be taken out, previewed, decided, lifted; pictures looked at and cleared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound, RedactionRefused
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import RecordId, new_id
from archiver.core.redactions import EVERY_PICTURE, Acknowledgement, Clearance, Redaction
from archiver.core.reviews import Member
from archiver.workflows.requests.review import read_texts
from archiver.workflows.search.show_item import read_layout
from exports.leaks.findings import unread
from exports.redaction.layout import Rectangle, is_cleared, unknown_pictures
from exports.redaction.rules import RedactionRule, check_rule, find_hits, redact
from exports.requests.law_rules import check_sections, find_law
from exports.requests.review_rules import every_text


@dataclass(frozen=True, kw_only=True)
class RedactedItem:
    """What the rules change of an item: how often, and its text as it would be released."""

    item_id: str
    record_id: RecordId
    hits: int
    released: str


@dataclass(frozen=True, kw_only=True)
class UnknownPicture:
    """A part of a page whose text nobody knows, `left,top,width,height` of the full page."""

    record_id: RecordId
    capture_id: str
    region: str
    cleared: bool


def make_rule(redaction: Redaction) -> RedactionRule:
    """The rule that a decided redaction is."""
    target = redaction.target
    box = target.get("rectangle")
    return RedactionRule(
        id=redaction.id,
        kind=redaction.kind,
        scope=redaction.scope,
        section=redaction.section,
        phrases=tuple(target.get("phrases", ())),
        inside=bool(target.get("inside", False)),
        detector=str(target.get("detector", "")),
        record=redaction.record_id,
        item=redaction.item_id,
        rectangle=(str(target["capture"]), box[0], box[1], box[2], box[3]) if box else None,
    )


def standing_rules(archive: Archive, number: str) -> tuple[RedactionRule, ...]:
    """The rules of a request that are not lifted, oldest first."""
    return tuple(make_rule(each) for each in archive.redactions.standing(number))


def add_redaction(
    archive: Archive,
    number: str,
    *,
    kind: str,
    target: Mapping[str, Any],
    scope: str,
    section: str,
    reason: str,
    actor: Person,
    now: datetime,
    record: str = "",
    item: str = "",
) -> Redaction:
    """Decide a redaction. Raises RedactionRefused, BadInput for a section the law does not have, NotFound."""
    redaction = _describe(archive, number, kind, target, scope, section, reason, actor, now, record, item)
    if not reason.strip():
        raise RedactionRefused("a redaction needs its reason: --reason")
    with archive.change(at=now, actor=actor.id) as change:
        archive.redactions.add(redaction)
        change.record(
            EventType.REDACTED,
            [redaction.request_number, redaction.id],
            {"kind": kind, "scope": scope},
            commits=[("redactions", redaction.id)],
        )
    return redaction


def preview_redaction(
    archive: Archive,
    number: str,
    *,
    kind: str,
    target: Mapping[str, Any],
    scope: str,
    section: str,
    actor: Person,
    now: datetime,
    record: str = "",
    item: str = "",
) -> list[RedactedItem]:
    """What a redaction would change in the request's review set, before anybody decides it."""
    redaction = _describe(archive, number, kind, target, scope, section, "preview", actor, now, record, item)
    return redacted_items(archive, redaction.request_number, [make_rule(redaction)])


def redacted_items(archive: Archive, number: str, rules: Sequence[RedactionRule]) -> list[RedactedItem]:
    """Items of the newest review set that the rules change, in its order."""
    members = archive.reviews.members(archive.reviews.set_of(number).id)
    texts = read_texts(archive, members)
    found = []
    for member in members:
        entry = texts.get(member.item_id)
        if entry is None:
            continue
        mine = [
            each
            for each in rules
            if each.kind != "rectangle"
            and each.holds(member.record_id, member.item_id)
            and (each.kind != "item" or each.item == member.item_id)
        ]
        seen = entry.item
        texts_of = [*every_text(entry), seen.creator_name, seen.creator_handle, seen.source_url, *seen.links]
        texts_of += [part for each in seen.media for part in (each.alt, each.url)]
        hits = sum(len(find_hits(text, mine)) for text in texts_of)
        if hits:
            released = redact(seen.text, mine)[0]
            found.append(RedactedItem(item_id=member.item_id, record_id=member.record_id, hits=hits, released=released))
    return found


def lift_redaction(archive: Archive, number: str, id: str, *, actor: Person, now: datetime) -> Redaction:
    """Take a redaction back; that it was there stays known. Raises NotFound, BadInput."""
    actor.require(Permission.ANSWER)
    request, found = archive.requests.request(number), archive.redactions.redaction(id)
    if found.request_number != request.number:
        raise NotFound(f"{id} is no redaction of {request.number}")
    if found.lifted_at is not None:
        raise BadInput(f"{id} is lifted already")
    with archive.change(at=now, actor=actor.id) as change:
        archive.redactions.lift(id, now=now, actor=actor.id)
        change.record(EventType.REDACTION_LIFTED, [request.number, id], {}, commits=[("redactions", id)])
    return archive.redactions.redaction(id)


def unknown_pictures_of(archive: Archive, number: str) -> list[UnknownPicture]:
    """Pictures, video, canvas, fields and frames on the pages of the review set."""
    request = archive.requests.request(number)
    members = archive.reviews.members(archive.reviews.set_of(request.number).id)
    cleared = cleared_pictures(archive, request.number)
    found = []
    for record in dict.fromkeys(each.record_id for each in members):
        for capture in archive.catalogue.captures(record):
            layout = read_layout(archive, capture) or {}
            found += [
                UnknownPicture(
                    record_id=record,
                    capture_id=capture.id,
                    region=",".join(map(str, region)),
                    cleared=is_cleared(region, cleared.get(capture.id, frozenset())),
                )
                for region in unknown_pictures(layout)
            ]
    return found


def clear_picture(
    archive: Archive, number: str, capture: str, region: str, *, reason: str, actor: Person, now: datetime
) -> Clearance:
    """Say, having looked, that a picture may be shown; `region` `*` is every picture of the capture.

    Raises BadInput, NotFound.
    """
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    if not reason.strip():
        raise BadInput("say what you saw, or why it may be shown: --reason")
    known = {
        each.id
        for record in dict.fromkeys(_members_records(archive, request.number))
        for each in archive.catalogue.captures(record)
    }
    if capture not in known:
        raise NotFound(f"{capture} is no capture of the review set of {request.number}")
    if region != EVERY_PICTURE:
        _rectangle(region)
    with archive.change(at=now, actor=actor.id) as change:
        clearance = archive.redactions.clear(request.number, capture, region, reason=reason, now=now, actor=actor.id)
        change.record(
            EventType.PICTURE_CLEARED,
            [request.number, capture],
            {"clearance": clearance.id},
            commits=[("picture_clearances", clearance.id)],
        )
    return clearance


def cleared_pictures(archive: Archive, number: str) -> dict[str, frozenset[str]]:
    """Regions by capture."""
    found: dict[str, set[str]] = {}
    for each in archive.redactions.clearances(number):
        found.setdefault(each.capture_id, set()).add(each.region)
    return {capture: frozenset(regions) for capture, regions in found.items()}


def acknowledge_leak(
    archive: Archive, number: str, place: str, *, reason: str, actor: Person, now: datetime
) -> Acknowledgement:
    """Say why what the leak check found may stay: a hit elsewhere than where it was redacted, or what it cannot search.

    Raises BadInput.
    """
    actor.require(Permission.APPROVE)
    request = archive.requests.request(number)
    if not reason.strip() or not place.strip():
        raise BadInput("an acknowledgement names the place as the leak check told it, and its reason")
    with archive.change(at=now, actor=actor.id) as change:
        kept = archive.redactions.acknowledge(request.number, place, reason=reason, now=now, actor=actor.id)
        change.record(
            EventType.LEAK_ACKNOWLEDGED,
            [request.number],
            {"acknowledgement": kept.id},
            commits=[("leak_acknowledgements", kept.id)],
        )
    return kept


def skip_ocr(archive: Archive, number: str, page: str, *, reason: str, actor: Person, now: datetime) -> Acknowledgement:
    """Say why a picture, named by its page number, is not read by OCR before sealing. Raises BadInput."""
    if not page.strip() or "/" in page:
        raise BadInput(f"{page!r}: name the picture by the number on its page, without a folder or an ending")
    return acknowledge_leak(archive, number, unread(page.strip()), reason=reason, actor=actor, now=now)


def _describe(
    archive: Archive,
    number: str,
    kind: str,
    target: Mapping[str, Any],
    scope: str,
    section: str,
    reason: str,
    actor: Person,
    now: datetime,
    record: str,
    item: str,
) -> Redaction:
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    if item and not record:
        record = item.partition("/")[0]
    redaction = Redaction(
        id=new_id("red"),
        request_number=request.number,
        kind=kind,
        target=dict(target),
        scope="here" if kind in ("item", "rectangle") else scope,
        record_id=record,
        item_id=item,
        section=section.strip(),
        reason=reason,
        at=now,
        actor=actor.id,
    )
    check_rule(make_rule(redaction))
    law = find_law(archive.request_files.details(request.number).law_code or request.law)
    check_sections(law, request.received, [redaction.section])
    members = archive.reviews.members(archive.reviews.set_of(request.number).id)
    _require_there(members, request.number, record, item)
    return redaction


def _require_there(members: Sequence[Member], number: str, record: str, item: str) -> None:
    if item and item not in {each.item_id for each in members}:
        raise NotFound(f"{item} is not in the review set of {number}")
    if record and record not in {each.record_id for each in members}:
        raise NotFound(f"{record} is not in the review set of {number}")


def _members_records(archive: Archive, number: str) -> list[RecordId]:
    return [each.record_id for each in archive.reviews.members(archive.reviews.set_of(number).id)]


def _rectangle(text: str) -> Rectangle:
    """Raises BadInput."""
    try:
        left, top, width, height = (int(each) for each in text.split(","))
    except ValueError as error:
        raise BadInput(f"{text!r} is no rectangle such as 10,20,300,40, nor * for all") from error
    return left, top, width, height

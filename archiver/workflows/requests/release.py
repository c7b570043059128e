"""From a finished review to a bundle: preflight, the gate's rules, a plan that can be repeated, delivery."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any

from archiver.core.archive import Archive
from archiver.core.clock import from_iso, to_iso
from archiver.core.durable import part_path, write_durably
from archiver.core.errors import BadInput, LeakFound, PreflightFailed, ProductionRefused, StorageFull
from archiver.core.events import EventType
from archiver.core.fixity import check_object
from archiver.core.layout_record import read_layout
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.records import Item, ObjectRole, Outcome, RecordId, new_id
from archiver.core.requests import FiledProduction, InformationRequest
from archiver.core.signing import fingerprint
from archiver.core.timestamps import DIRECTORY as TIMESTAMPS
from archiver.workflows.requests.answer import describe_record, describe_request, prove_captures
from archiver.workflows.requests.clock import clock_of, rule_of
from archiver.workflows.requests.redact import cleared_pictures, redacted_items, standing_rules
from archiver.workflows.requests.review import read_texts
from capture.browser.browser import Browser, Paper
from capture.browser.chromium import find_chromium
from capture.pictures.item_boxes import place_items
from exports.bundle.produced import ProducedCapture, ProducedRecord
from exports.bundle.resuming import hand_over
from exports.leaks.ocr import picture_reader
from exports.redaction.gate import NOT_RESPONSIVE, Gate, ItemRelease, Page
from exports.redaction.rules import label
from exports.release.documents import Numbering
from exports.release.making import Released, make_release
from exports.release.plan import ReleasePlan, Surroundings
from exports.requests.law_rules import find_law
from exports.requests.review_rules import ReviewFinding, check_review, effective
from retention.holds import holds_over


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a production is to be made."""

    profile: str = "requester"
    prefix: str = ""
    first: int | None = None  # None: after the last number of the request's productions
    width: int = 7
    volume_megabytes: int = 2000
    pictures: bool = True
    images: str = "png"  # or tiff: of the profile court
    pdf: bool = True
    ocr: bool = True
    originals: bool = True
    replaces: str = ""
    why: str = ""


def preflight(archive: Archive, number: str) -> list[ReviewFinding]:
    """Everything that would keep a production from standing, and what should be looked at before."""
    request = archive.requests.request(number)
    frozen = archive.reviews.set_of(request.number)
    members = archive.reviews.members(frozen.id)
    texts, decisions = read_texts(archive, members), archive.reviews.decisions(request.number)
    changed = frozenset(
        each.item_id for each in redacted_items(archive, request.number, standing_rules(archive, request.number))
    )
    findings = check_review(members, texts, decisions, redacted=changed)
    for record in dict.fromkeys(each.record_id for each in members):
        for capture in archive.catalogue.captures(record):
            for stored in archive.catalogue.objects(capture.id):
                for found in check_object(stored, archive.objects.path_of(stored.path)):
                    findings.append(ReviewFinding(subject=record, problem=str(found), stops=True))
            if capture.outcome is Outcome.PARTIAL:
                findings.append(
                    ReviewFinding(subject=record, problem=f"{capture.id} is partial: {capture.reason}", stops=False)
                )
    return findings


def make_production(
    archive: Archive,
    number: str,
    making: Making,
    *,
    actor: Person,
    now: datetime,
    into: Path | None = None,
    progress: Progress = silent,
) -> tuple[FiledProduction, Released]:
    """Make, check and seal a production of the request's newest review set.

    What a killed run had settled is taken up: the same number, moment and proofs, so the same bytes. Raises
    PreflightFailed, LeakFound, ProductionRefused, EvidenceDamaged, StorageFull, BadInput.
    """
    actor.require(Permission.APPROVE)
    request = archive.requests.request(number)
    frozen = archive.reviews.set_of(request.number)
    stopping = [each for each in preflight(archive, request.number) if each.stops]
    if stopping:
        told = "; ".join(f"{each.subject}: {each.problem}" for each in stopping[:20])
        more = f"; and {len(stopping) - 20} more" if len(stopping) > 20 else ""
        raise PreflightFailed(f"{request.number}: {told}{more}")
    where = into if into is not None else archive.directory / "productions"
    records = list(dict.fromkeys(each.record_id for each in archive.reviews.members(frozen.id)))
    plan, place = _settle(archive, request, making, frozen.id, records, where, actor, now)
    try:
        released = _release(archive, request, plan, making, place, progress, set_id=frozen.id)
    except LeakFound as found:
        raise _with_next_step(found, request.number, place) from found
    filed = FiledProduction(
        id=plan.id,
        request_number=request.number,
        path=str(released.path),
        sha256=released.sha256,
        records=released.records,
        items=released.items,
        made_at=plan.made_at,
        made_by=actor.id,
    )
    with archive.change(at=now, actor=actor.id) as change:
        archive.requests.file_production(filed)
        archive.request_files.file_production_details(
            plan.id,
            set_id=frozen.id,
            profile=plan.profile,
            prefix=plan.numbering.prefix,
            first=plan.numbering.first,
            width=plan.numbering.width,
            last=plan.numbering.first + released.pages - 1,
            replaces=plan.replaces,
            why=plan.why,
            salt=plan.salt,
        )
        change.record(
            EventType.PRODUCED,
            [request.number, plan.id],
            {"bundle": released.sha256, "records": released.records, "items": released.items, "profile": plan.profile},
            commits=[("productions", plan.id), ("requests", request.number), ("production_details", plan.id)],
        )
    return filed, released


def repeat_production(
    archive: Archive, number: str, id: str, *, actor: Person, into: Path, progress: Progress = silent
) -> Released:
    """Make a production again from its plan, elsewhere; the same inputs give the same bytes. Raises BadInput."""
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    filed = next((each for each in archive.requests.productions(request) if each.id == id), None)
    path = None if filed is None else _plan_path(Path(filed.path).parent, request.number, id)
    if path is None or not path.exists():
        raise BadInput(f"{id} has no plan to repeat it from")
    plan, making = _read_plan(path)
    set_id = int(json.loads(path.read_text(encoding="utf-8"))["set"])
    again = into / Path(str(filed and filed.path)).name
    return _release(archive, request, plan, making, again, progress, set_id=set_id)


def _release(
    archive: Archive,
    request: InformationRequest,
    plan: ReleasePlan,
    making: Making,
    into: Path,
    progress: Progress,
    *,
    set_id: int,
) -> Released:
    members = archive.reviews.members(set_id)
    records = list(dict.fromkeys(each.record_id for each in members))
    hits = archive.requests.hits(request)
    with ExitStack() as stack:
        return make_release(
            describe_request(archive, request),
            (describe_record(archive, each, hits=hits.get(each, frozenset())) for each in records),
            replace(
                make_gate(archive, request, set_id=set_id, salt=plan.salt, originals=making.originals),
                pictures=making.pictures,
            ),
            plan,
            _surroundings(archive, request, making, stack),
            into=into,
            asked=len(records),
            progress=progress,
        )


def make_gate(archive: Archive, request: InformationRequest, *, set_id: int, salt: str, originals: bool = True) -> Gate:
    """The request's decisions and redactions as the gate applies them to a set."""
    members = archive.reviews.members(set_id)
    decisions = archive.reviews.decisions(request.number)
    releases = {}
    for each in members:
        decided = effective(decisions, each.record_id, each.item_id)
        coding = decided.coding if decided else None
        if coding is None or coding.release in ("withheld", "undecided"):
            sections = ", ".join(coding.sections) if coding else ""
            releases[each.item_id] = ItemRelease(release="withheld", label=label(sections or NOT_RESPONSIVE))
        else:
            releases[each.item_id] = ItemRelease(release=coding.release, label=", ".join(coding.sections))
    return Gate(
        rules=standing_rules(archive, request.number),
        releases=_Later(releases),
        page=_page,
        cleared=cleared_pictures(archive, request.number),
        salt=salt,
        originals=originals,
    )


class _Later(dict[str, ItemRelease]):
    """Releases by item; what came after the set was frozen is withheld."""

    def get(self, item: str, default: Any = None) -> Any:
        return self[item] if item in self else ItemRelease(release="withheld", label=label(NOT_RESPONSIVE))


def _page(produced: ProducedRecord, capture: ProducedCapture) -> Page:
    """The layout of a capture's page, and where its items stand on it, by the texts they had then."""
    warcs = (path for stored, path in capture.files if stored.role is ObjectRole.WARC)
    layout = read_layout(warcs, produced.resolve)
    if layout is None:
        return Page(layout=None)
    then = [_as_seen(each.item, each.versions, capture.capture.started) for each in produced.items]
    boxes = {
        native: (int(box.left), int(box.top), ceil(box.width) + 1, ceil(box.height) + 1)
        for native, box in place_items(layout, then).items()
    }
    return Page(layout=layout, boxes=boxes)


def _as_seen(item: Item, versions: tuple[Any, ...], at: datetime) -> Item:
    earlier = [each.text for each in versions if each.seen <= at]
    return replace(item, text=earlier[-1]) if earlier else item


def _with_next_step(found: LeakFound, number: str, place: Path) -> LeakFound:
    """The same, and where some may stay a file of all these places, for there may be hundreds."""
    if not found.elsewhere:
        return found
    listed = place.with_name(f"{place.name}.leaks.txt")
    try:
        write_durably(listed, "".join(f"{each}\n" for each in found.elsewhere).encode())
    except StorageFull as full:  # that there is a leak is told all the same
        raise LeakFound(f"{found}. These places are to be listed for you to read, but {full}") from full
    told = LeakFound(
        f"{found}. {len(found.elsewhere)} of these may be let stand, for they are elsewhere than where it was "
        f"redacted, or cannot be searched: redact it there too, or read {listed}, take out what may not stay, and run "
        f"`archiver redact acknowledge {number} @{listed}` with the reason"
    )
    told.elsewhere = found.elsewhere
    return told


def _surroundings(archive: Archive, request: InformationRequest, making: Making, stack: ExitStack) -> Surroundings:
    key = archive.signing_key()
    if key is None:
        raise ProductionRefused(f"this machine has no key to sign with: restore it to {archive.config_directory}/keys")
    due = clock_of(archive, request, today=request.received)
    law = find_law(archive.request_files.details(request.number).law_code or request.law)
    listed = law.exemptions_on(request.received) if law else None
    rule = rule_of(archive, law, request.received) if law else None
    appeal = rule.appeal if rule else None
    warnings = [*due.warnings]
    if listed is not None and listed.status.warning:
        warnings.append(f"{listed.id}: {listed.status.warning}")
    if appeal is not None and appeal.status.warning:
        warnings.append(f"time to appeal: {appeal.status.warning}")
    told = {
        "warnings": tuple(dict.fromkeys(warnings)),
        "refusal": rule.refusal_tells if rule else "",
        "appeal": f"You can appeal within {appeal.days} {appeal.unit} days of this letter." if appeal else "",
        "key": fingerprint(key.public_key),
        "sections": dict(listed.notes) if listed else {},
        "letter_template": archive.settings.requests.letter_template,
    }
    return Surroundings(
        sign=lambda message: (key.public_key, key.sign(message)),
        print_pdf=_printer(archive, stack) if making.pdf and making.profile == "requester" else None,
        read_picture=picture_reader() if making.ocr else None,
        acknowledged={each.place: each.reason for each in archive.redactions.acknowledgements(request.number)},
        reasons={each.id: each.reason for each in archive.redactions.standing(request.number)},
        told=told,
        stamps=dict(_tokens(archive)),
    )


def _printer(archive: Archive, stack: ExitStack) -> Any:
    def print_pdf(page: Path) -> bytes:
        browser = stack.enter_context(Browser(executable=find_chromium(archive.settings.capture.browser)))
        return browser.print_pdf(page, paper=Paper.A4, head="")

    return print_pdf


def _tokens(archive: Archive) -> Iterator[tuple[str, bytes]]:
    """The trail's time-stamp tokens, each with the checkpoint that it stamps: neither proves anything alone."""
    folder = archive.directory / "trail" / TIMESTAMPS
    for path in sorted(folder.glob("*.tsr")) if folder.is_dir() else []:
        stamped = path.with_suffix(".checkpoint")
        yield stamped.name, stamped.read_bytes()
        yield path.name, path.read_bytes()


def _settle(
    archive: Archive,
    request: InformationRequest,
    making: Making,
    set_id: int,
    records: list[RecordId],
    where: Path,
    actor: Person,
    now: datetime,
) -> tuple[ReleasePlan, Path]:
    """The plan of this production, kept before the first byte; one that a killed run had settled is taken up."""
    decided, unfinished = _decided(archive, request), list[Path]()
    filed = {id for each in archive.trail.events() if each.type == EventType.PRODUCED for id in each.subjects}
    for path in sorted(where.glob(f"{request.number}-*.plan.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        bundle = where / path.name.removesuffix(".plan.json")
        if kept["making"] != asdict(making) or kept["plan"]["id"] in filed:
            continue
        if bundle.exists():  # sealed, and stopped before it was filed: nobody had it, and it is made again
            bundle.rename(part_path(bundle))
        if (kept["set"], kept["decided"]) == (set_id, decided):
            return _read_plan(path)[0], bundle
        unfinished.append(bundle)
    id = new_id("prod")
    plan = ReleasePlan(
        id=id,
        profile=making.profile,
        made_at=now,
        made_by=actor.name,
        software=f"records-archiver {version('records-archiver')}",
        numbering=Numbering(
            prefix=making.prefix or f"{request.number.replace('REQ-', 'R')}-",
            first=making.first if making.first is not None else archive.request_files.next_page(request.number),
            width=making.width,
        ),
        salt=secrets.token_hex(16),
        trail=prove_captures(archive, records, now=now, each_leaf=True),
        replaces=making.replaces,
        why=making.why,
        volume=making.volume_megabytes * 1_000_000,
        pictures=making.pictures,
        pdf=making.pdf,
        images=making.images,
        held={} if making.profile == "requester" else _holds_over(archive, records, now),
    )
    path = _plan_path(where, request.number, id)
    path.parent.mkdir(parents=True, exist_ok=True)
    stated = {**asdict(plan), "made_at": to_iso(plan.made_at)}
    kept = {"plan": stated, "making": asdict(making), "set": set_id, "decided": decided}
    write_durably(path, json.dumps(kept, ensure_ascii=False).encode())
    place = where / f"{request.number}-{id[5:]}"
    for each in unfinished:  # decisions were changed since: what they leave as it was is not made again
        hand_over(each, place)
    return plan, place


def _holds_over(archive: Archive, records: list[RecordId], now: datetime) -> dict[str, tuple[str, ...]]:
    """The holds over each record that is under any, by reference alone: what they are for is told to nobody."""
    today = now.astimezone(archive.settings.archive.zone).date()
    over = {record: holds_over(archive.db, record, today) for record in records}
    return {record: ids for record, ids in over.items() if ids}


def _decided(archive: Archive, request: InformationRequest) -> list[int | str]:
    """What a production is made from besides the evidence: batches, redactions, clearances, acknowledgements."""
    batches = [each.id for each in archive.reviews.batches(request.number) if each.undone_at is None]
    redactions = [each.id for each in archive.redactions.standing(request.number)]
    cleared = [f"c{each.id}" for each in archive.redactions.clearances(request.number)]
    return [*batches, *redactions, *cleared]


def _plan_path(where: Path, number: str, id: str) -> Path:
    return where / f"{number}-{id.removeprefix('prod_')}.plan.json"


def _read_plan(path: Path) -> tuple[ReleasePlan, Making]:
    kept: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    stated = dict(kept["plan"])
    plan = ReleasePlan(
        **{**stated, "made_at": from_iso(stated["made_at"]), "numbering": Numbering(**stated["numbering"])}
    )
    return plan, Making(**kept["making"])

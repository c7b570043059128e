"""From a finished observation to a filed capture: extract, compare, settle, catalogue with its event.

The files are settled in one rename before the catalogue learns of them; a crash between the two leaves
a whole capture that the next start files from its `capture.json` (see recover.py), as a rebuild does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from archiver.core import filing
from archiver.core.archive import Archive, Change
from archiver.core.assets import Asset, file_references
from archiver.core.clock import to_iso
from archiver.core.durable import write_durably
from archiver.core.errors import BadWarc, EvidenceDamaged
from archiver.core.events import EventType
from archiver.core.manifest import CaptureManifest, read_items, read_manifest, write_items, write_manifest
from archiver.core.objects import MANIFEST, describe_object
from archiver.core.records import (
    AccountId,
    Capture,
    CataloguedItem,
    Completeness,
    Extraction,
    Item,
    ObjectRole,
    Outcome,
    RecordId,
    RecordKind,
    StoredObject,
    measure_completeness,
    new_id,
)
from archiver.core.register import account_for
from archiver.core.stubs import Stub
from archiver.workflows.filing.keep_once import barred_with, keep_once
from archiver.workflows.filing.record_history import history_after, same_access
from archiver.workflows.keeping.classify import classify_record
from capture.compare import Changes, same_text
from capture.extraction import extract
from capture.job import Observation
from capture.media_digests import media_digests
from capture.verdict.site_health import SAID_GONE

SOFTWARE = f"records-archiver {version('records-archiver')}"
_SAW_CONTENT = (Outcome.COMPLETE, Outcome.PARTIAL, Outcome.UNCHANGED)
_NOTHING = Changes()
_LASTING = frozenset({"comments"})
"""Counts that a page does not lower by itself; the entries of a feed it does."""


@dataclass(frozen=True, kw_only=True)
class Filed:
    """What became of one capture. `extraction` is None where no content was read."""

    capture: Capture
    title: str
    kind: RecordKind | None
    items: int
    changes: Changes
    class_code: str | None = None
    completeness: Completeness = field(default_factory=Completeness)


def file_observation(
    archive: Archive,
    observed: Observation,
    staged: Path,
    *,
    actor: str,
    account: AccountId | None = None,
    job: str | None = None,
) -> Filed:
    """File what was observed, or the reason why nothing could be. Raises StorageFull."""
    capture, extraction = _judge(archive, observed, staged, account, job)
    if not capture.outcome.files_content and capture.record_id is None:
        # what was recorded of a failed attempt is no record, and may be somebody's login page
        capture = replace(capture, warc_records=0)
        files: tuple[StoredObject, ...] = ()
    else:
        files = _describe(archive, observed, staged, capture)
    items_file = None
    place = archive.objects.place(capture.id, capture.record_id)
    if extraction is not None:
        items_file = f"items.{extraction.extractor}.jsonl"
        write_durably(staged / items_file, write_items(extraction.items))
        files = (*files, describe_object(staged, place, items_file, ObjectRole.ITEMS, "application/jsonl"))
    same_as: tuple[StoredObject, ...] = ()
    assets: tuple[Asset, ...] = ()
    if capture.record_id is not None:
        kept = keep_once(archive, staged, capture, files)
        capture = replace(capture, warc_records=kept.warc_records)
        files, same_as, assets = kept.objects, kept.same_as, kept.assets
    leaving = {each.path.rpartition("/")[2] for each in (*files, *same_as)}
    barred = (*(each for each in observed.barred if each.file in leaving), *barred_with(archive, same_as))
    complete = capture.outcome in (Outcome.COMPLETE, Outcome.UNCHANGED, Outcome.GONE)
    manifest = CaptureManifest(
        capture=capture,
        extraction=extraction,
        items_file=items_file,
        objects=files,
        complete=complete,
        actor=actor,
        software=SOFTWARE,
        barred=barred,
        same_as=same_as,
        assets=assets,
    )
    write_durably(staged / MANIFEST, write_manifest(manifest))
    named = {MANIFEST, *(each.path.rsplit("/", 1)[1] for each in files)}
    for leftover in staged.iterdir():
        # the ticket, a failed attempt's files, what an earlier capture keeps, an interrupted recorder's part of a WARC
        if leftover.name not in named:
            leftover.unlink(missing_ok=True)
    settled = archive.objects.settle(capture.id, capture.record_id)
    with archive.change(at=capture.finished, actor=actor) as change:
        return enter_capture(archive, change, settled)


def enter_capture(archive: Archive, change: Change, directory: Path, *, tell: bool = True) -> Filed:
    """Catalogue a settled capture from its files alone, with its event unless the trail has it (`tell`)."""
    manifest = read_manifest(directory / MANIFEST)
    capture = manifest.capture
    filed = _enter_content(archive, change, manifest)
    place = archive.objects.place(capture.id, capture.record_id)
    described = describe_object(directory, place, MANIFEST, ObjectRole.MANIFEST, "application/json")
    filing.file_capture(
        change.db, capture, manifest.extraction, (*manifest.objects, described), same_as=manifest.same_as
    )
    file_references(change.db, capture.id, manifest.assets)
    if tell:
        type = EventType.CAPTURE_ENDED if capture.record_id is None else EventType.CAPTURED
        stub = archive.catalogue.stub_of_url(capture.url) if capture.outcome is Outcome.DISPOSED else None
        told = {} if stub is None else {"stub": stub.record_id}
        change.record(
            type,
            [each for each in (capture.record_id, capture.id) if each is not None],
            {
                **told,
                "outcome": capture.outcome.value,
                "manifest": described.sha256,
                "new": len(filed.changes.new),
                "edited": len(filed.changes.edited),
                "gone": len(filed.changes.gone),
                "class": filed.class_code,
            },
        )
    return filed


def _enter_content(archive: Archive, change: Change, manifest: CaptureManifest) -> Filed:
    capture, extraction = manifest.capture, manifest.extraction
    if capture.record_id is None:
        return Filed(capture=capture, title="", kind=None, items=0, changes=_NOTHING)
    previous = archive.catalogue.items(capture.record_id)
    comparable = _comparable(archive, capture, capture.record_id)
    if extraction is None or manifest.items_path is None:
        record = archive.catalogue.record(capture.record_id)
        after, changes = history_after(
            previous, (), capture, record.kind, complete=manifest.complete, comparable=comparable
        )
        filing.note_seen(change.db, capture.record_id, capture.finished)
    else:
        items = read_items(archive.objects.path_of(manifest.items_path))
        after, changes = history_after(
            previous, items, capture, extraction.kind, complete=manifest.complete, comparable=comparable
        )
        account = _owner(archive, capture, extraction)
        filing.file_record(change.db, capture.record_id, extraction, account=account, captured=capture.finished)
    filing.file_items(change.db, capture.record_id, after)
    code = classify_record(archive, change, capture.record_id)
    record = archive.catalogue.record(capture.record_id)
    return Filed(
        capture=capture,
        title=record.title,
        kind=record.kind,
        items=len(after),
        changes=changes,
        class_code=code,
        completeness=measure_completeness(extraction.declared, extraction.found) if extraction else Completeness(),
    )


def _owner(archive: Archive, capture: Capture, extraction: Extraction) -> AccountId | None:
    """The account the capture was made for, else the one whose page it is; an account lost in a rebuild is nobody's."""
    accounts = archive.register.accounts()
    if capture.account_id in {each.id for each in accounts}:
        return capture.account_id
    return account_for(accounts, capture.final_url, extraction.site, extraction.creator_handle)


def _judge(
    archive: Archive, observed: Observation, staged: Path, account: AccountId | None, job: str | None
) -> tuple[Capture, Extraction | None]:
    """The capture with its final outcome, and what was read out of it."""
    capture = Capture(
        id=observed.capture_id,
        record_id=None,
        url=observed.url,
        final_url=observed.final_url,
        started=observed.started,
        finished=observed.finished,
        outcome=observed.outcome,
        cause=observed.cause,
        reason=observed.reason,
        retry_after=observed.retry_after,
        warc_records=observed.warc_records,
        account_id=account,
        job_id=job,
        access=observed.access,
    )
    if not observed.outcome.files_content:
        return _judge_absence(archive, observed, capture), None
    warc = staged / next(file.name for file in observed.files if file.role is ObjectRole.WARC)
    try:
        extraction = extract(warc)
    except BadWarc as error:
        reason = f"the WARC just written cannot be read: {error}"
        return replace(capture, outcome=Outcome.FAILED, cause="recorder", reason=reason), None
    extraction = _of_its_month(extraction, observed.started)
    known = archive.catalogue.find_record(*_identity(extraction))
    if known is None and (stub := archive.catalogue.find_stub(*_identity(extraction))):
        return replace(capture, outcome=Outcome.DISPOSED, cause="", reason=why_disposed(stub)), None
    earlier = {} if known is None else archive.catalogue.last_declared(known)
    capture = _count_what_is_missing(capture, extraction, earlier)
    if replaced := _thread_replaced(archive, observed, extraction, known):
        return replace(capture, outcome=Outcome.FAILED, cause="replaced", reason=replaced), None
    capture = replace(capture, record_id=known or RecordId(new_id("rec")))
    if known is not None and capture.outcome is Outcome.COMPLETE:
        comparable = _comparable(archive, capture, known)
        capture = _recognise_unchanged(archive, warc, extraction, capture, comparable)
    return capture, extraction


def _of_its_month(extraction: Extraction, started: datetime) -> Extraction:
    """A timeline's snapshots are one record for each month (UTC): one that never ended would never be due."""
    if extraction.kind is not RecordKind.TIMELINE or extraction.native_root_id is not None:
        return extraction
    return replace(extraction, native_root_id=f"timeline-{started:%Y-%m}")


def _identity(extraction: Extraction) -> tuple[str, RecordKind, str | None, str]:
    return extraction.site, extraction.kind, extraction.native_root_id, extraction.canonical_url


def why_disposed(stub: Stub) -> str:
    """The reason of a capture that took nothing in, because the record was destroyed here."""
    return (
        f"{stub.record_id} was destroyed under its schedule (certificate {stub.certificate}); "
        "it is still online and was not taken in again"
    )


def _judge_absence(archive: Archive, observed: Observation, capture: Capture) -> Capture:
    """`gone` is only said of what was captured before with the same access, where the site says so and is well."""
    if observed.cause not in SAID_GONE:
        return capture
    for record in archive.catalogue.records_of_url(observed.url):
        seen = [each for each in archive.catalogue.captures(record) if each.outcome in _SAW_CONTENT]
        if not seen or (
            observed.cause == "tombstone" and not archive.catalogue.observed_record(record).kind.is_one_post
        ):
            continue
        if seen[-1].access != capture.access:
            why = f"it was last seen with another access ({seen[-1].access}, now {capture.access}) and may be hidden"
            return replace(capture, reason=f"{capture.reason}; not taken for gone: {why}")
        if observed.site is None or not observed.site.well:
            why = observed.site.reason if observed.site else "the site's front page was not asked"
            return replace(capture, reason=f"{capture.reason}; not taken for gone: {why}")
        reason = (
            f"{capture.reason}: what was captured before is there no longer; it went between "
            f"{to_iso(seen[-1].finished)} and {to_iso(observed.started)}, and the rest of the site is well"
        )
        return replace(capture, record_id=record, outcome=Outcome.GONE, reason=reason)
    return capture


def _thread_replaced(archive: Archive, observed: Observation, extraction: Extraction, known: RecordId | None) -> str:
    """Why the page cannot be the thread that was captured at its address before, "" where it may be.

    A site that wants a login, is down for a while or no longer shows a thread may say so with status
    200. Such a page must not become the thread's new text, nor all its comments gone. A page that is doubtful
    in itself must not become the new text of any post.
    """
    for id in archive.catalogue.records_of_url(observed.url):
        record = archive.catalogue.observed_record(id)
        if observed.cause == "doubtful":
            if not record.kind.is_one_post:
                continue
        elif record.kind is not RecordKind.THREAD or (id == known and extraction.kind is RecordKind.THREAD):
            continue
        if extraction.native_root_id is not None and extraction.native_root_id == record.native_root_id:
            continue
        before = archive.catalogue.items(id)
        if before and not any(same_text(each.item.text, item.text) for each in before for item in extraction.items):
            return (
                f"another page ({extraction.title!r}) stands where the {record.kind.value} {id} was captured before: "
                f"none of its {len(before)} posts and comments is on it; "
                "look at the address for a login page or a notice"
            )
    return ""


def _count_what_is_missing(capture: Capture, extraction: Extraction, earlier: Mapping[str, int]) -> Capture:
    """`earlier` is what the site declared at the capture before: a count it no longer states is not taken for zero."""
    short = [
        f"the site declares {declared} {what}, {extraction.found.get(what, 0)} were filed"
        for what, declared in sorted(extraction.declared.items())
        if extraction.found.get(what, 0) < declared
    ]
    short += [
        f"the site declared {declared} {what} before and states no number now, "
        f"{extraction.found.get(what, 0)} were filed"
        for what, declared in sorted(earlier.items())
        if what in _LASTING and what not in extraction.declared and extraction.found.get(what, 0) < declared
    ]
    short += extraction.problems
    if not short:
        return capture
    reason = "; ".join(filter(None, [capture.reason, *short]))
    return replace(capture, outcome=Outcome.PARTIAL, cause="incomplete", reason=reason)


def _comparable(archive: Archive, capture: Capture, record: RecordId) -> Callable[[CataloguedItem], bool]:
    access = {each.started: each.access for each in archive.catalogue.captures(record)}
    return same_access(access, capture.access)


def _recognise_unchanged(
    archive: Archive,
    warc: Path,
    extraction: Extraction,
    capture: Capture,
    comparable: Callable[[CataloguedItem], bool],
) -> Capture:
    """`unchanged` where items, declared counts and the digests of what the items show equal the last ones."""
    assert capture.record_id is not None
    previous = archive.catalogue.items(capture.record_id)
    _, changes = history_after(
        previous, extraction.items, capture, extraction.kind, complete=True, comparable=comparable
    )
    if changes.any or extraction.declared != archive.catalogue.last_declared(capture.record_id):
        return capture
    if not _shows_the_same_media(archive, capture.record_id, warc, extraction.items):
        return capture
    return replace(capture, outcome=Outcome.UNCHANGED)


def _shows_the_same_media(archive: Archive, record: RecordId, warc: Path, items: Sequence[Item]) -> bool:
    """Whether the latest capture that read items has the same pictures, videos and sounds for them.

    Where its files cannot be read nothing is known to be the same.
    """
    seen = [each for each in archive.catalogue.captures(record) if each.outcome in _SAW_CONTENT]
    if not seen:
        return False
    try:
        before = read_manifest(archive.objects.path_of(f"{archive.objects.place(seen[-1].id, record)}/{MANIFEST}"))
        if before.items_path is None:
            return False
        earlier = read_items(archive.objects.path_of(before.items_path))
        recorded = next(each.path for each in before.objects if each.role is ObjectRole.WARC)
        return media_digests(archive.objects.path_of(recorded), earlier) == media_digests(warc, items)
    except (EvidenceDamaged, BadWarc, OSError, StopIteration):
        return False


def _describe(archive: Archive, observed: Observation, staged: Path, capture: Capture) -> tuple[StoredObject, ...]:
    place = archive.objects.place(capture.id, capture.record_id)
    return tuple(describe_object(staged, place, file.name, file.role, file.media_type) for file in observed.files)

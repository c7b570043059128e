"""The catalogue compared with the evidence: captures, objects, items and descriptions must be what the files give."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from archiver.core.archive import Archive
from archiver.core.errors import EvidenceDamaged
from archiver.core.events import EventType
from archiver.core.fixity import Fault, Finding
from archiver.core.manifest import CaptureManifest, read_items, read_manifest
from archiver.core.objects import MANIFEST
from archiver.core.records import Capture, CaptureId, CataloguedItem, Digest, RecordId, StoredObject
from archiver.workflows.filing.record_history import history_after, same_access

_IDENTITY = ("site", "native_root_id")
_DESCRIPTION = (
    "canonical_url",
    "title",
    "creator_name",
    "creator_handle",
    "created",
    "modified",
    "language",
    "keywords",
)
"""What a record's row repeats from its newest capture; its identity may be from any."""


@dataclass(frozen=True)
class _Known:
    """What catalogue and trail say: objects by path, and by capture the digest of its `capture.json`, as told."""

    listed: Mapping[str, StoredObject]
    told: Mapping[CaptureId, Digest | None]
    places: Mapping[CaptureId, int]  # in the trail

    @classmethod
    def of(cls, archive: Archive) -> _Known:
        told: dict[CaptureId, Digest | None] = {}
        places: dict[CaptureId, int] = {}
        disposed = disposed_records(archive)
        for event in archive.trail.events():
            if event.subjects and event.subjects[0] in disposed:
                continue  # with the record its captures went
            if event.type in (EventType.CAPTURED, EventType.CAPTURE_ENDED):
                id = CaptureId(event.subjects[-1])
                told[id] = event.detail.get("manifest")
                places[id] = event.seq
        return cls({each.path: each for each, _ in archive.catalogue.all_objects()}, told, places)


def disposed_records(archive: Archive) -> set[str]:
    """Records the trail tells of as destroyed."""
    return {event.subjects[0] for event in archive.trail.events() if event.type == EventType.RECORD_DISPOSED}


def check_catalogue(archive: Archive) -> Iterator[Finding]:
    """The trail commits to every `capture.json`, that to every other file, and both to what the catalogue says."""
    known = _Known.of(archive)
    for id in sorted(disposed_records(archive) & set(archive.catalogue.record_ids())):
        message = "the trail tells that it was destroyed, and it is here: run `archiver rebuild`"
        yield Finding(fault=Fault.CATALOGUE, subject=id, message=message)
    for id in archive.catalogue.record_ids():
        yield from _check_record(archive, known, id)
    for capture in archive.catalogue.all_captures():
        if capture.record_id is None:
            yield from _check_capture(archive, known, capture)[1]
    for missing in sorted(known.told.keys() - {each.id for each in archive.catalogue.all_captures()}):
        message = "the trail tells of this capture, the catalogue does not"
        yield Finding(fault=Fault.CATALOGUE, subject=missing, message=message)
    try:
        (result,) = archive.db.conn.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        result = str(error)
    if result != "ok":
        yield Finding(fault=Fault.CATALOGUE, subject="catalogue.db", message=result)


def _check_record(archive: Archive, known: _Known, id: RecordId) -> Iterator[Finding]:
    manifests = []
    unread = False
    for capture in archive.catalogue.captures(id):
        manifest, findings = _check_capture(archive, known, capture)
        yield from findings
        unread = unread or manifest is None
        if manifest is not None:
            manifests.append(manifest)
    if unread:
        message = "its items could not be compared: a capture.json is damaged"
        yield Finding(fault=Fault.UNREADABLE, subject=id, message=message)
        return
    try:
        expected = _items_of(archive, manifests, id)
    except (EvidenceDamaged, OSError) as error:
        yield Finding(fault=Fault.UNREADABLE, subject=id, message=f"its items could not be compared: {error}")
        return
    if _by_id(archive.catalogue.items(id)) != _by_id(expected):
        message = "its items in the catalogue are not those of its captures"
        yield Finding(fault=Fault.CATALOGUE, subject=id, message=message)
    if not _is_described_as_last_seen(archive, known, manifests, id):
        message = "its description in the catalogue is not the one its newest capture gives"
        yield Finding(fault=Fault.CATALOGUE, subject=id, message=message)


def _check_capture(archive: Archive, known: _Known, capture: Capture) -> tuple[CaptureManifest | None, list[Finding]]:
    """Its `capture.json`, None where that cannot be read, and what differs."""
    findings = []
    path = f"{archive.objects.place(capture.id, capture.record_id)}/{MANIFEST}"
    entry = known.listed.get(path)
    if capture.id not in known.told:
        message = "no event of the trail tells of this capture"
        findings.append(Finding(fault=Fault.TRAIL, subject=capture.id, message=message))
    elif entry is None or entry.sha256 != known.told[capture.id]:
        message = "the trail knows another digest of it"
        findings.append(Finding(fault=Fault.CATALOGUE, subject=path, message=message))
    try:
        manifest = read_manifest(archive.objects.path_of(path))
    except (EvidenceDamaged, OSError) as error:
        return None, [*findings, Finding(fault=Fault.UNREADABLE, subject=path, message=str(error))]
    unlike = f"its entry is not the one in {MANIFEST}"
    if manifest.capture != capture:
        findings.append(Finding(fault=Fault.CATALOGUE, subject=capture.id, message=unlike))
    findings += [
        Finding(fault=Fault.CATALOGUE, subject=each.path, message=unlike)
        for each in manifest.objects
        if known.listed.get(each.path) != each
    ]
    return manifest, findings


def _items_of(archive: Archive, manifests: Sequence[CaptureManifest], id: RecordId) -> list[CataloguedItem]:
    """The record's items as its captures' files give them, one capture after the other."""
    items: list[CataloguedItem] = []
    kind = archive.catalogue.record(id).kind
    access = {each.capture.started: each.capture.access for each in manifests}
    for manifest in manifests:
        capture = manifest.capture
        seen = read_items(archive.objects.path_of(manifest.items_path)) if manifest.items_path else ()
        comparable = same_access(access, capture.access)
        items, _ = history_after(items, seen, capture, kind, complete=manifest.complete, comparable=comparable)
    return items


def _by_id(items: list[CataloguedItem]) -> dict[str, CataloguedItem]:
    return {each.id: each for each in items}


def _is_described_as_last_seen(
    archive: Archive, known: _Known, manifests: Sequence[CaptureManifest], id: RecordId
) -> bool:
    """By the newest capture that read anything: the newest by its date, or the one filed last."""
    reading = [each for each in manifests if each.extraction is not None and each.items_file is not None]
    if not reading:
        return False
    described = archive.catalogue.observed_record(id)
    newest = {
        max(reading, key=lambda each: each.capture.started).capture.id,
        max(reading, key=lambda each: known.places.get(each.capture.id, -1)).capture.id,
    }

    def agrees(manifest: CaptureManifest, names: Sequence[str]) -> bool:
        return all(getattr(described, name) == getattr(manifest.extraction, name) for name in names)

    return any(agrees(each, _IDENTITY) for each in reading) and any(
        agrees(each, _DESCRIPTION) for each in reading if each.capture.id in newest
    )

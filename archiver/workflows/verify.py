"""Is everything still what was recorded? Every object re-hashed, every WARC read to its end, the trail
recomputed, the catalogue compared with the evidence, the index with the catalogue.

Exits non-zero if anything differs or could not be checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.core.archive import Archive
from archiver.core.checkpoints import check_checkpoints, read_checkpoints
from archiver.core.errors import EvidenceDamaged, IndexDamaged, TrailBroken
from archiver.core.events import EventType
from archiver.core.fixity import Fault, Finding, check_object, check_warc_object, is_warc
from archiver.core.manifest import read_items, read_manifest
from archiver.core.objects import MANIFEST
from archiver.core.progress import Progress, silent
from archiver.core.records import CataloguedItem, RecordId
from archiver.workflows.indexing import unfindable_items
from archiver.workflows.record_history import history_after
from archiver.workflows.verify_kept_once import kept_once_findings

_DESCRIPTION = (
    "site",
    "native_root_id",
    "canonical_url",
    "title",
    "creator_name",
    "creator_handle",
    "created",
    "modified",
    "language",
    "keywords",
)
"""What a record's row repeats from its captures."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was checked and what was found wrong; sound only where `findings` is empty."""

    objects: int
    bytes: int
    warcs: int
    events: int
    checkpoints: int
    records: int
    findings: tuple[Finding, ...]


def verify_archive(archive: Archive, *, trusted_key: str | None = None, progress: Progress = silent) -> Verified:
    """`trusted_key` is the fingerprint the agency publishes; without it any signing key is accepted."""
    stored = archive.catalogue.all_objects()
    findings: list[Finding] = []
    for number, (each, records) in enumerate(stored, 1):
        try:
            path = archive.objects.path_of(each.path)
        except EvidenceDamaged as error:
            findings.append(Finding(fault=Fault.CATALOGUE, subject=each.path, message=str(error)))
            continue
        findings += check_object(each, path)
        if records is None:
            findings.append(
                Finding(fault=Fault.CATALOGUE, subject=each.path, message="its capture is not in the catalogue")
            )
        elif is_warc(each) and path.exists():
            findings += check_warc_object(each, path, records)
        progress(number, len(stored), each.path)
    findings += kept_once_findings(archive, {each.subject for each in findings})
    findings += _unknown_files(archive)
    findings += _trail_findings(archive, trusted_key)
    findings += _manifest_findings(archive)
    findings += _catalogue_findings(archive)
    findings += _index_findings(archive)
    return Verified(
        objects=len(stored),
        bytes=sum(each.size for each, _ in stored),
        warcs=sum(is_warc(each) for each, _ in stored),
        events=archive.trail.head().size,
        checkpoints=_count_checkpoints(archive),
        records=len(archive.catalogue.record_ids()),
        findings=tuple(findings),
    )


def _unknown_files(archive: Archive) -> Iterator[Finding]:
    known = {each.path for each, _ in archive.catalogue.all_objects()}
    for path in archive.objects.files():
        if path not in known:
            yield Finding(fault=Fault.UNKNOWN_FILE, subject=path, message="the catalogue does not know this file")
    for path in archive.objects.links():
        yield Finding(
            fault=Fault.UNKNOWN_FILE,
            subject=path,
            message="a symbolic link: what it leads to can be changed from elsewhere, evidence lies here itself",
        )


def _trail_findings(archive: Archive, trusted: str | None) -> Iterator[Finding]:
    for message in archive.trail.verify():
        yield Finding(fault=Fault.TRAIL, subject="trail", message=message)
    try:
        checkpoints = read_checkpoints(archive.directory / "trail")
    except TrailBroken as error:
        yield Finding(fault=Fault.TRAIL, subject="trail/checkpoints.jsonl", message=str(error))
        return
    if not checkpoints:
        yield Finding(
            fault=Fault.TRAIL,
            subject="trail/checkpoints.jsonl",
            message="there is no signed checkpoint: that the trail was not cut cannot be checked",
        )
    leaves = archive.trail.leaves()
    for message in check_checkpoints(checkpoints, leaves, archive.settings.archive.id, trusted):
        yield Finding(fault=Fault.TRAIL, subject="trail/checkpoints.jsonl", message=message)


def _manifest_findings(archive: Archive) -> Iterator[Finding]:
    """The trail commits to every `capture.json`, and that to every other file: compare all three."""
    listed = {each.path: each for each, _ in archive.catalogue.all_objects()}
    told = {}
    for event in archive.trail.events():
        if event.type in (EventType.CAPTURED, EventType.CAPTURE_ENDED):
            told[event.subjects[-1]] = event.detail.get("manifest")
    for capture in archive.catalogue.all_captures():
        place = archive.objects.place(capture.id, capture.record_id)
        entry = listed.get(f"{place}/{MANIFEST}")
        if capture.id not in told:
            yield Finding(fault=Fault.TRAIL, subject=capture.id, message="no event of the trail tells of this capture")
        elif entry is None or entry.sha256 != told[capture.id]:
            yield Finding(
                fault=Fault.CATALOGUE,
                subject=f"{place}/{MANIFEST}",
                message="the trail knows another digest of it",
            )
        try:
            manifest = read_manifest(archive.objects.path_of(f"{place}/{MANIFEST}"))
        except (EvidenceDamaged, OSError) as error:
            yield Finding(fault=Fault.UNREADABLE, subject=f"{place}/{MANIFEST}", message=str(error))
            continue
        if manifest.capture != capture:
            yield Finding(fault=Fault.CATALOGUE, subject=capture.id, message=f"its entry is not the one in {MANIFEST}")
        for each in manifest.objects:
            if listed.get(each.path) != each:
                yield Finding(
                    fault=Fault.CATALOGUE,
                    subject=each.path,
                    message=f"its entry is not the one in {MANIFEST}",
                )
    for id in told.keys() - {each.id for each in archive.catalogue.all_captures()}:
        yield Finding(
            fault=Fault.CATALOGUE,
            subject=id,
            message="the trail tells of this capture, the catalogue does not",
        )


def _catalogue_findings(archive: Archive) -> Iterator[Finding]:
    """The catalogue's items must be what the captures' item files give."""
    for id in archive.catalogue.record_ids():
        try:
            expected = replay_items(archive, id)
        except (EvidenceDamaged, OSError) as error:
            yield Finding(fault=Fault.UNREADABLE, subject=id, message=f"its items could not be compared: {error}")
            continue
        if _comparable(archive.catalogue.items(id)) != _comparable(expected):
            yield Finding(
                fault=Fault.CATALOGUE,
                subject=id,
                message="its items in the catalogue are not those of its captures",
            )
        if not _is_described_by_its_captures(archive, id):
            yield Finding(
                fault=Fault.CATALOGUE,
                subject=id,
                message="its description in the catalogue is not one that any of its captures gives",
            )
    try:
        (result,) = archive.db.conn.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        result = str(error)
    if result != "ok":
        yield Finding(fault=Fault.CATALOGUE, subject="catalogue.db", message=result)


def _is_described_by_its_captures(archive: Archive, record: RecordId) -> bool:
    described = archive.catalogue.observed_record(record)
    stated = [
        read_manifest(archive.objects.root / archive.objects.place(each.id, record) / MANIFEST).extraction
        for each in archive.catalogue.captures(record)
    ]
    return any(
        all(getattr(described, name) == getattr(each, name) for name in _DESCRIPTION)
        for each in stated
        if each is not None
    )


def replay_items(archive: Archive, record: RecordId) -> list[CataloguedItem]:
    """The record's items as its captures' files give them, one capture after the other."""
    items: list[CataloguedItem] = []
    known = archive.catalogue.record(record)
    for capture in archive.catalogue.captures(record):
        directory = archive.objects.root / archive.objects.place(capture.id, record)
        manifest = read_manifest(directory / MANIFEST)
        seen = read_items(archive.objects.path_of(manifest.items_path)) if manifest.items_path else ()
        items, _ = history_after(items, seen, manifest.capture, known.kind, complete=manifest.complete)
    return items


def _comparable(items: list[CataloguedItem]) -> dict[str, CataloguedItem]:
    return {each.id: each for each in items}


def _index_findings(archive: Archive) -> Iterator[Finding]:
    try:
        missing = unfindable_items(archive)
    except IndexDamaged as error:
        yield Finding(fault=Fault.INDEX, subject="search", message=str(error))
        return
    for id in missing:
        yield Finding(fault=Fault.INDEX, subject=id, message="this item cannot be found by search")


def _count_checkpoints(archive: Archive) -> int:
    try:
        return len(read_checkpoints(archive.directory / "trail"))
    except TrailBroken:
        return 0

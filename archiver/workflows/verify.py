"""Is everything still what was recorded? Every object re-hashed, every WARC read to its end, the trail
recomputed, the catalogue compared with the evidence, the index with the catalogue.

Exits non-zero if anything differs or could not be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archiver.core.archive import Archive
from archiver.core.checkpoints import check_checkpoints, read_checkpoints
from archiver.core.errors import IndexDamaged, TrailBroken
from archiver.core.fixity import Fault, Finding, is_warc
from archiver.core.progress import Progress, silent
from archiver.workflows.indexing import unfindable_items
from archiver.workflows.verify_catalogue import check_catalogue
from archiver.workflows.verify_evidence import check_evidence, unknown_files


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
    findings = list(check_evidence(archive, stored, progress))
    findings += unknown_files(archive)
    findings += _trail_findings(archive, trusted_key)
    findings += check_catalogue(archive)
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

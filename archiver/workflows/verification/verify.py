"""Is everything still what was recorded? Every object re-hashed, every WARC read to its end, the trail
recomputed, the catalogue compared with the evidence, the index with the catalogue.

Exits non-zero if anything differs or could not be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.fixity import Fault, Finding, is_warc
from archiver.core.progress import Progress, silent
from archiver.core.witness import Witnessed
from archiver.workflows.indexing.reconcile import index_faults
from archiver.workflows.verification.catalogue import check_catalogue
from archiver.workflows.verification.evidence import check_evidence, unknown_files
from archiver.workflows.verification.kept_once import kept_once_findings
from archiver.workflows.verification.trail import Proved, check_trail


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was checked and what was found wrong; sound only where `findings` is empty."""

    objects: int
    bytes: int
    warcs: int
    events: int
    checkpoints: int
    records: int
    proved: tuple[Proved, ...]  # by time-stamps
    findings: tuple[Finding, ...]


def verify_archive(
    archive: Archive,
    *,
    trusted_keys: Collection[str] = (),
    witnessed: Sequence[Witnessed] = (),
    now: Callable[[], datetime] = clock.now,
    progress: Progress = silent,
) -> Verified:
    """Every object, the trail, the catalogue and the index.

    `trusted_keys` are fingerprints the agency publishes; without any, keys are taken on their own word.
    `witnessed` are tree heads kept elsewhere, which the trail must continue.
    """
    stored = archive.catalogue.all_objects()
    findings = list(check_evidence(archive, stored, progress))
    findings += kept_once_findings(archive, {each.subject for each in findings})
    findings += unknown_files(archive)
    trail = check_trail(archive, trusted=trusted_keys, witnessed=witnessed, now=now())
    findings += trail.findings
    findings += check_catalogue(archive)
    findings += _index_findings(archive)
    return Verified(
        objects=len(stored),
        bytes=sum(each.size for each, _ in stored),
        warcs=sum(is_warc(each) for each, _ in stored),
        events=archive.trail.head().size,
        checkpoints=trail.checkpoints,
        proved=trail.proved,
        records=len(archive.catalogue.record_ids()),
        findings=tuple(findings),
    )


def _index_findings(archive: Archive) -> Iterator[Finding]:
    for subject, message in index_faults(archive):
        yield Finding(fault=Fault.INDEX, subject=subject, message=message)

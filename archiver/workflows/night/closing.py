"""What a night does when the captures are over: the index caught up, proposals counted, a sample of files hashed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.errors import ArchiverError, NotFound
from archiver.core.fixity import check_object
from archiver.workflows.plan_retention import plan_records
from archiver.workflows.reconcile import reconcile


@dataclass(frozen=True, kw_only=True)
class Closing:
    """`due` counts records whose period is over, `undecided` those without a class; None without a file plan.

    `findings` tell of stored files that are not what was recorded and of items that search did not find,
    `problems` of what could not be done.
    """

    searchable: int | None = None  # posts and comments in the index
    searched: int | None = None  # those looked for by their own words
    due: int | None = None
    undecided: int | None = None
    files_hashed: int = 0
    findings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def close_night(archive: Archive, *, now: datetime) -> Closing:
    """Never raises what one of its parts does: the night's captures are to be reported whatever happens here."""
    problems: list[str] = []
    searchable = searched = due = undecided = None
    repaired: tuple[str, ...] = ()
    try:
        reconciled = reconcile(archive, seed=secrets.randbits(64))
        searchable, searched, repaired = reconciled.items, reconciled.asked, reconciled.findings
    except ArchiverError as error:
        problems.append(f"the index could not be caught up: {error}")
    try:
        planned = plan_records(archive, today=now.astimezone(archive.settings.archive.zone).date())
        today = now.astimezone(archive.settings.archive.zone).date()
        due = sum(each.decision.due is not None and each.decision.due <= today for each in planned)
        undecided = sum(each.record.class_code is None for each in planned)
    except NotFound:
        pass  # no file plan is active: nothing can be due
    stored = [each for each, _ in archive.catalogue.all_objects()]
    sample = secrets.SystemRandom().sample(stored, min(len(stored), archive.settings.nightly.fixity_sample))
    findings = [
        f"{finding.subject}: {finding.message}"
        for each in sample
        for finding in check_object(each, archive.objects.path_of(each.path))
    ]
    try:
        archive.finish_run(at=now)
    except (ArchiverError, OSError) as error:
        problems.append(f"the catalogue could not be snapshotted: {error}")
    return Closing(
        searchable=searchable,
        searched=searched,
        due=due,
        undecided=undecided,
        files_hashed=len(sample),
        findings=(*repaired, *findings),
        problems=tuple(problems),
    )

"""What a night does when the captures are over: the index caught up, what is due proposed, files hashed anew."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from archiver.core.archive import Archive
from archiver.core.errors import ArchiverError, NotFound
from archiver.workflows.backups.late_backups import late_backups
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.indexing.reconcile import reconcile
from archiver.workflows.keeping.preserve import check_fixity, copy_to_second
from archiver.workflows.keeping.standing import Standing


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


def close_night(archive: Archive, *, actor: str, now: datetime) -> Closing:
    """Never raises what one of its parts does: the night's captures are to be reported whatever happens here."""
    problems: list[str] = []
    searchable = searched = due = undecided = None
    repaired: tuple[str, ...] = ()
    try:
        reconciled = reconcile(archive, seed=secrets.randbits(64))
        searchable, searched, repaired = reconciled.items, reconciled.asked, reconciled.findings
    except ArchiverError as error:
        problems.append(f"the index could not be caught up: {error}")
    today = now.astimezone(archive.settings.archive.zone).date()
    try:
        due, undecided = _count(archive, today)
        propose_batches(archive, actor=actor, now=now)
    except NotFound:
        pass  # no file plan is active: nothing can be due
    except ArchiverError as error:
        problems.append(f"what is due was not proposed: {error}")
    try:
        if archive.settings.retention.second_copy:
            copy_to_second(archive)
    except ArchiverError as error:
        problems.append(f"the second copy could not be brought up to date: {error}")
    hashed = check_fixity(archive, now=now, at_least=archive.settings.nightly.fixity_sample)
    problems += [f"{each} was damaged and is repaired from the second copy" for each in hashed.repaired]
    problems += late_backups(archive, now=now)
    try:
        archive.finish_run(at=now)
    except (ArchiverError, OSError) as error:
        problems.append(f"the catalogue could not be snapshotted: {error}")
    return Closing(
        searchable=searchable,
        searched=searched,
        due=due,
        undecided=undecided,
        files_hashed=hashed.checked,
        findings=(*repaired, *hashed.findings),
        problems=tuple(problems),
    )


def _count(archive: Archive, today: date) -> tuple[int, int]:
    """How many records' dates have come, held ones among them, and how many have no class. Raises NotFound."""
    due = undecided = 0
    for each in Standing.of(archive).of_all(today):
        due += each.due is not None and each.due <= today
        undecided += each.class_code is None
    return due, undecided

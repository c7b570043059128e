"""What an archive holds and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archiver.core.archive import DISPOSAL_LOCK, Archive
from archiver.core.catalogue import RecordFilter
from archiver.core.errors import IndexDamaged
from archiver.core.events import TrailHead
from archiver.workflows.archive.timestamp import stamp_state
from archiver.workflows.indexing.catching_up import open_engine
from retention.batches import Status as BatchStatus
from retention.batches import batch_ids
from retention.holds import holds


@dataclass(frozen=True, kw_only=True)
class Status:
    agency: str
    archive_id: str
    counts: dict[str, int]
    trail: TrailHead
    unclassified: int
    index_lag: int  # changes the index has yet to learn
    disposal_locked: bool
    batches_waiting: int  # for review, for approval, or to be carried out
    holds: int  # active ones
    still_online: int  # destroyed records that their sites were found to show still
    last_stamp: datetime | None  # of the trail, by the time-stamping authority
    stamp_failed: str  # why the authority gave none since


def describe_archive(archive: Archive) -> Status:
    try:
        with open_engine(archive) as engine:
            known = engine.watermark().seq
    except IndexDamaged:
        known = 0  # the next search makes it anew
    state = stamp_state(archive)
    return Status(
        agency=archive.settings.archive.agency,
        archive_id=archive.settings.archive.id,
        counts=archive.catalogue.counts(),
        trail=archive.trail.head(),
        unclassified=len(archive.catalogue.records(RecordFilter(classified=False))),
        index_lag=len(archive.catalogue.records_changed_since(known)),
        last_stamp=state.newest.at if state.newest else None,
        stamp_failed=state.reason,
        disposal_locked=archive.meta(DISPOSAL_LOCK) is not None,
        batches_waiting=len(batch_ids(archive.db, BatchStatus.PROPOSED, BatchStatus.APPROVED, BatchStatus.EXECUTING)),
        holds=len(holds(archive.db, active=True)),
        still_online=sum(each.seen_online is not None for each in archive.catalogue.stubs()),
    )

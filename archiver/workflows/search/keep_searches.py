"""Searches kept under a name: run again at any time, each run declared, and what is new since told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archiver.core.archive import Archive, Change
from archiver.core.errors import NotFound
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.records import RecordId
from archiver.core.saved_searches import SavedSearch, SavedSearches, SearchRun
from archiver.workflows.search.find import FrozenHits, freeze


@dataclass(frozen=True, kw_only=True)
class ChangedHit:
    item: str
    record: RecordId


@dataclass(frozen=True, kw_only=True)
class SearchDiff:
    """What a later run found beyond an earlier one, and what it found no longer.

    `reading` tells where the two did not ask the same: the analyser changed, or the query names days as seen from
    the day of the run ("last quarter").
    """

    search: SavedSearch
    earlier: SearchRun | None  # None: there was none
    later: SearchRun
    new: tuple[ChangedHit, ...]
    no_longer: tuple[ChangedHit, ...]
    reading: str


def save_search(
    archive: Archive,
    name: str,
    query: str,
    *,
    actor: Person,
    now: datetime,
    whole_threads: bool = False,
    note: str = "",
    progress: Progress = silent,
) -> SearchDiff:
    """Keep `query` under `name`, and run it for the first time. Raises BadQuery, BadInput, AlreadyExists."""
    actor.require(Permission.ANSWER)
    frozen = freeze(archive, query, now=now, whole_threads=whole_threads, progress=progress)
    searches = SavedSearches(archive.db)
    with archive.change(at=now, actor=actor.id) as change:
        saved = searches.save(name=name, query=query, whole_threads=whole_threads, note=note, now=now, actor=actor.id)
        change.record(EventType.SEARCH_SAVED, [saved.id], commits=[("saved_searches", saved.id)])
        run = _declare(searches, change, saved, frozen)
    return _compare(searches, saved, None, run)


def run_search(archive: Archive, name: str, *, actor: Person, now: datetime, progress: Progress = silent) -> SearchDiff:
    """Run a saved search again, and tell what changed since its last run. Raises NotFound, BadQuery."""
    actor.require(Permission.ANSWER)
    searches = SavedSearches(archive.db)
    saved = searches.search(name)
    frozen = freeze(archive, saved.query, now=now, whole_threads=saved.whole_threads, progress=progress)
    with archive.change(at=now, actor=actor.id) as change:
        earlier = searches.runs(saved)[-1]
        run = _declare(searches, change, saved, frozen)
    return _compare(searches, saved, earlier, run)


def compare_runs(archive: Archive, name: str, *, earlier: int | None = None, later: int | None = None) -> SearchDiff:
    """Two runs of a saved search, by their numbers; None: the last one, and the one before the later.

    Raises NotFound.
    """
    searches = SavedSearches(archive.db)
    saved = searches.search(name)
    runs = searches.runs(saved)
    last = _run(saved, runs, later) if later is not None else runs[-1]
    before = [run for run in runs if run.id < last.id]
    first = _run(saved, runs, earlier) if earlier is not None else (before[-1] if before else None)
    return _compare(searches, saved, first, last)


def _run(saved: SavedSearch, runs: list[SearchRun], number: int) -> SearchRun:
    for run in runs:
        if run.id == number:
            return run
    known = ", ".join(str(run.id) for run in runs)
    raise NotFound(f"{saved.name!r} has no run {number}; its runs are {known}")


def _declare(searches: SavedSearches, change: Change, saved: SavedSearch, frozen: FrozenHits) -> SearchRun:
    run = searches.declare(
        saved,
        interpreted=frozen.interpreted,
        analyser_version=frozen.analyser_version,
        watermark=frozen.watermark,
        hits=frozen.hits,
        now=change.at,
        actor=change.actor,
    )
    change.record(
        EventType.SEARCH_RUN,
        [saved.id],
        {"run": run.id, "total": run.total, "records": run.records, "watermark": run.watermark},
        commits=[("search_runs", run.id)],
    )
    return run


def _compare(searches: SavedSearches, saved: SavedSearch, earlier: SearchRun | None, later: SearchRun) -> SearchDiff:
    before = searches.hits(earlier) if earlier else {}
    after = searches.hits(later)
    reading = []
    if earlier and earlier.analyser_version != later.analyser_version:
        reading.append(f"words were analysed by version {earlier.analyser_version}, then {later.analyser_version}")
    if earlier and earlier.interpreted != later.interpreted:
        reading.append(f"interpreted as {earlier.interpreted}, then as {later.interpreted}")
    return SearchDiff(
        search=saved,
        earlier=earlier,
        later=later,
        new=tuple(ChangedHit(item=item, record=record) for item, record in after.items() if item not in before),
        no_longer=tuple(ChangedHit(item=item, record=record) for item, record in before.items() if item not in after),
        reading="; ".join(reading),
    )

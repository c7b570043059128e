"""Keeping the index what the catalogue says: what lags is caught up before anything is answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.errors import ArchiveBusy, IndexDamaged, IndexOutdated
from archiver.core.index_feed import records_by_first_capture
from archiver.core.progress import Progress, silent
from archiver.core.records import RecordId
from archiver.workflows.indexing.docs import index_docs
from archiver.workflows.indexing.making import Noted
from index.analyser import ANALYSER_VERSION
from index.engine import SearchEngine
from index.generations import new_generation, open_current
from index.query import All, Records

_RECORDS_AT_ONCE = 1_000
_FILLED_AT_ONCE = 8_000
"""Records of a new index between two commits: some 100,000 items, of which no more than the ids are in memory."""

PATIENCE = 10.0
"""Seconds a search, or a disposal, waits for another run that writes to the index."""


@dataclass(frozen=True, kw_only=True)
class IndexState:
    seq: int
    analyser: int
    items: int
    rebuilt: bool


@contextmanager
def open_engine(archive: Archive) -> Iterator[SearchEngine]:
    """The archive's engine as it stands. Raises IndexDamaged."""
    engine = open_current(index_directory(archive), archive.settings.search.engine)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def current_engine(archive: Archive, progress: Progress = silent) -> Iterator[SearchEngine]:
    """The engine, caught up with the catalogue; a damaged or outdated index is made anew first.

    Raises ArchiveBusy where another run writes to the index for long.
    """
    engine = _current(archive, progress)
    try:
        yield engine
    finally:
        engine.close()


def _current(archive: Archive, progress: Progress) -> SearchEngine:
    until = time.monotonic() + PATIENCE
    is_new = False
    while True:
        try:
            return _caught_up(archive, progress)
        except IndexDamaged:
            if is_new:
                raise
            with suppress(ArchiveBusy):  # whoever makes it anew already is waited for
                _make_anew(archive, progress)
                is_new = True
                continue
            if time.monotonic() > until:
                raise
        except ArchiveBusy:
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


def update_index(archive: Archive, *, rebuild: bool = False, progress: Progress = silent) -> IndexState:
    """Teach the index what it lacks; make it anew where it is damaged, outdated or `rebuild` says so.

    The one that is there answers until the new one is whole. Raises ArchiveBusy.
    """
    if not rebuild:
        try:
            engine = _caught_up(archive, progress)
        except IndexDamaged:
            pass  # it is derived: what it was cannot matter, what it must be is in the catalogue
        else:
            return _state(engine, rebuilt=False)
    _make_anew(archive, progress)
    return _state(_caught_up(archive, progress), rebuilt=True)


def _state(engine: SearchEngine, *, rebuilt: bool) -> IndexState:
    mark = engine.watermark()
    items = engine.count(All())
    engine.close()
    return IndexState(seq=mark.seq, analyser=mark.analyser, items=items, rebuilt=rebuilt)


def _make_anew(archive: Archive, progress: Progress) -> None:
    directory = index_directory(archive)
    noted = Noted(directory, progress)
    with new_generation(directory, archive.settings.search.engine, around=noted) as engine:
        head = archive.catalogue.index_head()
        # in the order of first capture one partition after the other is filled
        records = records_by_first_capture(archive.db)
        for start in range(0, len(records), _FILLED_AT_ONCE):
            batch = records[start : start + _FILLED_AT_ONCE]
            engine.apply(index_docs(archive, _told(batch, start, len(records), noted.tell)), (), seq=0)
        engine.apply((), (), seq=head)
        _catch_up(archive, engine, noted.tell)
        engine.prepare()


def _told(records: list[RecordId], start: int, total: int, progress: Progress) -> Iterator[RecordId]:
    for number, record in enumerate(records, start=start + 1):
        yield record
        if number % 100 == 0 or number == total:
            progress(number, total, "indexing")


def _caught_up(archive: Archive, progress: Progress) -> SearchEngine:
    engine = open_current(index_directory(archive), archive.settings.search.engine)
    try:
        _catch_up(archive, engine, progress)
    except BaseException:
        engine.close()
        raise
    return engine


def _catch_up(archive: Archive, engine: SearchEngine, progress: Progress) -> None:
    head = archive.catalogue.index_head()
    mark = engine.watermark()
    if mark.analyser != ANALYSER_VERSION or mark.seq > head:  # more than the catalogue knows: it was restored
        raise IndexOutdated(
            f"the index was made by analyser {mark.analyser} up to change {mark.seq}; this is analyser "
            f"{ANALYSER_VERSION}, and the catalogue is at change {head}"
        )
    changed = archive.catalogue.records_changed_since(mark.seq)
    for start in range(0, len(changed), _RECORDS_AT_ONCE):
        batch = changed[start : start + _RECORDS_AT_ONCE]
        # the mark moves with the last batch: a run cut short is repeated, and repeating changes nothing
        seq = head if start + _RECORDS_AT_ONCE >= len(changed) else mark.seq
        docs = list(index_docs(archive, batch))
        stale = set(engine.iter_ids(Records(ids=frozenset(batch)))) - {doc.id for doc in docs}
        engine.apply(docs, stale, seq=seq)
        progress(min(start + _RECORDS_AT_ONCE, len(changed)), len(changed), "indexing")


def index_directory(archive: Archive) -> Path:
    """Where the archive's indexes lie."""
    return archive.directory / "search"

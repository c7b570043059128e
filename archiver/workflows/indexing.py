"""Keeping the index what the catalogue says: what lags is caught up before anything is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from archiver.core.archive import Archive
from archiver.core.durable import make_directory
from archiver.core.errors import IndexDamaged
from archiver.core.progress import Progress, silent
from archiver.core.records import TEXT_SEPARATOR, Account, AccountId, CataloguedItem, IndexDoc, Record, RecordId
from archiver.core.stubs import destroyed_among
from index.analyser import ANALYSER_VERSION
from index.engine import SearchEngine
from index.engines.tantivy_engine import TantivyEngine
from index.query import All, Records

_RECORDS_AT_ONCE = 2000


@dataclass(frozen=True, kw_only=True)
class IndexState:
    seq: int
    analyser: int
    items: int
    rebuilt: bool


@contextmanager
def open_engine(archive: Archive) -> Iterator[SearchEngine]:
    """The archive's engine as it stands. Raises IndexDamaged."""
    engine = TantivyEngine.open(_directory(archive))
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def current_engine(archive: Archive, progress: Progress = silent) -> Iterator[SearchEngine]:
    """The engine, caught up with the catalogue; a damaged or outdated index is made anew first."""
    update_index(archive, progress=progress)
    with open_engine(archive) as engine:
        yield engine


def update_index(archive: Archive, *, rebuild: bool = False, progress: Progress = silent) -> IndexState:
    """Teach the index what it lacks; make it anew where it is damaged, outdated or `rebuild` says so."""
    if not rebuild:
        try:
            return _catch_up(archive, progress)
        except IndexDamaged:
            pass  # it is derived: what it was cannot matter, what it must be is in the catalogue
    TantivyEngine.create(_directory(archive)).close()
    state = _catch_up(archive, progress)
    return IndexState(seq=state.seq, analyser=state.analyser, items=state.items, rebuilt=True)


def _catch_up(archive: Archive, progress: Progress) -> IndexState:
    head = archive.catalogue.index_head()
    with open_engine(archive) as engine:
        mark = engine.watermark()
        if mark.analyser != ANALYSER_VERSION or mark.seq > head:
            raise IndexDamaged(
                f"the index was made by analyser {mark.analyser} up to change {mark.seq}; this is analyser "
                f"{ANALYSER_VERSION}, and the catalogue is at change {head}"
            )
        changed = archive.catalogue.records_changed_since(mark.seq)
        for start in range(0, len(changed), _RECORDS_AT_ONCE):
            batch = changed[start : start + _RECORDS_AT_ONCE]
            # the mark moves with the last batch: a run cut short is repeated, and repeating changes nothing
            seq = head if start + _RECORDS_AT_ONCE >= len(changed) else mark.seq
            gone = frozenset(destroyed_among(archive.db, batch))
            there = [each for each in batch if each not in gone]
            deletes = list(engine.iter_ids(Records(ids=gone))) if gone else []
            engine.apply(index_docs(archive, there), deletes, seq=seq)
            progress(min(start + _RECORDS_AT_ONCE, len(changed)), len(changed), "indexing")
        return IndexState(seq=head, analyser=ANALYSER_VERSION, items=engine.count(All()), rebuilt=False)


def _directory(archive: Archive) -> Path:
    directory = archive.directory / "search"
    make_directory(directory)
    return directory


def index_docs(archive: Archive, records: Iterable[RecordId]) -> Iterator[IndexDoc]:
    """What the index is told of these records' items."""
    accounts = {each.id: each for each in archive.register.accounts()}
    for id in records:
        record = archive.catalogue.record(id)
        for position, item in enumerate(archive.catalogue.items(id)):
            # a thread's title is said once: a comment below it is no hit for its words
            yield index_doc(record, item, accounts, title=record.title if position == 0 else "")


def index_doc(record: Record, entry: CataloguedItem, accounts: dict[AccountId, Account], *, title: str) -> IndexDoc:
    """Earlier texts follow the current one, so that what was said is found though it was edited away."""
    item = entry.item
    earlier = [version.text for version in reversed(entry.versions) if version.text != item.text]
    alternatives = [media.alt for media in item.media if media.alt]
    account = accounts.get(record.account_id) if record.account_id else None
    return IndexDoc(
        id=entry.id,
        record_id=record.id,
        body=TEXT_SEPARATOR.join([item.text, *earlier, *alternatives]),
        title=title,
        site=record.site,
        account=f"{account.handle} {account.department}".strip() if account else "",
        creator=f"{item.creator_name} {item.creator_handle}".strip(),
        kind=f"{item.kind.value} {record.kind.value}",
        observed=entry.observed.value,
        language=item.language,
        keywords=" ".join((*record.keywords, *record.tags)),
        created=item.created,
        captured=entry.first_seen,
        gone=entry.gone_before,
        has=" ".join(dict.fromkeys([*(media.kind for media in item.media), *(["link"] if item.links else [])])),
        link=" ".join(dict.fromkeys(domain for url in item.links for domain in _domains(url))),
    )


def _domains(url: str) -> list[str]:
    """The host `url` leads to, and the domains above it down to two labels."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return []
    labels = host.removeprefix("www.").split(".")
    if ":" in host or labels[-1].isdigit():
        return [host]  # an address
    return [".".join(labels[first:]) for first in range(max(1, len(labels) - 1))]


def unfindable_items(archive: Archive) -> list[str]:
    """Items the catalogue has and the index has not, after catching up: empty, or the index is broken."""
    with current_engine(archive) as engine:
        return engine.missing(archive.catalogue.item_ids())

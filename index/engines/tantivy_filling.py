"""What one `apply` does to Tantivy's partitions: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from pathlib import Path

from archiver.core.durable import storage_errors
from archiver.core.errors import IndexDamaged
from archiver.core.records import IndexDoc
from index.engine import Receipt
from index.engines.seal import REBUILD, link_files
from index.engines.sealed import NewPart, SealedDirectory
from index.engines.tantivy_partition import Partition, document_of, ids_query
from index.fields import field_terms

MOST_ITEMS = 50_000
"""In one partition: what is rewritten when one of its records is destroyed."""

_AT_ONCE = 10_000
_OPEN_WRITERS = 3  # each has threads and memory of its own
_COMMITTING = 2  # besides


class Filling:
    """`parts` are the partitions as they are afterwards.

    A partition that changes is written in a new one that begins with its files, so nothing of this is part of the
    index before the new seal, however often it is committed; the old ones are searched meanwhile.
    """

    def __init__(self, sealed: SealedDirectory, parts: Mapping[str, Partition]) -> None:
        self.parts = dict(parts)
        self._sealed = sealed
        self._old = dict(parts)
        self._months = {name: part.month for name, part in sealed.seal.parts.items()}
        self._totals = {name: part.total for name, part in sealed.seal.parts.items()}
        self._made = sealed.seal.made
        self._linked: dict[str, str] = {}  # the old partition that a new one began with
        self._now = {name: name for name in parts}  # what became of each old partition
        self._open: dict[str, str] = {}  # the partition of each month that has room
        for name, month in self._months.items():
            if self._totals[name] < MOST_ITEMS:
                self._open[month] = name
        self._writing: dict[str, None] = {}  # partitions with an open writer, the one used last at the end
        self._committing = ThreadPoolExecutor(_COMMITTING)  # Tantivy lets go of the interpreter meanwhile
        self._commits: dict[str, Future[None]] = {}
        self._placed: dict[str, str] = {}  # where each item of this apply went
        self._deleted = 0

    def take(self, adds: Iterable[IndexDoc], deletes: Iterable[str]) -> None:
        """Hand everything to writers. Whatever `adds` raises passes through."""
        adds = iter(adds)
        while batch := {doc.id: doc for doc in islice(adds, _AT_ONCE)}:
            again = batch.keys() & self._placed.keys()
            for id in again:
                self._forget(self._placed.pop(id), id)
            self._forget_held(batch.keys() - again)
            for doc in batch.values():
                self._place(doc)
        gone = sorted(set(deletes) - self._placed.keys())
        for start in range(0, len(gone), _AT_ONCE):
            self._deleted += self._forget_held(set(gone[start : start + _AT_ONCE]))

    def finish(self, seq: int) -> Receipt:
        """Commit and seal."""
        for name in self._writing.copy():
            self._commit(name)
        for name in self._commits.copy():
            self._await_commit(name)
        self._committing.shutdown()
        kept = {
            name: NewPart(month=self._months[name], total=self._totals[name], linked=self._linked.get(name, ""))
            for name in self.parts
            if self._totals[name]
        }
        self._sealed.finish(kept, seq=seq, made=self._made)
        self.parts = {name: self.parts[name] for name in kept}
        return Receipt(added=len(self._placed), deleted=self._deleted, total=self._sealed.seal.total, seq=seq)

    def take_back(self) -> None:
        """Leave everything as it was."""
        self._committing.shutdown(cancel_futures=True)
        for name in self.parts.keys() - self._old.keys():
            self.parts[name].take_back()
        self._sealed.sweep()

    def _forget_held(self, ids: Set[str]) -> int:
        """Delete those of `ids` that an old partition holds; how many they are."""
        if not self._old:
            return 0
        query = ids_query(sorted(ids))
        held = [(name, id) for name, part in self._old.items() for id in part.held(query)]
        for name, id in held:
            self._forget(self._now[name], id)
        return len(held)

    def _forget(self, name: str, id: str) -> None:
        name = self._writable(name)
        self.parts[name].forget(id)
        self._totals[name] -= 1

    def _place(self, doc: IndexDoc) -> None:
        document = document_of(doc, field_terms(doc))
        month = month_of(doc.captured)
        name = self._open.get(month)
        if name is None or self._totals[name] >= MOST_ITEMS:
            if name in self._writing:
                self._commit(name)  # it is full: let go of its writer
            name = self._begin(month)
        name = self._writable(name)
        self.parts[name].write(document)
        self._totals[name] += 1
        self._placed[doc.id] = name

    def _writable(self, name: str) -> str:
        """The partition to write in: `name` itself, or the one that takes the place of an old one."""
        if name == next(reversed(self._writing), None):
            return name
        if name in self._old:
            name = self._begin_with(name)
        if name in self._commits:
            self._await_commit(name)
        self._writing.pop(name, None)
        self._writing[name] = None
        if len(self._writing) > _OPEN_WRITERS:
            if len(self._commits) >= _COMMITTING:
                self._await_commit(next(iter(self._commits)))
            self._commit(next(iter(self._writing)))
        return name

    def _begin_with(self, name: str) -> str:
        new = self._name(self._months[name])
        link_files(self._directory(name), self._directory(new))
        del self.parts[name]
        self.parts[new] = Partition(self._directory(new))
        self._totals[new] = self._totals.pop(name)
        self._now[name], self._linked[new] = new, name
        if self._open.get(self._months[new]) == name:
            self._open[self._months[new]] = new
        return new

    def _begin(self, month: str) -> str:
        name = self._name(month)
        with storage_errors(self._directory(name)):
            self._directory(name).mkdir()  # made durable with its files
        self.parts[name] = Partition(self._directory(name))
        self._totals[name] = 0
        self._open[month] = name
        return name

    def _name(self, month: str) -> str:
        self._made += 1
        name = f"{month or 'undated'}.{self._made}"
        self._months[name] = month
        return name

    def _commit(self, name: str) -> None:
        """Begin to: what is read meanwhile goes on being analysed."""
        del self._writing[name]
        self._commits[name] = self._committing.submit(self.parts[name].commit)

    def _await_commit(self, name: str) -> None:
        self._commits.pop(name).result()
        held, wanted = self.parts[name].searcher.num_docs, self._totals[name]
        if held != wanted:
            raise IndexDamaged(f"{name} of the index holds {held:,} items instead of {wanted:,}; {REBUILD}")

    def _directory(self, name: str) -> Path:
        return self._sealed.directory / name


def month_of(moment: datetime | None) -> str:
    """The month, UTC, whose partition holds what was first captured at `moment`."""
    return f"{moment.year:04}-{moment.month:02}" if moment else ""

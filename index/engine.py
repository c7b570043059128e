"""The contract of a search engine, and the values it answers with.

An engine holds what `apply` gave it and answers the queries of query.py over exactly that. It
stores no text. It is derived: whatever it loses is rebuilt from the catalogue.
tests/index/conformance.py runs every implementation against this contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from archiver.core.records import IndexDoc
from index.query import Node


class Sort(StrEnum):
    """The order of hits; always total, so that pages neither repeat nor skip a hit."""

    NEWEST = "newest"  # by moment created (where unknown: captured), latest first, equals by id
    OLDEST = "oldest"  # earliest first, equals by id
    RELEVANCE = "relevance"  # what the engine scores higher first, equals as in NEWEST


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One item found. `score` is comparable within one answer; 0.0 where sorted by date."""

    id: str
    record_id: str
    score: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some hits of an answer, and the exact number of all."""

    total: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, kw_only=True)
class Watermark:
    """How far the engine has followed the catalogue, and by which analyser's rules."""

    seq: int
    analyser: int


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What one `apply` did: items now findable, items no longer findable, items held in all.

    An item added again counts among `added` only.
    """

    added: int
    deleted: int
    total: int
    seq: int


class SearchEngine(Protocol):
    """One index. Reading is safe at any time; one writer at a time."""

    def apply(self, adds: Iterable[IndexDoc], deletes: Iterable[str], *, seq: int) -> Receipt:
        """Take in `adds` (replacing items of the same id) and forget the ids in `deletes`, durably, as one.

        Afterwards the watermark is `seq`. Deletes come before adds; unknown ids are no
        error. Applying the same again changes nothing, so that a run cut short is repeated.
        Raises ArchiveBusy while another process writes, StorageFull, IndexDamaged if the
        engine does not hold afterwards what it should.
        """
        ...

    def watermark(self) -> Watermark:
        """As of the last finished `apply`; `seq` is 0 before the first."""
        ...

    def search(self, node: Node, *, sort: Sort, limit: int, offset: int = 0) -> Page:
        """Hits number `offset` to `offset + limit` in the order of `sort`, and the exact total.

        Raises BadQuery if the query would take too long.
        """
        ...

    def count(self, node: Node) -> int:
        """The exact number of hits."""
        ...

    def iter_ids(self, node: Node) -> Iterator[str]:
        """The ids of all hits, in the order of the ids, as of the call."""
        ...

    def missing(self, expected: Iterable[str]) -> list[str]:
        """Those of `expected` that are not held, sorted; with `count(All())` the proof that nothing lags."""
        ...

    def close(self) -> None:
        """Let go of files. The engine answers nothing afterwards."""
        ...


_UNDATED = datetime(1, 1, 1, tzinfo=UTC)


def moment_of(doc: IndexDoc) -> datetime:
    """What `doc` is sorted by: when it was created, else captured, else before everything else."""
    return doc.created or doc.captured or _UNDATED

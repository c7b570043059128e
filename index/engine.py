"""The contract of a search engine, and the values it answers with.

An engine holds what `apply` gave it and answers the queries of query.py over exactly that. It
stores no text. It is derived: whatever it loses is rebuilt from the catalogue.
tests/index/conformance.py runs every implementation against this contract.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import Protocol

from archiver.core.records import IndexDoc
from index.query import Field, Node


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


@dataclass(frozen=True, kw_only=True)
class Facet:
    """How many hits have each value of a field, the most frequent first, equals by value.

    An item with several values counts for each. `exact`: every value is listed with its exact number.
    """

    counts: tuple[tuple[str, int], ...]
    exact: bool = True


class Step(StrEnum):
    """How wide the bars of a timeline are."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """How many hits were created in each day, month or year, the first and the last with any included, gaps too.

    `bars` are first days with numbers; `undated` hits are those of which no creation is known.
    """

    step: Step
    bars: tuple[tuple[date, int], ...]
    undated: int


@dataclass(frozen=True, kw_only=True)
class PurgeProof:
    """That nothing of the records is left in the index's files; numbers only, no content.

    `terms` are words that only the purged items had: none is in a dictionary any more (`terms_with_prefix`,
    `doc_freq`), nor are its letters in any file, nor in what the engine unpacks of what it stores.
    """

    records: int
    items: int
    rewritten: tuple[str, ...]  # parts of the index
    terms: int
    files: int
    bytes: int


FACETED = frozenset(
    {
        Field.SITE,
        Field.ACCOUNT,
        Field.CREATOR,
        Field.KIND,
        Field.OBSERVED,
        Field.LANGUAGE,
        Field.HAS,
        Field.LINK,
        Field.RECORD,
    }
)
"""What an engine counts; what officers decide is joined to the records counted (workflows/facets.py)."""


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

    def facets(self, node: Node, fields: Sequence[Field]) -> dict[Field, Facet]:
        """How the hits fall on the values of each of `fields`, which are of FACETED.

        Labels are those that `field:value` finds; accounts and creators are names as they are written.
        """
        ...

    def timeline(self, node: Node, *, time_zone: tzinfo, most: int, least: Step = Step.DAY) -> Timeline:
        """When the hits were created, in days, months or years of `time_zone`.

        The narrowest from `least` on with `most` bars or fewer; years may be more.
        """
        ...

    def purge(self, records: Collection[str], docs_of: Callable[[Collection[str]], Iterable[IndexDoc]]) -> PurgeProof:
        """Remove whatever the files hold of `records`, earlier texts included, by rewriting the parts that hold any.

        `docs_of` gives the items of records as they are to be indexed: asked for those that survive in the same parts
        and, for the proof, for `records` themselves, of which it may know nothing any more. The watermark stays.
        Raises ArchiveBusy, StorageFull, IndexDamaged where something is left.
        """
        ...

    def prepare(self) -> None:
        """Make what speeds answers up and changes none; what was not prepared is answered as well.

        Raises ArchiveBusy while another process writes, StorageFull.
        """
        ...

    def check(self) -> None:
        """Hash every file anew, whether or not it looks untouched. Raises IndexDamaged."""
        ...

    def close(self) -> None:
        """Let go of files. The engine answers nothing afterwards."""
        ...


def ranked_counts(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """`counts` as a Facet has them."""
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


_UNDATED = datetime(1, 1, 1, tzinfo=UTC)


def moment_of(doc: IndexDoc) -> datetime:
    """What `doc` is sorted by: when it was created, else captured, else before everything else."""
    return doc.created or doc.captured or _UNDATED

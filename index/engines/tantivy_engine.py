"""Tantivy, the default engine: a partition for each month of first capture, no stored text, exact totals.

Each partition holds at most 50,000 items, so that one is rewritten in seconds when records are destroyed; what a
month has more goes to further partitions. A query is run over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from archiver.core.errors import IndexDamaged
from archiver.core.records import IndexDoc
from index.engine import Facet, Page, PurgeProof, Receipt, Sort, Step, Timeline, Watermark
from index.engines.patience import Patience
from index.engines.seal import REBUILD, Part
from index.engines.sealed import SealedDirectory
from index.engines.spellings import SpellingsAtHand, drop_spellings, make_spellings
from index.engines.tantivy_counting import count_facets, count_times
from index.engines.tantivy_filling import Filling
from index.engines.tantivy_partition import LAYOUT, REWRITTEN, SCHEMA, Asked, Partition, count, reading
from index.engines.tantivy_purge import purge_partitions
from index.engines.tantivy_query import build_query, is_scored, uses_spellings
from index.engines.tantivy_ranking import ranked
from index.query import Field, Node


class TantivyEngine:
    """A `SearchEngine` in `directory`, which it has to itself."""

    def __init__(self, sealed: SealedDirectory) -> None:
        self._sealed = sealed
        self._parts: dict[str, Partition] = {}
        self._spellings = SpellingsAtHand(sealed.directory)
        self._open_parts()

    @classmethod
    def create(cls, directory: Path) -> TantivyEngine:
        """An empty index in `directory`; one already there is dropped."""
        sealed = _sealed(directory)
        sealed.begin_anew()
        drop_spellings(directory)
        return cls(sealed)

    @classmethod
    def open(cls, directory: Path) -> TantivyEngine:
        """The index in `directory`, every file compared with its seal; a new one if there is none.

        Raises IndexDamaged if a file differs, or the index was made by other rules than
        this version's.
        """
        sealed = _sealed(directory)
        sealed.open()
        return cls(sealed)

    def apply(self, adds: Iterable[IndexDoc], deletes: Iterable[str], *, seq: int) -> Receipt:
        """See SearchEngine."""
        with self._sealed.writing():
            self._refresh()
            self._sealed.sweep()
            filling = Filling(self._sealed, self._parts)
            try:
                filling.take(adds, deletes)
                receipt = filling.finish(seq)
            except BaseException:
                filling.take_back()
                raise
        self._parts = filling.parts
        return receipt

    def watermark(self) -> Watermark:
        """See SearchEngine."""
        self._refresh()
        return Watermark(seq=self._sealed.seal.seq, analyser=self._sealed.seal.analyser)

    def search(self, node: Node, *, sort: Sort, limit: int, offset: int = 0) -> Page:
        """See SearchEngine. Scores are by each partition's own frequencies of words."""
        asked = self._ask(node)
        last = min(offset + limit, sum(each.searcher.num_docs for each in asked))
        if limit <= 0 or offset >= last:
            return Page(total=self._sum(node, asked), hits=())
        if sort is Sort.RELEVANCE and not is_scored(node):
            sort = Sort.NEWEST
        with reading():
            return ranked(Patience(node).rest(asked), sort, offset, last)

    def count(self, node: Node) -> int:
        """See SearchEngine."""
        return self._sum(node, self._ask(node))

    def facets(self, node: Node, fields: Sequence[Field]) -> dict[Field, Facet]:
        """See SearchEngine."""
        asked = self._ask(node)
        with reading():
            return count_facets(asked, fields, Patience(node))

    def timeline(self, node: Node, *, time_zone: tzinfo, most: int, least: Step = Step.DAY) -> Timeline:
        """See SearchEngine."""
        asked = self._ask(node)
        with reading():
            return count_times(asked, Patience(node), time_zone, most, least)

    def iter_ids(self, node: Node) -> Iterator[str]:
        """See SearchEngine."""
        asked = self._ask(node)
        ids: list[str] = []
        with reading():
            for searcher, query in Patience(node).rest(asked):
                fetch = searcher.doc
                found = searcher.search(query, limit=max(1, searcher.num_docs))
                ids += [fetch(address)["id"][0] for _, address in found.hits]
        ids.sort()
        return iter(ids)

    def purge(self, records: Collection[str], docs_of: Callable[[Collection[str]], Iterable[IndexDoc]]) -> PurgeProof:
        """See SearchEngine."""
        with self._sealed.writing():
            self._refresh()
            self._sealed.sweep()
            drop_spellings(self._sealed.directory)
            proof, self._parts = purge_partitions(self._sealed, self._parts, frozenset(records), docs_of)
        return proof

    def prepare(self) -> None:
        """See SearchEngine. Writes down all words, by which similar spellings are found in a fraction of the time."""
        with self._sealed.writing():
            self._refresh()
            parts = self._parts
            make_spellings(self._sealed.directory, self._sealed.seal.parts, lambda name: parts[name].words())

    def check(self) -> None:
        """See SearchEngine."""
        self._sealed.check()

    def close(self) -> None:
        """See SearchEngine."""
        self._parts = {}

    def _open_parts(self) -> None:
        """Open what is sealed and not open yet; where another process replaces it meanwhile, what it sealed."""
        while True:
            try:
                sealed = self._sealed.seal.parts
                self._parts = {
                    name: self._parts.get(name) or self._open_part(name, part) for name, part in sealed.items()
                }
            except IndexDamaged:
                if not self._sealed.follow():
                    raise
            else:
                return

    def _open_part(self, name: str, sealed: Part) -> Partition:
        part = Partition(self._sealed.directory / name)
        held = part.searcher.num_docs
        if held != sealed.total:
            raise IndexDamaged(f"{name} of the index holds {held:,} items, not {sealed.total:,}; {REBUILD}")
        return part

    def _refresh(self) -> None:
        """Follow what another process has committed since."""
        if self._sealed.follow():
            self._open_parts()

    def _ask(self, node: Node) -> list[Asked]:
        """All partitions, and `node` as a query: of those whose words are all written down, another one."""
        self._refresh()
        spellings = self._spellings.get() if uses_spellings(node) else None
        if spellings is None:
            query = build_query(SCHEMA, node)
            return [Asked(part.searcher, query) for part in self._parts.values()]
        looking_up, seeking = build_query(SCHEMA, node, spellings.similar), None
        asked = []
        for name, part in self._parts.items():
            sealed = self._sealed.seal.parts.get(name)
            if sealed is not None and spellings.covers(name, sealed):
                asked.append(Asked(part.searcher, looking_up))
            else:
                seeking = seeking or build_query(SCHEMA, node)
                asked.append(Asked(part.searcher, seeking))
        return asked

    def _sum(self, node: Node, asked: list[Asked]) -> int:
        return sum(count(each.searcher, each.query) for each in Patience(node).rest(asked))


def _sealed(directory: Path) -> SealedDirectory:
    return SealedDirectory(directory, LAYOUT, rewritten=REWRITTEN)

"""Whoosh, in Python alone: for small archives on machines that Tantivy has no wheel for.

It answers the same as Tantivy does, some thousands of items fast enough, 100,000 not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from archiver.core.durable import make_directory, storage_errors
from archiver.core.errors import IndexDamaged
from archiver.core.records import IndexDoc
from index.analyser import ANALYSER_VERSION
from index.engine import (
    Facet,
    Hit,
    Page,
    PurgeProof,
    Receipt,
    Sort,
    Step,
    Timeline,
    Watermark,
    moment_of,
    ranked_counts,
)
from index.engines.patience import Patience
from index.engines.purging import PurgedTerms, search_files, stands_in
from index.engines.seal import REBUILD, link_files, part_files
from index.engines.sealed import NewPart, SealedDirectory
from index.engines.whoosh_answering import Answering, words_asked_for
from index.engines.whoosh_index import LAYOUT, Segment, WhooshFiles, terms_to_write
from index.fields import names_of
from index.query import DATES, Field, Node
from index.timeline import timeline_of

_Item = Mapping[str, Any]


class WhooshEngine:
    """A `SearchEngine` in `directory`, which it has to itself."""

    def __init__(self, sealed: SealedDirectory) -> None:
        self._sealed = sealed
        self._files: WhooshFiles | None = None
        self._segments: list[Segment] = []
        self._open_files()

    @classmethod
    def create(cls, directory: Path) -> WhooshEngine:
        """An empty index in `directory`; one already there is dropped."""
        sealed = _sealed(directory)
        sealed.begin_anew()
        return cls(sealed)

    @classmethod
    def open(cls, directory: Path) -> WhooshEngine:
        """The index in `directory`, every file compared with its seal; a new one if there is none.

        Raises IndexDamaged if a file differs, or if the index was made by other rules than this version's.
        """
        sealed = _sealed(directory)
        sealed.open()
        return cls(sealed)

    def apply(self, adds: Iterable[IndexDoc], deletes: Iterable[str], *, seq: int) -> Receipt:
        """See SearchEngine."""
        with self._sealed.writing():
            self._refresh()
            self._sealed.sweep()
            docs = {doc.id: (terms_to_write(doc), _stored(doc)) for doc in adds}
            held = {item["id"] for segment in self._segments for item in segment.items.values()}
            gone = (held & set(deletes)) - docs.keys()
            total = len(held - gone | docs.keys())
            self._commit(lambda files: files.replace(docs, sorted(gone | (held & docs.keys()))), total, seq)
        return Receipt(added=len(docs), deleted=len(gone), total=total, seq=seq)

    def watermark(self) -> Watermark:
        """See SearchEngine."""
        self._refresh()
        return Watermark(seq=self._sealed.seal.seq, analyser=ANALYSER_VERSION)

    def search(self, node: Node, *, sort: Sort, limit: int, offset: int = 0) -> Page:
        """See SearchEngine."""
        hits = [(item, segment, number) for segment, number, item in self._hits(node)]
        scores = self._scores(node) if sort is Sort.RELEVANCE and limit > 0 else Counter[tuple[int, int]]()
        ranked = sorted(
            ((scores[id(segment), number], item["moment"], item) for item, segment, number in hits),
            key=lambda each: each[2]["id"],
        )
        ranked.sort(key=lambda each: each[:2] if sort is not Sort.OLDEST else each[1], reverse=sort is not Sort.OLDEST)
        shown = ranked[offset : offset + max(0, limit)]
        return Page(
            total=len(hits),
            hits=tuple(Hit(id=item["id"], record_id=item["record"], score=score) for score, _, item in shown),
        )

    def count(self, node: Node) -> int:
        """See SearchEngine."""
        return sum(1 for _ in self._hits(node))

    def iter_ids(self, node: Node) -> Iterator[str]:
        """See SearchEngine."""
        return iter(sorted(item["id"] for _, _, item in self._hits(node)))

    def facets(self, node: Node, fields: Sequence[Field]) -> dict[Field, Facet]:
        """See SearchEngine."""
        found = [item for _, _, item in self._hits(node)]
        return {
            field: Facet(
                counts=ranked_counts(Counter(value for item in found for value in item["facets"][field.value]))
            )
            for field in fields
        }

    def timeline(self, node: Node, *, time_zone: tzinfo, most: int, least: Step = Step.DAY) -> Timeline:
        """See SearchEngine."""
        moments: list[datetime | None] = [item["created"] for _, _, item in self._hits(node)]
        return timeline_of(moments, time_zone=time_zone, most=most, least=least)

    def purge(self, records: Collection[str], docs_of: Callable[[Collection[str]], Iterable[IndexDoc]]) -> PurgeProof:
        """See SearchEngine."""
        with self._sealed.writing():
            self._refresh()
            self._sealed.sweep()
            terms = PurgedTerms(records, docs_of(sorted(records)))
            items = sum(item["record"] in terms.records for each in self._segments for item in each.items.values())
            before, total = tuple(self._sealed.seal.parts), self._sealed.seal.total - items
            self._commit(lambda files: files.destroy(sorted(records)), total, self._sealed.seal.seq)
            survivors = sorted({item["record"] for each in self._segments for item in each.items.values()})
            for doc in docs_of(survivors):
                terms.survive(terms_to_write(doc))
            files, size = self._prove(terms, lambda: docs_of(survivors))
        return PurgeProof(
            records=len(terms.records), items=items, rewritten=before, terms=len(terms), files=files, bytes=size
        )

    def prepare(self) -> None:
        """See SearchEngine. There is nothing to prepare."""

    def check(self) -> None:
        """See SearchEngine."""
        self._sealed.check()

    def close(self) -> None:
        """See SearchEngine."""
        if self._files is not None:
            self._files.close()
        self._files, self._segments = None, []

    def _commit(self, write: Callable[[WhooshFiles], None], total: int, seq: int) -> None:
        """Let `write` change a new part that begins with the files of the old; it is searched from then on."""
        old = next(iter(self._sealed.seal.parts), "")
        made = self._sealed.seal.made + 1
        part = self._sealed.directory / f"whoosh.{made}"
        make_directory(part)
        files = None
        try:
            if old:
                link_files(self._sealed.directory / old, part)
            with storage_errors(part):
                files = WhooshFiles(part)
                write(files)
            if files.total != total:
                raise IndexDamaged(f"the index holds {files.total:,} items instead of {total:,}; {REBUILD}")
            self._sealed.finish({part.name: NewPart(month="", total=total, linked=old)}, seq=seq, made=made)
        except BaseException:
            if files is not None:
                files.close()
            self._sealed.sweep()
            raise
        self.close()
        self._files, self._segments = files, files.segments()

    def _refresh(self) -> None:
        """Follow what another process has committed since."""
        if self._sealed.follow():
            self._open_files()

    def _open_files(self) -> None:
        """Open what is sealed; where another process replaces it meanwhile, what it sealed."""
        while True:
            self.close()
            try:
                for name in self._sealed.seal.parts:
                    self._files = WhooshFiles(self._sealed.directory / name)
                    self._segments = self._files.segments()
            except IndexDamaged:
                if not self._sealed.follow():
                    raise
            else:
                return

    def _hits(self, node: Node) -> Iterator[tuple[Segment, int, _Item]]:
        self._refresh()
        patience = Patience(node)
        for segment in self._segments:
            for number in Answering(segment, patience).matching(node):
                yield segment, number, segment.items[number]

    def _scores(self, node: Node) -> Counter[tuple[int, int]]:
        """The rarer a word asked for is in the archive, the more it tells of an item that has it."""
        scores: Counter[tuple[int, int]] = Counter()
        for field, word in words_asked_for(node):
            holders = [
                (id(segment), number)
                for segment in self._segments
                for number in {each for name in names_of(field) for each in segment.numbers(name, word)}
            ]
            for holder in holders:
                scores[holder] += math.log1p(self._sealed.seal.total / len(holders))  # type: ignore[assignment]  # of floats
        return scores

    def _prove(self, terms: PurgedTerms, survivors: Callable[[], Iterable[IndexDoc]]) -> tuple[int, int]:
        """Files and bytes searched. Raises IndexDamaged where something is left."""
        for name, words in terms.by_field.items():
            if any(segment.frequency(name, word) for segment in self._segments for word in words):
                raise IndexDamaged(f"the index still has words of what was destroyed; {REBUILD}")

        def is_beginning(name: str, word: str) -> bool:
            return any(True for segment in self._segments for _ in segment.words(name, word))

        files, size, found = search_files(
            (path for name in self._sealed.seal.parts for path in part_files(self._sealed.directory / name)),
            terms.sought(is_beginning),
        )
        if found:
            docs = list(survivors())
            if not all(stands_in(word, docs) for word in found):
                raise IndexDamaged(f"files of the index still hold words of what was destroyed; {REBUILD}")
        return files, size


def _sealed(directory: Path) -> SealedDirectory:
    return SealedDirectory(directory, LAYOUT)


def _stored(doc: IndexDoc) -> dict[str, Any]:
    terms = terms_to_write(doc)
    facets: dict[str, tuple[str, ...]] = {
        field.value: tuple(dict.fromkeys(terms.get(field.value, "").split()))
        for field in (Field.SITE, Field.KIND, Field.OBSERVED, Field.LANGUAGE, Field.HAS, Field.LINK)
    }
    for field, name in ((Field.ACCOUNT, doc.account), (Field.CREATOR, doc.creator), (Field.RECORD, doc.record_id)):
        facets[field.value] = (name,) if name else ()
    return {
        "id": doc.id,
        "record": str(doc.record_id),
        "moment": moment_of(doc),
        "facets": facets,
        **{field.value: getattr(doc, field.value) for field in DATES},
    }

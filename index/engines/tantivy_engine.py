"""Tantivy, the default engine: one directory, no stored text, exact totals.

Traps of tantivy-py 0.27 this module steps around: deleting by a number is a silent no-op
(ids are raw text), a bad document kills the writer (`Document.from_dict` with the schema
checks first), a limit of 0 and a phrase of one word panic, merges go on after a commit (they
are waited for before files are sealed).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import tantivy

from archiver.core.durable import make_directory
from archiver.core.errors import ArchiveBusy, BadQuery, IndexDamaged, StorageFull
from archiver.core.records import IndexDoc
from index.analyser import ANALYSER_VERSION
from index.engine import Page, Receipt, Sort, Watermark, moment_of
from index.engines.seal import REBUILD, Seal, check_files, hash_files, read_seal, write_seal
from index.engines.tantivy_query import build_query, is_scored, microseconds
from index.engines.tantivy_ranking import MOMENT, ranked
from index.fields import MARKS, field_terms
from index.query import DATES, LABELS, Node

_LAYOUT = "tantivy-0.27/2"
_REWRITTEN = frozenset({"meta.json"})
_WORDS = "words"
_HEAP = 32_000_000  # bytes the writer collects before it flushes a segment
_BATCH = 10_000
_SPOKEN = ("body", "title", "account", "creator", "keyword")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("record", stored=True, tokenizer_name="raw", index_option="basic")
    for field in sorted(LABELS):
        builder.add_text_field(field.value, tokenizer_name=_WORDS, index_option="basic")
    for name in _SPOKEN:
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="position")
    for name in ("body" + MARKS, "title" + MARKS):
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="basic")
    builder.add_integer_field(MOMENT, fast=True)
    for date in sorted(DATES):
        builder.add_integer_field(date.value, indexed=True, fast=True)
    return builder.build()


class TantivyEngine:
    """A `SearchEngine` in `directory`, which it has to itself."""

    def __init__(self, directory: Path, seal: Seal) -> None:
        self._directory = directory
        self._seal = seal
        self._stamp = 0  # the seal file's time of change when it was last followed
        self._schema = _schema()
        try:
            self._index = tantivy.Index(self._schema, str(_files(directory)))
        except ValueError as error:
            raise IndexDamaged(f"the index cannot be opened ({error}); {REBUILD}") from error
        words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer(_WORDS, words)

    @classmethod
    def create(cls, directory: Path) -> TantivyEngine:
        """An empty index in `directory`; one already there is dropped."""
        seal_path = _seal_path(directory)
        seal_path.unlink(missing_ok=True)
        if _files(directory).exists():
            shutil.rmtree(_files(directory))
        make_directory(_files(directory))
        engine = cls(directory, Seal(layout=_LAYOUT, analyser=ANALYSER_VERSION))
        engine._write_seal(0)
        return engine

    @classmethod
    def open(cls, directory: Path) -> TantivyEngine:
        """The index in `directory`, every file compared with its seal; a new one if there is none.

        Raises IndexDamaged if a file differs, or the index was made by other rules than
        this version's.
        """
        if not _seal_path(directory).exists() and not _files(directory).exists():
            return cls.create(directory)
        return cls(directory, _checked_seal(directory))

    def apply(self, adds: Iterable[IndexDoc], deletes: Iterable[str], *, seq: int) -> Receipt:
        """See SearchEngine."""
        writer = self._writer()
        self._refresh()
        old = self._index.searcher()
        gone = set(deletes)
        try:
            added = self._feed(writer, adds, gone, replacing=old.num_docs > 0)
        except BaseException:
            with suppress(ValueError):  # a writer killed by a full disk has nothing to take back
                writer.rollback()
            raise
        replaced, deleted = self._held(old, added), self._held(old, gone - added)
        expected = old.num_docs - replaced - deleted + len(added)
        # From here to the last line a crash leaves the new files under the old watermark.
        write_seal(_seal_path(self._directory), replace(self._seal, pending=True))
        try:
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()
        except ValueError as error:
            raise _storage_or_damage(error, self._directory) from error
        total = self._index.searcher().num_docs
        if total != expected:
            raise IndexDamaged(f"the index holds {total:,} items instead of {expected:,}; {REBUILD}")
        self._write_seal(seq)
        return Receipt(added=len(added), deleted=deleted, total=total, seq=seq)

    def watermark(self) -> Watermark:
        """See SearchEngine."""
        self._refresh()
        return Watermark(seq=self._seal.seq, analyser=self._seal.analyser)

    def search(self, node: Node, *, sort: Sort, limit: int, offset: int = 0) -> Page:
        """See SearchEngine."""
        searcher, query = self._ask(node)
        if limit <= 0:
            return Page(total=_count(searcher, query), hits=())
        last = min(offset + limit, searcher.num_docs)
        if offset >= last:
            return Page(total=_count(searcher, query), hits=())
        with _reading():
            if sort is Sort.RELEVANCE and not is_scored(node):
                sort = Sort.NEWEST
            return ranked(self._schema, searcher, query, sort, offset, last)

    def count(self, node: Node) -> int:
        """See SearchEngine."""
        return _count(*self._ask(node))

    def iter_ids(self, node: Node) -> Iterator[str]:
        """See SearchEngine."""
        searcher, query = self._ask(node)
        with _reading():
            limit = max(1, searcher.num_docs)
            found = searcher.search(query, limit=limit, order_by_field="id", order=tantivy.Order.Asc)
        return (item for item, _ in found.hits)

    def missing(self, expected: Iterable[str]) -> list[str]:
        """See SearchEngine."""
        self._refresh()
        searcher = self._index.searcher()
        return [
            item
            for batch in _batches(set(expected))
            if _count(searcher, self._ids_query(batch)) < len(batch)
            for item in batch
            if not _count(searcher, self._ids_query([item]))
        ]

    def close(self) -> None:
        """See SearchEngine."""
        del self._index

    def _writer(self) -> tantivy.IndexWriter:
        try:
            return self._index.writer(_HEAP, 1)
        except ValueError as error:
            if "LockBusy" in str(error):
                raise ArchiveBusy("another run is writing to the search index; try again when it ends") from error
            raise _storage_or_damage(error, self._directory) from error

    def _feed(
        self, writer: tantivy.IndexWriter, adds: Iterable[IndexDoc], deletes: set[str], *, replacing: bool
    ) -> set[str]:
        """Hand everything to the writer; the ids added."""
        added: set[str] = set()
        for item in deletes:
            writer.delete_documents_by_term("id", item)
        for doc in adds:
            document = tantivy.Document.from_dict(_document(doc), self._schema)
            try:
                if replacing or doc.id in added:
                    writer.delete_documents_by_term("id", doc.id)
                writer.add_document(document)
            except ValueError as error:
                raise _storage_or_damage(error, self._directory) from error
            added.add(doc.id)
        return added

    def _held(self, searcher: tantivy.Searcher, ids: set[str]) -> int:
        """How many of `ids` the index holds."""
        if not searcher.num_docs:
            return 0
        return sum(_count(searcher, self._ids_query(batch)) for batch in _batches(ids))

    def _ids_query(self, ids: list[str]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._schema, "id", ids)

    def _write_seal(self, seq: int) -> None:
        files = hash_files(_files(self._directory), self._seal.files, rewritten=_REWRITTEN)
        self._seal = Seal(
            layout=_LAYOUT,
            analyser=ANALYSER_VERSION,
            seq=seq,
            total=self._index.searcher().num_docs,
            files=files,
        )
        write_seal(_seal_path(self._directory), self._seal)

    def _refresh(self) -> None:
        """Follow what another process has committed since."""
        stamp = _seal_path(self._directory).stat().st_mtime_ns
        if stamp == self._stamp:
            return
        seal = read_seal(_seal_path(self._directory))
        if not seal.pending:
            self._seal = seal
            self._index.reload()
            self._stamp = stamp

    def _ask(self, node: Node) -> tuple[tantivy.Searcher, tantivy.Query]:
        self._refresh()
        return self._index.searcher(), build_query(self._schema, node)


def _files(directory: Path) -> Path:
    return directory / "tantivy"


def _seal_path(directory: Path) -> Path:
    return directory / "seal.json"


def _checked_seal(directory: Path) -> Seal:
    """The seal, compared with the files; read again where another process commits meanwhile."""
    while True:
        seal = read_seal(_seal_path(directory))
        if (seal.layout, seal.analyser) != (_LAYOUT, ANALYSER_VERSION):
            raise IndexDamaged(f"the index was made by another version of Archiver; {REBUILD}")
        try:
            check_files(_files(directory), seal, rewritten=_REWRITTEN)
        except IndexDamaged:
            if read_seal(_seal_path(directory)) == seal:
                raise
        else:
            return seal


def _document(doc: IndexDoc) -> dict[str, Any]:
    fields: dict[str, Any] = field_terms(doc)
    for name, moment in (("captured", doc.captured), ("gone", doc.gone)):
        if moment is not None:
            fields[name] = microseconds(moment)
    fields[MOMENT] = microseconds(moment_of(doc))
    if doc.created is not None:
        fields["created"] = fields[MOMENT]
    return fields


def _batches(ids: set[str]) -> Iterator[list[str]]:
    listed = sorted(ids)
    for start in range(0, len(listed), _BATCH):
        yield listed[start : start + _BATCH]


def _count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    with _reading():
        result: Any = searcher.search(query, limit=1)  # its stub leaves out `count`
    total: int = result.count
    return total


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        if "exceeded max expansions" in str(error):
            raise BadQuery(
                "a wildcard beside w/ or pre/ stands for too many words of the archive; type more of the word"
            ) from error
        raise IndexDamaged(f"the index cannot be read ({error}); {REBUILD}") from error


def _storage_or_damage(error: ValueError, directory: Path) -> StorageFull | IndexDamaged:
    """Tantivy tells everything by ValueError and words; of a full disk often only that a thread died."""
    if "os error 28" in str(error) or shutil.disk_usage(directory).free < _HEAP:
        return StorageFull(
            f"the search index in {directory} could not be written: no space is left on the disk; free some, run again"
        )
    return IndexDamaged(f"the index cannot be written ({error}); {REBUILD}")

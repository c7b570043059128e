"""One directory of Tantivy's: at most 50,000 items of one month of first capture, no text stored.

Traps of tantivy-py 0.27 stepped around here: deleting by a number is a silent no-op (ids are raw text), a bad
document kills the writer (`Document.from_dict` with the schema checks first), readers reload by a thread of
their own unless told not to, merges go on after a commit (they are waited for before files are sealed), there
is no call for a merge (a partition is rewritten instead).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import tantivy

from archiver.core.errors import ArchiveBusy, BadQuery, IndexDamaged, StorageFull
from archiver.core.records import IndexDoc
from index.engine import moment_of
from index.engines.seal import REBUILD
from index.engines.tantivy_query import WORDED, microseconds
from index.fields import MARKS
from index.query import DATES, LABELS

LAYOUT = "tantivy-0.27/3"
"""Changes with what is indexed; an index of another layout is made anew."""

REWRITTEN = frozenset({"meta.json"})
MOMENT = "moment"
"""The fast field by which dates are sorted: microseconds since 1970, UTC."""

_WORDS = "words"
_HEAP = 64_000_000  # bytes the writer collects before it flushes a segment
NAMED = ("account_name", "creator_name")
"""Fast fields beside those of `field_terms`: names as they are written, which facets show."""


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("record", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    for field in sorted(LABELS):
        builder.add_text_field(field.value, fast=True, tokenizer_name=_WORDS, index_option="basic")
    for name in WORDED:
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="position")
    for name in ("body" + MARKS, "title" + MARKS):
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="basic")
    for name in NAMED:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(MOMENT, fast=True)
    for date in sorted(DATES):
        builder.add_integer_field(date.value, indexed=True, fast=True)
    return builder.build()


SCHEMA = _build_schema()


class Partition:
    """Tantivy's files in `directory` as of the last `reload`, and a writer where something changes.

    Raises IndexDamaged.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._writer: tantivy.IndexWriter | None = None
        try:
            self._index = tantivy.Index(SCHEMA, str(directory))
            self._index.config_reader(reload_policy="manual")
        except ValueError as error:
            raise IndexDamaged(f"the index cannot be opened ({error}); {REBUILD}") from error
        self._index.register_tokenizer(_WORDS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        # columns of facets hold values as they are, several labels of an item as one: they are told apart when counted
        self._index.register_fast_field_tokenizer(_WORDS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).build())
        self.reload()

    def reload(self) -> None:
        """See what was committed since."""
        with reading():
            self._index.reload()
            self.searcher = self._index.searcher()

    def write(self, document: tantivy.Document) -> None:
        """Take in a document, in place of nothing; found after `commit`. Raises StorageFull, ArchiveBusy."""
        try:
            self._opened().add_document(document)
        except ValueError as error:
            raise self._fault(error) from error

    def forget(self, id: str) -> None:
        """Delete the item of this id, what was written since the last commit included."""
        try:
            self._opened().delete_documents_by_term("id", id)
        except ValueError as error:
            raise self._fault(error) from error

    def commit(self) -> None:
        """Make durable what was written, its merges included, and see it."""
        if self._writer is not None:
            try:
                self._writer.commit()
                self._writer.wait_merging_threads()
            except ValueError as error:
                raise self._fault(error) from error
            self._writer = None
        self.reload()

    def take_back(self) -> None:
        """Forget what was written since the last commit."""
        if self._writer is not None:
            with suppress(ValueError):  # a writer killed by a full disk has nothing to take back
                self._writer.rollback()
            self._writer = None

    def held(self, ids: tantivy.Query) -> list[str]:
        """The ids of the items that answer `ids`."""
        return [document["id"][0] for document in self.documents(ids)]

    def documents(self, query: tantivy.Query) -> Iterator[tantivy.Document]:
        """What is stored of every hit: its id and its record's."""
        with reading():
            found = self.searcher.search(query, limit=max(1, self.searcher.num_docs))
            for _, address in found.hits:
                yield self.searcher.doc(address)

    def words(self) -> Iterator[str]:
        """All words that similar spellings may be asked of, some more than once, perhaps some that are gone."""
        for name in WORDED:
            with reading():
                yield from (word for word, _ in self.searcher.terms_with_prefix(name, ""))

    def _opened(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(_HEAP, 1)
        return self._writer

    def _fault(self, error: ValueError) -> ArchiveBusy | StorageFull | IndexDamaged:
        if "LockBusy" in str(error):
            return ArchiveBusy("another run is writing to the search index; try again when it ends")
        return storage_or_damage(error, self.directory)


def document_of(doc: IndexDoc, terms: Mapping[str, str]) -> tantivy.Document:
    """`doc` with its `field_terms`. Raises ValueError for one that no engine can take."""
    fields: dict[str, Any] = dict(terms)
    if doc.account:
        fields["account_name"] = doc.account
    if doc.creator:
        fields["creator_name"] = doc.creator
    if doc.captured is not None:
        fields["captured"] = microseconds(doc.captured)
    if doc.gone is not None:
        fields["gone"] = microseconds(doc.gone)
    fields[MOMENT] = microseconds(moment_of(doc))
    if doc.created is not None:
        fields["created"] = fields[MOMENT]
    return tantivy.Document.from_dict(fields, SCHEMA)


class Asked(NamedTuple):
    """A partition as it stood, and what is asked of it."""

    searcher: tantivy.Searcher
    query: tantivy.Query


def ids_query(ids: Sequence[str], *, field: str = "id") -> tantivy.Query:
    """Whatever has one of `ids`."""
    return tantivy.Query.term_set_query(SCHEMA, field, ids) if ids else tantivy.Query.empty_query()


def everything() -> tantivy.Query:
    """Whatever is held."""
    return tantivy.Query.all_query()


def count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """The exact number of hits."""
    with reading():
        result: Any = searcher.search(query, limit=1)  # its stub leaves out `count`
    total: int = result.count
    return total


@contextmanager
def reading() -> Iterator[None]:
    """Tantivy's words as our errors."""
    try:
        yield
    except ValueError as error:
        if "exceeded max expansions" in str(error):
            raise BadQuery(
                "a wildcard beside w/ or pre/ stands for too many words of the archive; type more of the word"
            ) from error
        raise IndexDamaged(f"the index cannot be read ({error}); {REBUILD}") from error


def storage_or_damage(error: ValueError, directory: Path) -> StorageFull | IndexDamaged:
    """Tantivy tells everything by ValueError and words; of a full disk often only that a thread died."""
    if "os error 28" in str(error) or shutil.disk_usage(directory).free < _HEAP:
        return StorageFull(
            f"the search index in {directory} could not be written: no space is left on the disk; free some, run again"
        )
    return IndexDamaged(f"the index cannot be written ({error}); {REBUILD}")

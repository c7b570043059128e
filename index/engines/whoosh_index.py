"""Whoosh's files: what is written into them, and their posting lists. Nothing else of Whoosh answers queries.

Its own query classes are left alone: `AndNot` is wrong over several segments in every release, and the time
limit of its collector does not bound the expansion of a wildcard.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

with warnings.catch_warnings():  # Whoosh 2.7.4 has invalid escapes, which newer Pythons warn of
    warnings.simplefilter("ignore")
    from whoosh.analysis import SpaceSeparatedTokenizer
    from whoosh.fields import ID, KEYWORD, STORED, TEXT, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.reading import TermNotFound

from archiver.core.errors import IndexDamaged
from archiver.core.records import IndexDoc
from index.engines.seal import REBUILD
from index.fields import MARKS, field_terms
from index.query import EXACT, LABELS

LAYOUT = "whoosh-2.7.4/1"
"""Changes with what is indexed; an index of another layout is made anew."""

_SPOKEN = ("body", "title", "account", "creator", "keyword")
_WHAT_IS_STORED = "item"


def _build_schema() -> Schema:
    listed = [*sorted(field.value for field in LABELS), "body" + MARKS, "title" + MARKS]
    return Schema(
        **{field.value: ID() for field in sorted(EXACT)},
        **{name: KEYWORD() for name in listed},
        **{name: TEXT(analyzer=SpaceSeparatedTokenizer(), phrase=True) for name in _SPOKEN},
        **{_WHAT_IS_STORED: STORED()},
    )


class WhooshFiles:
    """One index of Whoosh's in `directory`. Raises IndexDamaged."""

    def __init__(self, directory: Path) -> None:
        storage = FileStorage(str(directory))
        try:
            self._index = storage.open_index() if storage.index_exists() else storage.create_index(_build_schema())
            self._reader = self._index.reader()
        except Exception as error:
            raise IndexDamaged(f"the index cannot be opened ({error}); {REBUILD}") from error

    @property
    def total(self) -> int:
        """Items held."""
        return int(self._reader.doc_count())

    def segments(self) -> list[Segment]:
        """What is to be searched in turn."""
        return [Segment(reader) for reader, _ in self._reader.leaf_readers()]

    def replace(self, docs: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any]]], gone: Iterable[str]) -> None:
        """Delete the ids in `gone` and add `docs`: each with its terms by field and what is stored of it."""
        self._write(docs, [("id", id) for id in gone], whole=False)

    def destroy(self, records: Iterable[str]) -> None:
        """Delete the items of `records` and write every file anew, so that none holds what was ever deleted."""
        self._write({}, [("record", record) for record in records], whole=True)

    def _write(
        self,
        docs: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any]]],
        gone: Iterable[tuple[str, str]],
        *,
        whole: bool,
    ) -> None:
        writer = self._index.writer()
        try:
            for field, value in gone:
                writer.delete_by_term(field, value)
            for terms, stored in docs.values():
                writer.add_document(**terms, **{_WHAT_IS_STORED: stored})
        except BaseException:
            writer.cancel()
            raise
        writer.commit(optimize=whole)
        self._reader.close()
        self._reader = self._index.reader()

    def close(self) -> None:
        """Let go of files."""
        self._reader.close()
        self._index.close()


class Segment:
    """One of Whoosh's segments: its items by number, and the posting lists of its words."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.items: dict[int, Mapping[str, Any]] = {
            number: fields[_WHAT_IS_STORED] for number, fields in reader.iter_docs()
        }

    def numbers(self, field: str, term: str) -> set[int]:
        """The items that have `term`."""
        return set(self._numbers(field, term))

    def positions(self, field: str, term: str) -> dict[int, list[int]]:
        """Where each item has `term`."""
        found: dict[int, list[int]] = {}
        for matcher in self._matchers(field, term):
            while matcher.is_active():
                found[matcher.id()] = matcher.value_as("positions")
                matcher.next()
        return found

    def words(self, field: str, beginning: str) -> Iterator[str]:
        """The dictionary's words with this beginning, deleted items' included."""
        try:
            for word in self._reader.expand_prefix(field, beginning):
                yield word.decode() if isinstance(word, bytes) else word
        except TermNotFound:  # a field that no item of this segment has
            return

    def frequency(self, field: str, term: str) -> int:
        """How many items have `term`, deleted ones included."""
        try:
            return int(self._reader.doc_frequency(field, term))
        except TermNotFound:
            return 0

    def _numbers(self, field: str, term: str) -> Iterator[int]:
        for matcher in self._matchers(field, term):
            while matcher.is_active():
                yield matcher.id()
                matcher.next()

    def _matchers(self, field: str, term: str) -> list[Any]:
        try:
            return [self._reader.postings(field, term)]
        except TermNotFound:
            return []


def terms_to_write(doc: IndexDoc) -> dict[str, str]:
    """The terms of `doc` by field. Raises ValueError for one that no engine can take."""
    terms = field_terms(doc)
    for value in terms.values():
        value.encode()  # Whoosh would fail in the middle of its files
    return terms

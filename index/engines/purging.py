"""The proof that nothing is left of destroyed records: words only they had are sought in dictionaries and files."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from archiver.core.records import IndexDoc
from index.fields import field_terms

_LEAST_BYTES = 8  # shorter words may stand in any compressed file by chance
_MOST_SOUGHT = 60  # words whose letters are looked for; all are looked up in dictionaries
_EXACT = ("id", "record")

DocsOf = Callable[[Collection[str]], Iterable[IndexDoc]]
"""The items of records as they are to be indexed."""


class PurgedTerms:
    """Terms of purged items, by the name of their field, less those that a surviving item has too."""

    def __init__(self, records: Collection[str], docs: Iterable[IndexDoc]) -> None:
        self.records = frozenset(records)
        self.by_field: dict[str, set[str]] = {"record": set(records)}
        for doc in docs:
            for name, terms in field_terms(doc).items() if doc.record_id in self.records else ():
                self.by_field.setdefault(name, set()).update(_apart(name, terms))

    def survive(self, fields: Mapping[str, str]) -> None:
        """What a surviving item has, its `field_terms`, need not vanish."""
        for name, terms in fields.items():
            left = self.by_field.get(name)
            if left and name != "record":  # of labels, which all items share, none is left soon
                left.difference_update(_apart(name, terms))

    def keep(self, is_elsewhere: Callable[[str, str], bool]) -> None:
        """Leave out terms, by field, that another part of the index has."""
        for name, terms in self.by_field.items():
            if name != "record":
                self.by_field[name] = {term for term in terms if not is_elsewhere(name, term)}

    def sought(self, is_beginning: Callable[[str, str], bool]) -> list[bytes]:
        """The letters worth looking for in files: those of ids and the longest terms.

        `is_beginning` says whether a term of a field that is there begins so: its letters are in the files rightly.
        """
        words = {(term, name) for name, terms in self.by_field.items() if name not in _EXACT for term in terms}
        longest = sorted(words, key=lambda word: (-len(word[0]), word))
        candidates = [*((id, "record") for id in sorted(self.records)[: _MOST_SOUGHT // 2]), *longest]
        return [
            letters
            for word, name in candidates[: 3 * _MOST_SOUGHT]
            if len(letters := word.encode()) >= _LEAST_BYTES and not is_beginning(name, word)
        ][:_MOST_SOUGHT]

    def __len__(self) -> int:
        return sum(map(len, self.by_field.values()))


def _apart(name: str, terms: str) -> Collection[str]:
    return (terms,) if name in _EXACT else terms.split()


def search_files(files: Iterable[Path], sought: Collection[bytes]) -> tuple[int, int, set[bytes]]:
    """Files and bytes searched, and which of `sought` stand in any."""
    number = size = 0
    found: set[bytes] = set()
    for path in files:
        number += 1
        length = path.stat().st_size
        size += length
        if not length:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            found |= {each for each in sought if content.find(each) >= 0}
    return number, size, found


def stands_in(word: bytes, docs: Iterable[IndexDoc]) -> bool:
    """Whether the letters of `word` are part of something a surviving item has."""
    text = word.decode()
    return any(text in value for doc in docs for value in (*field_terms(doc).values(), doc.creator, doc.account))

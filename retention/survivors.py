"""What of a record's text stands in other places too: found by comparing runs of words, said on its certificate.

Pure. A timeline shows the beginning of a post, a page's margin the newest comments, a production the thread it
handed over: those are records of their own with their own schedules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

RUN = 6
"""Words in a row that make a text known again; a shorter text is known as a whole."""
_SHORTEST = 9
"""Letters a text has at least to be looked for: "Thanks" stands everywhere and tells of nobody."""


def normal_words(text: str) -> list[str]:
    """Case, composition, punctuation and spacing aside."""
    return [
        word.casefold() for word in re.findall(r"[\w\u0900-\u0dff\u200c\u200d]+", unicodedata.normalize("NFC", text))
    ]


class Traces:
    """Runs of words of the records that go, and whose they are."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, ...], str] = {}

    def add(self, record: str, texts: Iterable[str]) -> None:
        for text in texts:
            for run in _runs(text):
                self._runs.setdefault(run, record)

    def found_in(self, text: str) -> set[str]:
        """The records of which a run of words stands in `text`."""
        words = normal_words(text)
        found = set()
        for length in range(1, RUN + 1):
            for start in range(len(words) - length + 1):
                record = self._runs.get(tuple(words[start : start + length]))
                if record is not None:
                    found.add(record)
        return found

    def __len__(self) -> int:
        return len(self._runs)


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = normal_words(text)
    if sum(map(len, words)) < _SHORTEST:
        return
    if len(words) <= RUN:
        yield tuple(words)
        return
    for start in range(len(words) - RUN + 1):
        yield tuple(words[start : start + RUN])

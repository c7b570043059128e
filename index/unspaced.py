"""Scripts written without spaces between words, and Hangul with its endings: cut into overlapping pairs.

No dictionary decides where a word ends. 東京都 is the words 東京, 京都 and, behind the last pair, 都 by itself:
a query for several characters is a phrase of pairs, one for a single character asks for every word
that begins with it, and both find each place where the characters stand, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import regex

from index.folding import fold

UNSPACED = (
    r"[[[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&[\p{L}\p{M}]]"
    r"\u3007\u3031-\u3035\u3099\u309a\u30fc\uff70\uff9e\uff9f]"
)
"""Their letters and signs, as a class of the `regex` module's version 1."""

_GRAPHEME = regex.compile(r"\X")
_UNIT = regex.compile(r"\P{M}\p{M}*|\p{M}+")
_ONE_UNIT = regex.compile(rf"{UNSPACED}\p{{M}}*", regex.V1)


def cut_pairs(run: str) -> Iterator[tuple[str, int, int]]:
    """Folded pairs of neighbours of `run` with their offsets, in order, and at last its last character alone."""
    units = [
        (unit[0], match.start(), match.end())
        for match in _GRAPHEME.finditer(run)
        for unit in _UNIT.finditer(fold(match[0]))
    ]
    for (one, start, _), (other, _, end) in pairwise(units):
        yield one + other, start, end
    yield from units[-1:]


def is_one_character(word: str) -> bool:
    """Whether the folded `word` is a single character of such a script."""
    return _ONE_UNIT.fullmatch(word) is not None and len(_UNIT.findall(word)) == 1

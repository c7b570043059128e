"""Which words are hidden together, so that a few screenshots tell every word's ink from its neighbours'.

Each word has a code of a few bits; screenshot number n is taken with those words hidden whose bit n is
set. What differs there from the page as it is shown is ink, and the bits say whose: words close to each
other have different codes.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, width, height in CSS pixels of the full page."""

_CELL = 96.0
_MOST_BITS = 5


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word's line boxes, and how many pixels its ink may leave them.

    `apart`: it cannot be hidden alone, only with all others of its kind.
    """

    boxes: tuple[Box, ...]
    reach: float
    shadow: tuple[float, float, float] | None = None  # right, down, and how far blurred
    apart: bool = False


@dataclass(frozen=True, kw_only=True)
class Codes:
    """A code for each word, none 0; `bits` screenshots tell them apart."""

    codes: tuple[int, ...]
    bits: int


def choose_codes(words: Sequence[Word]) -> Codes:
    """Codes of as few bits as possible, and the last bit for all words that stand apart.

    With too many words on one spot some neighbours share a code.
    """
    together = [each for each in words if not each.apart]
    chosen = _codes_of(together)
    if len(together) == len(words):
        return chosen
    codes = iter(chosen.codes)
    last = 1 << chosen.bits
    return Codes(codes=tuple(last if each.apart else next(codes) for each in words), bits=chosen.bits + 1)


def _codes_of(words: Sequence[Word]) -> Codes:
    if not words:
        return Codes(codes=(), bits=0)
    near = _neighbours(words)
    for bits in range(1, _MOST_BITS):
        chosen = _colour(near, bits)
        if 0 not in chosen:
            return Codes(codes=chosen, bits=bits)
    chosen = _colour(near, _MOST_BITS)
    spare = itertools.cycle(range(1, 1 << _MOST_BITS))
    return Codes(codes=tuple(each or next(spare) for each in chosen), bits=_MOST_BITS)


def _colour(near: Sequence[set[int]], bits: int) -> tuple[int, ...]:
    """Greedily in reading order; 0 where no code is left.

    Where the ink of two words runs together, the pixels they share carry the bits of both: that
    must not be the code of a third word close by.
    """
    order = sorted(range(1, 1 << bits), key=lambda code: (code.bit_count(), code))
    chosen = [0] * len(near)
    for word, others in enumerate(near):
        around = {chosen[each] for each in others if chosen[each]}
        joined = {a | b for a, b in itertools.combinations(around, 2)}
        for code in order:
            if code not in around and code not in joined and not any(code | each in around - {each} for each in around):
                chosen[word] = code
                break
    return tuple(chosen)


def _neighbours(words: Sequence[Word]) -> list[set[int]]:
    """For each word those whose ink may lie where its own may."""
    cells: dict[tuple[int, int], list[tuple[int, Box]]] = defaultdict(list)
    near: list[set[int]] = [set() for _ in words]
    for number, word in enumerate(words):
        for left, top, wide, high in word.boxes:
            window = (left - word.reach, top - word.reach, left + wide + word.reach, top + high + word.reach)
            for cell in _cells(window):
                for other, theirs in cells[cell]:
                    if other != number and _overlap(window, theirs):
                        near[number].add(other)
                        near[other].add(number)
                cells[cell].append((number, window))
    return near


def _cells(window: Box) -> Iterator[tuple[int, int]]:
    left, top, right, bottom = (int(each // _CELL) for each in window)
    return itertools.product(range(left, right + 1), range(top, bottom + 1))


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]

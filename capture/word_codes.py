"""Which words are hidden together, so that a few screenshots tell every word's ink from its neighbours'.

Each word has a code of one bit; screenshot number n is taken with the words hidden whose bit is number n. What
differs there from the page as it is shown is their ink. Words close to each other have different codes.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, width, height in CSS pixels of the full page."""

_CELL = 96.0
_MOST_BITS = 7  # and one for words that stand apart


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word's line boxes, and how many pixels its ink may leave them.

    `text` tells words of one text node from others'. `apart`: it cannot be hidden alone, only with all
    others of its kind.
    """

    boxes: tuple[Box, ...]
    reach: float
    text: int
    shadow: tuple[float, float, float] | None = None  # right, down, and how far blurred
    apart: bool = False


@dataclass(frozen=True, kw_only=True)
class Codes:
    """A code for each word; as many screenshots as `bits` tell them apart."""

    codes: tuple[int, ...]
    bits: int


def choose_codes(words: Sequence[Word]) -> Codes:
    """As few bits as it can be seen to do with, and the last one for all words that stand apart.

    With too many words on one spot some neighbours share a code.
    """
    near = _neighbours(words)
    numbers: list[int] = []
    spare = itertools.cycle(range(_MOST_BITS))
    for word, others in zip(words, near, strict=True):
        taken = {numbers[each] for each in others if each < len(numbers)}
        free = (each for each in range(_MOST_BITS) if each not in taken)
        numbers.append(-1 if word.apart else next(itertools.chain(free, spare)))
    bits = max(numbers, default=-1) + 1
    codes = tuple(1 << (bits if each < 0 else each) for each in numbers)
    return Codes(codes=codes, bits=bits + (-1 in numbers))


def _neighbours(words: Sequence[Word]) -> list[set[int]]:
    """For each word those whose ink may lie where its own may.

    In one text also the next and the one after: where a word is hidden, a browser clips what the
    words before and behind it draw over its place.
    """
    cells: dict[tuple[int, int], list[tuple[int, Box]]] = defaultdict(list)
    near: list[set[int]] = [set() for _ in words]
    for number, word in enumerate(words):
        if word.apart:
            continue
        for other in range(max(0, number - 2), number):
            if words[other].text == word.text:
                near[number].add(other)
                near[other].add(number)
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

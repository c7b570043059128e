"""Which words are hidden together, so that a few screenshots tell every word's ink from its neighbours'.

Each word has a code of one bit; screenshot number n is taken with the words hidden whose bit is number n. What
differs there from the page as it is shown is their ink. Two screenshots do for words that keep to their boxes:
whose ink it is, the box tells, and a comma has another code than the word it touches. Words whose boxes lie upon
each other, and words of scripts that leave them, have other codes than all words close by.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, width, height in CSS pixels of the full page."""

_CELL = 96.0
_TOUCHING = 0.75  # CSS pixels
_PLAIN_BITS = 2
_AROUND = 4.0  # times a word's reach
_NO_GAP = 1_000  # pixels: rows that are shot as fast as another screenshot is begun
_CLOSE_BITS = 13  # and one for words that stand apart: sixteen in all, of which a page needs three to nine


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word's line boxes, and how many pixels its ink may leave them.

    `text` tells words of one text node from others'. `free`: its letters leave its boxes, as Nastaliq's do.
    `apart`: it cannot be hidden alone, only with all others of its kind. `ink`: where its font draws it, if measured.
    """

    boxes: tuple[Box, ...]
    reach: float
    text: int
    shadow: tuple[float, float, float] | None = None  # right, down, and how far blurred
    free: bool = False
    apart: bool = False
    ink: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Codes:
    """A code for each word; as many screenshots as `bits` tell them apart.

    `boxed`: where a word's ink is told from that of others of its code by its boxes.
    """

    codes: tuple[int, ...]
    bits: int
    boxed: tuple[bool, ...]


def choose_codes(words: Sequence[Word]) -> Codes:
    """With too many words on one spot some neighbours share a code."""
    close = upon_others(words) | {number for number, word in enumerate(words) if word.free and not word.apart}
    near = _neighbours(words, close)
    numbers: list[int] = []
    spare = itertools.cycle(range(_CLOSE_BITS))
    for number, word in enumerate(words):
        if word.apart:
            numbers.append(-1)
        elif number in close:
            taken = {numbers[each] for each in near[number] if each < number}
            free = (each for each in range(_CLOSE_BITS) if _PLAIN_BITS + each not in taken)
            numbers.append(_PLAIN_BITS + next(itertools.chain(free, spare)))
        else:
            numbers.append(
                1 - numbers[-1] if number and _touch(words[number - 1], word) and 0 <= numbers[-1] < 2 else 0
            )
    used = sorted(set(numbers) - {-1})
    bits = {each: 1 << place for place, each in enumerate([*used, *({-1} & set(numbers))])}
    return Codes(
        codes=tuple(bits[each] for each in numbers),
        bits=len(bits),
        boxed=tuple(each < _PLAIN_BITS for each in numbers),
    )


def bands_of(words: Sequence[Word], chosen: Codes, bit: int, height: int) -> list[tuple[int, int]]:
    """The rows of a page of that height between which words lie that have the bit, with all their ink."""
    spans = [span for word, code in zip(words, chosen.codes, strict=True) if code >> bit & 1 for span in spans_of(word)]
    tops = [min(max(0, int(above)), height - 1) for above, _ in spans]
    bottoms = [min(height, int(below) + 1) for _, below in spans]
    return joined((top, max(top + 1, bottom)) for top, bottom in zip(tops, bottoms, strict=True))


def spans_of(word: Word) -> Iterator[tuple[float, float]]:
    """For each of its boxes the rows between which its ink is looked for where it was hidden."""
    around = _AROUND * word.reach
    return ((top - around, top + high + around) for _, top, _, high in word.boxes)


def joined(bands: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Bands of rows that lie so near each other that they are better taken at once become one."""
    found: list[tuple[int, int]] = []
    for above, below in sorted(bands):
        if found and above - found[-1][1] < _NO_GAP:
            found[-1] = (found[-1][0], max(found[-1][1], below))
        else:
            found.append((above, below))
    return found


def _touch(one: Word, other: Word) -> bool:
    """Whether the second begins where the first ends, or the other way round."""
    if one.text != other.text:
        return False
    (_, top, _, high), (_, other_top, _, other_high) = one.boxes[-1], other.boxes[0]
    stacked = abs(other_top - top - high) < _TOUCHING or abs(top - other_top - other_high) < _TOUCHING
    return stacked or _abut(one.boxes[-1], other.boxes[0])


def _abut(one: Box, other: Box) -> bool:
    return abs(other[0] - one[0] - one[2]) < _TOUCHING or abs(one[0] - other[0] - other[2]) < _TOUCHING


def upon_others(words: Sequence[Word]) -> set[int]:
    """Words whose boxes lie upon those of others."""
    cells: dict[tuple[int, int], list[tuple[int, Box]]] = defaultdict(list)
    found: set[int] = set()
    for number, word in enumerate(words):
        for left, top, wide, high in word.boxes:
            edge = _TOUCHING if min(wide, high) > 3 * _TOUCHING else 0.0
            inner = (left + edge, top + edge, left + wide - edge, top + high - edge)
            for cell in _cells(inner):
                for other, theirs in cells[cell]:
                    if other != number and _overlap(inner, theirs):
                        found |= {number, other}
                cells[cell].append((number, inner))
    return {each for each in found if not words[each].apart}


def close_to(words: Sequence[Word], some: set[int]) -> set[int]:
    """Words on which ink of those of `some` may lie."""
    if not some:
        return set()
    cells: dict[tuple[int, int], list[Box]] = defaultdict(list)
    for number in some:
        for window in _windows(words[number]):
            for cell in _cells(window):
                cells[cell].append(window)
    return {
        number
        for number, word in enumerate(words)
        if number not in some
        and any(
            _overlap(own, theirs)
            for own in itertools.chain(_edges(word.boxes), _edges(() if word.ink is None else (word.ink,)))
            for cell in _cells(own)
            for theirs in cells.get(cell, ())
        )
    }


def _edges(boxes: Sequence[Box]) -> Iterator[Box]:
    """The same boxes, by their edges."""
    return ((left, top, left + wide, top + high) for left, top, wide, high in boxes)


def _windows(word: Word) -> Iterator[Box]:
    """Where its ink may lie, by the edges."""
    reach = word.reach
    return ((left - reach, top - reach, right + reach, low + reach) for left, top, right, low in _edges(word.boxes))


def _neighbours(words: Sequence[Word], close: set[int]) -> list[set[int]]:
    """For each of the close words those whose ink may lie where its own may.

    In one text also the next and the one after: where a word is hidden, a browser clips what the
    words before and behind it draw over its place.
    """
    cells: dict[tuple[int, int], list[tuple[int, Box]]] = defaultdict(list)
    near: list[set[int]] = [set() for _ in words]
    for number, word in enumerate(words):
        if number not in close:
            continue
        for other in range(max(0, number - 2), number):
            if other in close and words[other].text == word.text:
                near[number].add(other)
                near[other].add(number)
        for window in _windows(word):
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

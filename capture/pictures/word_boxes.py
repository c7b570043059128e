"""On which rectangles of the full-page screenshot parts of an item's text stand: its words, by the layout record."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archiver.core.records import Item
from capture.pictures.item_boxes import ItemBox, find_letters, letters_of

Place = tuple[int, int]
"""Offsets into an item's text."""


@dataclass(frozen=True)
class _Word:
    """One word of the layout, and where its letters begin and end among the page's."""

    text: str
    start: int
    end: int
    boxes: tuple[ItemBox, ...]


def place_words(
    layout: Mapping[str, Any], items: Sequence[Item], places: Mapping[str, Sequence[Place]]
) -> dict[str, tuple[tuple[ItemBox, ...], ...]]:
    """By native id, for each of its `places` the rectangles of every word that it takes in, or touches.

    `items` are all that the page shows, so that those that say the same take their places in order. Items whose
    text the page does not show are left out; a place that it shows as a picture has no rectangles.
    """
    placed = {}
    for signs in (False, True):  # a text of signs alone is looked for among the signs
        shown = [each for each in items if bool(letters_of(each.text)) is not signs]
        words = list(_words(layout, signs))
        letters = "".join(letters_of(word.text, signs) for word in words)
        found = find_letters(letters, [(each.native_id, letters_of(each.text, signs)) for each in shown])
        for item in shown:
            if item.native_id in found and item.native_id in places:
                span = found[item.native_id]
                placed[item.native_id] = tuple(
                    _boxes(item.text, place, words, letters, span, signs) for place in places[item.native_id]
                )
    return placed


def _words(layout: Mapping[str, Any], signs: bool) -> Iterator[_Word]:
    length = 0
    for text in layout["texts"]:
        for word, *numbers in text["words"]:
            end = length + len(letters_of(word, signs))
            rectangles = zip(*(iter(numbers),) * 4, strict=True)
            boxes = tuple(ItemBox(left=a, top=b, width=c, height=d) for a, b, c, d in rectangles)
            yield _Word(word, length, end, boxes)
            length = end


def _boxes(
    text: str, place: Place, words: Sequence[_Word], letters: str, span: tuple[int, int], signs: bool
) -> tuple[ItemBox, ...]:
    said = text[place[0] : place[1]]
    wanted = letters_of(said, signs)
    start = span[0] + len(letters_of(text[: place[0]], signs))
    if not wanted:  # a sign among letters
        return tuple(box for word in _touching(words, start, start) if said in word.text for box in word.boxes)
    if letters[start : start + len(wanted)] != wanted:  # only its beginning and its end were found as they are
        start = letters.find(wanted, *span)
        if start < 0:
            return ()
    touched = _touching(words, start, start + len(wanted))
    inside = (word for word in touched if word.start < start + len(wanted) and start < word.end)
    return tuple(box for word in inside for box in word.boxes)


def _touching(words: Sequence[_Word], start: int, end: int) -> Iterator[_Word]:
    for word in words[bisect_left(words, start, key=lambda each: each.end) :]:
        if word.start > end:
            return
        yield word

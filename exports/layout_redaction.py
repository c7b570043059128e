"""Where redacted words and unknown pictures stand on a screenshot: the layout record searched by the same rules.

A page's words are read in the order of its document, one after the other, whatever text nodes and boxes part
them; so a phrase is found across two boxes and over a line's end.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exports.redaction_rules import RedactionRule, find_hits
from exports.spelling import spell, tokens

Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the full page."""

MARGIN = 2
"""Pixels around a word's own."""
_REACH = 0.3
"""Of a line's height: how far letters, Nastaliq's most, leave the box of their line where words are not traced."""
UNKNOWN = "withheld"
"""Printed over pictures that nobody has cleared."""


@dataclass(frozen=True, order=True)
class PaintedBox:
    """One rectangle that is painted out, and what is printed in it."""

    rectangle: Rectangle
    label: str
    rule: str = ""


@dataclass(frozen=True)
class _Word:
    text: str
    boxes: tuple[Rectangle, ...]


def paint_plan(
    layout: Mapping[str, Any],
    rules: Sequence[RedactionRule],
    *,
    capture: str,
    literals: Mapping[str, str],
    withheld: Iterable[tuple[Rectangle, str]] = (),
    cleared: frozenset[str] = frozenset(),
) -> list[PaintedBox]:
    """Every box to paint on a capture's full page.

    `literals` are strings that the rules found in the items' own texts, with their labels: they are looked for as
    they stand, however the page parts them. `withheld` are places of whole items. `cleared` are pictures that a
    person has looked at, as `left,top,width,height`, or `*` for all.
    """
    words, exact = list(_words(layout)), bool(layout.get("exact"))
    boxes = [PaintedBox(_grown(box, exact), label) for box, label in withheld]
    for start, end, rule, label in _word_hits(words, rules, literals):
        boxes += [PaintedBox(_grown(box, exact), label, rule) for word in words[start:end] for box in word.boxes]
    boxes += [
        PaintedBox(rule.rectangle[1:], rule.section, rule.id)
        for rule in rules
        if rule.kind == "rectangle" and rule.rectangle is not None and rule.rectangle[0] == capture
    ]
    boxes += [PaintedBox(region, UNKNOWN) for region in unknown_pictures(layout) if not is_cleared(region, cleared)]
    return sorted(set(boxes))


def unknown_pictures(layout: Mapping[str, Any]) -> list[Rectangle]:
    """The parts of the page whose text nobody knows: pictures, video, canvas, fields, frames of other origins."""
    found = []
    for region in layout.get("regions", ()):
        left, top, width, height = (float(each) for each in region["rect"][:4])
        box = _whole(left, top, width, height)
        if box[2] > 1 and box[3] > 1:
            found.append(box)
    return list(dict.fromkeys(found))


def is_cleared(region: Rectangle, cleared: frozenset[str]) -> bool:
    return "*" in cleared or ",".join(map(str, region)) in cleared


def _words(layout: Mapping[str, Any]) -> Iterator[_Word]:
    for text in layout.get("texts", ()):
        for said, *numbers in (*text["words"], *text.get("unseen", ())):
            boxes = tuple(_whole(*each) for each in zip(*(iter(numbers),) * 4, strict=True))
            yield _Word(said, boxes)


def _word_hits(
    words: Sequence[_Word], rules: Sequence[RedactionRule], literals: Mapping[str, str]
) -> Iterator[tuple[int, int, str, str]]:
    """First word, one past the last, rule and label of each hit."""
    joined, places = _join(words)
    starts = [start for start, _ in places]
    # as the page writes them, a blank between words: patterns and phrases
    for hit in find_hits(joined, [each for each in rules if each.kind in ("phrase", "person", "pattern")]):
        first = bisect_right(starts, hit.start) - 1
        last = bisect_right(starts, max(hit.start, hit.end - 1)) - 1
        yield first, last + 1, hit.rule, hit.section
    yield from _squeezed_hits(words, literals)


def _join(words: Sequence[_Word]) -> tuple[str, list[tuple[int, int]]]:
    """The page as one text: words that touch on a line are written together."""
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    length = 0
    for number, word in enumerate(words):
        if number and not _touch(words[number - 1], word):
            parts.append(" ")
            length += 1
        places.append((length, length + len(word.text)))
        parts.append(word.text)
        length += len(word.text)
    return "".join(parts), places


def _touch(one: _Word, other: _Word) -> bool:
    if not one.boxes or not other.boxes:
        return False
    a, b = one.boxes[-1], other.boxes[0]
    same_line = a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
    gap = max(b[0] - (a[0] + a[2]), a[0] - (b[0] + b[2]))
    return same_line and gap <= max(1, min(a[3], b[3]) // 8)


def _squeezed_hits(words: Sequence[_Word], literals: Mapping[str, str]) -> Iterator[tuple[int, int, str, str]]:
    """Strings found by their letters alone, from the beginning of a word to the end of one."""
    letters, owners = "", list[int]()
    edges = {0}
    pieces: list[str] = []
    length = 0
    for number, word in enumerate(words):
        spelled = spell(word.text)
        squeezed = spelled.text.replace(" ", "")
        blanks = 0
        for place in range(len(spelled.text) + 1):
            if place in spelled.bounds:
                edges.add(length + place - blanks)
            if place < len(spelled.text) and spelled.text[place] == " ":
                blanks += 1
        pieces.append(squeezed)
        owners += [number] * len(squeezed)
        length += len(squeezed)
    letters = "".join(pieces)
    for literal, label in literals.items():
        wanted = "".join(tokens(literal))
        place = letters.find(wanted) if wanted else -1
        while place >= 0:
            end = place + len(wanted)
            if place in edges and end in edges:
                yield owners[place], owners[end - 1] + 1, "", label
            place = letters.find(wanted, place + 1)


def _whole(left: float, top: float, width: float, height: float) -> Rectangle:
    """Every pixel that the rectangle touches."""
    return (int(left), int(top), math.ceil(left + width) - int(left), math.ceil(top + height) - int(top))


def _grown(box: Rectangle, exact: bool) -> Rectangle:
    left, top, width, height = box
    down = MARGIN if exact else max(MARGIN, round(_REACH * min(height, 80)))
    along = MARGIN if exact else max(MARGIN, round(_REACH * min(height, 80) / 2))
    return (max(0, left - along), max(0, top - down), width + min(left, along) + along, height + min(top, down) + down)

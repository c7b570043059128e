"""Where redacted words and unknown pictures stand on a screenshot: the layout record searched by the same rules.

A page's words are read in the order of its document, one after the other, whatever text nodes and boxes part
them; so a phrase is found across two boxes and over a line's end.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exports.redaction.rules import RedactionRule, find_hits, label
from exports.redaction.spelling import spell, tokens

Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the full page."""

MARGIN = 2
"""Pixels around a word's own."""
_REACH = 0.3
"""Of a line's height: how far letters, Nastaliq's most, leave the box of their line where words are not traced."""
UNKNOWN = "withheld"
"""Printed over pictures that nobody has cleared."""
PAINTED = "\u2588"
"""In place of a painted word, where what still shows is read: nothing is found across it."""
_SIZED = re.compile(r"(.*?)(?:-\d+x\d+|-scaled)?(\.(?:jpe?g|png|gif|webp|avif|svg))", re.IGNORECASE | re.DOTALL)
_BAND = 64
"""Pixels of a page in which boxes are looked for together."""
_PORTRAIT, _NEAR = 200, 12
"""Pixels: a person's own picture is no larger, and no further from the name than its size and so many more."""


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
    hidden: Mapping[str, str] = MappingProxyType({}),
) -> list[PaintedBox]:
    """Every box to paint on a capture's full page.

    `literals` are strings that the rules found in the items' own texts, with their labels: they are looked for as
    they stand, however the page parts them. `withheld` are places of whole items. `cleared` are pictures that a
    person has looked at, as `left,top,width,height`, or `*` for all: then those stay withheld that their page
    describes by a redacted name, and small ones beside the name of a redacted person. `hidden` are addresses and
    descriptions of pictures of items that are out as a whole, with their labels: nobody can clear those.
    """
    words, exact = list(_words(layout)), bool(layout.get("exact"))
    boxes = [PaintedBox(_grown(box, exact, line=_line_height(box, words)), told) for box, told in withheld]
    named = [each for each in rules if each.kind in ("phrase", "person", "pattern")]
    kinds, persons = {each.id: each.kind for each in rules}, list[PaintedBox]()
    for start, end, rule, told in _word_hits(words, named, literals):
        pieces = [box for word in words[start:end] for box in _blocks(_grown(box, exact) for box in word.boxes)]
        found = [PaintedBox(each, told, rule) for each in _lines(pieces)]
        persons += found if kinds.get(rule) == "person" else []
        boxes += found
    boxes += [
        PaintedBox(rule.rectangle[1:], label(rule.section), rule.id)
        for rule in rules
        if rule.kind == "rectangle" and rule.rectangle is not None and rule.rectangle[0] == capture
    ]
    out = {_picture(each): told for each, told in hidden.items()}
    for region, source, described in _regions(layout):
        if whole := out.get(_picture(source)) or out.get(described):
            boxes.append(PaintedBox(region, whole))
            continue
        if is_named(region, cleared):
            continue  # a person looked at this very one
        beside = any(_is_beside(region, each.rectangle) for each in persons)
        if beside or find_hits(f"{described} {source}", named) or not is_cleared(region, cleared):
            boxes.append(PaintedBox(region, UNKNOWN))
    return _outermost(boxes)


def left_words(layout: Mapping[str, Any], boxes: Sequence[PaintedBox]) -> str:
    """The page's words that still show where the boxes are painted, in its order; a sign stands for those painted."""
    covered, shown = _Covered(), list[_Word]()
    for each in boxes:
        covered.add(each.rectangle)
    for word in _words(layout):
        if word.boxes:
            hidden = all(covered.holds(box) for box in word.boxes)
            shown.append(_Word(PAINTED, word.boxes) if hidden else word)
    return _join(shown)[0]


def unknown_pictures(layout: Mapping[str, Any]) -> list[Rectangle]:
    """The parts of the page whose text nobody knows: pictures, video, canvas, fields, frames of other origins."""
    return list(dict.fromkeys(region for region, _, _ in _regions(layout)))


def _regions(layout: Mapping[str, Any]) -> Iterator[tuple[Rectangle, str, str]]:
    """Each with what its page says of it: the picture's address and description."""
    for region in layout.get("regions", ()):
        left, top, width, height = (float(each) for each in region["rect"][:4])
        box = _whole(left, top, width, height)
        if box[2] > 1 and box[3] > 1:
            yield box, str(region.get("source") or ""), str(region.get("alt") or "").strip()


def _picture(address: str) -> str:
    """The same for a picture in all its sizes, as WordPress names them: `town-300x200.jpg`, `town.jpg?w=300`."""
    path, _, query = address.partition("?")
    named = _SIZED.fullmatch(path)
    return f"{named[1]}{named[2]}" if named else f"{path}?{query}" if query else path


def is_cleared(region: Rectangle, cleared: frozenset[str]) -> bool:
    return "*" in cleared or is_named(region, cleared)


def is_named(region: Rectangle, cleared: frozenset[str]) -> bool:
    """Whether a person cleared this very picture, and not all of the capture's."""
    return ",".join(map(str, region)) in cleared


def _is_beside(region: Rectangle, name: Rectangle) -> bool:
    """Whether a small picture stands so near a name that it is taken for that person's."""
    left, top, width, height = region
    if max(width, height) > _PORTRAIT:
        return False
    across, down = width + _NEAR, height // 2 + _NEAR
    return (
        name[0] < left + width + across
        and left - across < name[0] + name[2]
        and name[1] < top + height + down
        and top - down < name[1] + name[3]
    )


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
    for hit in find_hits(joined, rules):
        first = bisect_right(starts, hit.start) - 1
        last = bisect_right(starts, max(hit.start, hit.end - 1)) - 1
        yield first, last + 1, hit.rule, label(hit.section)
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
    for literal, told in literals.items():
        wanted = "".join(tokens(literal))
        place = letters.find(wanted) if wanted else -1
        while place >= 0:
            end = place + len(wanted)
            if place in edges and end in edges:
                yield owners[place], owners[end - 1] + 1, "", told
            place = letters.find(wanted, place + 1)


def _whole(left: float, top: float, width: float, height: float) -> Rectangle:
    """Every pixel that the rectangle touches."""
    return (int(left), int(top), math.ceil(left + width) - int(left), math.ceil(top + height) - int(top))


def _line_height(box: Rectangle, words: Sequence[_Word]) -> int:
    """Of the highest line that begins in the box; the box's own height where none does."""
    inside = (
        each[3]
        for word in words
        for each in word.boxes
        if box[0] <= each[0] < box[0] + box[2] and box[1] <= each[1] < box[1] + box[3]
    )
    return max(inside, default=box[3])


def _grown(box: Rectangle, exact: bool, *, line: int | None = None) -> Rectangle:
    left, top, width, height = box
    high = min(height if line is None else line, 80)
    down = MARGIN if exact else max(MARGIN, round(_REACH * high))
    along = MARGIN if exact else max(MARGIN, round(_REACH * high / 2))
    return (max(0, left - along), max(0, top - down), width + min(left, along) + along, height + min(top, down) + down)


def _blocks(boxes: Iterable[Rectangle]) -> list[Rectangle]:
    """A word's rectangles as blocks: where several follow its letters, for another word's stand among them, their
    outline would tell the word. What of the other lies in the block goes with it.
    """
    blocks: list[Rectangle] = []
    for box in boxes:
        grown = True
        while grown:
            grown = False
            for each in blocks:
                if _meet(each, box):
                    blocks.remove(each)
                    box, grown = _around(each, box), True
                    break
        blocks.append(box)
    return blocks


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return (
        one[0] <= other[0] + other[2]
        and other[0] <= one[0] + one[2]
        and one[1] <= other[1] + other[3]
        and other[1] <= one[1] + one[3]
    )


def _around(one: Rectangle, other: Rectangle) -> Rectangle:
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right, bottom = max(one[0] + one[2], other[0] + other[2]), max(one[1] + one[3], other[1] + other[3])
    return (left, top, right - left, bottom - top)


def _lines(boxes: Sequence[Rectangle]) -> list[Rectangle]:
    """One rectangle for words that follow one another on a line: how long each is, and how many, shows nowhere."""
    lines: list[Rectangle] = []
    for box in boxes:
        if lines and _on_one_line(lines[-1], box):
            box = _around(lines.pop(), box)
        lines.append(box)
    return lines


def _on_one_line(one: Rectangle, other: Rectangle) -> bool:
    shared = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    gap = max(other[0] - (one[0] + one[2]), one[0] - (other[0] + other[2]))
    return shared * 2 > min(one[3], other[3]) and gap <= min(one[3], other[3])


def _outermost(boxes: Iterable[PaintedBox]) -> list[PaintedBox]:
    """Without those that lie in another: two labels in one place could not be read."""
    covered, kept = _Covered(), list[PaintedBox]()
    for each in sorted(set(boxes), key=lambda box: (-box.rectangle[2] * box.rectangle[3], box)):
        if not covered.holds(each.rectangle):
            covered.add(each.rectangle)
            kept.append(each)
    return sorted(kept)


class _Covered:
    """Rectangles by the bands of the page that they reach into, for one of a long page holds few others."""

    def __init__(self) -> None:
        self._bands: dict[int, list[Rectangle]] = {}

    def add(self, box: Rectangle) -> None:
        for band in range(box[1] // _BAND, (box[1] + box[3]) // _BAND + 1):
            self._bands.setdefault(band, []).append(box)

    def holds(self, inner: Rectangle) -> bool:
        return any(_holds(each, inner) for each in self._bands.get(inner[1] // _BAND, ()))


def _holds(outer: Rectangle, inner: Rectangle) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and outer[0] + outer[2] >= inner[0] + inner[2]
        and outer[1] + outer[3] >= inner[1] + inner[3]
    )

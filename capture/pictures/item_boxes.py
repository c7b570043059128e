"""Where a record's items stand on the full-page screenshot: the layout's words matched with the items' texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archiver.core.records import Item

_MARGIN = 8.0
_ENDS = 40
"""Letters of an item's beginning and end that place it where its whole text is not found in one piece."""


@dataclass(frozen=True, kw_only=True)
class ItemBox:
    """In pixels of the full page."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class _Seen:
    """One text node of the layout, with its words' letters as they stand in the page's."""

    path: str
    boxes: tuple[tuple[float, float, float, float], ...]
    start: int
    end: int


def place_items(layout: Mapping[str, Any], items: Sequence[Item]) -> dict[str, ItemBox]:
    """Native id to box, of every item whose text is found; the box takes in what stands with it alone.

    That is the largest element that holds no other item: its author, its date, its pictures.
    """
    texts: list[_Seen] = []
    owners: dict[str, list[str]] = {}
    for signs in (False, True):  # a text of signs alone, a thumb say, is looked for among the signs
        wanted = [each for each in items if bool(letters_of(each.text)) is not signs]
        letters, texts = _read(layout, signs)
        spans = find_letters(letters, [(each.native_id, letters_of(each.text, signs)) for each in wanted])
        owners |= {native_id: _paths(texts, span) for native_id, span in spans.items()}
    regions = [(each["path"], (tuple(each["rect"]),)) for each in layout["regions"]]
    everything = [(each.path, each.boxes) for each in texts] + regions
    placed: dict[str, ItemBox] = {}
    for native_id, paths in owners.items():
        others = [
            path for other, theirs in owners.items() if other != native_id for path in theirs if path not in paths
        ]
        home = _home(paths, others)
        boxes = [box for path, held in everything if _below(path, home) or path in paths for box in held]
        if boxes:
            placed[native_id] = _around(boxes, layout)
    return placed


def letters_of(text: str, signs: bool = False) -> str:
    """What two renderings of a text have in common: letters and digits, without case.

    With `signs` also what is none of these and no punctuation, emoji above all: a site may show pictures for them.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(each for each in folded if unicodedata.category(each)[0] in ("LMNS" if signs else "LN"))


def _read(layout: Mapping[str, Any], signs: bool) -> tuple[str, list[_Seen]]:
    parts: list[str] = []
    texts: list[_Seen] = []
    length = 0
    for text in layout["texts"]:
        start = length
        boxes: list[tuple[float, float, float, float]] = []
        for word, *numbers in text["words"]:
            parts.append(letters_of(word, signs))
            length += len(parts[-1])
            boxes += zip(*(iter(numbers),) * 4, strict=True)
        texts.append(_Seen(text["path"], tuple(boxes), start, length))
    return "".join(parts), texts


def find_letters(letters: str, items: Sequence[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Where each item's letters stand; items that say the same take their places in order."""
    taken: set[int] = set()
    found: dict[str, tuple[int, int]] = {}
    # what is long is found surely; a short text may also stand inside of a longer one, whose place it must not take
    for native_id, wanted in sorted(items, key=lambda each: -len(each[1])):
        for start, end in _occurrences(letters, wanted):
            if not any(place in taken for place in range(start, end)):
                found[native_id] = (start, end)
                taken.update(range(start, end))
                break
    return found


def _occurrences(letters: str, wanted: str) -> Iterator[tuple[int, int]]:
    if not wanted:
        return
    start = letters.find(wanted)
    while start >= 0:
        yield start, start + len(wanted)
        start = letters.find(wanted, start + 1)
    if len(wanted) > 2 * _ENDS:
        start = letters.find(wanted[:_ENDS])
        end = letters.find(wanted[-_ENDS:], start)
        if 0 <= start < end < start + 2 * len(wanted):
            yield start, end + _ENDS


def _paths(texts: Sequence[_Seen], span: tuple[int, int]) -> list[str]:
    return [each.path for each in texts if each.start < span[1] and span[0] < each.end]


def _home(paths: Sequence[str], others: Sequence[str]) -> str:
    """The largest element that holds all of `paths` and none of `others`; "" where there is none."""
    steps = [path.split("/") for path in paths]
    common = []
    for each in zip(*steps, strict=False):
        if len(set(each)) > 1:
            break
        common.append(each[0])
    whole = "/".join(common)
    if any(_below(other, whole) for other in others):
        return ""
    for depth in range(4, len(common) + 1):  # the body itself is no item's
        home = "/".join(common[:depth])
        if not any(_below(other, home) for other in others):
            return home
    return whole


def _below(path: str, home: str) -> bool:
    return bool(home) and (path == home or path.startswith(f"{home}/"))


def _around(boxes: Sequence[tuple[float, ...]], layout: Mapping[str, Any]) -> ItemBox:
    left = max(0.0, min(each[0] for each in boxes) - _MARGIN)
    top = max(0.0, min(each[1] for each in boxes) - _MARGIN)
    right = min(layout["width"], max(each[0] + each[2] for each in boxes) + _MARGIN)
    bottom = min(layout["height"], max(each[1] + each[3] for each in boxes) + _MARGIN)
    return ItemBox(left=left, top=top, width=right - left, height=bottom - top)

"""The layout record: which word stands where on the full-page screenshot."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from capture.observation import TILE_HEIGHT, tile_name
from capture.pictures.ink import Rectangle
from capture.pictures.word_codes import Box, Word

_REACH = 0.3
"""Of a line box's height: how far ink may leave it. What is farther is found by the word's code all the same."""
_LEAST_REACH = 4.0  # CSS pixels


def words_of(texts: Sequence[Mapping[str, Any]]) -> list[Word]:
    """Every word of these texts, in their order, with its line boxes."""
    words = []
    for number, text in enumerate(texts):
        shadow = tuple(text["shadow"]) if "shadow" in text else None
        boxes_of = [tuple(_boxes(numbers)) for _, *numbers in text["words"]]
        # upright or not, a text's longest word is longer than a line is high
        line = max((min(wide, high) for boxes in boxes_of for _, _, wide, high in boxes), default=0)
        reach = max(_LEAST_REACH, _REACH * line)
        inks = text.get("inks") or [None] * len(boxes_of)
        for (said, *_), boxes, ink in zip(text["words"], boxes_of, inks, strict=True):
            free = "free" in text or any(map(_leaves_its_box, said))
            words.append(
                Word(
                    boxes=boxes,
                    reach=reach,
                    text=number,
                    shadow=shadow,
                    free=free,
                    apart="apart" in text,
                    ink=None if ink is None else tuple(ink),
                )
            )
    return words


def _leaves_its_box(character: str) -> bool:
    """Whether it may, as Nastaliq's letters do."""
    return "\u0600" <= character <= "\u08ff" or "\ufb50" <= character <= "\ufeff"


def _boxes(numbers: Sequence[float]) -> Iterator[Box]:
    return zip(*(iter(numbers),) * 4, strict=True)


def write_layout(
    layout: Mapping[str, Any], width: float, height: float, ink: Sequence[Sequence[Rectangle]] | None
) -> bytes:
    """The `urn:layout` record, JSON: what `capture/page/scripts/layout.js` read, with the images it lies on.

    A word is `[text, left, top, width, height, ...]`, four numbers for each of its rectangles, in pixels from
    the top left corner of the full page. With `ink`, each word's pixels as found on the screenshot, rectangles
    hold these and no others'; words without any are listed as `unseen`, by their line boxes. Without it,
    `exact` is false and rectangles are line boxes, enlarged where letters leave them.
    """
    images = [
        {"name": tile_name(number), "top": top, "height": min(TILE_HEIGHT, height - top)}
        for number, top in enumerate(range(0, math.ceil(height), TILE_HEIGHT), 1)
    ]
    record = {
        "format": "archiver-layout",
        "version": 2,
        "width": width,
        "height": height,
        "images": images,
        "exact": ink is not None,
        "cut": layout["cut"],
        "texts": _texts(layout["texts"], ink),
        "regions": layout["regions"],
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _covering_words(text: Mapping[str, Any]) -> list[list[Any]]:
    words: list[list[Any]] = text["words"]
    if (
        not {"free", "apart", "shadow"} & text.keys()
        and not any(text.get("inks", ()))
        and not any(_leaves_its_box(c) for w in words for c in w[0])
    ):
        return words
    return [[word[0], *_covering(each)] for word, each in zip(words, words_of([text]), strict=True)]


def _covering(word: Word) -> list[float]:
    """Its line boxes, made so large that its letters do not leave them."""
    spare = word.reach if (word.free or word.apart) and word.ink is None else 0.0
    boxes = []
    for left, top, wide, high in (*word.boxes, *_shadows(word)):
        right, below = left + wide, top + high
        if word.ink is not None:
            left, top = min(left, word.ink[0]), min(top, word.ink[1])
            right, below = max(right, word.ink[0] + word.ink[2]), max(below, word.ink[1] + word.ink[3])
        left, top = max(0.0, left - spare), max(0.0, top - spare)
        boxes += [left, top, right + spare - left, below + spare - top]
    return [round(each, 2) for each in boxes]


def _shadows(word: Word) -> Iterator[Box]:
    """Where its shadows fall."""
    if word.shadow is not None and any(word.shadow):
        right, down, blurred = word.shadow
        for left, top, wide, high in word.boxes:
            yield left + right - blurred, top + down - blurred, wide + 2 * blurred, high + 2 * blurred


def _texts(texts: Sequence[Mapping[str, Any]], ink: Sequence[Sequence[Rectangle]] | None) -> list[dict[str, Any]]:
    if ink is None:
        return [{"path": text["path"], "words": _covering_words(text)} for text in texts]
    found = iter(ink)
    described = []
    for text in texts:
        seen, unseen = [], []
        for word in text["words"]:
            if rectangles := next(found):
                seen.append([word[0], *(number for each in rectangles for number in each)])
            else:
                unseen.append(word)
        entry = {"path": text["path"], "words": seen}
        described.append(entry | {"unseen": unseen} if unseen else entry)
    return described

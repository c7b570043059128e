"""Words that run into each other: each is drawn alone, as the page writes it, and found so on the screenshot.

A drawing proves nothing by itself. A word is told by it only where every pixel that differs from the ground around
the word is one that a drawing, or a word that is told already, has there, in its very colour.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capture.page import questions
from capture.pictures.even_ground import EvenGround, ground_of
from capture.pictures.frames import Frame, by_images, cut
from capture.pictures.ink import Mask, Rectangle, rectangles_of
from capture.pictures.pixels import Pixels, Samples
from capture.pictures.word_codes import Word

_AT_ONCE = 500
"""Drawings in one answer of the page, of some 3 kB each."""

_ASIDE = (0.0, -1 / 16, 1 / 16)
"""Pixels: letters stand on quarters, and where between two quarters a word begins is known to 1/64 alone."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """A word's ink; what of `pixels` is not ink has the ground's colour."""

    left: int
    top: int
    pixels: Pixels

    @property
    def frame(self) -> Frame:
        """Its edges; other than a word's frame, it ends where the ink does."""
        high, wide = self.pixels.shape
        return self.left, self.top, self.left + wide, self.top + high


async def tell_drawn(
    send: questions.Send,
    words: Sequence[Word],
    told: Sequence[Sequence[Rectangle] | None],
    ground: EvenGround,
    *,
    seconds: float,
) -> dict[int, list[Rectangle]]:
    """By their numbers the ink of words that are not told yet, as far as drawings tell it. Raises ScriptError.

    The page keeps the first of `words`, those that `ground` has.
    """
    windows = {
        number: (*window, ground_of(window[1]))
        for number, window in ground.windows.items()
        if told[number] is None and words[number].shadow is None and not words[number].apart
    }
    drawings: dict[int, Drawing] = {}
    fits = dict.fromkeys(windows, 0.0)
    for aside in _ASIDE:
        asked = [(number, colour) for number, (_, _, colour) in windows.items() if fits[number] < 1]
        for number, drawing in (await _draw(send, asked, aside, seconds)).items():
            if (fit := _fit(drawing, *windows[number])) > fits[number]:
                fits[number], drawings[number] = fit, drawing
    found = {}
    neighbours = ground.neighbours(drawings)
    for number in drawings:
        frame, seen, colour = windows[number]
        near = neighbours[number]
        others = [drawings[each] for each in near if each in drawings]
        known = [rectangle for each in near for rectangle in told[each] or ()]
        if (ink := find_drawn(drawings[number], frame, seen, colour, others, known)) is not None:
            found[number] = by_images(ink)
    return found


def find_drawn(
    drawing: Drawing,
    frame: Frame,
    seen: Pixels,
    colour: int,
    others: Sequence[Drawing],
    known: Sequence[Rectangle],
) -> list[Rectangle] | None:
    """The rectangles of a word's ink, `drawing`, in its frame, which the screenshot shows as `seen`.

    `colour` is the ground's; `others` are drawings of words close by, `known` rectangles that hold the ink of words
    that are told. None where these together are not what is seen.
    """
    left, top, right, bottom = frame
    within = drawing.frame if drawing.pixels.size else frame
    if within[0] < left or within[1] < top or within[2] > right or within[3] > bottom:
        return None
    inked = seen != colour
    others_seen, times = np.zeros_like(inked), np.zeros(seen.shape, np.uint8)
    expected = np.full_like(seen, colour)
    for other in others:
        others_seen |= _lay(other, frame, colour, expected, times) & (expected == seen)
    drawn = _lay(drawing, frame, colour, expected, times)
    held = np.zeros_like(inked)
    for across, down, wide, high in known:
        held[cut((across, down, across + wide, down + high), left, top)] = True
    mixed = (times > 1) & inked
    if not (mixed | (held & ~drawn) | (expected == seen)).all() or (held & drawn).any():
        return None
    mine = drawn & ~others_seen  # not what would look the same without it
    if not mine.any():
        return None if drawn.any() else []
    if not (mine & (times == 1)).any():
        return None
    foreign = inked & ~(drawn & (expected == seen))
    rectangles = rectangles_of(np.array(np.nonzero(mine)), foreign)
    return [(left + x, top + y, wide, high) for x, y, wide, high in rectangles]


def _lay(drawing: Drawing, frame: Frame, colour: int, expected: Pixels, times: Samples) -> Mask:
    """Lay the drawing's ink upon what is expected in the frame, and count it. Returns where it lies."""
    rows, columns = cut(drawing.frame, frame[0], frame[1])
    part = drawing.pixels[max(0, frame[1] - drawing.top) :, max(0, frame[0] - drawing.left) :]
    into = expected[rows, columns]
    part = part[: into.shape[0], : into.shape[1]]
    ink = part != colour
    into[ink] = part[ink]
    times[rows, columns] += ink
    laid = np.zeros(times.shape, np.bool_)
    laid[rows, columns] = ink
    return laid


async def _draw(
    send: questions.Send, asked: Sequence[tuple[int, int]], aside: float, seconds: float
) -> dict[int, Drawing]:
    """Drawings of these words, asked for with the colour of their ground; of some there is none."""
    drawings = {}
    for first in range(0, len(asked), _AT_ONCE):
        some = asked[first : first + _AT_ONCE]
        options = {"words": [[number, _css(colour), aside] for number, colour in some]}
        drawn = await questions.run_script(send, "draw", options, seconds=seconds)
        for (number, _), each in zip(some, drawn, strict=True):
            if each is not None:
                drawings[number] = _drawing(each)
    return drawings


def _fit(drawing: Drawing, frame: Frame, seen: Pixels, colour: int) -> float:
    """How much of the drawing's ink the screenshot shows as it is drawn."""
    expected, times = np.full_like(seen, colour), np.zeros(seen.shape, np.uint8)
    laid = _lay(drawing, frame, colour, expected, times)
    drawn = int(np.count_nonzero(drawing.pixels != colour))
    return 1.0 if not drawn else int(np.count_nonzero(laid & (expected == seen))) / drawn


def _drawing(said: Sequence[int | str]) -> Drawing:
    left, top, wide, high = (int(each) for each in said[:4])
    pixels: Pixels = np.frombuffer(base64.b64decode(str(said[4])), np.uint32).reshape(high, wide) & np.uint32(0xFFFFFF)
    return Drawing(left=left, top=top, pixels=pixels)


def _css(colour: int) -> str:
    return f"rgb({colour & 255} {colour >> 8 & 255} {colour >> 16 & 255})"

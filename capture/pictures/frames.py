"""The frames that hold the ink of words, as their fonts or their lines say, and which of them meet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from capture.observation import TILE_HEIGHT
from capture.pictures.ink import Rectangle
from capture.pictures.word_codes import Box, Word

Frame = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the full page: a word's ink lies within, and touches no edge."""


def frames_of(word: Word) -> list[Frame]:
    """One where its ink was measured, else one for each of its boxes."""
    return [_frame(each) for each in ((word.ink,) if word.ink is not None else word.boxes)]


def _frame(box: Box) -> Frame:
    left, top, wide, high = box
    return math.floor(left) - 1, math.floor(top) - 1, math.ceil(left + wide) + 1, math.ceil(top + high) + 1


def tile_of(frame: Frame) -> int:
    """The number of the image it begins on, from 0."""
    return max(0, frame[1]) // TILE_HEIGHT


def meetings(frames: Sequence[Frame]) -> list[list[int]]:
    """For each frame those that it meets, by their places here."""
    met: list[list[int]] = [[] for _ in frames]
    if not frames:
        return met
    lefts, tops, rights, bottoms = np.array(frames).T
    order = np.argsort(tops, kind="stable")
    upper, after = np.arange(len(frames)), 0
    while len(upper):
        after += 1
        upper = upper[: np.searchsorted(upper, len(frames) - after)]
        ones, others = order[upper], order[upper + after]
        down = tops[others] < bottoms[ones]
        upper, ones, others = upper[down], ones[down], others[down]
        across = (lefts[ones] < rights[others]) & (lefts[others] < rights[ones])
        for one, other in zip(ones[across].tolist(), others[across].tolist(), strict=True):
            met[one].append(other)
            met[other].append(one)
    return [sorted(each) for each in met]


def shared(one: Frame, other: Frame) -> tuple[int, int]:
    """How many columns and rows the insides of two frames have in common."""
    return (
        min(one[2], other[2]) - max(one[0], other[0]) - 2,
        min(one[3], other[3]) - max(one[1], other[1]) - 2,
    )


def inside(frame: Frame) -> Frame:
    """Without its edges."""
    return frame[0] + 1, frame[1] + 1, frame[2] - 1, frame[3] - 1


def cut(frame: Frame, left: int, top: int) -> tuple[slice, slice]:
    """The frame's rows and columns in a window that begins there."""
    return (
        slice(max(0, frame[1] - top), max(0, frame[3] - top)),
        slice(max(0, frame[0] - left), max(0, frame[2] - left)),
    )


def by_images(rectangles: Iterable[Rectangle]) -> list[Rectangle]:
    """The same; one that lies on two images is divided where the second begins."""
    divided = []
    for left, top, wide, high in rectangles:
        row = (top // TILE_HEIGHT + 1) * TILE_HEIGHT
        if row < top + high:
            divided += [(left, top, wide, row - top), (left, row, wide, top + high - row)]
        else:
            divided.append((left, top, wide, high))
    return divided

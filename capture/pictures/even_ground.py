"""Words told by the screenshot alone: where a word's ink ends is measured with its font, and around it is even ground.

Most words of most pages stand so. The others are found by taking the page again without them (`word_shots`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from capture.observation import TILE_HEIGHT
from capture.pictures.frames import Frame, by_images, cut, frames_of, inside, meetings, shared, tile_of
from capture.pictures.ink import Mask, Rectangle, rectangles_of
from capture.pictures.pixels import Picture, Pixels, Samples, read_strips
from capture.pictures.word_codes import Word, close_to

_AROUND = 4
"""Pixels around a frame in which the letters of a word that runs into its neighbour are looked for."""
_SEAM = 2
"""Pixels: how deep words may reach into each other that are not written on to each other, and still be told."""
_MOST_WINDOWS = 10_000
"""Of some 6 kB each."""


class EvenGround:
    """Reads the full-page screenshot image by image, while the next one is being taken.

    `words` are those of the page. `told`: by the number of the word the rectangles of its ink, in pixels of the full
    page. None for words that cannot be told: on uneven ground, or upon or close to others. A word
    of its ground's colour has no rectangle. `windows`: what the screenshot shows of those of them whose ink was
    measured, in their frames.
    """

    def __init__(self, words: Sequence[Word]) -> None:
        unknown = {number for number, word in enumerate(words) if _is_unknown(word)}
        barred = self._barred = unknown | close_to(words, unknown)
        self.words = words
        self._frames = [(number, frame) for number, word in enumerate(words) for frame in frames_of(word)]
        self._met = meetings([frame for _, frame in self._frames])
        self.told: list[list[Rectangle] | None] = [None if number in barred else [] for number in range(len(words))]
        self.windows: dict[int, tuple[Frame, Pixels]] = {}
        self._across: tuple[list[int], int, Samples] | None = None
        """Places of frames that reach below an image's end, and its last rows, the first of which is that row."""

    def read(self, number: int, png: bytes) -> None:
        """Read the words of image `number`. Raises EvidenceDamaged if it cannot be read."""
        of_tile = [place for place, (_, frame) in enumerate(self._frames) if tile_of(frame) == number]
        across, self._across = self._across, None
        if not of_tile and not across:
            return
        of_tile.sort(key=lambda place: self._frames[place][1][3], reverse=True)
        tallest = max((frame[3] - frame[1] for _, frame in (self._frames[place] for place in of_tile)), default=0)
        for first, picture in read_strips(png, tallest + 2 * _AROUND):
            top, grounds = number * TILE_HEIGHT + first, _Grounds(picture.wide)
            if across and not first:
                self._tell_across(across, picture, top, grounds)
            while of_tile and self._frames[of_tile[-1]][1][3] + _AROUND <= top + picture.high:
                self._tell(of_tile.pop(), picture, top, grounds)
        if first + picture.high < TILE_HEIGHT:
            for place in of_tile:
                self._tell(place, picture, top, grounds)
        elif of_tile:  # the next image may hold the rest
            kept = min(picture.high, tallest + 2 * _AROUND)
            self._across = of_tile, top + picture.high - kept, picture.samples[-kept:].copy()
            for place in of_tile:
                self.told[self._frames[place][0]] = None

    def _tell_across(
        self, across: tuple[list[int], int, Samples], picture: Picture, top: int, grounds: _Grounds
    ) -> None:
        """Words that begin on the image above, whose last rows were kept."""
        places, first, above = across
        if above.shape[1] != picture.wide or first + len(above) != top:
            return
        joined = Picture(samples=np.concatenate([above, picture.samples[: 2 * len(above)]]))
        for place in places:
            number, _ = self._frames[place]
            if len(frames_of(self.words[number])) == 1 and number not in self._barred:
                self.told[number] = []
            self._tell(place, joined, first, grounds)
            told = self.told[number]
            self.told[number] = told and by_images(told)

    def _tell(self, place: int, picture: Picture, top: int, grounds: _Grounds) -> None:
        number, frame = self._frames[place]
        so_far = self.told[number]
        if so_far is not None:
            found = self._ink(place, picture, top, grounds)
            self.told[number] = None if found is None else so_far + found
        if self.told[number] is None and self.words[number].ink is not None and len(self.windows) < _MOST_WINDOWS:
            left, above, right, below = frame
            if left >= 0 and right <= picture.wide and above >= top and below <= top + picture.high:
                self.windows[number] = frame, picture.part(slice(above - top, below - top), slice(left, right))

    def neighbours(self, some: Container[int]) -> dict[int, list[int]]:
        """For each of these words, which have one frame each, those whose frames meet it."""
        return {
            number: [self._frames[each][0] for each in met]
            for (number, _), met in zip(self._frames, self._met, strict=True)
            if number in some
        }

    def upon(self, some: Container[int]) -> set[int]:
        """The words that lie upon these: they are told together, so that no rectangle holds ink of both."""
        return {
            other
            for (number, frame), met in zip(self._frames, self._met, strict=True)
            if number in some
            for other, theirs in (self._frames[each] for each in met)
            if min(shared(frame, theirs)) > 0
        }

    def _ink(self, place: int, picture: Picture, top: int, grounds: _Grounds) -> list[Rectangle] | None:
        """What lies in the frame and is not of the ground's colour; None where the ground is uneven."""
        number, frame = self._frames[place]
        met = [self._frames[each] for each in self._met[place]]
        sharing = [(other, depth) for other, theirs in met if (depth := min(shared(frame, theirs))) > 0]
        if sharing:
            if self.words[number].ink is None:
                return None
            if any(depth > _SEAM and not self._runs_on(number, other) for other, depth in sharing):
                return None
        told = _read_alone(frame, picture, top, grounds, [each for _, each in met] if sharing else ())
        if told or (told is not None and not sharing):
            return told
        if self.words[number].ink is None:
            return None
        return _read_shared(frame, [each for _, each in met], picture, top)

    def _runs_on(self, number: int, other: int) -> bool:
        """Whether they are a word and what is written on to it, in letters that hang together."""
        one, next_one = self.words[number], self.words[other]
        return abs(number - other) == 1 and one.text == next_one.text and not (one.free or next_one.free)


def _is_unknown(word: Word) -> bool:
    """Whether nobody can say how far its ink reaches."""
    return word.apart or word.shadow is not None or (word.free and word.ink is None)


class _Grounds(dict[bytes, Samples]):
    """Rows of one colour each, as long as the picture is wide, by the samples of a pixel."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self._wide = wide

    def __missing__(self, colour: bytes) -> Samples:
        row = self[colour] = np.frombuffer(colour * self._wide, np.uint8)
        return row


def _read_alone(
    frame: Frame, picture: Picture, top: int, grounds: _Grounds, others: Sequence[Frame]
) -> list[Rectangle] | None:
    """Of a word that shares its frame with no other, or with `others` no part of it that holds ink.

    A row that is drawn from end to end is a line under or through the word. Most words go through here: samples are
    compared as they lie in memory, and the two ends of what differs found in the bytes.
    """
    left, above, right, below = frame[0], frame[1] - top, frame[2], frame[3] - top
    if below > picture.high or (above < 0 and top):
        return None
    left, above, right = max(0, left), max(0, above), min(right, picture.wide)
    high, wide = below - above, right - left
    if min(high, wide) < 3:
        return None
    samples = picture.lines[above:below, 3 * left : 3 * right]
    differs = samples != grounds[samples[0, :3].tobytes()][: 3 * wide]
    for other in others:
        down, across = cut(other, left, top + above)
        if differs[down, 3 * across.start : 3 * across.stop].any():
            return None
    rows = np.logical_or.reduce(differs, axis=1).tobytes()
    if rows[0] or rows[-1]:
        return None
    columns = np.logical_or.reduce(differs, axis=0).tobytes()
    if 1 in columns[:3] or 1 in columns[-3:]:
        inked: Mask = differs.reshape(high, wide, 3).any(axis=2)
        if not inked[inked[:, 0] | inked[:, -1]].all():
            return None
    first, start = rows.find(1), columns.find(1) // 3
    if first < 0:
        return []
    return [(left + start, top + above + first, columns.rfind(1) // 3 - start + 1, rows.rfind(1) - first + 1)]


def _read_shared(frame: Frame, others: Sequence[Frame], picture: Picture, top: int) -> list[Rectangle] | None:
    """Of a word whose frame others reach into.

    What lies in both frames belongs to the word whose letters it hangs together with; None where that is not clear.
    """
    left, above, right, below = frame
    start, end, first, last = (
        max(0, left - _AROUND),
        right + _AROUND,
        max(0, above - top - _AROUND),
        below - top + _AROUND,
    )
    if start > left or end > picture.wide or first > above - top or last > picture.high:
        return None
    window = picture.part(slice(first, last), slice(start, end))
    inked: Mask = window != ground_of(window)
    around = np.zeros(inked.shape, np.uint8)  # 1: in the frame of another, 3: also inside of it
    for other in others:
        around[cut(other, start, top + first)] |= 1
        around[cut(inside(other), start, top + first)] |= 2
    own, inner = cut(frame, start, top + first), cut(inside(frame), start, top + first)
    loose = inked[own] & (around[own] == 0)
    loose[1:-1, 1:-1] = False
    if loose.any():
        return None
    theirs = around > 1
    contested, mine = np.zeros_like(inked), np.zeros_like(inked)
    contested[inner] = inked[inner] & theirs[inner]
    mine[inner] = inked[inner] > theirs[inner]
    if contested.any():
        elsewhere = inked & theirs
        elsewhere[inner] = False
        rest = _points(contested)
        seeds = _around(contested)
        ours, others_too = _grow(_points(mine, seeds), rest), _grow(_points(elsewhere, seeds), rest)
        if ours & others_too or rest - ours - others_too:
            return None
        for row, column in ours:
            mine[row, column] = True
    box = _bounds(mine)
    if box is None:
        return None
    (rows, columns), foreign = box, inked[box] > mine[box]
    if foreign.any():
        found = rectangles_of(np.array(np.nonzero(mine)), inked)
    else:
        found = [(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)]
    return [(start + x, top + first + y, across, down) for x, y, across, down in found]


def ground_of(window: Pixels) -> int:
    """The colour that most of its pixels have."""
    corner = window[0, 0]
    if 2 * np.count_nonzero(window == corner) > window.size:  # else the corner may be ink
        return int(corner)
    colours, counts = np.unique(window, return_counts=True)
    return int(colours[counts.argmax()])


def _bounds(mask: Mask) -> tuple[slice, slice] | None:
    """The rows and columns that hold all of it."""
    rows = np.logical_or.reduce(mask, axis=1).tobytes()
    columns = np.logical_or.reduce(mask, axis=0).tobytes()
    if 1 not in rows:
        return None
    return slice(rows.find(1), rows.rfind(1) + 1), slice(columns.find(1), columns.rfind(1) + 1)


def _around(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns that hold all of a mask that is not empty, and all that lies next to it."""
    rows, columns = _bounds(mask) or (slice(0, 0), slice(0, 0))
    return slice(max(0, rows.start - 1), rows.stop + 1), slice(max(0, columns.start - 1), columns.stop + 1)


_Point = tuple[int, int]


def _points(mask: Mask, within: tuple[slice, slice] = (slice(0, None), slice(0, None))) -> set[_Point]:
    rows, columns = np.nonzero(mask[within])
    down, across = within[0].start, within[1].start
    return set(zip((rows + down).tolist(), (columns + across).tolist(), strict=True))


def _grow(seeds: set[_Point], into: set[_Point]) -> set[_Point]:
    """The points of `into` that hang together with seeds."""
    reached: set[_Point] = set()
    pending = [each for each in into if any(near in seeds for near in _near(each))]
    while pending:
        point = pending.pop()
        if point not in reached:
            reached.add(point)
            pending += [near for near in _near(point) if near in into and near not in reached]
    return reached


def _near(point: _Point) -> list[_Point]:
    row, column = point
    return [(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]

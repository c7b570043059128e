"""The pixels of every word: from screenshots with words hidden by their codes, rectangles that hold its ink alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from capture.pictures.pixels import Pixels
from capture.pictures.word_codes import Codes, Word

Mask = npt.NDArray[np.bool_]
Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the full page."""

_FARTHEST = 4
"""Times a word's reach: ink farther than that from any word of its code is something else that moved."""
_NEAR = 3.0
"""Pixels: how far letters that keep to their boxes reach over their neighbour's."""
_MOST_STRAYS = 200_000  # pixels


def find_ink(
    words: Sequence[Word],
    chosen: Codes,
    *,
    top: int,
    page: Pixels,
    plain: Pixels,
    hidden: Sequence[Sequence[tuple[int, Pixels]]],
) -> list[list[Rectangle]]:
    """For each word the rectangles of its ink on one image, whose first row is row `top` of the page.

    `page` as it is shown, `plain` without the shadows of text (the same where there are none), `hidden` as `plain`,
    with the words hidden whose code has the image's bit: for each bit the parts of the image that hold such words,
    each with its first row.
    Rectangles cover every pixel of the word and none of another word's alone. A word without ink here has none.
    """
    bits = np.zeros(plain.shape, np.uint16)
    for number, parts in enumerate(hidden):
        for first, seen in parts:
            rows = slice(first, first + seen.shape[0])
            bits[rows] |= (plain[rows] != seen).astype(np.uint16) << number
    shaded: Mask | None = page != plain if plain is not page else None
    found = _claim(words, chosen, bits, top)
    if shaded is not None:
        _claim_shadows(words, shaded & (bits == 0), top, found)
    inked = bits != 0 if shaded is None else shaded | (bits != 0)
    return [
        [(left, top + above, wide, high) for part in parts for left, above, wide, high in rectangles_of(part, inked)]
        for parts in found
    ]


_Points = npt.NDArray[np.intp]
"""Two rows: y and x of each pixel, on the image."""


def _claim(words: Sequence[Word], chosen: Codes, bits: npt.NDArray[np.uint16], top: int) -> list[list[_Points]]:
    """Each word's pixels, a group for each of its boxes that has any."""
    found: list[list[_Points]] = [[] for _ in words]
    unclaimed = bits != 0
    for number, (word, code, boxed) in enumerate(zip(words, chosen.codes, chosen.boxed, strict=True)):
        for box in word.boxes:
            rows, columns = _window(box, 0.0 if boxed else word.reach, bits.shape, top)
            if boxed:  # whole pixels of the box: those on its edge go to the nearer of two
                rows = slice(rows.start, max(rows.start, rows.stop - 1))
                columns = slice(columns.start, max(columns.start, columns.stop - 1))
            mine = (bits[rows, columns] == code) & unclaimed[rows, columns]
            if mine.any():
                unclaimed[rows, columns] &= ~mine
                found[number].append(_points(mine, rows.start, columns.start))
    if unclaimed.any():
        _claim_joined(words, chosen, bits, top, unclaimed, found)
        _claim_strays(words, chosen.codes, bits, top, unclaimed, found)
    return found


def _claim_joined(
    words: Sequence[Word],
    chosen: Codes,
    bits: npt.NDArray[np.uint16],
    top: int,
    unclaimed: Mask,
    found: list[list[_Points]],
) -> None:
    """Ink that vanishes with either of two words.

    What a word draws over the place of its neighbour is clipped there when that one is hidden: such a pixel
    belongs to the word whose place it is not. Where words lie upon each other it belongs to both.
    """
    joined = unclaimed & (bits & (bits - 1) != 0)
    for elsewhere in (True, False):
        for number, (word, code, boxed) in enumerate(zip(words, chosen.codes, chosen.boxed, strict=True)):
            for box in word.boxes:
                rows, columns = _window(box, _NEAR if boxed else word.reach, bits.shape, top)
                mine = joined[rows, columns] & (bits[rows, columns] & code != 0)
                if not mine.any():
                    continue
                across = np.arange(columns.start, columns.stop) + 0.5
                mine &= ((across > box[0]) & (across < box[0] + box[2])) != elsewhere
                unclaimed[rows, columns] &= ~mine
                if mine.any():
                    _join(found[number], _points(mine, rows.start, columns.start))
        joined &= unclaimed


def _claim_strays(
    words: Sequence[Word],
    codes: Sequence[int],
    bits: npt.NDArray[np.uint16],
    top: int,
    unclaimed: Mask,
    found: list[list[_Points]],
) -> None:
    """Ink that left its word's boxes, or of words that share a code, goes to the nearest word of its code."""
    points = np.array(np.nonzero(unclaimed))
    count = points.shape[1]
    if not count or count > _MOST_STRAYS:
        return
    of_points = bits[points[0], points[1]]
    best, owner = np.full(count, np.inf), np.full(count, -1)
    rows_begin = np.searchsorted(points[0], np.arange(bits.shape[0] + 1))  # points lie in order of their rows
    for number, (word, code) in enumerate(zip(words, codes, strict=True)):
        for box in word.boxes:
            far = _FARTHEST * max(word.reach, 4.0)
            rows, _ = _window(box, far, bits.shape, top)
            part = slice(rows_begin[rows.start], rows_begin[rows.stop])
            if part.start == part.stop:
                continue
            distance = _distance(points[:, part], box, top)
            nearer = (distance < best[part]) & (distance < far) & (of_points[part] & code != 0)
            best[part][nearer], owner[part][nearer] = distance[nearer], number
    for number in np.unique(owner[owner >= 0]):
        _join(found[number], points[:, owner == number])


def _claim_shadows(words: Sequence[Word], shaded: Mask, top: int, found: list[list[_Points]]) -> None:
    """Each pixel of a text's shadow goes to the word whose box, moved as the shadow is, lies nearest."""
    best = np.full(shaded.shape, np.inf, np.float32)
    owner = np.full(shaded.shape, -1, np.int32)
    for number, word in enumerate(words):
        if word.shadow is None:
            continue
        right, down, blur = word.shadow
        for left, above, wide, high in word.boxes:
            moved = (left + right, above + down, wide, high)
            rows, columns = _window(moved, word.reach + blur, shaded.shape, top)
            if not shaded[rows, columns].any():
                continue
            points = _points(shaded[rows, columns], rows.start, columns.start)
            distance = _distance(points, moved, top)
            nearer = points[:, distance < best[points[0], points[1]]]
            best[nearer[0], nearer[1]] = distance[distance < best[points[0], points[1]]]
            owner[nearer[0], nearer[1]] = number
    for number in np.unique(owner[owner >= 0]):
        _join(found[number], np.array(np.nonzero(owner == number)))


def _join(parts: list[_Points], more: _Points) -> None:
    """Add pixels to the group they lie nearest to."""
    if not parts:
        parts.append(more)
        return
    if len(parts) == 1:
        parts[0] = np.hstack([parts[0], more])
        return
    centres = [each.mean(axis=1) for each in parts]
    distances = np.array([np.hypot(*(more - centre[:, None])) for centre in centres])
    nearest = distances.argmin(axis=0)
    for number in range(len(parts)):
        parts[number] = np.hstack([parts[number], more[:, nearest == number]])


def _distance(points: _Points, box: tuple[float, float, float, float], top: int) -> npt.NDArray[np.float64]:
    """Of pixels from a box; inside it from its middle, on a scale below one pixel."""
    left, above, wide, high = box[0], box[1] - top, box[2], box[3]
    y, x = points[0] + 0.5, points[1] + 0.5
    across = np.maximum(0, np.maximum(left - x, x - left - wide))
    along = np.maximum(0, np.maximum(above - y, y - above - high))
    from_middle = np.hypot(x - left - wide / 2, y - above - high / 2)
    distance: npt.NDArray[np.float64] = np.hypot(across, along) + from_middle / 1e5
    return distance


def _window(
    box: tuple[float, float, float, float], reach: float, shape: tuple[int, ...], top: int
) -> tuple[slice, slice]:
    left, above, wide, high = box
    rows = slice(_clip(above - reach - top, shape[0]), _clip(above + high + reach - top + 1, shape[0]))
    return rows, slice(_clip(left - reach, shape[1]), _clip(left + wide + reach + 1, shape[1]))


def _clip(value: float, most: int) -> int:
    return int(min(max(value, 0), most))


def _points(mask: Mask, above: int, left: int) -> _Points:
    points: _Points = np.array(np.nonzero(mask)) + np.array([[above], [left]])
    return points


def rectangles_of(points: _Points, inked: Mask) -> list[Rectangle]:
    """The pixels' bounding box; in parts where another word's ink lies within."""
    (above, left), (below, right) = points.min(axis=1), points.max(axis=1)
    mine = np.zeros((below - above + 1, right - left + 1), np.bool_)
    mine[points[0] - above, points[1] - left] = True
    foreign = inked[above : below + 1, left : right + 1] & ~mine
    return [
        (int(left) + start, int(above) + first, end - start, last - first)
        for first, start, last, end in _apart(mine, foreign)
    ]


_Part = tuple[int, int, int, int]
"""First row and column, and those after the last."""


def _apart(mine: Mask, foreign: Mask) -> list[_Part]:
    """Boxes that hold all of `mine` and nothing of `foreign`, by straight cuts that leave least of it."""
    pending: list[_Part] = [(0, 0, *mine.shape)]
    if not foreign.any():
        return pending
    done: list[_Part] = []
    summed = np.pad(foreign.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    while pending:
        first, start, last, end = part = pending.pop()
        if not _held(summed, np.array(part)[:, None])[0]:
            done.append(part)
            continue
        inside = mine[first:last, start:end]
        upright = _halves(inside) + np.array([first, start, first, start])[None, :, None]
        level = _halves(inside.T)[:, [1, 0, 3, 2]] + np.array([first, start, first, start])[None, :, None]
        halves = np.concatenate([upright, level], axis=2)
        left = _held(summed, halves[0]) + _held(summed, halves[1])
        area = sum((each[2] - each[0]) * (each[3] - each[1]) for each in halves)
        best = int(np.lexsort((area, left))[0])
        pending += [(int(a), int(b), int(c), int(d)) for a, b, c, d in halves[:, :, best]]
    return done


def _held(summed: npt.NDArray[np.intp], parts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """How many pixels each part holds, by the table of sums."""
    first, start, last, end = parts
    held: npt.NDArray[np.intp] = summed[last, end] - summed[first, end] - summed[last, start] + summed[first, start]
    return held


def _halves(mine: Mask) -> npt.NDArray[np.intp]:
    """For every cut between two columns the bounding boxes left and right of it: 2 by 4 by cuts.

    The first and last column hold pixels, so both halves of every cut do.
    """
    high, wide = mine.shape
    filled = mine.any(axis=0)
    first = np.where(filled, mine.argmax(axis=0), high)
    last = np.where(filled, high - mine[::-1].argmax(axis=0), 0)
    columns = np.arange(wide)
    end = np.maximum.accumulate(np.where(filled, columns + 1, 0))[:-1]
    start = np.minimum.accumulate(np.where(filled, columns, wide)[::-1])[::-1][1:]
    before = (np.minimum.accumulate(first)[:-1], np.zeros_like(end), np.maximum.accumulate(last)[:-1], end)
    after = (
        np.minimum.accumulate(first[::-1])[::-1][1:],
        start,
        np.maximum.accumulate(last[::-1])[::-1][1:],
        np.full_like(start, wide),
    )
    return np.array([before, after])

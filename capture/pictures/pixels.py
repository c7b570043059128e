"""The pixels of a screenshot, as numbers to reckon with."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from archiver.core.errors import EvidenceDamaged
from capture.pictures.screenshot import ImageSize, png_size, read_pixels

Pixels = npt.NDArray[np.uint32]
"""A row of numbers for each row of the image; equal numbers are equal colours."""
Samples = npt.NDArray[np.uint8]

_RGB = (8, 2, 0, 0, 0)
"""Depth, colour type, compression, filters, interlacing (PNG, 11.2.2): eight bits each of red, green and blue."""
_NONE, _UP = 0, 2
"""Filters of a row (PNG, 9.2). Chromium, asked to be fast, writes each row as its difference to the one above."""

_AT_ONCE = 256
"""Rows that are unpacked at once, which then lie in the processor's cache."""
_STRIP = 2_048
"""Rows that are handed out at once: of 1,280 pixels they take 8 MB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """Some rows of an image; three samples a pixel, since most pixels of a page are never looked at."""

    samples: Samples
    """Height by width by red, green and blue, row after row in memory."""

    @property
    def high(self) -> int:
        return int(self.samples.shape[0])

    @property
    def wide(self) -> int:
        return int(self.samples.shape[1])

    @property
    def lines(self) -> Samples:
        """The same samples, height by three times the width."""
        return self.samples.reshape(self.high, 3 * self.wide)

    def part(self, rows: slice = slice(None), columns: slice = slice(None)) -> Pixels:
        """The pixels of these rows and columns."""
        samples = self.samples[rows, columns]
        padded = np.zeros((*samples.shape[:2], 4), np.uint8)
        padded[..., :3] = samples
        pixels: Pixels = padded.view(np.uint32)[..., 0]
        return pixels


def read_picture(png: bytes, first: int = 0, last: int | None = None) -> Picture:
    """The image's rows from `first` until before `last`. Raises EvidenceDamaged if it cannot be read."""
    size = png_size(png)
    last = size.height if last is None else min(last, size.height)
    samples = np.empty((max(0, last - first), size.width, 3), np.uint8)
    for above, strip in read_strips(png) if first < last else ():
        begin, end = max(first, above), min(last, above + strip.high)
        if begin < end:
            samples[begin - first : end - first] = strip.samples[begin - above : end - above]
        if end == last:
            break
    return Picture(samples=samples)


def read_strips(png: bytes, overlap: int = 0) -> Iterator[tuple[int, Picture]]:
    """The image from top to bottom in strips, each with the number of its first row.

    A strip begins with the last `overlap` rows of the one before, and is good until the next one is asked for: few
    rows are held at a time. What Chromium writes is read several times as fast as by a library for every PNG.
    Raises EvidenceDamaged if the image cannot be read.
    """
    size, done = png_size(png), 0
    for first, strip in _read_rgb(png, size, overlap):
        yield first, strip
        done = first + strip.high
    if done < size.height:
        wide, high, content = read_pixels(png)
        first = max(0, done - overlap)
        samples = np.frombuffer(content, np.uint8).reshape(high, wide, 4)[first:, :, :3]
        yield first, Picture(samples=np.ascontiguousarray(samples))


def _read_rgb(png: bytes, size: ImageSize, overlap: int) -> Iterator[tuple[int, Picture]]:
    """Ends where the PNG is of another kind than Chromium's."""
    if struct.unpack_from(">5B", png, 24) != _RGB:
        return
    inflate, packed, done, long = isal_zlib.decompressobj(), b"".join(_data(png)), 0, 1 + 3 * size.width
    buffer = np.empty((overlap + min(_STRIP, size.height), long - 1), np.uint8)
    kept, above = 0, np.zeros(long - 1, np.uint8)
    while done < size.height:
        held, last = kept, min(done + _STRIP, size.height)
        while done < last:
            count = min(_AT_ONCE, last - done)
            try:
                content = inflate.decompress(packed, count * long)
            except isal_zlib.error:  # type: ignore[misc]  # its stub calls the class an instance
                return
            packed = inflate.unconsumed_tail
            if len(content) < count * long:
                raise EvidenceDamaged(f"the image's data ends in row {done + len(content) // long}")
            rows = np.frombuffer(content, np.uint8).reshape(count, long)
            filters = rows[:, 0].tolist()
            if not {*filters} <= {_NONE, _UP}:
                return
            for filtered, packed_row, row in zip(filters, rows[:, 1:], buffer[held : held + count], strict=True):
                np.add(packed_row, above if filtered else 0, row)
                above = row
            done, held = done + count, held + count
        yield done - held, Picture(samples=buffer[:held].reshape(held, size.width, 3))
        above, kept = above.copy(), min(overlap, held)
        buffer[:kept] = buffer[held - kept : held]


def _data(png: bytes) -> Iterator[memoryview]:
    """The image's compressed data, of a PNG that is whole."""
    view, position = memoryview(png), 8
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        if kind == b"IDAT":
            yield view[position + 8 : position + 8 + length]
        position += 12 + length

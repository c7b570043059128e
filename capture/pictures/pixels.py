"""The pixels of a screenshot, as numbers to reckon with."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from archiver.core.errors import EvidenceDamaged
from capture.pictures.screenshot import png_size, read_pixels

Pixels = npt.NDArray[np.uint32]
"""A row of numbers for each row of the image; equal numbers are equal colours."""
Samples = npt.NDArray[np.uint8]

_RGB = (8, 2, 0, 0, 0)
"""Depth, colour type, compression, filters, interlacing (PNG, 11.2.2): eight bits each of red, green and blue."""
_NONE, _UP = 0, 2
"""Filters of a row (PNG, 9.2). Chromium, asked to be fast, writes each row as its difference to the one above."""

_AT_ONCE = 256
"""Rows that are unpacked at once, which then lie in the processor's cache."""


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

    def rows(self, first: int, last: int) -> Picture:
        """Those rows alone, in memory of their own."""
        return Picture(samples=self.samples[first:last].copy())

    def part(self, rows: slice = slice(None), columns: slice = slice(None)) -> Pixels:
        """The pixels of these rows and columns."""
        samples = self.samples[rows, columns]
        padded = np.zeros((*samples.shape[:2], 4), np.uint8)
        padded[..., :3] = samples
        pixels: Pixels = padded.view(np.uint32)[..., 0]
        return pixels


def read_picture(png: bytes, first: int = 0, last: int | None = None) -> Picture:
    """The image's rows from `first` until before `last`.

    What Chromium writes is read several times as fast as by a library for every PNG, and no farther than asked.
    Raises EvidenceDamaged if the image cannot be read.
    """
    size = png_size(png)
    last = size.height if last is None else min(last, size.height)
    first = min(first, last)
    samples = _read_rgb(png, size.width, first, last)
    if samples is None:
        wide, high, content = read_pixels(png)
        samples = np.ascontiguousarray(np.frombuffer(content, np.uint8).reshape(high, wide, 4)[first:last, :, :3])
    return Picture(samples=samples)


def _read_rgb(png: bytes, width: int, first: int, last: int) -> Samples | None:
    """None where the PNG is of another kind than Chromium's."""
    if struct.unpack_from(">5B", png, 24) != _RGB or first == last:
        return None
    samples = np.empty((last - first, 3 * width), np.uint8)
    above: Samples = np.zeros(3 * width, np.uint8)
    inflate, packed, done, long = isal_zlib.decompressobj(), b"".join(_data(png)), 0, 1 + 3 * width
    while done < last:
        count = min(_AT_ONCE, last - done)
        try:
            content = inflate.decompress(packed, count * long)
        except isal_zlib.error:  # type: ignore[misc]  # its stub calls the class an instance
            return None
        packed = inflate.unconsumed_tail
        if len(content) < count * long:
            raise EvidenceDamaged(f"the image's data ends in row {done + len(content) // long}")
        rows = np.frombuffer(content, np.uint8).reshape(count, long)
        filters = rows[:, 0].tolist()
        if not {*filters} <= {_NONE, _UP}:
            return None
        # rows before the first are written over
        into = samples[done - first :] if done >= first else [samples[max(0, done + n - first)] for n in range(count)]
        for filtered, packed_row, row in zip(filters, rows[:, 1:], into, strict=False):
            np.add(packed_row, above if filtered else 0, row)
            above = row
        done += count
    return samples.reshape(last - first, width, 3)


def _data(png: bytes) -> Iterator[memoryview]:
    """The image's compressed data, of a PNG that is whole."""
    view, position = memoryview(png), 8
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        if kind == b"IDAT":
            yield view[position + 8 : position + 8 + length]
        position += 12 + length

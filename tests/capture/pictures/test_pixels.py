"""A screenshot's pixels are those that every reader of PNGs finds, whoever wrote it."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archiver.core.errors import EvidenceDamaged
from capture.pictures.pixels import Pixels, read_picture, read_strips


def png_of(rows: list[tuple[int, bytes]], *, kind: int = 2) -> bytes:
    """Rows of a filter and the filtered bytes."""
    samples = {0: 1, 2: 3, 6: 4}[kind]
    packed = zlib.compress(b"".join(bytes([number]) + row for number, row in rows))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", len(rows[0][1]) // samples, len(rows), 8, kind, 0, 0, 0)),
        (b"tEXt", b"Comment\0a chunk without pixels"),
        (b"IDAT", packed[: len(packed) // 2]),
        (b"IDAT", packed[len(packed) // 2 :]),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def told_by_pillow(png: bytes) -> Pixels:
    with Image.open(io.BytesIO(png)) as opened:
        red, green, blue = (np.asarray(each).astype(np.uint32) for each in opened.convert("RGB").split())
    pixels: Pixels = red + green * 256 + blue * 65_536
    return pixels


@given(
    st.integers(1, 5).flatmap(
        lambda wide: st.lists(
            st.tuples(st.sampled_from([0, 1, 2, 3, 4]), st.binary(min_size=3 * wide, max_size=3 * wide)),
            min_size=1,
            max_size=6,
        )
    ),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_of_any_rows_the_pixels_are_those_of_every_reader(rows: list[tuple[int, bytes]], one: int, other: int) -> None:
    png, first, last = png_of(rows), min(one, other), max(one, other)
    assert (read_picture(png).part() == told_by_pillow(png)).all()
    assert read_picture(png, first, last).part().tolist() == told_by_pillow(png)[first:last].tolist()


@given(st.integers(1, 6_000), st.integers(0, 300), st.integers(0, 7_000))
@settings(max_examples=20, deadline=None)
def test_strips_overlap_and_together_are_the_picture(high: int, overlap: int, sub: int) -> None:
    # from some row on with a filter that Chromium does not use
    rows = [(1 if number == sub else 2, bytes((number % 7, number % 5, number % 3) * 2)) for number in range(high)]
    png = png_of(rows)
    whole, done = read_picture(png).part().tolist(), 0
    assert whole == told_by_pillow(png).tolist()
    for first, strip in read_strips(png, overlap):
        assert first == max(0, done - overlap)
        assert strip.part().tolist() == whole[first : first + strip.high]
        done = first + strip.high
    assert done == high


def test_pictures_of_other_kinds_are_read_alike() -> None:
    grey, clear = png_of([(2, b"\x10\x20"), (2, b"\x01\xff")], kind=0), png_of([(2, b"\x01\x02\x03\xff")], kind=6)
    for png in (grey, clear):
        assert read_picture(png).part().tolist() == told_by_pillow(png).tolist()


def test_a_picture_whose_data_ends_early_is_damaged_not_guessed() -> None:
    whole = png_of([(2, bytes(3)), (2, bytes(3))])
    taller = whole[:20] + struct.pack(">I", 9) + whole[24:]
    taller = taller[:29] + struct.pack(">I", zlib.crc32(taller[12:29])) + taller[33:]
    with pytest.raises(EvidenceDamaged, match="ends in row 2"):
        read_picture(taller)

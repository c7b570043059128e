"""Whole PNGs, and thumbnails."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from archiver.core.errors import EvidenceDamaged
from capture.pictures.screenshot import ImageSize, make_thumbnail, png_size


def png(width: int, height: int, colour: str = "white") -> bytes:
    image = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(image).rectangle((0, 0, width, min(height, 40)), fill="navy")
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def read(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image)).convert("RGB")


def test_a_whole_png_tells_its_size() -> None:
    assert png_size(png(1280, 20_000)) == ImageSize(width=1280, height=20_000)


def test_a_png_cut_anywhere_is_noticed() -> None:
    whole = png(40, 60)
    for length in range(len(whole)):
        with pytest.raises(EvidenceDamaged):
            png_size(whole[:length])


def test_a_png_with_any_byte_flipped_is_noticed() -> None:
    whole = png(40, 60)
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 0x10
        with pytest.raises(EvidenceDamaged):
            png_size(bytes(broken))


def test_bytes_after_the_end_are_noticed() -> None:
    with pytest.raises(EvidenceDamaged, match="4 bytes follow"):
        png_size(png(4, 4) + b"more")


def test_a_png_that_does_not_begin_with_its_header_is_none() -> None:
    whole = png(4, 4)
    with pytest.raises(EvidenceDamaged, match="header chunk"):
        png_size(whole[:8] + whole[-12:])


def test_a_thumbnail_shows_the_top_of_a_tall_page() -> None:
    thumbnail = read(make_thumbnail(png(1280, 16_000)))
    assert thumbnail.size == (400, 300)
    red, green, blue = thumbnail.getpixel((200, 3))  # type: ignore[misc]  # three bands in RGB
    assert blue > 90
    assert red < 60
    assert green < 60


def test_a_thumbnail_of_a_low_image_is_not_stretched() -> None:
    assert read(make_thumbnail(png(1280, 320))).size == (400, 100)


def test_a_thumbnail_larger_than_the_format_is_refused() -> None:
    with pytest.raises(ValueError, match="16383"):
        make_thumbnail(png(10, 10), width=20_000)


def test_an_image_that_is_none_is_damaged_evidence() -> None:
    with pytest.raises(EvidenceDamaged, match="cannot be read"):
        make_thumbnail(b"no image")

"""Whole PNGs, and thumbnails."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from archiver.core.errors import EvidenceDamaged
from capture.pictures import screenshot
from capture.pictures.screenshot import FullPage, ImageSize, cut_into_pages, make_thumbnail, png_size


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


def banded(rows: range) -> bytes:
    """A piece of a page whose every row has a colour of its own."""
    image = Image.new("RGB", (30, len(rows)))
    for place, row in enumerate(rows):
        image.paste((row // 256, row % 256, 7), (0, place, 30, place + 1))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def row_of(image: Image.Image, place: int) -> int:
    upper, lower, _ = image.getpixel((0, place))  # type: ignore[misc]  # three bands in RGB
    return int(256 * upper + lower)


def test_a_part_is_cut_across_images_and_ends_with_the_page() -> None:
    page = FullPage([banded(range(400)), banded(range(400, 800)), banded(range(800, 900))])
    assert (page.width, page.height) == (30, 900)
    part = read(page.cut_out(left=10, top=390, width=100, height=450))
    assert part.size == (20, 450)
    assert [row_of(part, place) for place in (0, 9, 10, 409, 410, 449)] == [390, 399, 400, 799, 800, 839]
    assert page.part(left=0, top=890, width=30, height=99).size == (30, 10)
    with pytest.raises(ValueError, match="ends at 900 pixels"):
        page.cut_out(left=0, top=900, width=30, height=10)


def test_many_parts_down_a_page_decode_each_image_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    decode = screenshot._decoded

    def noted(png: bytes) -> Image.Image:
        decoded.append(png)
        return decode(png)

    monkeypatch.setattr(screenshot, "_decoded", noted)
    tiles = [banded(range(first, first + 300)) for first in (0, 300, 600)]
    page = FullPage(tiles)
    for top in range(0, 900, 7):
        assert row_of(page.part(left=0, top=top, width=30, height=20), 0) == top
    assert decoded == tiles
    decoded.clear()
    assert sum(read(each).height for each in cut_into_pages(tiles, high=1.4)) == 900
    assert decoded == tiles


def test_a_page_with_a_damaged_image_is_told() -> None:
    broken = bytearray(banded(range(9)))
    broken[-20] ^= 1
    with pytest.raises(EvidenceDamaged):
        FullPage([banded(range(9)), bytes(broken)])

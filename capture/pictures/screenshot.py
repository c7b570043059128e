"""Images of a capture: whether a PNG is whole, how large it is, and its thumbnail."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, UnidentifiedImageError

from archiver.core.errors import EvidenceDamaged

THUMBNAIL_WIDTH = 400
THUMBNAIL_HEIGHT = 300
"""Pixels; the top of the page, cropped to this shape."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WEBP_LONGEST = 16_383  # pixels; the format's own limit, which encoders overrun without an error


@dataclass(frozen=True, kw_only=True)
class ImageSize:
    """In pixels."""

    width: int
    height: int


def png_size(png: bytes) -> ImageSize:
    """The size of a PNG that is whole: every chunk's checksum right, the end chunk last.

    Raises EvidenceDamaged, naming what is wrong. Pixels are not decoded (PNG, section 5).
    """
    if png[:8] != _SIGNATURE:
        raise EvidenceDamaged("not a PNG image: the signature is missing")
    position, kind, size = 8, b"", None
    while kind != b"IEND":
        if position + 12 > len(png):
            raise EvidenceDamaged(f"the PNG image ends inside a chunk at byte {position}")
        (length,) = struct.unpack_from(">I", png, position)
        kind = png[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(png):
            raise EvidenceDamaged(f"the PNG image ends inside a chunk at byte {position}")
        (stated,) = struct.unpack_from(">I", png, end - 4)
        if zlib.crc32(memoryview(png)[position + 4 : end - 4]) != stated:
            raise EvidenceDamaged(f"the PNG image is damaged in the chunk at byte {position}")
        if size is None:
            if kind != b"IHDR" or length != 13:
                raise EvidenceDamaged("not a PNG image: the header chunk is missing")
            width, height = struct.unpack_from(">II", png, position + 8)
            size = ImageSize(width=width, height=height)
        position = end
    if position != len(png):
        raise EvidenceDamaged(f"{len(png) - position} bytes follow the end of the PNG image")
    if size is None:
        raise EvidenceDamaged("not a PNG image: the header chunk is missing")
    return size


def read_pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height, and four bytes a pixel (red, green, blue, and an alpha that is always 255).

    Raises EvidenceDamaged if the image cannot be read.
    """
    try:
        with Image.open(io.BytesIO(png)) as opened:
            return opened.width, opened.height, opened.convert("RGBA").tobytes()
    except (UnidentifiedImageError, OSError) as error:
        raise EvidenceDamaged(f"the image cannot be read: {error}") from error


def cut_out(tiles: Sequence[bytes], *, left: int, top: int, width: int, height: int) -> bytes:
    """A PNG of that part of a full-page screenshot whose images are `tiles`, one below the other.

    What of the part lies outside of the page is left out. Raises EvidenceDamaged if an image cannot be read,
    ValueError if nothing of the part is on the page.
    """
    shown: Image.Image | None = None
    above = 0
    for tile in tiles:
        try:
            with Image.open(io.BytesIO(tile)) as opened:
                first, last = max(top, above), min(top + height, above + opened.height)
                if first < last and left < opened.width:
                    right = min(left + width, opened.width)
                    part = opened.convert("RGB").crop((left, first - above, right, last - above))
                    shown = part if shown is None else _below(shown, part)
                above += opened.height
        except (UnidentifiedImageError, OSError) as error:
            raise EvidenceDamaged(f"the image cannot be read: {error}") from error
    if shown is None:
        raise ValueError(f"the page's screenshot ends at {above} pixels, the part begins at {top}")
    written = io.BytesIO()
    shown.save(written, "PNG", optimize=False, compress_level=6)
    return written.getvalue()


_HIGHLIGHTER = (255, 238, 88)


def highlight(png: bytes, places: Sequence[tuple[float, float, float, float]]) -> bytes:
    """A copy of `png` with `places` (left, top, width, height, in its pixels) tinted as by a pen: ink stays readable.

    What of a place lies outside of the image is left out. Raises EvidenceDamaged if it cannot be read.
    """
    try:
        with Image.open(io.BytesIO(png)) as opened:
            shown = opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise EvidenceDamaged(f"the image cannot be read: {error}") from error
    for left, top, width, height in places:
        box = (
            max(0, math.floor(left)),
            max(0, math.floor(top)),
            min(shown.width, math.ceil(left + width)),
            min(shown.height, math.ceil(top + height)),
        )
        if box[0] < box[2] and box[1] < box[3]:
            part = shown.crop(box)
            shown.paste(ImageChops.multiply(part, Image.new("RGB", part.size, _HIGHLIGHTER)), box)
    written = io.BytesIO()
    shown.save(written, "PNG", optimize=False, compress_level=6)
    return written.getvalue()


def cut_into_pages(tiles: Sequence[bytes], *, high: float) -> Iterator[bytes]:
    """The full-page screenshot in PNGs for pages of paper, each at most `high` times as high as wide.

    Cut between lines of text where there is an even row near the end of the page. Raises EvidenceDamaged.
    """
    sizes = [png_size(each) for each in tiles]
    whole, width = sum(each.height for each in sizes), max((each.width for each in sizes), default=0)
    most, top = max(1, int(width * high)), 0
    while top < whole:
        page = cut_out(tiles, left=0, top=top, width=width, height=most)
        with Image.open(io.BytesIO(page)) as opened:
            kept = opened.height if top + opened.height >= whole else _last_even_row(opened)
        yield page if kept == opened.height else cut_out(tiles, left=0, top=top, width=width, height=kept)
        top += kept


def _last_even_row(image: Image.Image) -> int:
    grey = image.convert("L")
    for row in range(image.height - 1, image.height * 4 // 5, -1):
        darkest, lightest = grey.crop((0, row, image.width, row + 1)).getextrema()
        if darkest == lightest:
            return row
    return image.height


def _below(upper: Image.Image, lower: Image.Image) -> Image.Image:
    joined = Image.new("RGB", (upper.width, upper.height + lower.height))
    joined.paste(upper, (0, 0))
    joined.paste(lower, (0, upper.height))
    return joined


def make_thumbnail(image: bytes, *, width: int = THUMBNAIL_WIDTH, height: int = THUMBNAIL_HEIGHT) -> bytes:
    """A WebP of the top of `image`, scaled to `width` and cropped to at most `height` pixels.

    Raises EvidenceDamaged if `image` cannot be read, ValueError if the size asked for is more
    than WebP holds.
    """
    if not (0 < width <= _WEBP_LONGEST and 0 < height <= _WEBP_LONGEST):
        raise ValueError(f"a WebP image is at most {_WEBP_LONGEST} pixels long, not {width} by {height}")
    try:
        with Image.open(io.BytesIO(image)) as opened:
            top = min(opened.height, max(1, round(opened.width * height / width)))
            shown = opened.convert("RGB").crop((0, 0, opened.width, top))
    except (UnidentifiedImageError, OSError) as error:
        raise EvidenceDamaged(f"the image cannot be read: {error}") from error
    scaled = shown.resize((width, max(1, round(top * width / shown.width))), Image.Resampling.LANCZOS, reducing_gap=2.0)
    written = io.BytesIO()
    scaled.save(written, "WEBP", quality=80, method=2)
    return written.getvalue()

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
_HELD = 2
"""Images that are held decoded at a time."""
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


class FullPage:
    """A full-page screenshot of which many parts are cut: each of its images is decoded once, not for every part.

    At most two are held decoded, of 63 MB each: enough for parts that follow each other down the page. Raises
    EvidenceDamaged if an image is not whole.
    """

    def __init__(self, tiles: Sequence[bytes]) -> None:
        self._tiles = tuple(tiles)  # one below the other
        self._sizes = [png_size(each) for each in tiles]
        self._decoded: dict[int, Image.Image] = {}  # the one used last is last

    @property
    def width(self) -> int:
        return max((each.width for each in self._sizes), default=0)

    @property
    def height(self) -> int:
        return sum(each.height for each in self._sizes)

    def cut_out(self, *, left: int, top: int, width: int, height: int) -> bytes:
        """A PNG of that part; what of it lies outside of the page is left out.

        Raises EvidenceDamaged if an image cannot be read, ValueError if nothing of the part is on the page.
        """
        return _write_png(self.part(left=left, top=top, width=width, height=height))

    def part(self, *, left: int, top: int, width: int, height: int) -> Image.Image:
        """The same, decoded."""
        shown: Image.Image | None = None
        above = 0
        for number, size in enumerate(self._sizes):
            first, last = max(top, above), min(top + height, above + size.height)
            if first < last and left < size.width:
                box = (left, first - above, min(left + width, size.width), last - above)
                part = self._open(number).crop(box)
                shown = part if shown is None else _below(shown, part)
            above += size.height
        if shown is None:
            raise ValueError(f"the page's screenshot ends at {above} pixels, the part begins at {top}")
        return shown

    def _open(self, number: int) -> Image.Image:
        image = self._decoded.pop(number, None)
        if image is None:
            image = _decoded(self._tiles[number])
            while len(self._decoded) >= _HELD:
                del self._decoded[next(iter(self._decoded))]
        self._decoded[number] = image
        return image


def _decoded(png: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(png)) as opened:
            return opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise EvidenceDamaged(f"the image cannot be read: {error}") from error


def _write_png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", optimize=False, compress_level=6)
    return written.getvalue()


_HIGHLIGHTER = (255, 238, 88)


def highlight(png: bytes, places: Sequence[tuple[float, float, float, float]]) -> bytes:
    """A copy of `png` with `places` (left, top, width, height, in its pixels) tinted as by a pen: ink stays readable.

    What of a place lies outside of the image is left out. Raises EvidenceDamaged if it cannot be read.
    """
    shown = _decoded(png)
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
    return _write_png(shown)


def cut_into_pages(tiles: Sequence[bytes], *, high: float) -> Iterator[bytes]:
    """The full-page screenshot in PNGs for pages of paper, each at most `high` times as high as wide.

    Cut between lines of text where there is an even row near the end of the page. Raises EvidenceDamaged.
    """
    page = FullPage(tiles)
    most, top = max(1, int(page.width * high)), 0
    while top < page.height:
        part = page.part(left=0, top=top, width=page.width, height=most)
        kept = part.height if top + part.height >= page.height else _last_even_row(part)
        yield _write_png(part if kept == part.height else part.crop((0, 0, part.width, kept)))
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

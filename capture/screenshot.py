"""Images of a capture: whether a PNG is whole, how large it is, and its thumbnail."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

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
            return opened.width, opened.height, opened.convert("RGB").convert("RGBA").tobytes()
    except (UnidentifiedImageError, OSError) as error:
        raise EvidenceDamaged(f"the image cannot be read: {error}") from error


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

"""Page images as courts' platforms want them: TIFF with Group 4 where a page is black and white, JPEG where it is not.

Made from the pixels of a released page, boxes and number burned in, and of nothing else: no profile, no date.
"""

from __future__ import annotations

import io

from PIL import Image, ImageChops

KINDS = ("png", "tiff")
_RESOLUTION = (96, 96)
"""Pixels per inch, as browsers count them."""
_COLOURLESS = 8
"""How far the channels of a pixel may lie apart in a page without colour."""
_NEARLY = 64
"""How far from black or white a grey still is one of them: the edges of letters."""
_GREYS = 0.02
"""The part of a page that may be other greys, which are the edges of letters too; more is a photograph."""


def page_image(png: bytes, kind: str) -> tuple[str, bytes]:
    """The ending of its file's name, and its bytes. The same page gives the same bytes."""
    if kind == "png":
        return "png", png
    with Image.open(io.BytesIO(png)) as opened:
        page = opened.convert("RGB")
    written = io.BytesIO()
    if is_black_and_white(page):
        plain = page.convert("L").point(lambda level: 255 if level >= 128 else 0).convert("1", dither=Image.Dither.NONE)
        plain.save(written, "TIFF", compression="group4", dpi=_RESOLUTION)
        return "tif", written.getvalue()
    page.save(written, "JPEG", quality=92, subsampling=0, optimize=False, dpi=_RESOLUTION)
    return "jpg", written.getvalue()


def is_black_and_white(page: Image.Image) -> bool:
    """Whether a page of RGB loses nothing a reader sees when it is drawn in two colours."""
    red, green, blue = page.split()
    for one, other in ((red, green), (green, blue)):
        if any(ImageChops.difference(one, other).histogram()[_COLOURLESS + 1 :]):
            return False
    counts = page.convert("L").histogram()
    return sum(counts[_NEARLY : 256 - _NEARLY]) <= _GREYS * page.width * page.height

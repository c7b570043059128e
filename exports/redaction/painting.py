"""Pictures as they are released: painted, rebuilt from pixels, proved to hold only fill and label in each box.

Nothing of the file that was captured is kept but its pixels: no chunk, no profile, no comment, no text.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from archiver.core.errors import EvidenceDamaged, LeakFound
from exports.redaction.layout import PaintedBox

FILL = (0, 0, 0)
INK = (255, 255, 255)
_BAND = 28
"""Pixels below a page that hold its number."""


@dataclass(frozen=True, kw_only=True)
class ReleasedPicture:
    """A PNG as it may be handed over. `top` is the row of the full page that it begins at."""

    png: bytes
    width: int
    height: int
    top: int
    boxes: int


def release_pictures(tiles: Sequence[bytes], boxes: Sequence[PaintedBox]) -> Iterator[ReleasedPicture]:
    """Each tile of a full page with what of the boxes lies on it painted; tiles stand one below the other.

    Raises EvidenceDamaged where a tile cannot be read, LeakFound where a box does not hold what it should.
    """
    top = 0
    for tile in tiles:
        image = _pixels(tile)
        mine = [each for each in boxes if each.rectangle[1] < top + image.height and _bottom(each) > top]
        shifted = [_shift(each, top) for each in mine]
        for each in sorted(shifted, key=lambda box: (box.rectangle, box.label)):
            _paint(image, each)
        png = _write(image)
        prove_boxes(png, shifted)
        yield ReleasedPicture(png=png, width=image.width, height=image.height, top=top, boxes=len(mine))
        top += image.height


def blank_pictures(tiles: Sequence[bytes], label: str) -> Iterator[ReleasedPicture]:
    """Each tile painted out as a whole: where what it shows is not known well enough to paint parts."""
    top = 0
    for tile in tiles:
        shown = _pixels(tile)
        image = Image.new("RGB", shown.size, FILL)
        _print(image, (0, 0, image.width, min(image.height, 200)), label)
        yield ReleasedPicture(png=_write(image), width=image.width, height=image.height, top=top, boxes=1)
        top += image.height


def prove_boxes(png: bytes, boxes: Sequence[PaintedBox]) -> None:
    """Raises LeakFound where any pixel of a box is something else than the fill and the label printed in it."""
    image = _pixels(png)
    expected = Image.new("RGB", image.size, FILL)
    for each in sorted(boxes, key=lambda box: (box.rectangle, box.label)):
        _paint(expected, each)
    for each in boxes:
        left, top, width, height = each.rectangle
        part = (max(0, left), max(0, top), min(image.width, left + width), min(image.height, top + height))
        if part[0] >= part[2] or part[1] >= part[3]:
            continue
        if image.crop(part).tobytes() != expected.crop(part).tobytes():
            raise LeakFound(f"the box at {each.rectangle} holds something else than its fill: nothing was sealed")


def cut_pages(pictures: Sequence[ReleasedPicture], *, high: float = 1.3) -> Iterator[bytes]:
    """Released pictures in PNGs for pages, each at most `high` times as high as wide, cut at an even row."""
    for picture in pictures:
        image = _shown(picture.png)
        most, top = max(1, int(image.width * high)), 0
        while top < image.height:
            bottom = min(image.height, top + most)
            if bottom < image.height:
                bottom = _even_row(image, top, bottom)
            yield _write(image.crop((0, top, image.width, bottom)))
            top = bottom


def cut_part(pictures: Sequence[ReleasedPicture], box: tuple[int, int, int, int]) -> bytes | None:
    """A PNG of that part of the full page, of the picture on which it begins; None where it is on none."""
    left, top, width, height = box
    for picture in pictures:
        if picture.top <= top < picture.top + picture.height and left < picture.width:
            image = _shown(picture.png)
            first = top - picture.top
            return _write(
                image.crop(
                    (max(0, left), first, min(image.width, left + width), min(image.height, first + max(1, height)))
                )
            )
    return None


def stamp(png: bytes, number: str) -> bytes:
    """The picture on a fresh page with its number in a band below it."""
    image = _pixels(png)
    page = Image.new("RGB", (max(image.width, 16 * len(number)), image.height + _BAND), INK)
    page.paste(image, (0, 0))
    draw = ImageDraw.Draw(page)
    font = _font(16)
    width = draw.textlength(number, font=font)
    draw.text((page.width - width - 8, image.height + 5), number, fill=FILL, font=font)
    return _write(page)


def slip_sheet(lines: Sequence[str], *, width: int = 850, height: int = 600) -> bytes:
    """A page in place of a picture: where there is none, or it is withheld. Lines are ASCII."""
    page = Image.new("RGB", (width, height), INK)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        draw.text((40, 40 + 30 * number), line.encode("ascii", "replace").decode(), fill=FILL, font=_font(18))
    return _write(page)


def _paint(image: Image.Image, box: PaintedBox) -> None:
    left, top, width, height = box.rectangle
    ImageDraw.Draw(image).rectangle((left, top, left + width - 1, top + height - 1), fill=FILL)
    _print(image, box.rectangle, box.label)


def _print(image: Image.Image, rectangle: tuple[int, int, int, int], label: str) -> None:
    """The label in the box's upper left corner, as large as fits; none where none does."""
    left, top, width, height = rectangle
    text = label.encode("ascii", "replace").decode()
    draw = ImageDraw.Draw(image)
    for size in (16, 13, 11, 9, 7):
        font = _font(size)
        box = draw.textbbox((0, 0), text, font=font)
        if box[2] + 2 <= width and box[3] <= height:
            draw.text((left + 1, top), text, fill=INK, font=font)
            return


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _shift(box: PaintedBox, top: int) -> PaintedBox:
    left, above, width, height = box.rectangle
    return PaintedBox((left, above - top, width, height), box.label, box.rule)


def _bottom(box: PaintedBox) -> int:
    return box.rectangle[1] + box.rectangle[3]


def _pixels(content: bytes) -> Image.Image:
    """The pixels alone, on a fresh image. Raises EvidenceDamaged."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            shown = opened.convert("RGB")
            return Image.frombytes("RGB", shown.size, shown.tobytes())
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise EvidenceDamaged(f"the image cannot be read: {error}") from error


@lru_cache(maxsize=2)
def _shown(png: bytes) -> Image.Image:
    """For what is only cut from: a page is decoded once for all the items on it."""
    return _pixels(png)


def _even_row(image: Image.Image, top: int, bottom: int) -> int:
    grey = image.convert("L")
    for row in range(bottom - 1, top + (bottom - top) * 4 // 5, -1):
        darkest, lightest = grey.crop((0, row, image.width, row + 1)).getextrema()
        if darkest == lightest:
            return row + 1
    return bottom


def _write(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", optimize=False, compress_level=6)
    return written.getvalue()

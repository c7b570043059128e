"""Every word's ink: from the screenshot, or else from others of the frozen page with the word hidden."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capture.observation import TILE_HEIGHT
from capture.page import questions
from capture.pictures.even_ground import EvenGround
from capture.pictures.ink import Rectangle, find_ink
from capture.pictures.layout import words_of
from capture.pictures.pixels import Pixels, read_picture
from capture.pictures.screenshot import png_size
from capture.pictures.word_codes import Codes, Word, bands_of, choose_codes, close_to, joined
from capture.pictures.word_drawings import tell_drawn

_LOOK_SECONDS = 0.02
"""How often it is looked whether the next image has come."""


@dataclass(frozen=True, kw_only=True)
class _Shot:
    """Images of a part of the page that begins at row `top`."""

    top: int
    images: Sequence[bytes]

    def of_tile(self, number: int) -> tuple[int, bytes] | None:
        """The image of a tile of the page, and the row of the tile it begins at."""
        first = self.top // TILE_HEIGHT
        if not first <= number < first + len(self.images):
            return None
        return max(0, self.top - number * TILE_HEIGHT), self.images[number - first]


async def read_ground(layout: Mapping[str, Any], tiles: Sequence[bytes], shots: asyncio.Future[Any]) -> EvenGround:
    """Tell words by the images of the full screenshot, as they come to lie in `tiles`, until `shots` is done."""
    ground = await asyncio.to_thread(lambda: EvenGround(words_of(layout["texts"])))
    number = 0
    while True:
        while number < len(tiles):
            await asyncio.to_thread(ground.read, number, tiles[number])
            number += 1
        if shots.done():
            return ground
        await asyncio.wait([shots], timeout=_LOOK_SECONDS)


async def trace_words(
    send: questions.Send,
    layout: Mapping[str, Any],
    generated: Sequence[Mapping[str, Any]],
    reading: Awaitable[EvenGround],
    *,
    shown: Sequence[bytes],
    shoot: Callable[[int, int], Awaitable[Sequence[bytes]]],
    seconds: float,
) -> list[list[Rectangle]]:
    """The rectangles of every word's ink on the screenshot `shown`, in the order of the layout's words.

    After them those of `generated`, the texts of style sheets.

    `reading` may still be under way. `shoot` takes the images of the page between two of its rows, as the full
    screenshot is divided; it is asked only for words that neither the screenshot itself nor drawings of them tell.

    Leaves the page with words hidden. Raises ScriptError.
    """
    ground = await reading
    own = sum(len(each["words"]) for each in layout["texts"])
    words = words_of([*layout["texts"], *generated]) if generated else ground.words
    told = [*ground.told, *[None for _ in words[own:]]]
    for number in close_to(words, set(range(own, len(words)))):
        told[number] = None
    drawn = await tell_drawn(send, words, told, ground, seconds=seconds)
    left = {number for number, each in enumerate(told) if each is None and number not in drawn}
    if left:
        # with a hidden word vanishes what others draw into its place: hidden in their turn, they show whose it is
        doubtful = sorted(left | ground.upon(left) | close_to(words, left) & set(drawn))
        traced = [words[number] for number in doubtful]
        rest = await _trace(send, traced, doubtful, own, shown=shown, shoot=shoot, seconds=seconds)
        for number, rectangles in zip(doubtful, rest, strict=True):
            told[number] = rectangles
    return [drawn.get(number, each) or [] for number, each in enumerate(told)]


async def _trace(
    send: questions.Send,
    words: Sequence[Word],
    numbers: Sequence[int],
    own: int,
    *,
    shown: Sequence[bytes],
    shoot: Callable[[int, int], Awaitable[Sequence[bytes]]],
    seconds: float,
) -> list[list[Rectangle]]:
    """The same of `words` alone, which are these `numbers` of the page's; the first `own` the page keeps."""
    chosen = choose_codes(words)
    codes = [0] * own
    for number, code in zip(numbers, chosen.codes, strict=True):
        if number < own:
            codes[number] = code

    async def hide(bit: int, *, shadows: bool = False, apart: bool = True) -> list[_Shot]:
        options = {"codes": codes, "bit": bit, "shadows": shadows, "apart": apart}
        await questions.run_script(send, "hide", options, seconds=seconds)
        bands = [(0, whole)] if bit < 0 else bands_of(words, chosen, bit, whole)
        return [_Shot(top=top, images=await shoot(top, bottom)) for top, bottom in bands]

    whole = sum(png_size(each).height for each in shown)
    shaded = any(each.shadow for each in words)
    plain = (await hide(-1))[0].images if shaded else shown
    last = chosen.bits - 1 if any(each.apart for each in words) else None
    hidden = [await hide(bit, shadows=not shaded, apart=bit != last) for bit in range(chosen.bits)]
    return await asyncio.to_thread(_find, words, chosen, shown, plain, hidden)


def _find(
    words: Sequence[Word],
    chosen: Codes,
    shown: Sequence[bytes],
    plain: Sequence[bytes],
    hidden: Sequence[Sequence[_Shot]],
) -> list[list[Rectangle]]:
    """Image by image, between the rows that were shot again; a word that lies on two has rectangles on both."""
    found: list[list[Rectangle]] = [[] for _ in words]
    for number, tile in enumerate(shown):
        of_tile = [[part for each in shots if (part := each.of_tile(number))] for shots in hidden]
        bands = [(first, first + png_size(png).height) for parts in of_tile for first, png in parts]
        if plain is not shown:  # shadows are looked for everywhere
            bands.append((0, png_size(tile).height))
        bands = joined(bands)
        pages = _rows_of(tile, bands)
        bare = pages if plain is shown else _rows_of(plain[number], bands)
        for (above, below), page, without in zip(bands, pages, bare, strict=True):
            inks = find_ink(
                words,
                chosen,
                top=number * TILE_HEIGHT + above,
                page=page,
                plain=without,
                hidden=[
                    [(start - above, read_picture(png).part()) for start, png in parts if above <= start < below]
                    for parts in of_tile
                ],
            )
            for so_far, more in zip(found, inks, strict=True):
                so_far += more
    return found


def _rows_of(png: bytes, bands: Sequence[tuple[int, int]]) -> list[Pixels]:
    """The pixels of each of these bands of an image."""
    if not bands:
        return []
    first, last = min(above for above, _ in bands), max(below for _, below in bands)
    page = read_picture(png, first, last)
    return [page.part(slice(above - first, below - first)) for above, below in bands]

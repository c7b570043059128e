"""Take a frozen page's screenshot again with some of its words hidden, and find every word's ink by the difference."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from capture import page
from capture.ink import Rectangle, find_ink
from capture.layout import generated_texts, words_of
from capture.observation import TILE_HEIGHT
from capture.screenshot import png_size
from capture.word_codes import Codes, Word, choose_codes, rows_of


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


async def trace_words(
    send: page.Send,
    layout: dict[str, Any],
    *,
    shown: Sequence[bytes],
    shoot: Callable[[int, int], Awaitable[Sequence[bytes]]],
    seconds: float,
) -> list[list[Rectangle]]:
    """The rectangles of every word's ink on the screenshot `shown`, in the order of the layout's words.

    `shoot` takes the images of the page between two of its rows, as the full screenshot is divided.

    Adds to `layout` the texts that style sheets generate. Leaves the page with words hidden. Raises ScriptError.
    """
    snapshot = await send("DOMSnapshot.captureSnapshot", {"computedStyles": []})
    own = sum(len(each["words"]) for each in layout["texts"])
    layout["texts"] = [*layout["texts"], *generated_texts(snapshot)]
    words = words_of(layout["texts"])
    chosen = choose_codes(words)

    async def hide(bit: int, *, shadows: bool = False, apart: bool = True) -> _Shot:
        options = {"codes": chosen.codes[:own], "bit": bit, "shadows": shadows, "apart": apart}
        await page.run_script(send, "hide", options, seconds=seconds)
        top, bottom = (0, whole) if bit < 0 else rows_of(words, chosen, bit, whole)
        return _Shot(top=top, images=await shoot(top, bottom))

    whole = sum(png_size(each).height for each in shown)
    shaded = any(each.shadow for each in words)
    plain = (await hide(-1)).images if shaded else shown
    last = chosen.bits - 1 if any(each.apart for each in words) else None
    hidden = [await hide(bit, shadows=not shaded, apart=bit != last) for bit in range(chosen.bits)]
    return await asyncio.to_thread(_find, words, chosen, shown, plain, hidden)


def _find(
    words: Sequence[Word],
    chosen: Codes,
    shown: Sequence[bytes],
    plain: Sequence[bytes],
    hidden: Sequence[_Shot],
) -> list[list[Rectangle]]:
    """Image by image; a word that lies on two has rectangles on both."""
    found: list[list[Rectangle]] = [[] for _ in words]
    for number, tile in enumerate(shown):
        parts = find_ink(
            words,
            chosen,
            top=number * TILE_HEIGHT,
            page=tile,
            plain=plain[number],
            hidden=[each.of_tile(number) for each in hidden],
        )
        for all_parts, more in zip(found, parts, strict=True):
            all_parts += more
    return found

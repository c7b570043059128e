"""Words told by drawings of each alone: only where the drawings together are what the screenshot shows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium
from capture.observation import CaptureLimits
from capture.page import questions
from capture.pictures.frames import Frame
from capture.pictures.ink import Rectangle
from capture.pictures.pixels import Pixels
from capture.pictures.word_drawings import Drawing, find_drawn
from tests.capture.bad_site import run_bad_site

WHITE, GREY, DARK, BLACK = 0xFFFFFF, 0x808080, 0x404040, 0
SHADES = {"#": BLACK, "*": DARK, "+": GREY, ".": WHITE}
FRAME = (100, 200, 110, 205)


def pixels(*rows: str) -> Pixels:
    return np.array([[SHADES[each] for each in row] for row in rows], np.uint32)


def drawing(left: int, top: int, *rows: str) -> Drawing:
    """At a place within the frame."""
    return Drawing(left=FRAME[0] + left, top=FRAME[1] + top, pixels=pixels(*rows))


def told(
    word: Drawing, seen: Pixels, *others: Drawing, known: tuple[Rectangle, ...] = (), frame: Frame = FRAME
) -> list[Rectangle] | None:
    return find_drawn(word, frame, seen, WHITE, others, known)


ALEF, STOP = drawing(5, 1, "#", "#", "#"), drawing(2, 3, "##+")
RUN_TOGETHER = pixels("..........", ".....#....", ".....#....", "..##+#....", "..........")


def test_of_two_words_that_run_together_each_has_its_own_pixels() -> None:
    assert told(ALEF, RUN_TOGETHER, STOP) == [(105, 201, 1, 3)]
    assert told(STOP, RUN_TOGETHER, ALEF) == [(102, 203, 3, 1)]


def test_a_pixel_that_both_draw_is_both_their_own() -> None:
    stem, foot = drawing(5, 1, "#", "#", "+"), drawing(3, 3, "##+")
    seen = pixels("..........", ".....#....", ".....#....", "...##*....", "..........")
    assert told(stem, seen, foot) == [(105, 201, 1, 3)]
    assert told(foot, seen, stem) == [(103, 203, 3, 1)]


def test_a_pixel_that_looks_the_same_without_a_word_is_not_its_own() -> None:
    stroke = drawing(4, 2, "###")
    edge = drawing(5, 1, "#", "+", "#")  # faint where the stroke is full
    seen = pixels("..........", ".....#....", "....###...", ".....#....", "..........")
    assert told(stroke, seen, edge) == [(104, 202, 3, 1)]
    found = told(edge, seen, stroke)
    assert found is not None
    assert sorted(found) == [(105, 201, 1, 1), (105, 203, 1, 1)]


def test_where_two_words_cross_in_one_colour_rectangles_of_both_may_lie() -> None:
    stroke, stem = drawing(4, 2, "###"), drawing(5, 1, "#", "#", "#")
    seen = pixels("..........", ".....#....", "....###...", ".....#....", "..........")
    assert told(stroke, seen, stem) == [(104, 202, 3, 1)]
    assert told(stem, seen, stroke) == [(105, 201, 1, 3)]


def test_ink_that_nobody_drew_leaves_the_word_untold() -> None:
    assert told(ALEF, RUN_TOGETHER) is None
    assert told(ALEF, pixels("..........", ".....#...+", ".....#....", "..##+#....", ".........."), STOP) is None


def test_a_drawing_in_other_shades_than_the_screenshots_tells_nothing() -> None:
    assert told(drawing(5, 1, "#", "+", "#"), RUN_TOGETHER, STOP) is None
    assert told(drawing(6, 1, "#", "#", "#"), RUN_TOGETHER, STOP) is None


def test_ink_missing_from_the_screenshot_leaves_the_word_untold() -> None:
    """Clipped, or covered."""
    assert told(ALEF, pixels("..........", "..........", ".....#....", "..##+#....", ".........."), STOP) is None


def test_rectangles_go_round_the_ink_of_others_told_already() -> None:
    hook = drawing(2, 1, "####", "...#", "...#")
    seen = pixels("..........", "..####....", ".....#....", "..##.#....", "..........")
    stop = (102, 203, 2, 1)
    found = told(hook, seen, known=(stop,))
    assert found is not None
    covered = {(x + across, y + down) for x, y, wide, high in found for across in range(wide) for down in range(high)}
    assert covered >= {(102, 201), (103, 201), (104, 201), (105, 201), (105, 202), (105, 203)}
    assert not covered & {(102, 203), (103, 203)}


def test_rectangles_that_hold_the_drawn_ink_itself_are_not_anothers() -> None:
    assert told(ALEF, RUN_TOGETHER, STOP, known=((104, 203, 2, 1),)) is None


def test_a_drawing_larger_than_the_words_frame_tells_nothing() -> None:
    assert told(drawing(8, 1, "###"), pixels(*["........##"] * 5)) is None


def test_a_word_of_its_grounds_colour_has_no_rectangle() -> None:
    nothing = Drawing(left=80, top=180, pixels=np.zeros((0, 0), np.uint32))
    assert told(nothing, pixels(*[".........."] * 5)) == []


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
body {{ font: 30px/2 "Noto Sans", "Noto Sans Bengali", "Noto Sans Devanagari", sans-serif; background: {ground} }}
b {{ margin-inline-start: -7px }} [lang=ur] {{ font: 34px/2.4 "Noto Nastaliq Urdu" }}
</style><p>wharf<b>jetty</b></p><p>déjà<b>Évry</b></p><p>পানী<b>শিৱসাগৰ</b></p><p>पानी<b>शहर</b></p>
<p lang="ur" dir="rtl">پانی کب آئے گا۔</p></html>"""


@pytest.mark.browser
@pytest.mark.parametrize(("ground", "again"), [("#fed", False), ("linear-gradient(90deg, #fff, #ccc)", True)])
def test_words_upon_each_other_need_no_further_screenshot_where_the_ground_is_even(
    ground: str, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    run_script = questions.run_script

    async def listen(
        send: questions.Send, name: str, options: dict[str, object] | None = None, *, seconds: float
    ) -> object:
        asked.append(name)
        return await run_script(send, name, options, seconds=seconds)

    monkeypatch.setattr(questions, "run_script", listen)
    with run_bad_site() as site, Browser(executable=find_chromium()) as browser:
        seen = browser.observe(site.put("/upon", PAGE.format(ground=ground)), limits=CaptureLimits(exact_words=True))
    layout = json.loads(seen.layout)
    assert layout["exact"]
    assert not any("unseen" in text for text in layout["texts"])
    assert ("hide" in asked) is again

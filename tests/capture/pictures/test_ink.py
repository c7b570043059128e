"""Which words are hidden together, and whose ink is whose."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from capture.pictures.ink import find_ink
from capture.pictures.pixels import Pixels, read_picture
from capture.pictures.word_codes import Box, Word, choose_codes

Pixel = tuple[int, int, int, int]


def word(*boxes: Box, text: int = 0, free: bool = False, shadow: tuple[float, float, float] | None = None) -> Word:
    return Word(boxes=boxes, reach=6, text=text, free=free, shadow=shadow)


def picture(*ink: Pixel, colour: str = "black") -> Pixels:
    """White, with filled rectangles (left, top, right, bottom)."""
    image = Image.new("RGB", (200, 80), "white")
    for each in ink:
        ImageDraw.Draw(image).rectangle(each, fill=colour)
    written = io.BytesIO()
    image.save(written, "PNG")
    return read_picture(written.getvalue()).part()


boxes = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 80), st.integers(1, 40))


@given(st.lists(boxes, max_size=12))
def test_words_upon_each_other_have_different_codes(found: list[Box]) -> None:
    words = [word(each, text=number) for number, each in enumerate(found)]
    chosen = choose_codes(words)
    assert all(code.bit_count() == 1 and code < 1 << chosen.bits for code in chosen.codes)
    for one, (left, top, wide, high) in enumerate(found):
        for other, (x, y, w, h) in enumerate(found[:one]):
            if min(left + wide, x + w) - max(left, x) > 2 and min(top + high, y + h) - max(top, y) > 2:
                assert chosen.codes[one] != chosen.codes[other]


def test_a_plain_line_needs_one_screenshot_and_a_comma_a_second() -> None:
    line = [word((0, 0, 40, 20)), word((45, 0, 40, 20)), word((90, 0, 40, 20))]
    assert choose_codes(line).bits == 1
    assert choose_codes([*line, word((130, 0, 4, 20))]).codes == (1, 1, 1, 2)


def test_words_whose_letters_leave_their_boxes_differ_from_both_neighbours() -> None:
    codes = choose_codes([word((40 * n, 0, 30, 20), free=True) for n in range(6)]).codes
    assert all(len(set(codes[n : n + 3])) == 3 for n in range(4))


def test_a_rectangle_is_its_words_ink_and_not_its_line() -> None:
    words = [word((10, 1010, 50, 30)), word((70, 1010, 50, 30))]
    one, two = (14, 20, 53, 29), (72, 18, 100, 33)
    chosen = choose_codes(words)
    page = picture(one, two)
    assert find_ink(words, chosen, top=1000, page=page, plain=page, hidden=[[(0, picture())]]) == [
        [(14, 1020, 40, 10)],
        [(72, 1018, 29, 16)],
    ]


def test_a_word_around_anothers_ink_is_covered_in_parts() -> None:
    words = [word((10, 10, 60, 40), free=True), word((40, 10, 30, 40), free=True)]
    hook = [(12, 12, 60, 15), (12, 12, 15, 45)]
    inside = (30, 30, 50, 40)
    chosen = choose_codes(words)
    assert chosen.codes == (1, 2)
    page = picture(*hook, inside)
    first, second = find_ink(
        words, chosen, top=0, page=page, plain=page, hidden=[[(0, picture(inside))], [(0, picture(*hook))]]
    )
    assert second == [(30, 30, 21, 11)]
    assert sorted(first) == [(12, 12, 4, 34), (16, 12, 45, 4)] or sorted(first) == [(12, 12, 49, 4), (12, 16, 4, 30)]


def test_a_shadow_is_covered_with_its_word() -> None:
    words = [word((10, 10, 40, 20), shadow=(5, 5, 0))]
    text, shadow = (12, 14, 40, 24), (17, 19, 45, 29)
    page, plain = picture(shadow, text), picture(text)
    ((only,),) = find_ink(words, choose_codes(words), top=0, page=page, plain=plain, hidden=[[(0, picture())]])
    assert only == (12, 14, 34, 16)


def test_a_word_nobody_sees_has_no_rectangle() -> None:
    words = [word((10, 10, 40, 20))]
    page = picture()
    assert find_ink(words, choose_codes(words), top=0, page=page, plain=page, hidden=[[(0, page)]]) == [[]]

"""Words whose ink the screenshot alone tells, and words it does not."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from capture.pictures.even_ground import EvenGround
from capture.pictures.ink import Rectangle
from capture.pictures.word_codes import Box, Word

Pixel = tuple[int, int, int, int]


def word(box: Box, *, ink: Box | None = None, text: int = 0, free: bool = False) -> Word:
    return Word(boxes=(box,), reach=6, text=text, free=free, ink=ink)


def read(words: list[Word], *drawn: Pixel, ground: str = "white") -> list[list[Rectangle] | None]:
    """On a page with filled rectangles (left, top, right, bottom)."""
    image = Image.new("RGB", (200, 80), ground)
    for each in drawn:
        ImageDraw.Draw(image).rectangle(each, fill="black")
    written = io.BytesIO()
    image.save(written, "PNG")
    page = EvenGround(words)
    page.read(0, written.getvalue())
    page.leave([])
    return page.told


def test_a_word_alone_is_what_differs_from_its_ground() -> None:
    assert read([word((10, 10, 50, 30))], (14, 20, 53, 29)) == [[(14, 20, 40, 10)]]
    assert read([word((10, 10, 50, 30))], (14, 20, 53, 29), ground="#fe9") == [[(14, 20, 40, 10)]]


def test_a_word_of_its_grounds_colour_has_no_rectangle() -> None:
    assert read([word((10, 10, 50, 30))]) == [[]]


def test_a_line_under_a_word_is_the_words() -> None:
    assert read([word((10, 10, 50, 30))], (14, 20, 53, 29), (0, 34, 199, 35)) == [[(9, 20, 52, 16)]]


def test_ink_that_crosses_the_frame_leaves_the_word_untold() -> None:
    assert read([word((10, 10, 50, 30))], (14, 20, 80, 29)) == [None]
    assert read([word((10, 10, 50, 30))], (14, 4, 20, 29)) == [None]


def test_measured_ink_beyond_the_box_is_found() -> None:
    words = [word((10, 10, 30, 30), ink=(4, 12, 40, 24), free=True)]
    assert read(words, (5, 14, 42, 33)) == [[(5, 14, 38, 20)]]


def test_letters_that_leave_their_boxes_unmeasured_are_not_told_nor_words_close_by() -> None:
    words = [word((10, 10, 30, 30), free=True), word((42, 10, 30, 30)), word((120, 10, 30, 30))]
    assert read(words, (14, 14, 30, 30), (50, 14, 60, 30), (125, 14, 140, 30)) == [None, None, [(125, 14, 16, 17)]]


def test_a_mark_under_the_last_letter_of_its_word_is_told_from_it() -> None:
    # the arm of a y above a full stop, in columns that both have
    words = [word((10, 10, 30, 30), ink=(12, 12, 30, 20)), word((40, 10, 6, 30), ink=(39, 28, 4, 4))]
    letters, stop = read(words, (12, 12, 41, 15), (12, 16, 20, 31), (39, 28, 42, 31))
    assert stop == [(39, 28, 4, 4)]
    assert letters is not None
    assert sorted(letters) in ([(12, 12, 9, 20), (21, 12, 21, 4)], [(12, 12, 30, 4), (12, 16, 9, 16)])


def test_letters_that_run_together_are_not_told() -> None:
    words = [word((10, 10, 30, 30), ink=(12, 12, 30, 20)), word((40, 10, 6, 30), ink=(40, 28, 4, 4))]
    assert read(words, (12, 12, 43, 31)) == [None, None]


def test_a_word_across_two_images_is_not_told() -> None:
    assert read([word((10, 70, 50, 30))], (14, 75, 53, 79)) == [None]

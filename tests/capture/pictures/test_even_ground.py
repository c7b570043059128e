"""Words whose ink the screenshot alone tells, and words it does not."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from capture.observation import TILE_HEIGHT
from capture.pictures.even_ground import EvenGround
from capture.pictures.ink import Rectangle
from capture.pictures.pixels import read_picture
from capture.pictures.word_codes import Box, Word

Pixel = tuple[int, int, int, int]


def word(box: Box, *, ink: Box | None = None, text: int = 0, free: bool = False) -> Word:
    return Word(boxes=(box,), reach=6, text=text, free=free, ink=ink)


def read(words: list[Word], *drawn: Pixel, ground: str = "white") -> list[list[Rectangle] | None]:
    """On a page with filled rectangles (left, top, right, bottom)."""
    page = EvenGround(words)
    page.read(0, draw(*drawn, ground=ground))
    return page.told


def draw(*drawn: Pixel, ground: str = "white") -> bytes:
    image = Image.new("RGB", (200, 80), ground)
    for each in drawn:
        ImageDraw.Draw(image).rectangle(each, fill="black")
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def told_plainly(png: bytes, left: int, top: int, right: int, bottom: int) -> list[Rectangle] | None:
    """The same of one word, pixel by pixel, given its frame."""
    with Image.open(io.BytesIO(png)) as page:
        inked = {
            (x, y)
            for x in range(left, right)
            for y in range(top, bottom)
            if page.getpixel((x, y)) != page.getpixel((left, top))
        }
    if any(y in (top, bottom - 1) for _, y in inked):
        return None
    lines = {y for x, y in inked if x in (left, right - 1)}
    if any((x, y) not in inked for y in lines for x in range(left, right)):
        return None
    if not inked:
        return []
    columns, rows = [x for x, _ in inked], [y for _, y in inked]
    first, start = min(rows), min(columns)
    return [(start, first, max(columns) - start + 1, max(rows) - first + 1)]


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


def test_a_word_that_the_page_ends_in_is_not_told() -> None:
    assert read([word((10, 70, 50, 30))], (14, 75, 53, 79)) == [None]


def test_a_word_across_two_images_is_told_by_both_and_has_rectangles_on_each() -> None:
    page = EvenGround([word((10, TILE_HEIGHT - 10, 50, 30)), word((100, TILE_HEIGHT + 10, 50, 30))])
    tall = Image.new("RGB", (200, TILE_HEIGHT + 80), "white")
    for left, top in ((14, TILE_HEIGHT - 5), (104, TILE_HEIGHT + 15)):
        ImageDraw.Draw(tall).rectangle((left, top, left + 30, top + 14), fill="black")
    for number, (first, last) in enumerate(((0, TILE_HEIGHT), (TILE_HEIGHT, TILE_HEIGHT + 80))):
        written = io.BytesIO()
        tall.crop((0, first, 200, last)).save(written, "PNG")
        page.read(number, written.getvalue())
        if not number:
            assert page.told[0] is None
    across = [(14, TILE_HEIGHT - 5, 31, 5), (14, TILE_HEIGHT, 31, 10)]
    assert page.told == [across, [(104, TILE_HEIGHT + 15, 31, 15)]]


_PLACES = st.tuples(st.integers(0, 70), st.integers(0, 45), st.integers(0, 70), st.integers(0, 3)).map(
    lambda each: (each[0], each[1], each[0] + each[2], each[1] + each[3])
)


@given(st.lists(_PLACES, max_size=3), st.sampled_from(["white", "black", "#fe9"]))
def test_of_any_drawing_a_word_alone_is_what_it_is_pixel_by_pixel(drawn: list[Pixel], ground: str) -> None:
    png = draw(*drawn, ground=ground)
    page = EvenGround([word((10, 10, 50, 30))])
    page.read(0, png)
    assert page.told == [told_plainly(png, 9, 9, 61, 41)]


def test_of_a_measured_word_that_is_not_told_the_frame_is_kept_as_the_image_has_it() -> None:
    png = draw((14, 40, 80, 44), (120, 10, 130, 14), (180, 40, 199, 44))
    measured = [word((10, 38, 50, 10), ink=(12, 38, 50, 9)), word((118, 8, 30, 10), ink=(118, 8, 14, 9))]
    page = EvenGround([*measured, word((10, 38, 50, 10)), word((178, 38, 30, 10), ink=(178, 38, 24, 9))])
    page.read(0, png)
    assert page.told == [None, [(120, 10, 11, 5)], None, None]
    ((number, (frame, seen)),) = page.windows.items()  # the last one leaves the image
    assert (number, frame) == (0, (11, 37, 63, 48))
    assert seen.tolist() == read_picture(png).part(slice(37, 48), slice(11, 63)).tolist()


def test_words_are_told_alike_wherever_they_lie_on_a_tall_image() -> None:
    tops = list(range(3, 4_950, 37))
    image = Image.new("RGB", (60, 5_000), "white")
    for top in tops:
        ImageDraw.Draw(image).rectangle((12, top + 4, 30, top + 9), fill="black")
    written = io.BytesIO()
    image.save(written, "PNG")
    page = EvenGround([word((10, top, 30, 16)) for top in tops])
    page.read(0, written.getvalue())
    assert page.told == [[(12, top + 4, 19, 6)] for top in tops]


def test_words_whose_frames_meet_where_neither_has_ink_are_told_as_each_alone() -> None:
    # measured three pixels too wide, as kerned letters are
    words = [word((10, 10, 30, 30), ink=(12, 12, 30, 20)), word((40, 10, 30, 30), ink=(39, 12, 30, 20))]
    told = read(words, (12, 12, 36, 31), (43, 14, 68, 29))
    assert told == [[(12, 12, 25, 20)], [(43, 14, 26, 16)]]
    apart = [read([each], (12, 12, 36, 31), (43, 14, 68, 29)) for each in words]
    assert told == [one[0] for one in apart]

"""A part of an item's text stands on the rectangles of its words, wherever the page shows them."""

from __future__ import annotations

import pytest

from capture.pictures.item_boxes import ItemBox
from capture.pictures.word_boxes import place_words
from tests.capture.pictures.test_item_boxes import item, layout_of


def word(column: int, line: int = 0) -> ItemBox:
    """The box that `layout_of` gives the word of this column and line."""
    return ItemBox(left=40 * column, top=20 * line, width=30, height=14)


@pytest.mark.parametrize(
    ("text", "part", "columns"),
    [
        ("L’avis est publié.", "publié", [2]),
        ("৪ নম্বৰ ৱাৰ্ডত পানী কেতিয়া আহিব?", "পানী কেতিয়া", [3, 4]),
        ("पानी कब आएगा?", "पानी", [0]),
        ("پانی کب تک بحال ہوگا؟", "بحال", [3]),
        ("thanks 👍🏽 neighbours", "👍🏽", [1]),
        ("thanks🎉 all", "🎉", [0]),
        ("🎉 👍🏽", "👍🏽", [1]),
        ("新しい東京都庁", "東京", [0]),
    ],
)
def test_a_part_stands_on_its_words(text: str, part: str, columns: list[int]) -> None:
    layout = layout_of(("/html[1]/body[1]/p[1]/text()[1]", text))
    start = text.index(part)
    placed = place_words(layout, [item("1", text)], {"1": [(start, start + len(part))]})
    assert placed == {"1": (tuple(map(word, columns)),)}


def test_words_broken_over_two_texts_have_the_boxes_of_both() -> None:
    layout = layout_of(
        ("/html[1]/body[1]/p[1]/text()[1]", "Boil the"),
        ("/html[1]/body[1]/p[1]/b[1]/text()[1]", "water now"),
    )
    placed = place_words(layout, [item("1", "Boil the water now")], {"1": [(5, 14)]})
    assert placed == {"1": ((word(1), word(0, 1)),)}


def test_items_that_say_the_same_keep_their_places() -> None:
    layout = layout_of(("/html[1]/body[1]/p[1]/text()[1]", "Yes"), ("/html[1]/body[1]/p[2]/text()[1]", "Yes"))
    placed = place_words(layout, [item("1", "Yes"), item("2", "Yes")], {"2": [(0, 3)]})
    assert placed == {"2": ((word(0, 1),),)}


def test_where_the_page_shortens_the_middle_the_words_it_shows_are_found() -> None:
    begin, end = (
        "The council met on Monday evening to decide on the dam",
        "and it will meet again next week on this very matter",
    )
    layout = layout_of(("/html[1]/body[1]/p[1]/text()[1]", f"{begin} (more) {end}"))
    text = f"{begin} with all its members {end}"
    hits = [(text.index(each), text.index(each) + len(each)) for each in ("again", "members")]
    placed = place_words(layout, [item("1", text)], {"1": hits})
    assert placed == {"1": ((word(16),), ())}


def test_an_item_the_page_does_not_show_is_left_out() -> None:
    layout = layout_of(("/html[1]/body[1]/p[1]/text()[1]", "Something else"))
    assert place_words(layout, [item("1", "পানী")], {"1": [(0, 4)]}) == {}

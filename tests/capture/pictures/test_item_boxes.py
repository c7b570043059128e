"""Items are found on the screenshot by their words, with what stands with them alone."""

from __future__ import annotations

from typing import Any

import pytest

from archiver.core.records import Item, ItemKind
from capture.pictures.item_boxes import ItemBox, place_items


def item(native_id: str, text: str) -> Item:
    return Item(native_id=native_id, parent_id=None, kind=ItemKind.COMMENT, text=text)


def layout_of(*texts: tuple[str, str]) -> dict[str, Any]:
    """Texts by their paths, a line of 20 pixels each, every word 40 pixels wide."""
    return {
        "width": 800,
        "height": 20 * len(texts),
        "texts": [
            {"path": path, "words": [[word, 40 * place, 20 * line, 30, 14] for place, word in enumerate(text.split())]}
            for line, (path, text) in enumerate(texts)
        ],
        "regions": [],
    }


def test_a_box_holds_the_items_author_and_no_other_item() -> None:
    layout = layout_of(
        ("/html[1]/body[1]/div[1]/li[1]/b[1]/text()[1]", "Citizen One"),
        ("/html[1]/body[1]/div[1]/li[1]/p[1]/text()[1]", "How long must the water boil?"),
        ("/html[1]/body[1]/div[1]/li[2]/b[1]/text()[1]", "Norhaven Water"),
        ("/html[1]/body[1]/div[1]/li[2]/p[1]/text()[1]", "At least one minute."),
    )
    placed = place_items(layout, [item("1", "How long must the water boil?"), item("2", "At least one minute.")])
    assert placed == {
        "1": ItemBox(left=0, top=0, width=238, height=42),
        "2": ItemBox(left=0, top=32, width=158, height=48),
    }


def test_an_answer_inside_of_what_it_answers_has_a_box_of_its_own() -> None:
    layout = layout_of(
        ("/html[1]/body[1]/div[1]/li[1]/div[1]/p[1]/text()[1]", "Is the market open?"),
        ("/html[1]/body[1]/div[1]/li[1]/ol[1]/li[1]/p[1]/text()[1]", "Yes, it is."),
    )
    placed = place_items(layout, [item("1", "Is the market open?"), item("2", "Yes, it is.")])
    assert placed["1"].height == 22
    assert placed["2"].top == 12


@pytest.mark.parametrize(
    "text",
    [
        "L’avis est publié.",
        "৪ নম্বৰ ৱাৰ্ডত পানী কেতিয়া আহিব?",
        "पानी कब आएगा?",
        "پانی کب تک بحال ہوگا؟",
        "Thanks 👍🏽",
        "💧",
    ],
)
def test_texts_of_every_script_are_found(text: str) -> None:
    layout = layout_of(
        ("/html[1]/body[1]/div[1]/p[1]/text()[1]", "Something else"), ("/html[1]/body[1]/div[2]/p[1]/text()[1]", text)
    )
    assert place_items(layout, [item("1", text)])["1"].top == 12


def test_items_that_say_the_same_have_places_of_their_own() -> None:
    layout = layout_of(*((f"/html[1]/body[1]/div[1]/p[{n}]/text()[1]", "Thank you!") for n in (1, 2, 3)))
    placed = place_items(layout, [item(str(n), "Thank you!") for n in (1, 2, 3)])
    assert [placed[str(n)].top for n in (1, 2, 3)] == [0, 12, 32]


def test_a_short_text_does_not_take_the_place_of_a_longer_one() -> None:
    layout = layout_of(
        ("/html[1]/body[1]/div[1]/p[1]/text()[1]", "Yes, the market is open"),
        ("/html[1]/body[1]/div[1]/p[2]/text()[1]", "Yes"),
    )
    placed = place_items(layout, [item("short", "Yes"), item("long", "Yes, the market is open")])
    assert (placed["long"].top, placed["short"].top) == (0, 12)


def test_an_emoji_that_the_page_shows_as_a_picture_does_not_hide_the_item() -> None:
    layout = layout_of(("/html[1]/body[1]/div[1]/p[1]/text()[1]", "The tanker is here."))
    assert "1" in place_items(layout, [item("1", "The tanker is here. 🙂")])


def test_a_text_that_is_not_on_the_page_has_no_box() -> None:
    layout = layout_of(("/html[1]/body[1]/div[1]/p[1]/text()[1]", "Something else"))
    assert place_items(layout, [item("1", "Deleted since"), item("2", "…")]) == {}

"""The layout record searched: across text boxes and lines, right to left, in any form; pictures nobody has cleared."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from archiver.core.errors import EvidenceDamaged, LeakFound
from exports.redaction import painting
from exports.redaction.layout import PAINTED, UNKNOWN, PaintedBox, left_words, paint_plan, unknown_pictures
from exports.redaction.painting import FILL, release_pictures, stamp
from exports.redaction.rules import RedactionRule


def phrase(words: str, **more: Any) -> RedactionRule:
    values = {"id": "red_1", "kind": "phrase", "scope": "everywhere", "section": "14", "phrases": (words,)}
    return RedactionRule(**{**values, **more})


def layout(*texts: list[list[Any]], exact: bool = True, regions: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "exact": exact,
        "cut": False,
        "texts": [{"path": "/p", "words": each} for each in texts],
        "regions": regions,
    }


def painted(page: dict[str, Any], *rules: RedactionRule, **more: Any) -> list[PaintedBox]:
    return paint_plan(page, rules, capture="cap_1", **{"literals": {}, **more})


def test_a_phrase_is_painted_across_two_boxes_and_over_a_line_s_end() -> None:
    page = layout([["By", 0, 0, 20, 10], ["Zoë", 30, 0, 30, 10]], [["Smith", 0, 20, 40, 10], ["today", 50, 20, 40, 10]])
    assert [each.rectangle for each in painted(page, phrase("Zoe Smith"))] == [(0, 18, 42, 14), (28, 0, 34, 12)]


@pytest.mark.parametrize(
    ("words", "seen"),
    [("ৰীতা দাস", ["ৰীতা", "দাস"]), ("سڑک علی", ["سڑک", "عليؔ"]), ("a.b@c.example", ["a.b", "@", "c.example"])],
)
def test_scripts_and_parted_words_are_found(words: str, seen: list[str]) -> None:
    page = layout([[each, 10 + 50 * place, 0, 40, 10] for place, each in enumerate(seen)])
    (box,) = painted(page, phrase(words))
    assert box.rectangle == (8, 0, 44 + 50 * (len(seen) - 1), 12)


def test_what_is_found_in_an_item_s_text_is_painted_however_the_page_parts_it() -> None:
    page = layout([["0300", 0, 0, 40, 10], ["-", 42, 0, 5, 10], ["1234567", 60, 0, 70, 10], ["12", 150, 0, 10, 10]])
    assert painted(page, literals={"0300-1234567": "[14]"}) == [PaintedBox((0, 0, 132, 12), "[14]")]


def test_a_name_of_several_words_is_one_box_with_one_label_so_that_no_word_shows_its_length() -> None:
    page = layout(
        [["Rita", 10, 0, 30, 10], ["Das", 44, 0, 25, 10], ["@ritadas", 75, 0, 60, 10], ["said", 150, 0, 30, 10]]
    )
    person = phrase("", kind="person", phrases=("Rita Das", "ritadas"))
    boxes = painted(page, person, literals={"Rita Das": "[14]"})
    assert [(each.rectangle, each.label) for each in boxes] == [((8, 0, 63, 12), "[14]"), ((73, 0, 64, 12), "[14]")]


def test_of_boxes_in_one_another_the_outer_one_is_painted() -> None:
    page = layout([["Rita", 20, 20, 30, 10]])
    assert painted(page, phrase("Rita"), withheld=[((0, 0, 200, 80), "[13]")]) == [PaintedBox((0, 0, 202, 82), "[13]")]


def test_the_box_of_a_whole_item_leaves_what_stands_beside_it_readable() -> None:
    """It is grown by what letters may leave a line by, and an item of four lines is no line of that height."""
    page = layout([["one", 20, 100, 30, 20], ["two", 20, 130, 30, 20]], exact=False)
    (box,) = painted(page, withheld=[((20, 100, 200, 80), "[14]")])
    assert box.rectangle == (17, 94, 206, 92)


PORTRAIT = {"kind": "image", "rect": [10, 100, 40, 40]}


def test_the_picture_beside_a_redacted_person_s_name_is_cleared_by_itself_alone() -> None:
    other = {"kind": "image", "rect": [10, 300, 40, 40]}
    page = layout([["Rita", 60, 110, 40, 16], ["hello", 60, 310, 40, 16]], regions=(PORTRAIT, other))
    person = phrase("", kind="person", phrases=("Rita",))
    boxes = painted(page, person, cleared=frozenset({"*"}))
    assert [each.rectangle for each in boxes if each.label == UNKNOWN] == [(10, 100, 40, 40)]
    assert all(each.label != UNKNOWN for each in painted(page, person, cleared=frozenset({"*", "10,100,40,40"})))
    assert all(each.label != UNKNOWN for each in painted(page, phrase("Rita"), cleared=frozenset({"*"})))


@pytest.mark.parametrize(
    "said",
    [
        {"alt": "Portrait of ৰীতা দাস"},
        {"source": "https://a.example/%E0%A7%B0%E0%A7%80%E0%A6%A4%E0%A6%BE-%E0%A6%A6%E0%A6%BE%E0%A6%B8.jpg"},
    ],
)
def test_a_picture_that_its_page_calls_by_a_redacted_name_is_cleared_by_itself_alone(said: dict[str, str]) -> None:
    page = layout(regions=(PORTRAIT | said,))
    assert [each.label for each in painted(page, phrase("ৰীতা দাস"), cleared=frozenset({"*"}))] == [UNKNOWN]
    assert painted(page, phrase("ৰীতা দাস"), cleared=frozenset({"10,100,40,40"})) == []
    assert painted(page, phrase("হিৰণ্য"), cleared=frozenset({"*"})) == []


@pytest.mark.parametrize(
    "said",
    [
        {"source": "https://a.example/up/library.png"},
        {"source": "https://a.example/up/library-1024x576.png?ver=2"},
        {"source": "https://cdn.example/other", "alt": "পুথিভঁৰাল"},
    ],
)
def test_the_picture_of_an_item_that_is_out_as_a_whole_goes_with_it_whoever_cleared_it(said: dict[str, str]) -> None:
    page = layout(regions=(PORTRAIT | said, {"kind": "image", "rect": [10, 300, 40, 40], "source": "x.png"}))
    hidden = {"https://a.example/up/library.png": "[14]", "পুথিভঁৰাল": "[14]"}
    cleared = frozenset({"*", "10,100,40,40"})
    assert painted(page, hidden=hidden, cleared=cleared) == [PaintedBox((10, 100, 40, 40), "[14]")]


def test_the_words_that_still_show_are_those_that_no_box_covers() -> None:
    page = layout(
        [["By", 0, 0, 20, 10], ["Rita", 30, 0, 30, 10], ["Das", 70, 0, 30, 10]],
        [["reading", 0, 20, 40, 10, 0, 40, 40, 10]],
    )
    assert (
        left_words(page, [PaintedBox((28, 0, 40, 12), "[14]"), PaintedBox((0, 18, 44, 14), "[14]")])
        == f"By {PAINTED} Das reading"
    )


def test_no_outline_of_letters_shows_what_was_painted() -> None:
    """Another word's vowel sign hangs into का, so its rectangles go around it: the block does not."""
    traced = layout([["का", 20, 20, 10, 14, 32, 27, 8, 7]], [["की", 20, 52, 20, 14]])
    assert [each.rectangle for each in painted(traced, phrase("का"))] == [(18, 18, 24, 18)]
    broken = layout([["reading", 100, 20, 40, 10, 0, 40, 40, 10]])
    assert [each.rectangle for each in painted(broken, phrase("reading"))] == [(0, 38, 42, 14), (98, 18, 44, 14)]


def test_a_word_within_another_is_left_alone() -> None:
    assert painted(layout([["Annual", 0, 0, 40, 10]]), phrase("Ann")) == []


def test_where_words_are_not_traced_their_lines_reach_is_painted_too() -> None:
    (box,) = painted(layout([["علی", 100, 100, 40, 30]], exact=False), phrase("علی"))
    assert box.rectangle == (96, 91, 48, 48)


def test_pictures_are_withheld_until_they_are_cleared() -> None:
    page = layout(regions=({"kind": "image", "rect": [1.5, 2, 10, 10]}, {"kind": "canvas", "rect": [50, 0, 0.2, 5]}))
    (region,) = unknown_pictures(page)
    assert region == (1, 2, 11, 10)
    assert painted(page) == [PaintedBox(region, UNKNOWN)]
    assert painted(page, cleared=frozenset({"1,2,11,10"})) == []
    assert painted(page, cleared=frozenset({"*"})) == []


def test_a_rectangle_is_painted_on_its_own_capture_alone() -> None:
    rule = phrase("x", kind="rectangle", scope="here", record="rec_1", rectangle=("cap_1", 5, 6, 7, 8))
    assert [each.rectangle for each in painted(layout(), rule)] == [(5, 6, 7, 8)]
    assert paint_plan(layout(), [rule], capture="cap_2", literals={}) == []


def picture(width: int = 60, height: int = 40) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_a_box_over_two_tiles_is_painted_on_both_and_nothing_else_changes() -> None:
    tiles = [picture(), picture()]
    first, second = release_pictures(tiles, [PaintedBox((10, 30, 20, 20), "14")])
    before, after = (Image.open(io.BytesIO(each)).convert("RGB") for each in (tiles[0], first.png))
    assert after.crop((0, 0, 60, 30)).tobytes() == before.crop((0, 0, 60, 30)).tobytes()
    assert after.getpixel((12, 39)) == FILL
    assert Image.open(io.BytesIO(second.png)).getpixel((25, 5)) == FILL
    assert (first.boxes, second.boxes, second.top) == (1, 1, 40)


def test_a_box_that_was_not_filled_is_found_from_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "_paint", lambda image, box: None)
    with pytest.raises(LeakFound, match="holds something else"):
        list(release_pictures([picture()], [PaintedBox((10, 10, 20, 20), "14")]))


def test_nothing_of_the_captured_file_is_kept_but_its_pixels() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (8, 8), (9, 9, 9)).save(out, "JPEG", exif=exif, comment=b"secret comment")
    (made,) = release_pictures([out.getvalue()], [])
    assert b"secret" not in made.png
    assert b"home" not in made.png
    assert Image.open(io.BytesIO(made.png)).info == {}
    assert Image.open(io.BytesIO(stamp(made.png, "ABC-000001"))).height == 8 + 28


def test_a_picture_that_cannot_be_read_is_damage() -> None:
    with pytest.raises(EvidenceDamaged, match="cannot be read"):
        list(release_pictures([b"no picture"], []))

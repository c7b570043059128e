"""Two observations of one record, item by item."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import CataloguedItem, Item, ItemKind, Observed, RecordId
from capture.compare import Changes, compare, same_text

SEEN = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def item(native_id: str, text: str = "text") -> Item:
    return Item(native_id=native_id, parent_id=None, kind=ItemKind.COMMENT, text=text)


def catalogued(native_id: str, text: str = "text", observed: Observed = Observed.PRESENT) -> CataloguedItem:
    return CataloguedItem(
        id=f"rec_1/{native_id}",
        record_id=RecordId("rec_1"),
        item=item(native_id, text),
        observed=observed,
        first_seen=SEEN,
        last_seen=SEEN,
    )


def test_a_second_night_with_one_of_each() -> None:
    before = [
        catalogued("a", "stays"),
        catalogued("b", "old words"),
        catalogued("c", "deleted"),
        catalogued("d", "back again", Observed.GONE),
        catalogued("e", "long gone", Observed.GONE),
    ]
    now = [item("a", "stays"), item("b", "new words"), item("d", "back, reworded"), item("f", "just said")]
    changes = compare(before, now, complete=True)
    assert [match.after.native_id for match in changes.unchanged] == ["a"]
    assert [(match.before.item.text, match.after.text) for match in changes.edited] == [("old words", "new words")]
    assert [each.item.native_id for each in changes.gone] == ["c"]
    assert [match.after.text for match in changes.returned] == ["back, reworded"]
    assert [each.item.native_id for each in changes.still_absent] == ["e"]
    assert changes.new == (item("f", "just said"),)
    assert changes.unseen == ()
    assert changes.any


def test_nothing_is_gone_after_an_incomplete_observation() -> None:
    changes = compare([catalogued("a"), catalogued("b")], [item("a")], complete=False)
    assert changes.gone == ()
    assert [each.item.native_id for each in changes.unseen] == ["b"]
    assert not changes.any


def test_a_hidden_item_that_is_seen_has_returned_and_one_not_seen_stays_hidden() -> None:
    hidden = catalogued("a", observed=Observed.HIDDEN)
    assert compare([hidden], [item("a")], complete=True).returned[0].before is hidden
    assert compare([hidden], [], complete=True).still_absent == (hidden,)


def test_an_item_edited_before_is_compared_with_its_latest_text() -> None:
    known = catalogued("a", "second wording", Observed.EDITED)
    assert len(compare([known], [item("a", "second wording")], complete=True).unchanged) == 1
    assert len(compare([known], [item("a", "third wording")], complete=True).edited) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caf\u00e9", "cafe\u0301"),
        ("\u09a1\u09bc", "\u09dc"),  # Bengali rra, composed and not
        ("\u0929", "\u0928\u093c"),  # Devanagari nnna
        ("\u0622\u0628", "\u0627\u0653\u0628"),  # Urdu alef madda
        ("two  words\n", "two words"),
    ],
)
def test_the_same_words_in_another_composition_are_no_edit(one: str, other: str) -> None:
    assert one != other
    assert same_text(one, other)
    assert compare([catalogued("a", one)], [item("a", other)], complete=True).edited == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ক্\u200dষ", "ক্ষ"),  # a joiner changes what is read
        ("می\u200cخواهم", "میخواهم"),
        ("ৰ", "র"),
        ("Yes", "yes"),
        ("ﬁne", "fine"),  # a compatibility form is another character
        ("👍", "👍🏽"),
        ("twowords", "two words"),
    ],
)
def test_other_words_are_an_edit(one: str, other: str) -> None:
    assert not same_text(one, other)


def test_a_native_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        compare([], [item("a"), item("a")], complete=True)
    with pytest.raises(ValueError, match="twice"):
        compare([catalogued("a"), catalogued("a")], [], complete=True)


IDS = st.sampled_from("abcdefgh")
TEXTS = st.sampled_from(["x", "y", "é", "e\u0301", "ৰ", ""])
BEFORE = st.lists(
    st.builds(catalogued, IDS, TEXTS, st.sampled_from(Observed)), unique_by=lambda each: each.item.native_id
)
NOW = st.lists(st.builds(item, IDS, TEXTS), unique_by=lambda each: each.native_id)


@given(BEFORE, NOW, st.booleans())
def test_every_item_is_accounted_for_exactly_once(
    before: list[CataloguedItem], now: list[Item], complete: bool
) -> None:
    changes = compare(before, now, complete=complete)
    matches = [*changes.edited, *changes.unchanged, *changes.returned]
    seen = [*changes.new, *(match.after for match in matches)]
    known = [*(match.before for match in matches), *changes.gone, *changes.still_absent, *changes.unseen]
    assert sorted(each.native_id for each in seen) == sorted(each.native_id for each in now)
    assert sorted(each.id for each in known) == sorted(each.id for each in before)
    assert not (changes.gone if not complete else changes.unseen)
    assert all(match.before.item.native_id == match.after.native_id for match in matches)


@given(NOW)
def test_what_is_seen_again_as_it_was_has_not_changed(now: list[Item]) -> None:
    before = [catalogued(each.native_id, each.text) for each in now]
    changes = compare(before, now, complete=True)
    assert changes == Changes(unchanged=changes.unchanged)
    assert len(changes.unchanged) == len(now)
    assert not changes.any

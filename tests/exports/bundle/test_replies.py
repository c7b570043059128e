"""The order a thread is read in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import CataloguedItem, RecordId
from exports.bundle.replies import DEEPEST, Reply, reading_order
from tests.exports.sample import make_item

RECORD = RecordId("rec_" + "1" * 16)


def thread(*parents: int | None) -> list[CataloguedItem]:
    """Items numbered from 1, each answering the item of the number given."""
    return [make_item(RECORD, number, "text", parent=parent) for number, parent in enumerate(parents, 1)]


def outline(replies: list[Reply]) -> str:
    """The nested lists as the page writes them."""
    text = ""
    for reply in replies:
        text += ("(" if reply.begins else "") + str(reply.number) + ("" if reply.holds else ".") + ")." * reply.ends
    return text + ")"


def test_answers_follow_what_they_answer_and_siblings_keep_their_order() -> None:
    replies = reading_order(thread(None, 1, 1, 2, 3))
    assert [(each.number, each.depth, each.answers) for each in replies] == [
        (1, 0, None),
        (2, 1, 1),
        (4, 2, 2),
        (3, 1, 1),
        (5, 2, 3),
    ]
    assert outline(replies) == "(1(2(4.).3(5.).).)"


def test_an_answer_to_an_item_that_is_not_there_stands_alone_and_says_so() -> None:
    (reply,) = reading_order(thread(99))
    assert (reply.depth, reply.answers, reply.orphan) == (0, None, True)


def test_items_that_answer_each_other_in_a_circle_are_all_shown() -> None:
    assert sorted(each.number for each in reading_order(thread(2, 3, 1))) == [1, 2, 3]
    assert [each.number for each in reading_order(thread(1))] == [1]


def test_a_thread_thousands_deep_is_no_trouble() -> None:
    replies = reading_order(thread(None, *range(1, 5000)))
    assert [each.number for each in replies] == list(range(1, 5001))
    assert replies[-1].depth == DEEPEST


def test_an_empty_record_has_no_order() -> None:
    assert reading_order([]) == []


@given(st.lists(st.none() | st.integers(1, 12), max_size=12))
def test_every_item_stands_once_in_lists_that_begin_and_end(parents: list[int | None]) -> None:
    replies = reading_order(thread(*parents))
    assert sorted(each.number for each in replies) == list(range(1, len(parents) + 1))
    written = outline(replies) if replies else "()"
    depth = 0
    for mark in written:
        depth += {"(": 1, ")": -1}.get(mark, 0)
        assert depth >= 0
    assert depth == 0
    assert sum(each.holds for each in replies) == written.count(").")

"""What stands near what, counted in words; and how many slips lie between two words."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import TEXT_SEPARATOR, IndexDoc, RecordId
from index.engines.oracle import OracleEngine
from index.parse import parse_query
from index.query import Field, Near, Node, Or, Phrase, Term, Wildcard
from index.slips import slips, within_slips
from index.spans import count_runs, runs, spans
from tests.index.strategies import TODAY, examples

WORDS = ["the", "dam", "at", "পথ", "broke", "and", "the", "dam", "held"]


def word(text: str) -> Term:
    return Term(field=Field.TEXT, text=text)


def near(left: Node, right: Node, distance: int, *, ordered: bool = False) -> Near:
    return Near(left=left, right=right, distance=distance, ordered=ordered)


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (near(word("dam"), word("broke"), 2), {(1, 5), (4, 8)}),
        (near(word("dam"), word("broke"), 1), set()),
        (near(word("dam"), word("broke"), 2, ordered=True), {(1, 5)}),
        (near(word("broke"), word("dam"), 2, ordered=True), {(4, 8)}),
        (near(word("dam"), word("dam"), 5), {(1, 8)}),
        (near(word("held"), Phrase(field=Field.TEXT, words=("the", "dam")), 0), {(6, 9)}),
        (near(Or(parts=(word("held"), word("পথ"))), Wildcard(field=Field.TEXT, pattern="br*"), 0), {(3, 5)}),
        (near(near(word("dam"), word("পথ"), 1), word("held"), 4), {(1, 9)}),
        (near(near(word("dam"), word("পথ"), 1), word("held"), 3), set()),
    ],
)
def test_nearness_counts_the_words_between(node: Near, found: set[tuple[int, int]]) -> None:
    assert spans(WORDS, node) == found


_words = st.sampled_from(("a", "b", "ab", "c"))
_leaves: st.SearchStrategy[Node] = st.one_of(
    _words.map(word),
    st.builds(Phrase, field=st.just(Field.TEXT), words=st.tuples(_words, _words)),
    st.just(Wildcard(field=Field.TEXT, pattern="a*")),
)
_nears: st.SearchStrategy[Node] = st.recursive(
    _leaves,
    lambda parts: st.one_of(
        st.builds(near, parts, parts, st.integers(0, 3), ordered=st.booleans()),
        st.tuples(parts, parts).map(lambda both: Or(parts=both)),
    ),
    max_leaves=4,
)


@examples(200, 5_000)
@given(st.lists(_words, max_size=9), _nears)
def test_every_run_that_holds_is_among_the_forms_listed(words: list[str], node: Node) -> None:
    """Engines are given the forms, the oracle looks at the words: both must see the same."""
    forms = runs(node)
    assert len(forms) == count_runs(node)
    held = {
        (start, start + form.length)
        for form in forms
        for start in range(len(words) - form.length + 1)
        if all(spans([words[start + place]], each) for place, each in form.words)
    }
    assert held == spans(words, node)


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        ("road", "road", 0),
        ("road", "raod", 1),
        ("road", "roads", 1),
        ("road", "rod", 1),
        ("road", "toad", 1),
        ("road", "dora", 3),
        ("ca", "abc", 3),  # no letter is moved twice
        ("কমিটি", "কমটি", 1),
        ("पानी", "पाणी", 1),
        ("پانی", "پنای", 1),
    ],
)
def test_slips_are_counted(one: str, other: str, number: int) -> None:
    assert slips(one, other) == slips(other, one) == number
    assert within_slips(one, other, number)
    assert not within_slips(one, other, number - 1)


@pytest.mark.parametrize(
    ("query", "count"),
    [("open w/50 water", 0), ("open w/50 back", 0), ("water pre/1 back", 1), ("road w/9 roadsafety", 0), ("road~1", 1)],
)
def test_no_nearness_spans_two_texts_and_hashtags_have_no_place(query: str, count: int) -> None:
    body = TEXT_SEPARATOR.join(["the raod is open #RoadSafety", "water is back"])
    engine = OracleEngine()
    engine.apply([IndexDoc(id="r/1", record_id=RecordId("r"), body=body)], (), seq=1)
    assert engine.count(parse_query(query, today=TODAY, time_zone=UTC).node) == count

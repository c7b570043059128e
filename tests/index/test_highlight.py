from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from index.highlight import CUT, find_hits, snippet
from index.parse import parse_query
from index.query import Field, Node
from tests.index.pairs import FINDS
from tests.index.strategies import TODAY, examples, nodes, texts


def asked(query: str) -> Node:
    return parse_query(query, today=TODAY, time_zone=ZoneInfo("UTC")).node


def marked(text: str, query: str, width: int = 200) -> str:
    parts = snippet(text, asked(query), width=width).parts
    return "".join(f"[{piece}]" if hit else piece for piece, hit in parts)


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("Road works, road closed", "road", "[Road] works, [road] closed"),
        ("L'École est fermée", "ecole", "L'[École] est fermée"),
        ("আজি গুৱাহাটীৰ পথ", "গুৱাহাটীর", "আজি [গুৱাহাটীৰ] পথ"),
        ("शहर में हिन्दी, पानी", "हिंदी OR पानी", "शहर में [हिन्दी], [पानी]"),
        ("کراچي میں پاني", "پانی", "کراچي میں [پاني]"),
        ("thanks 👍🏽👍", "👍", "thanks [👍🏽][👍]"),
        ("by @SKGov: #RoadSafety", "@skgov #roadsafety", "by [@SKGov]: [#RoadSafety]"),
        ("see #RoadSafety", "safety", "see #Road[Safety]"),
        ("the road works today", '"road works"', "the [road works] today"),
        ("road, then works", '"road works"', "road, then works"),
        ("roads and roadside", "road*", "[roads] and [roadside]"),
        ("road but not council", "road NOT council", "[road] but not council"),
        ("road council", "NOT road", "road council"),
        ("road site", "site:road", "road site"),
        ("line\n\none  road", "road", "line one [road]"),
        ("a dam, a dam broke, far from any dam", "dam pre/0 broke", "a dam, a [dam] [broke], far from any dam"),
        ("পথ বন্ধ; পথ", "(পথ OR road) w/1 বন্ধ", "[পথ] [বন্ধ]; [পথ]"),
        ("新しい東京都庁の東", "東京都庁", "新しい[東京都庁]の東"),
        ("新しい東京都庁の東", "東", "新しい[東]京都庁の[東]"),
        ("cost 1,000 or 1000", "1000", "cost [1,000] or [1000]"),
        ("Road, road #Road", "exact:Road", "[Road], road #[Road]"),
        ("an advisry, an advisory", "advisory~1", "an [advisry], an [advisory]"),
    ],
)
def test_what_was_asked_for_is_marked(text: str, query: str, shown: str) -> None:
    assert marked(text, query) == shown


@pytest.mark.parametrize(("query", "text", "reason"), FINDS)
def test_whatever_is_found_is_marked(query: str, text: str, reason: str) -> None:
    assert find_hits(text, asked(query)), reason


def test_a_title_shows_what_was_asked_of_titles_too() -> None:
    node = asked("title:road OR works")
    assert find_hits("Road works", node, field=Field.TITLE) == ((0, 4), (5, 10))
    assert find_hits("Road works", node) == ((5, 10),)


def test_a_long_text_is_cut_to_where_the_words_are() -> None:
    text = "start " * 40 + "the council closed the road today " + "end " * 40
    found = snippet(text, asked("council road"), width=60)
    assert found.text.startswith(CUT)
    assert found.text.endswith(CUT)
    assert [piece for piece, hit in found.parts if hit] == ["council", "road"]


def test_without_a_hit_the_beginning_is_shown() -> None:
    assert snippet("one two three four five six", asked("absent"), width=14).parts == (("one two", False), (CUT, False))


def test_an_empty_text_has_an_empty_snippet() -> None:
    assert snippet("", asked("road"), width=10).parts == ()


@examples(150, 5_000)
@given(
    st.one_of(
        texts,
        st.lists(st.sampled_from(("👩🏽‍🚒", "নি", "é", "e\u0301", " ", "road", "हिन्दी")), max_size=30).map("".join),
    ),
    nodes,
    st.integers(3, 40),
)
def test_snippets_are_whole_graphemes_of_the_text_and_no_wider_than_asked(text: str, node: Node, width: int) -> None:
    found = snippet(text, node, width=width)
    body = found.text.removeprefix(CUT).removesuffix(CUT)
    shown = regex.findall(r"\X", body)
    whole = regex.findall(r"\X", " ".join(regex.split(r"\s+", text)))
    assert len(regex.findall(r"\X", found.text)) <= width
    assert any(whole[start : start + len(shown)] == shown for start in range(len(whole) + 1))
    for piece, _ in found.parts:
        assert piece


@examples(150, 5_000)
@given(texts, nodes)
def test_hits_are_in_order_and_apart(text: str, node: Node) -> None:
    hits = find_hits(text, node)
    places = [place for hit in hits for place in hit]
    assert places == sorted(places)
    assert all(start < end for start, end in hits)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index import fields
from index.analyser import Token, analyse, analyse_query
from index.folding import MAX_WORD
from index.streams import index_terms
from tests.index.strategies import WRITTEN, examples

_GLUED = (
    *WRITTEN,
    "#",
    "@",
    "://",
    ".",
    "_",
    "\u200d",
    "\u20e3",
    "\u0301",
    ",",
    "'",
    "%E0%A6%AA",
    "\u202f",
    "www.",
    "xn--",
    "h2brj9c",
    ":",
    "·",
    "12",
    "000",
    " 000",
    "345 678",
    ".000",
    "\u200b",
)
anything = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(WRITTEN), max_size=8).map(" ".join),
    st.lists(st.sampled_from(_GLUED), max_size=8).map("".join),
)


def test_words_are_numbered_and_marks_stand_beside_them() -> None:
    assert analyse("See #RoadSafety, গুৱাহাটীৰ 👍🏽!") == [
        Token("see", 0, 3, 0),
        Token("#roadsafety", 4, 15, 1, mark=True),
        Token("roadsafety", 5, 15, 1, mark=True),
        Token("road", 5, 9, 1),
        Token("safety", 9, 15, 2),
        Token("গুৱাহাটীর", 17, 26, 3),
        Token("👍", 27, 29, 4, mark=True),
    ]


def test_a_query_asks_for_a_hashtag_or_handle_as_a_whole() -> None:
    asked = [token.text for token in analyse_query("#RoadSafety by @City_Hall now")]
    assert asked == ["#roadsafety", "by", "@city_hall", "now"]


def test_an_address_is_its_words_without_scheme_and_www() -> None:
    found = [token.text for token in analyse("(https://www.example.org/a_b?c=1#top)")]
    assert found == ["example", "org", "a", "b", "c", "1", "top"]


def test_scripts_without_spaces_are_cut_into_pairs_and_the_last_character() -> None:
    text = "新しい東京 น้ำ"
    assert [(token.text, text[token.start : token.end]) for token in analyse(text)] == [
        ("新し", "新し"), ("しい", "しい"), ("い東", "い東"), ("東京", "東京"), ("京", "京"),
        ("น\u0e4d\u0e49า", "น้ำ"), ("า", "น้ำ"),
    ]  # fmt: skip


def test_a_number_in_groups_is_one_number_and_its_parts() -> None:
    assert [(token.text, token.mark) for token in analyse("1,000 or ২,০০,০০০")] == [
        ("1000", True), ("1", False), ("000", False), ("or", False),
        ("200000", True), ("2", False), ("00", False), ("000", False),
    ]  # fmt: skip


def test_what_per_cent_signs_say_stands_where_they_stand() -> None:
    text = "https://example.org/%E0%A6%AA%E0%A6%A5/%FF%20b"
    assert [(token.text, text[token.start : token.end]) for token in analyse(text)] == [
        ("example", "example"),
        ("org", "org"),
        ("পথ", "%E0%A6%AA%E0%A6%A5"),
        ("b", "b"),
    ]


@examples(200, 5_000)
@given(anything)
def test_the_fast_way_yields_the_same_terms(text: str) -> None:
    tokens = analyse(text)
    words = [token.text for token in tokens if not token.mark]
    terms = index_terms(text).split()
    assert terms[: len(words)] == words
    assert sorted(terms[len(words) :]) == sorted(token.text for token in tokens if token.mark)


@examples(200, 5_000)
@given(anything)
def test_offsets_lie_in_the_text_and_positions_count_words(text: str) -> None:
    tokens = analyse(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    words = [token for token in tokens if not token.mark]
    assert [word.position for word in words] == list(range(len(words)))
    assert all(" " not in token.text and token.text for token in tokens)


@examples(100, 2_000)
@given(anything)
def test_a_text_has_what_it_asks_for_as_a_query(text: str) -> None:
    assert {token.text for token in analyse_query(text)} <= {token.text for token in analyse(text)}


def test_a_keycap_glued_to_a_word_is_an_emoji_both_ways() -> None:
    assert [token.text for token in analyse("1️⃣পথ")] == ["1⃣", "পথ"]
    assert index_terms("1️⃣পথ").split() == ["পথ", "1⃣"]


def test_very_long_words_are_cut_alike_by_both_ways() -> None:
    for text in ("x" * 1_000, "é" * 1_000, "short " + "y" * 300):
        (*_, last) = analyse(text)
        assert last.text in index_terms(text).split()
        assert len(last.text) == MAX_WORD


def test_what_is_remembered_can_be_forgotten_and_is_bounded() -> None:
    from index import analyser, streams

    before = index_terms("গুৱাহাটী #RoadSafety")
    fields.forget()
    assert not streams._STREAMS
    assert not analyser._CHUNKS
    assert index_terms("গুৱাহাটী #RoadSafety") == before
    streams._STREAMS.limit = analyser._CHUNKS.limit = 2
    try:
        for number in range(10):
            index_terms(f"পথ{number}")
            analyse(f"পথ{number}")
        assert len(streams._STREAMS) <= 2
        assert len(analyser._CHUNKS) <= 2
    finally:
        del streams._STREAMS.limit, analyser._CHUNKS.limit

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.exact_form import has_form, places_of_form
from tests.index.strategies import examples, texts


@pytest.mark.parametrize(
    ("form", "text", "found"),
    [
        ("Straße", "Straße, STRASSE, strasse, Straßen", ["Straße"]),
        ("road works", "Road works; road\n  works", ["road\n  works"]),
        ("école", "e\u0301cole ecole École", ["e\u0301cole"]),
        ("ৰাস্তা", "ৰাস্তা রাস্তা", ["ৰাস্তা"]),
        ("पानी", "पानी पानि", ["पानी"]),
        ("ज़रूर", "जरूर ज\u093cरूर", ["ज\u093cरूर"]),
        ("كراچي", "کراچی كراچي", ["كراچي"]),
        ("۲۰۲۶", "2026 ۲۰۲۶", ["۲۰۲۶"]),
        ("#RoadSafety", "#roadsafety #RoadSafety #RoadSafetyWeek", ["#RoadSafety"]),
        ("👍🏽", "👍 👍🏽 👍🏿", ["👍🏽"]),
        ("1,000", "1000 1,000 21,000", ["1,000"]),
        ("東京", "新しい東京都", ["東京"]),
        ("don't", "don’t don't", ["don't"]),
        ("aa", "aa aaa aa", ["aa", "aa"]),
        ("ی ی", "پانی ی ی پانی", ["ی ی"]),  # the end of a word before it is no beginning of it
        ("", "anything", []),
    ],
)
def test_only_the_form_that_was_typed_is_found(form: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in places_of_form(text, form)] == found
    assert has_form(text, form) is bool(found)


@examples(100, 3_000)
@given(st.lists(st.sampled_from(("road", "Road", "পথ", "ي", "ی", "👍🏽", "👍")), min_size=1, max_size=6), texts)
def test_a_text_has_the_form_of_its_own_words(words: list[str], around: str) -> None:
    written = " ".join(words)
    text = f"{around} {written} {around}"
    places = places_of_form(text, written)
    assert places
    assert has_form(text, written)
    assert all(" ".join(text[start:end].split()) == written for start, end in places)


@examples(200, 5_000)
@given(
    st.lists(
        st.sampled_from(("a", "A", "e\u0301", "é", "\u0301", "東", "👍", "🏽", "\u200d", " ", "#")), max_size=14
    ).map("".join),
    st.lists(st.sampled_from(("a", "é", "東", "👍", " ", "#")), max_size=3).map("".join),
)
def test_the_fast_way_says_the_same(text: str, form: str) -> None:
    assert has_form(text, form.strip()) is bool(places_of_form(text, form.strip()))

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import IndexDoc, RecordId
from index.engines.oracle import OracleEngine
from index.engines.tantivy_engine import TantivyEngine
from index.folding import MAX_WORD, fold, fold_beginnings, fold_emoji
from index.parse import parse_query
from tests.index.pairs import DOES_NOT_FIND, FINDS
from tests.index.strategies import TODAY


def found(query: str, text: str) -> bool:
    engine = OracleEngine()
    engine.apply([IndexDoc(id="rec_1/1", record_id=RecordId("rec_1"), body=text)], (), seq=1)
    return engine.count(parse_query(query, today=TODAY, time_zone=ZoneInfo("UTC")).node) == 1


@pytest.mark.parametrize(("query", "text", "reason"), FINDS)
def test_query_finds_text(query: str, text: str, reason: str) -> None:
    assert found(query, text), reason


@pytest.mark.parametrize(("query", "text", "reason"), DOES_NOT_FIND)
def test_query_does_not_find_text(query: str, text: str, reason: str) -> None:
    assert not found(query, text), reason


def test_the_default_engine_finds_the_same_pairs(tmp_path: Path) -> None:
    pairs = (*FINDS, *DOES_NOT_FIND)
    engine = TantivyEngine.create(tmp_path)
    engine.apply(
        (IndexDoc(id=f"{n:03}", record_id=RecordId("rec_1"), body=text) for n, (_, text, _) in enumerate(pairs)),
        (),
        seq=1,
    )
    wrong = [
        pair
        for number, pair in enumerate(pairs)
        if (f"{number:03}" in engine.iter_ids(parse_query(pair[0], today=TODAY, time_zone=ZoneInfo("UTC")).node))
        is not (pair in FINDS)
    ]
    assert wrong == []


def test_the_table_is_long_and_states_no_pair_twice() -> None:
    pairs = [(query, text) for query, text, _ in (*FINDS, *DOES_NOT_FIND)]
    assert len(pairs) == len(set(pairs)) >= 240


@given(st.text(max_size=300))
def test_folded_words_hold_no_white_space_and_are_cut(word: str) -> None:
    folded = fold(word)
    assert folded == "".join(folded.split())
    assert len(folded) <= MAX_WORD


def test_a_phrase_in_one_code_point_becomes_one_word() -> None:
    assert fold("ﷺ") == "صلیاللہعلیہوسلم"


def test_a_beginning_may_end_before_the_letter_that_changes_it() -> None:
    assert fold_beginnings("हिन") == ("हिन", "हिं")
    assert fold_beginnings("সঙ") == ("সঙ", "সং")
    assert fold_beginnings("road") == ("road",)


def test_only_the_tone_of_an_emoji_is_dropped() -> None:
    assert fold_emoji("👩🏽‍🚒") == "👩‍🚒"

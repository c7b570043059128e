from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from archiver.core.records import TEXT_SEPARATOR, IndexDoc, RecordId
from index.engine import SearchEngine
from index.engines.oracle import OracleEngine
from index.engines.tantivy_engine import TantivyEngine
from index.parse import parse_query
from tests.index.strategies import TODAY


@pytest.fixture(params=["tantivy", "oracle"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> SearchEngine:
    return TantivyEngine.create(tmp_path) if request.param == "tantivy" else OracleEngine()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ('"open water"', 0),
        ('"is open"', 1),
        ("open water", 1),
        ("open w/50 water", 0),
        ("is w/0 open", 1),
        ("back w/50 আহিল", 0),
        ('"পানী আহিল"', 1),
        ('"back পানী"', 0),
    ],
)
def test_no_phrase_spans_two_texts_of_one_item(engine: SearchEngine, query: str, count: int) -> None:
    body = TEXT_SEPARATOR.join(["the road is open", "", "water is back", "পানী আহিল"])
    engine.apply([IndexDoc(id="r/1", record_id=RecordId("r"), body=body)], (), seq=1)
    assert engine.count(parse_query(query, today=TODAY, time_zone=UTC).node) == count
    engine.close()

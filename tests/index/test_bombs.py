"""Queries made to cost more than they find: every engine answers or refuses within two seconds and bounded memory."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator

import pytest

from archiver.core.errors import BadQuery
from index.engine import FACETED, SearchEngine, Sort
from index.engines import patience, tantivy_filling
from index.engines.tantivy_engine import TantivyEngine
from index.engines.whoosh_engine import WhooshEngine
from index.parse import parse_query
from tests.index.conformance import REGINA, ROAD, doc
from tests.index.strategies import PROVE, TODAY

WORDS = 200_000 if PROVE else 20_000
SECONDS = 2.0
MEGABYTES = 200

BOMBS = (
    "w1*",
    "w*",
    "ক*",
    "w" + "?" * 5,
    "w*1*2*3*4*5*6*7*8*",
    "w" + "?*" * 500,
    "?????*",
    "*1",
    "(" * 5_000 + "w1" + ")" * 5_000,
    " OR ".join(f"w{n}" for n in range(10_000)),
    " OR ".join(f"w{n}" for n in range(250)),
    " OR ".join(f"w{n}*" for n in range(250)),
    " OR ".join(f"w{n}00~2" for n in range(100, 350)),
    " OR ".join(f"কখগঘচজটডত{n}~1" for n in range(100, 350)),
    " AND ".join(f"w{n % 10}*" for n in range(250)),
    "NOT " * 5_000 + "w1",
    "NOT (" * 15 + "w*" + ")" * 15,
    "w1* w/50 w2*",
    "w* pre/9 w* w/9 ক*",
    "(w1* OR w2* OR w3*) w/9 (w4* OR w5* OR w6*)",
    " w/50 ".join(f"w{n}" for n in range(250)),
    '"' + "w1 " * 2_500 + '"',
    '"' * 5_001,
    "a" * 1_000_000,
    "\u202ew1",
    "w1\x00",
    "w" + "\u0301" * 7_000,
)


@pytest.fixture(scope="module", params=[TantivyEngine, WhooshEngine], ids=["tantivy", "whoosh"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    """Many words, and in Tantivy several partitions."""
    words = [f"w{number}" for number in range(WORDS)] + [f"ক{number}" for number in range(WORDS // 4)]
    each = WORDS // 200
    docs = [doc(n, " ".join(["road", *words[n * each : (n + 1) * each]])) for n in range(250)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tantivy_filling, "MOST_ITEMS", 60)
        made: SearchEngine = request.param.create(tmp_path_factory.mktemp("bombs"))
        made.apply(docs, (), seq=1)
    yield made
    made.close()


@pytest.mark.parametrize("query", BOMBS, ids=lambda query: f"{query[:12]!a}-{len(query)}")
def test_a_query_bomb_is_answered_or_refused_in_time(query: str, engine: SearchEngine) -> None:
    peak, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    reason = ""
    try:
        node = parse_query(query, today=TODAY, time_zone=REGINA).node
        page = engine.search(node, sort=Sort.NEWEST, limit=20)
        assert page.total >= len(page.hits)
    except BadQuery as refused:
        reason = str(refused)
    assert time.thread_time() - begun < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1_024 < MEGABYTES
    assert not reason or len(reason) > 20  # more than a word


@pytest.mark.parametrize("query", ["w*", "w1* w/50 w2*"])
def test_what_else_is_asked_of_a_bomb_ends_in_time_too(query: str, engine: SearchEngine) -> None:
    node = parse_query(query, today=TODAY, time_zone=REGINA).node
    for ask in (
        lambda: engine.count(node),
        lambda: list(engine.iter_ids(node)),
        lambda: engine.facets(node, sorted(FACETED)),
        lambda: engine.timeline(node, time_zone=REGINA, most=60),
    ):
        begun = time.thread_time()
        with contextlib.suppress(BadQuery):
            ask()
        assert time.thread_time() - begun < SECONDS


def test_patience_runs_out_with_a_reason_and_never_for_an_ordinary_query(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", -1.0)
    with pytest.raises(BadQuery, match="takes too long, it stands for too many words"):
        engine.count(parse_query("w1*", today=TODAY, time_zone=REGINA).node)
    assert engine.count(ROAD) == 250

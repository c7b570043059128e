from __future__ import annotations

import tempfile
from pathlib import Path

from archiver.core.records import IndexDoc
from index.engine import SearchEngine, Sort
from index.engines.whoosh_engine import WhooshEngine
from index.query import And, Field, Node, Or, Term
from tests.index.conformance import ROAD, EngineContract, against_brute_force, compare_answers, doc


class TestWhoosh(EngineContract):
    def make(self, directory: Path) -> SearchEngine:
        return WhooshEngine.open(directory)


@against_brute_force
def test_answers_are_those_of_brute_force(batches: list[list[IndexDoc]], deletes: list[int], asked: list[Node]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        engine = WhooshEngine.open(Path(directory))
        compare_answers(engine, batches, deletes, asked)
        engine.close()


def test_the_rarer_word_makes_the_better_hit(tmp_path: Path) -> None:
    engine = WhooshEngine.open(tmp_path)
    engine.apply([doc(1), doc(2, "road closure"), doc(3)], (), seq=1)
    either = Or(parts=(ROAD, Term(field=Field.TEXT, text="closure")))
    page = engine.search(either, sort=Sort.RELEVANCE, limit=10)
    assert [hit.id for hit in page.hits] == ["rec_0/2", "rec_0/3", "rec_0/1"]
    assert page.hits[0].score > page.hits[1].score > 0
    assert engine.count(And(parts=(ROAD, Term(field=Field.TEXT, text="closure")))) == 1

"""What every search engine must do.

Subclass `EngineContract` and say how to make an empty engine; hand one to `compare_answers`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import IndexDoc, RecordId
from index.analyser import ANALYSER_VERSION
from index.engine import FACETED, Facet, Receipt, SearchEngine, Sort, Step, Timeline, Watermark
from index.engines.oracle import OracleEngine
from index.query import All, Field, Node, Not, Term
from tests.index.strategies import documents, examples, nodes

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGINA = ZoneInfo("America/Regina")


def doc(number: int, body: str = "road", **fields: Any) -> IndexDoc:
    """Item `number` of record `number` // 10, created `number` days after `DAY`."""
    record = RecordId(f"rec_{number // 10}")
    return IndexDoc(
        id=f"{record}/{number}", record_id=record, body=body, created=DAY + timedelta(days=number), **fields
    )


ROAD = Term(field=Field.TEXT, text="road")


class EngineContract(ABC):
    """The tests themselves."""

    @abstractmethod
    def make(self, directory: Path) -> SearchEngine:
        """An empty engine; `directory` exists and is empty."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> SearchEngine:
        return self.make(tmp_path)

    def test_nothing_is_found_in_an_empty_index(self, engine: SearchEngine) -> None:
        assert engine.search(All(), sort=Sort.NEWEST, limit=10).total == 0
        assert engine.count(Not(part=ROAD)) == 0
        assert list(engine.iter_ids(All())) == []
        assert engine.watermark() == Watermark(seq=0, analyser=ANALYSER_VERSION)

    def test_apply_says_what_it_did(self, engine: SearchEngine) -> None:
        assert engine.apply([doc(1), doc(2)], ["rec_9/99"], seq=7) == Receipt(added=2, deleted=0, total=2, seq=7)
        assert engine.apply([doc(2), doc(3)], ["rec_0/1", "rec_0/2"], seq=8) == Receipt(
            added=2, deleted=1, total=2, seq=8
        )
        assert engine.watermark() == Watermark(seq=8, analyser=ANALYSER_VERSION)
        assert list(engine.iter_ids(ROAD)) == ["rec_0/2", "rec_0/3"]

    def test_applying_the_same_again_changes_nothing(self, engine: SearchEngine) -> None:
        for _ in range(2):
            receipt = engine.apply([doc(1), doc(2, "পথ")], ["rec_0/3"], seq=5)
        assert receipt.total == 2
        assert engine.count(ROAD) == 1

    def test_the_last_of_two_texts_of_an_item_counts(self, engine: SearchEngine) -> None:
        engine.apply([doc(1, "first"), doc(1, "second")], (), seq=1)
        assert engine.count(All()) == 1
        assert engine.count(Term(field=Field.TEXT, text="first")) == 0
        assert engine.count(Term(field=Field.TEXT, text="second")) == 1

    def test_a_replaced_text_is_found_no_longer(self, engine: SearchEngine) -> None:
        engine.apply([doc(1, "flood")], (), seq=1)
        engine.apply([doc(1, "dry")], (), seq=2)
        assert engine.count(Term(field=Field.TEXT, text="flood")) == 0

    def test_adds_that_fail_half_way_leave_everything_as_it_was(self, engine: SearchEngine) -> None:
        engine.apply([doc(1)], (), seq=1)

        def breaking() -> list[IndexDoc]:
            raise LookupError("the catalogue broke")

        with pytest.raises(LookupError):
            engine.apply(
                (found for number in (2, 3) for found in [doc(number)] + (breaking() if number == 3 else [])),
                ["rec_0/1"],
                seq=2,
            )
        assert engine.watermark().seq == 1
        assert list(engine.iter_ids(All())) == ["rec_0/1"]
        assert engine.apply([doc(4)], (), seq=2).total == 2

    def test_pages_neither_repeat_nor_skip_a_hit(self, engine: SearchEngine) -> None:
        same_day = [IndexDoc(id=f"r/{n:02}", record_id=RecordId("r"), body="road", created=DAY) for n in range(17)]
        for number, found in enumerate([*same_day, *(doc(n) for n in range(1, 8))], start=1):
            engine.apply([found], (), seq=number)
        for sort in Sort:
            pages = [engine.search(ROAD, sort=sort, limit=5, offset=offset) for offset in range(0, 30, 5)]
            ids = [hit.id for page in pages for hit in page.hits]
            assert sorted(ids) == list(engine.iter_ids(ROAD))
            assert {page.total for page in pages} == {24}

    def test_dates_order_hits_and_ids_order_those_of_one_date(self, engine: SearchEngine) -> None:
        undated = IndexDoc(id="r/none", record_id=RecordId("r"), body="road")
        captured = IndexDoc(id="r/cap", record_id=RecordId("r"), body="road", captured=DAY + timedelta(days=2))
        engine.apply([doc(3), undated, doc(1), captured, doc(2)], (), seq=1)
        newest = engine.search(ROAD, sort=Sort.NEWEST, limit=10)
        assert [hit.id for hit in newest.hits] == ["rec_0/3", "r/cap", "rec_0/2", "rec_0/1", "r/none"]
        oldest = engine.search(ROAD, sort=Sort.OLDEST, limit=10)
        assert [hit.id for hit in oldest.hits] == ["r/none", "rec_0/1", "r/cap", "rec_0/2", "rec_0/3"]
        assert [hit.record_id for hit in oldest.hits[:2]] == ["r", "rec_0"]

    def test_a_limit_of_nothing_still_counts(self, engine: SearchEngine) -> None:
        engine.apply([doc(1)], (), seq=1)
        page = engine.search(ROAD, sort=Sort.RELEVANCE, limit=0)
        assert (page.total, page.hits) == (1, ())
        page = engine.search(ROAD, sort=Sort.NEWEST, limit=5, offset=50)
        assert (page.total, page.hits) == (1, ())

    def test_facets_count_the_hits_of_each_value_the_most_frequent_first(self, engine: SearchEngine) -> None:
        engine.apply(
            [
                doc(1, site="a.example", kind="post thread", creator="Jane Doe @jane", language="ur-PK"),
                doc(2, site="A.example", kind="comment thread", creator="অনুৰাধা", has="image link", language="ur"),
                doc(13, site="b.example", kind="page page", creator="Jane Doe @jane", has="image"),
                doc(14, "no such word", site="b.example"),
            ],
            (),
            seq=1,
        )
        asked = (Field.SITE, Field.KIND, Field.CREATOR, Field.HAS, Field.LANGUAGE, Field.RECORD, Field.ACCOUNT)
        assert engine.facets(ROAD, asked) == {
            Field.SITE: Facet(counts=(("a.example", 2), ("b.example", 1))),
            Field.KIND: Facet(counts=(("thread", 2), ("comment", 1), ("page", 1), ("post", 1))),
            Field.CREATOR: Facet(counts=(("Jane Doe @jane", 2), ("অনুৰাধা", 1))),
            Field.HAS: Facet(counts=(("image", 2), ("link", 1))),
            Field.LANGUAGE: Facet(counts=(("ur", 2), ("und", 1), ("ur-pk", 1))),
            Field.RECORD: Facet(counts=(("rec_0", 2), ("rec_1", 1))),
            Field.ACCOUNT: Facet(counts=()),
        }

    def test_a_timeline_has_the_narrowest_bars_and_its_gaps(self, engine: SearchEngine) -> None:
        new_year = datetime(2025, 12, 31, 20, tzinfo=UTC)  # 1 January in Kolkata
        times = [new_year, new_year + timedelta(days=2), new_year + timedelta(days=2, hours=1), None]
        engine.apply(
            [IndexDoc(id=f"r/{n}", record_id=RecordId("r"), body="road", created=at) for n, at in enumerate(times)],
            (),
            seq=1,
        )
        zone = ZoneInfo("Asia/Kolkata")
        assert engine.timeline(ROAD, time_zone=zone, most=3) == Timeline(
            step=Step.DAY, bars=((date(2026, 1, 1), 1), (date(2026, 1, 2), 0), (date(2026, 1, 3), 2)), undated=1
        )
        assert engine.timeline(ROAD, time_zone=zone, most=2).bars == ((date(2026, 1, 1), 3),)
        assert engine.timeline(ROAD, time_zone=UTC, most=2).bars == ((date(2025, 12, 1), 1), (date(2026, 1, 1), 2))
        assert engine.timeline(ROAD, time_zone=UTC, most=1).step is Step.YEAR
        assert engine.timeline(ROAD, time_zone=UTC, most=99, least=Step.MONTH).step is Step.MONTH
        assert engine.timeline(ROAD, time_zone=UTC, most=99, least=Step.YEAR).bars[0] == (date(2025, 1, 1), 1)
        absent = Term(field=Field.TEXT, text="absent")
        assert engine.timeline(absent, time_zone=UTC, most=9) == Timeline(step=Step.DAY, bars=(), undated=0)

    def test_what_is_purged_is_found_no_more_and_everything_else_is(self, engine: SearchEngine) -> None:
        docs = [doc(number, f"road{number} পথ", captured=DAY + timedelta(days=9 * number)) for number in range(25)]
        engine.apply(docs, (), seq=1)
        engine.apply([replace(docs[11], body="edited since")], (), seq=2)

        def docs_of(records: Collection[str]) -> list[IndexDoc]:
            return [replace(docs[11], body="edited since") if n == 11 else each for n, each in enumerate(docs)
                    if each.record_id in records]  # fmt: skip

        proof = engine.purge(["rec_1", "rec_9"], docs_of)
        assert (proof.records, proof.items) == (2, 10)
        assert list(engine.iter_ids(All())) == sorted(each.id for each in docs if each.record_id != "rec_1")
        assert engine.count(Term(field=Field.TEXT, text="road12")) == 0
        assert engine.count(Term(field=Field.TEXT, text="road22")) == 1
        assert engine.watermark().seq == 2
        engine.check()

    def test_a_whole_index_checks(self, engine: SearchEngine) -> None:
        engine.check()
        engine.apply([doc(1)], (), seq=1)
        engine.check()


def against_brute_force(test: Callable[..., None]) -> Callable[..., None]:
    """Give `test` generated items and queries, which it hands to `compare_answers`."""
    generated = given(
        batches=st.lists(st.lists(documents(st.integers(0, 11)), max_size=6), min_size=1, max_size=4),
        deletes=st.lists(st.integers(0, 11), max_size=3),
        asked=st.lists(nodes, min_size=1, max_size=12),
    )
    return examples(40, 2_000)(generated(test))


def compare_answers(engine: SearchEngine, batches: list[list[IndexDoc]], deletes: list[int], asked: list[Node]) -> None:
    """Feed `engine` and the brute-force one alike, and assert that their answers are the same."""
    oracle = OracleEngine()
    for number, batch in enumerate(batches, start=1):
        gone = [f"rec_{n % 3}/wp {n}" for n in deletes] if number == len(batches) else []
        assert engine.apply(batch, gone, seq=number) == oracle.apply(batch, gone, seq=number)
        if number % 2:  # so that some of it was prepared, and what came since was not
            engine.prepare()
    for node in asked:
        wanted = list(oracle.iter_ids(node))
        assert list(engine.iter_ids(node)) == wanted
        assert engine.count(node) == len(wanted)
        for sort in (Sort.NEWEST, Sort.OLDEST):
            for offset in (0, 2):
                answer = engine.search(node, sort=sort, limit=3, offset=offset)
                assert answer == oracle.search(node, sort=sort, limit=3, offset=offset)
        fields = sorted(FACETED)
        assert engine.facets(node, fields) == oracle.facets(node, fields)
        for most in (4, 400):
            bars = engine.timeline(node, time_zone=REGINA, most=most)
            assert bars == oracle.timeline(node, time_zone=REGINA, most=most)
        ranked = engine.search(node, sort=Sort.RELEVANCE, limit=50)
        assert sorted(hit.id for hit in ranked.hits) == wanted

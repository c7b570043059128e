from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from archiver.core.errors import BadQuery, IndexDamaged, StorageFull
from archiver.core.records import IndexDoc
from index.engine import Facet, SearchEngine, Sort
from index.engines import purging, tantivy_counting, tantivy_filling, tantivy_purge, tantivy_query
from index.engines.oracle import OracleEngine
from index.engines.seal import read_seal
from index.engines.tantivy_engine import TantivyEngine
from index.engines.tantivy_partition import storage_or_damage
from index.query import All, Field, Fuzzy, Node, Or, Wildcard
from index.streams import words_and_marks
from tests.index.conformance import DAY, ROAD, EngineContract, against_brute_force, compare_answers, doc


class TestTantivy(EngineContract):
    def make(self, directory: Path) -> SearchEngine:
        return TantivyEngine.open(directory)


@against_brute_force
def test_answers_are_those_of_brute_force(batches: list[list[IndexDoc]], deletes: list[int], asked: list[Node]) -> None:
    # so small that generated items meet in several
    with tempfile.TemporaryDirectory() as directory, patch.object(tantivy_filling, "MOST_ITEMS", 3):
        engine = TantivyEngine.open(Path(directory))
        compare_answers(engine, batches, deletes, asked)
        engine.close()


def made(directory: Path) -> TantivyEngine:
    engine = TantivyEngine.open(directory)
    engine.apply([doc(1, "secretword road"), doc(2, "পানী یہ road")], (), seq=4)
    return engine


def test_no_text_is_stored(tmp_path: Path) -> None:
    made(tmp_path).close()
    stores = list(tmp_path.glob("*/*.store"))
    assert stores
    assert all(b"secretword" not in store.read_bytes() for store in stores)


def test_items_lie_in_the_partition_of_the_month_they_were_first_captured_in(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    march, april = (replace(doc(number), captured=DAY + timedelta(days=31 * number)) for number in (0, 1))
    engine.apply([march, april, doc(2)], (), seq=1)
    assert {part.month: part.total for part in read_seal(tmp_path).parts.values()} == {
        "2026-03": 1,
        "2026-04": 1,
        "": 1,
    }
    engine.apply([replace(march, body="new words")], (), seq=2)
    assert len(read_seal(tmp_path).parts) == 3
    engine.apply([replace(march, captured=april.captured)], (), seq=3)
    assert {part.month: part.total for part in read_seal(tmp_path).parts.values()} == {"2026-04": 2, "": 1}
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == set(read_seal(tmp_path).parts)
    assert engine.count(All()) == 3


def test_a_month_of_more_items_than_a_partition_takes_has_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tantivy_filling, "MOST_ITEMS", 10)
    engine = TantivyEngine.open(tmp_path)
    docs = [doc(number) for number in range(35)]
    engine.apply(docs[:17], (), seq=1)
    engine.apply(docs[10:], ["rec_0/3"], seq=2)
    assert sorted(part.total for part in read_seal(tmp_path).parts.values()) == [5, 9, 10, 10]
    page = engine.search(ROAD, sort=Sort.NEWEST, limit=12, offset=5)
    assert page.total == 34
    assert [hit.id for hit in page.hits] == [each.id for each in reversed(docs)][5:17]
    assert list(engine.iter_ids(All())) == sorted(each.id for each in docs if each.id != "rec_0/3")


def test_a_batch_that_fails_after_it_filled_partitions_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tantivy_filling, "MOST_ITEMS", 10)
    engine = made(tmp_path)
    unfit = IndexDoc(id="rec_1/\ud800", record_id=doc(1).record_id, body="road")
    with pytest.raises(ValueError, match="Expected Str type for field id"):
        engine.apply([*(doc(number) for number in range(35)), unfit], (), seq=5)
    assert list(engine.iter_ids(All())) == ["rec_0/1", "rec_0/2"]
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_purging_rewrites_only_partitions_that_hold_something_of_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tantivy_filling, "MOST_ITEMS", 10)
    engine = TantivyEngine.open(tmp_path)
    docs = {each.id: each for each in (doc(number, f"plantedsecret{number} road") for number in range(40))}
    engine.apply(docs.values(), (), seq=1)
    docs["rec_2/21"] = replace(docs["rec_2/21"], body="another text")
    engine.apply([docs["rec_2/21"]], (), seq=2)
    before = {part.name for part in tmp_path.iterdir() if part.is_dir()}
    proof = engine.purge(["rec_2"], lambda records: [each for each in docs.values() if each.record_id in records])
    after = {part.name for part in tmp_path.iterdir() if part.is_dir()}
    assert set(proof.rewritten) == before - after
    assert len(before & after) == 3
    assert (proof.records, proof.items) == (1, 10)
    assert proof.terms > 10
    assert engine.count(ROAD) == 30
    assert TantivyEngine.open(tmp_path).count(All()) == 30


def test_what_was_edited_away_before_is_purged_too(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    docs = [doc(1, "plantedsecret"), doc(11, "road")]
    engine.apply(docs, (), seq=1)
    engine.apply([replace(docs[0], body="harmless")], (), seq=2)
    engine.apply((), [docs[0].id], seq=3)
    (part,) = engine._parts.values()
    assert part.searcher.doc_freq("body", "plantedsecret") == 1
    proof = engine.purge(["rec_0"], lambda records: [each for each in docs if each.record_id in records])
    assert (proof.items, len(proof.rewritten)) == (0, 1)
    (part,) = engine._parts.values()
    assert part.searcher.doc_freq("body", "plantedsecret") == 0
    assert list(engine.iter_ids(All())) == ["rec_1/11"]


def test_a_word_that_a_survivor_has_too_is_nothing_left(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    docs = [doc(1, "commonsecret"), doc(11, "commonsecret road")]
    engine.apply(docs, (), seq=1)
    proof = engine.purge(["rec_0"], lambda records: [each for each in docs if each.record_id in records])
    assert (proof.items, proof.terms) == (1, 2)  # its id and its record's


def test_survivors_that_the_catalogue_does_not_know_any_more_stop_a_purge(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    engine.apply([doc(1), doc(11)], (), seq=1)
    with pytest.raises(IndexDamaged, match="holds 1 items where the catalogue has 0"):
        engine.purge(["rec_0"], lambda records: [])
    assert engine.count(All()) == 2


def test_letters_left_in_a_file_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TantivyEngine.open(tmp_path)
    docs = [doc(1, "plantedsecret"), doc(11, "road")]
    engine.apply(docs, (), seq=1)
    searched = purging.search_files

    def with_a_leak(files: Iterable[Path], sought: Collection[bytes]) -> tuple[int, int, set[bytes]]:
        leak = tmp_path / "leak"
        leak.write_bytes(b"\x00plantedsecret\x00")
        return searched([*files, leak], sought)

    monkeypatch.setattr(tantivy_purge, "search_files", with_a_leak)
    with pytest.raises(IndexDamaged, match="files of the index still hold words of what was destroyed"):
        engine.purge(["rec_0"], lambda records: [each for each in docs if each.record_id in records])


def test_a_facet_of_more_values_than_are_counted_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TantivyEngine.open(tmp_path)
    engine.apply([doc(1, creator="Jane"), doc(2, creator="Jane"), doc(3, creator="علی")], (), seq=1)
    assert engine.facets(ROAD, [Field.CREATOR])[Field.CREATOR] == Facet(counts=(("Jane", 2), ("علی", 1)))
    monkeypatch.setattr(tantivy_counting, "_MOST", 1)
    monkeypatch.setattr(tantivy_counting, "_LEAST", 1)
    assert engine.facets(ROAD, [Field.CREATOR])[Field.CREATOR] == Facet(counts=(("Jane", 2),), exact=False)


def test_relevance_puts_the_better_match_first_and_equals_newest_first(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    engine.apply([doc(1), doc(2), doc(3, "road road road works"), doc(4, "no such word")], (), seq=1)
    engine.apply([doc(5)], (), seq=2)
    page = engine.search(ROAD, sort=Sort.RELEVANCE, limit=10)
    assert page.total == 4
    equals = [hit.id for hit in page.hits if hit.id != "rec_0/3"]
    assert equals == ["rec_0/5", "rec_0/2", "rec_0/1"]
    assert page.hits[0].score >= page.hits[-1].score > 0
    assert [hit.id for hit in engine.search(ROAD, sort=Sort.RELEVANCE, limit=1).hits] == [page.hits[0].id]


def test_a_wildcard_too_intricate_is_refused(tmp_path: Path) -> None:
    engine = made(tmp_path)
    with pytest.raises(BadQuery, match="too many wildcards"):
        engine.count(Wildcard(field=Field.TEXT, pattern="a" + "?*b" * 3_000))


LONG = (
    "anticonstitutionally",
    "électroencéphalographe",
    "গুৱাহাটীৰপানীযোগানব্যৱস্থা",
    "राष्ट्रीयराजमार्गप्राधिकरण",
    "ذمہداریوںکےباوجودانہیں",
)


@pytest.mark.parametrize("few", [0, len(LONG)], ids=["by Tantivy's automaton", "written out"])
def test_a_long_word_of_any_script_is_found_with_a_slip_and_many_in_one_query(
    few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tantivy_query, "_FEW", few)
    engine, oracle = TantivyEngine.open(tmp_path), OracleEngine()
    docs = [doc(number, f"road {word}") for number, word in enumerate(LONG)]
    for each in (engine, oracle):
        each.apply([*docs, doc(20, "road works")], (), seq=1)
    asked: list[Node] = []
    for number, word in enumerate(LONG):
        (folded,) = words_and_marks(word)[0].split()
        left_out, twice = (folded[:5] + folded[6:], folded[:5] + folded[6:9] + folded[10:])
        asked += [Fuzzy(field=Field.TEXT, text=left_out, distance=1), Fuzzy(field=Field.TEXT, text=twice, distance=1)]
        assert [list(engine.iter_ids(node)) for node in asked[-2:]] == [[docs[number].id], []]
    every = Or(parts=tuple(asked))
    assert list(engine.iter_ids(every)) == list(oracle.iter_ids(every)) == [each.id for each in docs]


def test_what_tantivy_says_becomes_one_of_our_errors(tmp_path: Path) -> None:
    said = ValueError("An IO error occurred: 'No space left on device (os error 28)'")
    assert isinstance(storage_or_damage(said, tmp_path), StorageFull)
    assert isinstance(storage_or_damage(ValueError("schema error"), tmp_path), IndexDamaged)


def test_an_item_that_cannot_be_indexed_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    engine = made(tmp_path)
    unfit = IndexDoc(id="rec_1/\ud800", record_id=doc(1).record_id, body="road")
    with pytest.raises(ValueError, match="Expected Str type for field id"):
        engine.apply([doc(5), unfit], (), seq=5)
    assert engine.watermark().seq == 4
    assert engine.count(ROAD) == 2


def test_many_items_of_one_moment_are_paged_by_id(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    same = [replace(doc(number), created=DAY, id=f"rec_0/{number:04}") for number in range(450)]
    engine.apply(same[::2], (), seq=1)
    engine.apply(same[1::2], (), seq=2)
    wanted = [found.id for found in same]
    everything = Wildcard(field=Field.TEXT, pattern="r*")
    for node, sort in ((ROAD, Sort.NEWEST), (ROAD, Sort.OLDEST), (ROAD, Sort.RELEVANCE), (everything, Sort.RELEVANCE)):
        pages = [engine.search(node, sort=sort, limit=40, offset=offset) for offset in range(0, 450, 40)]
        assert [hit.id for page in pages for hit in page.hits] == wanted


def test_days_before_1970_are_found(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    old = doc(-30_000)
    engine.apply([old], (), seq=1)
    assert old.created is not None
    assert old.created.year < 1970 < DAY.year
    assert [hit.id for hit in engine.search(All(), sort=Sort.OLDEST, limit=1).hits] == [old.id]

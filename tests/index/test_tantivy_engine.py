from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.core.errors import ArchiveBusy, BadQuery, IndexDamaged, StorageFull
from archiver.core.records import IndexDoc
from index.engine import SearchEngine, Sort
from index.engines import tantivy_engine
from index.engines.tantivy_engine import TantivyEngine
from index.query import All, Field, Node, Term, Wildcard
from tests.index.conformance import DAY, ROAD, EngineContract, against_brute_force, compare_answers, doc


class TestTantivy(EngineContract):
    def make(self, directory: Path) -> SearchEngine:
        return TantivyEngine.open(directory)


@against_brute_force
def test_answers_are_those_of_brute_force(batches: list[list[IndexDoc]], deletes: list[int], asked: list[Node]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        engine = TantivyEngine.open(Path(directory))
        compare_answers(engine, batches, deletes, asked)
        engine.close()


def made(directory: Path) -> TantivyEngine:
    engine = TantivyEngine.open(directory)
    engine.apply([doc(1, "secretword road"), doc(2, "পানী یہ road")], (), seq=4)
    return engine


def test_an_index_is_there_after_closing(tmp_path: Path) -> None:
    made(tmp_path).close()
    engine = TantivyEngine.open(tmp_path)
    assert engine.watermark().seq == 4
    assert engine.count(ROAD) == 2


def test_no_text_is_stored(tmp_path: Path) -> None:
    made(tmp_path).close()
    stores = list((tmp_path / "tantivy").glob("*.store"))
    assert stores
    assert all(b"secretword" not in store.read_bytes() for store in stores)


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    engine = made(tmp_path)
    other = TantivyEngine.open(tmp_path)
    writer = engine._writer()
    with pytest.raises(ArchiveBusy, match="another run is writing"):
        other.apply([doc(3)], (), seq=5)
    writer.rollback()
    del writer
    assert other.apply([doc(3)], (), seq=5).total == 3


def test_an_open_index_follows_what_another_process_commits(tmp_path: Path) -> None:
    engine = made(tmp_path)
    other = TantivyEngine.open(tmp_path)
    other.apply([doc(3)], (), seq=5)
    assert engine.count(ROAD) == 3
    assert engine.watermark().seq == 5


def test_every_altered_or_missing_file_is_noticed(tmp_path: Path) -> None:
    made(tmp_path).close()
    files = [
        path for path in (tmp_path / "tantivy").iterdir() if path.suffix != ".lock" and path.name != ".managed.json"
    ]
    assert len(files) >= 6
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(IndexDamaged, match=f"{path.name} was altered"):
                TantivyEngine.open(tmp_path)
        path.unlink()
        with pytest.raises(IndexDamaged, match=f"{path.name} is missing; run `archiver index rebuild`"):
            TantivyEngine.open(tmp_path)
        path.write_bytes(whole)
    assert TantivyEngine.open(tmp_path).count(ROAD) == 2


def test_a_damaged_seal_is_noticed(tmp_path: Path) -> None:
    made(tmp_path).close()
    seal = tmp_path / "seal.json"
    content = seal.read_bytes()
    for damaged in (b"", content[:-20], b"[]", b'{"what": 1}'):
        seal.write_bytes(damaged)
        with pytest.raises(IndexDamaged, match=r"seal\.json of the index is damaged"):
            TantivyEngine.open(tmp_path)
    seal.unlink()
    with pytest.raises(IndexDamaged, match=r"no seal\.json"):
        TantivyEngine.open(tmp_path)


def test_an_index_of_other_rules_asks_to_be_rebuilt(tmp_path: Path) -> None:
    made(tmp_path).close()
    seal = tmp_path / "seal.json"
    seal.write_text(json.dumps({**json.loads(seal.read_bytes()), "analyser": 0}))
    with pytest.raises(IndexDamaged, match="another version of Archiver"):
        TantivyEngine.open(tmp_path)
    assert TantivyEngine.create(tmp_path).count(All()) == 0


def test_what_opens_the_index_unsealed_is_told(tmp_path: Path) -> None:
    made(tmp_path).close()
    seal = tmp_path / "seal.json"
    (tmp_path / "tantivy" / "meta.json").write_text("{")
    seal.write_text(json.dumps({**json.loads(seal.read_bytes()), "pending": True}))
    with pytest.raises(IndexDamaged, match="cannot be opened"):
        TantivyEngine.open(tmp_path)


_KILLED_AFTER_COMMIT = """
import os, sys
from pathlib import Path
from index.engines.tantivy_engine import TantivyEngine
from tests.index.conformance import doc

engine = TantivyEngine.open(Path(sys.argv[1]))
engine._write_seal = lambda seq: os._exit(9)
engine.apply([doc(3), doc(1, "changed")], ["rec_0/2"], seq=5)
"""


def test_a_run_killed_between_commit_and_seal_is_repeated_from_the_old_watermark(tmp_path: Path) -> None:
    made(tmp_path).close()
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", _KILLED_AFTER_COMMIT, str(tmp_path)], cwd=root, check=False)
    assert ended.returncode == 9
    engine = TantivyEngine.open(tmp_path)
    assert engine.watermark().seq == 4
    receipt = engine.apply([doc(3), doc(1, "changed")], ["rec_0/2"], seq=5)
    assert receipt.total == 2
    assert TantivyEngine.open(tmp_path).watermark().seq == 5
    assert engine.count(Term(field=Field.TEXT, text="changed")) == 1


def test_pending_or_not_an_altered_segment_is_noticed(tmp_path: Path) -> None:
    made(tmp_path).close()
    seal = tmp_path / "seal.json"
    seal.write_text(json.dumps({**json.loads(seal.read_bytes()), "pending": True}))
    segment = next((tmp_path / "tantivy").glob("*.idx"))
    segment.write_bytes(segment.read_bytes() + b"x")
    with pytest.raises(IndexDamaged, match="was altered"):
        TantivyEngine.open(tmp_path)


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


def test_what_tantivy_says_becomes_one_of_our_errors(tmp_path: Path) -> None:
    said = ValueError("An IO error occurred: 'No space left on device (os error 28)'")
    assert isinstance(tantivy_engine._storage_or_damage(said, tmp_path), StorageFull)
    assert isinstance(tantivy_engine._storage_or_damage(ValueError("schema error"), tmp_path), IndexDamaged)


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

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.filing import set_class, set_tags, tell_index
from archiver.core.records import IndexDoc, RecordId
from archiver.workflows.indexing.catching_up import current_engine, open_engine, update_index
from archiver.workflows.indexing.docs import index_docs
from archiver.workflows.indexing.reconcile import index_faults, reconcile
from archiver.workflows.indexing.unindex import unindex
from archiver.workflows.night.closing import close_night
from archiver.workflows.search.facets import count_facets
from archiver.workflows.search.find import find, freeze
from index.engine import Facet, Step
from index.engines.seal import read_seal, write_seal
from index.generations import current
from index.query import All, Field, Term
from tests.conftest import MOMENT
from tests.workflows.filing.threads import file_threads, record_id
from tests.workflows.town import make


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Archive]:
    """An archive of six threads of five items each."""
    directory, config = make(tmp_path)
    with Archive.open(directory, config_directory=config) as archive:
        file_threads(archive, range(6))
        yield archive


def index_directory(archive: Archive) -> Path:
    name = current(archive.directory / "search")
    assert name is not None
    return archive.directory / "search" / name


def index_files(archive: Archive) -> Iterator[Path]:
    return (path for path in index_directory(archive).rglob("*") if path.is_file() and path.suffix in (".idx", ".term"))


def found(archive: Archive, query: str) -> list[str]:
    return [hit.item.id for hit in find(archive, query, now=MOMENT, limit=None).hits]


def test_an_index_in_order_is_proved_item_by_item(filled: Archive) -> None:
    done = reconcile(filled, seed=1)
    assert (done.items, done.asked) == (30, 30)
    assert done.findings == ()
    assert list(index_faults(filled)) == []


def test_an_item_the_index_lost_is_found_again_and_told(filled: Archive) -> None:
    lost = f"{record_id(2)}/3"
    with current_engine(filled) as engine:
        engine.apply((), [lost], seq=engine.watermark().seq)
    assert found(filled, "own2x3") == []
    assert list(index_faults(filled)) == [(lost, "this item cannot be found by search")]
    done = reconcile(filled, seed=1)
    assert done.missing == (lost,)
    assert done.left == ()
    assert done.findings == (f"1 items ({lost}) could not be found by search and can again",)
    assert found(filled, "own2x3") == [lost]
    assert reconcile(filled, seed=1).findings == ()


def test_an_item_indexed_with_other_words_is_found_by_its_own_again(filled: Archive) -> None:
    with current_engine(filled) as engine:
        doc = next(index_docs(filled, [record_id(1)]))
        engine.apply([replace(doc, body="something else")], (), seq=engine.watermark().seq)
    assert found(filled, "own1x0") == []
    assert reconcile(filled, seed=1).missing == (f"{record_id(1)}/0",)
    assert found(filled, "own1x0") == [f"{record_id(1)}/0"]


def test_what_the_index_has_beyond_the_catalogue_is_taken_out(filled: Archive) -> None:
    with current_engine(filled) as engine:
        ghost = IndexDoc(id="rec_ghost/1", record_id=RecordId("rec_ghost"), body="ghostword")
        engine.apply([ghost], (), seq=engine.watermark().seq)
    done = reconcile(filled, seed=1)
    assert done.surplus == ("rec_ghost/1",)
    assert found(filled, "ghostword") == []


def test_a_flipped_byte_is_told_and_the_index_made_anew(filled: Archive) -> None:
    update_index(filled)
    before = current(filled.directory / "search")
    path = next(index_files(filled))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = reconcile(filled, seed=1)
    assert f"{path.name} was altered" in done.damage
    assert done.findings[0].startswith("the search index was damaged and was made anew")
    assert current(filled.directory / "search") != before
    assert len(found(filled, "kind:thread")) == 30


def test_no_index_yet_and_one_of_another_version_are_no_findings(filled: Archive) -> None:
    assert reconcile(filled, seed=1).findings == ()
    directory = index_directory(filled)
    write_seal(directory, replace(read_seal(directory), analyser=0))
    assert reconcile(filled, seed=1).findings == ()
    assert len(found(filled, "kind:thread")) == 30


def test_the_night_reports_what_it_repaired(filled: Archive) -> None:
    with current_engine(filled) as engine:
        engine.apply((), [f"{record_id(0)}/0"], seq=engine.watermark().seq)
    closing = close_night(filled, actor="per_1", now=MOMENT)
    assert (closing.searchable, closing.searched) == (30, 30)
    assert closing.findings == (f"1 items ({record_id(0)}/0) could not be found by search and can again",)
    assert close_night(filled, actor="per_1", now=MOMENT).findings == ()


def test_what_left_the_catalogue_leaves_the_index(filled: Archive) -> None:
    assert len(found(filled, "kind:thread")) == 30
    with filled.db.atomic():
        for table, column in (("items", "record_id"), ("records", "id")):
            filled.db.execute(f"DELETE FROM {table} WHERE {column} = ?", [record_id(3)])
        tell_index(filled.db, record_id(3))
    assert len(found(filled, "kind:thread")) == 25


def test_destroyed_records_are_taken_out_of_the_files_with_a_proof(filled: Archive) -> None:
    update_index(filled)
    proof = unindex(filled, [record_id(2), record_id(4)])
    assert (proof.records, proof.items) == (2, 10)
    assert proof.terms > 10
    assert proof.rewritten
    assert list(_words_of_files(filled, "own2x3")) == []
    with open_engine(filled) as engine:
        assert engine.count(All()) == 20
        assert engine.count(Term(field=Field.TEXT, text="own2x3")) == 0
        assert engine.count(Term(field=Field.TEXT, text="own3x3")) == 1


def _words_of_files(archive: Archive, word: str) -> Iterator[Path]:
    for path in (archive.directory / "search").rglob("*"):
        if path.is_file() and word.encode() in path.read_bytes():
            yield path


def test_the_old_index_answers_while_a_new_one_is_made(filled: Archive) -> None:
    update_index(filled)
    seen: list[int] = []

    def look(done: int, total: int, what: str = "") -> None:
        with open_engine(filled) as engine:
            seen.append(engine.count(All()))

    with current_engine(filled) as serving:
        before = current(filled.directory / "search")
        assert update_index(filled, rebuild=True, progress=look).items == 30
        assert seen
        assert set(seen) == {30}
        assert serving.count(All()) == 30  # whoever has the old one open keeps it
    assert current(filled.directory / "search") != before
    assert len([path for path in (filled.directory / "search").iterdir() if path.is_dir()]) == 1


def test_another_engine_of_the_settings_makes_the_index_anew(filled: Archive) -> None:
    expected = found(filled, "road OR পথ")
    path = filled.directory / "archive.toml"
    path.write_text(path.read_text().replace('engine = "tantivy"', 'engine = "whoosh"'))
    with Archive.open(filled.directory, config_directory=filled.config_directory) as again:
        assert found(again, "road OR পথ") == expected
        assert (current(again.directory / "search") or "").startswith("whoosh-")
        assert reconcile(again, seed=1).findings == ()


def test_facets_join_what_officers_decided_and_say_when(filled: Archive) -> None:
    with filled.db.atomic():
        set_class(filled.db, record_id(0), "ADM-04", "test", 1)
        set_tags(filled.db, record_id(1), add=["পানী", "urgent"])
    answer = find(filled, "kind:thread", now=MOMENT, facets=True)
    assert answer.facets is not None
    by = answer.facets.by
    assert by["class"] == Facet(counts=(("none", 25), ("ADM-04", 5)))
    assert by["tag"] == Facet(counts=(("urgent", 5), ("পানী", 5)))
    assert by["site"] == Facet(counts=(("social.example", 15), ("town.example", 15)))
    assert by["kind"].counts == (("thread", 30), ("comment", 24), ("post", 6))
    assert by["year"] == Facet(counts=(("2026", 30),))
    assert [month for month, _ in by["month"].counts] == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert sum(count for _, count in by["month"].counts) == 30
    assert answer.facets.timeline.step is Step.MONTH
    assert find(filled, "kind:thread", now=MOMENT).facets is None


def test_facets_of_more_records_than_are_looked_up_are_said_to_be_partial(
    filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.workflows.search.facets.MOST_RECORDS", 2)
    with current_engine(filled) as engine:
        by = count_facets(filled, engine, All()).by
    assert (by["class"].exact, by["site"].exact) == (False, True)
    assert by["class"].counts == (("none", 10),)


def test_every_hit_is_frozen_with_its_record(filled: Archive) -> None:
    hits = freeze(filled, "kind:thread", now=MOMENT).hits
    assert len(hits) == 30
    assert all(id.startswith(f"{record}/") for id, record in hits)

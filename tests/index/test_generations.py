from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archiver.core.errors import ArchiveBusy, BadSettings, IndexDamaged, IndexOutdated
from index import generations
from index.engine import SearchEngine
from index.engines.whoosh_engine import WhooshEngine
from index.generations import CURRENT, Opening, current, new_generation, open_current, opening
from index.query import All
from tests.index.conformance import doc


def test_a_new_index_answers_once_it_is_whole_and_the_old_one_until_then(tmp_path: Path) -> None:
    with new_generation(tmp_path, "tantivy") as made:
        made.apply([doc(1)], (), seq=1)
        with pytest.raises(IndexOutdated, match="there is no tantivy index"):
            open_current(tmp_path, "tantivy")
    assert current(tmp_path) == "tantivy-1"
    with new_generation(tmp_path, "tantivy") as made:
        made.apply([doc(1), doc(2)], (), seq=2)
        assert open_current(tmp_path, "tantivy").count(All()) == 1
    assert current(tmp_path) == "tantivy-2"
    assert open_current(tmp_path, "tantivy").count(All()) == 2
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["tantivy-2"]


def test_a_making_that_breaks_off_leaves_the_old_index(tmp_path: Path) -> None:
    with new_generation(tmp_path, "tantivy") as made:
        made.apply([doc(1)], (), seq=1)
    with pytest.raises(LookupError), new_generation(tmp_path, "tantivy"):
        raise LookupError("the catalogue broke")
    assert open_current(tmp_path, "tantivy").count(All()) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["tantivy-1"]


def test_only_one_run_makes_an_index(tmp_path: Path) -> None:
    with (
        new_generation(tmp_path, "tantivy"),
        pytest.raises(ArchiveBusy, match="making the search index anew"),
        new_generation(tmp_path, "tantivy"),
    ):
        pass


def test_an_index_of_another_engine_does_not_answer(tmp_path: Path) -> None:
    with new_generation(tmp_path, "whoosh") as made:
        assert isinstance(made, WhooshEngine)
    with pytest.raises(IndexOutdated):
        open_current(tmp_path, "tantivy")
    with new_generation(tmp_path, "tantivy"):
        pass
    assert current(tmp_path) == "tantivy-2"


def test_an_index_that_is_replaced_while_it_is_opened_is_not_taken_for_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_generation(tmp_path, "tantivy") as made:
        made.apply([doc(1)], (), seq=1)
    opened: list[str] = []

    def opening_while_it_is_replaced(engine: str) -> Opening:
        def opens(path: Path) -> SearchEngine:
            opened.append(path.name)
            if len(opened) == 1:
                with new_generation(tmp_path, "tantivy") as made:
                    made.apply([doc(1), doc(2)], (), seq=2)
            return opening(engine)(path)

        return opens

    monkeypatch.setattr(generations, "opening", opening_while_it_is_replaced)
    assert open_current(tmp_path, "tantivy").count(All()) == 2
    assert current(tmp_path) == opened[-1] == "tantivy-2"


def test_what_was_replaced_takes_nothing_in_any_more(tmp_path: Path) -> None:
    with new_generation(tmp_path, "tantivy") as made:
        made.apply([doc(1)], (), seq=1)
    old = open_current(tmp_path, "tantivy")
    with new_generation(tmp_path, "tantivy"):
        pass
    for write in (lambda: old.apply([doc(2)], (), seq=2), old.prepare, lambda: old.purge(["rec_0"], lambda ids: [])):
        with pytest.raises(ArchiveBusy, match="a new index has taken the place"):
            write()
    assert old.count(All()) == 1


@pytest.mark.parametrize("written", ["", "../elsewhere", "tantivy-", "lucene-1", "tantivy-1/../x"])
def test_a_name_that_is_none_of_ours_is_no_index(tmp_path: Path, written: str) -> None:
    (tmp_path / CURRENT).write_text(written)
    assert current(tmp_path) is None


def test_a_name_whose_directory_is_lost_is_damage(tmp_path: Path) -> None:
    (tmp_path / CURRENT).write_text("tantivy-7")
    with pytest.raises(IndexDamaged, match="tantivy-7 is missing"):
        open_current(tmp_path, "tantivy")


def test_where_tantivy_cannot_run_the_setting_to_change_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "index.engines.tantivy_engine", None)
    with pytest.raises(BadSettings, match='write engine = "whoosh"'):
        opening("tantivy")
    assert opening("whoosh") == WhooshEngine.open

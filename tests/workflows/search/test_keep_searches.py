"""A saved search is a declaration: what was asked, how it was read, what was found, and what is new since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import AlreadyExists, BadInput, BadQuery, NotFound, NotPermitted
from archiver.core.people import Role
from archiver.core.records import RecordKind
from archiver.core.saved_searches import SavedSearches
from archiver.workflows.archive.keep_register import tag_record
from archiver.workflows.search.find import find
from archiver.workflows.search.keep_searches import compare_runs, run_search, save_search
from archiver.workflows.verification.verify import verify_archive
from index.analyser import ANALYSER_VERSION
from tests.workflows.town import NOW, clerk

LATER = NOW + timedelta(days=1)


def test_a_search_is_kept_with_everything_it_found(archive: Archive) -> None:
    made = save_search(archive, "Boil water", "water", actor=clerk(archive), now=NOW, note="for the report")
    answer = find(archive, "water", now=NOW, limit=None)
    assert (made.later.total, made.later.records) == (answer.total, len({hit.record.id for hit in answer.hits}))
    assert made.later.interpreted == "water"
    assert made.later.analyser_version == str(ANALYSER_VERSION)
    assert made.later.watermark == answer.watermark > 0
    assert (made.earlier, made.no_longer) == (None, ())
    assert {each.item for each in made.new} == {hit.item.id for hit in answer.hits}
    kept = SavedSearches(archive.db)
    assert kept.search("boil WATER") == kept.search(made.search.id) == made.search
    assert set(kept.hits(made.later)) == {hit.item.id for hit in answer.hits}


def test_running_it_again_tells_what_is_new_and_what_is_found_no_longer(archive: Archive) -> None:
    records = [each for each in archive.catalogue.records() if each.kind is RecordKind.THREAD]
    one, other = records[0], records[1]
    tag_record(archive, one.id, add=["dam"], remove=[], actor=clerk(archive), now=NOW)
    first = save_search(archive, "Dam", "tag:dam", actor=clerk(archive), now=NOW)
    same = run_search(archive, "dam", actor=clerk(archive), now=LATER)
    assert (same.new, same.no_longer, same.reading) == ((), (), "")
    tag_record(archive, one.id, add=[], remove=["dam"], actor=clerk(archive), now=LATER)
    tag_record(archive, other.id, add=["dam"], remove=[], actor=clerk(archive), now=LATER)
    changed = run_search(archive, "dam", actor=clerk(archive), now=LATER)
    assert {each.record for each in changed.new} == {other.id}
    assert {each.record for each in changed.no_longer} == {one.id}
    assert compare_runs(archive, "Dam") == changed
    assert compare_runs(archive, "Dam", earlier=first.later.id, later=same.later.id).new == ()
    assert compare_runs(archive, "Dam", later=first.later.id).earlier is None
    with pytest.raises(NotFound, match="has no run 99"):
        compare_runs(archive, "Dam", later=99)


def test_a_query_that_names_days_is_read_anew_and_that_is_told(archive: Archive) -> None:
    save_search(archive, "Fresh", 'captured:"last 7 days"', actor=clerk(archive), now=NOW)
    again = run_search(archive, "Fresh", actor=clerk(archive), now=NOW + timedelta(days=400))
    assert again.later.total == 0
    assert "interpreted as captured:[" in again.reading


def test_whole_threads_are_kept_with_the_search(archive: Archive) -> None:
    hit = find(archive, "kind:comment", now=NOW).hits[0]
    made = save_search(archive, "Thread", f"id:{hit.item.id}", whole_threads=True, actor=clerk(archive), now=NOW)
    assert made.later.interpreted == f"thread:(id:{hit.item.id})"
    assert {each.item for each in made.new} == {each.id for each in archive.catalogue.items(hit.record.id)}
    assert run_search(archive, "Thread", actor=clerk(archive), now=LATER).new == ()


def test_what_cannot_be_saved_is_refused_and_leaves_nothing(archive: Archive) -> None:
    save_search(archive, "পানী", "পানী", actor=clerk(archive), now=NOW)
    size = archive.trail.head().size
    with pytest.raises(AlreadyExists):
        save_search(archive, "পানী", "water", actor=clerk(archive), now=NOW)
    with pytest.raises(BadInput):
        save_search(archive, "  ", "water", actor=clerk(archive), now=NOW)
    with pytest.raises(BadQuery):
        save_search(archive, "Bad", "water AND", actor=clerk(archive), now=NOW)
    with pytest.raises(NotFound, match="searches list"):
        run_search(archive, "Bad", actor=clerk(archive), now=NOW)
    assert archive.trail.head().size == size
    assert [each.name for each in SavedSearches(archive.db).searches()] == ["পানী"]


def test_saving_takes_who_may_answer_requests(archive: Archive) -> None:
    auditor = archive.people.add(name="Auditor", role=Role.AUDITOR, secret="long enough to be one", by="x", now=NOW)
    with pytest.raises(NotPermitted):
        save_search(archive, "Mine", "water", actor=auditor, now=NOW)


@pytest.mark.parametrize(
    "past_the_archive",
    [
        "UPDATE saved_searches SET query = 'road'",
        "UPDATE search_runs SET total = total - 1",
        "DELETE FROM search_run_hits WHERE item_id = (SELECT min(item_id) FROM search_run_hits)",
    ],
)
def test_a_declaration_changed_past_the_archive_is_found(archive: Archive, past_the_archive: str) -> None:
    save_search(archive, "Boil water", "water", actor=clerk(archive), now=NOW)
    assert not [each for each in verify_archive(archive, now=lambda: NOW).findings if "search" in each.subject]
    archive.db.conn.execute(past_the_archive)
    assert [each for each in verify_archive(archive, now=lambda: NOW).findings if "search" in each.subject]

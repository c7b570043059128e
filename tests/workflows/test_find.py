from __future__ import annotations

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadQuery
from archiver.core.records import Observed
from archiver.workflows.answer import open_request, search_for_request
from archiver.workflows.find import find, freeze
from archiver.workflows.indexing import update_index
from archiver.workflows.keep_register import correct_record, tag_record
from archiver.workflows.reconcile import index_faults
from tests.workflows.town import NOW, Town, clerk, threads

pytestmark = pytest.mark.browser


def test_every_item_is_found_by_a_phrase_of_its_own_text_in_every_script(archive: Archive) -> None:
    languages = set()
    for record in threads(archive):
        for entry in archive.catalogue.items(record.id):
            phrase = " ".join(entry.item.text.replace('"', "").split()[:2])
            answer = find(archive, f'"{phrase}"', now=NOW, limit=None)
            assert entry.id in {hit.item.id for hit in answer.hits}, phrase
            languages.add(entry.item.language)
    assert {"en", "fr", "as", "ur"} <= languages


def test_what_was_edited_away_is_still_found_and_said_to_be_an_earlier_text(archive: Archive) -> None:
    edited = next(
        item
        for record in threads(archive)
        for item in archive.catalogue.items(record.id)
        if item.observed is Observed.EDITED
    )
    old, new = edited.versions
    lost = [word for word in old.text.split() if word.isalnum() and word not in new.text.split()]
    assert lost
    (hit,) = [each for each in find(archive, lost[0], now=NOW, limit=None).hits if each.item.id == edited.id]
    assert hit.earlier_text


def test_a_deleted_comment_is_still_found(archive: Archive) -> None:
    answer = find(archive, "observed:gone", now=NOW, limit=None)
    assert answer.total == 1
    assert answer.hits[0].item.observed is Observed.GONE


def test_hits_are_marked_in_the_snippet(archive: Archive) -> None:
    answer = find(archive, "water", now=NOW, limit=3)
    assert answer.total >= 1
    for hit in answer.hits:
        marked = [text for text, is_hit in hit.snippet.parts if is_hit]
        assert marked or "water" in hit.record.title.casefold()


def test_all_hits_are_reachable_page_by_page(archive: Archive) -> None:
    everything = find(archive, "kind:comment", now=NOW, limit=None)
    pages = [
        hit.item.id
        for offset in range(0, everything.total, 7)
        for hit in find(archive, "kind:comment", now=NOW, limit=7, offset=offset).hits
    ]
    assert pages == [hit.item.id for hit in everything.hits]
    assert len(pages) == everything.total
    frozen = freeze(archive, "kind:comment", now=NOW)
    assert {item for item, _ in frozen.hits} == set(pages)


def test_a_correction_is_searchable_at_once(archive: Archive) -> None:
    record = threads(archive)[0]
    assert find(archive, "title:Überschwemmungshilfe", now=NOW).total == 0
    correct_record(archive, record.id, {"title": "Überschwemmungshilfe"}, reason="test", actor=clerk(archive), now=NOW)
    answer = find(archive, "title:uberschwemmungshilfe", now=NOW, limit=None)
    assert {hit.record.id for hit in answer.hits} == {record.id}


def test_a_malformed_query_points_at_the_place(archive: Archive) -> None:
    with pytest.raises(BadQuery) as caught:
        find(archive, "water AND (road", now=NOW)
    assert (caught.value.query, caught.value.position) == ("water AND (road", 10)


def test_a_damaged_index_is_made_anew_and_nothing_is_lost(town: Town) -> None:
    with town.open() as archive:
        before = [hit.item.id for hit in find(archive, "water", now=NOW, limit=None).hits]
    files = [path for path in (town.directory / "search").rglob("*") if path.is_file() and path.stat().st_size > 64]
    for path in files:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)
    with town.open() as archive:
        assert [hit.item.id for hit in find(archive, "water", now=NOW, limit=None).hits] == before
        assert list(index_faults(archive)) == []


def test_a_rebuild_of_the_index_answers_the_same(archive: Archive) -> None:
    before = [hit.item.id for hit in find(archive, "kind:comment", now=NOW, limit=None).hits]
    state = update_index(archive, rebuild=True)
    assert state.rebuilt
    assert [hit.item.id for hit in find(archive, "kind:comment", now=NOW, limit=None).hits] == before


def found(archive: Archive, query: str) -> list[str]:
    return [hit.item.id for hit in find(archive, query, now=NOW, limit=None).hits]


def test_a_thread_is_found_whole_by_what_one_of_its_items_says(archive: Archive) -> None:
    record = threads(archive)[0]
    items = sorted(item.id for item in archive.catalogue.items(record.id))
    asked = f"id:{items[-1]}"
    assert found(archive, asked) == [items[-1]]
    whole = found(archive, f"thread:({asked})")
    assert sorted(whole) == items
    assert set(found(archive, f"thread:({asked}) kind:comment")) < set(whole)
    assert not set(found(archive, f"NOT thread:({asked})")) & set(whole)


def test_classes_tags_and_requests_are_what_officers_say_at_this_moment(archive: Archive) -> None:
    record = threads(archive)[0]
    items = sorted(item.id for item in archive.catalogue.items(record.id))
    assert found(archive, 'tag:"to review"') == []
    tag_record(archive, record.id, add=["To review"], remove=[], actor=clerk(archive), now=NOW)
    assert sorted(found(archive, 'tag:"to review"')) == items
    code = record.class_code
    assert code is not None
    assert set(items) <= set(found(archive, f"class:{code.lower()}"))
    assert set(found(archive, f"class:{code}")) <= set(found(archive, f"class:{code.partition('-')[0]}"))
    assert not set(items) & set(found(archive, "class:none"))
    request = open_request(
        archive, law="MFIPPA", requester="A", subject="B", received=NOW.date(), actor=clerk(archive), now=NOW
    )
    search_for_request(archive, request.number, f"record:{record.id}", actor=clerk(archive), now=NOW)
    assert sorted(found(archive, f"request:{request.number.lower()}")) == items


@pytest.mark.parametrize(
    ("query", "at"), [("water class:NONESUCH", "NONESUCH"), ("request:REQ-1999-0001", "REQ-1999-0001")]
)
def test_a_class_or_request_that_does_not_exist_is_refused_at_its_place(archive: Archive, query: str, at: str) -> None:
    with pytest.raises(BadQuery) as refused:
        find(archive, query, now=NOW)
    assert query[refused.value.position : refused.value.end] == at


def test_pictures_links_and_days_gone_are_found(archive: Archive) -> None:
    items = [item for record in threads(archive) for item in archive.catalogue.items(record.id)]
    pictured = {each.id for each in items if any(media.kind == "image" for media in each.item.media)}
    assert pictured
    assert pictured <= set(found(archive, "has:image"))
    linking = {each.id for each in items if each.item.links}
    assert linking <= set(found(archive, "has:link"))
    gone = {each.id for each in items if each.gone_before}
    assert gone
    assert gone == set(found(archive, "gone:[2026-03-02 TO 2026-03-03]"))
    assert found(archive, "gone:2026-02") == []

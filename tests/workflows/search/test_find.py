from __future__ import annotations

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadQuery
from archiver.core.records import Observed
from archiver.workflows.archive.keep_register import correct_record, tag_record
from archiver.workflows.indexing.catching_up import update_index
from archiver.workflows.indexing.reconcile import index_faults
from archiver.workflows.requests.answer import open_request, search_for_request
from archiver.workflows.search.find import find, freeze
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


def say(archive: Archive, *texts: str) -> list[str]:
    """Write these texts into the first items of a thread; their ids."""
    record = threads(archive)[0]
    items = [item.id for item in archive.catalogue.items(record.id)][: len(texts)]
    for item, text in zip(items, texts, strict=True):
        archive.db.conn.execute("UPDATE items SET text = ? WHERE id = ?", (text, item))
    archive.db.conn.execute("INSERT INTO index_changes (record_id) VALUES (?)", (record.id,))
    return items


def test_an_exact_form_is_found_where_it_is_written_so(archive: Archive) -> None:
    one, other = say(archive, "Die Straße ist zu. كراچي", "DIE STRASSE IST ZU. کراچی")
    assert set(found(archive, "strasse")) == {one, other}
    assert found(archive, 'exact:"Straße"') == [one]
    assert found(archive, "exact:STRASSE") == [other]
    assert found(archive, 'exact:"كراچي" OR exact:strasse') == [one]
    assert found(archive, "strasse NOT exact:Straße") == [other]
    assert found(archive, f"exact:Straße id:{other}") == []
    answer = find(archive, "exact:Straße", now=NOW)
    assert answer.interpreted == 'exact:"Straße"'
    assert [text for text, hit in answer.hits[0].snippet.parts if hit] == ["Straße"]


def test_a_collection_is_the_records_tagged_with_its_name(archive: Archive) -> None:
    record = threads(archive)[0]
    tag_record(archive, record.id, add=["collection:Flood-2026"], remove=[], actor=clerk(archive), now=NOW)
    assert sorted(found(archive, "collection:flood-2026")) == sorted(
        item.id for item in archive.catalogue.items(record.id)
    )
    assert found(archive, "collection:other") == []


def test_holds_are_looked_up_and_an_unknown_one_is_refused_at_its_place(archive: Archive) -> None:
    for table in (
        "holds (id TEXT, matter TEXT, mandate TEXT DEFAULT '', custodian TEXT DEFAULT '', reason TEXT DEFAULT '', "
        "placed_at TEXT DEFAULT '', placed_by TEXT DEFAULT '', released_at TEXT)",
        "hold_scopes (hold_id TEXT, kind TEXT, value TEXT, live INTEGER DEFAULT 0)",
        "hold_records (hold_id TEXT, record_id TEXT, since TEXT DEFAULT '')",
    ):
        archive.db.conn.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    one, other, *_ = threads(archive)
    write = archive.db.conn.execute
    hold = "INSERT INTO holds (id, matter, mandate, custodian, reason, placed_at, placed_by, released_at) "
    write(hold + "VALUES ('hold_1', 'Doe v. Town', '', '', '', '', '', NULL)")
    write(hold + "VALUES ('hold_2', 'Old case', '', '', '', '', '', '2026-01-01T00:00:00.000000Z')")
    write("INSERT INTO hold_records (hold_id, record_id, since) VALUES ('hold_1', ?, '')", (one.id,))
    write("INSERT INTO hold_records (hold_id, record_id, since) VALUES ('hold_2', ?, '')", (other.id,))
    items = {item.id for item in archive.catalogue.items(one.id)}
    assert set(found(archive, "hold:hold_1")) == set(found(archive, 'hold:"doe v. town"')) == items
    assert set(found(archive, "hold:any")) == items
    everything = set(found(archive, "*"))
    assert set(found(archive, "hold:none")) == everything - items
    write("INSERT INTO hold_scopes (hold_id, kind, value, live) VALUES ('hold_1', 'collection', 'dam', 1)")
    tag_record(archive, other.id, add=["collection:dam"], remove=[], actor=clerk(archive), now=NOW)
    assert set(found(archive, "hold:any")) == items | {item.id for item in archive.catalogue.items(other.id)}
    for query in ('road hold:"Old case"', "hold hold:hold_9"):
        with pytest.raises(BadQuery, match="no active hold") as refused:
            find(archive, query, now=NOW)
        assert query[refused.value.position : refused.value.end] in ('"Old case"', "hold_9")


def test_what_the_agency_posted_is_told_from_what_the_public_did(archive: Archive) -> None:
    account = archive.register.accounts()[0]
    record = next(each for each in threads(archive) if each.site == account.site)
    item = archive.catalogue.items(record.id)[0].id
    before = set(found(archive, "posted_by:agency"))
    archive.db.conn.execute(
        "UPDATE items SET creator_handle = ? WHERE id = ?", (account.handle.lstrip("@").upper(), item)
    )
    agency = set(found(archive, "posted_by:agency"))
    assert agency == before | {item}
    assert set(found(archive, f"posted_by:{account.handle}")) == agency
    assert set(found(archive, "posted_by:public")) == set(found(archive, "*")) - agency
    with pytest.raises(BadQuery, match="no account 'nobody'"):
        find(archive, "posted_by:nobody", now=NOW)


def test_what_was_seen_when_is_asked_of_observed(archive: Archive) -> None:
    everything = set(found(archive, "*"))
    days = {item.first_seen.date() for record in threads(archive) for item in archive.catalogue.items(record.id)}
    assert set(found(archive, f"observed:[{min(days)} TO *]")) == everything
    assert found(archive, "observed:[* TO 2025-12-31]") == []
    assert found(archive, "observed:[2027-01-01 TO *]") == []


def test_words_of_the_title_are_marked_with_its_root_item(archive: Archive) -> None:
    record = next(each for each in threads(archive) if each.title.isascii() and " " in each.title)
    word = max(record.title.split(), key=len).strip(".,:!?")
    hits = find(archive, f"title:{word} record:{record.id}", now=NOW, limit=None).hits
    assert [hit.item.id for hit in hits] == [archive.catalogue.items(record.id)[0].id]
    ((start, end), *_) = hits[0].title_marks
    assert record.title[start:end].casefold() in word.casefold()
    comments = find(archive, f"kind:comment record:{record.id}", now=NOW).hits
    assert {hit.title_marks for hit in comments} <= {()}

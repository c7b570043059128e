"""What says the same stands together, wherever it was posted; what is like one item is found by its rare words."""

from __future__ import annotations

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound
from archiver.core.records import RecordKind
from archiver.workflows.search.find_resembling import find_alike, find_similar
from tests.workflows.town import NOW

NOTICE = "Please boil your drinking water for one minute before you use it, says the town of Rivermouth today 🙏"


@pytest.fixture
def copies(archive: Archive) -> dict[str, str]:
    """Items of two threads that were made to say the notice: as it is, in capitals, and with a changed ending."""
    texts = {"as it is": NOTICE, "capitals": NOTICE.upper(), "changed": NOTICE.replace("today", "on Tuesday")}
    threads = [each for each in archive.catalogue.records() if each.kind is RecordKind.THREAD]
    pages = [items for each in threads if len(items := archive.catalogue.items(each.id)) > 2]
    ids = [pages[0][1].id, pages[0][2].id, pages[1][1].id]
    for id, text in zip(ids, texts.values(), strict=True):
        archive.db.conn.execute("UPDATE items SET text = ? WHERE id = ?", (text, id))
    archive.db.conn.execute("INSERT INTO index_changes (record_id) SELECT id FROM records")
    return dict(zip(texts, ids, strict=True))


def test_copies_stand_together_and_the_same_words_are_told_from_nearly_the_same(
    archive: Archive, copies: dict[str, str]
) -> None:
    near = find_alike(archive, "boil", now=NOW)
    (group,) = [each for each in near.groups if copies["as it is"] in {item.item for item in each.items}]
    assert {each.item for each in group.items} == set(copies.values())
    assert not group.same
    assert all(0.8 <= each.nearness <= 1.0 for each in group.items)
    (exact,) = [each for each in find_alike(archive, "boil", now=NOW, nearness=1.0).groups if each.same]
    assert {each.item for each in exact.items} == {copies["as it is"], copies["capitals"]}
    assert find_alike(archive, "boil", now=NOW) == near


def test_cross_posts_are_those_of_several_sites_or_accounts(archive: Archive, copies: dict[str, str]) -> None:
    assert find_alike(archive, "boil", now=NOW, cross_posts_only=True).groups == ()
    record = copies["changed"].partition("/")[0]
    archive.db.conn.execute("UPDATE records SET site = 'elsewhere.example' WHERE id = ?", (record,))
    (group,) = find_alike(archive, "boil", now=NOW, cross_posts_only=True).groups
    assert group.cross_post
    assert {each.site for each in group.items} > {"elsewhere.example"}


def test_short_texts_are_left_out_and_counted(archive: Archive, copies: dict[str, str]) -> None:
    everything = find_alike(archive, "*", now=NOW, least_words=1)
    longer = find_alike(archive, "*", now=NOW, least_words=12)
    assert longer.too_short > everything.too_short
    assert longer.compared + longer.too_short == everything.compared + everything.too_short
    with pytest.raises(BadInput):
        find_alike(archive, "*", now=NOW, nearness=0)


def test_what_is_like_an_item_comes_in_the_order_of_likeness(archive: Archive, copies: dict[str, str]) -> None:
    found = find_similar(archive, copies["as it is"])
    assert [each.item.id for each in found][:2] == [copies["capitals"], copies["changed"]]
    assert found[0].similarity == 1.0
    assert 0 < found[1].similarity < 1.0
    assert {"boil", "drinking"} <= set(found[1].shared)
    assert [each.similarity for each in found] == sorted((each.similarity for each in found), reverse=True)
    with pytest.raises(NotFound):
        find_similar(archive, "rec_0000000000000000/1")

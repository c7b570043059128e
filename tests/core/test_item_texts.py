"""What is read for hundreds of items at once is what each of them is indexed by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archiver.core.archive import Archive
from archiver.core.item_texts import current_texts, every_text
from archiver.core.records import TEXT_SEPARATOR, CataloguedItem
from archiver.workflows.archive.keep_register import correct_record
from archiver.workflows.indexing.docs import index_docs
from tests.workflows.town import NOW, Town, clerk


@pytest.fixture
def town(captured_town: Town, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return captured_town.copy_to(tmp_path_factory.mktemp("town"))


def test_the_texts_of_an_item_are_those_it_is_indexed_by(town: Town) -> None:
    with town.open() as archive:
        records = [record.id for record in archive.catalogue.records()]
        correct_record(archive, records[0], {"title": "পানী बंद پانی"}, reason="test", actor=clerk(archive), now=NOW)
        indexed = {
            doc.id: {text for text in (*doc.body.split(TEXT_SEPARATOR), doc.title) if text}
            for doc in index_docs(archive, records)
        }
        read = dict(every_text(archive.db, sorted(indexed)))
    assert {id: {text for text in texts if text} for id, texts in read.items()} == indexed


def test_current_texts_leave_out_what_is_unknown(town: Town) -> None:
    with town.open() as archive:
        ids = list(archive.catalogue.item_ids())
        found = {id: text for id, text, _ in current_texts(archive.db, [*ids, "rec_0/none"])}
        assert sorted(found) == ids
        assert all(found[each.id] == each.item.text for each in _entries(archive))


def _entries(archive: Archive) -> Iterator[CataloguedItem]:
    return (each for record in archive.catalogue.records() for each in archive.catalogue.items(record.id))

"""Hits are shown where they stand: in the text by offsets, on the screenshot by the layout's rectangles."""

from __future__ import annotations

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadQuery, NotFound
from archiver.workflows.find import find
from archiver.workflows.show_hits import mark_hits
from archiver.workflows.show_item import crop_item
from tests.workflows.town import NOW


def test_every_word_found_lies_in_its_items_picture(archive: Archive) -> None:
    shown = 0
    for hit in find(archive, "water", now=NOW, limit=None).hits:
        marked = mark_hits(archive, hit.record.id, hit.item.id, "water", now=NOW)
        assert tuple((mark.start, mark.end) for mark in marked.marks) == hit.marks
        assert all(hit.item.item.text[mark.start : mark.end] == mark.text for mark in marked.marks)
        if marked.capture is None:
            continue
        picture = crop_item(archive, hit.record.id, hit.item.id)
        for mark in marked.marks:
            for box in mark.boxes:
                shown += 1
                assert picture.box.left <= box.left
                assert box.left + box.width <= picture.box.left + picture.box.width
                assert picture.box.top <= box.top
                assert box.top + box.height <= picture.box.top + picture.box.height
    assert shown > 0


def test_what_cannot_be_shown_is_told(archive: Archive) -> None:
    hit = find(archive, "water", now=NOW).hits[0]
    unmarked = mark_hits(archive, hit.record.id, hit.item.id, "kind:post", now=NOW)
    assert (unmarked.marks, unmarked.capture, unmarked.interpreted) == ((), None, "kind:post")
    with pytest.raises(NotFound, match="has no item 999"):
        mark_hits(archive, hit.record.id, "999", "water", now=NOW)
    with pytest.raises(BadQuery):
        mark_hits(archive, hit.record.id, hit.item.id, "water AND", now=NOW)

"""Hits are shown where they stand: in the text by offsets, on the screenshot by the layout's rectangles."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator

import pytest
from PIL import Image

from archiver.core.archive import Archive
from archiver.core.errors import BadQuery, NotFound
from archiver.workflows.search.find import find
from archiver.workflows.search.show_hits import highlight_hits, mark_hits
from archiver.workflows.search.show_item import crop_item
from capture.pictures.item_boxes import ItemBox
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


def test_words_are_tinted_in_a_copy_of_the_items_picture(archive: Archive) -> None:
    for hit in find(archive, "water kind:comment OR water kind:thread", now=NOW, limit=None).hits:
        marked = mark_hits(archive, hit.record.id, hit.item.id, "water", now=NOW)
        if not any(mark.boxes for mark in marked.marks):
            continue
        plain = crop_item(archive, hit.record.id, hit.item.id)
        tinted = highlight_hits(archive, hit.record.id, hit.item.id, "water", now=NOW)
        places = {
            pixel
            for mark in marked.marks
            for box in mark.boxes
            for pixel in pixels(box, int(plain.box.left), int(plain.box.top))
        }
        tinted_pixels = changed(plain.png, tinted.png)
        assert tinted_pixels <= places, "nothing else is touched"
        assert len(tinted_pixels) > len(places) / 2
        return
    pytest.fail("no screenshot shows a hit")


def pixels(box: ItemBox, left: int, top: int) -> Iterator[tuple[int, int]]:
    """Those of `box` in a picture that begins at `left` and `top`."""
    for x in range(math.floor(box.left - left), math.ceil(box.left + box.width - left)):
        for y in range(math.floor(box.top - top), math.ceil(box.top + box.height - top)):
            yield x, y


def changed(before: bytes, after: bytes) -> set[tuple[int, int]]:
    """Pixels that differ."""
    with Image.open(io.BytesIO(before)) as one, Image.open(io.BytesIO(after)) as other:
        old, new = one.convert("RGB").load(), other.load()
        assert old is not None
        assert new is not None
        assert one.size == other.size
        return {(x, y) for x in range(one.width) for y in range(one.height) if old[x, y] != new[x, y]}


def test_what_cannot_be_shown_is_told(archive: Archive) -> None:
    hit = find(archive, "water", now=NOW).hits[0]
    unmarked = mark_hits(archive, hit.record.id, hit.item.id, "kind:post", now=NOW)
    assert (unmarked.marks, unmarked.capture, unmarked.interpreted) == ((), None, "kind:post")
    with pytest.raises(NotFound, match="has no item 999"):
        mark_hits(archive, hit.record.id, "999", "water", now=NOW)
    with pytest.raises(BadQuery):
        mark_hits(archive, hit.record.id, hit.item.id, "water AND", now=NOW)

"""Where in an item a query's words stand: in its text, and on the screenshot of the newest capture that shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.records import CaptureId
from archiver.workflows.search.find import understand
from archiver.workflows.search.show_item import ItemPicture, crop_item, find_item, read_layout
from capture.pictures.item_boxes import ItemBox
from capture.pictures.screenshot import highlight
from capture.pictures.word_boxes import place_words
from index.highlight import find_hits


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One hit: `start` and `end` are offsets into the item's current text, in characters (Unicode code points).

    Neither falls inside a grapheme. `boxes` are the rectangles of the words it takes in, in pixels of the full page.
    """

    start: int
    end: int
    text: str
    boxes: tuple[ItemBox, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MarkedItem:
    """`capture` is the one whose screenshot the boxes lie on; None where no screenshot shows the text."""

    item: str
    query: str
    interpreted: str
    text: str
    marks: tuple[Mark, ...]
    capture: CaptureId | None


def highlight_hits(archive: Archive, record: str, item: str, query: str, *, now: datetime) -> ItemPicture:
    """The picture of an item, cut from the screenshot, a copy of it with the query's words tinted.

    Raises NotFound where no screenshot shows the item, BadQuery.
    """
    picture = crop_item(archive, record, item)
    marked = mark_hits(archive, record, item, query, now=now, only=picture.capture.id)
    # the picture begins at a whole pixel
    left, top = int(picture.box.left), int(picture.box.top)
    places = [(box.left - left, box.top - top, box.width, box.height) for mark in marked.marks for box in mark.boxes]
    return replace(picture, png=highlight(picture.png, places))


def mark_hits(
    archive: Archive, record: str, item: str, query: str, *, now: datetime, only: CaptureId | None = None
) -> MarkedItem:
    """`item` is its id, its native id, or its number in the record, from 1; `only` is the capture to look at.

    Raises NotFound, BadQuery.
    """
    parsed = understand(archive, query, now)
    items = archive.catalogue.items(archive.catalogue.record(record).id)
    entry = find_item(items, record, item)
    places = find_hits(entry.item.text, parsed.node)
    boxes: tuple[tuple[ItemBox, ...], ...] = ((),) * len(places)
    shown_by: CaptureId | None = None
    for capture in reversed(archive.catalogue.captures(record)):
        if not places or (only and capture.id != only) or not entry.first_seen <= capture.started <= entry.last_seen:
            continue
        layout = read_layout(archive, capture)
        there = [each.item for each in items if each.first_seen <= capture.started <= each.last_seen]
        native = entry.item.native_id
        if layout and native in (placed := place_words(layout, there, {native: places})):
            boxes, shown_by = placed[native], capture.id
            break
    return MarkedItem(
        item=entry.id,
        query=query,
        interpreted=parsed.interpreted,
        text=entry.item.text,
        marks=tuple(
            Mark(start=start, end=end, text=entry.item.text[start:end], boxes=held)
            for (start, end), held in zip(places, boxes, strict=True)
        ),
        capture=shown_by,
    )

"""One item as the page showed it: cut out of the full-page screenshot, never shot again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archiver.core import layout_record
from archiver.core.archive import Archive
from archiver.core.errors import NotFound
from archiver.core.records import Capture, CataloguedItem, ObjectRole, StoredObject
from capture.pictures.item_boxes import ItemBox, place_items
from capture.pictures.screenshot import FullPage


@dataclass(frozen=True, kw_only=True)
class ItemPicture:
    """A PNG, the capture whose screenshot it is cut from, and its place there."""

    item_id: str
    capture: Capture
    box: ItemBox
    png: bytes


def crop_item(archive: Archive, record: str, item: str) -> ItemPicture:
    """The picture of one item; `item` is its id, its native id, or its number in `archiver record show`, from 1.

    Raises NotFound where the record has no such item, or no screenshot shows its text.
    """
    items = archive.catalogue.items(archive.catalogue.record(record).id)
    entry = find_item(items, record, item)
    for picture in crop_items(archive, record, only=[entry]):
        return picture
    raise NotFound(
        f"no screenshot of {record} shows the text of {entry.id} in one place: see the whole page with "
        f"`archiver record pdf {record}`"
    )


def crop_items(archive: Archive, record: str, *, only: Sequence[CataloguedItem] | None = None) -> Iterator[ItemPicture]:
    """Pictures of the record's items, in the items' order; items that no screenshot shows are left out."""
    items = archive.catalogue.items(archive.catalogue.record(record).id)
    captures = sorted(archive.catalogue.captures(record), key=lambda each: (each.started, each.id), reverse=True)
    shot = [(each, found) for each in captures if (found := _screenshots(archive, each))]
    placed: dict[str, dict[str, ItemBox]] = {}
    pages: dict[str, FullPage] = {}
    for entry in items if only is None else only:
        for capture, tiles in shot:
            if not entry.first_seen <= capture.started <= entry.last_seen:
                continue
            if capture.id not in placed:
                there = [each.item for each in items if each.first_seen <= capture.started <= each.last_seen]
                layout = read_layout(archive, capture)
                placed[capture.id] = place_items(layout, there) if layout else {}
            if box := placed[capture.id].get(entry.item.native_id):
                page = _page_of(archive, capture, tiles, pages)
                yield ItemPicture(item_id=entry.id, capture=capture, box=box, png=_cut(page, box))
                break


def _page_of(archive: Archive, capture: Capture, tiles: Sequence[StoredObject], pages: dict[str, FullPage]) -> FullPage:
    """The capture's screenshot; of `pages` those two are kept that were cut last, an item of the other may follow."""
    page = pages.pop(capture.id, None)
    if page is None:
        page = FullPage([archive.objects.path_of(each.path).read_bytes() for each in tiles])
        while len(pages) > 1:
            del pages[next(iter(pages))]
    pages[capture.id] = page
    return page


def read_layout(archive: Archive, capture: Capture) -> dict[str, Any] | None:
    """The layout record of a capture of a record, None where it has none. Raises BadWarc, EvidenceDamaged."""
    if capture.record_id is None:
        return None
    warcs = (each for each in archive.catalogue.objects(capture.id) if each.role is ObjectRole.WARC)
    return layout_record.read_layout(
        (archive.objects.path_of(each.path) for each in warcs), archive.resolver(capture.record_id)
    )


def find_item(items: Sequence[CataloguedItem], record: str, wanted: str) -> CataloguedItem:
    """By id, by the site's own id, or by its number among `items`, from 1. Raises NotFound."""
    for each in items:
        if wanted in (each.id, each.item.native_id):
            return each
    if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(items):
        return items[int(wanted) - 1]
    raise NotFound(f"{record} has no item {wanted}: see `archiver record show {record}`")


def _screenshots(archive: Archive, capture: Capture) -> list[StoredObject]:
    found = (each for each in archive.catalogue.objects(capture.id) if each.role is ObjectRole.SCREENSHOT)
    return sorted(found, key=lambda each: (len(each.path), each.path))


def _cut(page: FullPage, box: ItemBox) -> bytes:
    left, top = int(box.left), int(box.top)
    return page.cut_out(
        left=left,
        top=top,
        width=max(1, round(box.left + box.width) - left),
        height=max(1, round(box.top + box.height) - top),
    )

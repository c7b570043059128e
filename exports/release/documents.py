"""Numbering: every page and picture of a production has its own Bates number, unbroken across records and volumes.

A document is one item; the thread is its family. The first item of a thread carries the pictures of the page, every
other its part of them, or a slip sheet where no picture shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archiver.core.errors import BadInput
from archiver.core.records import CaptureId, CataloguedItem
from exports.redaction.gate import ItemRelease, ReleasedRecord
from exports.redaction.painting import cut_pages, cut_part, slip_sheet, stamp
from exports.release.page_images import page_image

_PREFIX = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@dataclass(frozen=True, kw_only=True)
class Numbering:
    """`ABC-000123`: prefix, first number, digits."""

    prefix: str
    first: int = 1
    width: int = 7

    def number(self, place: int) -> str:
        """Of the page at `place`, counted from 0. Raises BadInput where the digits do not suffice."""
        text = str(self.first + place)
        if len(text) > self.width:
            raise BadInput(f"{self.prefix}{text} needs more than {self.width} digits: begin with a greater width")
        return f"{self.prefix}{text.rjust(self.width, '0')}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """What every number of it matches."""
        return re.compile(rf"(?<![\w-]){re.escape(self.prefix)}\d{{{self.width}}}(?!\d)")


def check_numbering(numbering: Numbering) -> None:
    """Raises BadInput: numbers are file names on every system and cells of load files."""
    if not numbering.prefix or len(numbering.prefix) > 24 or set(numbering.prefix) - _PREFIX:
        raise BadInput(f"{numbering.prefix!r}: a prefix has up to 24 letters A-Z, digits, - and _")
    if numbering.first < 0 or not 3 <= numbering.width <= 12:
        raise BadInput("numbers begin at 0 or later and have 3 to 12 digits")


@dataclass(frozen=True, kw_only=True)
class NumberedPage:
    """`ending` is that of its file: png, or tif and jpg where the court wants these."""

    number: str
    ending: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Document:
    """One item with its pages. `family` are the first and last number of its thread."""

    begin: str
    end: str
    family: tuple[str, str]
    parent: str  # begin of the document it answers, "" for the thread's first
    children: tuple[str, ...]
    record: ReleasedRecord
    item: CataloguedItem | None  # None for a record without items
    release: ItemRelease
    pages: tuple[NumberedPage, ...]
    text: str


def number_documents(
    record: ReleasedRecord,
    numbering: Numbering,
    place: int,
    *,
    pictures: bool = True,
    images: str = "png",
    made: Sequence[Sequence[tuple[str, bytes]]] | None = None,
) -> tuple[list[Document], int]:
    """The record's documents from page `place` on, and the place after its last page.

    `made` are the pages of each document as an earlier run made them: ending and bytes.
    """
    items: Sequence[CataloguedItem | None] = record.produced.items or (None,)
    shown = _shown(record)
    numbered: list[tuple[CataloguedItem | None, list[NumberedPage]]] = []
    for index, entry in enumerate(items):
        pages: list[NumberedPage] = []
        if made is not None:
            for ending, content in made[index]:
                pages.append(NumberedPage(number=numbering.number(place), ending=ending, content=content))
                place += 1
        else:
            for png in _pages(record, entry, first=index == 0, shown=shown) if pictures else (b"",):
                number = numbering.number(place)
                ending, content = page_image(stamp(png, number), images) if png else ("", b"")
                pages.append(NumberedPage(number=number, ending=ending, content=content))
                place += 1
        numbered.append((entry, pages))
    begins = {entry.item.native_id: pages[0].number for entry, pages in numbered if entry is not None}
    family = (numbered[0][1][0].number, numbered[-1][1][-1].number)
    documents = []
    for index, (entry, pages) in enumerate(numbered):
        parent = "" if index == 0 else begins.get(entry.item.parent_id or "", family[0]) if entry else ""
        documents.append(
            Document(
                begin=pages[0].number,
                end=pages[-1].number,
                family=family,
                parent=parent,
                children=tuple(each[0].number for _, each in numbered[1:]) if index == 0 else (),
                record=record,
                item=entry,
                release=record.releases.get(entry.id, ItemRelease(release="full"))
                if entry
                else ItemRelease(release="full"),
                pages=tuple(each for each in pages if each.content),
                text=_text(record, entry),
            )
        )
    return documents, place


def _shown(record: ReleasedRecord) -> CaptureId | None:
    """The newest capture with a picture."""
    dated = [(each.capture.started, each.capture.id) for each in record.produced.captures]
    return next((id for _, id in sorted(dated, reverse=True) if id in record.pictures), None)


def _pages(
    record: ReleasedRecord, entry: CataloguedItem | None, *, first: bool, shown: CaptureId | None
) -> Iterator[bytes]:
    if first and record.pictures:
        captures = sorted(record.produced.captures, key=lambda each: (each.capture.started, each.capture.id))
        for each in captures:
            if each.capture.id in record.pictures:
                yield from cut_pages(record.pictures[each.capture.id])
        return
    if entry is not None and shown is not None:
        box = record.boxes.get(shown, {}).get(entry.item.native_id)
        part = cut_part(record.pictures[shown], box) if box else None
        if part is not None:
            yield part
            return
    yield slip_sheet(
        [
            f"Record {record.produced.record.id}",
            "" if entry is None else f"Item of {entry.item.created:%Y-%m-%d %H:%M} UTC" if entry.item.created else "",
            "No picture shows this item in one place.",
            "Its text is in the text file of the same number.",
        ]
    )


def _text(record: ReleasedRecord, entry: CataloguedItem | None) -> str:
    """What a reviewer's tool shows and searches, with what stood there before."""
    if entry is None:
        return record.produced.record.title + "\n"
    seen = entry.item
    head = [seen.creator_name, seen.creator_handle, f"{seen.created:%Y-%m-%d %H:%M:%S} UTC" if seen.created else ""]
    lines = [" ".join(filter(None, head)), "", seen.text]
    for version in entry.versions[:-1]:
        lines += ["", f"Earlier text, first seen {version.seen:%Y-%m-%d %H:%M:%S} UTC:", version.text]
    lines += [f"{each.kind}: {each.url} {each.alt}".rstrip() for each in seen.media]
    lines += [f"link: {each}" for each in seen.links]
    return "\n".join(lines) + "\n"

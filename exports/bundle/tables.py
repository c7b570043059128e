"""The items of a production as tables: items.jsonl for programs, items.csv for spreadsheets.

items.jsonl holds every text exactly as it was captured. A spreadsheet would run some texts as
formulas, so items.csv marks those with an apostrophe; the marking can be undone (`plain_cell`).
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver.core.clock import from_iso, from_optional_iso, optional_iso, to_iso
from archiver.core.manifest import item_from_dict
from archiver.core.records import CaptureId, CataloguedItem, ItemVersion, Observed, Record, RecordId

BOM = "\ufeff"
"""First character of items.csv: without them spreadsheets read UTF-8 as something else."""

LONGEST_ITEM = 1 << 24
"""Lines and cells longer than so many are not read: no site has such posts."""

COLUMNS = (
    "item_id",
    "record_id",
    "record_title",
    "site",
    "kind",
    "in_reply_to",
    "creator_name",
    "creator_handle",
    "created_utc",
    "modified_utc",
    "language",
    "text",
    "earlier_texts",
    "observed",
    "first_seen_utc",
    "last_seen_utc",
    "gone_after_utc",
    "gone_before_utc",
    "links",
    "media",
    "source_url",
    "found_by_search",
    "note",
)

_FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
_JSON = json.JSONEncoder(ensure_ascii=False)
_NUL_NOTE = "NUL characters were left out; items.jsonl has them"


def item_line(item: CataloguedItem, record: Record, *, hit: bool) -> bytes:
    """One line of items.jsonl: all that is known of the item, moments in ISO 8601 UTC."""
    entry = {
        "item_id": item.id,
        "record_id": item.record_id,
        "record_title": record.title,
        "site": record.site,
        "record_kind": record.kind.value,
        "found_by_search": hit,
        "observed": item.observed.value,
        "first_seen": to_iso(item.first_seen),
        "last_seen": to_iso(item.last_seen),
        "gone_after": optional_iso(item.gone_after),
        "gone_before": optional_iso(item.gone_before),
        "item": {
            **vars(item.item),
            "media": [vars(each) for each in item.item.media],
            "created": optional_iso(item.item.created),
            "modified": optional_iso(item.item.modified),
        },
        "versions": [{**vars(each), "seen": to_iso(each.seen)} for each in item.versions],
    }
    return (_JSON.encode(entry) + "\n").encode()


@dataclass(frozen=True, kw_only=True)
class TableEntry:
    """What one line of items.jsonl says that items.csv says too."""

    item: CataloguedItem
    title: str
    site: str
    hit: bool


def read_item_line(line: bytes) -> CataloguedItem:
    """The item of a line of items.jsonl. Raises ValueError, KeyError or TypeError where it is none."""
    return read_entry(line).item


def read_entry(line: bytes) -> TableEntry:
    """Like `read_item_line`, with the record's title and site and whether the search found the item."""
    entry = json.loads(line)
    item = CataloguedItem(
        id=entry["item_id"],
        record_id=RecordId(entry["record_id"]),
        item=item_from_dict(entry["item"]),
        observed=Observed(entry["observed"]),
        first_seen=from_iso(entry["first_seen"]),
        last_seen=from_iso(entry["last_seen"]),
        gone_after=from_optional_iso(entry["gone_after"]),
        gone_before=from_optional_iso(entry["gone_before"]),
        versions=tuple(_read_version(each) for each in entry["versions"]),
    )
    return TableEntry(item=item, title=entry["record_title"], site=entry["site"], hit=entry["found_by_search"])


def _read_version(entry: dict[str, Any]) -> ItemVersion:
    return ItemVersion(
        number=entry["number"],
        text=entry["text"],
        seen=from_iso(entry["seen"]),
        capture_id=CaptureId(entry["capture_id"]),
    )


def csv_header() -> bytes:
    return BOM.encode() + csv_row(COLUMNS)


def item_row(item: CataloguedItem, record: Record, *, hit: bool) -> bytes:
    """One row of items.csv, every cell safe to open in a spreadsheet."""
    return csv_row(item_cells(item, title=record.title, site=record.site, hit=hit))


def item_cells(item: CataloguedItem, *, title: str, site: str, hit: bool) -> list[str]:
    """The cells of the item's row, in the order of COLUMNS, not yet made safe."""
    seen = item.item
    parent = "" if seen.parent_id is None else f"{item.record_id}/{seen.parent_id}"
    cells = [
        item.id,
        item.record_id,
        title,
        site,
        seen.kind.value,
        parent,
        seen.creator_name,
        seen.creator_handle,
        optional_iso(seen.created) or "",
        optional_iso(seen.modified) or "",
        seen.language,
        seen.text,
        "\n\n".join(f"[{to_iso(each.seen)}] {each.text}" for each in item.versions[:-1]),
        item.observed.value,
        to_iso(item.first_seen),
        to_iso(item.last_seen),
        optional_iso(item.gone_after) or "",
        optional_iso(item.gone_before) or "",
        "\n".join(seen.links),
        "\n".join(f"{each.kind}: {each.url}" + (f" ({each.alt})" if each.alt else "") for each in seen.media),
        seen.source_url,
        "yes" if hit else "no",
    ]
    return [*cells, _NUL_NOTE if any("\0" in cell for cell in cells) else ""]


def csv_row(cells: Iterable[str]) -> bytes:
    """RFC 4180: every cell quoted, CRLF at the end."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(safe_cell(cell) for cell in cells)
    return text.getvalue().encode()


def read_rows(path: Path) -> Iterator[list[str]]:
    """Rows with the apostrophes taken off again, the header first.

    Raises ValueError without the BOM or where it is no UTF-8, csv.Error where it is no CSV, OSError.
    """
    csv.field_size_limit(LONGEST_ITEM)  # Python's own limit is shorter than a long page
    with path.open(encoding="utf-8", newline="") as file:
        if file.read(1) != BOM:
            raise ValueError("it does not begin with a byte order mark")
        for row in csv.reader(file, strict=True):
            yield [plain_cell(cell) for cell in row]


def safe_cell(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet might run it as a formula.

    ASVS 5.0, 1.2.10: a first character = + - @, tab or NUL; here also their full-width forms, line
    breaks, and those after blanks or invisible characters. A first apostrophe gets another one, so
    that the marking can be undone. NUL itself is left out: no spreadsheet takes it.
    """
    if not text or (text[:1].isalnum() and "\0" not in text):
        return text
    bare = text.replace("\0", "")
    first = next((each for each in bare if not _is_blank(each)), "")
    marked = bare[:1] in _FORMULA_STARTS or first in _FORMULA_STARTS or bare.startswith("'")
    return f"'{bare}" if marked else bare


def plain_cell(cell: str) -> str:
    """What `safe_cell` was given, but for NUL."""
    return cell.removeprefix("'")


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cf", "Cc")

"""Checking the item tables against what the captures themselves hold, which the audit trail proves.

Titles, keywords and what a search found are in no captured file: only the bundle's seal vouches for them.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from archiver.core.manifest import item_from_dict
from archiver.core.records import CataloguedItem, Item
from exports.bundle.tables import COLUMNS, LONGEST_ITEM, TableEntry, item_cells, read_entry, read_rows
from exports.checking.bag import show

_NO_ITEM = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class CaptureItems:
    """The items files of one capture, by their paths in the bag. Times in UTC."""

    record: str
    capture: str
    started: datetime
    finished: datetime
    files: Sequence[str]


@dataclass(kw_only=True)
class _Evidence:
    """What all captures of one record show: every form each item had, by its native id."""

    items: dict[str, dict[Item, None]] = field(default_factory=dict)
    started: dict[str, datetime] = field(default_factory=dict)
    finished: set[datetime] = field(default_factory=set)
    told: set[str] = field(default_factory=set)  # native ids that items.jsonl has


def check_items(
    root: Path, captures: Sequence[CaptureItems], expected: Mapping[str, int], total: int
) -> tuple[int, list[str]]:
    """How many items items.jsonl holds, and the findings.

    `expected` counts each record's items and `total` all of them, as production.json states them.
    """
    findings: list[str] = []
    evidence = _read_captures(root, captures, findings)
    rows = _read_table(root, findings)
    found: Counter[str] = Counter()
    rows_found = 0
    try:
        with (root / "data/items.jsonl").open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_ITEM), b""), 1):
                row = next(rows, None)
                rows_found += row is not None
                try:
                    entry = read_entry(line)
                    _require_texts(entry.item.item)
                    wanted = _cells_of(entry)
                    known = evidence.setdefault(entry.item.record_id, _Evidence())
                    findings += _check_item(entry.item, known)
                except _NO_ITEM:
                    findings.append(f"data/items.jsonl, line {number}, is no item")
                    continue
                found[entry.item.record_id] += 1
                if row is not None and row != wanted:
                    findings.append(f"data/items.csv: row {number} differs from {entry.item.id} in data/items.jsonl")
    except OSError as error:
        findings.append(f"data/items.jsonl could not be read: {error.strerror}")
    if found.total() != total:
        findings.append(f"data/items.jsonl holds {found.total()} items; data/production.json counts {total}")
    for record in sorted(expected.keys() | found.keys()):
        if expected.get(record, 0) != found[record]:
            findings.append(f"data/items.jsonl holds {found[record]} items of {record}, not {expected.get(record, 0)}")
    for record, seen in evidence.items():
        findings += [
            f"data/items.jsonl lacks {record}/{native}, which a capture shows"
            for native in seen.items
            if native not in seen.told
        ]
    rows_found += sum(1 for _ in rows)
    if rows_found != total:
        findings.append(f"data/items.csv holds {rows_found} items; data/production.json counts {total}")
    return found.total(), findings


def _read_captures(root: Path, captures: Sequence[CaptureItems], findings: list[str]) -> dict[str, _Evidence]:
    evidence: dict[str, _Evidence] = {}
    for capture in captures:
        seen = evidence.setdefault(capture.record, _Evidence())
        seen.started[capture.capture] = capture.started
        seen.finished.add(capture.finished)
        for name in capture.files:
            number = 0
            try:
                with (root / name).open("rb") as file:
                    for number, line in enumerate(iter(lambda: file.readline(LONGEST_ITEM), b""), 1):  # noqa: B007 - told below
                        item = item_from_dict(json.loads(line))
                        _require_texts(item)
                        seen.items.setdefault(item.native_id, {})[item] = None
            except (OSError, *_NO_ITEM):
                findings.append(f"{show(name)} could not be read after line {number}: its items were not compared")
    return evidence


def _require_texts(item: Item) -> None:
    """Raises TypeError: nothing else can be compared."""
    texts = (item.native_id, item.parent_id or "", item.text, item.creator_name, item.creator_handle, item.language)
    if not all(isinstance(each, str) for each in texts):
        raise TypeError("no text")
    hash(item)


def _check_item(entry: CataloguedItem, seen: _Evidence) -> Iterator[str]:
    item, name = entry.item, f"data/items.jsonl: {entry.id}"
    if entry.id != f"{entry.record_id}/{item.native_id}":
        yield f"{name} is not the id of {entry.record_id}/{item.native_id}"
    if item.native_id in seen.told:
        yield f"{name} is listed a second time"
    seen.told.add(item.native_id)
    forms = seen.items.get(item.native_id)
    if forms is None:
        yield f"{name} is shown by no capture of its record"
        return
    texts = {each.text for each in forms}
    if item.text not in texts:
        yield f"{name}: its text stands in no capture"
    elif not any(_same_text(each.text, item.text) and replace(each, text=item.text) == item for each in forms):
        yield f"{name}: no capture that shows this text gives it this creator, date, parent, language, media or address"
    for version in entry.versions:
        if version.text not in texts:
            yield f"{name}: the text of version {version.number} stands in no capture"
        if seen.started.get(version.capture_id) != version.seen:
            yield f"{name}: version {version.number} was not seen at the moment of the capture it names"
    if entry.versions and entry.versions[-1].text != item.text:
        yield f"{name}: its text is not that of its latest version"
    told = {_plain(each) for each in (item.text, *(version.text for version in entry.versions))}
    if any(_plain(text) not in told for text in texts):
        yield f"{name}: a capture shows a text that is not among its versions"
    moments = set(seen.started.values())
    if not {entry.first_seen, entry.last_seen, entry.gone_after or entry.last_seen} <= moments:
        yield f"{name} was seen at a moment at which there was no capture"
    if entry.gone_before is not None and entry.gone_before not in seen.finished:
        yield f"{name} was missed at a moment at which there was no capture"


def _same_text(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    """Without what a reader does not see: a text is filed in the form it was first captured in."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _cells_of(entry: TableEntry) -> list[str]:
    cells = item_cells(entry.item, title=entry.title, site=entry.site, hit=entry.hit)
    return [cell.replace("\0", "") for cell in cells]


def _read_table(root: Path, findings: list[str]) -> Iterator[list[str]]:
    try:
        table = read_rows(root / "data/items.csv")
        if tuple(next(table, ())) != COLUMNS:
            findings.append("data/items.csv does not begin with its column names")
        yield from table
    except (OSError, ValueError, csv.Error) as error:
        findings.append(f"data/items.csv could not be read: {show(str(error))[:200]}")

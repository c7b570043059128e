"""Items as tables: nothing is lost in items.jsonl, nothing runs in items.csv."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.core.records import RecordId
from exports.bundle.tables import (
    COLUMNS,
    csv_header,
    csv_row,
    item_line,
    item_row,
    plain_cell,
    read_item_line,
    read_rows,
    safe_cell,
)
from tests.exports.sample import DESCRIBED, TEXTS, make_item, make_record

RECORD = RecordId("rec_" + "1" * 16)
ANY_TEXT = st.text(max_size=60)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("-1", "'-1"),
        ("@works", "'@works"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\0=1", "'=1"),
        ("  =1", "'  =1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff@SUM(A1)", "'\ufeff@SUM(A1)"),
        ("＝1", "'＝1"),
        ("'quoted'", "''quoted'"),
        ("a=1", "a=1"),
        ("", ""),
        ("سڑک پیر", "سڑک پیر"),
        ("রাস্তা\nবন্ধ", "রাস্তা\nবন্ধ"),
    ],
)
def test_a_cell_that_a_spreadsheet_might_run_gets_an_apostrophe(text: str, cell: str) -> None:
    assert safe_cell(text) == cell


@given(ANY_TEXT)
def test_no_cell_begins_like_a_formula_and_every_cell_can_be_read_back(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert "\0" not in cell
    assert plain_cell(cell) == text.replace("\0", "")


def test_the_csv_file_begins_with_a_byte_order_mark_and_its_column_names() -> None:
    assert csv_header().startswith(b'\xef\xbb\xbf"item_id","record_id","record_title","site","kind",')
    assert csv_header().endswith(b'"note"\r\n')


def test_a_row_quotes_every_cell_and_ends_with_crlf() -> None:
    assert csv_row(['say "no"', "=1", "a,b\nc"]) == b'"say ""no""","\'=1","a,b\nc"\r\n'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.lists(ANY_TEXT, min_size=2, max_size=4), min_size=1, max_size=4))
def test_rows_read_back_as_they_were_but_for_nul(tmp_path: Path, rows: list[list[str]]) -> None:
    file = tmp_path / "items.csv"
    file.write_bytes(csv_header() + b"".join(csv_row(row) for row in rows))
    header, *found = read_rows(file)
    assert tuple(header) == COLUMNS
    assert found == [[cell.replace("\0", "") for cell in row] for row in rows]


def test_a_table_without_byte_order_mark_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_bytes(b'"item_id"\r\n')
    with pytest.raises(ValueError, match="byte order mark"):
        list(read_rows(file))


def test_a_row_tells_all_that_is_known_of_an_edited_comment(tmp_path: Path) -> None:
    produced = make_record(tmp_path)
    row = item_row(produced.items[1], produced.record, hit=True)
    cells = dict(zip(COLUMNS, next(csv.reader([row.decode()])), strict=True))
    assert cells == {
        "item_id": "rec_1111111111111111/2",
        "record_id": "rec_1111111111111111",
        "record_title": "Majuli road",
        "site": "town.example",
        "kind": "comment",
        "in_reply_to": "rec_1111111111111111/1",
        "creator_name": "Public Works",
        "creator_handle": "'@works",
        "created_utc": "2026-03-14T09:34:07.000000Z",
        "modified_utc": "",
        "language": "fr",
        "text": TEXTS["fr"],
        "earlier_texts": "[2026-03-14T09:32:07.000000Z] Où est le pont ?",
        "observed": "edited",
        "first_seen_utc": "2026-03-14T09:32:07.000000Z",
        "last_seen_utc": "2026-03-15T09:32:07.000000Z",
        "gone_after_utc": "",
        "gone_before_utc": "",
        "links": "https://town.example/roads",
        "media": "image: https://town.example/road.jpg (a road)",
        "source_url": "https://town.example/road#2",
        "found_by_search": "yes",
        "note": "",
    }


def test_a_row_says_where_nul_was_left_out() -> None:
    row = item_row(make_item(RECORD, 1, "one\0two"), DESCRIBED, hit=False)
    assert b'"onetwo"' in row
    assert b"NUL characters were left out; items.jsonl has them" in row


def test_a_line_keeps_the_text_as_it_was_captured() -> None:
    item = make_item(RECORD, 1, "=1+1\0 سڑک\u2028👍🏽")
    line = item_line(item, DESCRIBED, hit=True)
    assert line.count(b"\n") == 1
    assert "سڑک" in line.decode()
    entry = json.loads(line)
    assert entry["item"]["text"] == "=1+1\0 سڑک\u2028👍🏽"
    assert entry["item"]["created"] == "2026-03-14T09:33:07.000000Z"
    assert entry["found_by_search"] is True


@settings(deadline=None)
@given(text=ANY_TEXT, name=ANY_TEXT, created=st.none() | MOMENTS, seen=MOMENTS)
def test_an_item_reads_back_from_its_line(text: str, name: str, created: datetime | None, seen: datetime) -> None:
    plain = make_item(RECORD, 1, text)
    item = replace(
        plain, item=replace(plain.item, creator_name=name, created=created), first_seen=seen, gone_after=seen
    )
    assert read_item_line(item_line(item, DESCRIBED, hit=False)) == item


def test_every_item_of_a_record_reads_back_from_its_line(tmp_path: Path) -> None:
    produced = make_record(tmp_path)
    lines = [item_line(each, produced.record, hit=False) for each in produced.items]
    assert tuple(read_item_line(line) for line in lines) == produced.items

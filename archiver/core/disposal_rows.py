"""Every row of the catalogue that holds something of a record, and nothing else: what goes with it.

One list for the catalogue and for every copy of it, so that none keeps what another lost. SQL lives here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from archiver.core.records import RecordId
from archiver.core.schema import table_names

# in the order foreign keys allow; `?1` is the record's id
_ROWS = (
    ("item_versions", "DELETE FROM item_versions WHERE item_id IN (SELECT id FROM items WHERE record_id = ?1)"),
    ("items", "DELETE FROM items WHERE record_id = ?1"),
    (
        "repeated_objects",
        "DELETE FROM repeated_objects WHERE capture_id IN (SELECT id FROM captures WHERE record_id = ?1)",
    ),
    (
        "fixity_checks",
        "DELETE FROM fixity_checks WHERE path IN "
        "(SELECT o.path FROM objects o JOIN captures c ON c.id = o.capture_id WHERE c.record_id = ?1)",
    ),
    ("objects", "DELETE FROM objects WHERE capture_id IN (SELECT id FROM captures WHERE record_id = ?1)"),
    (
        "asset_references",
        "DELETE FROM asset_references WHERE capture_id IN (SELECT id FROM captures WHERE record_id = ?1)",
    ),
    (
        "night_visits",
        "UPDATE night_visits SET told = '', hint = '{}' WHERE url IN "
        "(SELECT url FROM captures WHERE record_id = ?1 UNION SELECT canonical_url FROM records WHERE id = ?1)",
    ),
    ("captures", "DELETE FROM captures WHERE record_id = ?1"),
    ("record_corrections", "DELETE FROM record_corrections WHERE record_id = ?1"),
    ("record_tags", "DELETE FROM record_tags WHERE record_id = ?1"),
    ("class_decisions", "DELETE FROM class_decisions WHERE record_id = ?1"),
    ("extensions", "DELETE FROM extensions WHERE record_id = ?1"),
    ("trigger_events", "DELETE FROM trigger_events WHERE scope = 'record' AND subject = ?1"),
    ("records", "DELETE FROM records WHERE id = ?1"),
)
# the same rows with the record they are of, for who takes them out of a copy: table `t`, what it is joined with, owner
_BY_CAPTURE = "JOIN captures o ON o.id = t.capture_id"
ROWS_BY_RECORD = (
    ("item_versions", "JOIN items o ON o.id = t.item_id", "o.record_id"),
    ("items", "", "t.record_id"),
    ("repeated_objects", _BY_CAPTURE, "o.record_id"),
    ("fixity_checks", "JOIN objects p ON p.path = t.path JOIN captures o ON o.id = p.capture_id", "o.record_id"),
    ("objects", _BY_CAPTURE, "o.record_id"),
    ("asset_references", _BY_CAPTURE, "o.record_id"),
    ("captures", "", "t.record_id"),
    ("record_corrections", "", "t.record_id"),
    ("record_tags", "", "t.record_id"),
    ("class_decisions", "", "t.record_id"),
    ("extensions", "", "t.record_id"),
    ("trigger_events", "", "CASE WHEN t.scope = 'record' THEN t.subject END"),
    ("records", "", "t.id"),
)
VISITS_BY_RECORD = (
    "SELECT v.rowid, u.record_id, v.run_id, v.kind, v.url, v.told, v.hint FROM night_visits v JOIN "
    "(SELECT record_id, url FROM captures WHERE record_id IS NOT NULL UNION SELECT id, canonical_url FROM records) u "
    "ON u.url = v.url WHERE v.told <> '' OR v.hint <> '{}' ORDER BY u.record_id"
)


def delete_record_rows(db: sqlite3.Connection, records: Sequence[RecordId]) -> None:
    """Delete them; of a copy made by an earlier version, as far as it has the tables."""
    there = table_names(db)
    for table, sql in _ROWS:
        if table in there:
            db.executemany(sql, [(each,) for each in records])


def count_items(db: sqlite3.Connection, record: RecordId) -> int:
    (count,) = db.execute("SELECT count(*) FROM items WHERE record_id = ?", (record,)).fetchone()
    return int(count)


def evidence_size(db: sqlite3.Connection, record: RecordId) -> int:
    """Bytes of every file kept for the record."""
    sql = "SELECT coalesce(sum(o.size), 0) FROM objects o JOIN captures c ON c.id = o.capture_id WHERE c.record_id = ?"
    return int(db.execute(sql, (record,)).fetchone()[0])


def decision_rows(db: sqlite3.Connection, record: RecordId) -> Iterator[tuple[str, object]]:
    """Kind and key of every row about the record that the trail commits to: their going is told of too."""
    for table in ("class_decisions", "extensions"):
        for (id,) in db.execute(f"SELECT id FROM {table} WHERE record_id = ?", (record,)):  # noqa: S608 - constants
            yield table, id
    for (id,) in db.execute("SELECT id FROM trigger_events WHERE scope = 'record' AND subject = ?", (record,)):
        yield "trigger_events", id
    if db.execute("SELECT 1 FROM record_tags WHERE record_id = ?", (record,)).fetchone():
        yield "record_tags", record


def correction_numbers(db: sqlite3.Connection, record: RecordId) -> list[int]:
    return [id for (id,) in db.execute("SELECT id FROM record_corrections WHERE record_id = ?", (record,))]


def texts_of_record(db: sqlite3.Connection, record: RecordId) -> set[str]:
    """Every text of the record that nothing of it may be left of: titles, items, versions, names, notes."""
    sql = (
        "SELECT title FROM records WHERE id = ?1 UNION SELECT creator_name FROM records WHERE id = ?1 "
        "UNION SELECT text FROM items WHERE record_id = ?1 UNION SELECT creator_name FROM items WHERE record_id = ?1 "
        "UNION SELECT v.text FROM item_versions v JOIN items i ON i.id = v.item_id WHERE i.record_id = ?1 "
        "UNION SELECT reason FROM record_corrections WHERE record_id = ?1 "
        "UNION SELECT reason FROM class_decisions WHERE record_id = ?1"
    )
    return {text for (text,) in db.execute(sql, (record,)) if text.strip()}

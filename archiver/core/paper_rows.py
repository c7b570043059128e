"""Every row of the catalogue that one of the archive's own papers consists of, and nothing else: what goes with it.

One list for the catalogue and for every copy of it, so that none keeps what another lost. SQL lives here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from archiver.core.commitments import Row
from archiver.core.fixity import digest_bytes
from archiver.core.papers import PLAN, PaperKind
from archiver.core.schema import table_names

_OF_REQUEST = "request_number = :key"
_OF_BATCH = "batch_id IN (SELECT id FROM batches WHERE certificate = :key)"

# in the order foreign keys allow; `:key` is the paper's id, of a file plan its number
_ROWS: dict[PaperKind, tuple[tuple[str, str], ...]] = {
    PaperKind.REQUEST: (
        ("review_decisions", "batch_id IN (SELECT id FROM review_batches WHERE request_number = :key)"),
        ("review_batches", _OF_REQUEST),
        ("review_assignments", _OF_REQUEST),
        ("review_members", "set_id IN (SELECT id FROM review_sets WHERE request_number = :key)"),
        ("review_sets", _OF_REQUEST),
        ("redactions", _OF_REQUEST),
        ("picture_clearances", _OF_REQUEST),
        ("leak_acknowledgements", _OF_REQUEST),
        ("request_hits", "search_id IN (SELECT id FROM request_searches WHERE request_number = :key)"),
        ("request_searches", _OF_REQUEST),
        ("request_events", _OF_REQUEST),
        ("request_closings", _OF_REQUEST),
        ("requesters", _OF_REQUEST),
        ("request_details", "number = :key"),
        ("requests", "number = :key"),
    ),
    PaperKind.PRODUCTION: (("production_details", "id = :key"), ("productions", "id = :key")),
    PaperKind.CERTIFICATE: (
        ("batch_approvals", _OF_BATCH),
        ("batch_items", _OF_BATCH),
        ("disposal_residue", _OF_BATCH),
        ("batches", "certificate = :key"),
    ),
    PaperKind.NIGHT_REPORT: (
        ("night_notes", "run_id = :key"),
        ("night_visits", "run_id = :key"),
        ("night_runs", "id = :key"),
    ),
    PaperKind.HOLD: (("hold_records", "hold_id = :key"), ("hold_scopes", "hold_id = :key"), ("holds", "id = :key")),
    PaperKind.FILE_PLAN: (
        ("classification_rules", "plan_version = :key"),
        ("record_classes", "plan_version = :key"),
        ("schedule_versions", "plan_version = :key"),
        ("plan_approvals", "plan_version = :key"),
        ("plan_versions", "number = :key"),
    ),
}  # the trail has none: it never goes
# what officers decided of any paper
_DECIDED = (("class_decisions", "record_id = :id"), ("extensions", "record_id = :id"))
# the rows of these that the trail commits to, with their keys
_COMMITTED = {
    "batch_approvals": "id",
    "batches": "id",
    "class_decisions": "id",
    "extensions": "id",
    "holds": "id",
    "leak_acknowledgements": "id",
    "picture_clearances": "id",
    "plan_approvals": "id",
    "plan_versions": "number",
    "production_details": "id",
    "productions": "id",
    "redactions": "id",
    "request_closings": "id",
    "request_details": "number",
    "request_events": "id",
    "request_searches": "id",
    "requesters": "id",
    "requests": "number",
    "review_batches": "id",
    "review_sets": "id",
}


def delete_paper_rows(db: sqlite3.Connection, kind: PaperKind, id: str) -> None:
    """Delete them; of a copy made by an earlier version, as far as it has the tables."""
    there = table_names(db)
    for table, where in _tables(kind):
        if table in there:
            db.execute(f"DELETE FROM {table} WHERE {where}", _keys(kind, id))  # noqa: S608 - constants


def digest_rows(db: sqlite3.Connection, kind: PaperKind, id: str) -> str:
    """Of everything the paper's rows hold: a word that is added or changed changes it."""
    told = [[table, list(row.values())] for table, row in _rows(db, kind, id)]
    return digest_bytes(json.dumps(told, ensure_ascii=False).encode())


def tell_rows(db: sqlite3.Connection, kind: PaperKind, id: str) -> bytes:
    """Every row of it for who keeps it from now on: JSON, by table, each column by its name."""
    told: dict[str, list[dict[str, object]]] = {}
    for table, row in _rows(db, kind, id):
        told.setdefault(table, []).append(row)
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def count_rows(db: sqlite3.Connection, kind: PaperKind, id: str) -> int:
    return sum(1 for _ in _rows(db, kind, id))


def committed_rows(db: sqlite3.Connection, kind: PaperKind, id: str) -> list[Row]:
    """Kind and key of every row of it that the trail commits to: their going is told of too."""
    return [
        (table, key)
        for table, where in _tables(kind)
        if table in _COMMITTED
        for (key,) in db.execute(
            f"SELECT {_COMMITTED[table]} FROM {table} WHERE {where} ORDER BY 1",  # noqa: S608 - constants
            _keys(kind, id),
        )
    ]


def rows_of_kind(db: sqlite3.Connection, kind: PaperKind, id: str) -> Iterator[tuple[str, int, dict[str, object]]]:
    """Every row of it but what officers decided, with its table and its number there."""
    return _numbered(db, _ROWS[kind], _keys(kind, id))


def texts_of_paper(db: sqlite3.Connection, kind: PaperKind, id: str) -> set[str]:
    """Every text of its rows that people wrote: subjects, queries, reasons, letters, names. Of a plan or a night, none:
    the next one says the same.
    """
    if kind in (PaperKind.FILE_PLAN, PaperKind.NIGHT_REPORT):
        return set()
    values = (value for _, row in _rows(db, kind, id) for value in row.values())
    return {value for value in values if isinstance(value, str) and " " in value.strip()}


def _rows(db: sqlite3.Connection, kind: PaperKind, id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Each with its table; values by the names of their columns."""
    return ((table, row) for table, _, row in _numbered(db, _tables(kind), _keys(kind, id)))


def _numbered(
    db: sqlite3.Connection, tables: Sequence[tuple[str, str]], keys: Mapping[str, object]
) -> Iterator[tuple[str, int, dict[str, object]]]:
    for table, where in tables:
        cursor = db.execute(f"SELECT rowid, * FROM {table} WHERE {where} ORDER BY rowid", keys)  # noqa: S608 - constants
        names = [column[0] for column in cursor.description][1:]
        for number, *row in cursor:
            yield table, number, dict(zip(names, row, strict=True))


def _tables(kind: PaperKind) -> tuple[tuple[str, str], ...]:
    return (*_DECIDED, *_ROWS[kind])


def _keys(kind: PaperKind, id: str) -> dict[str, object]:
    return {"id": id, "key": int(id.removeprefix(PLAN)) if kind is PaperKind.FILE_PLAN else id}

"""Classes and tags of many records at once, to count hits by: as officers decided up to this moment. SQL lives here."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlite_utils import Database

NO_CLASS = "none"
"""What stands for records without a class, as in the query `class:none`."""

_AT_ONCE = 500


def classes_of(db: Database, records: Collection[str]) -> dict[str, list[str]]:
    """The class of each record, or NO_CLASS."""
    rows = _rows(db, "SELECT id, coalesce(class_code, 'none') FROM records WHERE id IN ({})", records)
    return {record: [code] for record, code in rows}


def tags_of(db: Database, records: Collection[str]) -> dict[str, list[str]]:
    """The tags of each record that has any."""
    tags: dict[str, list[str]] = {}
    for record, tag in _rows(db, "SELECT record_id, tag FROM record_tags WHERE record_id IN ({})", records):
        tags.setdefault(record, []).append(tag)
    return tags


def _rows(db: Database, sql: str, records: Collection[str]) -> Iterator[tuple[str, str]]:
    wanted = sorted(records)
    for start in range(0, len(wanted), _AT_ONCE):
        batch = wanted[start : start + _AT_ONCE]
        yield from db.conn.execute(sql.format(", ".join("?" * len(batch))), batch)

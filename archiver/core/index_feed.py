"""In which order a new index is filled. SQL lives here."""

from __future__ import annotations

from sqlite_utils import Database

from archiver.core.records import RecordId


def records_by_first_capture(db: Database) -> list[RecordId]:
    """Every record, the one captured first before the others."""
    return [RecordId(id) for (id,) in db.conn.execute("SELECT id FROM records ORDER BY first_captured, id")]

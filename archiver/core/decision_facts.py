"""What decisions about keeping are made from: a lean row for each record, events officers entered, extensions.

SQL lives here. Everything belongs inside the caller's transaction where it decides what is destroyed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlite_utils import Database

from archiver.core.clock import from_optional_iso, to_iso
from archiver.core.papers import is_paper_id
from archiver.core.records import RecordId

ACCOUNT_CLOSED = "account-closed"
"""The type of event that an account's closing enters by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordFacts:
    """The part of a record that decides how long it is kept; `created` as an officer corrected it."""

    id: RecordId
    class_code: str | None
    created: datetime | None
    last_captured: datetime | None
    last_activity: datetime | None


@dataclass(frozen=True, kw_only=True)
class TriggerEvent:
    """The day of something that periods count from: of a record, an account or a collection (`scope`).

    `day` None takes an earlier entry back.
    """

    id: int
    scope: str
    subject: str
    type: str
    day: date | None
    reason: str
    at: str
    actor: str


def record_facts(db: Database, only: RecordId | None = None) -> Iterator[RecordFacts]:
    """Every record, or the one named, in the order of the ids."""
    corrected = _corrected(db, only)
    sql = "SELECT id, class_code, created, last_captured, last_activity FROM records"
    rows = db.conn.execute(f"{sql} ORDER BY id") if only is None else db.conn.execute(f"{sql} WHERE id = ?", (only,))
    for id, class_code, created, last_captured, last_activity in rows:
        yield RecordFacts(
            id=id,
            class_code=class_code,
            created=from_optional_iso(corrected.get(id, created) if corrected else created),
            last_captured=from_optional_iso(last_captured),
            last_activity=from_optional_iso(last_activity),
        )


def _corrected(db: Database, only: RecordId | None) -> dict[str, str | None]:
    """Creation moments that officers corrected: of one record the last correction holds."""
    rows = db.conn.execute(
        "SELECT record_id, json_extract(value, '$') FROM record_corrections "
        "WHERE field = 'created' AND (?1 IS NULL OR record_id = ?1) ORDER BY id",
        (only,),
    )
    return dict(rows.fetchall())


def events_of_records(db: Database, only: RecordId | None = None) -> dict[RecordId, Mapping[str, date]]:
    """The day of each type of event, for every record that has any, or for the one named.

    Of one subject and type the last entry holds. A record's own entry outranks those of its account and its
    collections; of these the latest day counts, for in doubt a record is kept longer.
    """
    wide: dict[RecordId, dict[str, date]] = {}
    own: dict[RecordId, dict[str, date]] = {}
    sql = {
        "record": "SELECT id FROM records WHERE id = ?1 AND (?2 IS NULL OR id = ?2)",
        "account": "SELECT id FROM records WHERE account_id = ?1 AND (?2 IS NULL OR id = ?2)",
        "collection": "SELECT record_id FROM record_tags WHERE tag = 'collection:' || ?1 "
        "AND (?2 IS NULL OR record_id = ?2)",
    }
    newest = {(each.scope, each.subject, each.type): each for each in trigger_events(db)}
    for each in newest.values():
        if each.day is None:
            continue
        for (id,) in db.conn.execute(sql[each.scope], (each.subject, only)):
            into = own if each.scope == "record" else wide
            days = into.setdefault(RecordId(id), {})
            days[each.type] = max(each.day, days.get(each.type, each.day))
    return {id: {**wide.get(id, {}), **own.get(id, {})} for id in wide.keys() | own.keys()}


def trigger_events(db: Database) -> list[TriggerEvent]:
    """As they were entered, the oldest first."""
    return [
        TriggerEvent(**{**row, "day": date.fromisoformat(row["day"]) if row["day"] else None})
        for row in db.query("SELECT * FROM trigger_events ORDER BY id")
    ]


def add_trigger_event(
    db: Database, *, scope: str, subject: str, type: str, day: date | None, reason: str, at: datetime, actor: str
) -> int:
    """Enter an event's day; returns the entry's number."""
    cursor = db.conn.execute(
        "INSERT INTO trigger_events (scope, subject, type, day, reason, at, actor) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (scope, subject, type, day.isoformat() if day else None, reason, to_iso(at), actor),
    )
    return int(cursor.lastrowid or 0)


def extensions(db: Database, only: RecordId | None = None) -> dict[RecordId, date]:
    """The latest day each record was put off to: retention is only ever lengthened so."""
    rows = db.conn.execute(
        "SELECT record_id, max(until) FROM extensions WHERE ?1 IS NULL OR record_id = ?1 GROUP BY record_id", (only,)
    )
    return {RecordId(id): date.fromisoformat(until) for id, until in rows}


def add_extension(db: Database, record: RecordId, until: date, *, reason: str, at: datetime, actor: str) -> int:
    cursor = db.conn.execute(
        "INSERT INTO extensions (record_id, until, reason, at, actor) VALUES (?, ?, ?, ?, ?)",
        (record, until.isoformat(), reason, to_iso(at), actor),
    )
    return int(cursor.lastrowid or 0)


def add_class_decision(
    db: Database, record: RecordId, code: str, *, previous: str | None, reason: str, at: datetime, actor: str
) -> int:
    """An officer's word on the record's class, beside the class itself; returns its number."""
    cursor = db.conn.execute(
        "INSERT INTO class_decisions (record_id, code, previous, reason, at, actor) VALUES (?, ?, ?, ?, ?, ?)",
        (record, code, previous, reason, to_iso(at), actor),
    )
    return int(cursor.lastrowid or 0)


def classes_of_papers(db: Database) -> dict[str, tuple[str, str]]:
    """Class and reason of each of the archive's own papers that an officer classified: the last word holds."""
    rows = db.conn.execute("SELECT record_id, code, reason FROM class_decisions ORDER BY id")
    return {id: (code, reason) for id, code, reason in rows if is_paper_id(id)}

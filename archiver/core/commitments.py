"""Salted commitments of the trail to the rows that hold decisions, so that a row changed past the archive shows.

The event of a decision names each row it wrote, with an HMAC-SHA256 over the row's content. The key, a
random salt, lies in the catalogue only: whoever reads the trail can guess no requester's name back, and
with the salt the content can be proved. SQL for the table `commitments`; reads the tables it commits to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlite_utils import Database

from archiver.core.events import Event, EventType

DETAIL = "commits"
"""Key in an event's detail: commitments by subject, `<kind>/<key>`."""

# what a row of each kind holds: columns that only a decision changes (a job's last run is none)
_ROWS = {
    "people": ("people", "id", "id, name, role, secret_hash, status, created, created_by"),
    "accounts": ("accounts", "id", "id, site, handle, url, department, contact, status, added"),
    "jobs": ("jobs", "id", "id, name, account_id, urls, every, depth, status, added"),
    "requests": ("requests", "number", "number, law, received, requester, subject, status, opened, opened_by"),
    "request_searches": (
        "request_searches",
        "id",
        "id, request_number, query, interpreted, analyser_version, watermark, total, at, actor",
    ),
    "saved_searches": ("saved_searches", "id", "id, name, query, whole_threads, note, saved_at, saved_by"),
    "search_runs": (
        "search_runs",
        "id",
        "id, search_id, interpreted, analyser_version, watermark, total, records, at, actor",
    ),
    "productions": ("productions", "id", "id, request_number, path, sha256, records, items, made_at, made_by"),
    "request_details": (
        "request_details",
        "number",
        "number, law_code, received_at, channel, scope, fee, urgent, due_set",
    ),
    "requesters": ("requesters", "id", "id, request_number, name, contact"),
    "request_events": ("request_events", "id", "id, request_number, kind, day, about, days, note, at, actor"),
    "review_sets": ("review_sets", "id", "id, request_number, watermark, records, items, hits, at, actor"),
    "review_batches": (
        "review_batches",
        "id",
        "id, request_number, level, how, at, actor, undone_at, undone_by",
    ),
    "redactions": (
        "redactions",
        "id",
        "id, request_number, kind, target, scope, record_id, item_id, section, reason, at, actor, lifted_at, lifted_by",
    ),
    "picture_clearances": (
        "picture_clearances",
        "id",
        "id, request_number, capture_id, region, reason, at, actor",
    ),
    "leak_acknowledgements": ("leak_acknowledgements", "id", "id, request_number, place, reason, at, actor"),
    "production_details": (
        "production_details",
        "id",
        "id, set_id, profile, prefix, first_number, width, last_number, replaces, why, salt",
    ),
    "plan_versions": (
        "plan_versions",
        "number",
        "number, title, sha256, source_toml, loaded_at, loaded_by, activated_at, activated_by",
    ),
    "plan_approvals": ("plan_approvals", "id", "id, plan_version, person_id, at, sooner"),
    "class_decisions": ("class_decisions", "id", "id, record_id, code, previous, reason, at, actor"),
    "extensions": ("extensions", "id", "id, record_id, until, reason, at, actor"),
    "trigger_events": ("trigger_events", "id", "id, scope, subject, type, day, reason, at, actor"),
    "holds": (
        "holds",
        "id",
        "id, matter, mandate, custodian, reason, placed_at, placed_by, released_at, released_by, release_reason",
    ),
    "request_closings": ("request_closings", "id", "id, request_number, closed, appeal_until, reason, at, actor"),
    "batches": ("batches", "id", "id, action, class_code, schedule_number, digest, proposed_at, proposed_by"),
    "batch_approvals": ("batch_approvals", "id", "id, batch_id, person_id, role, at, digest, looked_at"),
    "disposals": ("disposals", "id", "id, record_id, batch_id, position, at, line"),
}
# the rows of other tables that belong to one row
_PARTS = {
    "request_searches": (
        "SELECT item_id, record_id FROM request_hits WHERE search_id = ? ORDER BY item_id",
    ),
    "holds": (
        "SELECT kind, value, live FROM hold_scopes WHERE hold_id = ? ORDER BY kind, value",
        "SELECT record_id FROM hold_records WHERE hold_id = ? ORDER BY record_id",
    ),
    "batches": ("SELECT position, record_id, due, digest FROM batch_items WHERE batch_id = ? ORDER BY position",),
    "search_runs": (
        "SELECT item_id, record_id FROM search_run_hits WHERE run_id = ? ORDER BY item_id",
    ),
    "review_sets": (
        "SELECT item_id, record_id, hit, versions FROM review_members WHERE set_id = ? ORDER BY item_id",
    ),
    "review_batches": (
        "SELECT record_id, item_id, responsive, release, sections, privileged, note, tags FROM review_decisions "
        "WHERE batch_id = ? ORDER BY record_id, item_id",
    ),
    "plan_versions": (
        "SELECT code, title, parent, description, schedule_number FROM record_classes WHERE plan_version = ? "
        "ORDER BY code",
        "SELECT class_code, number, mandate, trigger, period, cutoff, action, approvals, effective_from "
        "FROM schedule_versions WHERE plan_version = ? ORDER BY class_code, number",
        "SELECT position, conditions, class_code, because FROM classification_rules WHERE plan_version = ? "
        "ORDER BY position",
    ),
}  # fmt: skip
# parts of later versions: told only where they say anything, so that what was committed to before stays true
_LATER_PARTS = {
    "plan_versions": (
        "SELECT code FROM record_classes WHERE plan_version = ? AND not_a_record ORDER BY code",
        "SELECT class_code, number, roles, storage, review_by, keep_copy FROM schedule_versions WHERE plan_version = ? "
        "AND (roles <> '' OR storage <> '' OR review_by IS NOT NULL OR keep_copy) ORDER BY class_code, number",
    ),
}
_TAGS = "record_tags"  # all tags of one record

Row = tuple[str, object]
"""Kind and key of a row; `record_tags` takes a record's id."""


def commitment(salt: str, content: object) -> str:
    """HMAC-SHA256 over the content as JSON, keyed by the salt."""
    return salted_digest(salt, json.dumps(content, ensure_ascii=False, sort_keys=True).encode())


def salted_digest(salt: str, message: bytes) -> str:
    """HMAC-SHA256 keyed by the salt: who has neither cannot tell by guessing whether a guess is right."""
    return "hmac-sha256:" + hmac.new(bytes.fromhex(salt), message, hashlib.sha256).hexdigest()


def commit_rows(db: Database, rows: Iterable[Row]) -> dict[str, str]:
    """Commitments to the rows as they are now, by subject, under fresh salts. Inside the caller's transaction."""
    made = {}
    for kind, key in rows:
        salt = secrets.token_hex(16)
        db.conn.execute("INSERT OR REPLACE INTO commitments (kind, key, salt) VALUES (?, ?, ?)", (kind, str(key), salt))
        made[f"{kind}/{key}"] = commitment(salt, _content(db, kind, str(key)))
    return made


def uncommitted_rows(db: Database) -> list[Row]:
    """Rows without a salt: entered by a version that did not commit to them, or past the archive."""
    known = set(db.conn.execute("SELECT kind, key FROM commitments"))
    return [(kind, key) for kind in (*_ROWS, _TAGS) for key in _keys(db, kind) if (kind, key) not in known]


def check_commitments(db: Database, events: Iterable[Event], lost: Collection[int] = ()) -> Iterator[tuple[str, str]]:
    """Subject and finding of every row that is not what the newest event about it commits to.

    `lost` are numbers of events known to tell of decisions that a rebuild could not bring back.
    """
    newest: dict[str, tuple[str, int]] = {}
    corrections: dict[str, tuple[str, int]] = {}
    for event in events:
        stated = event.detail.get(DETAIL)
        for subject, value in (stated if isinstance(stated, Mapping) else {}).items():
            newest[subject] = (value, event.seq)
        for gone in event.detail.get("corrections", ()) if event.type == EventType.RECORD_DISPOSED else ():
            corrections.pop(str(gone), None)
        if event.type == EventType.RECORD_CORRECTED:
            corrections[str(event.detail.get("correction"))] = (str(event.detail.get("commitment")), event.seq)
    salts = {f"{kind}/{key}": salt for kind, key, salt in db.conn.execute("SELECT kind, key, salt FROM commitments")}
    standing = {f"{kind}/{key}": (kind, key) for kind in (*_ROWS, _TAGS) for key in _keys(db, kind)}
    for subject, (kind, key) in standing.items():
        if subject not in newest:
            yield (
                subject,
                (
                    "no event of the trail commits to it: it was entered past the archive, or by an earlier version "
                    "(then an administrator runs `archiver trail commit` after looking at it)"
                ),
            )
            continue
        value, seq = newest[subject]
        if seq not in lost and (subject not in salts or not _opens(salts[subject], _content(db, kind, key), value)):
            yield subject, f"it is not what event {seq} commits to: it was changed past the archive"
    for subject in sorted(newest.keys() - standing.keys()):
        value, seq = newest[subject]
        kind, _, key = subject.partition("/")
        # all tags taken off, or a row that went with its record: the newest event commits to there being nothing
        emptied = subject in salts and _opens(salts[subject], _content(db, kind, key), value)
        if seq not in lost and not emptied:
            yield subject, f"event {seq} commits to it, the catalogue does not have it"
    yield from _check_corrections(db, corrections, lost)


def _check_corrections(
    db: Database, told: Mapping[str, tuple[str, int]], lost: Collection[int]
) -> Iterator[tuple[str, str]]:
    """Corrections carry their salt themselves, and their event one commitment to value and reason."""
    rows = db.conn.execute("SELECT id, value, reason, salt FROM record_corrections").fetchall()
    for number, value, reason, salt in rows:
        stated, seq = told.get(str(number), ("", -1))
        if seq not in lost and not _opens(salt, [json.loads(value), reason], stated):
            yield f"record_corrections/{number}", "it is not what the trail commits to: it was changed past the archive"
    for number in sorted(told.keys() - {str(row[0]) for row in rows}):
        if told[number][1] not in lost:
            yield (
                f"record_corrections/{number}",
                f"event {told[number][1]} commits to it, the catalogue does not have it",
            )


def _opens(salt: str, content: object, stated: str) -> bool:
    try:
        return hmac.compare_digest(commitment(salt, content), stated)
    except (ValueError, TypeError):
        return False


def _keys(db: Database, kind: str) -> list[str]:
    if kind == _TAGS:
        return [key for (key,) in db.conn.execute("SELECT DISTINCT record_id FROM record_tags ORDER BY record_id")]
    table, column, _ = _ROWS[kind]
    return [str(key) for (key,) in db.conn.execute(f"SELECT {column} FROM {table} ORDER BY {column}")]  # noqa: S608 - constants


def _content(db: Database, kind: str, key: str) -> list[Any]:
    if kind == _TAGS:
        return [
            tag for (tag,) in db.conn.execute("SELECT tag FROM record_tags WHERE record_id = ? ORDER BY tag", (key,))
        ]
    table, column, columns = _ROWS[kind]
    row = db.conn.execute(f"SELECT {columns} FROM {table} WHERE {column} = ?", (key,)).fetchone()  # noqa: S608 - constants
    parts = [db.conn.execute(sql, (key,)).fetchall() for sql in _PARTS.get(kind, ())]
    later = [db.conn.execute(sql, (key,)).fetchall() for sql in _LATER_PARTS.get(kind, ())]
    parts += [each for each in later if each]
    return [None if row is None else list(row), *([list(each) for each in part] for part in parts)]

"""Writing captures and decisions about records into the catalogue, inside the caller's transaction.

SQL lives here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlite_utils import Database

from archiver.core.catalogue import CORRECTABLE
from archiver.core.clock import optional_iso, to_iso
from archiver.core.errors import BadInput
from archiver.core.records import AccountId, Capture, CataloguedItem, Extraction, RecordId, RecordKind, StoredObject


def file_record(
    db: Database, record: RecordId, extraction: Extraction, *, account: AccountId | None, captured: datetime
) -> None:
    """Insert the record, or bring its observed description up to its latest capture. Corrections stay."""
    described = {
        "title": extraction.title,
        "creator_name": extraction.creator_name,
        "creator_handle": extraction.creator_handle,
        "created": optional_iso(extraction.created),
        "modified": optional_iso(extraction.modified),
        "language": extraction.language,
        "keywords": json.dumps(extraction.keywords, ensure_ascii=False),
        "canonical_url": extraction.canonical_url,
        "last_captured": to_iso(captured),
    }
    if db.table("records").count_where("id = ?", [record]):
        if account is not None:
            described["account_id"] = account
        if extraction.kind is RecordKind.THREAD:
            described["kind"] = extraction.kind.value  # a page that got its first comment
        db.table("records").update(record, described)
    else:
        db.table("records").insert(
            {
                "id": record,
                "site": extraction.site,
                "kind": extraction.kind.value,
                "native_root_id": extraction.native_root_id,
                "account_id": account,
                "first_captured": to_iso(captured),
                **described,
            }
        )


def note_seen(db: Database, record: RecordId, captured: datetime) -> None:
    """The record was looked at, and nothing of its description can be told (it is gone)."""
    db.table("records").update(record, {"last_captured": to_iso(captured)})


def file_capture(
    db: Database,
    capture: Capture,
    extraction: Extraction | None,
    objects: Iterable[StoredObject],
    *,
    same_as: Iterable[StoredObject] = (),
) -> None:
    """Insert the capture, its objects, and which earlier ones it repeats (`same_as`)."""
    db.table("captures").insert(
        {
            "id": capture.id,
            "record_id": capture.record_id,
            "account_id": capture.account_id,
            "job_id": capture.job_id,
            "url": capture.url,
            "final_url": capture.final_url,
            "started": to_iso(capture.started),
            "finished": to_iso(capture.finished),
            "outcome": capture.outcome.value,
            "cause": capture.cause,
            "reason": capture.reason,
            "retry_after": optional_iso(capture.retry_after),
            "warc_records": capture.warc_records,
            "access": capture.access,
            "extractor": "" if extraction is None else f"{extraction.extractor} {extraction.version}",
            "declared": json.dumps({} if extraction is None else extraction.declared),
            "found": json.dumps({} if extraction is None else extraction.found),
        }
    )
    db.table("objects").insert_all({**asdict(each), "capture_id": capture.id} for each in objects)
    db.table("repeated_objects").insert_all({"capture_id": capture.id, "path": each.path} for each in same_as)


def file_items(db: Database, record: RecordId, items: Sequence[CataloguedItem]) -> None:
    """Make the record's items and their versions exactly these, in this order, and tell the index."""
    rows = [
        {
            "id": each.id,
            "record_id": record,
            "native_id": each.item.native_id,
            "parent_id": each.item.parent_id,
            "position": position,
            "kind": each.item.kind.value,
            "text": each.item.text,
            "creator_name": each.item.creator_name,
            "creator_handle": each.item.creator_handle,
            "created": optional_iso(each.item.created),
            "modified": optional_iso(each.item.modified),
            "language": each.item.language,
            "links": json.dumps(each.item.links, ensure_ascii=False),
            "media": json.dumps([asdict(media) for media in each.item.media], ensure_ascii=False),
            "source_url": each.item.source_url,
            "observed": each.observed.value,
            "first_seen": to_iso(each.first_seen),
            "last_seen": to_iso(each.last_seen),
            "gone_after": optional_iso(each.gone_after),
            "gone_before": optional_iso(each.gone_before),
        }
        for position, each in enumerate(items)
    ]
    db.table("items").upsert_all(rows, pk="id")
    db.table("item_versions").upsert_all(
        (
            {
                "item_id": each.id,
                "number": version.number,
                "text": version.text,
                "seen": to_iso(version.seen),
                "capture_id": version.capture_id,
            }
            for each in items
            for version in each.versions
        ),
        pk=("item_id", "number"),
    )
    moments = [moment for each in items for moment in (each.item.created, each.item.modified) if moment is not None]
    db.table("records").update(record, {"last_activity": optional_iso(max(moments, default=None))})
    tell_index(db, record)


def tell_index(db: Database, record: RecordId) -> None:
    """What the index knows of the record is out of date from here on."""
    db.conn.execute("INSERT INTO index_changes (record_id) VALUES (?)", (record,))


def set_class(db: Database, record: RecordId, code: str | None, reason: str, plan: int) -> None:
    db.table("records").update(record, {"class_code": code, "class_reason": reason, "class_plan": plan})


def add_correction(
    db: Database,
    record: RecordId,
    field: str,
    value: object,
    *,
    reason: str,
    at: datetime,
    actor: str,
    salt: str,
) -> int:
    """Put an officer's value beside the observed one; returns the correction's number.

    `value` is JSON-able; `salt` is the one of the commitment in the trail. Raises BadInput.
    """
    if field not in CORRECTABLE:
        raise BadInput(f"{field} cannot be corrected; what can: {', '.join(CORRECTABLE)}")
    if not reason.strip():
        raise BadInput("a correction needs a reason")
    cursor = db.conn.execute(
        "INSERT INTO record_corrections (record_id, field, value, reason, at, actor, salt) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (record, field, json.dumps(value, ensure_ascii=False), reason, to_iso(at), actor, salt),
    )
    tell_index(db, record)
    return int(cursor.lastrowid or 0)


def set_tags(db: Database, record: RecordId, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    for tag in remove:
        db.conn.execute("DELETE FROM record_tags WHERE record_id = ? AND tag = ?", (record, tag))
    for tag in add:
        db.conn.execute("INSERT OR IGNORE INTO record_tags (record_id, tag) VALUES (?, ?)", (record, tag))

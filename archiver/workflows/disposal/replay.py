"""After a rebuild or a restore: what the trail tells was destroyed is destroyed again, what it tells is held is held.

The events themselves are enough for both: they name the records. What else a hold said (its matter, its mandate) is
lost with the catalogue it was in; disposal stays locked until two people have confirmed the holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from archiver.core.archive import DISPOSAL_LOCK, LOST_DECISIONS, Archive
from archiver.core.assets import release_assets
from archiver.core.clock import from_iso
from archiver.core.disposal_rows import delete_record_rows
from archiver.core.errors import AlreadyExists, NotFound
from archiver.core.events import Event, EventType
from archiver.core.people import Permission, Person
from archiver.core.records import RecordId, RecordKind
from archiver.core.stubs import Stub, add_stub, is_destroyed
from retention import holds
from retention.holds import Hold

LOST = "lost with the catalogue it was in"
_CONFIRMED = "disposal_unlock"


def replay_disposals(archive: Archive) -> list[RecordId]:
    """Destroy again every record that the trail tells of as destroyed and that is here; those that were.

    Rows go in one transaction; files of a record that came back with an old copy are removed after it.
    """
    again = []
    for event in archive.trail.events():
        if event.type != EventType.RECORD_DISPOSED:
            continue
        record = RecordId(event.subjects[0])
        present = record in archive.catalogue.record_ids()
        place = archive.objects.root / archive.objects.place_of_record(record)
        if present or place.exists() or not is_destroyed(archive.db, record):
            _destroy_again(archive, event, record, present=present)
            if present or place.exists():
                again.append(record)
        archive.objects.destroy(record)
    archive.objects.sync_destroyed(again)
    return again


def _destroy_again(archive: Archive, event: Event, record: RecordId, *, present: bool) -> None:
    stub = event.detail.get("stub", {})
    url, urls = "", tuple(map(str, stub.get("addresses", ())))  # their digests: the trail keeps no address
    if present:
        url = archive.catalogue.record(record).canonical_url
        captures = archive.catalogue.captures(record)
        urls = tuple(sorted({each for capture in captures for each in (capture.url, capture.final_url)}))
    archive.db.conn.execute("BEGIN IMMEDIATE")
    if present:
        release_assets(archive.db, record)
        delete_record_rows(archive.db.conn, [record])
    if not is_destroyed(archive.db, record):
        add_stub(
            archive.db,
            Stub(
                record_id=record,
                site=str(stub.get("site", "")),
                kind=RecordKind(stub.get("kind", RecordKind.PAGE)),
                native_root_id=stub.get("native"),
                canonical_url=url,
                urls=urls,
                destroyed_at=from_iso(event.at),
                certificate=str(event.detail.get("certificate", "")),
            ),
        )
    archive.db.conn.execute("COMMIT")


def replay_holds(archive: Archive, events: Sequence[Event]) -> None:
    """Place, extend and release again what these events tell of and the catalogue has lost."""
    archive.db.conn.execute("BEGIN IMMEDIATE")
    for event in events:
        if event.type == EventType.HOLD_PLACED:
            holds.add_hold(archive.db, _lost_hold(event))
        if event.type in (EventType.HOLD_PLACED, EventType.HOLD_EXTENDED):
            records = [RecordId(each) for each in event.subjects[1:]]
            holds.cover(archive.db, event.subjects[0], records, at=from_iso(event.at))
        if event.type == EventType.HOLD_RELEASED:
            holds.release_hold(archive.db, event.subjects[0], reason=LOST, at=from_iso(event.at), actor=event.actor)
    archive.db.conn.execute("COMMIT")


def _lost_hold(event: Event) -> Hold:
    return Hold(
        id=event.subjects[0],
        matter=f"hold of event {event.seq}",
        mandate=LOST,
        custodian=LOST,
        reason=LOST,
        placed_at=from_iso(event.at),
        placed_by=event.actor,
        released_at=None,
        released_by=None,
        release_reason=None,
        scopes=(),
        records=0,
    )


def holds_digest(archive: Archive) -> str:
    """Of the active holds with every record they hold: what two people confirm."""
    told = [[each.id, holds.records_of_hold(archive.db, each.id)] for each in holds.holds(archive.db, active=True)]
    return "sha256:" + hashlib.sha256(json.dumps(told).encode()).hexdigest()


def confirm_holds(archive: Archive, *, actor: Person, now: datetime) -> bool:
    """One person's word that the list of holds is whole; with the second, another's, disposal is unlocked: True.

    Raises NotFound where nothing is locked, AlreadyExists where the same person confirms twice.
    """
    actor.require(Permission.APPROVE)
    if archive.meta(DISPOSAL_LOCK) is None:
        raise NotFound("disposal is not locked: there is nothing to confirm")
    digest = holds_digest(archive)
    before = json.loads(archive.meta(_CONFIRMED) or "{}")
    first = before.get("person") if before.get("digest") == digest else None
    if first == actor.id:
        raise AlreadyExists(f"{actor.name} confirmed this list of holds already: another approver must, too")
    with archive.change(at=now, actor=actor.id) as change:
        set_meta = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"
        if first is None:
            change.db.conn.execute(set_meta, (_CONFIRMED, json.dumps({"person": actor.id, "digest": digest})))
        else:
            lost = json.loads(archive.meta(LOST_DECISIONS) or '{"missing": []}')["missing"]
            lost += json.loads(archive.meta(DISPOSAL_LOCK) or "{}").get("missing", [])
            change.db.conn.execute(set_meta, (_CONFIRMED, "{}"))
            change.db.conn.execute(set_meta, (LOST_DECISIONS, json.dumps({"missing": lost})))
            change.db.conn.execute("DELETE FROM meta WHERE key = ?", (DISPOSAL_LOCK,))
        people = [each for each in (first, actor.id) if each]
        change.record(EventType.DISPOSAL_UNLOCKED, people, {"holds": digest, "unlocked": first is not None})
    return first is not None

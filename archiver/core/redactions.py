"""The redactions of requests, pictures a person has cleared, and leaks a person has acknowledged.

SQL for the tables `redactions`, `picture_clearances` and `leak_acknowledgements`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, to_iso
from archiver.core.errors import NotFound

EVERY_PICTURE = "*"
"""In place of a region: every picture of the capture."""


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """One redaction as a person decided it; `target` says what, by its kind (docs/formats.md)."""

    id: str
    request_number: str
    kind: str  # phrase | pattern | person | item | rectangle
    target: Mapping[str, Any]
    scope: str  # everywhere | here
    record_id: str
    item_id: str
    section: str
    reason: str
    at: datetime
    actor: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """A person looked at a picture and says it may be shown. `region` is `left,top,width,height`, or `*` for all."""

    id: int
    request_number: str
    capture_id: str
    region: str
    reason: str
    at: datetime
    actor: str


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """A person looked at a hit of the leak check elsewhere than where it was redacted, and says why it may stay."""

    id: int
    request_number: str
    place: str
    reason: str
    at: datetime
    actor: str


class Redactions:
    """The redactions of one archive. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, redaction: Redaction) -> None:
        self._db.conn.execute(
            "INSERT INTO redactions (id, request_number, kind, target, scope, record_id, item_id, section, reason, at, "
            "actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                redaction.id,
                redaction.request_number,
                redaction.kind,
                json.dumps(redaction.target, ensure_ascii=False, sort_keys=True),
                redaction.scope,
                redaction.record_id,
                redaction.item_id,
                redaction.section,
                redaction.reason,
                to_iso(redaction.at),
                redaction.actor,
            ),
        )

    def lift(self, id: str, *, now: datetime, actor: str) -> None:
        self._db.conn.execute(
            "UPDATE redactions SET lifted_at = ?, lifted_by = ? WHERE id = ?", (to_iso(now), actor, id)
        )

    def redaction(self, id: str) -> Redaction:
        """Raises NotFound."""
        for each in self._read("id = ?", id):
            return each
        raise NotFound(f"no redaction {id}: see `archiver redact list`")

    def all_of(self, number: str) -> list[Redaction]:
        """Also those lifted, oldest first."""
        return self._read("request_number = ?", number)

    def standing(self, number: str) -> list[Redaction]:
        return [each for each in self.all_of(number) if each.lifted_at is None]

    def clear(self, number: str, capture: str, region: str, *, reason: str, now: datetime, actor: str) -> Clearance:
        cursor = self._db.conn.execute(
            "INSERT INTO picture_clearances (request_number, capture_id, region, reason, at, actor) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (number, capture, region, reason, to_iso(now), actor),
        )
        return next(each for each in self.clearances(number) if each.id == cursor.lastrowid)

    def clearances(self, number: str) -> list[Clearance]:
        rows = self._db.conn.execute(
            "SELECT id, request_number, capture_id, region, reason, at, actor FROM picture_clearances "
            "WHERE request_number = ? ORDER BY id",
            (number,),
        )
        return [
            Clearance(
                id=row[0],
                request_number=row[1],
                capture_id=row[2],
                region=row[3],
                reason=row[4],
                at=from_iso(row[5]),
                actor=row[6],
            )
            for row in rows
        ]

    def acknowledge(self, number: str, place: str, *, reason: str, now: datetime, actor: str) -> Acknowledgement:
        cursor = self._db.conn.execute(
            "INSERT INTO leak_acknowledgements (request_number, place, reason, at, actor) VALUES (?, ?, ?, ?, ?)",
            (number, place, reason, to_iso(now), actor),
        )
        return next(each for each in self.acknowledgements(number) if each.id == cursor.lastrowid)

    def acknowledgements(self, number: str) -> list[Acknowledgement]:
        rows = self._db.conn.execute(
            "SELECT id, request_number, place, reason, at, actor FROM leak_acknowledgements "
            "WHERE request_number = ? ORDER BY id",
            (number,),
        )
        return [
            Acknowledgement(
                id=row[0], request_number=row[1], place=row[2], reason=row[3], at=from_iso(row[4]), actor=row[5]
            )
            for row in rows
        ]

    def _read(self, where: str, value: str) -> list[Redaction]:
        rows = self._db.conn.execute(
            "SELECT id, request_number, kind, target, scope, record_id, item_id, section, reason, at, actor, "  # noqa: S608 - constants
            f"lifted_at, lifted_by FROM redactions WHERE {where} ORDER BY at, rowid",
            (value,),
        )
        return [
            Redaction(
                id=row[0],
                request_number=row[1],
                kind=row[2],
                target=json.loads(row[3]),
                scope=row[4],
                record_id=row[5],
                item_id=row[6],
                section=row[7],
                reason=row[8],
                at=from_iso(row[9]),
                actor=row[10],
                lifted_at=from_optional_iso(row[11]),
                lifted_by=row[12],
            )
            for row in rows
        ]

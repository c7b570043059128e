"""Review sets and what was decided of them: frozen members, decisions in batches that can be undone, assignments.

SQL for the tables `review_sets`, `review_members`, `review_batches`, `review_decisions` and `review_assignments`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, to_iso
from archiver.core.errors import NotFound
from archiver.core.records import RecordId

RESPONSIVE = ("yes", "partly", "no")
RELEASE = ("full", "redacted", "withheld", "undecided")


@dataclass(frozen=True, kw_only=True)
class ReviewSet:
    """What is reviewed for a request: whole threads, frozen. `hits` of its items were found by a search."""

    id: int
    request_number: str
    watermark: int
    records: int
    items: int
    hits: int
    at: datetime
    actor: str


@dataclass(frozen=True, kw_only=True)
class Member:
    """One item of a set. `versions`: how many texts it had when the set was frozen."""

    item_id: str
    record_id: RecordId
    hit: bool
    versions: int


@dataclass(frozen=True, kw_only=True)
class Coding:
    """One decision about an item or a record. `sections` are of the law in force on the day of receipt."""

    responsive: str  # yes | partly | no
    release: str  # full | redacted | withheld | undecided
    sections: tuple[str, ...] = ()
    privileged: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A coding with who made it. `second`: a second reviewer agreed, being another person."""

    record_id: RecordId
    item_id: str  # "" for the record itself
    coding: Coding
    batch: int
    actor: str
    at: datetime
    second: str = ""


@dataclass(frozen=True, kw_only=True)
class CodingBatch:
    """Decisions made in one act. `how` says in words what they were made of."""

    id: int
    request_number: str
    level: int
    how: str
    at: datetime
    actor: str
    undone_at: datetime | None
    undone_by: str | None
    size: int = field(default=0)


Subject = tuple[RecordId, str]
"""Record and item; "" for the record itself."""


class Reviews:
    """The reviews of one archive. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def freeze(self, number: str, members: Iterable[Member], *, watermark: int, now: datetime, actor: str) -> ReviewSet:
        """Keep the members as they stand; a set is never changed, a later one is another."""
        kept = list(members)
        records = len({each.record_id for each in kept})
        hits = sum(each.hit for each in kept)
        cursor = self._db.conn.execute(
            "INSERT INTO review_sets (request_number, watermark, records, items, hits, at, actor) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, watermark, records, len(kept), hits, to_iso(now), actor),
        )
        id = int(cursor.lastrowid or 0)
        self._db.conn.executemany(
            "INSERT INTO review_members (set_id, item_id, record_id, hit, versions) VALUES (?, ?, ?, ?, ?)",
            [(id, each.item_id, each.record_id, int(each.hit), each.versions) for each in kept],
        )
        return self.set_of(number, id)

    def sets(self, number: str) -> list[ReviewSet]:
        """Oldest first."""
        rows = self._db.conn.execute(
            "SELECT id, request_number, watermark, records, items, hits, at, actor FROM review_sets "
            "WHERE request_number = ? ORDER BY id",
            (number,),
        )
        return [
            ReviewSet(
                id=row[0],
                request_number=row[1],
                watermark=row[2],
                records=row[3],
                items=row[4],
                hits=row[5],
                at=from_iso(row[6]),
                actor=row[7],
            )
            for row in rows
        ]

    def set_of(self, number: str, id: int | None = None) -> ReviewSet:
        """That set of the request, or its newest. Raises NotFound."""
        found = [each for each in self.sets(number) if id is None or each.id == id]
        if not found:
            raise NotFound(f"{number} has no frozen review set: run `archiver review freeze {number}`")
        return found[-1]

    def members(self, set_id: int) -> list[Member]:
        """By record, hits and family together."""
        rows = self._db.conn.execute(
            "SELECT item_id, record_id, hit, versions FROM review_members WHERE set_id = ? ORDER BY record_id, rowid",
            (set_id,),
        )
        return [Member(item_id=row[0], record_id=RecordId(row[1]), hit=bool(row[2]), versions=row[3]) for row in rows]

    def code(
        self, number: str, codings: Mapping[Subject, Coding], *, level: int, how: str, now: datetime, actor: str
    ) -> CodingBatch:
        cursor = self._db.conn.execute(
            "INSERT INTO review_batches (request_number, level, how, at, actor) VALUES (?, ?, ?, ?, ?)",
            (number, level, how, to_iso(now), actor),
        )
        id = int(cursor.lastrowid or 0)
        self._db.conn.executemany(
            "INSERT INTO review_decisions (batch_id, record_id, item_id, responsive, release, sections, privileged, "
            "note, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    id,
                    record,
                    item,
                    coding.responsive,
                    coding.release,
                    json.dumps(list(coding.sections), ensure_ascii=False),
                    int(coding.privileged),
                    coding.note,
                    json.dumps(list(coding.tags), ensure_ascii=False),
                )
                for (record, item), coding in codings.items()
            ],
        )
        return self.batch(id)

    def batches(self, number: str) -> list[CodingBatch]:
        """Oldest first."""
        return self._batches("request_number = ?", number)

    def batch(self, id: int) -> CodingBatch:
        """Raises NotFound."""
        for each in self._batches("id = ?", id):
            return each
        raise NotFound(f"no coding batch {id}: see `archiver review show`")

    def undo(self, id: int, *, now: datetime, actor: str) -> None:
        self._db.conn.execute(
            "UPDATE review_batches SET undone_at = ?, undone_by = ? WHERE id = ?", (to_iso(now), actor, id)
        )

    def decisions(self, number: str) -> dict[Subject, Decided]:
        """What holds now of each item and record that was decided: the newest decision that was not undone.

        A second reviewer's equal decision after it confirms it; a differing one replaces it and waits in turn.
        """
        current: dict[Subject, Decided] = {}
        for row in self._db.conn.execute(
            "SELECT d.record_id, d.item_id, d.responsive, d.release, d.sections, d.privileged, d.note, d.tags, "
            "b.id, b.actor, b.at, b.level FROM review_decisions d JOIN review_batches b ON b.id = d.batch_id "
            "WHERE b.request_number = ? AND b.undone_at IS NULL ORDER BY b.id",
            (number,),
        ):
            coding = Coding(
                responsive=row[2],
                release=row[3],
                sections=tuple(json.loads(row[4])),
                privileged=bool(row[5]),
                note=row[6],
                tags=tuple(json.loads(row[7])),
            )
            subject = (RecordId(row[0]), str(row[1]))
            before = current.get(subject)
            agreed = row[11] == 2 and before is not None and before.actor != row[9] and _same(before.coding, coding)
            current[subject] = Decided(
                record_id=subject[0],
                item_id=subject[1],
                coding=coding,
                batch=row[8],
                actor=before.actor if agreed and before else row[9],
                at=from_iso(row[10]),
                second=row[9] if agreed else "",
            )
        return current

    def assign(self, number: str, records: Iterable[RecordId], *, person: str, batch: str) -> None:
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO review_assignments (request_number, record_id, person_id, batch) "
            "VALUES (?, ?, ?, ?)",
            [(number, record, person, batch) for record in records],
        )

    def assignments(self, number: str) -> dict[RecordId, tuple[str, str]]:
        """Person and batch, by record."""
        rows = self._db.conn.execute(
            "SELECT record_id, person_id, batch FROM review_assignments WHERE request_number = ?", (number,)
        )
        return {RecordId(record): (person, batch) for record, person, batch in rows}

    def _batches(self, where: str, value: object) -> list[CodingBatch]:
        rows = self._db.conn.execute(
            "SELECT id, request_number, level, how, at, actor, undone_at, undone_by, "  # noqa: S608 - constants
            "(SELECT COUNT(*) FROM review_decisions d WHERE d.batch_id = review_batches.id) FROM review_batches "
            f"WHERE {where} ORDER BY id",
            (value,),
        )
        return [
            CodingBatch(
                id=row[0],
                request_number=row[1],
                level=row[2],
                how=row[3],
                at=from_iso(row[4]),
                actor=row[5],
                undone_at=from_optional_iso(row[6]),
                undone_by=row[7],
                size=row[8],
            )
            for row in rows
        ]


def _same(one: Coding, other: Coding) -> bool:
    """Whether two codings decide alike; notes and tags decide nothing."""
    return (one.responsive, one.release, set(one.sections), one.privileged) == (
        other.responsive,
        other.release,
        set(other.sections),
        other.privileged,
    )

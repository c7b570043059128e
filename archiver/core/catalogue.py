"""Reading records, items, captures and objects: the working copy of everything known. SQL lives here.

What is written, and when, is `filing.py`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.core import stubs
from archiver.core.clock import from_iso, from_optional_iso
from archiver.core.errors import NotFound
from archiver.core.records import (
    AccountId,
    Capture,
    CaptureId,
    CataloguedItem,
    Completeness,
    Digest,
    Item,
    ItemKind,
    ItemVersion,
    MediaRef,
    ObjectRole,
    Observed,
    Outcome,
    Record,
    RecordId,
    RecordKind,
    StoredObject,
    measure_completeness,
)


@dataclass(frozen=True, kw_only=True)
class Correction:
    """An officer's correction of one descriptive field; the observed value stays in the record's row.

    `value` is JSON: a text, a moment or a list of keywords.
    """

    field: str
    value: Any
    reason: str
    at: datetime
    actor: str


CORRECTABLE = ("title", "keywords", "created", "modified")


@dataclass(frozen=True, kw_only=True)
class RecordFilter:
    """Which records to list; None does not ask. `classified` False: those without a class."""

    site: str | None = None
    account_id: str | None = None
    kind: str | None = None
    class_code: str | None = None
    tag: str | None = None
    classified: bool | None = None


_IS_REPLY = (
    "(SELECT parent_id FROM items WHERE record_id = records.id ORDER BY position LIMIT 1) IS NOT NULL AS is_reply"
)
_ONE_IDENTITY = (RecordKind.THREAD, RecordKind.PAGE)


class Catalogue:
    """Reads the catalogue of one archive."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- records ----------------------------------------------------------------------------

    def find_record(
        self, site: str, kind: RecordKind, native_root_id: str | None, canonical_url: str
    ) -> RecordId | None:
        """The record of that identity: (site, kind, native root id), else the canonical URL.

        A page that got its first comment is a thread from then on, and the same record.
        """
        kinds = _ONE_IDENTITY if kind in _ONE_IDENTITY else (kind,)
        if native_root_id is not None:
            where, value = "native_root_id = ?", native_root_id
        else:
            where, value = "native_root_id IS NULL AND canonical_url = ?", canonical_url
        marks = ", ".join("?" for _ in kinds)
        sql = f"SELECT id FROM records WHERE site = ? AND {where} AND kind IN ({marks}) ORDER BY kind DESC, id"  # noqa: S608 - constants and marks
        row = self._one(sql, site, value, *(each.value for each in kinds))
        return None if row is None else RecordId(row["id"])

    def record(self, id: str) -> Record:
        """The record as corrected. Raises NotFound."""
        record, corrections = self.observed_record(id), self.corrections(id)
        for each in corrections:
            record = replace(record, **{each.field: _corrected(each)})
        return record

    def observed_record(self, id: str) -> Record:
        """The record as its latest capture described it, no correction applied. Raises NotFound."""
        row = self._one(f"SELECT *, {_IS_REPLY} FROM records WHERE id = ?", id)  # noqa: S608 - a constant
        if row is None:
            raise NotFound(f"no record {id} in this archive: see `archiver record list` or `archiver search`")
        tags = [each["tag"] for each in self._all("SELECT tag FROM record_tags WHERE record_id = ? ORDER BY tag", id)]
        return _record(row, tags)

    def records(self, only: RecordFilter = RecordFilter()) -> list[Record]:
        """Newest capture first, ties by id; corrections applied."""
        conditions, values = ["1"], []
        for column, value in (
            ("site", only.site),
            ("account_id", only.account_id),
            ("kind", only.kind),
            ("class_code", only.class_code),
        ):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if only.tag is not None:
            conditions.append("id IN (SELECT record_id FROM record_tags WHERE tag = ?)")
            values.append(only.tag)
        if only.classified is not None:
            conditions.append(f"class_code IS {'NOT ' if only.classified else ''}NULL")
        sql = f"SELECT id FROM records WHERE {' AND '.join(conditions)} ORDER BY last_captured DESC, id"  # noqa: S608 - constants
        return [self.record(row["id"]) for row in self._all(sql, *values)]

    def record_ids(self) -> list[RecordId]:
        return [RecordId(row["id"]) for row in self._all("SELECT id FROM records ORDER BY id")]

    def records_of_url(self, url: str) -> list[RecordId]:
        """Records whose canonical URL it is, or that a capture of this URL was filed under."""
        rows = self._all(
            "SELECT DISTINCT r.id FROM records r LEFT JOIN captures c ON c.record_id = r.id "
            "WHERE r.canonical_url = ? OR c.url = ? OR c.final_url = ? ORDER BY r.id",
            url, url, url,
        )  # fmt: skip
        return [RecordId(row["id"]) for row in rows]

    def find_stub(
        self, site: str, kind: RecordKind, native_root_id: str | None, canonical_url: str
    ) -> stubs.Stub | None:
        """What is left of a destroyed record of that identity, by the rule of `find_record`."""
        kinds = _ONE_IDENTITY if kind in _ONE_IDENTITY else (kind,)
        return stubs.find_stub(self._db, site, kinds, native_root_id, canonical_url)

    def stub_of_url(self, url: str) -> stubs.Stub | None:
        """What is left of a destroyed record that was captured at this address: it is not to be visited."""
        return stubs.stub_of_url(self._db, url)

    def stubs(self) -> list[stubs.Stub]:
        """Every destroyed record, the last one first."""
        return stubs.all_stubs(self._db)

    def corrections(self, record: str) -> list[Correction]:
        """Oldest first; of one field the last one holds."""
        rows = self._all("SELECT * FROM record_corrections WHERE record_id = ? ORDER BY id", record)
        return [
            Correction(
                field=row["field"],
                value=json.loads(row["value"]),
                reason=row["reason"],
                at=from_iso(row["at"]),
                actor=row["actor"],
            )
            for row in rows
        ]

    def class_reason(self, record: str) -> str | None:
        row = self._one("SELECT class_reason FROM records WHERE id = ?", record)
        return None if row is None else row["class_reason"]

    # -- items ------------------------------------------------------------------------------

    def items(self, record: str) -> list[CataloguedItem]:
        """In the order of the page, each with every text it had."""
        versions: dict[str, list[ItemVersion]] = {}
        for row in self._all(
            "SELECT v.* FROM item_versions v JOIN items i ON i.id = v.item_id WHERE i.record_id = ? "
            "ORDER BY v.item_id, v.number",
            record,
        ):
            versions.setdefault(row["item_id"], []).append(_version(row))
        rows = self._all("SELECT * FROM items WHERE record_id = ? ORDER BY position, native_id", record)
        return [_item(row, versions.get(row["id"], [])) for row in rows]

    def record_of_item(self, item: str) -> RecordId:
        """Raises NotFound."""
        row = self._one("SELECT record_id FROM items WHERE id = ?", item)
        if row is None:
            raise NotFound(f"no item {item} in this archive")
        return RecordId(row["record_id"])

    def item_ids(self) -> Iterator[str]:
        for (id,) in self._db.conn.execute("SELECT id FROM items ORDER BY id"):
            yield id

    # -- captures and objects ---------------------------------------------------------------

    def captures(self, record: str) -> list[Capture]:
        """Oldest first."""
        return [
            _capture(row)
            for row in self._all("SELECT * FROM captures WHERE record_id = ? ORDER BY started, id", record)
        ]

    def capture(self, id: str) -> Capture | None:
        row = self._one("SELECT * FROM captures WHERE id = ?", id)
        return None if row is None else _capture(row)

    def last_declared(self, record: str) -> dict[str, int]:
        """The counts the site stated at the latest capture that read any; {} where it never did."""
        row = self._one(
            "SELECT declared FROM captures WHERE record_id = ? AND declared <> '{}' "
            "ORDER BY started DESC, id DESC LIMIT 1",
            record,
        )
        return {} if row is None else dict(json.loads(row["declared"]))

    def completeness(self, capture: CaptureId) -> Completeness:
        """What the site declared at that capture and what was filed; empty where nothing was read."""
        row = self._one("SELECT declared, found FROM captures WHERE id = ?", capture)
        if row is None:
            return Completeness()
        return measure_completeness(json.loads(row["declared"]), json.loads(row["found"]))

    def all_captures(self) -> list[Capture]:
        return [_capture(row) for row in self._all("SELECT * FROM captures ORDER BY started, id")]

    def objects(self, capture: CaptureId) -> list[StoredObject]:
        """The capture's files, those that an earlier capture of the record keeps for it included."""
        rows = self._all(
            "SELECT * FROM objects WHERE capture_id = ?1 OR path IN "
            "(SELECT path FROM repeated_objects WHERE capture_id = ?1) ORDER BY path",
            capture,
        )
        return [_object(row) for row in rows]

    def stored_objects(self, record: RecordId) -> list[StoredObject]:
        """Every file kept for the record, each once, the oldest capture's first."""
        rows = self._all(
            "SELECT o.* FROM objects o JOIN captures c ON c.id = o.capture_id WHERE c.record_id = ? "
            "ORDER BY c.started, c.id, o.path",
            record,
        )
        return [_object(row) for row in rows]

    def repeated_objects(self) -> list[tuple[CaptureId, str]]:
        """Every capture with the path of each earlier capture's file that it shares."""
        rows = self._all("SELECT * FROM repeated_objects ORDER BY capture_id, path")
        return [(CaptureId(row["capture_id"]), row["path"]) for row in rows]

    def all_objects(self) -> list[tuple[StoredObject, int | None]]:
        """Every object with the number of WARC records its capture noted; None where the capture's row is lost."""
        rows = self._all(
            "SELECT o.*, c.warc_records FROM objects o LEFT JOIN captures c ON c.id = o.capture_id ORDER BY o.path"
        )
        return [(_object(row), row["warc_records"]) for row in rows]

    def counts(self) -> dict[str, int]:
        """Rows of the tables an officer asks about."""
        tables = (
            "accounts",
            "jobs",
            "records",
            "items",
            "captures",
            "objects",
            "requests",
            "productions",
            "events",
        )
        return {table: self._db.table(table).count for table in tables}

    # -- what the index has yet to learn ----------------------------------------------------

    def index_head(self) -> int:
        """The number of the newest change the index must know."""
        row = self._db.conn.execute("SELECT coalesce(max(seq), 0) FROM index_changes").fetchone()
        return int(row[0])

    def records_changed_since(self, seq: int) -> list[RecordId]:
        rows = self._all("SELECT DISTINCT record_id FROM index_changes WHERE seq > ? ORDER BY record_id", seq)
        return [RecordId(row["record_id"]) for row in rows]

    # -- inside -----------------------------------------------------------------------------

    def _all(self, sql: str, *values: object) -> list[dict[str, Any]]:
        cursor = self._db.conn.execute(sql, values)
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _one(self, sql: str, *values: object) -> dict[str, Any] | None:
        return next(iter(self._all(sql, *values)), None)


def _corrected(correction: Correction) -> Any:
    if correction.field in ("created", "modified"):
        return from_optional_iso(correction.value)
    return tuple(correction.value) if correction.field == "keywords" else correction.value


def _record(row: dict[str, Any], tags: Sequence[str]) -> Record:
    return Record(
        id=RecordId(row["id"]),
        site=row["site"],
        kind=RecordKind(row["kind"]),
        native_root_id=row["native_root_id"],
        canonical_url=row["canonical_url"],
        account_id=row["account_id"] and AccountId(row["account_id"]),
        title=row["title"],
        creator_name=row["creator_name"],
        creator_handle=row["creator_handle"],
        created=from_optional_iso(row["created"]),
        modified=from_optional_iso(row["modified"]),
        language=row["language"],
        keywords=tuple(json.loads(row["keywords"])),
        tags=tuple(tags),
        first_captured=from_iso(row["first_captured"]),
        last_captured=from_iso(row["last_captured"]),
        last_activity=from_optional_iso(row["last_activity"]),
        class_code=row["class_code"],
        is_reply=bool(row["is_reply"]),
    )


def _item(row: dict[str, Any], versions: Sequence[ItemVersion]) -> CataloguedItem:
    return CataloguedItem(
        id=row["id"],
        record_id=RecordId(row["record_id"]),
        item=Item(
            native_id=row["native_id"],
            parent_id=row["parent_id"],
            kind=ItemKind(row["kind"]),
            text=row["text"],
            creator_name=row["creator_name"],
            creator_handle=row["creator_handle"],
            created=from_optional_iso(row["created"]),
            modified=from_optional_iso(row["modified"]),
            language=row["language"],
            links=tuple(json.loads(row["links"])),
            media=tuple(MediaRef(**each) for each in json.loads(row["media"])),
            source_url=row["source_url"],
        ),
        observed=Observed(row["observed"]),
        first_seen=from_iso(row["first_seen"]),
        last_seen=from_iso(row["last_seen"]),
        gone_after=from_optional_iso(row["gone_after"]),
        gone_before=from_optional_iso(row["gone_before"]),
        versions=tuple(versions),
    )


def _version(row: dict[str, Any]) -> ItemVersion:
    return ItemVersion(
        number=row["number"],
        text=row["text"],
        seen=from_iso(row["seen"]),
        capture_id=CaptureId(row["capture_id"]),
    )


def _capture(row: dict[str, Any]) -> Capture:
    return Capture(
        id=CaptureId(row["id"]),
        record_id=row["record_id"] and RecordId(row["record_id"]),
        url=row["url"],
        final_url=row["final_url"],
        started=from_iso(row["started"]),
        finished=from_iso(row["finished"]),
        outcome=Outcome(row["outcome"]),
        cause=row["cause"],
        reason=row["reason"],
        retry_after=from_optional_iso(row["retry_after"]),
        warc_records=row["warc_records"],
        account_id=row["account_id"] and AccountId(row["account_id"]),
        job_id=row["job_id"],
        access=row["access"],
    )


def _object(row: dict[str, Any]) -> StoredObject:
    return StoredObject(
        path=row["path"],
        role=ObjectRole(row["role"]),
        media_type=row["media_type"],
        sha256=Digest(row["sha256"]),
        size=row["size"],
    )

"""What is left of a destroyed record: enough to know it again, so that no later night takes it in anew.

SQL lives here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, to_iso
from archiver.core.fixity import digest_bytes
from archiver.core.records import Outcome, RecordId, RecordKind


@dataclass(frozen=True, kw_only=True)
class Stub:
    """A record that was destroyed under its schedule.

    `urls` are the addresses it was captured at, or their digests where only the trail remembers it. `seen_online` is
    when the site was last found to show it still, None where it was not.
    """

    record_id: RecordId
    site: str
    kind: RecordKind
    native_root_id: str | None
    canonical_url: str
    urls: tuple[str, ...]
    destroyed_at: datetime
    certificate: str
    seen_online: datetime | None = None


_COLUMNS = """s.*, (
    SELECT max(c.finished) FROM captures c WHERE c.outcome = ? AND (
        c.url = s.canonical_url OR c.final_url = s.canonical_url
        OR c.url IN (SELECT value FROM json_each(s.urls)) OR c.final_url IN (SELECT value FROM json_each(s.urls))
    )
) AS seen_online"""


_HAS_ADDRESS = "? IN (SELECT value FROM json_each(s.urls))"


def add_stub(db: Database, stub: Stub) -> None:
    """Leave a stub, in the transaction of the record's disposal."""
    db.conn.execute(
        "INSERT INTO stubs (record_id, site, kind, native_root_id, canonical_url, urls, destroyed_at, certificate) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            stub.record_id,
            stub.site,
            stub.kind.value,
            stub.native_root_id,
            stub.canonical_url,
            json.dumps(stub.urls, ensure_ascii=False),
            to_iso(stub.destroyed_at),
            stub.certificate,
        ),
    )


def address_digest(url: str) -> str:
    """`url` as the trail may keep it: who knows the address knows it again, who does not learns nothing."""
    return digest_bytes(url.encode())


def find_stub(
    db: Database, site: str, kinds: Sequence[RecordKind], native_root_id: str | None, canonical_url: str
) -> Stub | None:
    """The stub of that identity: (site, one of these kinds, native root id), else the canonical URL."""
    where, values = "s.native_root_id = ?", [native_root_id]
    if native_root_id is None:
        where = f"s.native_root_id IS NULL AND (s.canonical_url = ? OR {_HAS_ADDRESS})"
        values = [canonical_url, address_digest(canonical_url)]
    marks = ", ".join("?" for _ in kinds)
    condition = f"s.site = ? AND {where} AND s.kind IN ({marks})"
    return next(iter(_select(db, condition, site, *values, *(each.value for each in kinds))), None)


def stub_of_url(db: Database, url: str) -> Stub | None:
    """The stub of the record that this address led to."""
    condition = f"s.canonical_url = ? OR {_HAS_ADDRESS} OR {_HAS_ADDRESS}"
    return next(iter(_select(db, condition, url, url, address_digest(url))), None)


def stub_of_record(db: Database, record: RecordId) -> Stub | None:
    """What stayed of `record`, if it was destroyed."""
    return next(iter(_select(db, "s.record_id = ?", record)), None)


def all_stubs(db: Database) -> list[Stub]:
    """The last destroyed first."""
    return _select(db, "1")


def is_destroyed(db: Database, record: RecordId) -> bool:
    """Whether a stub is all there is of the record."""
    return db.conn.execute("SELECT 1 FROM stubs WHERE record_id = ?", (record,)).fetchone() is not None


def _select(db: Database, condition: str, *values: object) -> list[Stub]:
    sql = f"SELECT {_COLUMNS} FROM stubs s WHERE {condition} ORDER BY s.destroyed_at DESC, s.record_id"  # noqa: S608 - constants and marks
    return [_stub(row) for row in db.query(sql, (Outcome.DISPOSED.value, *values))]


def _stub(row: dict[str, Any]) -> Stub:
    return Stub(
        record_id=RecordId(row["record_id"]),
        site=row["site"],
        kind=RecordKind(row["kind"]),
        native_root_id=row["native_root_id"],
        canonical_url=row["canonical_url"],
        urls=tuple(json.loads(row["urls"])),
        destroyed_at=from_iso(row["destroyed_at"]),
        certificate=row["certificate"],
        seen_online=from_optional_iso(row["seen_online"]),
    )

"""Legal holds: matters that forbid disposal of what they cover. The one definition of "held" is `matters`.

A hold covers records frozen when it was placed and, where it is live, whatever comes under its accounts,
collections and queries later. An information request holds what its searches hit and its review sets hold by itself,
until it is closed and the time to appeal has passed. A record is a whole thread, so a hold is thread-complete.
SQL lives here, inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, to_iso
from archiver.core.errors import NotFound
from archiver.core.records import RecordId


class ScopeKind(StrEnum):
    """What a hold is placed over."""

    RECORD = "record"  # by its id
    ACCOUNT = "account"  # every record of the account, by the account's id
    COLLECTION = "collection"  # every record tagged `collection:<name>`
    QUERY = "query"  # every record with a hit of a saved query


@dataclass(frozen=True, kw_only=True)
class Scope:
    """`live`: what comes under it later is held too."""

    kind: ScopeKind
    value: str
    live: bool = False


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A matter. `records` counts those frozen under it; who and when are ids of people and UTC."""

    id: str  # hld_ and 16 hex digits
    matter: str
    mandate: str
    custodian: str
    reason: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None
    scopes: tuple[Scope, ...]
    records: int

    @property
    def active(self) -> bool:
        return self.released_at is None


_WHOSE = ("f.record_id", "r.id", "t.record_id", "h.record_id", "m.record_id")
"""The record in each part of the two questions below, where one is asked about: `_asking`."""
_HOLDS = """
SELECT f.record_id AS record_id, h.matter || ' (' || h.id || ')' AS matter, h.id AS hold
  FROM hold_records f JOIN holds h ON h.id = f.hold_id WHERE h.released_at IS NULL {f.record_id}
UNION SELECT r.id, h.matter || ' (' || h.id || ')', h.id
  FROM records r JOIN hold_scopes s ON s.value = r.account_id JOIN holds h ON h.id = s.hold_id
  WHERE s.kind = 'account' AND s.live AND h.released_at IS NULL {r.id}
UNION SELECT t.record_id, h.matter || ' (' || h.id || ')', h.id
  FROM record_tags t JOIN hold_scopes s ON t.tag = 'collection:' || s.value JOIN holds h ON h.id = s.hold_id
  WHERE s.kind = 'collection' AND s.live AND h.released_at IS NULL {t.record_id}
"""
_REQUESTS = """
SELECT t.record_id, 'request ' || q.number || coalesce(', appeals until ' || (
    SELECT c.appeal_until FROM request_closings c WHERE c.request_number = q.number ORDER BY c.id DESC LIMIT 1
  ), ''), NULL
  FROM (
    SELECT h.record_id, s.request_number FROM request_hits h JOIN request_searches s ON s.id = h.search_id {h.record_id}
    UNION SELECT m.record_id, s.request_number FROM review_sets s
      CROSS JOIN review_members m ON m.set_id = s.id {m.record_id}
  ) t JOIN requests q ON q.number = t.request_number
  WHERE coalesce((
    SELECT c.appeal_until FROM request_closings c WHERE c.request_number = q.number ORDER BY c.id DESC LIMIT 1
  ), '9999-12-31') >= :today
"""


def _asking(question: str, only: RecordId | None) -> str:
    """The question about every record, or about `:only`, named in each part: SQLite would gather all of them first."""
    for column in _WHOSE:
        question = question.replace(f"{{{column}}}", "" if only is None else f"AND {column} = :only")
    return question


def matters(db: Database, today: date, only: RecordId | None = None) -> dict[RecordId, tuple[str, ...]]:
    """What holds each held record, in words, in alphabetical order; only of the record named, where one is.

    Live queries are held as far as `cover` has caught up with them.
    """
    found: dict[RecordId, list[str]] = {}
    for record, matter, _ in _held(db, today, only):
        found.setdefault(record, []).append(matter)
    return {record: tuple(each) for record, each in found.items()}


def holds_over(db: Database, record: RecordId, today: date) -> tuple[str, ...]:
    """The ids of the holds over the record, without what they are for: a reference that gives nothing away."""
    return tuple(sorted(hold for _, _, hold in _held(db, today, record) if hold is not None))


def records_kept(db: Database, name: str) -> frozenset[str]:
    """Records that an active hold of this id or matter keeps; `any`: by any active hold; `none`: by none.

    What a live scope takes in counts as of now, live queries as far as `cover` has caught up with them. Raises
    NotFound where there is no such hold.
    """
    wanted = "SELECT id FROM holds WHERE released_at IS NULL AND lower(?1) IN ('any', 'none', lower(id), lower(matter))"
    kept = f"SELECT record_id FROM ({_asking(_HOLDS, None)}) WHERE hold IN ({wanted})"  # noqa: S608 - constants
    if name.casefold() == "none":
        kept = f"SELECT id FROM records WHERE id NOT IN ({kept})"  # noqa: S608 - constants
    elif name.casefold() != "any" and not db.conn.execute(wanted, (name,)).fetchone():
        raise NotFound(f"there is no active hold {name!r}; any and none ask for what is held at all, and what is not")
    return frozenset(record for (record,) in db.conn.execute(kept, (name,)))


def _held(db: Database, today: date, only: RecordId | None) -> Iterable[tuple[RecordId, str, str | None]]:
    held = _asking(f"{_HOLDS} UNION {_REQUESTS}", only)
    sql = f"SELECT record_id, matter, hold FROM ({held}) ORDER BY record_id, matter"  # noqa: S608 - constants
    return db.conn.execute(sql, {"today": today.isoformat(), "only": only})


def add_hold(db: Database, hold: Hold) -> None:
    """File a placed hold with its scopes; `cover` says which records it freezes."""
    db.conn.execute(
        "INSERT INTO holds (id, matter, mandate, custodian, reason, placed_at, placed_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (hold.id, hold.matter, hold.mandate, hold.custodian, hold.reason, to_iso(hold.placed_at), hold.placed_by),
    )
    db.conn.executemany(
        "INSERT INTO hold_scopes (hold_id, kind, value, live) VALUES (?, ?, ?, ?)",
        [(hold.id, each.kind.value, each.value, each.live) for each in hold.scopes],
    )


def cover(db: Database, hold: str, records: Iterable[RecordId], *, at: datetime) -> list[RecordId]:
    """Freeze these records under the hold; those that were not under it yet, in their order."""
    return [
        record
        for record in records
        if db.conn.execute(
            "INSERT OR IGNORE INTO hold_records (hold_id, record_id, since) VALUES (?, ?, ?)",
            (hold, record, to_iso(at)),
        ).rowcount
    ]


def records_under(db: Database, scope: Scope) -> list[RecordId]:
    """The records that come under a scope which the catalogue can answer; of a query, none."""
    sql = {
        ScopeKind.RECORD: "SELECT id FROM records WHERE id = ?",
        ScopeKind.ACCOUNT: "SELECT id FROM records WHERE account_id = ? ORDER BY id",
        ScopeKind.COLLECTION: "SELECT record_id FROM record_tags WHERE tag = 'collection:' || ? ORDER BY record_id",
        ScopeKind.QUERY: "SELECT ? WHERE 0",
    }[scope.kind]
    return [RecordId(id) for (id,) in db.conn.execute(sql, (scope.value,))]


def release_hold(db: Database, hold: str, *, reason: str, at: datetime, actor: str) -> None:
    """End an active hold. Raises NotFound where there is none of that id that is active."""
    ended = db.conn.execute(
        "UPDATE holds SET released_at = ?, released_by = ?, release_reason = ? WHERE id = ? AND released_at IS NULL",
        (to_iso(at), actor, reason, hold),
    )
    if not ended.rowcount:
        raise NotFound(f"no active hold {hold}: see `archiver hold list`")


def holds(db: Database, *, active: bool = False) -> list[Hold]:
    """Every hold, or the active ones, the oldest first."""
    where = "WHERE h.released_at IS NULL" if active else ""
    sql = (
        "SELECT h.*, (SELECT count(*) FROM hold_records f WHERE f.hold_id = h.id) AS records "  # noqa: S608 - a constant
        f"FROM holds h {where} ORDER BY h.placed_at, h.id"
    )
    return [
        Hold(
            **{
                **row,
                "placed_at": from_iso(row["placed_at"]),
                "released_at": from_optional_iso(row["released_at"]),
                "scopes": _scopes(db, row["id"]),
            }
        )
        for row in db.query(sql)
    ]


def hold(db: Database, id: str) -> Hold:
    """Raises NotFound."""
    for each in holds(db):
        if each.id == id:
            return each
    raise NotFound(f"there is no hold {id}: see `archiver hold list`")


def records_of_hold(db: Database, id: str) -> list[RecordId]:
    """The records frozen under it, destroyed ones among them."""
    rows = db.conn.execute("SELECT record_id FROM hold_records WHERE hold_id = ? ORDER BY record_id", (id,))
    return [RecordId(record) for (record,) in rows]


def _scopes(db: Database, hold: str) -> tuple[Scope, ...]:
    rows = db.conn.execute("SELECT kind, value, live FROM hold_scopes WHERE hold_id = ? ORDER BY kind, value", (hold,))
    return tuple(Scope(kind=ScopeKind(kind), value=value, live=bool(live)) for kind, value, live in rows)

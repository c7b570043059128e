"""What the register keeps of a request beside its line: details, the requester apart, the log, and what it covers.

SQL for the tables `request_details`, `requesters`, `request_events` and `production_details`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, optional_iso, to_iso
from archiver.core.errors import BadInput, NotFound
from archiver.core.records import new_id
from archiver.core.requests import InformationRequest

CHANNELS = ("post", "e-mail", "counter", "portal", "telephone", "court", "other", "")


@dataclass(frozen=True, kw_only=True)
class RequestDetails:
    """`law_code` is "" where no clock is known for the law; `due_set` is a day that an order names."""

    number: str
    law_code: str = ""
    received_at: datetime | None = None
    channel: str = ""
    scope: str = ""
    fee: str = ""
    urgent: bool = False
    due_set: date | None = None


@dataclass(frozen=True, kw_only=True)
class Requester:
    """Who asks; kept apart from the request, so that a list of requests names nobody."""

    id: str
    request_number: str
    name: str
    contact: str = ""


@dataclass(frozen=True, kw_only=True)
class LoggedEvent:
    """One line of a request's log. `day` is a legal day; `about` and `days` say more of some kinds."""

    id: int
    request_number: str
    kind: str
    day: date
    about: str
    days: int
    note: str
    at: datetime
    actor: str


class RequestFiles:
    """The files of one archive's requests. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_details(self, details: RequestDetails) -> None:
        """Raises BadInput for an unknown channel."""
        if details.channel not in CHANNELS:
            raise BadInput(f"{details.channel!r} is no channel: {', '.join(filter(None, CHANNELS))}")
        self._db.conn.execute(
            "INSERT INTO request_details (number, law_code, received_at, channel, scope, fee, urgent, due_set) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                details.number,
                details.law_code,
                optional_iso(details.received_at),
                details.channel,
                details.scope,
                details.fee,
                int(details.urgent),
                details.due_set.isoformat() if details.due_set else None,
            ),
        )

    def details(self, number: str) -> RequestDetails:
        """Empty details for a request that was opened before they were kept."""
        row = self._db.conn.execute(
            "SELECT law_code, received_at, channel, scope, fee, urgent, due_set FROM request_details WHERE number = ?",
            (number,),
        ).fetchone()
        if row is None:
            return RequestDetails(number=number)
        return RequestDetails(
            number=number,
            law_code=row[0],
            received_at=from_optional_iso(row[1]),
            channel=row[2],
            scope=row[3],
            fee=row[4],
            urgent=bool(row[5]),
            due_set=date.fromisoformat(row[6]) if row[6] else None,
        )

    def add_requester(self, id: str, number: str, name: str, contact: str) -> Requester:
        self._db.conn.execute(
            "INSERT INTO requesters (id, request_number, name, contact) VALUES (?, ?, ?, ?)",
            (id, number, name, contact),
        )
        return Requester(id=id, request_number=number, name=name, contact=contact)

    def requester(self, request: InformationRequest) -> Requester:
        """By the request; one of an earlier version holds the name itself."""
        row = self._db.conn.execute(
            "SELECT id, request_number, name, contact FROM requesters WHERE request_number = ?", (request.number,)
        ).fetchone()
        if row is None:
            return Requester(id="", request_number=request.number, name=request.requester)
        return Requester(id=row[0], request_number=row[1], name=row[2], contact=row[3])

    def log(
        self,
        number: str,
        kind: str,
        *,
        day: date,
        now: datetime,
        actor: str,
        about: str = "",
        days: int = 0,
        note: str = "",
    ) -> LoggedEvent:
        cursor = self._db.conn.execute(
            "INSERT INTO request_events (request_number, kind, day, about, days, note, at, actor) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, kind, day.isoformat(), about, days, note, to_iso(now), actor),
        )
        return self.logged(int(cursor.lastrowid or 0))

    def logged(self, id: int) -> LoggedEvent:
        """Raises NotFound."""
        for each in self._events("id = ?", id):
            return each
        raise NotFound(f"no event {id} in the log of any request")

    def events(self, number: str) -> list[LoggedEvent]:
        """In the order of their days."""
        return self._events("request_number = ?", number)

    def set_status(self, number: str, status: str) -> None:
        self._db.conn.execute("UPDATE requests SET status = ? WHERE number = ?", (status, number))

    def file_production_details(
        self,
        id: str,
        *,
        set_id: int,
        profile: str,
        prefix: str,
        first: int,
        width: int,
        last: int,
        replaces: str,
        why: str,
        salt: str,
    ) -> None:
        self._db.conn.execute(
            "INSERT INTO production_details (id, set_id, profile, prefix, first_number, width, last_number, replaces, "
            "why, salt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (id, set_id, profile, prefix, first, width, last, replaces or None, why, salt),
        )

    def next_page(self, number: str) -> int:
        """The number after the last page of the request's productions, destroyed ones too; 1 for the first."""
        row = self._db.conn.execute(
            "SELECT MAX(n) FROM (SELECT d.last_number AS n FROM production_details d JOIN productions p ON p.id = d.id "
            "WHERE p.request_number = ?1 UNION SELECT last_page FROM paper_stubs WHERE request_number = ?1)",
            (number,),
        ).fetchone()
        return int(row[0] or 0) + 1

    def profiles(self, number: str) -> dict[str, tuple[str, str]]:
        """Profile, and the production it replaces or "", by production."""
        rows = self._db.conn.execute(
            "SELECT d.id, d.profile, COALESCE(d.replaces, '') FROM production_details d "
            "JOIN productions p ON p.id = d.id WHERE p.request_number = ?",
            (number,),
        )
        return {id: (profile, replaces) for id, profile, replaces in rows}

    def _events(self, where: str, value: object) -> list[LoggedEvent]:
        rows = self._db.conn.execute(
            "SELECT id, request_number, kind, day, about, days, note, at, actor FROM request_events "  # noqa: S608 - constants
            f"WHERE {where} ORDER BY day, id",
            (value,),
        )
        return [
            LoggedEvent(
                id=row[0],
                request_number=row[1],
                kind=row[2],
                day=date.fromisoformat(row[3]),
                about=row[4],
                days=row[5],
                note=row[6],
                at=from_iso(row[7]),
                actor=row[8],
            )
            for row in rows
        ]


def new_requester_id() -> str:
    """What stands in the request's line in place of a name."""
    return new_id("rqr")

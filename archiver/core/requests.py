"""The register of information requests, their searches with frozen hits, and productions.

SQL for the tables `requests`, `request_searches`, `request_hits` and `productions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from archiver.core.clock import from_iso, to_iso
from archiver.core.errors import BadInput, NotFound
from archiver.core.records import RecordId


@dataclass(frozen=True, kw_only=True)
class InformationRequest:
    """A demand for records: under an information law, or by a court. `received` is a legal day."""

    number: str  # REQ-<year received>-<four digits>
    law: str
    received: date
    requester: str
    subject: str
    status: str  # open | produced
    opened: datetime


@dataclass(frozen=True, kw_only=True)
class SearchDeclaration:
    """One search made for a request, so that anyone can see what was asked and repeat it."""

    id: int
    request_number: str
    query: str
    interpreted: str
    analyser_version: str
    watermark: int
    total: int
    at: datetime
    actor: str


@dataclass(frozen=True, kw_only=True)
class FiledProduction:
    id: str
    request_number: str
    path: str
    sha256: str
    records: int
    items: int
    made_at: datetime
    made_by: str


class Requests:
    """The requests of one archive. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open(
        self,
        *,
        law: str,
        received: date,
        requester: str,
        subject: str,
        today: date,
        now: datetime,
        actor: str,
    ) -> InformationRequest:
        """`today` is the day of the archive's time zone, which need not be that of UTC. Raises BadInput."""
        for name, value in (("law", law), ("requester", requester), ("subject", subject)):
            if not value.strip():
                raise BadInput(f"a request needs its {name}")
        if received > today:
            raise BadInput(f"a request cannot have been received on {received}, which is yet to come")
        taken = [
            int(row["number"].rsplit("-", 1)[1])
            for row in self._db.query(  # the number of a request that was destroyed is never given again
                "SELECT number FROM requests WHERE number LIKE ?1 UNION SELECT id FROM paper_stubs WHERE id LIKE ?1",
                [f"REQ-{received.year}-%"],
            )
        ]
        request = InformationRequest(
            number=f"REQ-{received.year}-{max(taken, default=0) + 1:04d}",
            law=law,
            received=received,
            requester=requester,
            subject=subject,
            status="open",
            opened=now,
        )
        self._db.table("requests").insert(
            {**asdict(request), "received": received.isoformat(), "opened": to_iso(now), "opened_by": actor}
        )
        return request

    def requests(self) -> list[InformationRequest]:
        return [_request(row) for row in self._db.table("requests").rows_where(order_by="received, number")]

    def request(self, number: str) -> InformationRequest:
        """Raises NotFound."""
        for row in self._db.table("requests").rows_where("number = ?", [number.strip().upper()]):
            return _request(row)
        raise NotFound(f"no request {number} in this archive: see `archiver request list`")

    def freeze_hits(
        self,
        request: InformationRequest,
        *,
        query: str,
        interpreted: str,
        analyser_version: str,
        watermark: int,
        hits: Iterable[tuple[str, RecordId]],
        now: datetime,
        actor: str,
    ) -> SearchDeclaration:
        """Keep every hit of a search as it stood; the set is never changed, a new search adds another."""
        frozen = list(hits)
        cursor = self._db.conn.execute(
            "INSERT INTO request_searches "
            "(request_number, query, interpreted, analyser_version, watermark, total, at, actor) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.number,
                query,
                interpreted,
                analyser_version,
                watermark,
                len(frozen),
                to_iso(now),
                actor,
            ),
        )
        search = int(cursor.lastrowid or 0)
        self._db.table("request_hits").insert_all(
            {"search_id": search, "item_id": item, "record_id": record} for item, record in frozen
        )
        return self.searches(request)[-1]

    def searches(self, request: InformationRequest) -> list[SearchDeclaration]:
        """Oldest first."""
        rows = self._db.table("request_searches").rows_where("request_number = ?", [request.number], order_by="id")
        return [SearchDeclaration(**{**row, "at": from_iso(row["at"])}) for row in rows]

    def hits(self, request: InformationRequest) -> dict[RecordId, frozenset[str]]:
        """Every record that any search of the request hit, with the items hit, in record order."""
        found: dict[RecordId, set[str]] = {}
        for row in self._db.query(
            "SELECT h.record_id, h.item_id FROM request_hits h JOIN request_searches s ON s.id = h.search_id "
            "WHERE s.request_number = ? ORDER BY h.record_id, h.item_id",
            [request.number],
        ):
            found.setdefault(RecordId(row["record_id"]), set()).add(row["item_id"])
        return {record: frozenset(items) for record, items in found.items()}

    def file_production(self, production: FiledProduction) -> None:
        self._db.table("productions").insert({**asdict(production), "made_at": to_iso(production.made_at)})
        self._db.table("requests").update(production.request_number, {"status": "produced"})

    def productions(self, request: InformationRequest) -> list[FiledProduction]:
        rows = self._db.table("productions").rows_where("request_number = ?", [request.number], order_by="made_at, id")
        return [FiledProduction(**{**row, "made_at": from_iso(row["made_at"])}) for row in rows]


def _request(row: dict[str, Any]) -> InformationRequest:
    return InformationRequest(
        number=row["number"],
        law=row["law"],
        received=date.fromisoformat(row["received"]),
        requester=row["requester"],
        subject=row["subject"],
        status=row["status"],
        opened=from_iso(row["opened"]),
    )

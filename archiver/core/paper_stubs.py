"""What is left of a paper of the archive's own that was destroyed: that it was, and numbers never given again.

SQL lives here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlite_utils import Database

from archiver.core.clock import from_iso, to_iso
from archiver.core.papers import PaperKind


@dataclass(frozen=True, kw_only=True)
class PaperStub:
    """`place` is where its files lay below the archive, "" where there were none; `request_number` and `last_page` are
    a bundle's: what it answered, and the last number it gave to a page.
    """

    id: str
    kind: PaperKind
    place: str
    request_number: str = ""
    last_page: int = 0
    gone_at: datetime
    certificate: str


def add_paper_stub(db: Database, stub: PaperStub) -> None:
    """Leave a stub, in the transaction of the paper's disposal; a second one of that id changes nothing."""
    row = {**asdict(stub), "kind": stub.kind.value, "gone_at": to_iso(stub.gone_at)}
    db.conn.execute(
        "INSERT OR IGNORE INTO paper_stubs (id, kind, place, request_number, last_page, gone_at, certificate) "
        "VALUES (:id, :kind, :place, :request_number, :last_page, :gone_at, :certificate)",
        row,
    )


def paper_stubs(db: Database) -> list[PaperStub]:
    """The last destroyed first."""
    return [
        PaperStub(**{**row, "kind": PaperKind(row["kind"]), "gone_at": from_iso(row["gone_at"])})
        for row in db.query("SELECT * FROM paper_stubs ORDER BY gone_at DESC, id")
    ]


def last_page_of(db: Database, production: str) -> int:
    """The last number that a bundle gave to a page, 0 where it numbered none."""
    row = db.conn.execute("SELECT last_number FROM production_details WHERE id = ?", (production,)).fetchone()
    return int(row[0]) if row else 0


def request_of(db: Database, production: str) -> str:
    row = db.conn.execute("SELECT request_number FROM productions WHERE id = ?", (production,)).fetchone()
    return str(row[0]) if row else ""

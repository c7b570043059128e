"""The archive's own papers: what it made of its work, each known by the tables that tell of it.

Requests, bundles that answered them, certificates, reports of nights, holds, file plans and the trail are kept by
schedules too. SQL lives here; nothing here changes anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from archiver.core.clock import from_iso
from archiver.core.errors import NotFound
from archiver.core.events import read_event
from archiver.core.records import RecordId

CASE_CLOSED = "case-closed"
SUPERSEDED = "superseded"
CATALOGUE = "catalogue.db"
PLAN = "plan-"
"""Before the number of a file plan, as a paper's id."""
_RECORD = "rec_"


class PaperKind(StrEnum):
    """What a paper is; a rule of the file plan names it as it names a record's kind."""

    REQUEST = "request"  # an information request with its searches, its log and its review
    PRODUCTION = "production"  # a bundle that answered a request
    CERTIFICATE = "certificate"  # of destruction or transfer
    NIGHT_REPORT = "night_report"  # what a night captured and missed, and the files it hashed anew
    HOLD = "hold"  # a matter, what it covers, its placing and release
    FILE_PLAN = "file_plan"  # a version of the plan with who approved it
    TRAIL = "trail"  # all events, signed checkpoints and time-stamps


_PREFIXES = {
    "REQ-": PaperKind.REQUEST,
    "prod_": PaperKind.PRODUCTION,
    "crt_": PaperKind.CERTIFICATE,
    "run_": PaperKind.NIGHT_REPORT,
    "hld_": PaperKind.HOLD,
    PLAN: PaperKind.FILE_PLAN,
    "trail": PaperKind.TRAIL,
}


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One paper. `place` is below the archive, or elsewhere for a bundle that was made there.

    `events` are the days that periods may count from and that the paper itself knows: CASE_CLOSED, SUPERSEDED.
    `needed_for` says in words what cannot do without it today; `records` are those it tells of, gone ones among them.
    """

    id: str
    kind: PaperKind
    title: str
    place: str
    created: datetime
    last_activity: datetime
    events: Mapping[str, date] = field(default_factory=dict)
    needed_for: tuple[str, ...] = ()
    records: frozenset[RecordId] = frozenset()


def is_paper_id(id: str) -> bool:
    """Whether an id is no record's: what is neither is nobody's."""
    return not id.startswith(_RECORD)


def kind_of_id(id: str) -> PaperKind:
    """What an id that is no record's is of. Raises NotFound."""
    for prefix, kind in _PREFIXES.items():
        if id.startswith(prefix):
            return kind
    raise NotFound(f"{id} is no paper of this archive: see `archiver retention papers`")


def papers(db: Database, today: date, zone: ZoneInfo) -> list[Paper]:
    """Every paper, by kind and age. `zone` decides on which day a moment fell."""
    return [*_requests(db, today), *_certificates(db), *_night_reports(db), *_holds(db, zone), *_plans(db, zone),
            *_trail(db)]  # fmt: skip


def find_paper(db: Database, id: str, zone: ZoneInfo) -> Paper:
    """Raises NotFound."""
    for each in papers(db, date.max, zone):
        if each.id == id:
            return each
    raise NotFound(f"{id} is no paper of this archive: see `archiver retention papers`")


def _requests(db: Database, today: date) -> Iterator[Paper]:
    """Each request, then its bundles: both are needed until it is closed and the time to appeal has passed, and the
    request as long as a bundle is there, which tells whose it is and what its review decided.
    """
    covered = _grouped(
        db,
        "SELECT s.request_number, h.record_id FROM request_hits h JOIN request_searches s ON s.id = h.search_id "
        "UNION SELECT s.request_number, m.record_id FROM review_members m JOIN review_sets s ON s.id = m.set_id",
    )
    closings = {row["request_number"]: row for row in db.query("SELECT * FROM request_closings ORDER BY id")}
    logged = dict(db.conn.execute("SELECT request_number, max(at) FROM request_events GROUP BY request_number"))
    bundles = defaultdict(list)
    for row in db.query("SELECT * FROM productions ORDER BY made_at, id"):
        bundles[row["request_number"]].append(row)
    for row in db.query("SELECT number, subject, opened FROM requests ORDER BY opened, number"):
        number, closing = row["number"], closings.get(row["number"])
        until = date.fromisoformat(closing["appeal_until"]) if closing and closing["appeal_until"] else None
        needed: tuple[str, ...] = ()
        if until is None:
            needed = (f"request {number}",)
        elif until >= today:
            needed = (f"request {number}, appeals until {until}",)
        closed = {CASE_CLOSED: date.fromisoformat(closing["closed"])} if closing and until else {}
        last = max(row["opened"], logged.get(number) or "", closing["at"] if closing else "")
        yield Paper(
            id=number,
            kind=PaperKind.REQUEST,
            title=row["subject"],
            place=CATALOGUE,
            created=from_iso(row["opened"]),
            last_activity=from_iso(last),
            events=closed,
            needed_for=(*needed, *(f"bundle {made['id']}" for made in bundles[number])),
            records=covered.get(number, frozenset()),
        )
        for made in bundles[number]:
            yield Paper(
                id=made["id"],
                kind=PaperKind.PRODUCTION,
                title=f"{number}: {made['records']} records, {made['items']} items",
                place=_below_archive(made["path"]),
                created=from_iso(made["made_at"]),
                last_activity=from_iso(max(last, made["made_at"])),
                events=closed,
                needed_for=needed,
                records=covered.get(number, frozenset()),
            )


def _below_archive(path: str) -> str:
    """A bundle in the archive's own `productions/` stays there when the archive moves."""
    place = Path(path)
    return f"productions/{place.name}" if place.parent.name == "productions" else path


def _certificates(db: Database) -> Iterator[Paper]:
    """A certificate is the only proof of what is no more: it is needed as long as a stub names it."""
    went = _grouped(db, "SELECT batch_id, record_id FROM disposals")
    rows = db.conn.execute(
        "SELECT b.certificate, b.id, b.action, b.class_code, b.proposed_at, max(d.at) FROM batches b "
        "LEFT JOIN disposals d ON d.batch_id = b.id WHERE b.status = 'done' AND b.certificate IS NOT NULL "
        "GROUP BY b.id ORDER BY b.proposed_at, b.id"
    )
    for certificate, batch, action, code, proposed, ended in rows:
        gone = went.get(batch, frozenset())
        made = from_iso(ended or proposed)
        yield Paper(
            id=certificate,
            kind=PaperKind.CERTIFICATE,
            title=f"{action}: {len(gone)} records of class {code}",
            place=f"certificates/{certificate}",
            created=made,
            last_activity=made,
            needed_for=(f"the proof of what became of {len(gone)} records",) if gone else (),
            records=gone,
        )


def _night_reports(db: Database) -> Iterator[Paper]:
    captured = _grouped(
        db,
        "SELECT v.run_id, c.record_id FROM night_visits v JOIN captures c ON c.id = v.capture_id "
        "WHERE c.record_id IS NOT NULL",
    )
    for row in db.query("SELECT id, night, started, finished FROM night_runs ORDER BY started, id"):
        yield Paper(
            id=row["id"],
            kind=PaperKind.NIGHT_REPORT,
            title=f"Night of {row['night']}",
            place=f"runs/{row['id']}",
            created=from_iso(row["started"]),
            last_activity=from_iso(row["finished"] or row["started"]),
            needed_for=() if row["finished"] else ("a night that has not ended",),
            records=captured.get(row["id"], frozenset()),
        )


def _holds(db: Database, zone: ZoneInfo) -> Iterator[Paper]:
    covered = _grouped(db, "SELECT hold_id, record_id FROM hold_records")
    for row in db.query("SELECT id, matter, placed_at, released_at FROM holds ORDER BY placed_at, id"):
        released = from_iso(row["released_at"]) if row["released_at"] else None
        yield Paper(
            id=row["id"],
            kind=PaperKind.HOLD,
            title=row["matter"],
            place=CATALOGUE,
            created=from_iso(row["placed_at"]),
            last_activity=released or from_iso(row["placed_at"]),
            events={CASE_CLOSED: released.astimezone(zone).date()} if released else {},
            needed_for=() if released else (f"{row['matter']} ({row['id']})",),
            records=covered.get(row["id"], frozenset()),
        )


def _plans(db: Database, zone: ZoneInfo) -> Iterator[Paper]:
    """A plan is needed while it is in force, and as long as a certificate names a schedule that it brought."""
    gone = dict(
        db.conn.execute(
            "SELECT v.plan_version, count(*) FROM disposals d JOIN batches b ON b.id = d.batch_id "
            "JOIN schedule_versions v ON v.class_code = b.class_code AND v.number = b.schedule_number "
            "GROUP BY v.plan_version"
        )
    )
    # a schedule that a later plan did not change stays a row of the plan that brought it
    shared = dict(
        db.conn.execute(
            "SELECT v.plan_version, max(c.plan_version) FROM schedule_versions v JOIN record_classes c "
            "ON c.code = v.class_code AND c.schedule_number = v.number AND c.plan_version <> v.plan_version "
            "GROUP BY v.plan_version"
        )
    )
    batched = dict(
        db.conn.execute(
            "SELECT v.plan_version, count(*) FROM batches b JOIN schedule_versions v ON v.class_code = b.class_code "
            "AND v.number = b.schedule_number LEFT JOIN disposals d ON d.batch_id = b.id WHERE d.id IS NULL "
            "GROUP BY v.plan_version"
        )
    )
    rows = list(db.query("SELECT number, title, loaded_at, activated_at FROM plan_versions ORDER BY number"))
    in_force = sorted((row["activated_at"], row["number"]) for row in rows if row["activated_at"])
    followed = {old[1]: from_iso(new[0]) for old, new in pairwise(in_force)}
    for row in rows:
        number, since = row["number"], from_iso(row["loaded_at"])
        needed = []
        if in_force and in_force[-1][1] == number:
            needed.append("every record, for it is in force")
        if later := shared.get(number):
            needed.append(f"plan {later}, which kept schedules of it")
        if number in batched:
            needed.append(f"{batched[number]} batches, which name its schedules")
        if number in gone:
            needed.append(f"the certificates of {gone[number]} records, which name its schedules")
        ended = followed.get(number)
        yield Paper(
            id=f"{PLAN}{number}",
            kind=PaperKind.FILE_PLAN,
            title=row["title"],
            place=CATALOGUE,
            created=since,
            last_activity=ended or (from_iso(row["activated_at"]) if row["activated_at"] else since),
            events={SUPERSEDED: ended.astimezone(zone).date()} if ended else {},
            needed_for=tuple(needed),
        )


def _trail(db: Database) -> Iterator[Paper]:
    """One paper, which never ends: every other proof leads into it."""
    ends = db.conn.execute("SELECT line FROM events WHERE seq IN ((SELECT min(seq) FROM events), "
                           "(SELECT max(seq) FROM events)) ORDER BY seq").fetchall()  # fmt: skip
    if ends:
        yield Paper(
            id="trail",
            kind=PaperKind.TRAIL,
            title="All events, checkpoints and time-stamps",
            place="trail",
            created=from_iso(read_event(ends[0][0]).at),
            last_activity=from_iso(read_event(ends[-1][0]).at),
            needed_for=("every proof, for all of them lead into it",),
        )


def _grouped(db: Database, sql: str) -> dict[str, frozenset[RecordId]]:
    """Records by what is in the first column."""
    found: dict[str, set[RecordId]] = defaultdict(set)
    rows: Iterable[tuple[str, str]] = db.conn.execute(sql)
    for key, record in rows:
        found[key].add(RecordId(record))
    return {key: frozenset(records) for key, records in found.items()}

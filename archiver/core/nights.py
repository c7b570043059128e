"""The queue of a night's work, and what is known of the threads it follows. SQL for the tables of `m003_nightly`.

A row changes only within the caller's transaction. Work is leased: a row that a run took and did not give
back, because it was killed, is free again for the run that takes the night up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, optional_iso, to_iso
from archiver.core.errors import NotFound
from archiver.core.records import AccountId, CaptureId, Outcome


class VisitKind(StrEnum):
    """What is done at an address."""

    DISCOVERY = "discovery"  # the site is asked for its threads
    TIMELINE = "timeline"  # the page is captured, and the threads it lists are followed
    PAGE = "page"  # the page is captured


class VisitState(StrEnum):
    """How far a visit is."""

    WAITING = "waiting"
    LEASED = "leased"  # a run is at it, or was when it was killed
    DONE = "done"  # with an outcome
    LEFT = "left"  # given up for the night, and `told` says why


@dataclass(frozen=True, kw_only=True)
class NightVisit:
    """One address that a night looks at, once. `hint` is JSON: what discovery said of it."""

    number: int  # in the order of work
    kind: VisitKind
    url: str
    site: str
    account_id: AccountId | None
    job_id: str | None
    reason: str
    hint: str = "{}"
    state: VisitState = VisitState.WAITING
    attempts: int = 0
    not_before: datetime | None = None
    capture_id: CaptureId | None = None
    outcome: Outcome | None = None
    told: str = ""

    @property
    def scope(self) -> str:
        """The account, else the job, whose work it is."""
        return self.account_id or self.job_id or ""


@dataclass(frozen=True, kw_only=True)
class NightRun:
    """One run of the night. `finished` is None for one that was killed or is under way.

    `figures` are those of its report: captured, unchanged, edited, gone, failed, left.
    """

    id: str
    night: date
    started: datetime
    actor: str
    trail_size: int
    narrowed: bool = False
    taken_up: tuple[datetime, ...] = ()
    finished: datetime | None = None
    exit_code: int | None = None
    figures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something of a run that is no outcome of a visit; `about` is an account's or job's id, "" for the run."""

    at: datetime
    about: str
    note: str


@dataclass(frozen=True, kw_only=True)
class KnownThread:
    """A permalink that was found. Hints are JSON: as last listed, and as listed before its latest healthy capture."""

    url: str
    account_id: AccountId | None
    job_id: str | None
    first_found: datetime
    last_found: datetime
    hint: str
    seen: str


@dataclass(frozen=True, kw_only=True)
class ThreadObservation:
    """One capture of a known thread, with the newest moment of its record's items."""

    at: datetime
    outcome: Outcome
    last_activity: datetime | None


@dataclass(frozen=True, kw_only=True)
class DeclaredCounts:
    """Of one capture: the counts the site states, and those filed, under the same names."""

    scope: str
    declared: Mapping[str, int]
    found: Mapping[str, int]


_HEALTHY = json.dumps([each.value for each in Outcome if each.healthy])


class Nights:
    """Runs, visits, notes and known threads of one archive."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- runs -------------------------------------------------------------------------------

    def begin(self, run: NightRun) -> None:
        self._db.table("night_runs").insert(
            {
                "id": run.id,
                "night": run.night.isoformat(),
                "started": to_iso(run.started),
                "actor": run.actor,
                "narrowed": int(run.narrowed),
                "trail_size": run.trail_size,
            }
        )

    def take_up(self, run: NightRun, *, at: datetime) -> None:
        moments = [to_iso(each) for each in (*run.taken_up, at)]
        self._db.table("night_runs").update(run.id, {"taken_up": json.dumps(moments)})

    def finish(self, run: str, *, at: datetime, exit_code: int, figures: Mapping[str, int]) -> None:
        self._db.table("night_runs").update(
            run, {"finished": to_iso(at), "exit_code": exit_code, "figures": json.dumps(figures)}
        )

    def runs(self, *, limit: int = -1) -> list[NightRun]:
        """Newest first; all of them without a limit."""
        rows = self._db.query("SELECT * FROM night_runs ORDER BY started DESC, id LIMIT ?", [limit])
        return [_run(row) for row in rows]

    def run(self, id: str) -> NightRun:
        """By id, or `last`. Raises NotFound."""
        for each in self.runs(limit=1 if id == "last" else -1):
            if id in (each.id, "last"):
                return each
        raise NotFound(f"no run {id} in this archive: see `archiver runs list`")

    def note(self, run: str, note: str, *, at: datetime, about: str = "") -> None:
        self._db.table("night_notes").insert({"run_id": run, "at": to_iso(at), "about": about, "note": note})

    def notes(self, run: str) -> list[Note]:
        rows = self._db.query("SELECT * FROM night_notes WHERE run_id = ? ORDER BY rowid", [run])
        return [Note(at=from_iso(row["at"]), about=row["about"], note=row["note"]) for row in rows]

    # -- visits -----------------------------------------------------------------------------

    def add_visits(self, run: str, visits: Iterable[NightVisit]) -> None:
        """Queue them; what the run has already is left as it stands."""
        self._db.table("night_visits").insert_all((_visit_row(run, each) for each in visits), ignore=True)

    def visits(self, run: str) -> list[NightVisit]:
        """In the order of work."""
        rows = self._db.query("SELECT * FROM night_visits WHERE run_id = ? ORDER BY number, kind, url", [run])
        return [_visit(row) for row in rows]

    def lease(
        self, run: str, visit: NightVisit, *, owner: str, expires: datetime, capture: CaptureId, attempt: int
    ) -> None:
        self._set(
            run,
            visit,
            state=VisitState.LEASED.value,
            lease_owner=owner,
            lease_expires=to_iso(expires),
            capture_id=capture,
            attempts=attempt,
        )

    def put_back(self, run: str, visit: NightVisit, *, not_before: datetime | None, told: str) -> None:
        """It waits again, until `not_before` where that is given; the attempt made counts."""
        self._set(
            run,
            visit,
            state=VisitState.WAITING.value,
            lease_owner=None,
            lease_expires=None,
            not_before=optional_iso(not_before),
            told=told,
        )

    def end_visit(self, run: str, visit: NightVisit, *, state: VisitState, outcome: Outcome | None, told: str) -> None:
        self._set(
            run,
            visit,
            state=state.value,
            outcome=None if outcome is None else outcome.value,
            told=told,
            lease_owner=None,
            lease_expires=None,
        )

    def _set(self, run: str, visit: NightVisit, **values: object) -> None:
        self._db.table("night_visits").update((run, visit.kind.value, visit.url), values)

    def declared(self, run: str) -> list[DeclaredCounts]:
        """What the sites state and what was found, of every capture of the run that says."""
        rows = self._db.query(
            "SELECT coalesce(v.account_id, v.job_id) AS scope, c.declared, c.found FROM night_visits v "
            "JOIN captures c ON c.id = v.capture_id WHERE v.run_id = ? AND c.declared <> '{}'",
            [run],
        )
        return [
            DeclaredCounts(scope=row["scope"], declared=json.loads(row["declared"]), found=json.loads(row["found"]))
            for row in rows
        ]

    def healthy_captures(self, scope: str, *, since: datetime) -> list[datetime]:
        """When each was begun, oldest first; of an account or of a job of addresses, by id."""
        rows = self._db.query(
            "SELECT started FROM captures WHERE coalesce(account_id, job_id) = ? AND started >= ? "
            "AND outcome IN (SELECT value FROM json_each(?)) ORDER BY started",
            [scope, to_iso(since), _HEALTHY],
        )
        return [from_iso(row["started"]) for row in rows]

    def last_healthy(self, scope: str) -> datetime | None:
        """When the latest healthy capture was begun."""
        rows = self._db.query(
            "SELECT max(started) AS latest FROM captures WHERE coalesce(account_id, job_id) = ? "
            "AND outcome IN (SELECT value FROM json_each(?))",
            [scope, _HEALTHY],
        )
        return from_optional_iso(next(iter(rows))["latest"])

    # -- threads ----------------------------------------------------------------------------

    def threads(self, scope: str) -> list[KnownThread]:
        """What was found for an account, or for a job of addresses, by id; in the order first found."""
        rows = self._db.query(
            "SELECT * FROM known_threads WHERE coalesce(account_id, job_id) = ? ORDER BY first_found, url", [scope]
        )
        return [_thread(row) for row in rows]

    def observations(self, scope: str) -> dict[str, list[ThreadObservation]]:
        """Every capture of those threads, by address, oldest first."""
        rows = self._db.query(
            "SELECT t.url, c.started, c.outcome, r.last_activity FROM known_threads t "
            "JOIN captures c ON c.url = t.url LEFT JOIN records r ON r.id = c.record_id "
            "WHERE coalesce(t.account_id, t.job_id) = ? ORDER BY t.url, c.started, c.id",
            [scope],
        )
        found: dict[str, list[ThreadObservation]] = {}
        for row in rows:
            observed = ThreadObservation(
                at=from_iso(row["started"]),
                outcome=Outcome(row["outcome"]),
                last_activity=from_optional_iso(row["last_activity"]),
            )
            found.setdefault(row["url"], []).append(observed)
        return found

    def note_found(self, url: str, *, account: str | None, job: str | None, at: datetime, hint: str) -> None:
        """Keep the address with what is now said of it; whose it is stays what it was first.

        An account's threads belong to no job: its jobs come and go.
        """
        self._db.conn.execute(
            "INSERT INTO known_threads (url, account_id, job_id, first_found, last_found, hint) "
            "VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (url) DO UPDATE SET last_found = excluded.last_found, hint = excluded.hint",
            (url, account, job, to_iso(at), to_iso(at), hint),
        )

    def note_seen(self, url: str, *, hint: str) -> None:
        """A healthy capture was made of it after it was listed so."""
        self._db.conn.execute("UPDATE known_threads SET seen = ? WHERE url = ?", (hint, url))

    def marks(self, url: str) -> dict[str, str]:
        """What the sources at `url` asked to be handed back; {} before the first discovery."""
        row = next(iter(self._db.query("SELECT marks FROM discovery_marks WHERE url = ?", [url])), None)
        return {} if row is None else dict(json.loads(row["marks"]))

    def set_marks(self, url: str, marks: Mapping[str, str], *, at: datetime) -> None:
        self._db.table("discovery_marks").upsert(
            {"url": url, "at": to_iso(at), "marks": json.dumps(dict(marks))}, pk="url"
        )


def _visit_row(run: str, visit: NightVisit) -> dict[str, Any]:
    row = {"run_id": run, **asdict(visit)}
    return {**row, "not_before": optional_iso(visit.not_before)}


def _visit(row: dict[str, Any]) -> NightVisit:
    return NightVisit(
        number=row["number"],
        kind=VisitKind(row["kind"]),
        url=row["url"],
        site=row["site"],
        account_id=row["account_id"] and AccountId(row["account_id"]),
        job_id=row["job_id"],
        reason=row["reason"],
        hint=row["hint"],
        state=VisitState(row["state"]),
        attempts=row["attempts"],
        not_before=from_optional_iso(row["not_before"]),
        capture_id=row["capture_id"] and CaptureId(row["capture_id"]),
        outcome=row["outcome"] and Outcome(row["outcome"]),
        told=row["told"],
    )


def _run(row: dict[str, Any]) -> NightRun:
    return NightRun(
        id=row["id"],
        night=date.fromisoformat(row["night"]),
        started=from_iso(row["started"]),
        actor=row["actor"],
        trail_size=row["trail_size"],
        narrowed=bool(row["narrowed"]),
        taken_up=tuple(from_iso(each) for each in json.loads(row["taken_up"])),
        finished=from_optional_iso(row["finished"]),
        exit_code=row["exit_code"],
        figures=json.loads(row["figures"]),
    )


def _thread(row: dict[str, Any]) -> KnownThread:
    return KnownThread(
        url=row["url"],
        account_id=row["account_id"] and AccountId(row["account_id"]),
        job_id=row["job_id"],
        first_found=from_iso(row["first_found"]),
        last_found=from_iso(row["last_found"]),
        hint=row["hint"],
        seen=row["seen"],
    )

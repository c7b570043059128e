"""Deciding how long every record is kept, against a bare loop that only builds a frozen dataclass of each row.

A catalogue of records with 200 classes and 500 holds, 50 of them frozen from a query, is made from a seed. Both read
the same table from the same cache, in turn; ours parses the moments, finds class, schedule, events, holds and dates.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from archiver.core.archive import connect
from archiver.core.clock import to_iso
from archiver.core.schema import migrate
from archiver.workflows.keeping.standing import Standing
from retention.file_plan import Action, FilePlan, RecordClass, ScheduleVersion
from retention.periods import parse_period, parse_year_end
from retention.plan_file import parse_trigger
from retention.plan_writing import write_plan_toml
from retention.register import activate_plan, load_plan

SEED = 20261125
SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
RECORDS = max(1000, round(1_000_000 * SCALE))
CLASSES, HOLDS, BY_QUERY = 200, 500, 50
ROUNDS = 5 if os.environ.get("ARCHIVER_PROVE") else 3
AIM, MOST_MEGABYTES = 3.0, 500
_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """The record's row, every column of it."""

    id: str
    site: str
    kind: str
    native_root_id: str | None
    canonical_url: str
    account_id: str | None
    title: str
    creator_name: str
    creator_handle: str
    created: str | None
    modified: str | None
    language: str
    keywords: str
    first_captured: str
    last_captured: str
    last_activity: str | None
    class_code: str | None
    class_reason: str | None
    class_plan: int | None


def make_catalogue(path: Path) -> None:
    """A catalogue at `path` with nothing but what decisions are made from."""
    chance = random.Random(SEED)
    db = connect(path)
    migrate(db)
    plan = _plan(chance)
    db.conn.execute("BEGIN IMMEDIATE")
    number = load_plan(db, plan, write_plan_toml(plan), now=_NOW, actor="bench")
    activate_plan(db, number, now=_NOW, actor="bench")
    db.conn.executemany(
        f"INSERT INTO records VALUES ({', '.join('?' for _ in range(19))})",
        (_row(chance, each) for each in range(RECORDS)),
    )
    for each in range(HOLDS):
        hold = f"hld_{each:016x}"
        db.conn.execute(
            "INSERT INTO holds (id, matter, mandate, custodian, reason, placed_at, placed_by) VALUES (?,?,?,?,?,?,?)",
            (hold, f"matter {each}", "order", "clerk", "asked", to_iso(_NOW), "bench"),
        )
        size = RECORDS // 500 if each < BY_QUERY else 20
        db.conn.executemany(
            "INSERT OR IGNORE INTO hold_records VALUES (?, ?, ?)",
            ((hold, f"rec_{chance.randrange(RECORDS):016x}", to_iso(_NOW)) for _ in range(size)),
        )
    db.conn.execute("COMMIT")
    db.close()


def _plan(chance: random.Random) -> FilePlan:
    codes = [f"C{number:03d}" for number in range(CLASSES)]
    triggers = ("created", "captured", "last_activity")
    return FilePlan(
        title="bench",
        classes=tuple(RecordClass(code=each, title=f"Class {each}") for each in codes),
        schedules=tuple(
            ScheduleVersion(
                class_code=each,
                mandate="By-law",
                trigger=parse_trigger(chance.choice(triggers)),
                period=parse_period(chance.choice(("P2Y", "P7Y", "P18M", "P90D"))),
                cutoff=parse_year_end("03-31") if chance.random() < 0.5 else None,
                action=Action.DESTROY,
            )
            for each in codes
        ),
        rules=(),
    )


def _row(chance: random.Random, number: int) -> tuple[object, ...]:
    created = _NOW - timedelta(seconds=chance.randrange(10 * 365 * 86400))
    moments = [to_iso(created + timedelta(days=each)) for each in (0, 1, 2, 3, 1)]
    return (
        f"rec_{number:016x}", "town.example", "thread", str(number), f"https://town.example/{number}", None,
        f"Advisory {number}", "Town", "@town", moments[0], None, "en", "[]", moments[1], moments[2], moments[3],
        f"C{chance.randrange(CLASSES):03d}" if chance.random() > 0.02 else None, "rule 1", 1,
    )  # fmt: skip


def bare_loop(path: Path) -> int:
    """Build a frozen dataclass of every row, and keep none."""
    count = 0
    connection = sqlite3.connect(path)
    for row in connection.execute("SELECT * FROM records ORDER BY id"):
        Row(*row)
        count += 1
    connection.close()
    return count


def decide(path: Path) -> tuple[int, int]:
    """Decide on every record; how many, and how many are held."""
    db = connect(path)
    count = held = 0
    for each in Standing(db, ZoneInfo("Asia/Kolkata")).of_all(date(2026, 11, 25)):
        count += 1
        held += bool(each.matters)
    db.close()
    return count, held


def main() -> None:
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.db"
        make_catalogue(path)
        bare_loop(path)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(ROUNDS):
            start = time.perf_counter()
            bare_loop(path)
            bare.append(time.perf_counter() - start)
            start = time.perf_counter()
            count, held = decide(path)
            ours.append(time.perf_counter() - start)
            assert count == RECORDS
            print(
                f"round {number + 1} of {ROUNDS}: {ours[-1]:.2f} s for {count:,} records, {held:,} held; bare loop "
                f"{bare[-1]:.2f} s",
                file=sys.stderr,
            )
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratio = median(our / theirs for our, theirs in zip(ours, bare, strict=True))
    print(
        json.dumps(
            {
                "bench": "deciding",
                "value": round(RECORDS / median(ours)),
                "unit": "records/s",
                "reference": round(RECORDS / median(bare)),
                "ratio": round(ratio, 2),
                "aim": AIM,
                "met": ratio <= AIM,
            }
        )
    )
    print(
        json.dumps(
            {
                "bench": "deciding, memory of the whole process",
                "value": round(memory),
                "unit": "MB",
                "reference": round(before / 1024),
                "aim": MOST_MEGABYTES,
                "met": memory < MOST_MEGABYTES,
            }
        )
    )


if __name__ == "__main__":
    main()

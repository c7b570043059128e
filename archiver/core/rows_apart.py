"""A copy of the catalogue in two: what stays whatever goes, and the rows of each record and paper, apart.

A backup seals the second under the keys of what they tell of, so that they open no more once those are destroyed. What
the rows of a record or paper are is said in `disposal_rows` and `paper_rows`; nothing else is taken out. SQL lives
here.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from archiver.core.disposal_rows import ROWS_BY_RECORD, VISITS_BY_RECORD
from archiver.core.errors import BackupDamaged
from archiver.core.paper_files import has_files
from archiver.core.paper_rows import rows_of_kind
from archiver.core.papers import Paper, PaperKind, papers
from archiver.core.schema import table_names

Rows = dict[str, list[dict[str, Any]]]
"""By table, each row by its columns. Under VISITS what nights were told of a record's addresses."""
VISITS = "told to nights"


def take_apart(snapshot: Path, bare: Path, zone: ZoneInfo) -> Iterator[tuple[str, bytes]]:
    """Write at `bare` what stays of a snapshot; every part that may go, with its rows, packed; some more than once.

    `bare` is whole when the last was taken. A part is a record's id, the place of a paper's files below the archive, or
    the id of a paper without any.
    """
    with closing(sqlite3.connect(f"file:{snapshot}?mode=ro", uri=True)) as full:
        known = papers(Database(full), date.max, zone)
        parts = {each.id: each.place if has_files(each.place) else each.id for each in known}
        # the owners of decisions that are no paper's any more keep them under their own ids
        taken: dict[str, set[int]] = {}
        for owner, rows in _of_papers(full, known, taken):
            yield parts[owner], pack_rows(rows)
        for owner, rows in _of_records(full, taken):
            yield parts.get(owner, owner), pack_rows(rows)
        _copy_the_rest(full, bare, taken)


def pack_rows(rows: Rows) -> bytes:
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def put_together(bare: Path, packed: Iterable[bytes]) -> None:
    """Add the rows of every part to `bare`, in the order they were taken out. Raises BackupDamaged."""
    with closing(sqlite3.connect(bare, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("BEGIN IMMEDIATE")
        columns = {table: frozenset(_columns(db, table)) for table in table_names(db)}
        try:
            for each in packed:
                for table, rows in json.loads(zlib.decompress(each)).items():
                    _add(db, columns, table, rows)
        except (ValueError, KeyError, zlib.error, sqlite3.DatabaseError) as error:
            raise BackupDamaged(f"the rows of {bare.name} do not fit it ({error}): take an older set") from error
        db.execute("COMMIT")


def _add(db: sqlite3.Connection, columns: Mapping[str, frozenset[str]], table: str, rows: list[dict[str, Any]]) -> None:
    if table == VISITS:
        sql = (
            "UPDATE night_visits SET told = :told, hint = :hint WHERE run_id = :run_id AND kind = :kind AND url = :url"
        )
    else:
        names = list(rows[0])
        if not set(names) <= columns[table]:
            raise KeyError(table)  # names come from a file: only such as the catalogue has are ever part of SQL
        values = ", ".join(f":{each}" for each in names)
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - the catalogue's own names
    db.executemany(sql, rows)


def _of_papers(full: sqlite3.Connection, known: list[Paper], taken: dict[str, set[int]]) -> Iterator[tuple[str, Rows]]:
    of_records = {number for (number, *_) in full.execute(VISITS_BY_RECORD)}
    for paper in known:
        if paper.kind is PaperKind.TRAIL:
            continue
        rows: Rows = {}
        for table, rowid, row in rows_of_kind(full, paper.kind, paper.id):
            if rowid not in taken.setdefault(table, set()):
                taken[table].add(rowid)
                if table == "night_visits" and rowid in of_records:
                    row |= {"told": "", "hint": "{}"}  # what they told of records goes with these
                rows.setdefault(table, []).append(row)
        if rows:
            yield paper.id, rows


def _of_records(full: sqlite3.Connection, taken: dict[str, set[int]]) -> Iterator[tuple[str, Rows]]:
    """All tables side by side, each in the order of the owners: no more than one owner's rows are in memory."""
    streams = [_stream(full, table, joined, owner, taken) for table, joined, owner in ROWS_BY_RECORD]
    streams.append(_visits(full))
    heads = [next(each, None) for each in streams]
    while owners := [head[0] for head in heads if head is not None]:
        owner, rows = min(owners), Rows()
        for position, head in enumerate(heads):
            if head is not None and head[0] == owner:
                rows[head[1]] = head[2]
                heads[position] = next(streams[position], None)
        yield owner, rows


_Owned = tuple[str, str, list[dict[str, Any]]]


def _stream(
    full: sqlite3.Connection, table: str, joined: str, owner: str, taken: dict[str, set[int]]
) -> Iterator[_Owned]:
    names = _columns(full, table)
    mine = taken.setdefault(table, set())
    found = full.execute(
        f"SELECT {owner} AS owner, t.rowid, t.* FROM {table} t {joined} WHERE owner IS NOT NULL "  # noqa: S608 - constants
        "ORDER BY owner, t.rowid"
    )
    for id, group in groupby(found, key=itemgetter(0)):
        rows = [row for row in group if row[1] not in mine]
        mine.update(row[1] for row in rows)
        if rows:
            yield id, table, [dict(zip(names, row[2:], strict=True)) for row in rows]


def _visits(full: sqlite3.Connection) -> Iterator[_Owned]:
    names = ("run_id", "kind", "url", "told", "hint")
    for id, group in groupby(full.execute(VISITS_BY_RECORD), key=itemgetter(1)):
        yield id, VISITS, [dict(zip(names, row[2:], strict=True)) for row in group]


def _copy_the_rest(full: sqlite3.Connection, bare: Path, taken: dict[str, set[int]]) -> None:
    with closing(sqlite3.connect(bare, isolation_level=None)) as db:
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA synchronous = OFF")  # it is read back, sealed and synced before anything relies on it
        db.execute(f"PRAGMA user_version = {full.execute('PRAGMA user_version').fetchone()[0]}")
        stated = full.execute(
            "SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
            "ORDER BY type <> 'table'"
        ).fetchall()
        db.execute("BEGIN")
        for name, type, sql in stated:
            db.execute(sql)
            if type == "table":
                _copy_table(full, db, name, taken.get(name, set()))
        if "sqlite_sequence" in table_names(full):
            for name, last in full.execute("SELECT name, seq FROM sqlite_sequence"):  # numbers are never given again
                if not db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (last, name)).rowcount:
                    db.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, last))
        db.execute("COMMIT")


def _copy_table(full: sqlite3.Connection, db: sqlite3.Connection, table: str, taken: set[int]) -> None:
    names = _columns(full, table)
    marks = ", ".join("?" * (len(names) + 1))
    rows = full.execute(f"SELECT t.rowid, t.* FROM {table} t")  # noqa: S608 - the catalogue's own names
    db.executemany(
        f"INSERT INTO {table} (rowid, {', '.join(names)}) VALUES ({marks})",  # noqa: S608 - the catalogue's own names
        (row for row in rows if row[0] not in taken),
    )


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]

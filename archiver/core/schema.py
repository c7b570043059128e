"""All tables, as sqlite-utils migrations in order; their SQL lies in `ddl/`. A released migration is never edited.

Times are ISO 8601 UTC text of fixed width (see `clock.to_iso`), so text order is time order.
"""

from __future__ import annotations

import sqlite3
from importlib.resources import files

from sqlite_utils import Database, Migrations

from archiver.core.errors import SchemaTooNew

migrations = Migrations("archiver")


def _run(db: Database, name: str) -> None:
    script = files("archiver.core").joinpath("ddl", f"{name}.sql").read_text(encoding="utf-8")
    for statement in script.split(";"):
        if statement.strip():
            db.conn.execute(statement)


@migrations()
def m001_spine(db: Database) -> None:
    _run(db, "m001_spine")


@migrations()
def m002_assets(db: Database) -> None:
    _run(db, "m002_assets")


@migrations()
def m003_nightly(db: Database) -> None:
    _run(db, "m003_nightly")


@migrations()
def m004_site_sessions(db: Database) -> None:
    _run(db, "m004_site_sessions")


@migrations()
def m005_commitments(db: Database) -> None:
    _run(db, "m005_commitments")


@migrations()
def m006_completeness(db: Database) -> None:
    _run(db, "m006_completeness")


@migrations()
def m007_search(db: Database) -> None:
    _run(db, "m007_search")


@migrations()
def m009_retention(db: Database) -> None:
    _run(db, "m009_retention")


@migrations()
def m010_review(db: Database) -> None:
    _run(db, "m010_review")


@migrations()
def m011_papers(db: Database) -> None:
    _run(db, "m011_papers")


def table_names(db: sqlite3.Connection) -> frozenset[str]:
    """The tables that are there: a copy made by an earlier version may lack some."""
    return frozenset(name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))


def migrate(db: Database) -> None:
    """Bring the catalogue to this version's tables.

    Raises SchemaTooNew where a newer version of the software has written to it.
    """
    unknown = [applied.name for applied in migrations.applied(db) if applied.name not in _STEPS]
    if unknown:
        raise SchemaTooNew(
            f"the catalogue was written by a newer Archiver (migration {', '.join(unknown)} is unknown "
            "here): update Archiver"
        )
    if migrations.pending(db):
        migrations.apply(db)


_STEPS = frozenset(
    each.__name__
    for each in (
        m001_spine,
        m002_assets,
        m003_nightly,
        m004_site_sessions,
        m005_commitments,
        m006_completeness,
        m007_search,
        m009_retention,
        m010_review,
        m011_papers,
    )
)

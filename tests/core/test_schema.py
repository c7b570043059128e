"""The tables: made once, never touched by an older program."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from archiver.core.archive import Archive
from archiver.core.errors import SchemaTooNew
from archiver.core.schema import migrate, migrations


def fresh() -> Database:
    return Database(sqlite3.connect(":memory:", isolation_level=None))


def test_every_table_is_there() -> None:
    db = fresh()
    migrate(db)
    assert {each for each in db.table_names() if not each.startswith(("sqlite_", "_sqlite_"))} == {
        "meta", "people", "logins", "accounts", "jobs", "records", "record_corrections", "record_tags", "captures",
        "objects", "items", "item_versions", "index_changes", "events", "plan_versions", "record_classes",
        "schedule_versions", "classification_rules", "requests", "request_searches", "request_hits", "productions",
        "site_sessions",
        "night_runs", "night_notes", "night_visits", "known_threads", "discovery_marks",
        "assets", "asset_references", "repeated_objects", "stubs",
        "commitments", "saved_searches", "search_runs", "search_run_hits",
        "plan_approvals", "class_decisions", "extensions", "trigger_events", "holds", "hold_scopes", "hold_records",
        "request_closings", "batches", "batch_items", "batch_approvals", "disposals", "disposal_residue",
        "fixity_checks", "paper_stubs",
        "request_details", "requesters", "request_events", "review_sets", "review_members", "review_assignments",
        "review_batches", "review_decisions", "redactions", "picture_clearances", "leak_acknowledgements",
        "production_details",
    }  # fmt: skip


def test_migrating_twice_changes_nothing() -> None:
    db = fresh()
    migrate(db)
    before = db.schema
    db.conn.execute("INSERT INTO meta VALUES ('a', 'শিৱসাগৰ')")
    migrate(db)
    assert db.schema == before
    assert list(db.query("SELECT * FROM meta")) == [{"key": "a", "value": "শিৱসাগৰ"}]


def test_every_step_is_known_to_the_check_for_newer_archives() -> None:
    db = fresh()
    migrate(db)
    assert not migrations.pending(db)
    migrate(db)


def test_a_newer_archive_is_refused_and_left_alone(archive: Archive, tmp_path: Path) -> None:
    archive.db.conn.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('archiver', 'm999_holds', '')"
    )
    archive.close()
    before = (archive.directory / "catalogue.db").read_bytes()
    with pytest.raises(SchemaTooNew, match=r"m999_holds is unknown here.*update Archiver"):
        Archive.open(archive.directory, config_directory=archive.config_directory)
    assert (archive.directory / "catalogue.db").read_bytes() == before


IDENTITY = "INSERT INTO records (id, site, kind, native_root_id, canonical_url, first_captured, last_captured) VALUES "


def test_a_record_is_known_by_its_native_id_else_by_its_address() -> None:
    db = fresh()
    migrate(db)
    db.conn.execute(IDENTITY + "('r1', 's', 'thread', '7', 'http://s/7', '', '')")
    db.conn.execute(IDENTITY + "('r2', 's', 'page', '7', 'http://s/7', '', '')")
    db.conn.execute(IDENTITY + "('r3', 's', 'thread', NULL, 'http://s/7', '', '')")
    with pytest.raises(sqlite3.IntegrityError):
        db.conn.execute(IDENTITY + "('r4', 's', 'thread', '7', 'http://s/another', '', '')")
    with pytest.raises(sqlite3.IntegrityError):
        db.conn.execute(IDENTITY + "('r5', 's', 'thread', NULL, 'http://s/7', '', '')")

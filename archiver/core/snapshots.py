"""Consistent copies of the catalogue in `snapshots/`: decisions survive the loss of `catalogue.db`."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from archiver.core.clock import to_timestamp14
from archiver.core.durable import part_path, publish, storage_errors, sync_directory

KEEP = 5
"""How many snapshots stay; older ones are removed when a new one stands."""


def take_snapshot(db: Database, directory: Path, *, at: datetime, trail_size: int) -> Path:
    """Copy the catalogue while it may be in use (SQLite's online backup), durably. Raises StorageFull."""
    path = directory / f"catalogue-{trail_size:010d}-{to_timestamp14(at)}.db"
    part = part_path(path)
    part.unlink(missing_ok=True)
    with storage_errors(path):
        try:
            copy = sqlite3.connect(part)
            try:
                db.conn.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
        except sqlite3.OperationalError as error:
            part.unlink(missing_ok=True)
            raise OSError(28, f"the snapshot could not be written: {error}", str(path)) from error
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    publish(part, path)
    for old in snapshots(directory)[KEEP:]:
        old.unlink()
    return path


def drop_snapshots(db: Database, directory: Path, *, at: datetime, trail_size: int) -> Path:
    """Take a fresh snapshot and remove every other: they hold what was destroyed since. Raises StorageFull."""
    fresh = take_snapshot(db, directory, at=at, trail_size=trail_size)
    for old in snapshots(directory):
        if old != fresh:
            old.unlink()
    sync_directory(directory)
    return fresh


def trail_size_of(snapshot: Path) -> int:
    """How many events the trail had when it was taken."""
    return int(snapshot.stem.split("-")[1])


def snapshots(directory: Path) -> list[Path]:
    """Newest first: by the trail's length, then by time."""
    return sorted(directory.glob("catalogue-*.db"), reverse=True)

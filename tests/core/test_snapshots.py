"""Snapshots are whole catalogues, taken while others write, and only the newest stay."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import StorageFull
from archiver.core.events import EventType
from archiver.core.snapshots import KEEP, snapshots, take_snapshot


def take(archive: Archive, at: datetime) -> Path:
    return take_snapshot(archive.db, archive.directory / "snapshots", at=at, trail_size=archive.trail.head().size)


def test_a_snapshot_is_named_by_the_trails_length_and_the_moment(archive: Archive, now: datetime) -> None:
    with archive.change(at=now, actor="per_1") as change:
        change.record(EventType.RECORD_TAGGED, ["rec_1"])
    assert take(archive, now).name == "catalogue-0000000001-20261121074500.db"


def test_a_snapshot_is_a_catalogue_of_its_own_with_everything_in_it(
    archive: Archive, now: datetime, tmp_path: Path
) -> None:
    archive.db.conn.execute("INSERT INTO meta VALUES ('a', 'শিৱসাগৰ')")
    path = take(archive, now)
    assert [each.name for each in path.parent.iterdir()] == [path.name]  # no -wal, no -shm, no .part
    elsewhere = tmp_path / "alone.db"
    elsewhere.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(elsewhere)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert copy.execute("SELECT value FROM meta WHERE key = 'a'").fetchone() == ("শিৱসাগৰ",)


def test_a_leftover_of_a_crash_is_no_obstacle_and_no_snapshot(archive: Archive, now: datetime) -> None:
    directory = archive.directory / "snapshots"
    (directory / "catalogue-0000000000-20261121074500.db.part").write_bytes(b"torn")
    assert snapshots(directory) == []
    path = take(archive, now)
    assert snapshots(directory) == [path]
    assert len(list(directory.iterdir())) == 1


def test_only_the_newest_stay(archive: Archive, now: datetime) -> None:
    taken = [take(archive, now + timedelta(seconds=number)) for number in range(KEEP + 3)]
    assert snapshots(archive.directory / "snapshots") == taken[: -KEEP - 1 : -1]
    assert KEEP == 5


def test_a_longer_trail_is_newer_than_a_later_clock(archive: Archive, now: datetime) -> None:
    early = take(archive, now + timedelta(days=400))
    with archive.change(at=now, actor="per_1") as change:
        change.record(EventType.RECORD_TAGGED, ["rec_1"])
    late = take(archive, now)
    assert snapshots(archive.directory / "snapshots") == [late, early]


WRITE_PAIRS = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
print("writing", flush=True)
for number in range(100000):
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO index_changes (record_id) VALUES (?)", ("a" * 500,))
    db.execute("INSERT INTO index_changes (record_id) VALUES (?)", ("b" * 500,))
    db.execute("COMMIT")
"""


def test_a_snapshot_under_a_writer_holds_whole_transactions_only(archive: Archive, now: datetime) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_PAIRS, str(archive.directory / "catalogue.db")], stdout=subprocess.PIPE
    )
    with writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            counts = []
            for number in range(4):
                with closing(sqlite3.connect(take(archive, now + timedelta(seconds=number)))) as copy:
                    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    counts.append(copy.execute("SELECT count(*) FROM index_changes").fetchone()[0])
            assert writer.poll() is None
        finally:
            writer.kill()
    assert all(count % 2 == 0 for count in counts)
    assert counts == sorted(counts)
    assert counts[-1] > 0


def test_a_directory_that_takes_no_file_leaves_the_old_snapshots(archive: Archive, now: datetime) -> None:
    old = take(archive, now)
    with pytest.raises(StorageFull, match="could not be written"):
        take_snapshot(archive.db, archive.directory / "snapshots" / "missing", at=now, trail_size=1)
    assert snapshots(archive.directory / "snapshots") == [old]

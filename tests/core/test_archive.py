"""One archive directory: made, opened, changed as one, and told clearly when that cannot be."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive, read_settings, user_config_directory
from archiver.core.checkpoints import check_checkpoints, read_checkpoints
from archiver.core.config import ArchiveSettings, Settings, load_settings
from archiver.core.errors import (
    AlreadyExists,
    ArchiveBusy,
    ArchiveExists,
    ArchiveNotFound,
    BadSettings,
    StorageFull,
    TrailBroken,
)
from archiver.core.events import EventType
from archiver.core.key_chain import KeyChain
from archiver.core.people import Role
from archiver.core.signing import fingerprint
from archiver.core.snapshots import snapshots, trail_size_of

REGINA = Settings(archive=ArchiveSettings(id="arc_2", agency="City of Regina", jurisdiction="CA-SK"))


def reopen(archive: Archive) -> Archive:
    return Archive.open(archive.directory, config_directory=archive.config_directory)


def note(archive: Archive, at: datetime) -> None:
    with archive.change(at=at, actor="per_1") as change:
        change.record(EventType.RECORD_TAGGED, ["rec_1"])


# -- making and opening ---------------------------------------------------------------------


def test_an_archive_has_its_files_and_directories(archive: Archive) -> None:
    assert {each.name for each in archive.directory.iterdir() if each.suffix not in (".db-wal", ".db-shm")} == {
        "archive.toml", "catalogue.db", "objects", "assets", "trail", "snapshots", "search", "productions",
    }  # fmt: skip
    assert load_settings(archive.directory / "archive.toml") == archive.settings


def test_the_key_lies_outside_the_archive(archive: Archive, config_directory: Path) -> None:
    key = config_directory / "keys" / "arc_0000000000000001.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_bytes().splitlines()[1]
    archive.finish_run(at=datetime.fromisoformat("2026-11-21T07:45:00Z"))
    for path in archive.directory.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes()


def test_an_empty_directory_may_become_an_archive(tmp_path: Path) -> None:
    (tmp_path / "town").mkdir()
    with Archive.create(tmp_path / "town", REGINA, config_directory=tmp_path / "config") as archive:
        assert archive.trail.head().size == 0


@pytest.mark.parametrize("obstacle", ["a file in it", "a file of its name", "an archive"])
def test_nothing_is_overwritten(tmp_path: Path, archive: Archive, obstacle: str) -> None:
    directory = tmp_path / "town"
    if obstacle == "an archive":
        directory = archive.directory
    elif obstacle == "a file of its name":
        directory.write_text("x")
    else:
        directory.mkdir()
        (directory / "letter.txt").write_text("x")
    with pytest.raises(ArchiveExists, match="is not empty"):
        Archive.create(directory, REGINA, config_directory=tmp_path / "config")
    assert not (tmp_path / "config" / "keys" / "arc_2.pem").exists()


def test_an_opened_archive_is_the_one_that_was_made(archive: Archive, now: datetime) -> None:
    note(archive, now)
    with reopen(archive) as again:
        assert again.settings == archive.settings
        assert again.trail.head() == archive.trail.head()
        assert again.signing_key() is not None


def test_what_is_no_archive_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ArchiveNotFound, match=r"no archive \(it has no archive\.toml\): .*archiver init"):
        Archive.open(tmp_path, config_directory=tmp_path)
    with pytest.raises(ArchiveNotFound):
        read_settings(tmp_path / "missing")


def test_bad_settings_keep_the_archive_closed(archive: Archive) -> None:
    (archive.directory / "archive.toml").write_text("[archive]\n")
    with pytest.raises(BadSettings, match=r"archive\.agency: missing"):
        reopen(archive)


def test_a_lost_catalogue_is_told_with_the_way_out(archive: Archive) -> None:
    archive.close()
    (archive.directory / "catalogue.db").unlink()
    with pytest.raises(ArchiveNotFound, match=r"has no catalogue\.db: `archiver rebuild`"):
        reopen(archive)


@pytest.mark.parametrize("damage", ["header", "middle", "cut"])
def test_a_damaged_catalogue_is_told_with_the_way_out(archive: Archive, now: datetime, damage: str) -> None:
    note(archive, now)
    archive.close()
    path = archive.directory / "catalogue.db"
    content = path.read_bytes()
    if damage == "header":
        content = b"not a database, " + content[16:]
    elif damage == "middle":
        content = content[:100] + b"\xff" * (len(content) - 100)
    else:
        content = content[: len(content) // 2]
    path.write_bytes(content)
    with pytest.raises(TrailBroken, match=r"catalogue\.db is damaged .*: run `archiver rebuild`"):
        reopen(archive)


def test_the_catalogue_is_set_up_for_safety(archive: Archive) -> None:
    pragma = {
        name: archive.db.conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
    }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_the_configuration_directory_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ARCHIVER_CONFIG", str(tmp_path / "here"))
    assert user_config_directory() == tmp_path / "here"
    monkeypatch.delenv("ARCHIVER_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_config_directory() == tmp_path / "archiver"


# -- changing -------------------------------------------------------------------------------


def test_a_change_and_its_event_are_there_together(archive: Archive, now: datetime) -> None:
    with archive.change(at=now, actor="per_1") as change:
        archive.register.add_account(handle="@SKGov", url="https://example.org/SKGov", now=now)
        event = change.record(EventType.ACCOUNT_ADDED, ["acc_1"], {"site": "example.org"})
    assert archive.catalogue.counts()["accounts"] == 1
    assert list(archive.trail.events()) == [event]
    assert (event.at, event.actor) == ("2026-11-21T07:45:00.000000Z", "per_1")
    assert json.loads(archive.trail.path.read_text("utf-8")) == json.loads(event.line)


def _fail(archive: Archive, now: datetime, error: BaseException | None) -> None:
    """Write through every door the rooms use, then fail."""
    with archive.change(at=now, actor="per_1") as change:
        change.record(EventType.ACCOUNT_ADDED, ["acc_1"])
        archive.register.add_account(handle="@SKGov", url="https://example.org/SKGov", now=now)
        archive.people.add("Rūpa", Role.OFFICER, "a long secret", now=now, by="archive")
        archive.db.conn.execute("INSERT INTO meta VALUES ('a', 'b')")
        assert archive.register.accounts()  # reading must not commit
        assert list(archive.db.query("SELECT * FROM accounts"))
        if error is not None:
            raise error
        archive.register.add_account(handle="skgov", url="https://example.org/SKGov", now=now)


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), None], ids=["error", "interrupt", "refusal"])
def test_a_failure_leaves_neither_change_nor_event(
    archive: Archive, now: datetime, error: BaseException | None
) -> None:
    with pytest.raises(AlreadyExists if error is None else type(error)):
        _fail(archive, now, error)
    assert archive.catalogue.counts() == dict.fromkeys(archive.catalogue.counts(), 0)
    assert archive.people.everybody() == []
    assert archive.meta("a") is None
    assert not archive.trail.path.exists() or archive.trail.path.read_bytes() == b""
    note(archive, now)
    assert archive.trail.verify() == []


def test_a_kill_in_the_middle_of_a_change_leaves_nothing_of_it(archive: Archive, now: datetime) -> None:
    script = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from archiver.core.archive import Archive
from archiver.core.events import EventType
now = datetime(2026, 11, 21, tzinfo=UTC)
archive = Archive.open(Path(sys.argv[1]), config_directory=Path(sys.argv[2]))
with archive.change(at=now, actor="per_1") as change:
    change.record(EventType.ACCOUNT_ADDED, ["acc_1"])
    archive.register.add_account(handle="@a", url="https://example.org/", now=now)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    note(archive, now)
    ended = subprocess.run(
        [sys.executable, "-c", script, str(archive.directory), str(archive.config_directory)], check=False
    )
    assert ended.returncode == -signal.SIGKILL
    with reopen(archive) as again:
        assert again.catalogue.counts()["accounts"] == 0
        assert again.trail.head().size == 1
        assert again.trail.verify() == []


def test_a_change_waits_its_time_and_is_then_refused(archive: Archive, now: datetime) -> None:
    archive.db.conn.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(archive.directory / "catalogue.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveBusy, match=r"another process is writing to .*: try again when it is done"):
            note(archive, now)
        other.execute("ROLLBACK")
    note(archive, now)
    assert archive.trail.head().size == 1


def test_readers_are_not_held_up_by_a_writer(archive: Archive) -> None:
    with closing(sqlite3.connect(archive.directory / "catalogue.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO meta VALUES ('a', 'b')")
        with reopen(archive) as reader:
            assert reader.meta("a") is None


def test_one_run_at_a_time(archive: Archive) -> None:
    with reopen(archive) as other:
        with archive.run_lock(), pytest.raises(ArchiveBusy, match="another run is working on"), other.run_lock():
            pass
        with other.run_lock():
            pass


def test_a_broken_rule_of_the_tables_is_a_bug_and_stays_one(archive: Archive, now: datetime) -> None:
    with pytest.raises(sqlite3.IntegrityError), archive.change(at=now, actor="per_1"):
        archive.db.conn.execute("INSERT INTO item_versions VALUES ('none', 1, '', '', '')")


# -- the disk is full -----------------------------------------------------------------------


@contextmanager
def small_disk(at: Path, kilobytes: int) -> Iterator[Path]:
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(at)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk takes root")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def test_a_full_disk_changes_nothing_and_says_so(tmp_path: Path, now: datetime) -> None:
    with (
        small_disk(tmp_path / "disk", 1500) as disk,
        Archive.create(disk / "archive", REGINA, config_directory=tmp_path / "config") as archive,
    ):
        note(archive, now)
        with pytest.raises(StorageFull, match=r"catalogue\.db could not be written: .*; nothing was changed"):
            _write_much(archive, now)
        assert archive.trail.head().size == 1
        assert archive.trail.verify() == []
        assert archive.catalogue.index_head() == 0
        note(archive, now)
        assert archive.trail.verify() == []


def _write_much(archive: Archive, now: datetime) -> None:
    with archive.change(at=now, actor="per_1") as change:
        change.record(EventType.RECORD_TAGGED, ["rec_1"])
        for _ in range(4):
            archive.db.conn.execute("INSERT INTO index_changes (record_id) VALUES (?)", ("x" * 1_000_000,))


def test_a_disk_full_for_the_trail_file_only_says_that_the_change_stays(
    tmp_path: Path, now: datetime, archive: Archive
) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        archive.trail.path = disk / "events.jsonl"
        (disk / "filler").write_bytes(b"x" * 8192)
        with pytest.raises(StorageFull, match=r"the change is made and stays; only .*no space is left"):
            note(archive, now)
        (disk / "filler").unlink()
        assert archive.trail.head().size == 1
        archive.trail.publish()
        assert archive.trail.verify() == []


# -- ending a run ---------------------------------------------------------------------------


def test_a_run_ends_with_a_signed_checkpoint_and_a_snapshot(archive: Archive, now: datetime) -> None:
    note(archive, now)
    archive.finish_run(at=now)
    (checkpoint,) = read_checkpoints(archive.directory / "trail")
    key = archive.signing_key()
    assert key is not None
    chain = KeyChain("arc_0000000000000001", (), [fingerprint(key.public_key)])
    assert check_checkpoints([checkpoint], archive.trail.leaves(), "arc_0000000000000001", chain) == []
    assert checkpoint.size == 1
    assert [each.name for each in snapshots(archive.directory / "snapshots")] == [
        "catalogue-0000000001-20261121074500.db"
    ]


def test_a_run_in_which_nothing_happened_leaves_nothing(archive: Archive, now: datetime) -> None:
    note(archive, now)
    archive.finish_run(at=now)
    archive.finish_run(at=now + timedelta(hours=1))
    with reopen(archive) as again:
        again.finish_run(at=now + timedelta(hours=2))
    assert len(read_checkpoints(archive.directory / "trail")) == 1
    assert len(snapshots(archive.directory / "snapshots")) == 1


def test_what_a_killed_run_decided_is_in_the_snapshot_of_the_next_which_decides_nothing(
    archive: Archive, now: datetime
) -> None:
    note(archive, now)
    archive.finish_run(at=now)
    note(archive, now)  # and the run is killed
    with reopen(archive) as again:
        again.finish_run(at=now + timedelta(hours=2))
    assert [trail_size_of(each) for each in snapshots(archive.directory / "snapshots")] == [2, 1]
    assert len(read_checkpoints(archive.directory / "trail")) == 2


def test_a_machine_without_the_key_signs_nothing_and_still_snapshots(
    archive: Archive, tmp_path: Path, now: datetime
) -> None:
    with Archive.open(archive.directory, config_directory=tmp_path / "elsewhere") as other:
        assert other.sign_checkpoint(at=now) is None
        note(other, now)
        other.finish_run(at=now)
    assert read_checkpoints(archive.directory / "trail") == []
    assert len(snapshots(archive.directory / "snapshots")) == 1


def test_a_rolled_back_catalogue_and_trail_are_betrayed_by_a_checkpoint(archive: Archive, now: datetime) -> None:
    """Who restores an older copy of both is found by the checkpoint kept elsewhere."""
    note(archive, now)
    archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    older = {name: (archive.directory / name).read_bytes() for name in ("catalogue.db", "trail/events.jsonl")}
    note(archive, now)
    archive.finish_run(at=now)
    archive.close()
    for name, content in older.items():
        (archive.directory / name).write_bytes(content)
    with reopen(archive) as again:
        assert again.trail.verify() == []
        kept = read_checkpoints(archive.directory / "trail")
        (finding,) = check_checkpoints(
            kept, again.trail.leaves(), "arc_0000000000000001", KeyChain("arc_0000000000000001", ())
        )
    assert "the trail's tail was cut off" in finding

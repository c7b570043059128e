"""Destroyed stays destroyed and held stays held, whatever copy the archive comes back from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import AlreadyExists, ArchiveExists, DisposalLocked, TrailBroken
from archiver.workflows.backups.restore import restore_archive
from archiver.workflows.disposal.replay import confirm_holds
from archiver.workflows.keeping.keep_holds import mirror_if_set, place_hold
from archiver.workflows.keeping.standing import Standing
from archiver.workflows.rebuild import rebuild_archive
from archiver.workflows.verification.verify import verify_archive
from retention.decisions import State
from retention.holds import Scope, ScopeKind
from tests.workflows.disposal.shelf import (
    FILED,
    LATER,
    SITE,
    Shelf,
    approved_batch,
    day,
    file_thread,
    make_shelf,
    person,
    record_id,
    run,
)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


def hold(archive: Archive, number: int) -> str:
    placed = place_hold(
        archive,
        matter="Bora v. Town",
        mandate="an order",
        custodian="Clerk",
        reason="quoted",
        scopes=[Scope(kind=ScopeKind.RECORD, value=record_id(number))],
        actor=person(archive, "Olu"),
        now=LATER,
    )
    return placed.hold.id


def test_an_old_copy_with_the_newer_trail_destroys_and_holds_again_before_anything_is_read(
    shelf: Shelf, tmp_path: Path
) -> None:
    with shelf.open() as archive:
        for number in (1, 2, 3):
            file_thread(archive, number, f"planted-{number} in the oldest copy of all, said the resident")
        archive.finish_run(at=LATER)
    old = tmp_path / "old"
    shutil.copytree(shelf.directory, old)
    with shelf.open() as archive:
        hold(archive, 2)
        batch = approved_batch(archive)
        run(archive, batch)
        assert archive.catalogue.record_ids() == [record_id(2)]
        hold(archive, 3)  # too late for the record, but told
    shutil.copy(shelf.directory / "trail" / "events.jsonl", old / "trail" / "events.jsonl")
    rebuilt = rebuild_archive(old, now=LATER, config_directory=shelf.config)
    assert {each.type for each in rebuilt.missing} >= {"hold_placed", "record_disposed", "batch_approved"}
    with Archive.open(old, config_directory=shelf.config) as archive:
        assert archive.catalogue.record_ids() == [record_id(2)]
        assert {each.record_id for each in archive.catalogue.stubs()} == {record_id(1), record_id(3)}
        (decision,) = Standing.of(archive).of_all(day("2026-06-02"))
        assert decision.state is State.HELD
        assert not list(archive.objects.root.rglob("rec_*0001"))
        assert [each for each in verify_archive(archive).findings if each.fault != "snapshot"] == []


def test_a_record_of_which_only_the_trail_tells_is_known_by_its_address(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as archive:
        archive.finish_run(at=FILED)
    old = tmp_path / "old"
    shutil.copytree(shelf.directory, old)
    with shelf.open() as archive:
        file_thread(archive, 1, "came after the copy, and went")
        run(archive, approved_batch(archive))
    trail = shelf.directory / "trail" / "events.jsonl"
    shutil.copy(trail, old / "trail" / "events.jsonl")
    assert f"https://{SITE}/1" not in trail.read_text().rpartition("record_disposed")[2]
    rebuild_archive(old, now=LATER, config_directory=shelf.config)
    with Archive.open(old, config_directory=shelf.config) as archive:
        stub = archive.catalogue.stub_of_url(f"https://{SITE}/1")
        assert stub is not None
        assert stub.record_id == record_id(1)
        assert archive.catalogue.stub_of_url(f"https://{SITE}/2") is None
        assert archive.catalogue.find_stub(SITE, stub.kind, stub.native_root_id, f"https://{SITE}/1") == stub


def test_a_restore_repeats_what_the_mirror_tells_and_locks_disposal_where_it_tells_nothing(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    shelf = make_shelf(tmp_path, mirror=str(mirror))
    with shelf.open() as archive:
        file_thread(archive, 1, "zqxplanted long before the copy was made, said the resident")
        file_thread(archive, 2)
        archive.finish_run(at=LATER)
    copy = tmp_path / "copy"
    shutil.copytree(shelf.directory, copy)
    with shelf.open() as archive:
        hold(archive, 2)
        run(archive, approved_batch(archive))
        mirror_if_set(archive)
    done = restore_archive(copy, tmp_path / "again", mirror=mirror, now=LATER, config_directory=shelf.config)
    assert (done.newer_events > 5, done.locked) == (True, True)
    with Archive.open(tmp_path / "again", config_directory=shelf.config) as archive:
        assert archive.catalogue.record_ids() == [record_id(2)]
        assert Standing.of(archive).of_record(record_id(2), day("2026-06-02")).state is State.HELD
    for path in (tmp_path / "again").rglob("*"):
        assert not path.is_file() or b"zqxplanted" not in path.read_bytes(), path
    blind = restore_archive(copy, tmp_path / "blind", mirror=None, now=LATER, config_directory=shelf.config)
    assert (blind.newer_events, blind.locked) == (0, True)
    with Archive.open(tmp_path / "blind", config_directory=shelf.config) as archive:
        for who in ("Ann", "Bob"):
            confirm_holds(archive, actor=person(archive, who), now=LATER)
        assert archive.meta("disposal_lock") is None
    with pytest.raises(ArchiveExists):
        restore_archive(copy, tmp_path / "blind", mirror=mirror, now=LATER)
    (mirror / "events.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(TrailBroken, match="another trail"):
        restore_archive(copy, tmp_path / "third", mirror=mirror, now=LATER)


def test_after_a_rebuild_nothing_goes_before_two_people_confirmed_the_holds(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        file_thread(archive, 2)
        archive.finish_run(at=LATER)
        kept = sorted((shelf.directory / "snapshots").glob("*"))
        held = hold(archive, 2)
        for path in (shelf.directory / "snapshots").glob("*"):
            assert path in kept
    rebuild_archive(shelf.directory, now=LATER, config_directory=shelf.config)
    with shelf.open() as archive:
        batch = approved_batch(archive)
        assert [each.record_id for each in batch.items] == [record_id(1)]
        with pytest.raises(DisposalLocked, match="two people"):
            run(archive, batch)
        assert not confirm_holds(archive, actor=person(archive, "Ann"), now=LATER)
        with pytest.raises(AlreadyExists, match="another approver"):
            confirm_holds(archive, actor=person(archive, "Ann"), now=LATER)
        assert confirm_holds(archive, actor=person(archive, "Bob"), now=LATER)
        assert run(archive, batch).batch.counts == {"destroyed": 1}
        assert verify_archive(archive).findings == ()
        assert held in str(Standing.of(archive).of_record(record_id(2), day("2026-06-02")).matters)

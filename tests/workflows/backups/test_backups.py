"""Backups tell nothing without their key, lose nothing with it, and bring nothing back that was destroyed."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.backup_boxes import CHUNK, FILE_NAME, BackupBoxes, make_key_file, read_key_file
from archiver.core.errors import (
    AlreadyExists,
    BackupDamaged,
    BackupKeyWrong,
    BadInput,
    CopyUnreachable,
    NotFound,
    NotPermitted,
)
from archiver.core.events import EventType
from archiver.core.records import RecordId
from archiver.workflows.backups.back_up import BackedUp, back_up, check_set, chosen_set, read_sets, unpack
from archiver.workflows.backups.restore import restore_archive, restore_from
from archiver.workflows.backups.restore_drill import drill
from archiver.workflows.disposal.certify import read_certificate
from archiver.workflows.keeping.keep_holds import place_hold
from archiver.workflows.verification.verify import verify_archive
from retention.holds import Scope, ScopeKind
from tests.workflows.disposal.shelf import (
    LATER,
    Shelf,
    approved_batch,
    file_thread,
    make_shelf,
    person,
    record_id,
    run,
)

PLANTED = "zqxplanted পানী پانی पानी 💧 l'eau est coupée, said the resident"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = make_shelf(tmp_path)
    noise = random.Random(5).randbytes(5 * CHUNK // 2)
    with made.open() as archive:
        file_thread(archive, 1, PLANTED)
        file_thread(archive, 2, bodies={"https://town.example/2/picture": b"\x89" + noise})
    return made


@pytest.fixture
def key(tmp_path: Path) -> Path:
    make_key_file(tmp_path / "keys" / "backup.key")
    return tmp_path / "keys" / "backup.key"


def boxes(archive: Archive, place: Path, key: Path) -> BackupBoxes:
    id = archive.settings.archive.id
    return BackupBoxes.begin(place, archive=id, key=read_key_file(key), passphrase=None)


def back(archive: Archive, place: Path, key: Path, *, at: datetime = LATER, keep: int = 7) -> BackedUp:
    return back_up(archive, boxes(archive, place, key), actor=person(archive, "Clerk"), now=at, keep=keep)


def hours(count: int) -> datetime:
    return LATER + timedelta(hours=count)


def hold(archive: Archive, record: RecordId) -> str:
    scopes = [Scope(kind=ScopeKind.RECORD, value=record)]
    placed = place_hold(
        archive, matter="Bora v. Town", mandate="an order", custodian="Clerk", reason="quoted", scopes=scopes,
        actor=person(archive, "Olu"), now=LATER,
    )  # fmt: skip
    return placed.hold.id


def test_a_backup_restored_is_the_archive_again_and_without_its_key_it_is_noise(
    shelf: Shelf, key: Path, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    with shelf.open() as archive:
        done = back(archive, place, key)
        kept = {each.path: each.sha256 for each, _ in archive.catalogue.all_objects()}
    assert done.sealed == done.files
    for path in place.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for plain in (b"zqxplanted", "পানী".encode(), b"rec_", b"WARC", b"SQLite", b"capture.json"):
            assert plain not in content, path
            assert plain not in path.name.encode()
    opened = BackupBoxes.open(place, key=read_key_file(key), passphrase=None)
    assert check_set(opened, chosen_set(opened)) == []
    restore_from(
        lambda part: unpack(opened, chosen_set(opened), part),
        tmp_path / "again",
        mirror=None,
        now=LATER,
        config_directory=shelf.config,
    )
    with Archive.open(tmp_path / "again", config_directory=shelf.config) as archive:
        assert {each.path: each.sha256 for each, _ in archive.catalogue.all_objects()} == kept
        assert archive.catalogue.items(record_id(1))[0].item.text == PLANTED
        assert verify_archive(archive).findings == ()


def test_a_second_backup_writes_only_what_is_new(shelf: Shelf, key: Path, tmp_path: Path) -> None:
    with shelf.open() as archive:
        first = back(archive, tmp_path / "backup", key)
        file_thread(archive, 3)
        second = back(archive, tmp_path / "backup", key, at=hours(1))
        assert second.files == first.files + 3
        assert second.sealed == 3 + 4  # the thread's files; the snapshot, its rows, the trail and its checkpoints
        third = back(archive, tmp_path / "backup", key, at=hours(2), keep=2)
        assert third.sets_removed == (first.set,)
        assert [each.id for each in read_sets(boxes(archive, tmp_path / "backup", key))] == [third.set, second.set]
        assert [each.type for each in archive.trail.events()].count(EventType.BACKED_UP) == 3
        assert verify_archive(archive).findings == ()


def test_a_wrong_key_or_passphrase_is_said_before_anything_is_read(shelf: Shelf, key: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    make_key_file(other)
    assert other.stat().st_mode & 0o777 == 0o600
    with pytest.raises(AlreadyExists, match="never overwritten"):
        make_key_file(other)
    with shelf.open() as archive:
        back(archive, tmp_path / "one", key)
        id = archive.settings.archive.id
        made = BackupBoxes.begin(tmp_path / "two", archive=id, key=None, passphrase="ৰাজহ correct horse")
        back_up(archive, made, actor=person(archive, "Clerk"), now=LATER)
        with pytest.raises(AlreadyExists, match="something else"):
            BackupBoxes.begin(shelf.config, archive=id, key=read_key_file(key), passphrase=None)
        with pytest.raises(AlreadyExists, match="another archive"):
            BackupBoxes.begin(tmp_path / "one", archive="arc_other", key=read_key_file(key), passphrase=None)
        with pytest.raises(BadInput, match="another disk"):
            back(archive, shelf.directory / "productions" / "b", key)
        with pytest.raises(NotPermitted):
            back_up(archive, made, actor=person(archive, "Olu"), now=LATER)
    with pytest.raises(BackupKeyWrong, match="not the key"):
        BackupBoxes.open(tmp_path / "one", key=read_key_file(other), passphrase=None)
    with pytest.raises(BackupKeyWrong, match="key file"):
        BackupBoxes.open(tmp_path / "one", key=None, passphrase="correct horse")
    with pytest.raises(BackupKeyWrong, match="not the passphrase"):
        BackupBoxes.open(tmp_path / "two", key=None, passphrase="correct horse")
    with pytest.raises(BackupKeyWrong, match="no key"):
        read_key_file(shelf.directory / "archive.toml")
    with pytest.raises(NotFound, match="no backup"):
        BackupBoxes.open(shelf.directory, key=read_key_file(key), passphrase=None)
    opened = BackupBoxes.open(tmp_path / "two", key=None, passphrase="ৰাজহ correct horse")
    assert check_set(opened, chosen_set(opened)) == []
    stated = tmp_path / "two" / FILE_NAME
    for was, becomes in (('"n": 131072', '"n": 1073741824'), ('"n": 131072', '"n": "x"'), ('"check"', '"chek"')):
        text = stated.read_text(encoding="ascii")
        stated.write_text(text.replace(was, becomes), encoding="ascii")
        with pytest.raises(BackupDamaged):
            BackupBoxes.open(tmp_path / "two", key=None, passphrase="ৰাজহ correct horse")
        stated.write_text(text, encoding="ascii")


def test_a_flipped_byte_a_lost_end_and_an_exchanged_box_are_told_with_the_file(
    shelf: Shelf, key: Path, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    with shelf.open() as archive:
        back(archive, place, key)
        opened = boxes(archive, place, key)
    chosen, chance = chosen_set(opened), random.Random(7)
    largest, other = sorted(chosen.files, key=lambda each: each.size, reverse=True)[:2]
    box, second = (opened.path_of(opened.name_of(each.path, each.sha256, each.part)) for each in (largest, other))
    whole, one_chunk = box.read_bytes(), len(b"archiver-box 1\n") + 32 + CHUNK + 16
    assert len(whole) > 2 * one_chunk
    harmed = [whole[:one_chunk], whole[:-1], whole[: 2 * one_chunk], whole + b"\0", b"", second.read_bytes()]
    for offset in [0, 20, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(12))]:
        harmed.append(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
    start, length = len(b"archiver-box 1\n") + 32, CHUNK + 16
    head, chunks = whole[:start], whole[start:]
    harmed.append(head + chunks[length : 2 * length] + chunks[:length] + chunks[2 * length :])  # two exchanged
    for each in harmed:
        box.write_bytes(each)
        (finding,) = check_set(opened, chosen)
        assert largest.path in finding
    with pytest.raises(BackupDamaged, match="copy it from another place"):
        unpack(opened, chosen, tmp_path / "part")
    box.unlink()
    (finding,) = check_set(opened, chosen)
    assert "No such file" in finding
    set_file = place / "sets" / chosen.id
    set_file.write_bytes(set_file.read_bytes()[:-3])
    with pytest.raises(BackupDamaged):
        read_sets(opened)


def test_a_drill_repeats_what_was_decided_since_and_brings_nothing_destroyed_back(
    shelf: Shelf, key: Path, tmp_path: Path
) -> None:
    place, work = tmp_path / "backup", tmp_path / "work"
    work.mkdir()
    with shelf.open() as archive:
        back(archive, place, key)
        shutil.copytree(place, tmp_path / "tape")
        hold(archive, record_id(2))
        done = run(archive, approved_batch(archive))
        residue = read_certificate(archive, str(done.certificate))["residue"]
        (set_,) = read_sets(boxes(archive, place, key))
        assert [(each["place"], each["record_id"]) for each in residue] == [(f"backup set {set_.id}", None)]
        file_thread(archive, 3, at=LATER)
        found = drill(
            archive, boxes(archive, tmp_path / "tape", key), actor=person(archive, "Clerk"), now=LATER, place=work
        )
        assert (found.findings, found.passed) == ((), True)
        assert (found.records, found.destroyed_since, found.not_in_set) == (1, 1, 1)
        assert found.newer_events > 5
        assert list(work.iterdir()) == []
        (told,) = [each for each in archive.trail.events() if each.type == EventType.RESTORE_DRILLED]
        assert (told.subjects, told.detail["findings"]) == ((found.set,), 0)
        # what was sealed before goes with the next set: no key opens it again
        sealed = {path.name for path in (place / "boxes").rglob("*") if path.is_file()}
        after = back(archive, place, key, at=hours(1))
        assert after.sets_removed == (found.set,)
        assert after.boxes_removed >= 3
        left = {path.name for path in (place / "boxes").rglob("*") if path.is_file()}
        assert len(sealed - left) == after.boxes_removed
        opened = boxes(archive, place, key)
        unpack(opened, chosen_set(opened), tmp_path / "unpacked")
        for path in (tmp_path / "unpacked").rglob("*"):
            assert not path.is_file() or b"zqxplanted" not in path.read_bytes(), path
        assert verify_archive(archive).findings == ()


def gone_from(place: Path) -> int:
    """How many keys were destroyed."""
    return sum(path.is_file() and not path.stat().st_size for path in (place / "keys").rglob("*"))


def with_backup_at(place: Path, tmp_path: Path, keys_in: Sequence[str] = ()) -> Shelf:
    """An archive whose settings name the backup, with two records."""
    made = make_shelf(tmp_path)
    stated = made.directory / "archive.toml"
    text = stated.read_text(encoding="utf-8")
    for name, value in {"place": str(place), "keys_in": keys_in}.items():
        empty = f"\n{name} = {'[]' if name == 'keys_in' else json.dumps('')}\n"
        assert text.count(empty) == 1
        text = text.replace(empty, f"\n{name} = {json.dumps(value)}\n")
    stated.write_text(text, encoding="utf-8")
    with made.open() as archive:
        file_thread(archive, 1, PLANTED)
        file_thread(archive, 2, PLANTED + " again")
    return made


def test_the_key_of_a_record_is_destroyed_with_it_and_no_copy_of_the_boxes_opens_any_more(
    key: Path, tmp_path: Path
) -> None:
    place, tape = tmp_path / "backup", tmp_path / "tape"
    shelf = with_backup_at(place, tmp_path)
    with shelf.open() as archive:
        first = back(archive, place, key)
        shutil.copytree(place, tape, ignore=shutil.ignore_patterns("keys"))
        hold(archive, record_id(2))
        run(archive, approved_batch(archive))
        assert gone_from(place) == 1
        held = BackupBoxes.open(tape, key=read_key_file(key), passphrase=None, keys_in=[place / "keys"])
        chosen = chosen_set(held, first.set)
        unpack(held, chosen, tmp_path / "unpacked")
        assert not list((tmp_path / "unpacked").rglob("rec_*0001"))
        assert list((tmp_path / "unpacked").rglob("rec_*0002"))
        assert check_set(held, chosen) == []
        for filed in chosen.files:
            if str(record_id(1)) in filed.path:
                with pytest.raises(BackupDamaged, match="was destroyed"):
                    held.name_of(filed.path, filed.sha256, filed.part)
        # the snapshot goes with the next set, whose key replaces that one's
        back(archive, place, key, at=hours(1))
        assert gone_from(place) == 2
        opened = BackupBoxes.open(tape, key=read_key_file(key), passphrase=None, keys_in=[place / "keys"])
        unpack(opened, chosen_set(opened, first.set), tmp_path / "later")
        for path in (tmp_path / "later").rglob("*"):
            texts = path.read_bytes() if path.is_file() else b""
            assert f"{PLANTED}\n".encode() not in texts, path
            assert "snapshots" not in path.parts
        assert verify_archive(archive).findings == ()
        found = drill(archive, opened, actor=person(archive, "Clerk"), now=hours(2))
        assert found.destroyed_since == 1


def test_keys_lie_apart_where_the_settings_say_and_at_each_place_named(key: Path, tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two"]
    for each in places:
        each.mkdir()
    shelf = with_backup_at(tmp_path / "backup", tmp_path, keys_in=[str(each) for each in places])
    with shelf.open() as archive:
        made = BackupBoxes.begin(
            tmp_path / "backup", archive="arc_shelf", key=read_key_file(key), passphrase=None, keys_in=places
        )
        back_up(archive, made, actor=person(archive, "Clerk"), now=LATER)
        assert not (tmp_path / "backup" / "keys").exists()
        names = [sorted(path.name for path in each.rglob("*") if path.is_file()) for each in places]
        assert names[0] == names[1] != []
        hold(archive, record_id(2))
        run(archive, approved_batch(archive))
        for each in places:
            assert sum(path.is_file() and not path.stat().st_size for path in each.rglob("*")) == 1
    with pytest.raises(CopyUnreachable, match="mount it"):
        BackupBoxes.open(tmp_path / "backup", key=read_key_file(key), passphrase=None, keys_in=[tmp_path / "no"])
    opened = BackupBoxes.open(tmp_path / "backup", key=read_key_file(key), passphrase=None)
    assert any("is lost" in each for each in check_set(opened, chosen_set(opened)))


def test_a_place_of_keys_that_is_away_is_on_the_certificate_and_the_next_backup_destroys_them(
    key: Path, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    shelf = with_backup_at(place, tmp_path)
    with shelf.open() as archive:
        back(archive, place, key)
        hold(archive, record_id(2))
        place.rename(tmp_path / "unmounted")
        done = run(archive, approved_batch(archive))
        residue = read_certificate(archive, str(done.certificate))["residue"]
        assert any("could not be destroyed" in each["message"] for each in residue)
        (tmp_path / "unmounted").rename(place)
        assert gone_from(place) == 0
        back(archive, place, key, at=hours(1))
        assert gone_from(place) == 2  # the record's, and the snapshot's that went with its set


def test_a_lost_key_of_a_record_that_is_there_is_made_anew_with_its_boxes(
    shelf: Shelf, key: Path, tmp_path: Path
) -> None:
    place = tmp_path / "backup"
    with shelf.open() as archive:
        back(archive, place, key)
        shutil.rmtree(place / "keys")
        again = back(archive, place, key, at=hours(1))
        opened = boxes(archive, place, key)
        assert check_set(opened, chosen_set(opened, again.set)) == []
        assert again.sealed >= 6


def test_a_drill_tells_what_a_restored_archive_lacks(shelf: Shelf, key: Path, tmp_path: Path) -> None:
    with shelf.open() as archive:
        (warc,) = archive.objects.root.rglob("rec_*0002/cap_*/capture.warc.gz")
        warc.write_bytes(warc.read_bytes()[:-10])
        back(archive, tmp_path / "backup", key)
        found = drill(archive, boxes(archive, tmp_path / "backup", key), actor=person(archive, "Clerk"), now=LATER)
        assert not found.passed
        assert any("rec_0000000000000002" in each for each in found.findings)


def test_a_plain_copy_is_still_restored(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as archive:
        archive.finish_run(at=LATER)
    shutil.copytree(shelf.directory, tmp_path / "copy")
    done = restore_archive(tmp_path / "copy", tmp_path / "again", mirror=None, now=LATER, config_directory=shelf.config)
    assert done.locked

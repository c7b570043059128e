"""In the moment a record or paper is destroyed, no backup made before holds a word of it: its key goes with it."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.backup_boxes import BackupBoxes, make_key_file, read_key_file
from archiver.core.backup_keys import FOLDER
from archiver.core.errors import BackupDamaged
from archiver.core.events import EventType
from archiver.core.paper_stubs import paper_stubs
from archiver.workflows.archive.keep_register import tag_record
from archiver.workflows.archive.make_archive import make_archive
from archiver.workflows.backups.back_up import check_set, chosen_set, read_sets, unpack
from archiver.workflows.backups.restore import restore_from
from archiver.workflows.backups.restore_drill import drill
from archiver.workflows.backups.snapshot_apart import ROWS
from archiver.workflows.disposal.certify import read_certificate
from archiver.workflows.keeping.classify import reclassify
from archiver.workflows.keeping.keep_holds import place_hold
from archiver.workflows.verification.verify import verify_archive
from retention.holds import Scope, ScopeKind
from tests.workflows.backups.test_backups import back, gone_from, hours, with_backup_at
from tests.workflows.disposal.shelf import (
    FILED,
    LATER,
    SECRET,
    Shelf,
    approved_batch,
    file_thread,
    person,
    record_id,
    run,
)
from tests.workflows.disposal.test_nothing_left import PLANTED, PNG, holders
from tests.workflows.disposal.test_paper_disposal import DESTROYED, DUE, answer, approved
from tests.workflows.disposal.test_paper_disposal import PLANTED as OF_THE_REQUEST
from tests.workflows.disposal.test_papers import ask, end, put_in_force

PICTURE = {"https://town.example/p.png": PNG}
NEEDLES = [*(text.encode() for text in PLANTED.values()), PNG[:30], b"zqxtag", b"zqxreason"]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    make_key_file(tmp_path / "backup.key")
    return tmp_path / "backup.key"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def shelf(tmp_path: Path, place: Path) -> Shelf:
    """Its thread 1 has something planted in every place that tells of a record; thread 2 stays."""
    made = with_backup_at(place, tmp_path)
    with made.open() as archive:
        olu = person(archive, "Olu")
        file_thread(
            archive, 1, PLANTED["text"], PLANTED["comment"], at=FILED, night=1, title=PLANTED["title"], bodies=PICTURE
        )
        tag_record(archive, record_id(1), add=["zqxtag"], remove=[], actor=olu, now=FILED)
        for code in ("E", "R"):
            reclassify(archive, [record_id(1)], code, reason="zqxreason", actor=olu, now=FILED)
        archive.finish_run(at=FILED)
    return made


def opened(archive: Archive, place: Path, key: Path, keys: Path | None = None) -> BackupBoxes:
    id, keys_in = archive.settings.archive.id, [keys] if keys else []
    return BackupBoxes.begin(place, archive=id, key=read_key_file(key), passphrase=None, keys_in=keys_in)


def hold_the_other(archive: Archive) -> None:
    place_hold(
        archive, matter="Bora v. Town", mandate="an order", custodian="Clerk", reason="quoted",
        scopes=[Scope(kind=ScopeKind.RECORD, value=record_id(2))], actor=person(archive, "Olu"), now=LATER,
    )  # fmt: skip


def test_an_older_set_and_every_copy_of_it_hold_no_byte_of_what_was_destroyed_and_the_rest_is_whole(
    shelf: Shelf, place: Path, key: Path, tmp_path: Path
) -> None:
    with shelf.open() as archive:
        back(archive, place, key)
        shutil.copytree(place, tmp_path / "tape", ignore=shutil.ignore_patterns(FOLDER))
        tape = opened(archive, tmp_path / "tape", key, place / FOLDER)
        (set_,) = read_sets(tape)
        unpack(tape, set_, tmp_path / "before")
        for needle in NEEDLES:
            assert holders(tmp_path / "before", needle), needle
        hold_the_other(archive)
        done = run(archive, approved_batch(archive))
        residue = {each["place"] for each in read_certificate(archive, str(done.certificate))["residue"]}
        assert residue == {record_id(2)}  # which says the same as the first capture did
        assert gone_from(place) == 1
        for name in (place, tmp_path / "tape"):  # no other backup was made since
            boxes = opened(archive, name, key, place / FOLDER)
            assert check_set(boxes, chosen_set(boxes)) == []
            into = tmp_path / f"of-{name.name}"
            unpack(boxes, chosen_set(boxes), into)
            assert [holders(into, needle) for needle in NEEDLES] == [set()] * len(NEEDLES)
            assert not list(into.rglob(f"*{ROWS}"))
        found = drill(archive, opened(archive, place, key), actor=person(archive, "Clerk"), now=hours(1))
        assert (found.findings, found.destroyed_since, found.records) == ((), 1, 1)
    for mirror in (shelf.directory / "trail" / "events.jsonl", None):
        into = tmp_path / f"again-{mirror is None}"
        boxes = BackupBoxes.open(place, key=read_key_file(key), passphrase=None)
        bring = partial(unpack, boxes, chosen_set(boxes))
        restore_from(bring, into, mirror=mirror, now=hours(2), config_directory=shelf.config)
        with Archive.open(into, config_directory=shelf.config) as archive:
            assert archive.catalogue.record_ids() == [record_id(2)]
            assert archive.catalogue.items(record_id(2))[0].item.text.endswith("again")
        assert [holders(into, needle) for needle in NEEDLES] == [set()] * len(NEEDLES)


def test_a_request_that_was_destroyed_opens_in_no_older_set_either(
    shelf: Shelf, place: Path, key: Path, tmp_path: Path
) -> None:
    with shelf.open() as archive:
        put_in_force(archive, tmp_path, DESTROYED)
        number = ask(archive, 2)
        answer(archive, number)
        end(archive, number, at=LATER)
        with archive.change(at=LATER, actor="shelf") as change:
            change.db.conn.execute("UPDATE requests SET subject = ? WHERE number = ?", (OF_THE_REQUEST, number))
            change.record(EventType.ROWS_COMMITTED, [number], commits=[("requests", number)])
        archive.finish_run(at=LATER)
        set_ = back(archive, place, key).set
        for _ in ("the bundle", "the request"):
            run(archive, approved(archive), at=DUE)
        assert {each.id for each in paper_stubs(archive.db)} >= {number}
        boxes = opened(archive, place, key)
        unpack(boxes, chosen_set(boxes, set_), tmp_path / "of-it")
        assert holders(tmp_path / "of-it", OF_THE_REQUEST.encode()) == set()
        assert verify_archive(archive).findings == ()


def test_rows_whose_key_is_lost_and_not_destroyed_are_told(
    shelf: Shelf, place: Path, key: Path, tmp_path: Path
) -> None:
    with shelf.open() as archive:
        back(archive, place, key)
    for path in (place / FOLDER).rglob("*"):
        if path.is_file():
            path.unlink()
    boxes = BackupBoxes.open(place, key=read_key_file(key), passphrase=None)
    with pytest.raises(BackupDamaged, match="is lost: name the place of the keys"):
        unpack(boxes, chosen_set(boxes), tmp_path / "of-it")


def test_a_backup_may_lie_with_another_archive_which_neither_reads_nor_minds_it(
    shelf: Shelf, key: Path, tmp_path: Path
) -> None:
    """What a neighbouring agency keeps for us is a directory below its archive: sealed, and no part of its records."""
    other = tmp_path / "other"
    with shelf.open() as archive:
        settings = archive.settings
        make_archive(other, settings, administrator="Clerk", secret=SECRET, now=FILED, config_directory=tmp_path / "c")
        back(archive, other / "guests" / "shelf", key)
    with Archive.open(other, config_directory=tmp_path / "c") as neighbour:
        assert verify_archive(neighbour).findings == ()
        back(neighbour, tmp_path / "of-the-other", key)
        boxes = opened(neighbour, tmp_path / "of-the-other", key)
        assert not [each.path for each in chosen_set(boxes).files if "guests" in each.path]
        assert holders(other, b"zqx") == set()
    boxes = BackupBoxes.open(other / "guests" / "shelf", key=read_key_file(key), passphrase=None)
    restore_from(
        partial(unpack, boxes, chosen_set(boxes)), tmp_path / "again", mirror=None, now=LATER,
        config_directory=shelf.config,
    )  # fmt: skip
    with Archive.open(tmp_path / "again", config_directory=shelf.config) as archive:
        assert verify_archive(archive).findings == ()

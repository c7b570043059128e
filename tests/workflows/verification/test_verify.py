"""Every flipped byte, every cut tail, every tampered row is found, and the file is named."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.fixity import Fault
from archiver.workflows.verification.verify import Verified, verify_archive
from tests.workflows.town import Town

pytestmark = pytest.mark.browser

OFFSETS = 40 if os.environ.get("ARCHIVER_PROVE") else 4
"""How many offsets of each file are flipped, and at how many each file is cut."""


def verify(town: Town) -> Verified:
    with Archive.open(town.directory, config_directory=town.config, reconcile=False) as archive:
        return verify_archive(archive)


def subjects(found: Verified) -> set[str]:
    return {each.subject for each in found.findings}


def object_files(town: Town) -> list[Path]:
    return sorted(path for path in (town.directory / "objects").rglob("*") if path.is_file())


def test_a_sound_archive_has_no_findings(town: Town) -> None:
    found = verify(town)
    assert found.findings == ()
    assert found.objects == len(object_files(town))
    assert found.warcs == found.objects - sum(path.name != "capture.warc.gz" for path in object_files(town))


def test_a_flipped_byte_of_any_object_is_found_and_the_file_named(town: Town) -> None:
    random_offsets = random.Random(2)
    with town.open() as archive:
        stored = archive.catalogue.all_objects()
        for each, _ in stored:
            path = archive.objects.path_of(each.path)
            whole = path.read_bytes()
            offsets = {0, len(whole) - 1, *(random_offsets.randrange(len(whole)) for _ in range(OFFSETS))}
            for offset in offsets:
                damaged = bytearray(whole)
                damaged[offset] ^= 1 << random_offsets.randrange(8)
                path.write_bytes(damaged)
                assert each.path in found_in(archive), f"byte {offset} of {each.path}"
            path.write_bytes(whole)


def test_a_cut_tail_of_any_object_is_found_and_the_file_named(town: Town) -> None:
    random_offsets = random.Random(3)
    with town.open() as archive:
        for each, _ in archive.catalogue.all_objects():
            path = archive.objects.path_of(each.path)
            whole = path.read_bytes()
            for length in {0, len(whole) - 1, *(random_offsets.randrange(len(whole)) for _ in range(OFFSETS))}:
                path.write_bytes(whole[:length])
                assert each.path in found_in(archive), f"{each.path} cut to {length}"
            path.write_bytes(whole)


def found_in(archive: Archive) -> set[str]:
    """The objects' part of a verification: the whole one is run once for each kind of damage below."""
    from archiver.core.fixity import check_object

    return {
        finding.subject
        for stored, _ in archive.catalogue.all_objects()
        for finding in check_object(stored, archive.objects.path_of(stored.path))
    }


def test_evidence_behind_a_symbolic_link_is_found(town: Town, tmp_path: Path) -> None:
    path = next(each for each in object_files(town) if each.name == "page.png")
    outside = tmp_path / "outside.png"
    path.rename(outside)
    path.symlink_to(outside)
    assert path.relative_to(town.directory / "objects").as_posix() in subjects(verify(town))


def test_a_record_described_otherwise_than_its_captures_do_is_found(town: Town) -> None:
    with town.open() as archive:
        record = archive.catalogue.record_ids()[0]
        archive.db.conn.execute("UPDATE records SET creator_name = 'Mallory' WHERE id = ?", [record])
    assert subjects(verify(town)) == {record}


def test_a_record_described_as_an_older_capture_did_is_found(town: Town) -> None:
    """What was true once is not what the record says now."""
    with town.open() as archive:
        edited = [id for id in archive.catalogue.record_ids() if archive.catalogue.observed_record(id).modified]
        archive.db.conn.execute("UPDATE records SET modified = NULL")
    assert subjects(verify(town)) == set(edited) != set()


def test_damage_fails_the_whole_verification(town: Town) -> None:
    for path in object_files(town)[:: max(1, len(object_files(town)) // 6)]:
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert path.relative_to(town.directory / "objects").as_posix() in subjects(verify(town))
        path.write_bytes(whole)
    assert verify(town).findings == ()


def test_a_missing_and_an_unknown_file_are_found(town: Town) -> None:
    path = object_files(town)[0]
    path.rename(path.with_name("renamed.png"))
    faults = {each.fault for each in verify(town).findings}
    assert {Fault.MISSING, Fault.UNKNOWN_FILE} <= faults


def test_a_text_changed_in_the_catalogue_is_found(town: Town) -> None:
    with sqlite3.connect(town.directory / "catalogue.db") as db:
        (record,) = db.execute("SELECT record_id FROM items ORDER BY id LIMIT 1").fetchone()
        db.execute("UPDATE items SET text = text || '!' WHERE id = (SELECT min(id) FROM items)")
    assert record in subjects(verify(town))


def test_a_digest_changed_together_with_its_file_is_found(town: Town) -> None:
    from archiver.core.fixity import digest_file

    path = next(each for each in object_files(town) if each.name == "thumb.webp")
    relative = path.relative_to(town.directory / "objects").as_posix()
    path.write_bytes(path.read_bytes()[:-1])
    with sqlite3.connect(town.directory / "catalogue.db") as db:
        db.execute(
            "UPDATE objects SET sha256 = ?, size = ? WHERE path = ?", (digest_file(path), path.stat().st_size, relative)
        )
    assert relative in subjects(verify(town))


@pytest.mark.parametrize("table", ["captures", "objects", "items", "item_versions", "events"])
def test_a_deleted_row_is_found(town: Town, table: str) -> None:
    with sqlite3.connect(town.directory / "catalogue.db") as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(f"DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")
    assert verify(town).findings


def test_a_trail_cut_in_both_places_is_found_by_its_checkpoint(town: Town) -> None:
    path = town.directory / "trail" / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    with sqlite3.connect(town.directory / "catalogue.db") as db:
        db.execute("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)")
    findings = verify(town).findings
    assert any("tail was cut off" in each.message for each in findings)


def test_a_checkpoint_by_another_key_is_found_where_the_published_one_is_given(town: Town) -> None:
    with town.open() as archive:
        found = verify_archive(archive, trusted_keys=["ed25519:" + "0" * 64])
    assert any("not by the key given" in each.message for each in found.findings)

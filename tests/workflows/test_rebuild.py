from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Any

import pytest

from archiver.core.archive import DISPOSAL_LOCK, Archive
from archiver.core.errors import EvidenceDamaged
from archiver.core.people import Role
from archiver.workflows.archive.keep_register import correct_record, tag_record
from archiver.workflows.rebuild import Rebuilt, admit_after_rebuild, rebuild_archive
from archiver.workflows.requests.answer import open_request, search_for_request
from archiver.workflows.search.find import find
from archiver.workflows.verification.verify import verify_archive
from tests.workflows.town import NOW, SECRET, Town, clerk, threads

pytestmark = pytest.mark.browser
LATER = NOW + timedelta(days=3)
QUERIES = ("water", "পানী", "kind:thread", "state:gone", "state:edited", "created:[2026-01-01 TO *]")


def state(archive: Archive) -> dict[str, Any]:
    """Everything an officer could tell two archives apart by."""
    catalogue = archive.catalogue
    return {
        "records": {id: catalogue.record(id) for id in catalogue.record_ids()},
        "items": {id: catalogue.items(id) for id in catalogue.record_ids()},
        "captures": catalogue.all_captures(),
        "objects": catalogue.all_objects(),
        "head": archive.trail.head(),
        "answers": {
            query: [hit.item.id for hit in find(archive, query, now=NOW, limit=None).hits] for query in QUERIES
        },
    }


def lose(town: Town, *names: str) -> None:
    for name in names:
        for path in town.directory.glob(name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def rebuild(town: Town) -> Rebuilt:
    return rebuild_archive(town.directory, now=LATER, config_directory=town.config)


def test_without_catalogue_and_index_everything_comes_back_the_same(town: Town) -> None:
    with town.open() as archive:
        record = threads(archive)[0].id
        correct_record(
            archive, record, {"title": "A better title"}, reason="typing error", actor=clerk(archive), now=NOW
        )
        tag_record(archive, record, add=["flood"], remove=[], actor=clerk(archive), now=NOW)
        archive.finish_run(at=NOW)
        before = state(archive)
    lose(town, "catalogue.db*", "search")
    report = rebuild(town)
    assert report.missing == ()
    with town.open() as archive:
        assert state(archive) == before
        assert archive.meta(DISPOSAL_LOCK) is None
        assert verify_archive(archive).findings == ()


def test_captures_newer_than_the_snapshot_are_filed_from_their_own_files(town: Town) -> None:
    with town.open() as archive:
        before = state(archive)
    newest = sorted((town.directory / "snapshots").iterdir())
    for path in newest[1:]:
        path.unlink()
    lose(town, "catalogue.db*", "search")
    report = rebuild(town)
    assert report.captures_filed == len(before["captures"])
    with town.open() as archive:
        after = state(archive)
    assert after["items"] == before["items"]
    assert after["answers"] == before["answers"]
    assert after["head"] == before["head"]


def test_without_snapshots_evidence_and_trail_are_whole_and_disposal_is_locked(town: Town) -> None:
    with town.open() as archive:
        request = open_request(
            archive, law="MFIPPA", received=NOW.date(), requester="R", subject="water", actor=clerk(archive), now=NOW
        )
        search_for_request(archive, request.number, "water", actor=clerk(archive), now=NOW)
        archive.finish_run(at=NOW)
        before = state(archive)
    lose(town, "catalogue.db*", "search", "snapshots/*")
    report = rebuild(town)
    assert report.snapshot is None
    assert {each.type for each in report.missing} == {
        "person_added", "plan_loaded", "plan_activated", "account_added", "request_opened", "request_searched"
    }  # fmt: skip
    assert (request.number,) in {each.subjects for each in report.missing}
    with town.open() as archive:
        after = state(archive)
        assert after["items"] == before["items"]
        assert after["head"] == before["head"]
        assert archive.meta(DISPOSAL_LOCK) is not None
        assert verify_archive(archive).findings == ()


def test_an_archive_that_lost_everybody_admits_an_administrator_and_stays_locked(town: Town) -> None:
    lose(town, "catalogue.db*", "search", "snapshots/*")
    assert rebuild(town).without_administrator
    admitted = admit_after_rebuild(town.directory, "New clerk", SECRET, now=LATER, config_directory=town.config)
    assert admitted.role is Role.ADMINISTRATOR
    with town.open() as archive:
        assert archive.people.authenticate("New clerk", SECRET) == admitted
        assert archive.meta(DISPOSAL_LOCK) is not None


def test_a_damaged_snapshot_is_passed_over_for_an_older_one(town: Town) -> None:
    snapshots = sorted((town.directory / "snapshots").iterdir())
    assert len(snapshots) >= 2
    damaged = bytearray(snapshots[-1].read_bytes())
    damaged[100:5000] = b"\xff" * 4900
    snapshots[-1].write_bytes(damaged)
    lose(town, "catalogue.db*")
    assert rebuild(town).snapshot == snapshots[-2].name


def test_a_manifest_the_trail_does_not_know_stops_the_rebuild(town: Town) -> None:
    manifest = next((town.directory / "objects").rglob("capture.json"))
    manifest.write_bytes(manifest.read_bytes().replace(b'"actor"', b'"Actor"', 1))
    lose(town, "catalogue.db*", "snapshots/*")
    with pytest.raises(EvidenceDamaged, match=r"capture\.json"):
        rebuild(town)


def test_the_catalogue_that_stood_there_is_set_aside_not_deleted(town: Town) -> None:
    report = rebuild(town)
    assert report.set_aside is not None
    assert (town.directory / report.set_aside).stat().st_size > 0

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archiver.core.errors import EvidenceDamaged
from archiver.core.objects import MANIFEST
from archiver.core.records import CaptureId, Outcome, new_id
from archiver.workflows.filing.file_capture import file_observation
from archiver.workflows.recover import recover, uncatalogued, write_ticket
from archiver.workflows.verification.verify import verify_archive
from capture.job import Observation
from tests.workflows.town import NOW, Town, clerk

pytestmark = pytest.mark.browser


def forget(town: Town, capture: str) -> None:
    """Put the archive where a crash between the rename and the catalogue would have left it."""
    with town.open() as archive:
        events = [each for each in archive.trail.events() if capture in each.subjects]
        assert len(events) == 1
    snapshots = sorted((town.directory / "snapshots").iterdir())
    shutil.copyfile(snapshots[0], town.directory / "catalogue.db")
    (town.directory / "trail" / "events.jsonl").unlink()


def test_a_capture_settled_but_not_catalogued_is_filed_at_the_next_start(town: Town) -> None:
    with town.open() as archive:
        expected = {id: archive.catalogue.items(id) for id in archive.catalogue.record_ids()}
        last = archive.catalogue.all_captures()[-1].id
    forget(town, last)
    with town.open() as archive:
        assert len(uncatalogued(archive)) > 0
        recovered = recover(archive, now=NOW)
        assert last in recovered.filed
        assert {id: archive.catalogue.items(id) for id in archive.catalogue.record_ids()} == expected
        told = [each for each in archive.trail.events() if last in each.subjects]
        assert len(told) == 1


def test_a_capture_under_way_when_the_run_died_ends_as_failed_with_its_address(town: Town) -> None:
    with town.open() as archive:
        id = CaptureId(new_id("cap"))
        directory = archive.objects.begin(id)
        write_ticket(
            directory, url="https://town.example/1", started=NOW, actor=clerk(archive).id, account=None, job=None
        )
        (directory / "capture.warc.gz.part").write_bytes(b"half a record")
        recovered = recover(archive, now=NOW)
        assert recovered.failed == (id,)
        capture = archive.catalogue.capture(id)
        assert capture is not None
        assert (capture.outcome, capture.url) == (Outcome.FAILED, "https://town.example/1")
        assert "killed" in capture.reason
        archive.finish_run(at=NOW)
        assert verify_archive(archive).findings == ()


def test_a_capture_whose_manifest_was_written_is_settled_and_filed(town: Town) -> None:
    with town.open() as archive:
        last = archive.catalogue.all_captures()[-1]
        place = archive.objects.root / archive.objects.place(last.id, last.record_id)
    forget(town, last.id)
    with town.open() as archive:
        shutil.move(place, archive.objects.root / "incoming" / last.id)
        recovered = recover(archive, now=NOW)
        assert last.id in recovered.filed
        assert (place / MANIFEST).exists()


def test_an_empty_directory_of_a_capture_that_never_began_is_swept(town: Town) -> None:
    with town.open() as archive:
        directory: Path = archive.objects.begin(CaptureId(new_id("cap")))
        recover(archive, now=NOW)
        assert not directory.exists()


def test_nothing_is_recovered_while_another_run_is_at_work(town: Town) -> None:
    with town.open() as archive, town.open() as other, other.run_lock():
        directory = archive.objects.begin(CaptureId(new_id("cap")))
        assert recover(archive, now=NOW).failed == ()
        assert directory.exists()


def test_what_an_interrupted_recorder_left_is_no_part_of_a_failed_attempt(town: Town) -> None:
    with town.open() as archive:
        id = CaptureId(new_id("cap"))
        staged = archive.objects.begin(id)
        (staged / "capture.warc.gz.part").write_bytes(b"half a record")
        observed = Observation(
            capture_id=id, url="https://t.example/", final_url="https://t.example/", started=NOW, finished=NOW,
            outcome=Outcome.FAILED, reason="interrupted",
        )  # fmt: skip
        filed = file_observation(archive, observed, staged, actor=clerk(archive).id)
        assert filed.capture.outcome is Outcome.FAILED
        archive.finish_run(at=NOW)
        assert verify_archive(archive).findings == ()


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"capture": 5}'])
def test_a_settled_capture_that_cannot_be_read_is_damaged_evidence(town: Town, content: bytes) -> None:
    with town.open() as archive:
        last = archive.catalogue.all_captures()[-1]
        place = archive.objects.root / archive.objects.place(last.id, last.record_id)
    forget(town, last.id)
    (place / MANIFEST).write_bytes(content)
    with town.open() as archive, pytest.raises(EvidenceDamaged, match=MANIFEST):
        recover(archive, now=NOW)


def test_items_missing_from_a_settled_capture_are_damaged_evidence(town: Town) -> None:
    with town.open() as archive:
        last = [each for each in archive.catalogue.all_captures() if each.outcome is Outcome.COMPLETE][-1]
        place = archive.objects.root / archive.objects.place(last.id, last.record_id)
    forget(town, last.id)
    next(place.glob("items.*.jsonl")).unlink()
    with town.open() as archive, pytest.raises(EvidenceDamaged, match="is missing"):
        recover(archive, now=NOW)


@pytest.mark.parametrize("ticket", ["{", "[]", "null", "", None])
def test_stray_files_and_torn_tickets_never_stop_the_next_run(town: Town, ticket: str | None) -> None:
    with town.open() as archive:
        incoming = archive.objects.root / "incoming"
        incoming.mkdir(exist_ok=True)
        (incoming / ".DS_Store").write_bytes(b"stray")
        directory = archive.objects.begin(CaptureId(new_id("cap")))
        (directory / "folder").mkdir()
        if ticket is not None:
            (directory / "ticket.json").write_text(ticket)
        assert len(recover(archive, now=NOW).failed) == 1
        assert not directory.exists()

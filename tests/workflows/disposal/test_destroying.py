from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from archiver.core.errors import SecondPersonNeeded
from archiver.core.records import Outcome
from archiver.workflows.disposal.review import approve
from archiver.workflows.search.find import find
from archiver.workflows.verification.verify import verify_archive
from retention.batches import ItemState, Status
from tests.workflows.disposal.shelf import (
    LATER,
    Shelf,
    approved_batch,
    file_thread,
    make_shelf,
    person,
    propose,
    record_id,
    run,
)

PLANTED = "zqxplanted the weir at Disangmukh opens on Sunday, said nobody"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


def files_holding(directory: Path, text: str) -> list[str]:
    needle = text.encode()
    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and needle in path.read_bytes():
            found.append(path.relative_to(directory).as_posix())
    return found


def test_two_people_destroy_what_is_due_and_nothing_of_it_is_left(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, PLANTED, "a comment with zqxplanted words of its own")
        file_thread(archive, 2, "পানী যোগান বন্ধ থাকিব", at=LATER)
        archive.finish_run(at=LATER)
        assert find(archive, "zqxplanted", now=LATER).total == 2
        done = run(archive, approved_batch(archive))
        assert done.batch.status is Status.DONE
        assert done.batch.counts == {"destroyed": 1}
        assert archive.catalogue.record_ids() == [record_id(2)]
        assert find(archive, "zqxplanted", now=LATER).total == 0
        assert find(archive, "পানী", now=LATER).total == 1
        (stub,) = archive.catalogue.stubs()
        assert (stub.record_id, stub.native_root_id, stub.certificate) == (record_id(1), "1", done.certificate)
        assert verify_archive(archive).findings == ()
    assert files_holding(shelf.directory, "zqxplanted") == []
    assert not list((shelf.directory / "objects").rglob("rec_*0001"))


def test_one_person_is_not_enough_and_cannot_count_twice(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        (batch,) = propose(archive)
        approve(archive, batch.id, actor=person(archive, "Ann"), now=LATER)
        with pytest.raises(SecondPersonNeeded, match="1 of 2 different people"):
            run(archive, batch)
        assert archive.catalogue.record_ids() == [record_id(1)]


def test_the_certificate_verifies_with_stock_tools_and_names_everybody(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        done = run(archive, approved_batch(archive))
    place = shelf.directory / "certificates" / str(done.certificate)
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=place, check=True, capture_output=True)
    verify = "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig"
    subprocess.run(verify.split(), cwd=place, check=True, capture_output=True)
    told = json.loads((place / "certificate.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in told["approvals"]] == ["Ann", "Bob"]
    assert told["counts"] == {"proposed": 1, "gone": 1, "stayed": 0, "by_state": {"destroyed": 1}}
    assert told["lines"][0]["record"] == record_id(1)
    assert told["index"]["items_left_of_them"] == 0
    assert "By-law 1" in told["lines"][0]["why"]
    assert len(told["trail"]["events"]) == 3  # two approvals, one destruction
    assert "পৌৰসভা" in (place / "certificate.html").read_text(encoding="utf-8")


def test_a_hold_placed_after_the_approval_takes_the_record_out_and_the_rest_goes(shelf: Shelf) -> None:
    from archiver.workflows.keeping.keep_holds import place_hold
    from retention.holds import Scope, ScopeKind

    with shelf.open() as archive:
        for number in (1, 2, 3):
            file_thread(archive, number)
        batch = approved_batch(archive)
        placed = place_hold(
            archive,
            matter="Bora v. Town",
            mandate="order of 2026-05-30",
            custodian="Town Clerk",
            reason="the plaintiff quotes it",
            scopes=[Scope(kind=ScopeKind.RECORD, value=record_id(2))],
            actor=person(archive, "Olu"),
            now=LATER,
        )
        assert placed.ejected == (record_id(2),)
        done = run(archive, batch)
        assert done.batch.counts == {"ejected": 1, "destroyed": 2}
        assert archive.catalogue.record_ids() == [record_id(2)]
        assert verify_archive(archive).findings == ()


def test_what_was_captured_or_damaged_since_it_was_proposed_stays(shelf: Shelf) -> None:
    with shelf.open() as archive:
        for number in (1, 2, 3):
            file_thread(archive, number)
        batch = approved_batch(archive)
        file_thread(archive, 1, night=1)
        (warc,) = archive.objects.root.rglob("rec_*0002/cap_*/capture.warc.gz")
        warc.write_bytes(warc.read_bytes() + b"x")
        done = run(archive, batch)
        states = {each.record_id: each for each in done.batch.items}
        assert states[record_id(1)].state is ItemState.EJECTED
        assert states[record_id(1)].reason == "its evidence is not what was proposed: it was captured since"
        assert states[record_id(2)].state is ItemState.FAILED
        assert "bytes instead of" in states[record_id(2)].reason
        assert states[record_id(3)].state is ItemState.DESTROYED


def test_a_destroyed_thread_is_known_again_by_its_stub(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        run(archive, approved_batch(archive))
        assert archive.catalogue.stub_of_url("https://town.example/1") is not None
        assert Outcome.DISPOSED.healthy

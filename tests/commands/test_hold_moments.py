"""A hold may come at any moment of a disposal: whoever places it is told whether it came in time, record by record."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import ArchiveBusy, ArchiverError
from archiver.workflows.disposal import destroy as destroying
from archiver.workflows.recover import recover
from archiver.workflows.requests.answer import open_request, search_for_request
from archiver.workflows.verification.verify import verify_archive
from retention import batches
from retention.batches import Batch, BatchItem, ItemState
from tests.commands.test_cli import Terminal, outside
from tests.commands.test_disposal import desk, shelf
from tests.workflows.disposal.machine.kills import Killed, killed_at, meanwhile
from tests.workflows.disposal.shelf import LATER, Shelf, approved_batch, day, person, propose, record_id, run

assert outside, "these fixtures are this module's too"
assert shelf
assert desk


def place(desk: Terminal, number: int = 2) -> str:
    """What an officer is told on the screen."""
    ran = desk(
        "hold", "place", "Bora v. Town", "--mandate", "order", "--custodian", "Clerk", "--reason", "quoted",
        "--record", record_id(number),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return " ".join(ran.out.split())


def item(archive: Archive, batch: Batch, number: int) -> BatchItem:
    (found,) = [each for each in batches.batch(archive.db, batch.id).items if each.record_id == record_id(number)]
    return found


def test_while_it_is_proposed_or_approved_the_record_leaves_its_batch(desk: Terminal, shelf: Shelf) -> None:
    for prepare in (lambda archive: propose(archive)[0], approved_batch):
        with shelf.open() as archive:
            batch = prepare(archive)
        number = {ItemState.PROPOSED: 2, ItemState.APPROVED: 1}[batch.items[0].state]
        assert "1 of them left the batch they waited in." in place(desk, number)
        with shelf.open() as archive:
            found = item(archive, batch, number)
            assert (found.state, found.reason[:9]) == (ItemState.EJECTED, "hold hld_")
            batches.set_status(archive.db, batch.id, batches.Status.WITHDRAWN)
            for each in batch.items:
                batches.set_state(archive.db, batch.id, each.record_id, ItemState.EXCLUDED, "", actor="", at=LATER)


def test_announced_and_not_gone_it_stays_and_the_officer_is_told_that_it_was_announced(
    desk: Terminal, shelf: Shelf
) -> None:
    """T1 is done and T2 is not: the machine went down between the two."""
    with shelf.open() as archive:
        batch = approved_batch(archive)
        with pytest.raises(Killed), killed_at("announce"):
            run(archive, batch)
        assert item(archive, batch, 2).state is ItemState.EXECUTING
    told = place(desk)
    assert "The disposal of 1 was announced already: what is not gone yet stays." in told
    assert "left the batch" not in told
    with shelf.open() as archive:
        recover(archive, now=LATER)
        done = run(archive, batch)
        assert done.batch.counts == {"ejected": 1, "destroyed": 2}
        assert item(archive, batch, 2).reason.startswith("held for Bora v. Town (hld_")
        assert archive.catalogue.record_ids() == [record_id(2)]
        assert verify_archive(archive).findings == ()


def test_in_the_midst_of_its_execution_it_stays(desk: Terminal, shelf: Shelf) -> None:
    told = list[str]()
    with shelf.open() as archive:
        batch = approved_batch(archive)
        with meanwhile(lambda: told.append(place(desk)), announced=True):
            done = run(archive, batch)
        assert done.batch.counts == {"ejected": 1, "destroyed": 2}
        assert archive.catalogue.record_ids() == [record_id(2)]
    assert "announced already" in told[0]


def test_destroyed_it_came_too_late_and_the_officer_is_told_what_is_left(desk: Terminal, shelf: Shelf) -> None:
    with shelf.open() as archive:
        run(archive, approved_batch(archive))
    told = place(desk)
    assert f"{record_id(2)} was destroyed before: only its stub and certificate are left." in told
    assert "holds 0 records" in told


def test_a_request_that_comes_to_cover_an_approved_record_keeps_it(shelf: Shelf) -> None:
    with shelf.open() as archive:
        batch, olu = approved_batch(archive), person(archive, "Olu")
        number = open_request(
            archive, law="RTI", received=day("2026-06-01"), requester="A", subject="জাননী", actor=olu, now=LATER
        ).number
        search_for_request(archive, number, "জাননী", actor=olu, now=LATER)
        done = run(archive, batch)
        assert done.batch.counts == {"ejected": 3}
        assert {each.reason for each in done.batch.items} == {f"held for request {number}"}
        assert len(archive.catalogue.record_ids()) == 3


def test_a_file_that_is_missing_is_looked_into_and_not_swept_away(shelf: Shelf) -> None:
    with shelf.open() as archive:
        batch = approved_batch(archive)
        (warc,) = archive.objects.root.rglob("rec_*0002/cap_*/capture.warc.gz")
        warc.unlink()
        done = run(archive, batch)
        assert done.batch.counts == {"failed": 1, "destroyed": 2}
        assert item(archive, batch, 2).reason == "damaged: capture.warc.gz: the file is missing"
        assert archive.catalogue.record_ids() == [record_id(2)]


def at_the_same_time(*acts: Callable[[], object]) -> list[object]:
    """What each returned, or the error it ended with; all begin together."""
    found: list[object] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def begin(position: int, act: Callable[[], object]) -> None:
        start.wait()
        try:
            found[position] = act()
        except ArchiverError as error:
            found[position] = error

    threads = [threading.Thread(target=begin, args=each) for each in enumerate(acts)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return found


def test_two_sweeps_that_begin_together_propose_each_record_once(shelf: Shelf) -> None:
    def sweep() -> list[str]:
        with shelf.open() as archive:
            return [each.record_id for batch in propose(archive) for each in batch.items]

    proposed = at_the_same_time(sweep, sweep, sweep)
    assert sorted(id for each in proposed if isinstance(each, list) for id in each) == [record_id(n) for n in (1, 2, 3)]


def test_of_two_who_carry_out_a_batch_together_one_is_told_to_wait(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf.open() as archive:
        batch = approved_batch(archive)
    inside, told = threading.Event(), threading.Event()
    real = destroying.announce

    def slowly(*args: object, **kwargs: object) -> None:
        inside.set()
        told.wait(60)
        real(*args, **kwargs)  # type: ignore[arg-type]

    def first() -> dict[str, int]:
        with shelf.open() as archive:
            return run(archive, batch).batch.counts

    def second() -> object:
        inside.wait(60)
        try:
            with shelf.open() as archive:
                return run(archive, batch, by="Bob").batch.counts
        finally:
            told.set()

    monkeypatch.setattr("archiver.workflows.disposal.run.announce", slowly)
    one, other = at_the_same_time(first, second)
    assert one == {"destroyed": 3}
    assert isinstance(other, ArchiveBusy)
    with shelf.open() as archive:
        assert len(batches.lines(archive.db, batch.id)) == 3

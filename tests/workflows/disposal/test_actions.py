"""What officers decide about records and batches: classes, dates, transfer, review, and what is refused."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import (
    AlreadyExists,
    BadInput,
    BatchNotReady,
    CopyUnreachable,
    MassOfDueRecords,
    NotFound,
    NotPermitted,
    SecondPersonNeeded,
)
from archiver.workflows.archive.admit import log_in
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.review import approve, change_class, exclude, extend, sample, withdraw
from archiver.workflows.disposal.transfer import record_receipt
from archiver.workflows.keeping.classify import (
    enter_trigger,
    extend_retention,
    not_a_record,
    reclassify,
    records_of_query,
)
from archiver.workflows.keeping.plan_retention import activate_file_plan, approve_file_plan, load_file_plan
from archiver.workflows.keeping.standing import Standing
from archiver.workflows.verification.verify import verify_archive
from retention.batches import Status
from retention.decisions import State
from tests.workflows.disposal.shelf import (
    LATER,
    PLAN,
    SECRET,
    Shelf,
    approved_batch,
    day,
    file_thread,
    make_shelf,
    person,
    propose,
    record_id,
    run,
)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


def due(archive: Archive, number: int) -> object:
    return Standing.of(archive).of_record(record_id(number), day("2026-06-01")).due


def test_an_officer_classifies_what_a_search_hits_and_the_reason_is_kept(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, "পানী যোগান বন্ধ থাকিব")
        file_thread(archive, 2, "roads")
        (batch,) = propose(archive)
        olu = person(archive, "Olu")
        found = records_of_query(archive, "পানী", now=LATER)
        done = reclassify(archive, found, "E", reason="the campaign’s own", actor=olu, now=LATER)
        assert (done.records, done.ejected) == ((record_id(1),), (record_id(1),))
        assert archive.catalogue.class_reason(record_id(1)) == "by an officer: the campaign’s own"
        assert Standing.of(archive).of_record(record_id(1), day("2026-06-01")).state is State.UNDECIDED
        enter_trigger(
            archive,
            scope="record",
            subject=record_id(1),
            type="campaign-ended",
            day=day("2026-02-28"),
            reason="closed by the council",
            actor=olu,
            now=LATER,
        )
        assert due(archive, 1) == day("2027-02-28")
        with pytest.raises(BadInput, match="campaign-ended"):
            enter_trigger(
                archive, scope="record", subject=record_id(1), type="x", day=None, reason="r", actor=olu, now=LATER
            )
        with pytest.raises(NotFound, match="no schedule in the plan"):
            reclassify(archive, [record_id(2)], "ZZ", reason="r", actor=olu, now=LATER)
        assert batch.id
        assert verify_archive(archive).findings == ()


def test_what_is_no_record_has_its_own_short_schedule(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, at=LATER)
        done = not_a_record(archive, [record_id(1)], reason="a test post", actor=person(archive, "Olu"), now=LATER)
        assert done.class_code == "N"
        assert due(archive, 1) == day("2026-07-01")


def test_a_record_is_put_off_and_never_brought_forward(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        olu = person(archive, "Olu")
        extend_retention(archive, [record_id(1)], day("2030-01-01"), reason="history", actor=olu, now=LATER)
        assert due(archive, 1) == day("2030-01-01")
        extend_retention(archive, [record_id(1)], day("2027-01-01"), reason="less", actor=olu, now=LATER)
        assert due(archive, 1) == day("2030-01-01")
        with pytest.raises(BadInput, match="still to come"):
            extend_retention(archive, [record_id(1)], day("2026-01-01"), reason="x", actor=olu, now=LATER)


def test_reviewers_take_out_put_off_and_reclassify_and_the_rest_goes(shelf: Shelf) -> None:
    with shelf.open() as archive:
        for number in range(1, 6):
            file_thread(archive, number)
        (batch,) = propose(archive)
        olu = person(archive, "Olu")
        assert sample(batch, 2) == sample(batch, 2)
        exclude(archive, batch.id, [record_id(1)], reason="unsure", actor=olu, now=LATER)
        extend(archive, batch.id, [record_id(2)], day("2028-01-01"), reason="history", actor=olu, now=LATER)
        change_class(archive, batch.id, [record_id(3)], "E", reason="a campaign", actor=olu, now=LATER)
        with pytest.raises(BatchNotReady, match="does not wait"):
            exclude(archive, batch.id, [record_id(3)], reason="again", actor=olu, now=LATER)
        with pytest.raises(NotPermitted):
            approve(archive, batch.id, actor=olu, now=LATER)
        with pytest.raises(BatchNotReady, match="another list"):
            approve(archive, batch.id, actor=person(archive, "Ann"), now=LATER, digest="sha256:0")
        approve(archive, batch.id, actor=person(archive, "Ann"), now=LATER, looked_at=[record_id(4)])
        with pytest.raises(AlreadyExists, match="another person"):
            approve(archive, batch.id, actor=person(archive, "Ann"), now=LATER)
        approve(archive, batch.id, actor=person(archive, "Bob"), now=LATER)
        done = run(archive, batch)
        assert done.batch.counts == {"excluded": 1, "extended": 1, "reclassified": 1, "destroyed": 2}
        (again,) = propose(archive)
        assert [each.record_id for each in again.items] == [record_id(1)]
        withdrawn = withdraw(archive, again.id, reason="not now", actor=person(archive, "Ann"), now=LATER)
        assert withdrawn.status is Status.WITHDRAWN
        assert verify_archive(archive).findings == ()


def test_a_role_the_schedule_asks_for_must_be_among_those_who_approve(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, code="E")
        olu = person(archive, "Olu")
        enter_trigger(
            archive, scope="record", subject=record_id(1), type="campaign-ended", day=day("2024-02-29"), reason="r",
            actor=olu, now=LATER,
        )  # fmt: skip
        batch = approved_batch(archive)
        assert batch.status is Status.PROPOSED
        with pytest.raises(SecondPersonNeeded, match="administrator"):
            run(archive, batch)
        assert approve(archive, batch.id, actor=person(archive, "Clerk"), now=LATER).status is Status.APPROVED


def test_two_sweeps_at_once_propose_nothing_twice(shelf: Shelf) -> None:
    with shelf.open() as one, shelf.open() as other:
        file_thread(one, 1)
        assert len(propose(one)) == 1
        assert propose(other) == []


def test_a_clock_set_ahead_makes_a_mass_of_due_records_that_stops_and_asks(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, mass_percent=25, idle_days=45)
    with shelf.open() as archive:
        for number in range(30):
            file_thread(archive, number, at=LATER)
        ahead = LATER + timedelta(days=3650)
        log_in(archive, "Ann", SECRET, now=ahead)  # dated by the same wrong clock
        with pytest.raises(MassOfDueRecords, match="is the clock right"):
            propose(archive, at=ahead)
        near = LATER + timedelta(days=44)
        file_thread(archive, 99, at=near)
        later = near + timedelta(days=44)
        file_thread(archive, 98, at=later)
        with pytest.raises(MassOfDueRecords, match="30 of 32 records are newly due at once"):
            propose(archive, at=later + timedelta(days=10))
        with pytest.raises(NotPermitted):
            propose_batches(archive, actor="night", now=later, confirmed_by=person(archive, "Olu"))
        made = propose_batches(
            archive, actor="night", now=later + timedelta(days=10), confirmed_by=person(archive, "Ann")
        )
        assert sum(len(each.items) for each in made) == 30


def test_a_shorter_plan_takes_another_approver_who_saw_the_same_dates(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        shorter = tmp_path / "shorter.toml"
        shorter.write_text(PLAN.replace('period = "P90D"', 'period = "P60D"'), encoding="utf-8")
        ann, bob = person(archive, "Ann"), person(archive, "Bob")
        number = load_file_plan(archive, shorter, actor=ann, now=LATER)
        with pytest.raises(SecondPersonNeeded, match="go sooner"):
            activate_file_plan(archive, number, actor=ann, now=LATER)
        preview = approve_file_plan(archive, number, actor=ann, now=LATER)
        assert preview.shortens
        with pytest.raises(SecondPersonNeeded):
            activate_file_plan(archive, number, actor=ann, now=LATER)
        file_thread(archive, 2)  # another record's date moves now: what Ann saw is out of date
        with pytest.raises(SecondPersonNeeded):
            activate_file_plan(archive, number, actor=bob, now=LATER)
        approve_file_plan(archive, number, actor=ann, now=LATER)
        with pytest.raises(AlreadyExists):
            approve_file_plan(archive, number, actor=ann, now=LATER)
        done = activate_file_plan(archive, number, actor=bob, now=LATER)
        assert [each.record_id for each in done.changes] == [record_id(1), record_id(2)]
        assert due(archive, 1) == day("2026-03-11")
        assert verify_archive(archive).findings == ()


def test_a_transfer_hands_over_packages_and_goes_only_after_the_receipt(tmp_path: Path) -> None:
    outside = tmp_path / "provincial"
    shelf = make_shelf(tmp_path, transfer_to=str(outside))
    with shelf.open() as archive:
        file_thread(archive, 1, "Avis à la population 🚰", code="T")
        batch = approved_batch(archive)
        with pytest.raises(CopyUnreachable, match="not there"):
            run(archive, batch)
        outside.mkdir()
        assert run(archive, batch).certificate is None
        package = outside / batch.id / record_id(1)
        subprocess.run(
            ["sha256sum", "--strict", "-c", "manifest-sha256.txt"], cwd=package, check=True, capture_output=True
        )
        assert "WARC 1.1" in (package / "data" / "METS.xml").read_text(encoding="utf-8")
        assert (package / "data" / "metadata" / "preservation" / "premis.xml").exists()
        assert archive.catalogue.record_ids() == [record_id(1)]
        record_receipt(archive, batch.id, "PAS-2026-77", actor=person(archive, "Ann"), now=LATER)
        done = run(archive, batch)
        assert done.batch.counts == {"transferred": 1}
        assert archive.catalogue.record_ids() == []
        assert verify_archive(archive).findings == ()


def test_a_copy_of_what_was_transferred_stays_where_the_schedule_says_so(tmp_path: Path) -> None:
    outside = tmp_path / "provincial"
    outside.mkdir()
    shelf = make_shelf(tmp_path, transfer_to=str(outside))
    with shelf.open() as archive:
        file_thread(archive, 1, code="C")
        batch = approved_batch(archive)
        run(archive, batch)
        record_receipt(archive, batch.id, "PAS-2026-78", actor=person(archive, "Ann"), now=LATER)
        done = run(archive, batch)
        assert done.batch.counts == {"transferred": 1}
        assert archive.catalogue.record_ids() == [record_id(1)]
        assert propose(archive, at=LATER + timedelta(days=1)) == []
        assert verify_archive(archive).findings == ()


def test_a_review_returns_the_record_with_another_schedule_and_destroys_nothing(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, code="V")
        (batch,) = propose(archive)
        with pytest.raises(BatchNotReady, match="for review"):
            approve(archive, batch.id, actor=person(archive, "Ann"), now=LATER)
        done = change_class(
            archive, batch.id, [], "R", reason="routine after all", actor=person(archive, "Olu"), now=LATER
        )
        assert done.status is Status.DONE
        assert archive.catalogue.record(record_id(1)).class_code == "R"

"""One definition of "held": shown, decided and disposed by it, from a hold, a live scope, a request or its appeal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, CopyUnreachable, NotFound, NotPermitted
from archiver.workflows.archive.keep_register import tag_record
from archiver.workflows.keeping.keep_holds import (
    PlacedHold,
    catch_up_live_holds,
    close_request,
    place_hold,
    release_hold,
    reopen_request,
)
from archiver.workflows.keeping.standing import Standing
from archiver.workflows.requests.answer import open_request, search_for_request
from archiver.workflows.requests.review import freeze_review
from archiver.workflows.verification.verify import verify_archive
from retention.decisions import State, explain
from retention.holds import Scope, ScopeKind, matters
from tests.workflows.disposal.shelf import (
    LATER,
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

WORDS = ["Avis d’ébullition", "পানী উতলোৱাৰ জাননী", "पानी उबालने की सूचना", "پانی ابالنے کی ہدایت", "🚱 advisory"]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


def hold(archive: Archive, *scopes: Scope, matter: str = "Bora v. Town", who: str = "Olu") -> PlacedHold:
    return place_hold(
        archive,
        matter=matter,
        mandate="order of 30 May 2026",
        custodian="Town Clerk",
        reason="the plaintiff quotes it",
        scopes=scopes,
        actor=person(archive, who),
        now=LATER,
    )


def state(archive: Archive, number: int, on: str = "2026-06-02") -> State:
    return Standing.of(archive).of_record(record_id(number), day(on)).state


@pytest.mark.parametrize("text", WORDS)
def test_a_query_holds_whole_threads_frozen_as_they_are_found(shelf: Shelf, text: str) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, "the first post", text)
        file_thread(archive, 2, "something else")
        word = text.split()[-1]
        placed = hold(archive, Scope(kind=ScopeKind.QUERY, value=f'"{word}"'), matter=f"Re: {text}")
        assert placed.frozen == (record_id(1),)
        assert state(archive, 1) is State.HELD
        assert state(archive, 2) is State.DUE
        assert explain(Standing.of(archive).of_record(record_id(1), day("2026-06-02"))).startswith(
            f"Held for Re: {text} ("
        )
        file_thread(archive, 3, text)
        assert state(archive, 3) is State.DUE  # the query was not live
        assert verify_archive(archive).findings == ()


def test_a_live_query_takes_in_what_comes_under_it_before_anything_goes(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, "the weir at Disangmukh")
        hold(archive, Scope(kind=ScopeKind.QUERY, value="weir", live=True))
        file_thread(archive, 2, "the weir again")
        assert catch_up_live_holds(archive, actor="night", now=LATER) == 1
        assert state(archive, 2) is State.HELD
        assert catch_up_live_holds(archive, actor="night", now=LATER) == 0
        assert propose(archive) == []
        assert verify_archive(archive).findings == ()


def test_a_live_collection_holds_from_the_moment_of_the_tag(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        hold(archive, Scope(kind=ScopeKind.COLLECTION, value="flood-2026", live=True))
        assert state(archive, 1) is State.DUE
        tag_record(
            archive, record_id(1), add=["collection:flood-2026"], remove=[], actor=person(archive, "Olu"), now=LATER
        )
        assert state(archive, 1) is State.HELD


def test_two_matters_hold_until_both_are_released_by_an_approver(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        first = hold(archive, Scope(kind=ScopeKind.RECORD, value=record_id(1)))
        second = hold(archive, Scope(kind=ScopeKind.RECORD, value=record_id(1)), matter="Audit")
        with pytest.raises(NotPermitted, match="approver"):
            release_hold(archive, first.hold.id, reason="x", actor=person(archive, "Olu"), now=LATER)
        release_hold(archive, first.hold.id, reason="judgment", actor=person(archive, "Ann"), now=LATER)
        assert state(archive, 1) is State.HELD
        release_hold(archive, second.hold.id, reason="audited", actor=person(archive, "Ann"), now=LATER)
        assert state(archive, 1) is State.DUE
        with pytest.raises(NotFound, match="no active hold"):
            release_hold(archive, first.hold.id, reason="again", actor=person(archive, "Ann"), now=LATER)
        assert verify_archive(archive).findings == ()


def test_a_hold_on_a_destroyed_record_says_that_it_came_too_late(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        run(archive, approved_batch(archive))
        placed = hold(archive, Scope(kind=ScopeKind.RECORD, value=record_id(1)))
        assert (placed.frozen, placed.destroyed) == ((), (record_id(1),))
        with pytest.raises(NotFound):
            hold(archive, Scope(kind=ScopeKind.RECORD, value=record_id(9)))
        assert verify_archive(archive).findings == ()


def test_a_hold_says_what_it_lacks(shelf: Shelf) -> None:
    with shelf.open() as archive:
        with pytest.raises(BadInput, match="needs its matter"):
            hold(archive, Scope(kind=ScopeKind.COLLECTION, value="x"), matter=" ")
        with pytest.raises(BadInput, match="needs a scope"):
            hold(archive)


def test_an_open_request_and_its_time_of_appeal_hold_what_it_covers_by_themselves(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1, "the weir at Disangmukh")
        olu = person(archive, "Olu")
        request = open_request(
            archive, law="RTI", received=day("2026-06-01"), requester="A", subject="weir", actor=olu, now=LATER
        )
        search_for_request(archive, request.number, "weir", actor=olu, now=LATER)
        assert state(archive, 1) is State.HELD
        assert propose(archive) == []
        _, until = close_request(archive, request.number, reason="answered", appeal_until=None, actor=olu, now=LATER)
        assert until == day("2026-07-31")
        assert state(archive, 1, "2026-07-31") is State.HELD
        assert state(archive, 1, "2026-08-01") is State.DUE
        reopen_request(archive, request.number, reason="appeal", actor=olu, now=LATER + timedelta(days=30))
        assert state(archive, 1, "2027-01-01") is State.HELD
        assert verify_archive(archive).findings == ()


def test_one_record_is_asked_about_without_reading_what_holds_all_others(shelf: Shelf) -> None:
    """A production asks about each of its records: of 10,000 it took a thousand seconds."""
    with shelf.open() as archive:
        olu = person(archive, "Olu")
        for number in (1, 2, 3, 4):
            file_thread(archive, number, "the weir at Disangmukh")
        hold(archive, Scope(kind=ScopeKind.RECORD, value=record_id(1)))
        hold(archive, Scope(kind=ScopeKind.COLLECTION, value="flood-2026", live=True), matter="Audit")
        tag_record(archive, record_id(2), add=["collection:flood-2026"], remove=[], actor=olu, now=LATER)
        request = open_request(
            archive, law="RTI", received=day("2026-06-01"), requester="A", subject="weir", actor=olu, now=LATER
        )
        search_for_request(archive, request.number, "weir", actor=olu, now=LATER)
        freeze_review(archive, request.number, actor=olu, now=LATER)
        every, asked = matters(archive.db, LATER.date()), list[str]()
        assert sorted(every) == [record_id(number) for number in (1, 2, 3, 4)]
        for record, told in every.items():
            assert matters(archive.db, LATER.date(), record) == {record: told}
        archive.db.conn.set_trace_callback(asked.append)
        matters(archive.db, LATER.date(), record_id(1))
        archive.db.conn.set_trace_callback(None)
        steps = [row[3] for row in archive.db.conn.execute(f"EXPLAIN QUERY PLAN {asked[-1]}")]
        assert not [step for step in steps if step.startswith(("SCAN f", "SCAN r", "SCAN h", "SCAN m"))]


def test_a_hold_is_told_to_the_mirror_and_nothing_goes_while_it_cannot_be(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    shelf = make_shelf(tmp_path, mirror=str(mirror))
    with shelf.open() as archive:
        file_thread(archive, 1)
        placed = hold(archive, Scope(kind=ScopeKind.RECORD, value=record_id(1)))
        assert placed.hold.id in (mirror / "events.jsonl").read_text(encoding="utf-8")
        release_hold(archive, placed.hold.id, reason="over", actor=person(archive, "Ann"), now=LATER)
        batch = approved_batch(archive)
        mirror.rename(tmp_path / "unmounted")
        with pytest.raises(CopyUnreachable, match="mount it"):
            run(archive, batch)
        assert archive.catalogue.record_ids() == [record_id(1)]
        (tmp_path / "unmounted").rename(mirror)
        assert run(archive, batch).batch.counts == {"destroyed": 1}
        assert "record_disposed" in (shelf.directory / "trail" / "events.jsonl").read_text(encoding="utf-8")

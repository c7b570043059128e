"""Whatever people, clocks, kills and restores do in whatever order: what is held stays, and what goes, goes rightly.

The machine drives a real archive and keeps a book of its own, in which it works out from the law alone what may go.
`MUTATIONS` lists every guard with what breaks without it; each is taken away in turn, and the machine must notice.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from archiver.core.archive import DISPOSAL_LOCK, Archive
from archiver.core.commitments import check_commitments
from archiver.core.errors import (
    AlreadyExists,
    ArchiverError,
    BatchNotReady,
    DisposalLocked,
    SecondPersonNeeded,
)
from archiver.core.events import EventType
from archiver.core.fixity import check_object
from archiver.core.objects import ObjectStore
from archiver.core.records import RecordId
from archiver.core.stubs import all_stubs
from archiver.workflows.classify import extend_retention, reclassify
from archiver.workflows.disposal import destroy as destroying
from archiver.workflows.disposal import guards
from archiver.workflows.disposal import review as reviewing
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.replay import confirm_holds
from archiver.workflows.disposal.review import approve, exclude
from archiver.workflows.keep_holds import close_request, place_hold, release_hold, reopen_request
from archiver.workflows.keep_register import tag_record
from archiver.workflows.rebuild import rebuild_archive
from archiver.workflows.recover import recover
from archiver.workflows.verify_trail import known_lost
from retention import batches
from retention.batches import ItemState, Status
from retention.holds import Scope, ScopeKind, records_of_hold
from retention.holds import hold as hold_of
from tests.workflows.disposal.shelf import Shelf, file_thread, make_shelf, person, record_id, run

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
RUNS, STEPS = (2_000, 50) if PROVE else (10, 40)
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where the machine's archives lie: thousands of them are made, and a disk would be waited for."""
WHICH = st.integers(0, 3)
NUMBERS = st.integers(1, 5)
PEOPLE = st.sampled_from(["Ann", "Bob", "Clerk"])
KEPT = timedelta(days=90)


class Killed(BaseException):
    """The process is gone: nothing after this line happened."""


@dataclass
class Known:
    """The book's entry of one record."""

    active: date  # the local day of its last activity
    captures: int = 1
    extended: date | None = None
    code: str = "R"
    tagged: bool = False


@dataclass
class Listed:
    """The book's entry of one batch: who agreed to what, as it was."""

    captures: dict[RecordId, int]
    approvals: set[str] = field(default_factory=set)


DISPOSAL = "archiver.workflows.disposal"
_TEMPLATE: list[Shelf] = []
TALLY: Counter[str] = Counter()


def template() -> Shelf:
    """Made once: hashing secrets takes longer than a whole run."""
    if not _TEMPLATE:
        _TEMPLATE.append(make_shelf(Path(tempfile.mkdtemp(prefix="archiver-shelf-"))))
    return _TEMPLATE[0]


class Disposal(RuleBasedStateMachine):
    """An archive in which anything may happen next."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="archiver-machine-", dir=MEMORY))
        made = template()
        shutil.copytree(made.directory, self.folder / "archive")
        shutil.copytree(made.config, self.folder / "config")
        self.shelf = Shelf(self.folder / "archive", self.folder / "config")
        self.archive = self.shelf.open()
        self.now = datetime(2026, 1, 10, 12, tzinfo=UTC)
        self.book: dict[RecordId, Known] = {}
        self.gone: set[RecordId] = set()
        self.holds: dict[str, set[RecordId] | str] = {}  # hold id to its records, or to a live collection
        self.requests: dict[str, tuple[set[RecordId], date | None]] = {}
        self.lists: dict[str, Listed] = {}
        self.old: Path | None = None
        self.damaged: set[RecordId] = set()
        self.locked = False

    def teardown(self) -> None:
        TALLY.update(gone=len(self.gone), records=len(self.book), runs=1)
        self.archive.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- the book -----------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return (self.now + timedelta(hours=5, minutes=30)).date()

    def pick(self, among: dict[str, Any], which: int) -> str:
        """By its age: ids are random, and the same steps must mean the same again."""
        return list(among)[which % len(among)]

    def held(self, record: RecordId) -> bool:
        for covered in self.holds.values():
            if record in covered if isinstance(covered, set) else self.book[record].tagged:
                return True
        return any(record in hits and (until is None or until >= self.today) for hits, until in self.requests.values())

    def due(self, record: RecordId) -> date:
        known = self.book[record]
        return max(known.active + KEPT, known.extended or date.min)

    def may_go(self, record: RecordId, batch: str) -> str | None:
        """By the book alone: why the record must not go in this batch, None where it may."""
        listed, known = self.lists[batch], self.book[record]
        if self.held(record):
            return "it is held"
        if self.due(record) > self.today or known.code != "R":
            return "it is not due"
        if len(listed.approvals) < 2:
            return "fewer than two people agreed"
        if listed.captures.get(record) != known.captures:
            return "it is not what was agreed to"
        if record in self.damaged:
            return "its evidence is damaged"
        if self.locked:
            return "the archive is locked"
        return None

    def settle_accounts(self, batch: str) -> None:
        """After anything that may have destroyed: every record that went was one that might."""
        there = set(self.archive.catalogue.record_ids())
        for record in set(self.book) - self.gone - there:
            assert self.may_go(record, batch) is None, f"{record} went though {self.may_go(record, batch)}"
            self.gone.add(record)

    # -- what may happen ----------------------------------------------------------------------

    @initialize()
    def first_records(self) -> None:
        for number in (1, 2, 3):
            self.capture(number)

    @rule(number=NUMBERS)
    def capture(self, number: int) -> None:
        record = record_id(number)
        if record in self.gone:
            assert self.archive.catalogue.stub_of_url(f"https://town.example/{number}") is not None
            return
        if self.now < datetime(2026, 1, 10, tzinfo=UTC):
            return
        known = self.book.get(record)
        file_thread(self.archive, number, at=self.now, night=known.captures if known else 0)
        if known is None:
            self.book[record] = Known(active=self.today)
        else:
            known.captures += 1
            known.active = self.today

    @rule(days=st.integers(1, 120))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(days=st.integers(1, 60))
    def the_clock_is_set_back(self, days: int) -> None:
        self.now = max(self.now - timedelta(days=days), datetime(2026, 1, 11, tzinfo=UTC))

    @rule(number=NUMBERS, who=st.sampled_from(["Ann", "Olu"]))
    def hold(self, number: int, who: str) -> None:
        record = record_id(number)
        if record not in self.book:
            return
        placed = self.place_hold([Scope(kind=ScopeKind.RECORD, value=record)], who)
        assert (record in placed.destroyed) == (record in self.gone)
        self.holds[placed.hold.id] = {record} - self.gone

    @rule(number=NUMBERS)
    def hold_a_live_collection(self, number: int) -> None:
        placed = self.place_hold([Scope(kind=ScopeKind.COLLECTION, value="flood", live=True)], "Olu")
        self.holds[placed.hold.id] = "flood"

    def place_hold(self, scopes: list[Scope], who: str) -> Any:
        return place_hold(
            self.archive,
            matter="Bora v. Town",
            mandate="an order",
            custodian="Clerk",
            reason="quoted",
            scopes=scopes,
            actor=person(self.archive, who),
            now=self.now,
        )

    @rule(number=NUMBERS)
    def tag(self, number: int) -> None:
        record = record_id(number)
        if record in self.book and record not in self.gone:
            add = ["collection:flood"]
            tag_record(self.archive, record, add=add, remove=[], actor=person(self.archive, "Olu"), now=self.now)
            self.book[record].tagged = True

    @precondition(lambda self: self.holds)
    @rule(which=WHICH)
    def release(self, which: int) -> None:
        id = self.pick(self.holds, which)
        release_hold(self.archive, id, reason="settled", actor=person(self.archive, "Bob"), now=self.now)
        del self.holds[id]

    @rule(number=NUMBERS)
    def request(self, number: int) -> None:
        record = record_id(number)
        if record not in self.book or record in self.gone or len(self.requests) > 3:
            return
        with self.archive.change(at=self.now, actor=person(self.archive, "Olu").id) as change:
            request = self.archive.requests.open(
                law="RTI", received=self.today, requester="A", subject="B", today=self.today, now=self.now,
                actor=change.actor,
            )  # fmt: skip
            search = self.archive.requests.freeze_hits(
                request, query="q", interpreted="q", analyser_version="1", watermark=0,
                hits=[(f"{record}/0", record)], now=self.now, actor=change.actor,
            )  # fmt: skip
            change.record(
                EventType.REQUEST_SEARCHED,
                [request.number],
                commits=[("requests", request.number), ("request_searches", search.id)],
            )
        self.requests[request.number] = ({record}, None)

    @precondition(lambda self: self.requests)
    @rule(which=WHICH, again=st.booleans())
    def close_or_reopen_a_request(self, which: int, again: bool) -> None:
        number = self.pick(self.requests, which)
        hits, _ = self.requests[number]
        actor = person(self.archive, "Olu")
        if again:
            reopen_request(self.archive, number, reason="appeal", actor=actor, now=self.now)
            self.requests[number] = (hits, None)
        else:
            _, until = close_request(
                self.archive, number, reason="answered", appeal_until=None, actor=actor, now=self.now
            )
            self.requests[number] = (hits, until)

    @rule()
    def propose(self) -> None:
        for batch in propose_batches(self.archive, actor="night", now=self.now):
            if batch.class_code != "R":
                continue
            self.lists[batch.id] = Listed({each.record_id: self.book[each.record_id].captures for each in batch.items})
            for each in batch.items:
                assert not self.held(each.record_id)
                assert self.due(each.record_id) <= self.today
                assert each.record_id not in self.gone

    @precondition(lambda self: self.lists)
    @rule(which=WHICH, who=PEOPLE)
    def agree(self, which: int, who: str) -> None:
        self.approve(self.pick(self.lists, which), who)

    @rule(
        days=st.sampled_from([1, 91]),
        people=st.sampled_from([("Ann", "Bob"), ("Clerk", "Ann"), ("Bob",)]),
        then_carried_out=st.booleans(),
    )
    def what_is_due_is_agreed_to(self, days: int, people: tuple[str, ...], then_carried_out: bool) -> None:
        self.now += timedelta(days=days)
        self.propose()
        for batch in self.lists:
            for who in people:
                self.approve(batch, who)
        if then_carried_out:
            self.carry_out_what_is_agreed_to(None)

    def approve(self, batch: str, who: str) -> None:
        try:
            approve(self.archive, batch, actor=person(self.archive, who), now=self.now)
            self.lists[batch].approvals.add(who)
        except AlreadyExists:
            assert who in self.lists[batch].approvals
        except BatchNotReady:
            assert self.status(batch) is not Status.PROPOSED

    def status(self, batch: str) -> Status:
        return batches.batch(self.archive.db, batch).status

    @precondition(lambda self: self.lists)
    @rule(which=WHICH, number=NUMBERS)
    def take_out(self, which: int, number: int) -> None:
        batch = self.pick(self.lists, which)
        try:
            actor = person(self.archive, "Olu")
            exclude(self.archive, batch, [record_id(number)], reason="look again", actor=actor, now=self.now)
            self.lists[batch].captures.pop(record_id(number), None)
        except BatchNotReady:
            pass

    @rule(number=NUMBERS, days=st.integers(1, 200))
    def extend(self, number: int, days: int) -> None:
        record, until = record_id(number), self.today + timedelta(days=days)
        if record in self.book and record not in self.gone:
            actor = person(self.archive, "Olu")
            extend_retention(self.archive, [record], until, reason="wanted", actor=actor, now=self.now)
            self.book[record].extended = max(until, self.book[record].extended or until)

    @rule(number=NUMBERS, code=st.sampled_from(["R", "E"]))
    def give_class(self, number: int, code: str) -> None:
        record = record_id(number)
        if record in self.book and record not in self.gone:
            reclassify(self.archive, [record], code, reason="campaign", actor=person(self.archive, "Olu"), now=self.now)
            self.book[record].code = code

    @rule(number=NUMBERS)
    def damage(self, number: int) -> None:
        for path in self.archive.objects.root.rglob(f"{record_id(number)}/cap_*/items.generic.jsonl"):
            path.write_bytes(b"{}")
            self.damaged.add(record_id(number))

    @precondition(lambda self: self.lists)
    @rule(which=WHICH, who=PEOPLE, death=st.sampled_from([None, None, "announce", "doom", "destroy", "rows"]))
    def carry_out(self, which: int, who: str, death: str | None) -> None:
        self.run(self.pick(self.lists, which), who, death)

    @rule(days=st.sampled_from([91, 200]), death=st.sampled_from([None, None, "announce", "doom", "destroy", "rows"]))
    def a_season_passes(self, days: int, death: str | None) -> None:
        self.what_is_due_is_agreed_to(days, ("Ann", "Bob"), False)
        self.carry_out_what_is_agreed_to(death)

    @rule()
    def every_matter_is_settled(self) -> None:
        for _ in range(len(self.holds)):
            self.release(0)

    @rule(death=st.sampled_from([None, "announce", "doom", "destroy", "rows"]))
    def carry_out_what_is_agreed_to(self, death: str | None) -> None:
        for batch in list(self.lists):
            if self.status(batch) in (Status.APPROVED, Status.EXECUTING):
                self.run(batch, "Bob", death)

    def run(self, batch: str, who: str = "Ann", death: str | None = None) -> None:
        found = batches.batch(self.archive.db, batch)
        try:
            with killed_at(death):
                run(self.archive, found, at=self.now, by=who)
        except Killed:
            self.reopen()
        except SecondPersonNeeded:
            assert len(self.lists[batch].approvals) < 2
        except DisposalLocked:
            assert self.locked
        except BatchNotReady:
            assert self.status(batch) in (Status.DONE, Status.WITHDRAWN, Status.PROPOSED)
        self.settle_accounts(batch)

    def reopen(self) -> None:
        """What the next start does after a kill."""
        self.archive.close()
        self.archive = self.shelf.open()
        recover(self.archive, now=self.now)

    @rule()
    def copy_the_archive(self) -> None:
        if self.old is None:
            self.old = self.folder / "old"
            self.archive.finish_run(at=self.now)
            shutil.copytree(self.shelf.directory, self.old)

    @precondition(lambda self: self.old is not None and not self.damaged)
    @rule(confirmed=st.booleans())
    def restore_the_old_copy(self, confirmed: bool) -> None:
        """The disk is lost; the trail's mirror is not."""
        assert self.old is not None
        newest = (self.shelf.directory / "trail" / "events.jsonl").read_bytes()
        kept = self.shelf.directory / "objects"  # a second copy of the evidence has what came since
        self.archive.close()
        shutil.copytree(kept, self.old / "objects", dirs_exist_ok=True)
        (self.old / "trail" / "events.jsonl").write_bytes(newest)
        shutil.rmtree(self.shelf.directory)
        self.old.rename(self.shelf.directory)
        self.old = None
        rebuilt = rebuild_archive(self.shelf.directory, now=self.now, config_directory=self.shelf.config)
        self.archive = self.shelf.open()
        self.locked = self.archive.meta(DISPOSAL_LOCK) is not None
        assert self.locked or not rebuilt.missing
        self.forget_what_only_the_catalogue_knew()
        if confirmed and self.locked:
            for who in ("Ann", "Bob"):
                confirm_holds(self.archive, actor=person(self.archive, who), now=self.now)
            self.locked = False

    def forget_what_only_the_catalogue_knew(self) -> None:
        """Batches, classes, extensions, requests made since are lost with it, and said to be; holds are not."""
        there = set(batches.batch_ids(self.archive.db))
        for id in list(self.lists):
            if id not in there:
                del self.lists[id]
            else:
                names = {each.id: each.name for each in self.archive.people.everybody()}
                self.lists[id].approvals = {names[each.person_id] for each in batches.approvals(self.archive.db, id)}
        known = {each.number for each in self.archive.requests.requests()}
        closings = dict(
            self.archive.db.conn.execute("SELECT request_number, appeal_until FROM request_closings ORDER BY id")
        )
        self.requests = {
            number: (hits, date.fromisoformat(closings[number]) if closings.get(number) else None)
            for number, (hits, _) in self.requests.items()
            if number in known
        }
        extended = dict(self.archive.db.conn.execute("SELECT record_id, max(until) FROM extensions GROUP BY 1"))
        for record in set(self.book) - self.gone:
            found = self.archive.catalogue.record(record)
            self.book[record].code = found.class_code or ""
            self.book[record].tagged = "collection:flood" in found.tags
            until = extended.get(record)
            self.book[record].extended = date.fromisoformat(until) if until else None
        for id, covered in self.holds.items():
            if covered == "flood" and not hold_of(self.archive.db, id).scopes:
                # what its live scope was is lost, what it had frozen is not
                self.holds[id] = set(records_of_hold(self.archive.db, id)) - self.gone

    # -- what must always hold ----------------------------------------------------------------

    @invariant()
    def a_record_is_whole_or_a_stub(self) -> None:
        there = set(self.archive.catalogue.record_ids())
        stubs = {each.record_id for each in self.archive.catalogue.stubs()}
        assert there == set(self.book) - self.gone
        assert stubs == self.gone
        assert not self.archive.objects.doomed()
        for record in there - self.damaged:
            stored = self.archive.catalogue.stored_objects(record)
            assert stored
            for each in stored:
                assert list(check_object(each, self.archive.objects.path_of(each.path))) == []
        for record in stubs:
            assert not list(self.archive.objects.root.rglob(record))
            for table in ("items", "captures", "record_tags", "extensions", "class_decisions"):
                rows = self.archive.db.conn.execute(f"SELECT count(*) FROM {table} WHERE record_id = ?", (record,))
                assert rows.fetchone() == (0,)

    @invariant()
    def counts_reconcile(self) -> None:
        for id in batches.batch_ids(self.archive.db):
            batch = batches.batch(self.archive.db, id)
            assert sum(batch.counts.values()) == len(batch.items)
            if batch.status is Status.DONE and batch.certificate:
                lines = batches.lines(self.archive.db, id)
                assert len(lines) == batch.counts.get("destroyed", 0)
                assert not batch.waiting(ItemState.APPROVED, ItemState.EXECUTING, ItemState.PROPOSED)

    @rule()
    def an_auditor_looks(self) -> None:
        archive = self.archive
        lost = known_lost(archive)
        assert list(check_commitments(archive.db, archive.trail.events(), lost)) == []
        assert archive.trail.verify() == []


@contextmanager
def killed_at(place: str | None) -> Iterator[None]:
    """The process dies right after it did `place`; nothing is tidied up."""
    if place is None:
        yield
        return

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            real(*args, **kwargs)
            raise Killed(place)

        return call

    def unchanged(*_: object) -> None:
        raise Killed(place)

    with mock.patch.object(ObjectStore, "spare", return_value=None):
        if place in ("doom", "destroy"):
            with mock.patch.object(ObjectStore, place, dying(getattr(ObjectStore, place))):
                yield
        elif place == "announce":
            with mock.patch(f"{DISPOSAL}.run.announce", dying(destroying.announce)):
                yield
        else:
            with mock.patch.object(destroying, "_remove_files", unchanged):
                yield


MACHINE = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.mark.timeout(40_000 if PROVE else 300)
def test_nothing_goes_that_must_stay_whatever_happens_in_whatever_order() -> None:
    run_state_machine_as_test(Disposal, settings=MACHINE)
    assert TALLY["gone"] > TALLY["runs"] / 5, "the machine must get as far as destroying"


def test_a_batch_that_came_back_with_an_old_copy_leaves_out_what_went_since() -> None:
    machine = Disposal()
    try:
        machine.first_records()
        machine.time_passes(100)
        machine.propose()
        (batch,) = machine.lists
        machine.approve(batch, "Ann")
        machine.approve(batch, "Bob")
        machine.copy_the_archive()
        machine.run(batch)
        assert machine.gone
        (stub, *_) = all_stubs(machine.archive.db)
        machine.restore_the_old_copy(True)
        machine.run(batch)
        machine.a_record_is_whole_or_a_stub()
        machine.counts_reconcile()
        items = batches.batch(machine.archive.db, batch).items
        told = {each.record_id: (each.state, each.reason) for each in items if each.record_id in machine.gone}
        assert set(told.values()) == {(batches.ItemState.EJECTED, f"gone already, by {stub.certificate}")}
    finally:
        machine.teardown()


# -- each guard taken away --------------------------------------------------------------------


def scene(machine: Disposal) -> str:
    """Two records due in a batch that two people approved."""
    machine.first_records()
    machine.time_passes(100)
    machine.propose()
    (batch,) = machine.lists
    machine.approve(batch, "Ann")
    machine.approve(batch, "Bob")
    return batch


def hold_placed_by_a_request(machine: Disposal) -> None:
    batch = scene(machine)
    machine.request(1)
    machine.run(batch)


def live_hold(machine: Disposal) -> None:
    """A record comes under a live hold while its batch is being carried out."""
    batch = scene(machine)
    machine.hold_a_live_collection(1)
    real = destroying.announce

    def then_tagged(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        machine.tag(1)

    with mock.patch(f"{DISPOSAL}.run.announce", then_tagged):
        machine.run(batch)


def captured_since(machine: Disposal) -> None:
    batch = scene(machine)
    machine.now -= timedelta(days=100)  # the same page again: no new activity
    machine.capture(1)
    machine.now += timedelta(days=100)
    machine.run(batch)


def active_since(machine: Disposal) -> None:
    batch = scene(machine)
    machine.capture(1)
    machine.lists[batch].captures[record_id(1)] = 2  # were the evidence what was agreed to
    with without(guards.unchanged):
        machine.run(batch)


def damaged_since(machine: Disposal) -> None:
    batch = scene(machine)
    machine.damage(1)
    machine.run(batch)


def approver_disabled(machine: Disposal) -> None:
    """One of the two who agreed is no longer entitled when it is carried out: between the two, nobody looked."""
    batch = scene(machine)
    real = reviewing.require_approval

    def then_disabled(archive: Archive, found: Any) -> None:
        real(archive, found)
        archive.db.conn.execute("UPDATE people SET status = 'disabled' WHERE name = 'Bob'")
        machine.lists[batch].approvals.discard("Bob")

    with mock.patch(f"{DISPOSAL}.run.require_approval", then_disabled):
        machine.run(batch)


def locked_meanwhile(machine: Disposal) -> None:
    batch = scene(machine)
    real = destroying.announce

    def then_locked(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        args[0].db.conn.execute("INSERT INTO meta VALUES (?, '{\"missing\": []}')", (DISPOSAL_LOCK,))
        machine.locked = True

    with mock.patch(f"{DISPOSAL}.run.announce", then_locked):
        machine.run(batch)


def taken_out_meanwhile(machine: Disposal) -> None:
    """A reviewer takes a record out after the run has read its list, before it is announced."""
    batch = scene(machine)
    real = destroying.announce

    def first_taken_out(*args: Any, **kwargs: Any) -> None:
        actor = person(machine.archive, "Olu")
        exclude(machine.archive, batch, [record_id(1)], reason="look again", actor=actor, now=machine.now)
        machine.lists[batch].captures.pop(record_id(1))
        real(*args, **kwargs)

    with mock.patch(f"{DISPOSAL}.run.announce", first_taken_out):
        machine.run(batch)


def killed_after_the_commit(machine: Disposal) -> None:
    batch = scene(machine)
    machine.run(batch, "Ann", "rows")
    machine.a_record_is_whole_or_a_stub()


def killed_before_the_commit(machine: Disposal) -> None:
    batch = scene(machine)
    machine.run(batch, "Ann", "doom")
    machine.a_record_is_whole_or_a_stub()


def old_copy_restored(machine: Disposal) -> None:
    machine.first_records()
    machine.copy_the_archive()
    machine.time_passes(100)
    machine.hold(2, "Olu")
    machine.propose()
    (batch,) = machine.lists
    machine.approve(batch, "Ann")
    machine.approve(batch, "Bob")
    machine.run(batch)
    machine.restore_the_old_copy(True)
    machine.a_record_is_whole_or_a_stub()
    machine.propose()


@contextmanager
def without(guard: guards.Guard) -> Iterator[None]:
    with mock.patch.object(guards, "GUARDS", tuple(each for each in guards.GUARDS if each is not guard)):
        yield


@contextmanager
def gone(module: str, name: str, instead: Any) -> Iterator[None]:
    with mock.patch(f"{module}.{name}", instead):
        yield


MUTATIONS: dict[str, tuple[Callable[[], Any], Callable[[Disposal], None], str]] = {
    "not_locked": (
        lambda: without(guards.not_locked),
        locked_meanwhile,
        "a record goes while decisions are known to be missing",
    ),
    "announced": (
        lambda: without(guards.announced),
        taken_out_meanwhile,
        "a record goes that a reviewer took out",
    ),
    "approved": (
        lambda: without(guards.approved),
        approver_disabled,
        "a record goes on the word of one person who is still entitled",
    ),
    "not_held, a request": (
        lambda: without(guards.not_held),
        hold_placed_by_a_request,
        "a record goes that an open request covers",
    ),
    "not_held, a live hold": (
        lambda: without(guards.not_held),
        live_hold,
        "a record goes that came under a live hold",
    ),
    "still_due": (
        lambda: without(guards.still_due),
        active_since,
        "a record goes though it is active again",
    ),
    "unchanged": (
        lambda: without(guards.unchanged),
        captured_since,
        "evidence goes that nobody agreed to",
    ),
    "whole": (
        lambda: without(guards.whole),
        damaged_since,
        "damage is swept away with the record",
    ),
    "sweep_doomed, committed": (
        lambda: gone("archiver.workflows.recover", "sweep_doomed", lambda archive: ([], [])),
        killed_after_the_commit,
        "files of a destroyed record stay on the disk",
    ),
    "sweep_doomed, not committed": (
        lambda: gone("archiver.workflows.recover", "sweep_doomed", lambda archive: ([], [])),
        killed_before_the_commit,
        "a record that was not destroyed has lost its files",
    ),
    "replay_disposals": (
        lambda: gone("archiver.workflows.rebuild", "replay_disposals", lambda archive: []),
        old_copy_restored,
        "a destroyed record comes back with an old copy",
    ),
    "replay_holds": (
        lambda: gone("archiver.workflows.rebuild", "replay_holds", lambda archive, events: None),
        old_copy_restored,
        "a hold is lost with the catalogue it was in, and its record proposed",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_scene_is_safe_with_every_guard_in_place(name: str) -> None:
    _, play, _ = MUTATIONS[name]
    machine = Disposal()
    try:
        play(machine)
    finally:
        machine.teardown()


@pytest.mark.parametrize("name", MUTATIONS)
def test_without_the_guard_the_book_notices(name: str) -> None:
    mutate, play, broken = MUTATIONS[name]
    machine = Disposal()
    try:
        noticed = False
        with mutate():
            try:
                play(machine)
            except (AssertionError, ArchiverError):
                noticed = True
        assert noticed, f"nobody noticed: {broken}"
    finally:
        machine.teardown()


def test_every_guard_is_on_the_list() -> None:
    named = {name.partition(",")[0] for name in MUTATIONS}
    assert {each.__name__ for each in guards.GUARDS} <= named


@pytest.mark.skipif(not PROVE, reason="the machine finds missing guards by itself: ARCHIVER_PROVE=1")
@pytest.mark.parametrize("missing", [(guards.not_held,), (guards.whole,), (guards.still_due, guards.unchanged)])
def test_the_machine_finds_missing_guards_by_itself(missing: tuple[guards.Guard, ...]) -> None:
    """`still_due` and `unchanged` stand in for each other in nearly every order of events: the scenes part them."""
    with ExitStack() as stack:
        for guard in missing:
            stack.enter_context(without(guard))
        with pytest.raises(AssertionError):
            run_state_machine_as_test(Disposal, settings=settings(MACHINE, max_examples=2_000))

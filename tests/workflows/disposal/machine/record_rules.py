"""Records are captured, extended and classified, people hold and release them, and time goes by."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from archiver.core.papers import PaperKind
from archiver.core.records import RecordId
from archiver.workflows.archive.keep_register import tag_record
from archiver.workflows.keeping.classify import extend_retention, reclassify
from archiver.workflows.keeping.keep_holds import PlacedHold, place_hold, release_hold
from archiver.workflows.keeping.plan_retention import activate_file_plan, approve_file_plan, preview_activating
from retention import batches
from retention.batches import ItemState
from retention.holds import Scope, ScopeKind, records_of_hold
from retention.register import active_number
from tests.workflows.disposal.machine.book import Known, KnownPaper
from tests.workflows.disposal.machine.plan import LONG, SHORT
from tests.workflows.disposal.machine.stage import NUMBERS, START, WHICH, Stage
from tests.workflows.disposal.shelf import file_thread, record_id

COLLECTION = "flood"


class RecordRules(Stage):
    @initialize()
    def first_records(self) -> None:
        for number in (1, 2, 3):
            self.capture(number)

    @rule(number=NUMBERS)
    def capture(self, number: int) -> None:
        """With a new comment, or for the first time."""
        record, book = record_id(number), self.book
        if record in book.gone:
            assert self.archive.catalogue.stub_of_url(f"https://town.example/{number}") is not None
            return
        known = book.records.get(record)
        file_thread(self.archive, number, at=self.now, night=known.version if known else 0)
        if known is None:
            book.records[record] = Known(active=self.now, day=self.today)
        else:
            known.version += 1
            known.active, known.day = self.now, self.today

    @rule(number=NUMBERS)
    def capture_again(self, number: int) -> None:
        """Nobody has said anything since: it is due as before, and not what anybody agreed to."""
        known = self.book.records.get(record_id(number))
        if known is not None and record_id(number) not in self.book.gone:
            file_thread(self.archive, number, at=self.now, night=known.version, said_at=known.active)
            known.version += 1

    @rule(days=st.integers(1, 120))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(days=st.integers(1, 60))
    def the_clock_is_set_back(self, days: int) -> None:
        self.now = max(self.now - timedelta(days=days), START + timedelta(days=1))

    @rule(days=st.sampled_from([SHORT, LONG]))
    def another_plan(self, days: int) -> None:
        """The one that keeps records so many days comes into force, or comes again."""
        number = {LONG: 2, SHORT: 3}[days]
        if active_number(self.archive.db) == number:
            return
        today = self.today
        if preview_activating(self.archive, number, today=today).shortens:
            ann = self.person("Ann")
            digest = preview_activating(self.archive, number, today=today).digest
            known = self.archive.db.conn.execute("SELECT person_id, sooner FROM plan_approvals").fetchall()
            if (ann.id, digest) not in known:
                approve_file_plan(self.archive, number, actor=ann, now=self.now)
        activate_file_plan(self.archive, number, actor=self.person("Clerk"), now=self.now)
        self.book.days = days

    @rule(number=NUMBERS, who=st.sampled_from(["Ann", "Olu"]))
    def hold(self, number: int, who: str) -> None:
        """Whoever places it is told of each record whether it came in time."""
        record = record_id(number)
        if record not in self.book.records:
            return
        standing = self.state_in_a_batch(record)
        placed = self.place_hold(Scope(kind=ScopeKind.RECORD, value=record), who)
        assert (record in placed.destroyed) == (record in self.book.gone)
        assert (record in placed.ejected) == (standing in (ItemState.PROPOSED, ItemState.APPROVED, ItemState.FAILED)), (
            standing
        )
        assert (record in placed.announced) == (standing is ItemState.EXECUTING)

    def state_in_a_batch(self, id: str) -> ItemState | None:
        """Of the batch it waits in."""
        for batch in batches.batch_ids(self.archive.db):
            state = batches.item_state(self.archive.db, batch, RecordId(id))
            if state in (ItemState.PROPOSED, ItemState.APPROVED, ItemState.EXECUTING, ItemState.FAILED):
                return state
        return None

    @rule()
    def hold_a_live_collection(self) -> None:
        self.place_hold(Scope(kind=ScopeKind.COLLECTION, value=COLLECTION, live=True), "Olu")

    def place_hold(self, scope: Scope, who: str) -> PlacedHold:
        placed = place_hold(
            self.archive,
            matter="Bora v. Town",
            mandate="an order",
            custodian="Clerk",
            reason="quoted",
            scopes=[scope],
            actor=self.person(who),
            now=self.now,
        )
        id, covers = placed.hold.id, {scope.value}
        self.book.holds[id] = COLLECTION if scope.live else covers
        self.book.papers[id] = KnownPaper(PaperKind.HOLD, self.today, about=set() if scope.live else covers)
        return placed

    @rule(number=NUMBERS)
    def tag(self, number: int) -> None:
        record = record_id(number)
        if record in self.book.there():
            add = [f"collection:{COLLECTION}"]
            tag_record(self.archive, record, add=add, remove=[], actor=self.person("Olu"), now=self.now)
            self.book.records[record].tagged = True

    @precondition(lambda self: self.book.holds)
    @rule(which=WHICH)
    def release(self, which: int) -> None:
        id = self.pick(self.book.holds, which)
        release_hold(self.archive, id, reason="settled", actor=self.person("Clerk"), now=self.now)
        del self.book.holds[id]
        self.changed(id)
        self.book.papers[id].ended = self.today
        self.book.papers[id].about.update(records_of_hold(self.archive.db, id))  # what a live one came to cover

    @rule()
    def every_matter_is_settled(self) -> None:
        for _ in range(len(self.book.holds)):
            self.release(0)

    @rule(number=NUMBERS, days=st.integers(1, 200))
    def extend(self, number: int, days: int) -> None:
        record, until = record_id(number), self.today + timedelta(days=days)
        if record in self.book.there():
            actor, known = self.person("Olu"), self.book.records[record]
            extend_retention(self.archive, [record], until, reason="wanted", actor=actor, now=self.now)
            known.extended = max(until, known.extended or until)

    @rule(number=NUMBERS, code=st.sampled_from(["R", "E"]))
    def give_class(self, number: int, code: str) -> None:
        record = record_id(number)
        if record in self.book.there():
            reclassify(self.archive, [record], code, reason="campaign", actor=self.person("Olu"), now=self.now)
            self.book.records[record].code = code

    @rule(number=NUMBERS)
    def damage(self, number: int) -> None:
        for path in self.archive.objects.root.rglob(f"{record_id(number)}/cap_*/items.generic.jsonl"):
            path.write_bytes(b"{}")
            self.book.damaged.add(record_id(number))

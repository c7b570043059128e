"""What is due is proposed, agreed to, taken out and carried out, with kills and other people in the midst of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from archiver.core.archive import DISPOSAL_LOCK
from archiver.core.errors import AlreadyExists, BatchNotReady
from archiver.core.events import EventType
from archiver.core.papers import PaperKind
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.replay import confirm_holds
from archiver.workflows.disposal.review import approve, exclude
from retention.batches import Status
from tests.workflows.disposal.machine.book import Listed
from tests.workflows.disposal.machine.kills import DEATHS
from tests.workflows.disposal.machine.paper_rules import PaperRules
from tests.workflows.disposal.machine.stage import NUMBERS, WHICH
from tests.workflows.disposal.shelf import record_id

PEOPLE = st.sampled_from(["Ann", "Bob", "Clerk"])
DESTROYED = ("R", "P1", "P2")
"""Classes whose schedule ends in destruction and needs no more than two people."""
ACTS = (
    "hold", "tag", "capture", "capture_again", "request", "hold_a_paper", "note_of_a_call", "appeal", "damage",
    "take_out", "disable", "lock",
)  # fmt: skip
ACTS_ON_PAPERS = ("hold_a_paper", "note_of_a_call", "damage", "take_out", "disable", "lock")


class BatchRules(PaperRules):
    @rule()
    def propose(self) -> None:
        for batch in propose_batches(self.archive, actor="night", now=self.now):
            for each in batch.items:
                id = each.record_id
                assert not self.book.held(id, self.today), id
                assert self.book.due(id) <= self.today, id
                assert id not in self.book.gone
            if batch.class_code in DESTROYED:
                versions = {str(each.record_id): self.book.version(each.record_id) for each in batch.items}
                self.book.lists[batch.id] = Listed(versions, self.book.days)

    @precondition(lambda self: self.book.lists)
    @rule(which=WHICH, who=PEOPLE)
    def agree(self, which: int, who: str) -> None:
        self.approve(self.pick(self.book.lists, which), who)

    @rule(
        days=st.sampled_from([1, 91, 401]),
        people=st.sampled_from([("Ann", "Bob"), ("Clerk", "Ann"), ("Bob",)]),
        then_carried_out=st.booleans(),
    )
    def what_is_due_is_agreed_to(self, days: int, people: tuple[str, ...], then_carried_out: bool) -> None:
        self.now += timedelta(days=days)
        self.propose()
        for batch in self.book.lists:
            for who in people:
                self.approve(batch, who)
        if then_carried_out:
            self.carry_out_what_is_agreed_to(None)

    def approve(self, batch: str, who: str) -> None:
        try:
            approve(self.archive, batch, actor=self.person(who), now=self.now)
            self.book.lists[batch].approvals.add(who)
        except AlreadyExists:
            assert who in self.book.lists[batch].approvals
        except BatchNotReady:
            assert self.status(batch) is not Status.PROPOSED

    @precondition(lambda self: self.book.lists)
    @rule(which=WHICH, number=NUMBERS)
    def take_out(self, which: int, number: int) -> None:
        self.exclude(self.pick(self.book.lists, which), record_id(number))

    @precondition(lambda self: self.book.lists)
    @rule(which=WHICH, item=st.integers(0, 9))
    def take_something_out(self, which: int, item: int) -> None:
        batch = self.pick(self.book.lists, which)
        if self.book.lists[batch].versions:
            self.exclude(batch, self.pick(self.book.lists[batch].versions, item))

    def exclude(self, batch: str, id: str) -> None:
        try:
            exclude(self.archive, batch, [id], reason="look again", actor=self.person("Olu"), now=self.now)
            self.book.lists[batch].versions.pop(id, None)
        except BatchNotReady:
            pass

    @precondition(lambda self: self.book.lists)
    @rule(which=WHICH, who=PEOPLE, death=st.sampled_from(DEATHS))
    def carry_out(self, which: int, who: str, death: str | None) -> None:
        self.run(self.pick(self.book.lists, which), who, death)

    @rule(days=st.sampled_from([91, 200, 401]), death=st.sampled_from(DEATHS))
    def a_season_passes(self, days: int, death: str | None) -> None:
        self.what_is_due_is_agreed_to(days, ("Ann", "Clerk"), False)
        self.carry_out_what_is_agreed_to(death)

    @rule(death=st.sampled_from(DEATHS))
    def carry_out_what_is_agreed_to(self, death: str | None) -> None:
        for batch in list(self.book.lists):
            if batch in self.book.lists and self.status(batch) in (Status.APPROVED, Status.EXECUTING):
                self.run(batch, "Bob", death)

    # -- others act while a batch is being carried out ------------------------------------------

    @precondition(lambda self: any(self.status(each) is Status.APPROVED for each in self.book.lists))
    @rule(which=WHICH, what=st.sampled_from(ACTS), item=st.integers(0, 9), announced=st.booleans())
    def carry_out_while_others_act(self, which: int, what: str, item: int, announced: bool) -> None:
        ready = [each for each in self.book.lists if self.status(each) is Status.APPROVED]
        batch = self.pick(ready, which)
        self.run(batch, "Clerk", act=self.act(what, batch, item), announced=announced)

    @rule(
        days=st.sampled_from([91, 121, 401]),
        what=st.sampled_from(ACTS),
        item=st.integers(0, 9),
        announced=st.booleans(),
    )
    def a_season_passes_while_others_act(self, days: int, what: str, item: int, announced: bool) -> None:
        """Something new was captured at its beginning, and a request closed: there is something to carry out."""
        self.begin_a_season(with_bundle=item % 2 == 1)
        self.all_goes_while_others_act(days, what, item, announced)

    @rule(what=st.sampled_from(ACTS_ON_PAPERS), item=st.integers(0, 9), announced=st.booleans())
    def papers_go_while_others_act(self, what: str, item: int, announced: bool) -> None:
        """Papers alone: what happens while records go, a lock say, would meet their batch when it begins."""
        self.begin_a_season(with_bundle=True)
        self.a_night()
        self.all_goes_while_others_act(401, what, item, announced, only=("REQ-", "prod_", "run_", "hld_"))

    @rule(days=st.sampled_from([91, 121]), announced=st.booleans())
    def who_agreed_is_disabled_while_all_goes(self, days: int, announced: bool) -> None:
        self.begin_a_season(with_bundle=False)
        self.all_goes_while_others_act(days, "disable", 0, announced)

    def all_goes_while_others_act(
        self, days: int, what: str, item: int, announced: bool, *, only: tuple[str, ...] = ("",)
    ) -> None:
        self.what_is_due_is_agreed_to(days, ("Ann", "Bob") if what == "disable" else ("Ann", "Clerk"), False)
        for batch in list(self.book.lists):
            listed = self.book.lists[batch].versions if batch in self.book.lists else ()
            if any(each.startswith(only) for each in listed) and self.status(batch) is Status.APPROVED:
                self.run(batch, "Clerk", act=self.act(what, batch, item), announced=announced)
        if self.book.locked:
            self.two_confirm_the_holds()

    @rule(days=st.sampled_from([91, 121, 401]), back=st.integers(1, 60))
    def the_clock_is_set_back_before_it_is_carried_out(self, days: int, back: int) -> None:
        self.begin_a_season(with_bundle=back % 2 == 1)
        self.what_is_due_is_agreed_to(days, ("Ann", "Clerk"), False)
        self.the_clock_is_set_back(back)
        self.carry_out_what_is_agreed_to(None)

    def begin_a_season(self, *, with_bundle: bool) -> None:
        number = len(self.book.records) + 1
        self.capture(number)
        if len(self.of_kind(PaperKind.REQUEST)) < 3:
            self.request(number)
            if with_bundle and self.of_kind(PaperKind.REQUEST):
                self.answer(len(self.of_kind(PaperKind.REQUEST)) - 1)
        self.every_case_is_closed()

    def act(self, what: str, batch: str, item: int) -> Callable[[], object]:
        """Something that happens to one of what the batch lists, or to the batch."""
        meant: dict[str, str | tuple[str, ...]] = {
            "note_of_a_call": "REQ-",
            "damage": ("rec_", "prod_"),
            "hold_a_paper": ("REQ-", "prod_", "hld_"),
        }
        listed = [each for each in self.book.lists[batch].versions if each.startswith(meant.get(what, ""))]
        id = self.pick(listed, item) if listed else ""
        number = int(id[4:], 16) if id.startswith("rec_") else item % 5 + 1
        acts: dict[str, Callable[[], object]] = {
            "hold": lambda: self.hold(number, "Olu"),
            "tag": lambda: self.tag(number),
            "capture": lambda: self.capture(number),
            "capture_again": lambda: self.capture_again(number),
            "request": lambda: self.request(number),
            "hold_a_paper": lambda: self.hold_paper(id) if id in self.book.papers else None,
            "note_of_a_call": lambda: self.note_on(id) if id.startswith("REQ-") else None,
            "appeal": lambda: self.close_or_reopen_a_request(item, True) if self.of_kind(PaperKind.REQUEST) else None,
            "damage": lambda: self.damage_bundle(id) if id.startswith("prod_") else self.damage(number),
            "take_out": lambda: self.exclude(batch, id) if id else None,
            "disable": lambda: self.disable("Bob"),
            "lock": self.lock,
        }
        return acts[what]

    @precondition(lambda self: any("Bob" in each.approvals for each in self.book.lists.values()))
    @rule()
    def who_agreed_is_disabled(self) -> None:
        self.disable("Bob")

    def disable(self, who: str) -> None:
        """Who agreed is no longer entitled."""
        with self.archive.change(at=self.now, actor="shelf") as change:
            disabled = self.archive.people.disable(who)
            change.record(EventType.PERSON_DISABLED, [disabled.id], commits=[("people", disabled.id)])
        self.book.disabled.add(who)

    def lock(self) -> None:
        """As a rebuild does that misses decisions."""
        lock = json.dumps({"missing": []})
        self.archive.db.conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (DISPOSAL_LOCK, lock))
        self.book.locked = True

    @precondition(lambda self: self.book.locked)
    @rule()
    def two_confirm_the_holds(self) -> None:
        for who in ("Ann", "Clerk"):
            confirm_holds(self.archive, actor=self.person(who), now=self.now)
        self.book.locked = False

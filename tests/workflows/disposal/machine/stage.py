"""The ground the machine's rules stand on: an archive of its own, its clock, and what is looked at after each run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from archiver.core.errors import BatchNotReady, DisposalLocked, SecondPersonNeeded
from archiver.core.papers import PaperKind, is_paper_id, papers
from archiver.core.people import Person
from archiver.workflows.disposal.run import BatchRun
from archiver.workflows.keeping.plan_retention import activate_file_plan, approve_file_plan, load_file_plan
from archiver.workflows.recover import recover
from retention import batches
from retention.batches import Status
from tests.workflows.disposal.machine.book import Book, KnownPaper
from tests.workflows.disposal.machine.kills import Killed, killed_at, meanwhile
from tests.workflows.disposal.machine.plan import LONG, SHORT, plan_text
from tests.workflows.disposal.shelf import FILED, Shelf, make_shelf, person, run

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where the machine's archives lie: thousands of them are made, and a disk would be waited for."""
START = datetime(2026, 1, 10, 12, tzinfo=UTC)
WHICH = st.integers(0, 3)
NUMBERS = st.integers(1, 5)
TALLY: Counter[str] = Counter()
_TEMPLATE: list[Shelf] = []


def template() -> Shelf:
    """Made once: hashing secrets takes longer than a whole run. Both plans are there, the shorter in force."""
    if not _TEMPLATE:
        place = Path(tempfile.mkdtemp(prefix="archiver-shelf-", dir=MEMORY))
        made = make_shelf(place)
        with made.open() as archive:
            for days in (LONG, SHORT):
                (place / "plan.toml").write_text(plan_text(days), encoding="utf-8")
                number = load_file_plan(archive, place / "plan.toml", actor=person(archive, "Ann"), now=FILED)
            approve_file_plan(archive, number, actor=person(archive, "Ann"), now=FILED)
            activate_file_plan(archive, number, actor=person(archive, "Clerk"), now=FILED + timedelta(seconds=1))
            archive.finish_run(at=FILED)
        _TEMPLATE.append(made)
    return _TEMPLATE[0]


class Stage(RuleBasedStateMachine):
    """An archive in which anything may happen next, and the book of what did."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="archiver-machine-", dir=MEMORY))
        made = template()
        shutil.copytree(made.directory, self.folder / "archive")
        shutil.copytree(made.config, self.folder / "config")
        self.shelf = Shelf(self.folder / "archive", self.folder / "config")
        self.archive = self.shelf.open()
        self.now = START
        self.book = Book()

    def teardown(self) -> None:
        gone = Counter("papers" if is_paper_id(each) else "records" for each in self.book.gone)
        TALLY.update({**gone, "runs": 1})
        self.archive.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def today(self) -> date:
        return (self.now + timedelta(hours=5, minutes=30)).date()

    def person(self, name: str) -> Person:
        return person(self.archive, name)

    def pick(self, among: Collection[str], which: int) -> str:
        """By its age: ids are random, and the same steps must mean the same again."""
        return list(among)[which % len(among)]

    def status(self, batch: str) -> Status:
        return batches.batch(self.archive.db, batch).status

    def changed(self, paper: str) -> None:
        """Its rows are others than they were."""
        if paper in self.book.papers:
            self.book.papers[paper].version += 1

    def papers_of_archive(self) -> set[str]:
        """Those the book keeps: a plan and the trail never go."""
        found = papers(self.archive.db, date.max, self.archive.settings.archive.zone)
        never = {each.id for each in found if each.kind in (PaperKind.FILE_PLAN, PaperKind.TRAIL)}
        assert never == {"plan-1", "plan-2", "plan-3", "trail"}
        return {each.id for each in found} - never

    def run(
        self,
        batch: str,
        who: str = "Ann",
        death: str | None = None,
        act: Callable[[], object] | None = None,
        *,
        announced: bool = True,
    ) -> None:
        """Carry a batch out, or try to; the process dies, or others act, in the midst of it."""
        found, begun, done = batches.batch(self.archive.db, batch), False, None
        entitled, locked = len(self.book.entitled(batch)), self.book.locked
        try:
            with killed_at(death), meanwhile(act, announced=announced):
                done = run(self.archive, found, at=self.now, by=who)
            begun = True
        except Killed:
            begun = True
            self.reopen()
        except SecondPersonNeeded:
            assert entitled < 2
        except DisposalLocked:
            assert locked
        except BatchNotReady:
            assert self.status(batch) in (Status.DONE, Status.WITHDRAWN, Status.PROPOSED)
        assert not begun or (entitled >= 2 and not locked), "it was begun though it must not be"
        went = self.settle_accounts(batch)
        if done is not None:
            self.note_certificate(done, went)

    def settle_accounts(self, batch: str) -> int:
        """After anything that may have destroyed: everything that went was something that might; how many in all."""
        there = {*self.archive.catalogue.record_ids(), *self.papers_of_archive()}
        missing = [each for each in (*self.book.there(), *self.book.papers_there()) if each not in there]
        for id in missing:
            why = self.book.must_stay(id, batch, self.today)
            assert why is None, f"{id} went though {why}"
        self.book.gone.update(missing)
        lines = len(batches.lines(self.archive.db, batch))
        for id in [each for each in self.book.lists if each not in batches.batch_ids(self.archive.db)]:
            del self.book.lists[id]  # a certificate's rows are its batch's
        return lines

    def note_certificate(self, done: BatchRun, lines: int) -> None:
        if done.certificate:
            proposed = (done.batch.proposed_at + timedelta(hours=5, minutes=30)).date()
            proves = {each.record_id for each in done.batch.items} if lines else set()
            self.book.papers[done.certificate] = KnownPaper(PaperKind.CERTIFICATE, proposed, about=set(proves))

    def reopen(self) -> None:
        """What the next start does after a kill."""
        self.archive.close()
        self.archive = self.shelf.open()
        recover(self.archive, now=self.now)

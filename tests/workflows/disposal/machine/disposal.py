"""The whole machine: what may happen, the loss of the disk among it, and what must hold after each step."""

from __future__ import annotations

import copy
import shutil
from datetime import date
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from archiver.core.archive import DISPOSAL_LOCK
from archiver.core.commitments import check_commitments
from archiver.core.fixity import check_object
from archiver.core.paper_files import are_there
from archiver.core.paper_stubs import paper_stubs
from archiver.core.papers import PaperKind, is_paper_id
from archiver.core.snapshots import take_snapshot
from archiver.workflows.rebuild import rebuild_archive
from archiver.workflows.verification.trail import known_lost
from retention import batches
from retention.batches import ItemState, Status
from retention.holds import hold as hold_of
from retention.holds import holds, records_of_hold
from retention.register import active_number
from tests.workflows.disposal.machine.batch_rules import BatchRules
from tests.workflows.disposal.machine.book import KnownPaper
from tests.workflows.disposal.machine.plan import LONG, SHORT
from tests.workflows.disposal.machine.record_rules import COLLECTION

_TABLES = ("items", "captures", "record_tags", "extensions", "class_decisions")


class Disposal(BatchRules):
    old: Path | None = None
    old_papers: dict[str, KnownPaper]

    # -- the disk is lost ---------------------------------------------------------------------

    @rule()
    def copy_the_archive(self) -> None:
        if self.old is None:
            self.old, self.old_papers = self.folder / "old", copy.deepcopy(self.book.papers)
            size = self.archive.trail.head().size
            take_snapshot(self.archive.db, self.shelf.directory / "snapshots", at=self.now, trail_size=size)
            shutil.copytree(self.shelf.directory, self.old)

    @precondition(lambda self: not self.book.damaged)
    @rule(days=st.sampled_from([91, 121]))
    def the_disk_is_lost_after_a_season(self, days: int) -> None:
        """What went meanwhile comes back with the copy, and so do the batches that listed it."""
        self.begin_a_season(with_bundle=False)
        self.what_is_due_is_agreed_to(days, ("Ann", "Clerk"), False)
        self.copy_the_archive()
        self.carry_out_what_is_agreed_to(None)
        self.restore_the_old_copy(True)
        self.carry_out_what_is_agreed_to(None)

    @precondition(lambda self: self.old is not None and not self.book.damaged)
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
        self.book.locked = self.archive.meta(DISPOSAL_LOCK) is not None
        assert self.book.locked or not rebuilt.missing
        self.forget_what_only_the_catalogue_knew()
        if confirmed and self.book.locked:
            self.two_confirm_the_holds()

    def forget_what_only_the_catalogue_knew(self) -> None:
        """Batches, classes, extensions, requests made since are lost with it, and said to be; holds are not."""
        book, db = self.book, self.archive.db
        people = {each.id: each for each in self.archive.people.everybody()}
        book.disabled = {each.name for each in people.values() if each.status == "disabled"}
        book.days = {2: LONG, 3: SHORT}[active_number(db) or 0]
        book.lists = {id: listed for id, listed in book.lists.items() if id in set(batches.batch_ids(db))}
        for id, listed in book.lists.items():
            listed.approvals = {people[each.person_id].name for each in batches.approvals(db, id)}
        extended = dict(db.conn.execute("SELECT record_id, max(until) FROM extensions GROUP BY 1"))
        for record in book.there():
            found = self.archive.catalogue.record(record)
            book.records[record].code = found.class_code or ""
            book.records[record].tagged = f"collection:{COLLECTION}" in found.tags
            until = extended.get(record)
            book.records[record].extended = date.fromisoformat(until) if until else None
        for id, covered in book.holds.items():
            if covered == COLLECTION and not hold_of(db, id).scopes:
                # what its live scope was is lost, what it had frozen is not
                book.holds[id] = set(records_of_hold(db, id))
        self._forget_papers()

    def _forget_papers(self) -> None:
        """As they were when the copy was made; holds as they are, for the trail tells of them."""
        now, then = self.book.papers, self.old_papers
        kept = {id: paper for id, paper in then.items() if id not in self.book.gone}
        for id, paper in now.items():
            if id in self.book.gone:
                kept[id] = paper
            elif paper.kind is PaperKind.HOLD:
                if id not in then or then[id].ended != paper.ended:
                    paper.version += 100  # its rows were written anew
                paper.about.update(records_of_hold(self.archive.db, id))
                paper.extended = then[id].extended if id in then else None
                kept[id] = paper
        self.book.papers = kept

    # -- what must always hold ----------------------------------------------------------------

    @invariant()
    def a_record_is_whole_or_a_stub(self) -> None:
        there = set(self.archive.catalogue.record_ids())
        stubs = {each.record_id for each in self.archive.catalogue.stubs()}
        assert there == set(self.book.there())
        assert stubs == {each for each in self.book.gone if not is_paper_id(each)}
        assert not self.archive.objects.doomed()
        for record in there - self.book.damaged:
            stored = self.archive.catalogue.stored_objects(record)
            assert stored
            for each in stored:
                assert list(check_object(each, self.archive.objects.path_of(each.path))) == []
        for record in stubs:
            assert not list(self.archive.objects.root.rglob(record))
            for table in _TABLES:
                rows = self.archive.db.conn.execute(f"SELECT count(*) FROM {table} WHERE record_id = ?", (record,))
                assert rows.fetchone() == (0,)

    @invariant()
    def a_paper_is_whole_or_a_stub(self) -> None:
        assert self.papers_of_archive() == set(self.book.papers_there())
        stubs = paper_stubs(self.archive.db)
        assert {each.id for each in stubs} == {each for each in self.book.gone if is_paper_id(each)}
        for stub in stubs:
            assert not are_there(self.archive.directory, stub.place)
        for id in self.of_kind(PaperKind.PRODUCTION):
            assert are_there(self.archive.directory, f"productions/{id}")

    @invariant()
    def holds_are_in_force(self) -> None:
        assert {each.id for each in holds(self.archive.db, active=True)} == set(self.book.holds)

    @invariant()
    def counts_reconcile(self) -> None:
        for id in batches.batch_ids(self.archive.db):
            batch = batches.batch(self.archive.db, id)
            assert sum(batch.counts.values()) == len(batch.items)
            if batch.status is Status.DONE and batch.certificate:
                lines = batches.lines(self.archive.db, id)
                assert len(lines) == batch.counts.get("destroyed", 0)
                assert not batch.waiting(ItemState.APPROVED, ItemState.EXECUTING, ItemState.PROPOSED)

    def look_around(self) -> None:
        """Every invariant, for who takes steps by hand."""
        self.a_record_is_whole_or_a_stub()
        self.a_paper_is_whole_or_a_stub()
        self.holds_are_in_force()
        self.counts_reconcile()
        self.an_auditor_looks()

    @rule()
    def an_auditor_looks(self) -> None:
        archive = self.archive
        assert list(check_commitments(archive.db, archive.trail.events(), known_lost(archive))) == []
        assert archive.trail.verify() == []

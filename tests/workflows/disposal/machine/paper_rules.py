"""The archive makes papers of its own: requests, bundles that answer them, reports of nights; holds are papers too."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from archiver.core.events import EventType
from archiver.core.nights import NightRun, Nights
from archiver.core.papers import PaperKind
from archiver.core.requests import FiledProduction
from archiver.workflows.keeping.classify import extend_retention
from archiver.workflows.keeping.keep_holds import close_request, reopen_request
from retention.holds import Scope, ScopeKind
from tests.workflows.disposal.machine.book import KnownPaper
from tests.workflows.disposal.machine.record_rules import RecordRules
from tests.workflows.disposal.machine.stage import NUMBERS, WHICH
from tests.workflows.disposal.shelf import record_id

_MANY = 4


class PaperRules(RecordRules):
    made = 0
    """Bundles and nights so far: their ids."""

    def of_kind(self, kind: PaperKind) -> list[str]:
        return [each for each in self.book.papers_there() if self.book.papers[each].kind is kind]

    @rule(number=NUMBERS)
    def request(self, number: int) -> None:
        record = record_id(number)
        if record not in self.book.there() or len(self.of_kind(PaperKind.REQUEST)) > _MANY:
            return
        with self.archive.change(at=self.now, actor=self.person("Olu").id) as change:
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
        self.book.papers[request.number] = KnownPaper(PaperKind.REQUEST, self.today, about={record})

    @precondition(lambda self: self.of_kind(PaperKind.REQUEST))
    @rule(which=WHICH, again=st.booleans())
    def close_or_reopen_a_request(self, which: int, again: bool) -> None:
        number = self.pick(self.of_kind(PaperKind.REQUEST), which)
        known, actor = self.book.papers[number], self.person("Olu")
        if again:
            reopen_request(self.archive, number, reason="appeal", actor=actor, now=self.now)
            known.ended = known.appeal = None
        else:
            _, until = close_request(
                self.archive, number, reason="answered", appeal_until=None, actor=actor, now=self.now
            )
            known.ended, known.appeal = self.today, until
        self.changed(number)

    @precondition(lambda self: self.of_kind(PaperKind.REQUEST))
    @rule(which=WHICH)
    def note_of_a_call(self, which: int) -> None:
        """Something is added to a request, which is due as before."""
        self.note_on(self.pick(self.of_kind(PaperKind.REQUEST), which))

    def note_on(self, number: str) -> None:
        with self.archive.change(at=self.now, actor=self.person("Olu").id) as change:
            logged = self.archive.request_files.log(
                number, "note", day=self.today, note="she rang up", now=self.now, actor=change.actor
            )
            commits = [("request_events", logged.id)]
            change.record(EventType.REQUEST_LOGGED, [number], commits=commits)
        self.changed(number)

    @precondition(lambda self: self.of_kind(PaperKind.REQUEST))
    @rule(which=WHICH)
    def answer(self, which: int) -> None:
        """A bundle is made for a request."""
        number = self.pick(self.of_kind(PaperKind.REQUEST), which)
        if len(self.of_kind(PaperKind.PRODUCTION)) > _MANY:
            return
        self.made += 1
        id = f"prod_{self.made:016x}"
        place = self.archive.directory / "productions" / id
        place.mkdir(parents=True)
        (place / "letter.txt").write_text("the answer: উত্তৰ", encoding="utf-8")
        with self.archive.change(at=self.now, actor="shelf") as change:
            self.archive.requests.file_production(
                FiledProduction(
                    id=id, request_number=number, path=str(place), sha256="0" * 64, records=1, items=1,
                    made_at=self.now, made_by="shelf",
                )
            )  # fmt: skip
            change.record(EventType.PRODUCED, [number, id], commits=[("productions", id), ("requests", number)])
        about = set(self.book.papers[number].about)
        self.book.papers[id] = KnownPaper(PaperKind.PRODUCTION, self.today, about=about, request=number)
        self.changed(number)  # its status is another

    @precondition(lambda self: self.of_kind(PaperKind.PRODUCTION))
    @rule(which=WHICH)
    def damage_a_bundle(self, which: int) -> None:
        self.damage_bundle(self.pick(self.of_kind(PaperKind.PRODUCTION), which))

    def damage_bundle(self, id: str) -> None:
        """It is not what anybody agreed to any more."""
        self.changed(id)
        letter = self.archive.directory / "productions" / id / "letter.txt"
        letter.write_text(f"another {self.book.papers[id].version}", encoding="utf-8")

    @rule()
    def a_night(self) -> None:
        if len(self.of_kind(PaperKind.NIGHT_REPORT)) > _MANY:
            return
        self.made += 1
        id, nights = f"run_{self.made:016x}", Nights(self.archive.db)
        with self.archive.change(at=self.now, actor="shelf"):
            nights.begin(NightRun(id=id, night=self.today, started=self.now, actor="shelf", trail_size=1))
            nights.finish(id, at=self.now, exit_code=0, figures={})
        folder = self.archive.directory / "runs" / id
        folder.mkdir(parents=True)
        (folder / "report.json").write_text("{}", encoding="utf-8")
        self.book.papers[id] = KnownPaper(PaperKind.NIGHT_REPORT, self.today)

    @precondition(lambda self: self.book.papers_there())
    @rule(which=st.integers(0, 9))
    def hold_a_paper(self, which: int) -> None:
        self.hold_paper(self.pick(self.book.papers_there(), which))

    def hold_paper(self, id: str) -> None:
        standing = self.state_in_a_batch(id)
        placed = self.place_hold(Scope(kind=ScopeKind.RECORD, value=id), "Olu")
        assert (id in placed.ejected) or standing is None or id in placed.announced

    @precondition(lambda self: self.book.papers_there())
    @rule(which=st.integers(0, 9), days=st.integers(1, 200))
    def put_a_paper_off(self, which: int, days: int) -> None:
        id, until = self.pick(self.book.papers_there(), which), self.today + timedelta(days=days)
        extend_retention(self.archive, [id], until, reason="wanted", actor=self.person("Olu"), now=self.now)
        known = self.book.papers[id]
        known.extended = max(until, known.extended or until)
        self.changed(id)

    @rule()
    def every_case_is_closed(self) -> None:
        for which in range(len(self.of_kind(PaperKind.REQUEST))):
            self.close_or_reopen_a_request(which, False)
        for _ in range(len(self.book.holds)):
            self.release(0)

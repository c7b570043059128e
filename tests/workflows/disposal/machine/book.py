"""What the machine's book knows: of every record and paper what decides its fate, worked out from the law alone.

Nothing here asks the archive. Ids of records and of papers stand side by side, as they do in holds and batches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from archiver.core.papers import PaperKind, is_paper_id

RECORDS_PERIOD = timedelta(days=90)
PAPERS_PERIODS = {"P1": timedelta(days=300), "P2": timedelta(days=400)}
"""By class: of reports and certificates from their making, of requests, bundles and holds from the end of the case."""


@dataclass
class Known:
    """The book's entry of one record; `version` is another after each capture."""

    active: datetime  # its last activity
    day: date  # the local day of that
    version: int = 1
    extended: date | None = None
    code: str = "R"
    tagged: bool = False


@dataclass
class KnownPaper:
    """The book's entry of one paper. `about` are the records, or papers, it tells of; `ended` the day its case was
    closed, None while it is open; `appeal` the last day on which that can be appealed. `version` is another after
    each change of its rows.
    """

    kind: PaperKind
    made: date
    about: set[str] = field(default_factory=set)
    ended: date | None = None
    appeal: date | None = None
    request: str = ""  # of a bundle
    version: int = 1
    extended: date | None = None


@dataclass
class Listed:
    """The book's entry of one batch: what was agreed to, as it was, and by whom; the days its schedule gave."""

    versions: dict[str, int]
    days: int
    approvals: set[str] = field(default_factory=set)


@dataclass
class Book:
    """Everything decided so far. Holds name what they cover, a live one its collection."""

    records: dict[str, Known] = field(default_factory=dict)
    papers: dict[str, KnownPaper] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    holds: dict[str, set[str] | str] = field(default_factory=dict)
    lists: dict[str, Listed] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    locked: bool = False
    days: int = RECORDS_PERIOD.days  # what the plan in force gives a record

    def there(self) -> list[str]:
        """Every record that has not gone, by its age."""
        return [each for each in self.records if each not in self.gone]

    def papers_there(self) -> list[str]:
        return [each for each in self.papers if each not in self.gone]

    def entitled(self, batch: str) -> set[str]:
        """Who agreed to it and still may."""
        return self.lists[batch].approvals - self.disabled

    def matter_over(self, id: str, today: date) -> bool:
        """Whether a hold, an open request or a time of appeal covers it."""
        for covered in self.holds.values():
            if id in covered if isinstance(covered, set) else id in self.records and self._in_collection(id):
                return True
        return any(id in each.about and self._pending(each, today) for each in self._requests())

    def _in_collection(self, id: str) -> bool:
        return id not in self.gone and self.records[id].tagged

    def _requests(self) -> list[KnownPaper]:
        return [self.papers[each] for each in self.papers_there() if self.papers[each].kind is PaperKind.REQUEST]

    def _pending(self, request: KnownPaper, today: date) -> bool:
        return request.appeal is None or request.appeal >= today

    def held(self, id: str, today: date) -> bool:
        """Whether it must stay whatever its date says: a paper too while anything needs it, or what it tells of."""
        if self.matter_over(id, today):
            return True
        if not is_paper_id(id):
            return False
        paper = self.papers[id]
        needed = {
            PaperKind.REQUEST: self._pending(paper, today) or self._bundles(id),
            PaperKind.PRODUCTION: paper.request in self.papers and self._pending(self.papers[paper.request], today),
            PaperKind.HOLD: paper.ended is None,
            PaperKind.CERTIFICATE: bool(paper.about),
        }
        return bool(needed.get(paper.kind)) or any(self.matter_over(each, today) for each in paper.about)

    def _bundles(self, request: str) -> bool:
        return any(self.papers[each].request == request for each in self.papers_there())

    def due(self, id: str) -> date:
        """The first day on which it may go; never where its case is open."""
        if not is_paper_id(id):
            known = self.records[id]
            return max(known.day + timedelta(days=self.days), known.extended or date.min)
        paper = self.papers[id]
        if paper.kind in (PaperKind.CERTIFICATE, PaperKind.NIGHT_REPORT):
            counted = paper.made + PAPERS_PERIODS["P1"]
        else:
            closed = self.papers[paper.request].ended if paper.request else paper.ended
            counted = date.max if closed is None else closed + PAPERS_PERIODS["P2"]
        return max(counted, paper.extended or date.min)

    def version(self, id: str) -> int:
        return self.papers[id].version if is_paper_id(id) else self.records[id].version

    def must_stay(self, id: str, batch: str, today: date) -> str | None:
        """Why it must not go in this batch; None where it may."""
        listed, paper = self.lists[batch], is_paper_id(id)
        if self.held(id, today):
            return "it is held"
        if self.due(id) > today or (not paper and self.records[id].code != "R"):
            return "it is not due"
        if not paper and listed.days != self.days:
            return "its schedule is another than the one agreed to"
        if len(self.entitled(batch)) < 2:
            return "fewer than two people agreed who may"
        if listed.versions.get(id) != self.version(id):
            return "it is not what was agreed to"
        if id in self.damaged:
            return "it is damaged"
        if self.locked:
            return "the archive is locked"
        return None

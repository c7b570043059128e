"""What forbids that a paper of the archive's own goes, asked again inside the very transaction in which it would go.

The guards of records hold for papers too; only what a paper is made of is looked at in another way.
tests/workflows/disposal takes each away in turn and shows what then breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from archiver.core.archive import Archive
from archiver.core.paper_files import PaperFiles, look_at_files
from archiver.core.paper_rows import digest_rows
from archiver.core.papers import Paper
from archiver.workflows.disposal.guards import (
    Circumstances,
    OnItsWay,
    announced,
    approved,
    not_held,
    not_locked,
    still_due,
)
from archiver.workflows.keeping.keep_papers import PlannedPaper, plan_papers


@dataclass(frozen=True, kw_only=True)
class PaperCandidate(OnItsWay):
    """A paper about to go: held, too, while anything needs it."""

    paper: Paper

    @cached_property
    def files(self) -> PaperFiles:
        return look_at_files(self.archive.directory, self.paper.place)

    @cached_property
    def rows(self) -> str:
        return digest_rows(self.archive.db.conn, self.paper.kind, self.paper.id)


def paper_digest(archive: Archive, paper: Paper) -> str:
    """Of its rows, then of its files: what people agree to."""
    rows = digest_rows(archive.db.conn, paper.kind, paper.id)
    return f"{rows} {look_at_files(archive.directory, paper.place).digest}".strip()


def planned_by_id(circumstances: Circumstances) -> Mapping[str, PlannedPaper]:
    """Every paper with its decision, asked once in a transaction: nobody else writes then."""
    return {each.paper.id: each for each in plan_papers(circumstances.archive, today=circumstances.today)}


def unchanged_paper(candidate: PaperCandidate) -> str | None:
    """Its rows are what was proposed: nothing was added to it since."""
    agreed = candidate.item.digest.partition(" ")[0]
    return None if candidate.rows == agreed else "it is not what was proposed: something was added to it since"


def whole_paper(candidate: PaperCandidate) -> str | None:
    """Its files are what was proposed: what is lost or changed is looked into, not swept away."""
    agreed = candidate.item.digest.partition(" ")[2]
    if candidate.files.digest == agreed:
        return None
    return f"damaged: {candidate.paper.place}: a file is not what was proposed, or is missing"


PaperGuard = Callable[[PaperCandidate], str | None]
PAPER_GUARDS: tuple[PaperGuard, ...] = (
    not_locked, announced, approved, not_held, still_due, unchanged_paper, whole_paper
)  # fmt: skip


def why_paper_stays(candidate: PaperCandidate) -> str | None:
    """Why the paper must stay; None where every guard is silent."""
    for guard in PAPER_GUARDS:
        if reason := guard(candidate):
            return reason
    return None

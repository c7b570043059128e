"""Every guard of a disposal, how it is taken away, and what breaks without it.

Of guards that stand in for each other in nearly every order of events each has one in which it stands alone:
`capture_again` after the list was made meets `unchanged` only, for nobody has said anything new and the record is due
as before; the clock set back, or a plan that keeps records longer, meets `still_due` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from archiver.workflows.disposal import guards, paper_guards
from tests.workflows.disposal.machine.kills import DISPOSAL


@dataclass(frozen=True)
class Mutation:
    """`taken_away` is without the guard as long as it lasts; `broken` says what then happens."""

    taken_away: Callable[[], AbstractContextManager[None]]
    broken: str


def of_records(guard: guards.Guard, broken: str) -> Mutation:
    @contextmanager
    def without() -> Iterator[None]:
        left = tuple(each for each in guards.GUARDS if each is not guard)
        with mock.patch.object(guards, "GUARDS", left):
            yield

    return Mutation(without, broken)


def of_papers(guard: paper_guards.PaperGuard, broken: str) -> Mutation:
    @contextmanager
    def without() -> Iterator[None]:
        left = tuple(each for each in paper_guards.PAPER_GUARDS if each is not guard)
        with mock.patch.object(paper_guards, "PAPER_GUARDS", left):
            yield

    return Mutation(without, broken)


def call(target: str, instead: Callable[..., Any], broken: str) -> Mutation:
    @contextmanager
    def without() -> Iterator[None]:
        with mock.patch(target, instead):
            yield

    return Mutation(without, broken)


WORKFLOWS = "archiver.workflows"
MUTATIONS: dict[str, Mutation] = {
    # asked of each record in the transaction in which it would go
    "not_locked": of_records(guards.not_locked, "a record goes while decisions are known to be missing"),
    "announced": of_records(guards.announced, "a record goes that a reviewer took out"),
    "approved": of_records(guards.approved, "a record goes on the word of one person who is still entitled"),
    "not_held": of_records(guards.not_held, "a record goes that a hold, or an open request, covers"),
    "still_due": of_records(
        guards.still_due, "a record goes before its date, or by another schedule than was agreed to"
    ),
    "unchanged": of_records(guards.unchanged, "evidence goes that nobody agreed to"),
    "whole": of_records(guards.whole, "damage is swept away with the record"),
    # and of each paper
    "not_locked, papers": of_papers(guards.not_locked, "a paper goes while decisions are known to be missing"),
    "announced, papers": of_papers(guards.announced, "a paper goes that a reviewer took out"),
    "approved, papers": of_papers(guards.approved, "a paper goes on the word of one person who is still entitled"),
    "not_held, papers": of_papers(guards.not_held, "a paper goes that a hold covers or that something needs"),
    "still_due, papers": of_papers(guards.still_due, "a paper goes before its date"),
    "unchanged_paper": of_papers(paper_guards.unchanged_paper, "a paper goes with what was added to it since"),
    "whole_paper": of_papers(paper_guards.whole_paper, "damage is swept away with the bundle"),
    # before anything is begun
    "require_approval": call(
        f"{DISPOSAL}.run.require_approval", lambda archive, batch: None, "a batch begins that one person agreed to"
    ),
    "leave out what went": call(
        f"{DISPOSAL}.run._leave_out_destroyed",
        lambda archive, batch, actor, now: [],
        "a batch that came back with an old copy cannot be ended",
    ),
    "eject what is held": call(
        f"{WORKFLOWS}.keeping.keep_holds._eject",
        lambda change, records, hold: [],
        "whoever places a hold is not told that the record was approved for destruction",
    ),
    # after a kill, and after the disk was lost
    "sweep_doomed": call(
        f"{WORKFLOWS}.recover.sweep_doomed", lambda archive: ([], []), "files of a record that went stay, or are lost"
    ),
    "sweep_papers": call(
        f"{WORKFLOWS}.recover.sweep_papers", lambda archive: [], "files of a paper that went stay on the disk"
    ),
    "replay_disposals": call(
        f"{WORKFLOWS}.rebuild.replay_disposals", lambda archive: [], "a destroyed record comes back with an old copy"
    ),
    "replay_paper_disposals": call(
        f"{WORKFLOWS}.rebuild.replay_paper_disposals",
        lambda archive: [],
        "a destroyed paper comes back with an old copy",
    ),
    "replay_holds": call(
        f"{WORKFLOWS}.rebuild.replay_holds",
        lambda archive, events: None,
        "a hold is lost with the catalogue it was in",
    ),
    "lock after a rebuild": call(
        f"{WORKFLOWS}.rebuild._lock_disposal",
        lambda archive, missing, now: None,
        "records go though decisions are missing that may have been holds",
    ),
}

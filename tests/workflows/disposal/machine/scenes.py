"""For each guard a few steps of the machine in which that guard alone stands between what must stay and its going."""

from __future__ import annotations

from collections.abc import Callable

from tests.workflows.disposal.machine.disposal import Disposal
from tests.workflows.disposal.shelf import record_id

REQUEST = "REQ-2026-0001"
BUNDLE = "prod_0000000000000001"


def records_agreed_to(machine: Disposal) -> str:
    """Three records are due, in a batch that two people approved."""
    machine.first_records()
    machine.what_is_due_is_agreed_to(91, ("Ann", "Bob"), False)
    (batch,) = machine.book.lists
    return batch


def papers_agreed_to(machine: Disposal, *, with_bundle: bool = False) -> str:
    """A request was closed, or its bundle made and then closed; it is due, in a batch that two people approved."""
    machine.first_records()
    machine.request(1)
    if with_bundle:
        machine.answer(0)
    machine.close_or_reopen_a_request(0, False)
    machine.what_is_due_is_agreed_to(401, ("Ann", "Bob"), False)
    wanted = BUNDLE if with_bundle else REQUEST
    return next(id for id, listed in machine.book.lists.items() if wanted in listed.versions)


def locked(machine: Disposal) -> None:
    machine.run(records_agreed_to(machine), act=machine.lock)


def taken_out(machine: Disposal) -> None:
    """A reviewer takes a record out after the run has read its list, before it is announced."""
    batch = records_agreed_to(machine)
    machine.run(batch, act=lambda: machine.exclude(batch, record_id(1)), announced=False)


def disabled(machine: Disposal) -> None:
    machine.run(records_agreed_to(machine), act=lambda: machine.disable("Bob"))


def asked_for(machine: Disposal) -> None:
    machine.run(records_agreed_to(machine), act=lambda: machine.request(1))


def clock_set_back(machine: Disposal) -> None:
    batch = records_agreed_to(machine)
    machine.the_clock_is_set_back(60)
    machine.run(batch)


def captured_again(machine: Disposal) -> None:
    batch = records_agreed_to(machine)
    machine.capture_again(1)
    machine.run(batch)


def damaged(machine: Disposal) -> None:
    batch = records_agreed_to(machine)
    machine.damage(1)
    machine.run(batch)


def locked_papers(machine: Disposal) -> None:
    machine.run(papers_agreed_to(machine), act=machine.lock)


def paper_taken_out(machine: Disposal) -> None:
    batch = papers_agreed_to(machine)
    machine.run(batch, act=lambda: machine.exclude(batch, REQUEST), announced=False)


def disabled_before_papers(machine: Disposal) -> None:
    machine.run(papers_agreed_to(machine), act=lambda: machine.disable("Bob"))


def paper_held(machine: Disposal) -> None:
    machine.run(papers_agreed_to(machine), act=lambda: machine.hold_paper(REQUEST))


def clock_set_back_before_papers(machine: Disposal) -> None:
    batch = papers_agreed_to(machine)
    machine.the_clock_is_set_back(60)
    machine.run(batch)


def noted(machine: Disposal) -> None:
    batch = papers_agreed_to(machine)
    machine.note_on(REQUEST)
    machine.run(batch)


def bundle_damaged(machine: Disposal) -> None:
    batch = papers_agreed_to(machine, with_bundle=True)
    machine.damage_bundle(BUNDLE)
    machine.run(batch)


def one_person(machine: Disposal) -> None:
    """One of the two who agreed is not entitled any more: whoever carries it out is told, and nothing is begun."""
    batch = records_agreed_to(machine)
    machine.disable("Bob")
    machine.run(batch)


def came_back(machine: Disposal) -> None:
    """A batch comes back with an old copy, after what it lists went."""
    batch = records_agreed_to(machine)
    machine.copy_the_archive()
    machine.run(batch)
    machine.restore_the_old_copy(True)
    machine.run(batch)


def held_after_approval(machine: Disposal) -> None:
    records_agreed_to(machine)
    machine.hold(1, "Olu")


def killed(machine: Disposal) -> None:
    """Before the commit, then after it."""
    batch = records_agreed_to(machine)
    for death in ("doom", "rows"):
        machine.run(batch, death=death)
        machine.look_around()


def killed_with_papers(machine: Disposal) -> None:
    machine.run(papers_agreed_to(machine, with_bundle=True), death="rows")


def disk_lost(machine: Disposal) -> None:
    machine.copy_the_archive()
    machine.run(records_agreed_to(machine))
    machine.restore_the_old_copy(True)


def disk_lost_with_papers(machine: Disposal) -> None:
    batch = papers_agreed_to(machine)
    machine.copy_the_archive()
    machine.run(batch)
    machine.restore_the_old_copy(True)


def disk_lost_with_a_hold(machine: Disposal) -> None:
    machine.first_records()
    machine.copy_the_archive()
    machine.hold(2, "Olu")
    machine.restore_the_old_copy(True)


def disk_lost_with_a_decision(machine: Disposal) -> None:
    machine.first_records()
    machine.copy_the_archive()
    machine.extend(1, 100)
    machine.restore_the_old_copy(False)


SCENES: dict[str, Callable[[Disposal], None]] = {
    "not_locked": locked,
    "announced": taken_out,
    "approved": disabled,
    "not_held": asked_for,
    "still_due": clock_set_back,
    "unchanged": captured_again,
    "whole": damaged,
    "not_locked, papers": locked_papers,
    "announced, papers": paper_taken_out,
    "approved, papers": disabled_before_papers,
    "not_held, papers": paper_held,
    "still_due, papers": clock_set_back_before_papers,
    "unchanged_paper": noted,
    "whole_paper": bundle_damaged,
    "require_approval": one_person,
    "leave out what went": came_back,
    "eject what is held": held_after_approval,
    "sweep_doomed": killed,
    "sweep_papers": killed_with_papers,
    "replay_disposals": disk_lost,
    "replay_paper_disposals": disk_lost_with_papers,
    "replay_holds": disk_lost_with_a_hold,
    "lock after a rebuild": disk_lost_with_a_decision,
}

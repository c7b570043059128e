"""Whatever people, clocks, kills and restores do in whatever order: what is held stays, and what goes, goes rightly.

The machine (`machine/`) drives a real archive and keeps a book of its own, in which it works out from the law alone
what may go. `machine/mutations.py` lists every guard with what breaks without it; each is taken away in turn, and the
machine must notice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from archiver.core.errors import ArchiverError
from archiver.core.stubs import all_stubs
from archiver.workflows.disposal import guards, paper_guards
from retention import batches
from tests.workflows.disposal.machine.disposal import Disposal
from tests.workflows.disposal.machine.mutations import MUTATIONS
from tests.workflows.disposal.machine.scenes import SCENES, came_back
from tests.workflows.disposal.machine.stage import TALLY

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
RUNS, STEPS = (2_000, 50) if PROVE else (10, 50)
UNTIL_NOTICED = 2_000
"""Runs in which the machine must come upon a missing guard by itself."""
MACHINE = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.fixture
def machine() -> Iterator[Disposal]:
    made = Disposal()
    yield made
    made.teardown()


@pytest.mark.timeout(40_000 if PROVE else 300)
def test_nothing_goes_that_must_stay_whatever_happens_in_whatever_order() -> None:
    TALLY.clear()
    run_state_machine_as_test(Disposal, settings=MACHINE)
    assert TALLY["records"] > TALLY["runs"], "the machine must get as far as destroying records"
    assert TALLY["papers"] > TALLY["runs"] / 5, "and papers"


def test_a_batch_that_came_back_with_an_old_copy_leaves_out_what_went_since(machine: Disposal) -> None:
    came_back(machine)
    machine.look_around()
    (stub, *_) = all_stubs(machine.archive.db)
    (batch,) = machine.book.lists
    items = batches.batch(machine.archive.db, batch).items
    told = {(each.state, each.reason) for each in items if each.record_id in machine.book.gone}
    assert told == {(batches.ItemState.EJECTED, f"gone already, by {stub.certificate}")}


# -- each guard taken away --------------------------------------------------------------------


def test_every_guard_is_on_the_list() -> None:
    assert {each.__name__ for each in guards.GUARDS} <= set(MUTATIONS)
    of_records = {each.__name__ for each in guards.GUARDS}
    of_papers = {each.__name__ for each in paper_guards.PAPER_GUARDS}
    assert {f"{each}, papers" for each in of_papers & of_records} | of_papers - of_records <= set(MUTATIONS)
    assert MUTATIONS.keys() == SCENES.keys()


@pytest.mark.parametrize("name", SCENES)
def test_with_every_guard_in_place_the_scene_is_safe(name: str, machine: Disposal) -> None:
    SCENES[name](machine)
    machine.look_around()


@pytest.mark.parametrize("name", SCENES)
def test_without_the_guard_the_scene_is_not(name: str, machine: Disposal) -> None:
    def play() -> None:
        SCENES[name](machine)
        machine.look_around()

    with MUTATIONS[name].taken_away(), pytest.raises((AssertionError, ArchiverError)):
        play()


@pytest.mark.skipif(not PROVE, reason="the machine finds each missing guard by itself: ARCHIVER_PROVE=1")
@pytest.mark.timeout(10_000)
@pytest.mark.parametrize("name", MUTATIONS)
def test_the_machine_comes_upon_a_missing_guard_by_itself(name: str) -> None:
    with MUTATIONS[name].taken_away(), pytest.raises((AssertionError, ArchiverError, Flaky)):
        run_state_machine_as_test(Disposal, settings=settings(MACHINE, max_examples=UNTIL_NOTICED, derandomize=True))

"""Each guard of a disposal taken away (`machine/mutations.py`): a scene breaks, and the machine comes upon it."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from archiver.core.errors import ArchiverError
from archiver.workflows.disposal import guards, paper_guards
from tests.workflows.disposal.machine.disposal import Disposal
from tests.workflows.disposal.machine.mutations import MUTATIONS
from tests.workflows.disposal.machine.scenes import SCENES
from tests.workflows.disposal.test_state_machine import MACHINE, PROVE

UNTIL_NOTICED = 2_000
"""Runs in which the machine must come upon a missing guard by itself."""


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

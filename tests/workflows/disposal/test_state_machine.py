"""Whatever people, clocks, kills and restores do in whatever order: what is held stays, and what goes, goes rightly.

The machine (`machine/`) drives a real archive and keeps a book of its own, in which it works out from the law alone
what may go. Whether it notices when a guard is missing is asked by `test_missing_guards.py`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from archiver.core.stubs import all_stubs
from retention import batches
from tests.workflows.disposal.machine.disposal import Disposal
from tests.workflows.disposal.machine.scenes import came_back
from tests.workflows.disposal.machine.stage import TALLY

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
RUNS, STEPS = (2_000, 50) if PROVE else (200, 50)
MACHINE = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.mark.timeout(40_000 if PROVE else 1_200)
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

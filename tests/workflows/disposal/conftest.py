"""The machine of disposals, for tests that lead it through a scene."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workflows.disposal.machine.disposal import Disposal


@pytest.fixture
def machine() -> Iterator[Disposal]:
    made = Disposal()
    yield made
    made.teardown()

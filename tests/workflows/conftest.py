from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from tests.workflows.town import Town


@pytest.fixture
def town(captured_town: Town, tmp_path: Path) -> Town:
    """The town's archive, the test's own to change."""
    return captured_town.copy_to(tmp_path)


@pytest.fixture
def archive(town: Town) -> Iterator[Archive]:
    with town.open() as opened:
        yield opened

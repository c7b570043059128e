from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from capture.browser.browser import Browser
from tests.workflows.one_browser import USERS, lend_browser
from tests.workflows.town import Town


@pytest.fixture(scope="package", autouse=True)
def one_browser() -> Iterator[None]:
    """Runs of these tests are lent a browser that runs already; in full counts each starts its own."""
    with nullcontext() if os.environ.get("ARCHIVER_PROVE") else lend_browser():
        yield


@pytest.fixture
def own_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test in which the run itself starts its browser and ends it."""
    for module in USERS:
        monkeypatch.setattr(module, "Browser", Browser)


@pytest.fixture
def town(captured_town: Town, tmp_path: Path) -> Town:
    """The town's archive, the test's own to change."""
    return captured_town.copy_to(tmp_path)


@pytest.fixture
def archive(town: Town) -> Iterator[Archive]:
    with town.open() as opened:
        yield opened

"""One Chromium that many runs use in turn: a real one, started once for the tests that are about what comes after.

Every visit has a context of its own in it, as within a run. That a run starts a browser and ends it is shown by the
tests of the capture room and of the commands, and by those that kill runs. The sites here speak HTTP: the browser
trusts no recorder's certificates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import pytest

import archiver.workflows.requests.print_record
import archiver.workflows.requests.release
import capture.browser.browser
import capture.session
from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium

USERS = (
    capture.browser.browser,
    capture.session,
    archiver.workflows.requests.print_record,
    archiver.workflows.requests.release,
)
"""Modules that start browsers."""


@contextmanager
def lend_browser() -> Iterator[None]:
    """Where a run would start this machine's browser it is lent the one that runs already."""
    running: list[Browser] = []

    class Lent:
        def __init__(self, *, executable: Path, ca_spki: str = "") -> None:
            if executable != find_chromium():
                raise AssertionError(f"{executable} is another browser: the test needs `own_browser`")

        def __enter__(self) -> Browser:
            if not running:
                running.append(Browser(executable=find_chromium()).__enter__())
            return running[0]

        def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
            """It runs on for the next."""

    with pytest.MonkeyPatch.context() as patch:
        for module in USERS:
            patch.setattr(module, "Browser", Lent)
        yield
    for browser in running:
        browser.__exit__(None, None, None)

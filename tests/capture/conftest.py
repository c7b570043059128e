"""A site that behaves badly and one browser, for each file of tests that asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium
from tests.capture.bad_site import BadSite, run_bad_site


@pytest.fixture(scope="module")
def site() -> Iterator[BadSite]:
    with run_bad_site() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser(executable=find_chromium()) as running:
        yield running

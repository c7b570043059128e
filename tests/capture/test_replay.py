"""A WACZ of ours, replayed while the site is down, shows the page as it was: pixel for pixel."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.sample import serve
from archiver.sample.content import threads
from tests.capture.player import MOST_DIFFERENT, capture_thread, needs_player, replayed_difference

pytestmark = [pytest.mark.browser, needs_player]


def test_a_thread_replayed_with_its_site_down_looks_as_it_did(tmp_path: Path) -> None:
    with serve(night=1) as site:
        seen = capture_thread(f"{site.url}posts/{threads(1)[0].id}", tmp_path)
    assert seen.outcome.files_content, seen.reason
    assert replayed_difference(seen, tmp_path) < MOST_DIFFERENT

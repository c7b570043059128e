"""A thread of a real WordPress, replayed out of our WACZ in a player of others, looks as it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.records import Outcome
from tests.capture.player import MOST_DIFFERENT, capture_thread, needs_player, replayed_difference
from tests.targets.test_wordpress import seeded_thread, why_not

pytestmark = [
    pytest.mark.browser,
    pytest.mark.target,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "up"),
    needs_player,
]


def test_a_thread_of_five_scripts_replayed_looks_as_it_did(tmp_path: Path) -> None:
    seen = capture_thread(str(seeded_thread()["link"]), tmp_path)
    assert seen.outcome is Outcome.COMPLETE, seen.reason
    assert replayed_difference(seen, tmp_path) < MOST_DIFFERENT

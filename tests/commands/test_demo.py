"""`archiver demo` runs the whole line by the commands anyone types, in surroundings of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commands.test_cli import Terminal

pytestmark = pytest.mark.browser


def test_the_demonstration_ends_with_a_bundle_and_an_archive_that_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARCHIVER_CONFIG", "the user's own")
    ran = Terminal(tmp_path, monkeypatch, capsys)("demo", "--into", str(tmp_path / "demo"))
    assert ran.code == 0, ran.err
    assert "Everything is what was recorded." in ran.out
    assert "agree with their proofs" in ran.out
    assert "গ" in ran.out
    assert os.environ["ARCHIVER_CONFIG"] == "the user's own"
    (bundle,) = (tmp_path / "demo").glob("*/archive/productions/*")
    assert (bundle / "data" / "index.html").exists()
    assert not (tmp_path / "the user's own").exists()

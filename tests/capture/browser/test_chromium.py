"""Which Chromium is started, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.errors import BrowserMissing
from capture.browser.chromium import find_chromium, launch_flags


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_configured_browser_comes_first(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium")
    named = program(tmp_path / "own" / "chrome")
    assert find_chromium(str(named), environment={"PATH": str(tmp_path / "bin")}) == named


def test_a_configured_browser_that_is_none_is_not_replaced_silently(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium")
    with pytest.raises(BrowserMissing, match=r"capture\.browser is '/nowhere/chrome'"):
        find_chromium("/nowhere/chrome", environment={"PATH": str(tmp_path / "bin")})


def test_the_systems_browser_comes_before_playwrights(tmp_path: Path) -> None:
    program(tmp_path / "home/.cache/ms-playwright/chromium-1200/chrome-linux/chrome")
    system = program(tmp_path / "bin" / "google-chrome")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}
    assert find_chromium(environment=environment) == system


def test_the_newest_of_playwrights_browsers_is_taken(tmp_path: Path) -> None:
    cache = tmp_path / "home/.cache/ms-playwright"
    program(cache / "chromium-999/chrome-linux/chrome")
    newest = program(cache / "chromium-1200/chrome-linux64/chrome")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}
    assert find_chromium(environment=environment) == newest
    assert find_chromium(environment={"PATH": "", "HOME": "/", "PLAYWRIGHT_BROWSERS_PATH": str(cache)}) == newest


def test_no_browser_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(BrowserMissing, match="apt install chromium"):
        find_chromium(environment={"PATH": str(tmp_path), "HOME": str(tmp_path)})


def test_chromium_is_unsandboxed_only_where_it_must_be() -> None:
    assert "--no-sandbox" in launch_flags(as_root=True)
    assert "--no-sandbox" not in launch_flags(as_root=False)


def test_only_the_recorders_key_is_trusted_beyond_the_authorities() -> None:
    assert "--ignore-certificate-errors-spki-list=abc=" in launch_flags(ca_spki="abc=")
    assert not any("certificate-errors" in flag for flag in launch_flags())

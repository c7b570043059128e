"""Zero connections reach a canary, whatever a hostile page tries: in a network of its own, with a real name server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.capture.proxy.egress_canary import FORBIDDEN, REBINDING

pytestmark = pytest.mark.browser

_UNSHARE = ("unshare", "--net", "--mount", "--fork", "--kill-child")


def _why_not() -> str:
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "unshare and ip (util-linux, iproute2) are not installed"
    tried = subprocess.run([*_UNSHARE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    return f"no network namespace can be made here: {tried.stderr.strip()}" if tried.returncode else ""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    if why := _why_not():
        pytest.skip(why)
    ran = subprocess.run(
        [*_UNSHARE, sys.executable, "-m", "tests.capture.proxy.egress_canary"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def test_the_canaries_hear(told: dict[str, Any]) -> None:
    assert told["heard"] == len([each for each in FORBIDDEN if not each.startswith("fe80")])


def test_no_connection_and_no_datagram_reaches_one(told: dict[str, Any]) -> None:
    assert told["reached"] == []


def test_the_page_itself_was_captured_and_what_it_lacks_is_said(told: dict[str, Any]) -> None:
    assert told["outcome"] == "partial"
    assert "refused addresses" in told["reason"]
    assert told["seen"] > 50


def test_a_name_that_is_public_first_and_private_then_is_reached_in_public_only(told: dict[str, Any]) -> None:
    assert all(told["rebound"][name] > 1 for name in REBINDING)
    assert told["rebound_seen"] != []


def test_the_captures_own_fetches_are_refused_too(told: dict[str, Any]) -> None:
    assert told["fetched"] == []
    assert told["refused"] >= len(FORBIDDEN)

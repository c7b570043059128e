"""The trail stamped by a time-stamping authority of another make, over the wire; OpenSSL verifies what is kept.

Runs where ARCHIVER_TEST_TARGETS is set and such an authority is up.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.config import TimestampSettings
from archiver.workflows.archive.timestamp import stamp_if_due
from archiver.workflows.verification.verify import verify_archive
from tests.workflows.town import make

URL = "http://127.0.0.1:2020/tsa"
HOME = Path(os.environ.get("TARGETS_HOME") or Path.home() / ".cache" / "archiver-targets")
ROOT = HOME / "tsa" / "ca.crt"


def why_not() -> str:
    """Why there is no authority to ask; empty where there is one."""
    if not os.environ.get("ARCHIVER_TEST_TARGETS"):
        return "ARCHIVER_TEST_TARGETS is not set: no time-stamping authority to ask"
    try:
        httpx.get(URL, trust_env=False, timeout=20)
    except httpx.HTTPError as error:
        return f"{URL} does not answer as an authority: {error}"
    return "" if ROOT.exists() else f"{ROOT} is not there"


pytestmark = [pytest.mark.target, pytest.mark.skipif(bool(why_not()), reason=why_not() or "up")]


def test_the_trail_is_stamped_and_stock_openssl_agrees(tmp_path: Path) -> None:
    directory, config = make(tmp_path)
    with Archive.open(directory, config_directory=config) as archive:
        archive.settings = replace(archive.settings, timestamp=TimestampSettings(url=URL, ca_file=str(ROOT)))
        made = stamp_if_due(archive, now=clock.now())
        assert made is not None
        found = verify_archive(archive)
    assert found.findings == ()
    assert [each.at for each in found.proved] == [made.at]
    command = ["openssl", "ts", "-verify", "-data", made.files[0], "-in", made.files[1], "-CAfile", str(ROOT)]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert "Verification: OK" in ran.stdout + ran.stderr

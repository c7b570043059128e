"""A WACZ of ours, replayed while the site is down, shows the page as it was: pixel for pixel.

The player is a tool of the test alone: `ARCHIVER_TEST_REPLAY` names a directory with pywb's
`wb-manager` and `wayback` (the `bin` of an environment of its own).
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from PIL import Image, ImageChops

from archiver.core import wacz
from archiver.core.clock import to_timestamp14
from archiver.core.records import CaptureId
from archiver.sample import serve
from archiver.sample.content import threads
from capture.browser import Browser
from capture.chromium import find_chromium
from capture.job import capture_page
from capture.observation import CaptureLimits
from capture.recording import Recorder

pytestmark = pytest.mark.browser

PLAYER = os.environ.get("ARCHIVER_TEST_REPLAY", "")
MOST_DIFFERENT = 0.001
LIMITS = CaptureLimits(load_seconds=20, total_seconds=90)


@contextmanager
def playing(package: Path, folder: Path) -> Iterator[str]:
    """pywb with the WACZ as its one collection; the address its pages lie under."""
    tools = Path(PLAYER)
    folder.mkdir()
    (folder / "config.yaml").write_text("framed_replay: false\nenable_auto_fetch: false\n", encoding="ascii")
    run = {"cwd": folder, "check": True, "capture_output": True}
    subprocess.run([tools / "wb-manager", "init", "seen"], **run)  # type: ignore[call-overload]
    subprocess.run([tools / "wb-manager", "add", "--unpack-wacz", "seen", package], **run)  # type: ignore[call-overload]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(tools / "wayback"), "--port", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as player:
        try:
            for _ in range(150):
                try:
                    urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/seen"
        finally:
            player.terminate()


def share_different(one: bytes, other: bytes) -> float:
    """The share of pixels that differ, of images of one size."""
    first, second = (Image.open(io.BytesIO(each)).convert("RGB") for each in (one, other))
    assert first.size == second.size
    difference = ImageChops.difference(first, second).convert("L").point(lambda value: 255 if value else 0)
    return difference.histogram()[255] / (first.size[0] * first.size[1])


@pytest.mark.skipif(not PLAYER, reason="ARCHIVER_TEST_REPLAY names no directory with pywb's wayback and wb-manager")
def test_a_thread_replayed_with_its_site_down_looks_as_it_did(tmp_path: Path) -> None:
    with ExitStack() as stack:
        site = stack.enter_context(serve(night=1))
        recorder = stack.enter_context(
            Recorder(authority_dir=tmp_path / "authority", allow_hosts=[urlsplit(site.url).netloc])
        )
        browser = stack.enter_context(Browser(executable=find_chromium(), ca_spki=recorder.ca_spki))
        seen = capture_page(
            f"{site.url}posts/{threads(1)[0].id}",
            capture_id=CaptureId("cap_1"),
            recorder=recorder,
            browser=browser,
            into=tmp_path,
            limits=LIMITS,
        )
    assert seen.outcome.files_content, seen.reason
    package = tmp_path / "thread.wacz"
    page = wacz.Page(url=seen.final_url, ts=seen.started, title="Thread")
    wacz.write_wacz(
        package,
        [("capture.warc.gz", tmp_path / "capture.warc.gz")],
        [page],
        title="Thread",
        created=datetime(2026, 11, 25, tzinfo=UTC),
    )
    with playing(package, tmp_path / "player") as place, Browser(executable=find_chromium()) as browser:
        again = browser.observe(f"{place}/{to_timestamp14(seen.started)}/{seen.final_url}", limits=LIMITS)
    assert again.status == 200, again.problems
    (tmp_path / "replayed.png").write_bytes(again.tiles[0])
    different = share_different((tmp_path / "page.png").read_bytes(), again.tiles[0])
    print(f"{different:.4%} of the pixels differ on {seen.final_url}")
    assert different < MOST_DIFFERENT

"""pywb, the player of WACZ packages that the product's own are tried in, and how like two pictures are.

A tool of the tests alone: `ARCHIVER_TEST_REPLAY` names a directory with its `wb-manager` and `wayback` (the `bin` of
an environment of its own).
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
from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium
from capture.job import WARC_NAME, Observation, capture_page
from capture.observation import CaptureLimits
from capture.proxy.recording import Recorder

PLAYER = os.environ.get("ARCHIVER_TEST_REPLAY", "")
MOST_DIFFERENT = 0.001
LIMITS = CaptureLimits(load_seconds=20, total_seconds=90)
needs_player = pytest.mark.skipif(
    not PLAYER, reason="ARCHIVER_TEST_REPLAY names no directory with pywb's wayback and wb-manager"
)


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


def replayed_difference(seen: Observation, into: Path) -> float:
    """The share of pixels in which the capture in `into` differs from its WACZ, shown by the player.

    The player's page reaches the player alone: for it the site is down, whether or not it runs. Leaves the pictures
    as `page.png` and `replayed.png`.
    """
    package = into / "thread.wacz"
    wacz.write_wacz(
        package,
        [(WARC_NAME, into / WARC_NAME)],
        [wacz.Page(url=seen.final_url, ts=seen.started, title="Thread")],
        title="Thread",
        created=datetime(2026, 11, 25, tzinfo=UTC),
    )
    with ExitStack() as stack:
        place = stack.enter_context(playing(package, into / "player"))
        guard = stack.enter_context(
            Recorder(authority_dir=into / "guard", allow_hosts=[urlsplit(place).netloc])  # no other address of loopback
        )
        browser = stack.enter_context(Browser(executable=find_chromium()))
        login = guard.begin(CaptureId("cap_replay"), into / "replay.warc.gz", {}, max_bytes=LIMITS.max_bytes)
        again = browser.observe(f"{place}/{to_timestamp14(seen.started)}/{seen.final_url}", login=login, limits=LIMITS)
        refused = guard.finish(CaptureId("cap_replay")).refused
    assert not refused, "the replayed page asked past the player"
    assert again.status == 200, again.problems
    (into / "replayed.png").write_bytes(again.tiles[0])
    different = share_different((into / "page.png").read_bytes(), again.tiles[0])
    print(f"{different:.4%} of the pixels differ on {seen.final_url}")
    return different


def capture_thread(url: str, into: Path) -> Observation:
    """Capture a thread of a site on loopback into the existing directory `into`."""
    with ExitStack() as stack:
        recorder = stack.enter_context(Recorder(authority_dir=into / "authority", allow_hosts=[urlsplit(url).netloc]))
        browser = stack.enter_context(Browser(executable=find_chromium(), ca_spki=recorder.ca_spki))
        return capture_page(
            url, capture_id=CaptureId("cap_1"), recorder=recorder, browser=browser, into=into, limits=LIMITS
        )

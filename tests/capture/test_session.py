"""One recorder and one browser serving many captures at once, and replaced once when they die."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.core.records import CaptureId, Outcome
from archiver.core.warc import check_warc, read_records
from capture.job import Observation
from capture.observation import CaptureLimits
from capture.session import CaptureSession
from tests.capture.bad_site import BadSite

pytestmark = pytest.mark.browser

AT_ONCE = 4
LIMITS = CaptureLimits(load_seconds=20, idle_seconds=2, total_seconds=60)


@pytest.fixture
def session(site: BadSite, tmp_path: Path) -> Iterator[CaptureSession]:
    with CaptureSession(authority_dir=tmp_path / "authority", allow_hosts=[site.host], limits=LIMITS) as running:
        yield running


def take_at_once(session: CaptureSession, urls: list[str], folder: Path) -> list[Observation]:
    """Every address captured by a thread of its own, all begun together; in the order given."""
    together = threading.Barrier(len(urls))

    def take(number: int) -> Observation:
        into = folder / str(number)
        into.mkdir(parents=True)
        together.wait(30)
        return session.capture(urls[number], capture_id=CaptureId(f"cap_{number:016x}"), into=into)

    with ThreadPoolExecutor(len(urls)) as threads:
        return list(threads.map(take, range(len(urls))))


def test_captures_taken_at_once_each_land_in_their_own_warc(
    session: CaptureSession, site: BadSite, tmp_path: Path
) -> None:
    words = ("boil water", "l’eau est potable", "পানী নিৰাপদ", "پانی محفوظ ہے 💧")
    page = '<!doctype html><meta charset="utf-8"><title>Ward</title><p>In this ward: {}, and no more than that.</p>'
    urls = [site.put(f"/ward-{number}", page.format(word)) for number, word in enumerate(words)]
    seen = take_at_once(session, urls, tmp_path)
    assert [(each.url, each.outcome) for each in seen] == [(url, Outcome.COMPLETE) for url in urls]
    for number, word in enumerate(words):
        warc = tmp_path / str(number) / "capture.warc.gz"
        assert check_warc(warc).findings == ()
        records = list(read_records(warc))
        bodies = [each.content() for each in records if each.type == "response"]
        assert any(word.encode() in body for body in bodies)
        others = [other for other in words if other != word]
        assert not any(other.encode() in body for body in bodies for other in others)
        assert urls[number] in {each.uri for each in records if each.type == "response"}


@pytest.mark.parametrize("part", ["recording proxy", "browser"])
def test_a_part_that_dies_under_many_captures_fails_them_all_and_is_replaced_once(
    session: CaptureSession, site: BadSite, tmp_path: Path, part: str
) -> None:
    def process() -> int | None:
        return session.recorder_id if part == "recording proxy" else session.browser_id

    before, seen = process(), list[Observation]()
    waiting = f"{site.url}/stall"
    asked = site.asked.count("/stall")
    under_way = threading.Thread(
        target=lambda: seen.extend(take_at_once(session, [waiting] * AT_ONCE, tmp_path / "first"))
    )
    under_way.start()
    while site.asked.count("/stall") - asked < AT_ONCE:
        time.sleep(0.05)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    under_way.join(60)
    assert [each.outcome for each in seen] == [Outcome.FAILED] * AT_ONCE
    assert all(part in each.reason for each in seen)
    assert not [each for each in (tmp_path / "first").rglob("*") if each.is_file()]

    again = take_at_once(session, [f"{site.url}/good"] * AT_ONCE, tmp_path / "second")
    assert [each.outcome for each in again] == [Outcome.COMPLETE] * AT_ONCE
    assert process() != before
    assert _recorders() == [session.recorder_id]


@pytest.fixture
def impatient(site: BadSite, tmp_path: Path) -> Iterator[CaptureSession]:
    limits = replace(LIMITS, load_seconds=5)
    with CaptureSession(authority_dir=tmp_path / "authority", allow_hosts=[site.host], limits=limits) as running:
        yield running


def test_a_capture_that_spoils_its_recorder_lets_the_others_end_with_it(
    impatient: CaptureSession, site: BadSite, tmp_path: Path
) -> None:
    """A capture id used twice is refused by the recorder, which goes on serving whoever it serves."""
    session = impatient
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    id = CaptureId("cap_00000000000000aa")
    serving = session.recorder_id
    seen = list[Observation]()
    asked = site.asked.count("/never-done")
    url = f"{site.url}/never-done"
    under_way = threading.Thread(target=lambda: seen.append(session.capture(url, capture_id=id, into=first)))
    under_way.start()
    while site.asked.count("/never-done") == asked:
        time.sleep(0.05)
    refused = session.capture(f"{site.url}/good", capture_id=id, into=second)
    assert (refused.outcome, "being recorded already" in refused.reason) == (Outcome.FAILED, True)
    under_way.join(60)
    assert seen[0].outcome is Outcome.PARTIAL
    assert check_warc(first / "capture.warc.gz").findings == ()
    fresh = tmp_path / "third"
    fresh.mkdir()
    assert session.capture(f"{site.url}/good", capture_id=id, into=fresh).outcome is Outcome.COMPLETE
    assert session.recorder_id != serving
    assert _recorders() == [session.recorder_id]


def _recorders() -> list[int]:
    """Process ids of the recording proxies this process runs."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"capture.proxy.recorder" in (each / "cmdline").read_bytes():
                found.append(int(each.name))
        except OSError:
            continue  # it ended while it was looked at
    return found

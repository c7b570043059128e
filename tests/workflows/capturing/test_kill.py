"""`kill -9` of the run, its browser or its recorder at any moment: no filed record is lost, no half one is seen."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.clock import now
from archiver.core.records import Outcome, RecordId
from archiver.sample import serve
from archiver.workflows.archive.admit import log_in
from archiver.workflows.recover import recover
from archiver.workflows.verification.verify import verify_archive
from tests.workflows.capturing.test_run import allow
from tests.workflows.town import SECRET, Town

pytestmark = pytest.mark.browser

MOMENTS = 50 if os.environ.get("ARCHIVER_PROVE") else 4


@pytest.fixture
def town(town: Town) -> Town:
    """The town, its clerk logged in as of now: the runs below look at the real clock."""
    with town.open() as archive:
        log_in(archive, "Clerk", SECRET, now=now())
    return town


def start_capture(town: Town, *urls: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "from archiver.cli import main; main()", "capture", *urls],
        env={**os.environ, "ARCHIVER_ARCHIVE": str(town.directory), "ARCHIVER_CONFIG": str(town.config)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def descendants(process: int) -> list[int]:
    """Process ids below `process`, from /proc."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found, waiting = [], [process]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def command_line(process: int) -> str:
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(process) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


@contextlib.contextmanager
def no_orphans(process: subprocess.Popen[bytes]) -> Iterator[None]:
    yield
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def victims(process: subprocess.Popen[bytes], kind: str) -> list[int]:
    if kind == "run":
        return [process.pid]
    mark = "capture.proxy.recorder" if kind == "recorder" else "--headless"
    return [each for each in descendants(process.pid) if mark in command_line(each)][:1]


def filed(archive: Archive) -> dict[RecordId, int]:
    return {id: len(archive.catalogue.items(id)) for id in archive.catalogue.record_ids()}


def test_killing_anything_at_any_moment_loses_nothing_and_shows_no_half_record(town: Town) -> None:
    moments = random.Random(1)
    with serve(night=2) as site:
        allow(town, site.url)
        with town.open() as archive:
            before = filed(archive)
        started = time.monotonic()
        assert start_capture(town, site.url).wait(timeout=120) == 0
        length = time.monotonic() - started
        for number in range(MOMENTS):
            kind = ("run", "run", "browser", "recorder")[number % 4]
            process = start_capture(town, site.url)
            with no_orphans(process):
                time.sleep(moments.uniform(0.3, length))
                for victim in victims(process, kind):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(victim, signal.SIGKILL)
                process.wait(timeout=120)
            with town.open() as archive:
                recover(archive, now=now())
                archive.finish_run(at=now())
                found = verify_archive(archive)
                assert found.findings == (), (number, kind)
                after = filed(archive)
                assert after.keys() >= before.keys()
                for id in after.keys() - before.keys():
                    captures = archive.catalogue.captures(id)
                    assert any(each.outcome.files_content for each in captures)
                    assert after[id] > 0
                assert archive.objects.unfinished() == []
                before = after


def test_the_next_run_after_a_kill_works_and_tells_of_the_one_before(town: Town) -> None:
    with serve(night=2) as site:
        allow(town, site.url)
        process = start_capture(town, site.url)
        with no_orphans(process):
            wait_until_recording(town)
            os.kill(process.pid, signal.SIGKILL)
        after = start_capture(town, site.url)
        assert after.wait(timeout=120) == 0
        with town.open() as archive:
            killed, healthy = archive.catalogue.all_captures()[-2:]
            assert (killed.outcome, "killed" in killed.reason) == (Outcome.FAILED, True)
            assert healthy.outcome.healthy


def test_ctrl_c_ends_with_its_own_code_and_an_outcome(town: Town) -> None:
    with serve(night=2) as site:
        allow(town, site.url)
        process = start_capture(town, site.url)
        with no_orphans(process):
            wait_until_recording(town)
            os.kill(process.pid, signal.SIGINT)
            assert process.wait(timeout=60) == 102
        with town.open() as archive:
            last = archive.catalogue.all_captures()[-1]
            assert last.outcome is Outcome.FAILED
            assert "interrupted" in last.reason
            assert verify_archive(archive).findings == ()


def wait_until_recording(town: Town) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if list((town.directory / "objects" / "incoming").glob("cap_*/capture.warc.gz.part")):
            return
        time.sleep(0.02)
    raise AssertionError("no capture began within a minute")

"""`kill -9` of a night, its browser or its recorder at any moment, and a disk that fills: nothing filed is lost."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.clock import now
from archiver.core.nights import Nights, VisitState
from archiver.sample import serve
from archiver.workflows.archive.admit import log_in
from archiver.workflows.recover import recover
from archiver.workflows.verification.verify import verify_archive
from tests.workflows.capturing.test_kill import filed, no_orphans, victims
from tests.workflows.night.village import archive_of, serve_village
from tests.workflows.town import SECRET

pytestmark = pytest.mark.browser

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
KILLS = 100 if PROVE else 2
FILLINGS = 20 if PROVE else 1
SAID = Path(tempfile.gettempdir()) / f"archiver-night-{os.getpid()}.txt"
"""Not on the disk that is filled: a program that cannot say why it ends, ends with 1."""


def start_night(directory: Path, config: Path, *words: str) -> subprocess.Popen[bytes]:
    with SAID.open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-c", "from archiver.cli import main; main()", "nightly", *words],
            env={**os.environ, "ARCHIVER_ARCHIVE": str(directory), "ARCHIVER_CONFIG": str(config)},
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )


def said() -> str:
    """What the night started last wrote to standard error."""
    return SAID.read_text(encoding="utf-8")


def logged_in(directory: Path, config: Path) -> None:
    with Archive.open(directory, config_directory=config) as archive:
        log_in(archive, "Clerk", SECRET, now=now())


def wait_for_a_capture(directory: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if list((directory / "objects" / "incoming").glob("cap_*/capture.warc.gz.part")):
            return
        time.sleep(0.05)


@pytest.mark.timeout(20_000 if PROVE else 1_200)
def test_killing_anything_at_any_moment_loses_nothing_and_the_night_ends_complete(tmp_path: Path) -> None:
    """A night that is killed is run again until it has ended; then another archive's night takes its turn."""
    moments = random.Random(7)
    with serve(night=1) as site:
        kills = archives = 0
        while kills < KILLS:
            archives += 1
            directory, config = archive_of(tmp_path / str(archives), site.url, attempts=50)
            logged_in(directory, config)
            while not ended(directory, config) and kills < KILLS:
                kill_once(directory, config, ("run", "browser", "run", "recorder")[kills % 4], moments)
                kills += 1
            if not ended(directory, config):
                last = start_night(directory, config)
                with no_orphans(last):
                    assert last.wait(timeout=600) == 0, said()
            check_complete(directory, config)


def ended(directory: Path, config: Path) -> bool:
    with Archive.open(directory, config_directory=config) as archive:
        runs = Nights(archive.db).runs()
        assert len(runs) <= 1, "a killed night is taken up, no second one begun"
        return bool(runs) and runs[0].finished is not None


def kill_once(directory: Path, config: Path, kind: str, moments: random.Random) -> None:
    with Archive.open(directory, config_directory=config) as archive:
        before = filed(archive)
    process = start_night(directory, config)
    with no_orphans(process):
        wait_for_a_capture(directory, process)
        time.sleep(moments.uniform(0.0, 6.0))
        for victim in victims(process, kind):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        process.wait(timeout=600)
    with Archive.open(directory, config_directory=config) as archive:
        recover(archive, now=now())
        archive.finish_run(at=now())
        assert verify_archive(archive).findings == (), kind
        after = filed(archive)
        assert all(after.get(id, 0) >= before[id] for id in before)
        assert archive.objects.unfinished() == []


def check_complete(directory: Path, config: Path) -> None:
    """Every thread the town lists has been captured, and the archive verifies."""
    with Archive.open(directory, config_directory=config) as archive:
        nights = Nights(archive.db)
        assert nights.run("last").exit_code == 0
        assert all(each.state is VisitState.DONE for each in nights.visits(nights.run("last").id))
        account = archive.register.account("@village1")
        threads, seen = nights.threads(account.id), nights.observations(account.id)
        assert len(threads) >= 5
        assert all(any(one.outcome.healthy for one in seen[each.url]) for each in threads)
        assert verify_archive(archive).findings == ()


@pytest.mark.timeout(900)
def test_a_killed_night_is_taken_up_by_the_next_and_a_second_one_meanwhile_is_told_to_wait(tmp_path: Path) -> None:
    with serve_village(posts=5) as village:
        directory, config = archive_of(tmp_path, village.url, attempts=5)
        logged_in(directory, config)
        process = start_night(directory, config)
        with no_orphans(process):
            wait_for_a_capture(directory, process)
            second = start_night(directory, config)
            assert second.wait(timeout=120) == 7
            assert "another run is working on" in said()
            os.kill(process.pid, signal.SIGKILL)
        after = start_night(directory, config)
        with no_orphans(after):
            assert after.wait(timeout=600) == 0, said()
        with Archive.open(directory, config_directory=config) as archive:
            (run,) = Nights(archive.db).runs()
            assert len(run.taken_up) == 1
            assert run.exit_code == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 40 MB in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root mounts a small file system")
@pytest.mark.timeout(7_000 if PROVE else 900)
def test_a_disk_that_fills_in_the_night_loses_nothing_and_the_night_ends_when_there_is_room(
    tmp_path: Path, small_disk: Path
) -> None:
    moments = random.Random(11)
    with serve_village(posts=6) as village:
        directory, config = archive_of(small_disk, village.url, attempts=50)
        logged_in(directory, config)
        for _ in range(FILLINGS):
            process = start_night(directory, config, "--account", "@village1")
            with no_orphans(process):
                wait_for_a_capture(directory, process)
                time.sleep(moments.uniform(0.0, 4.0))
                ballast = small_disk / "ballast"
                with contextlib.suppress(OSError), ballast.open("wb") as file:
                    while True:
                        file.write(b"\0" * 65536)
                        file.flush()
                assert process.wait(timeout=300) in (0, 9, 103, 104, 105, 106)
            ballast.unlink()
            with Archive.open(directory, config_directory=config) as archive:
                recover(archive, now=now())
                archive.finish_run(at=now())
                assert verify_archive(archive).findings == ()
        last = start_night(directory, config)
        with no_orphans(last):
            assert last.wait(timeout=600) == 0, said()
        with Archive.open(directory, config_directory=config) as archive:
            account = archive.register.account("@village1")
            seen = Nights(archive.db).observations(account.id)
            assert len(seen) == 6
            assert all(any(one.outcome.healthy for one in observed) for observed in seen.values())
            assert verify_archive(archive).findings == ()

"""Fixtures every room's tests share: one moment, one archive with its own configuration directory."""

from __future__ import annotations

import fcntl
import os
import pickle
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from archiver.core import people
from archiver.core.archive import Archive
from archiver.core.config import ArchiveSettings, Settings

if TYPE_CHECKING:
    from tests.workflows.town import Town

MOMENT = datetime(2026, 11, 21, 7, 45, tzinfo=UTC)

settings.register_profile("short", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("prove", max_examples=1000, deadline=None)
PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
LONGEST = ("test_state_machine.py", "test_missing_guards.py", "test_wordpress_night.py", "test_kill_night.py")
"""Files of full counts that take a quarter of an hour or more."""
settings.load_profile("prove" if PROVE else "short")

IN_MEMORY = Path("/dev/shm")  # where Linux keeps a file system in memory
ROOM = 6_000_000_000
"""Bytes that a whole run may take of it, with much to spare."""


def memory_serves() -> bool:
    """Whether the tests' archives can lie in memory: with room, and with programs let run there."""
    if not IN_MEMORY.is_dir() or not os.access(IN_MEMORY, os.W_OK):
        return False
    there = os.statvfs(IN_MEMORY)
    return there.f_bavail * there.f_frsize >= ROOM and not there.f_flag & os.ST_NOEXEC


# Every file of an archive is forced to the disk; a reduced run need not wait for it a hundred thousand times.
if not PROVE and memory_serves():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))

# playwright's driver is compiled once, not at each start of a browser
os.environ.setdefault("NODE_COMPILE_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "driver"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest first, then those that start browsers: the last minutes are not one worker's alone."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    if PROVE:
        items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def shipped_hasher() -> PasswordHasher:
    """What the product hashes secrets with, as costly as it ships."""
    return people._hasher


@pytest.fixture(scope="session", autouse=True)
def cheap_secrets(shipped_hasher: PasswordHasher) -> Iterator[None]:
    """Hundreds of archives are made for the tests: what makes a secret hard to guess would be much of their time."""
    with pytest.MonkeyPatch.context() as patch:
        if not PROVE:
            patch.setattr(people, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
def now() -> datetime:
    """Saturday, 21 November 2026, 07:45 UTC: 13:15 in Sivasagar."""
    return MOMENT


@pytest.fixture
def config_directory(tmp_path: Path) -> Path:
    """Where the archive's keys and tokens lie: outside of it."""
    return tmp_path / "config"


@pytest.fixture
def archive(tmp_path: Path, config_directory: Path) -> Iterator[Archive]:
    """An empty archive of a town in Assam."""
    made = Archive.create(
        tmp_path / "archive",
        Settings(
            archive=ArchiveSettings(
                id="arc_0000000000000001",
                agency="শিৱসাগৰ পৌৰসভা",
                jurisdiction="IN-AS",
                time_zone="Asia/Kolkata",
                languages=("as", "en"),
            )
        ),
        config_directory=config_directory,
    )
    with made:
        yield made


@pytest.fixture(scope="session")
def captured_town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The sample town after two nights, captured once for all workers; `copy_to` gives a test its own."""
    # the sample town needs every room: imported only where it is asked for
    from tests.workflows.town import capture_town

    if "PYTEST_XDIST_WORKER" not in os.environ:
        return capture_town(tmp_path_factory.mktemp("town"))
    place = tmp_path_factory.getbasetemp().parent / "town"  # the workers' common directory
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = place / "town.pickle"
        if not kept.exists():
            taken = capture_town(Path(tempfile.mkdtemp(dir=place)))
            kept.write_bytes(pickle.dumps(taken))
        town: Town = pickle.loads(kept.read_bytes())
    return town

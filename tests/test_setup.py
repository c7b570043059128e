from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!]*", line), f"{name}: {line}"
    return {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in lines}


@pytest.mark.parametrize(
    ("requirements", "locks"),
    [
        (PROJECT["dependencies"], ["requirements.lock"]),
        (PROJECT["optional-dependencies"]["dev"], ["requirements.lock", "requirements-dev.lock"]),
    ],
    ids=["running", "testing"],
)
def test_every_requirement_is_pinned_to_a_version_it_allows(requirements: list[str], locks: list[str]) -> None:
    versions = {name: version for lock in locks for name, version in pinned(lock).items()}
    for text in requirements:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{text} is not pinned: make lock"
        assert requirement.specifier.contains(versions[name], prereleases=True), (
            f"{text} v. {versions[name]}: make lock"
        )


def test_no_package_is_pinned_twice() -> None:
    assert not set(pinned("requirements.lock")) & set(pinned("requirements-dev.lock"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the set-up script, and a search path without any browser or Python on it."""
    place = tmp_path / "a checkout"
    place.mkdir()
    for name in ("setup.sh", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, place / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "env", "cat", "dirname", "id", "sha256sum", "head", "printf"):
        found = shutil.which(tool)
        if found:
            (tools / tool).symlink_to(found)
    return place


def set_up(checkout: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(checkout.parent / "tools"), "HOME": str(checkout.parent), "LC_ALL": "C"}
    return subprocess.run(
        ["bash", str(checkout / "setup.sh")], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def stub(checkout: Path, name: str, script: str) -> None:
    path = checkout.parent / "tools" / name
    path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_without_python_the_set_up_stops_and_says_what_to_install(checkout: Path) -> None:
    done = set_up(checkout)
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 was not found" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr


def test_without_venv_somebody_who_may_not_install_is_told_the_package(checkout: Path) -> None:
    stub(checkout, "python3.11", '[[ "$2" != *ensurepip* ]]')
    done = set_up(checkout)
    assert done.returncode == 1
    assert "apt install python3.11-venv" in done.stderr


def test_packages_that_do_not_install_leave_nothing_that_counts_as_done(checkout: Path) -> None:
    stub(checkout, "python3.11", "exit 0")
    first, second = set_up(checkout), set_up(checkout)
    for done in (first, second):
        assert done.returncode == 1
        assert "The packages could not be installed" in done.stderr


def test_what_is_there_is_left_alone(checkout: Path) -> None:
    bin = checkout / ".venv" / "bin"
    bin.mkdir(parents=True)
    stub(checkout, "python3.11", "exit 0")
    for name, script in (("python", "exit 0"), ("archiver", "exit 0"), ("playwright", '[ "$1" = --version ]')):
        (bin / name).write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
        (bin / name).chmod(0o755)
    stub(checkout, "chromium", "exit 0")
    stub(checkout, "fc-list", "echo Noto")
    stub(checkout, "pdftotext", "exit 0")
    first = set_up(checkout)
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stderr
    again = set_up(checkout)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    (checkout.parent / "tools" / "chromium").unlink()
    without = set_up(checkout)
    assert without.returncode == 1
    assert "apt install chromium" in without.stderr
    (bin / "playwright").write_text("#!/usr/bin/env bash\necho 'node: libatomic.so.1: not found' >&2; exit 127\n")
    stub(checkout, "tail", "cat")
    lacking = set_up(checkout)
    assert lacking.returncode == 1
    assert "libatomic.so.1: not found" in lacking.stderr
    assert "apt install libatomic1" in lacking.stderr


@pytest.mark.skipif(shutil.which("flock") is None, reason="this system has no flock")
def test_two_set_ups_at_once_wait_for_one_another(checkout: Path) -> None:
    (checkout.parent / "tools" / "flock").symlink_to(shutil.which("flock") or "")
    with (checkout / "setup.sh").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        environment = {"PATH": str(checkout.parent / "tools"), "HOME": str(checkout.parent), "LC_ALL": "C"}
        with subprocess.Popen(
            ["bash", str(checkout / "setup.sh")], env=environment, stderr=subprocess.PIPE, text=True
        ) as waiting:
            assert waiting.stderr is not None
            assert "another set-up is running here" in waiting.stderr.readline()
            assert waiting.poll() is None
            fcntl.flock(held, fcntl.LOCK_UN)
            assert "Python 3.11, 3.12 or 3.13 was not found" in waiting.stderr.read()

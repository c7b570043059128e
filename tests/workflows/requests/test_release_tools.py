"""What is handed over passes the tools that others have, none of which is ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import bagit
import pytest

from archiver.core.archive import Archive
from archiver.core.config import TimestampSettings
from archiver.workflows.archive.timestamp import stamp
from archiver.workflows.requests.release import make_production
from tests.core.authority import NOW as STAMPED_AT
from tests.core.authority import Authority, needs_openssl
from tests.workflows.requests.test_release import PLAIN, ask, clear_all, redact_person, release_all
from tests.workflows.town import NOW, clerk

pytestmark = pytest.mark.browser


def tool(name: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed (package {package})")


def run(*command: str | Path, at: Path) -> str:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def ready(archive: Archive) -> str:
    """A request of which everything is decided, and one commenter redacted."""
    number = ask(archive)
    release_all(archive, number)
    clear_all(archive, number)
    redact_person(archive, number)
    return number


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@needs_openssl
@tool("sha256sum", "coreutils")
def test_the_court_s_bundle_passes_the_tools_of_everybody(
    archive: Archive, authority: Authority, tmp_path: Path
) -> None:
    with authority.serve() as url:
        archive.settings = replace(
            archive.settings, timestamp=TimestampSettings(url=url, ca_file=str(authority.ca_file))
        )
        stamp(archive, now=STAMPED_AT)
    number = ready(archive)
    made, released = make_production(
        archive, number, replace(PLAIN, profile="court"), actor=clerk(archive), now=NOW, into=tmp_path / "out"
    )
    bundle = Path(made.path)
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        run("sha256sum", "-c", "--quiet", "--strict", name, at=bundle)
    for name in ("manifest-sha512.txt", "tagmanifest-sha512.txt"):
        run("sha512sum", "-c", "--quiet", "--strict", name, at=bundle)
    assert bagit.Bag(str(bundle)).validate()
    told = run(sys.executable, "-W", "ignore", "-m", "wacz.main", "validate", "-f", "data/production.wacz", at=bundle)
    assert "the passed WACZ is valid" in told
    (token,) = bundle.glob("data/timestamps/*.tsr")
    told = run(
        "openssl", "ts", "-verify", "-data", token.with_suffix(".checkpoint"), "-in", token,
        "-CAfile", authority.ca_file, at=bundle,
    )  # fmt: skip
    assert "Verification: OK" in told
    assert released.leaks.stopping == ()


@tool("qpdf", "qpdf")
@tool("pdftotext", "poppler-utils")
def test_the_requester_s_pdf_is_sound(archive: Archive, tmp_path: Path) -> None:
    number = ready(archive)
    made, _ = make_production(
        archive, number, replace(PLAIN, pdf=True), actor=clerk(archive), now=NOW, into=tmp_path / "out"
    )
    bundle = Path(made.path)
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", "data/production.pdf", at=bundle)
    run("sha256sum", "-c", "--quiet", "--strict", "manifest-sha256.txt", at=bundle)
    assert bagit.Bag(str(bundle)).validate()

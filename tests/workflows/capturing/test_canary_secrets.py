"""Canary secrets appear in no file the product writes, searched byte by byte after decompression."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from archiver.core.archive import Archive
from archiver.core.manifest import read_manifest
from archiver.core.warc import check_warc, read_records
from archiver.workflows.capturing.run import capture_urls
from archiver.workflows.filing.file_capture import Filed
from archiver.workflows.requests.answer import open_request, produce, search_for_request
from archiver.workflows.verification.verify import verify_archive
from exports.checking.bundle import check_bundle
from tests.workflows.capturing.canary_site import BEARER, CANARIES, COOKIE, IN_FORM, IN_JSON, SESSION, run_canary_site
from tests.workflows.town import NOW, Ticking, clerk, make

pytestmark = pytest.mark.browser

PREFIX = b"canary4"
"""What every canary begins with: even a piece of one is found."""
PREFIXES = (PREFIX, b"Y2FuYXJ5", b"bmFyeT", b"YW5hcnk0")
"""The same, and in Base64 wherever in a longer text it stands."""


@dataclass
class Flown:
    """An archive after the canaries flew: what was filed, where everything lies, and what the site received."""

    folder: Path
    filed: Filed
    received: bytes
    bundle: Path
    warc: Path


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Flown:
    folder = tmp_path_factory.mktemp("canary")
    with run_canary_site() as site:
        directory, config = make(folder, site.host)
        with Archive.open(directory, config_directory=config) as archive:
            actor = clerk(archive)
            (filed,) = capture_urls(archive, [site.url], actor=actor, now=Ticking())
            archive.finish_run(at=NOW)
            request = open_request(
                archive, law="MFIPPA", received=date(2026, 3, 1), requester="Zoë", subject="পানী", actor=actor, now=NOW
            )
            search_for_request(archive, request.number, "water", actor=actor, now=NOW)
            made = produce(archive, request.number, actor=actor, now=NOW)
            (warc,) = archive.objects.root.rglob("capture.warc.gz")
            received = site.received
            assert verify_archive(archive).findings == ()
            # the archive stays open while it is searched: its write-ahead log is a file too
            found = [name for name, content in everything(folder) if any(each in content for each in PREFIXES)]
    assert found == []
    return Flown(folder, filed, received, Path(made.filed.path), warc)


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, its name included, with all that gzip, ZIP and WARC hold in turn."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path), str(path).encode()
            yield from _unpacked(str(path), path.read_bytes())
            if path.name.endswith(".warc.gz"):
                yield from ((f"{path}: {each.uri}", each.content()) for each in read_records(path))


def _unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    if content[:2] == b"\x1f\x8b":
        yield from _unpacked(f"{name} > gzip", gzip.decompress(content))
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for each in package.namelist():
                yield from _unpacked(f"{name} > {each}", package.read(each))


def test_the_canaries_flew(flown: Flown) -> None:
    for canary in (COOKIE, IN_JSON, BEARER):
        assert canary.encode() in flown.received
    assert quote_plus(IN_FORM).encode() in flown.received


def test_no_file_holds_one_in_any_spelling(flown: Flown) -> None:
    spellings = {form.encode() for each in CANARIES for form in (each, quote(each, safe=""), quote_plus(each))}
    searched = 0
    for name, content in everything(flown.folder):
        searched += 1
        assert not [each for each in PREFIXES if each in content], name
        assert not [each for each in spellings if each in content], name
    assert searched > 60


def test_the_search_would_find_one(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("a.gz", gzip.compress(b"before " + SESSION.encode()))
    (tmp_path / "bundle.zip").write_bytes(packed.getvalue())
    assert any(SESSION.encode() in content for _, content in everything(tmp_path))


def test_the_capture_itself_is_content_with_its_address_masked(flown: Flown) -> None:
    assert flown.filed.capture.outcome.files_content, flown.filed.capture.reason
    assert flown.filed.capture.url.endswith("/enter?access_token=" + "*" * 23)
    assert flown.filed.capture.final_url.endswith("/page?sid=" + "*" * 23)
    assert flown.filed.items > 0


def test_responses_that_gave_one_back_are_marked_and_their_files_barred(flown: Flown) -> None:
    marked = [
        each.uri.rpartition("/")[2].partition("?")[0]
        for each in read_records(flown.warc)
        if "echoes" in (each.header("WARC-JSON-Metadata") or "")
    ]
    packed = ["b64", "b64url", "br", "deflate", "escaped", "gz", "image", "json", "twice", "two", "zst"]
    assert sorted(marked) == ["echo", *(f"echo.{each}" for each in packed), "page", "rotate"]
    assert check_warc(flown.warc, records=flown.filed.capture.warc_records).findings == ()
    barred = read_manifest(flown.warc.parent / "capture.json").barred
    assert {each.file for each in barred} == {"capture.warc.gz", "page.png", "thumb.webp"}


def test_the_bundle_lacks_them_and_checks(flown: Flown) -> None:
    names = {each.name for each in flown.bundle.rglob("*")}
    assert not names & {"capture.warc.gz", "page.png", "thumb.webp", "production.wacz"}
    assert check_bundle(flown.bundle).findings == ()

"""A bundle of captures that keep payloads once is whole in itself, and says so where it is not."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import zipfile
from datetime import date
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.warc import read_records, repeats_of
from archiver.core.zipped import stored_file
from archiver.workflows.requests.answer import open_request, produce, search_for_request
from exports.bundle.originals import SUPPLEMENT
from exports.checking.bundle import check_bundle
from exports.checking.repeats import check_repeats
from tests.workflows.town import NOW, Town, clerk

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def bundle(captured_town: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every thread of the town as a production, made from its own copy of the archive."""
    town = captured_town.copy_to(tmp_path_factory.mktemp("town"))
    with town.open() as archive:
        return produce_all(archive, tmp_path_factory.mktemp("out"))


def produce_all(archive: Archive, into: Path) -> Path:
    actor = clerk(archive)
    asked = open_request(
        archive, law="MFIPPA", received=date(2026, 3, 1), requester="A. Resident", subject="All", actor=actor, now=NOW
    )
    search_for_request(archive, asked.number, "kind:post OR kind:comment", actor=actor, now=NOW)
    return produce(archive, asked.number, actor=actor, now=NOW, into=into).production.path


def records(bundle: Path) -> list[Path]:
    return sorted(path for path in (bundle / "data/records").iterdir() if len(list(path.glob("cap_*"))) > 1)


def warcs(bundle: Path, record: Path) -> list[str]:
    return sorted(path.relative_to(bundle).as_posix() for path in record.glob("cap_*/capture.warc.gz"))


def findings(bundle: Path, record: Path) -> list[str]:
    return list(check_repeats(bundle, record.relative_to(bundle).as_posix(), warcs(bundle, record)))


def test_a_bundle_checks_without_its_archive(bundle: Path) -> None:
    found = check_bundle(bundle)
    assert found.findings == ()
    assert records(bundle)


def test_every_payload_the_warcs_leave_elsewhere_is_in_the_bundle(bundle: Path) -> None:
    for record in records(bundle):
        supplement = list(read_records(record / SUPPLEMENT))
        held = {each.header("WARC-Payload-Digest") for each in supplement if each.type in ("response", "resource")}
        for warc in warcs(bundle, record):
            own = {each.header("WARC-Payload-Digest") for each in read_records(bundle / warc)}
            held |= own
        for warc in warcs(bundle, record):
            _, repeats = repeats_of(bundle / warc)
            assert {each.digest for each in repeats if each.holder} <= held
        assert len({each.id for each in supplement}) == len(supplement)


def test_a_replay_tool_finds_the_page_and_its_style_of_every_night(bundle: Path) -> None:
    """The index leads each address to a response, or to a revisit that names one in the same package."""
    with (bundle / "data/production.wacz").open("rb") as file, zipfile.ZipFile(file) as package:
        index = gzip.decompress(package.read("indexes/index.cdx.gz")).decode().splitlines()
        entries = [json.loads(line.split(" ", 2)[2]) | {"at": line.split(" ", 2)[1]} for line in index]
        whole = {(each["url"], each["at"]) for each in entries if each["mime"] != "warc/revisit"}
        for number, name in enumerate(n for n in package.namelist() if n.endswith(SUPPLEMENT)):
            path = bundle.parent / f"{number}.warc.gz"
            path.write_bytes(stored_file(file, package.getinfo(name)).read())
            for record in read_records(path):
                if record.type == "revisit":
                    stated = (record.header("WARC-Refers-To-Target-URI"), record.header("WARC-Refers-To-Date") or "")
                    moment = "".join(each for each in stated[1][:19] if each.isdigit())
                    assert (stated[0], moment) in whole
        styles = [each for each in entries if each["url"].endswith("/site.css")]
        assert {each["status"] for each in styles if "status" in each} == {"200"}
        pages = {each["url"] for each in entries if "/posts/" in each["url"] and not each["url"].startswith("urn:")}
        for page in pages:
            assert len([each for each in entries if each["url"] == page]) == 2  # one a night


def test_the_same_captures_give_the_same_supplement(captured_town: Town, tmp_path: Path) -> None:
    town = captured_town.copy_to(tmp_path)
    with town.open() as archive:
        digests = []
        for number in range(2):
            made = produce_all(archive, tmp_path / str(number))
            digests.append([hashlib.sha256((each / SUPPLEMENT).read_bytes()).hexdigest() for each in records(made)])
    assert digests[0] == digests[1]


@pytest.fixture
def copied(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


def test_a_bundle_without_a_supplement_it_needs_is_found(copied: Path) -> None:
    record = records(copied)[0]
    (record / SUPPLEMENT).unlink()
    assert any("leave" in each and SUPPLEMENT in each for each in findings(copied, record))
    assert check_bundle(copied).findings


def test_a_supplement_of_another_record_is_found(copied: Path) -> None:
    one, other = records(copied)[:2]
    shutil.copyfile(other / SUPPLEMENT, one / SUPPLEMENT)
    found = findings(copied, one)
    assert any("as it stands there" in each for each in found)
    assert any("lacks" in each for each in found)
    assert any("nowhere in the bundle" in each for each in found)


def test_a_supplement_with_a_changed_payload_is_found(copied: Path) -> None:
    record = records(copied)[0]
    plain = b"".join(
        gzip.decompress(each.path.read_bytes()[each.offset : each.offset + each.length])
        for each in read_records(record / SUPPLEMENT)
        if each.type == "response"
    )
    assert b"font-family" in plain
    members = [
        gzip.decompress(each.path.read_bytes()[each.offset : each.offset + each.length])
        for each in read_records(record / SUPPLEMENT)
    ]
    changed = [each.replace(b"font-family", b"font-famili") for each in members]
    (record / SUPPLEMENT).write_bytes(b"".join(gzip.compress(each, mtime=0) for each in changed))
    assert any("differs from its digest" in each for each in findings(copied, record))


def test_a_screenshot_kept_by_an_earlier_capture_is_needed_by_the_later_one(copied: Path) -> None:
    for record in records(copied):
        for manifest in sorted(record.glob("cap_*/capture.json")):
            for each in json.loads(manifest.read_text())["same_as"]:
                if each["role"] == "screenshot":
                    (record / "/".join(each["path"].split("/")[-2:])).unlink()
                    found = check_bundle(copied).findings
                    relative = manifest.relative_to(copied).as_posix()
                    assert any("page.png is missing" in line and relative in line for line in found)
                    return
    raise AssertionError("no capture of the town repeats a screenshot")

"""Checking a bundle: every change shows and is named, and no bundle, however hostile, breaks the check."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.core.errors import NotFound
from archiver.core.signing import SigningKey, fingerprint
from exports.bundle.bag import BagWriter
from exports.checking.bag import check_bag
from exports.checking.bundle import check_bundle
from tests.exports.sample import KEY, make_bundle, make_record, make_trail

PROVE = "ARCHIVER_PROVE" in os.environ
GOLDEN = Path(__file__).parents[2] / "golden" / "bagit"
CAPTURE = "data/records/rec_1111111111111111/cap_0000000000000010"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One good bundle, to be copied before it is changed."""
    directory = tmp_path_factory.mktemp("bundles")
    records = [make_record(directory / "objects", captures=1)]
    return make_bundle(directory / "bundle", records).path


@pytest.fixture
def bundle(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


def files_of(directory: Path) -> list[Path]:
    return sorted(each for each in directory.rglob("*") if each.is_file())


def reseal(bundle: Path) -> None:
    """Make the manifests fit what is there now, as somebody who forges a bundle would."""
    for name in bundle.glob("*.txt"):
        name.unlink()
    payload = bundle / "data"
    payload.rename(bundle / "payload")
    writer = BagWriter(bundle)
    shutil.rmtree(payload)
    (bundle / "payload").rename(payload)
    for file in files_of(payload):
        writer.add(file.relative_to(payload).as_posix())
    writer.seal([])


def change_json(bundle: Path, name: str, change: Callable[[Any], object]) -> None:
    path = bundle / name
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value), encoding="utf-8")
    reseal(bundle)


def findings(bundle: Path, **options: Any) -> str:
    return "\n".join(check_bundle(bundle, **options).findings)


def test_a_whole_bundle_passes_and_is_told_of(whole: Path) -> None:
    report = check_bundle(whole)
    assert report.findings == ()
    assert report.ok
    assert (report.records, report.items, report.captures, report.files) == (1, 6, 1, 13)
    assert report.production_id == "prod_0123456789abcdef"
    assert report.sha256 == hashlib.sha256((whole / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert report.signed_by == fingerprint(KEY.public_key)
    assert report.signed_at == "2026-04-02T08:00:00.000000Z"
    assert check_bundle(whole, trusted=fingerprint(KEY.public_key)).ok


def test_a_flipped_byte_anywhere_is_found_and_its_file_named(bundle: Path) -> None:
    for file in files_of(bundle):
        content = file.read_bytes()
        count = 128 if PROVE else 4
        for place in sorted(
            {round(step * (len(content) - 1) / max(1, count - 1)) for step in range(count)} if content else ()
        ):
            for mask in (0x01, 0x20):
                changed = bytearray(content)
                changed[place] ^= mask
                file.write_bytes(changed)
                name = file.relative_to(bundle).as_posix()
                assert name in findings(bundle), f"{name}, byte {place}, {mask}"
        file.write_bytes(content)
    assert check_bundle(bundle).ok


def test_a_file_cut_lengthened_emptied_or_removed_is_named(bundle: Path) -> None:
    for file in files_of(bundle):
        content, name = file.read_bytes(), file.relative_to(bundle).as_posix()
        for changed in (content[:-1], content + b"\n", b""):
            if changed != content:
                file.write_bytes(changed)
                assert name in findings(bundle), name
        file.unlink()
        assert name in findings(bundle), name
        file.write_bytes(content)


@pytest.mark.parametrize(
    "name", ["data/extra.html", "data/records/extra", f"{CAPTURE}/page@2.png", "extra.txt", "data/सड़क"]
)
def test_an_added_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).write_bytes(b"x")
    assert name in findings(bundle)


def test_a_renamed_file_is_named_twice(bundle: Path) -> None:
    (bundle / CAPTURE / "page.png").rename(bundle / CAPTURE / "other.png")
    found = findings(bundle)
    assert f"{CAPTURE}/page.png is missing: manifest-sha256.txt lists it" in found
    assert f"{CAPTURE}/other.png is not listed in manifest-sha512.txt" in found


def test_the_check_goes_on_after_the_first_defect(bundle: Path) -> None:
    (bundle / "data/index.html").unlink()
    (bundle / CAPTURE / "page.png").write_bytes(b"x")
    (bundle / "data/trail.json").write_bytes(b"{")
    found = findings(bundle)
    for name in ("data/index.html", f"{CAPTURE}/page.png", "data/trail.json cannot be read"):
        assert name in found


# -- bundles whose manifests were made to fit the forgery ----------------------------------------


def test_a_forged_capture_with_fitting_manifests_is_found(bundle: Path) -> None:
    (bundle / CAPTURE / "page.png").write_bytes(b"other pixels")
    reseal(bundle)
    assert f"{CAPTURE}/page.png differs from the digest noted at its capture" in findings(bundle)


def test_a_forged_capture_description_is_not_the_one_in_the_trail(bundle: Path) -> None:
    change_json(bundle, f"{CAPTURE}/capture.json", lambda entry: entry.update(actor="somebody else"))
    assert "cap_0000000000000010: capture.json is not the one whose digest the audit trail holds" in findings(bundle)


def test_an_item_left_out_is_found_though_the_manifests_fit(bundle: Path) -> None:
    path = bundle / "data/items.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    reseal(bundle)
    found = findings(bundle)
    assert "data/items.jsonl holds 5 items; data/production.json counts 6" in found
    assert "data/items.jsonl holds 5 items of rec_1111111111111111, not 6" in found


def test_a_row_left_out_of_the_table_is_found(bundle: Path) -> None:
    path = bundle / "data/items.csv"
    path.write_bytes(path.read_bytes().rpartition(b'\r\n"')[0] + b"\r\n")
    reseal(bundle)
    assert "data/items.csv holds 5 items; data/production.json counts 6" in findings(bundle)


def test_a_cut_warc_is_named_with_its_place(bundle: Path) -> None:
    path = bundle / CAPTURE / "capture.warc.gz"
    path.write_bytes(path.read_bytes()[:-3])
    reseal(bundle)
    assert f"{CAPTURE}/capture.warc.gz, byte " in findings(bundle)


def test_a_wacz_that_replays_something_else_is_found(bundle: Path, tmp_path: Path) -> None:
    other = make_bundle(tmp_path / "other", [make_record(tmp_path / "objects", "7", captures=1)])
    shutil.copy(other.path / "data/production.wacz", bundle / "data/production.wacz")
    reseal(bundle)
    assert "data/production.wacz does not hold the same WARCs as data/records/" in findings(bundle)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda entry: entry["checkpoint"].update(size=99), "the checkpoint's signature is wrong"),
        (lambda entry: entry["checkpoint"].update(signature="AAAA"), "the checkpoint's signature is wrong"),
        (lambda entry: entry["checkpoint"].update(at="\ud800"), "the checkpoint's signature is wrong"),
        (lambda entry: entry.pop("checkpoint"), "trail.json holds no signed checkpoint"),
        (lambda entry: entry.update(archive="arc_2"), "belongs to another archive"),
        (lambda entry: entry["events"].clear(), "has no proved event for cap_0000000000000010"),
        (lambda entry: entry["events"][0].update(index=0), "event 1 is not in the trail"),
        (
            lambda entry: entry["events"][0]["proof"].reverse() or entry["events"][0]["proof"].append("00" * 32),
            "event 1 is not",
        ),
        (lambda entry: entry["events"][0].update(line="{}"), "event 1 cannot be read"),
        (lambda entry: entry["events"].append(7), "event 2 cannot be read"),
        (lambda entry: entry.update(events={}), "lists no events"),
    ],
)
def test_a_changed_trail_is_found(bundle: Path, change: Callable[[Any], object], finding: str) -> None:
    change_json(bundle, "data/trail.json", change)
    assert finding in findings(bundle)


def test_a_trail_signed_by_another_key_is_told_from_the_agencys(bundle: Path, tmp_path: Path) -> None:
    stranger = SigningKey(Ed25519PrivateKey.from_private_bytes(b"s" * 32))
    record = make_record(tmp_path / "objects", captures=1)
    made = make_bundle(tmp_path / "forged", [record], trail=make_trail([record], stranger))
    assert check_bundle(made.path).signed_by == fingerprint(stranger.public_key)
    assert "not by ed25519:" in findings(made.path, trusted=fingerprint(KEY.public_key))


def test_a_capture_proved_and_left_out_is_found(tmp_path: Path) -> None:
    records = [make_record(tmp_path / "objects", "1"), make_record(tmp_path / "objects", "2")]
    made = make_bundle(tmp_path / "bundle", records[:1], trail=make_trail(records))
    assert "proves cap_0000000000000020, which is not in the bundle" in findings(made.path)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda entry: entry["counts"].update(records_asked=2), "does not account for every record"),
        (lambda entry: entry["counts"].update(records_exported=2), "lists 1 records and counts 2"),
        (lambda entry: entry["counts"].update(captures=9), "lists 1 captures and counts 9"),
        (lambda entry: entry["records"].clear(), "belongs to no capture that data/production.json lists"),
        (lambda entry: entry["records"][0]["captures"].append("cap_x"), "cap_x/capture.json is missing"),
        (lambda entry: entry["records"][0].update(page="threads/none.html"), "data/threads/none.html is missing"),
        (lambda entry: entry.update(wacz=None), "production.wacz is missing"),
        (lambda entry: entry.pop("counts"), "does not describe a production"),
        (lambda entry: entry["counts"].update(items=float("inf")), "does not describe a production"),
        (lambda entry: entry["records"][0].update(id=["x"], captures=[{"a": 1}]), "belongs to no capture"),
    ],
)
def test_a_changed_account_is_found(bundle: Path, change: Callable[[Any], object], finding: str) -> None:
    change_json(bundle, "data/production.json", change)
    assert finding in findings(bundle)


# -- hostile bundles ------------------------------------------------------------------------------


def test_a_link_is_not_followed(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (bundle / "data/link").symlink_to(tmp_path / "secret")
    (bundle / "data/folder").symlink_to(tmp_path, target_is_directory=True)
    (bundle / "manifest-sha512.txt").unlink()
    (bundle / "manifest-sha512.txt").symlink_to("/dev/zero")
    os.mkfifo(bundle / "data/pipe")
    found = findings(bundle)
    assert "data/link is a symbolic link" in found
    assert "data/folder is a symbolic link" in found
    assert "data/pipe is no regular file" in found
    assert "manifest-sha512.txt is missing" in found
    assert "bagit was not asked" in found


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 64}  ../../etc/passwd",
        f"{'0' * 64}  /etc/passwd",
        f"{'0' * 64}  data/../../x",
        f"{'0' * 64}  C:\\x",
        f"{'0' * 64}  data\\x",
        f"{'0' * 64} data/x",
        f"{'0' * 64}  ",
        f"{'0' * 63}  data/x",
        "x" * 200_000,
        "",
    ],
)
def test_a_hostile_manifest_line_is_a_finding(bundle: Path, line: str) -> None:
    with (bundle / "manifest-sha256.txt").open("a") as file:
        file.write(line + "\n")
    assert "manifest-sha256.txt, line 14, " in findings(bundle)


def test_a_line_given_twice_and_one_that_is_no_text_are_findings(bundle: Path) -> None:
    path = bundle / "manifest-sha256.txt"
    content = path.read_bytes()
    path.write_bytes(content + content.splitlines(keepends=True)[0] + b"\xff\xfe\n" + b"no newline")
    found = findings(bundle)
    assert "manifest-sha256.txt, line 14, lists data/README.txt a second time" in found
    assert "manifest-sha256.txt, line 15, is not UTF-8 text" in found
    assert "manifest-sha256.txt, line 16, is not a digest" in found


def test_files_to_fetch_and_unknown_manifests_are_findings(bundle: Path) -> None:
    (bundle / "fetch.txt").write_bytes(b"http://evil.example/x 1 data/x\n")
    (bundle / "tagmanifest-md5.txt").write_bytes(b"")
    found = findings(bundle)
    assert "fetch.txt names files that are not in the bag" in found
    assert "tagmanifest-md5.txt is no file of a production" in found


def test_control_characters_of_a_strangers_reach_no_terminal(bundle: Path) -> None:
    (bundle / "data" / "\x1b[2Jgone\n").write_bytes(b"")
    (os.fsencode(bundle) + b"/data/\xff").decode(errors="surrogateescape")
    Path(os.fsdecode(os.fsencode(bundle) + b"/data/\xff")).write_bytes(b"")
    found = findings(bundle)
    assert "\x1b" not in found
    assert "data/\\x1b[2Jgone\\n is not listed" in found
    assert "data/\\udcff is not listed" in found
    found.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"records": [1]}',
        b'{"\\ud800": 1}',
    ],
)
@pytest.mark.parametrize(
    "name", ["data/production.json", "data/trail.json", f"{CAPTURE}/capture.json", "data/items.jsonl"]
)
def test_text_that_is_not_what_it_should_be_is_a_finding(bundle: Path, name: str, content: bytes) -> None:
    (bundle / name).write_bytes(content)
    reseal(bundle)
    found = findings(bundle)
    assert name in found
    found.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=5,
)


@settings(
    max_examples=400 if PROVE else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(choice=st.data())
def test_no_value_in_any_json_breaks_the_check(bundle: Path, choice: st.DataObject) -> None:
    name = choice.draw(st.sampled_from(["data/production.json", "data/trail.json", f"{CAPTURE}/capture.json"]))
    path = bundle / name
    before = path.read_bytes()
    value = json.loads(before)
    place = value
    while True:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = choice.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or choice.draw(st.booleans()):
            break
        place = place[key]
    place[key] = choice.draw(JSON)
    path.write_text(json.dumps(value))
    try:
        found = findings(bundle)
        assert name in found or path.read_bytes() == before
        found.encode()
    finally:
        path.write_bytes(before)


def test_an_empty_directory_is_no_bundle_and_a_missing_one_is_said_to_be(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert "bagit.txt is missing: this is no BagIt bag" in found
    assert "data/production.json is missing" in found
    with pytest.raises(NotFound, match="is no bundle"):
        check_bundle(tmp_path / "none")


# -- bundles sent as ZIP files --------------------------------------------------------------------


def pack(bundle: Path, archive: Path, prefix: str = "bundle/") -> zipfile.ZipFile:
    package = zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED)
    for file in files_of(bundle):
        package.write(file, prefix + file.relative_to(bundle).as_posix())
    return package


@pytest.mark.parametrize("prefix", ["", "REQ-2026-0001/"])
def test_a_bundle_sent_as_a_zip_file_is_checked_alike(whole: Path, tmp_path: Path, prefix: str) -> None:
    pack(whole, tmp_path / "sent.zip", prefix).close()
    report = check_bundle(tmp_path / "sent.zip")
    assert report.findings == ()
    assert report.items == 6


def test_what_is_unsafe_to_unpack_is_not_unpacked(whole: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("bundle/data/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pack(whole, tmp_path / "sent.zip") as package:
        package.writestr("../outside", b"x")
        package.writestr("/absolute", b"x")
        package.writestr(link, "/etc/passwd")
        package.writestr("bundle/data/bomb", bytes(60_000_000))
        with pytest.warns(UserWarning, match="Duplicate name"):
            package.writestr("bundle/data/index.html", b"other")
    found = findings(tmp_path / "sent.zip")
    assert "../outside leads out of the bundle: it was not unpacked" in found
    assert "/absolute leads out of the bundle" in found
    assert "bundle/data/link is a symbolic link" in found
    assert "bundle/data/bomb would unpack to far more than it is" in found
    assert "bundle/data/index.html is in the ZIP file twice" in found
    assert not (tmp_path / "outside").exists()


def test_a_file_that_is_no_zip_file_is_a_finding(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "sent.zip").write_bytes(b"PK no")
    assert "sent.zip cannot be unpacked" in findings(tmp_path / "sent.zip")
    pack(whole, tmp_path / "cut.zip").close()
    damaged = bytearray((tmp_path / "cut.zip").read_bytes())
    damaged[200] ^= 0xFF
    (tmp_path / "cut.zip").write_bytes(damaged)
    assert not check_bundle(tmp_path / "cut.zip").ok


# -- the conformance suite of the Library of Congress ---------------------------------------------


@pytest.mark.parametrize(
    ("case", "finding"),
    [
        ("bagit-with-invalid-whitespace", "bagit.txt does not hold the two lines"),
        ("notAllManifestsListAllFiles", "data/missingFromManifest.txt is not listed in manifest-sha512.txt"),
        (
            "same-filename-listed-twice-with-different-hashes",
            "manifest-sha256.txt, line 2, lists data/README a second time",
        ),
        (
            "same-filename-listed-twice-with-the-same-hash",
            "manifest-sha256.txt, line 2, lists data/README a second time",
        ),
    ],
)
def test_bags_that_the_conformance_suite_calls_invalid_are_found_so(case: str, finding: str) -> None:
    assert finding in "\n".join(check_bag(GOLDEN / "invalid" / case).findings)


def test_a_bag_that_the_conformance_suite_calls_valid_lacks_only_what_a_production_has() -> None:
    assert check_bag(GOLDEN / "valid" / "basicBag").findings == [
        "manifest-sha256.txt is missing",
        "tagmanifest-sha256.txt is missing",
        "bag-info.txt does not state the Payload-Oxum once",
    ]

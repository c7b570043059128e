"""Making a production: whole or not at all, the same bytes again, every record accounted for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import bagit
import pytest

from archiver.core.errors import BadWarc, EvidenceDamaged, ProductionRefused, StorageFull
from archiver.core.records import ObjectRole, Outcome, RecordId
from exports.bundle.production import NotProduced, ProducedRecord
from exports.bundle.tables import read_item_line, read_rows
from tests.exports.sample import PNG, TEXTS, make_bundle, make_record, stored_as


@pytest.fixture
def records(tmp_path: Path) -> list[ProducedRecord]:
    return [
        make_record(tmp_path / "objects", "1"),
        make_record(tmp_path / "objects", "2", title="سڑک کی بندش", captures=1),
    ]


def tree(directory: Path) -> dict[str, bytes]:
    return {str(each.relative_to(directory)): each.read_bytes() for each in directory.rglob("*") if each.is_file()}


def test_the_bundle_validates_with_the_tools_everybody_has(tmp_path: Path, records: list[ProducedRecord]) -> None:
    made = make_bundle(tmp_path / "bundle", records)
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", "--strict", manifest], cwd=made.path, check=True)
    for manifest in ("manifest-sha512.txt", "tagmanifest-sha512.txt"):
        subprocess.run(["sha512sum", "-c", "--quiet", "--strict", manifest], cwd=made.path, check=True)
    bagit.Bag(str(made.path)).validate()
    check = [sys.executable, "-W", "ignore", "-m", "wacz.main", "validate", "-f", "data/production.wacz"]
    done = subprocess.run(check, cwd=made.path, check=False, capture_output=True, text=True)
    assert "the passed WACZ is valid" in done.stdout + done.stderr


def test_the_bundle_holds_every_form_of_the_records(tmp_path: Path, records: list[ProducedRecord]) -> None:
    made = make_bundle(tmp_path / "bundle", records)
    files = tree(made.path)
    assert sorted(name for name in files if not name.startswith("data/records/")) == [
        "bag-info.txt",
        "bagit.txt",
        "data/README.txt",
        "data/index.html",
        "data/items.csv",
        "data/items.jsonl",
        "data/production.json",
        "data/production.wacz",
        "data/threads/0001-majuli-road.html",
        "data/threads/0002-record.html",
        "data/trail.json",
        "manifest-sha256.txt",
        "manifest-sha512.txt",
        "tagmanifest-sha256.txt",
        "tagmanifest-sha512.txt",
    ]
    for produced in records:
        for capture in produced.captures:
            for stored, path in capture.files:
                name = f"data/records/{produced.record.id}/{capture.capture.id}/{path.name}"
                assert files[name] == path.read_bytes(), stored
    assert (made.records, made.items, made.files) == (2, 12, 24)
    assert made.size == sum(len(content) for name, content in files.items() if name.startswith("data/"))


def test_the_tables_hold_every_item_in_every_script(tmp_path: Path, records: list[ProducedRecord]) -> None:
    made = make_bundle(tmp_path / "bundle", records)
    items = [read_item_line(line) for line in (made.path / "data/items.jsonl").read_bytes().splitlines(keepends=True)]
    assert items == [item for record in records for item in record.items]
    _, *rows = read_rows(made.path / "data/items.csv")
    assert [row[11] for row in rows] == [*TEXTS.values(), *TEXTS.values()]


def test_the_wacz_holds_the_very_warcs(tmp_path: Path, records: list[ProducedRecord]) -> None:
    made = make_bundle(tmp_path / "bundle", records)
    with zipfile.ZipFile(made.path / "data/production.wacz") as package:
        packed = {name: package.read(name) for name in package.namelist() if name.startswith("archive/")}
    assert packed == {
        f"archive/{capture.capture.id}-capture.warc.gz": path.read_bytes()
        for record in records
        for capture in record.captures
        for stored, path in capture.files
        if stored.role is ObjectRole.WARC
    }


def test_production_json_says_what_was_asked_and_accounts_for_it(tmp_path: Path, records: list[ProducedRecord]) -> None:
    withheld = NotProduced(record_id=RecordId("rec_" + "3" * 16), reason="section 8(1)(j)", withheld=True)
    made = make_bundle(tmp_path / "bundle", records, asked=3, not_produced=[withheld])
    described = json.loads((made.path / "data/production.json").read_text())
    assert described["counts"] == {
        "items": 12,
        "hits": 4,
        "captures": 3,
        "records_asked": 3,
        "records_exported": 2,
        "records_withheld": 1,
        "records_failed": 0,
    }
    assert described["request"]["received"] == "2026-03-20"
    assert described["searches"][0]["query"] == 'road OR "سڑک پیر"'
    assert described["not_produced"] == [
        {"record": "rec_3333333333333333", "state": "withheld", "reason": "section 8(1)(j)"}
    ]
    assert described["records"][1]["title"] == "سڑک کی بندش"
    assert "section 8(1)(j)" in (made.path / "data/index.html").read_text()


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, records: list[ProducedRecord]) -> None:
    first = make_bundle(tmp_path / "one", records)
    second = make_bundle(tmp_path / "two", records)
    assert first.sha256 == second.sha256
    assert tree(first.path) == tree(second.path)


def test_the_same_inputs_give_the_same_bytes_in_another_process(tmp_path: Path, records: list[ProducedRecord]) -> None:
    made = make_bundle(tmp_path / "one", records)
    program = (
        "import sys; from pathlib import Path; from tests.exports.sample import make_bundle, make_record\n"
        "work = Path(sys.argv[1]); objects = work / 'again'\n"
        "records = [make_record(objects, '1'), make_record(objects, '2', title='سڑک کی بندش', captures=1)]\n"
        "print(make_bundle(work / 'two', records).sha256)"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=root, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == made.sha256


def test_damaged_evidence_is_named_and_leaves_no_bundle(tmp_path: Path, records: list[ProducedRecord]) -> None:
    stored, path = records[1].captures[0].files[1]
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    with pytest.raises(EvidenceDamaged, match=re.escape(stored.path)):
        make_bundle(tmp_path / "out" / "bundle", records)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_warc_that_was_damaged_before_it_was_hashed_leaves_no_bundle(
    tmp_path: Path, records: list[ProducedRecord]
) -> None:
    capture = records[1].captures[0]
    stored, path = capture.files[0]
    path.write_bytes(path.read_bytes()[:-9])
    changed = replace(capture, files=((stored_as(stored, path), path), *capture.files[1:]))
    with pytest.raises(BadWarc, match=r"capture\.warc\.gz"):
        make_bundle(tmp_path / "out" / "bundle", [replace(records[1], captures=(changed,))])
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_found_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProductionRefused, match="REQ-2026-0001: nothing was found"):
        make_bundle(tmp_path / "out" / "bundle", [], trail={})
    assert list((tmp_path / "out").iterdir()) == []


def test_a_record_that_nobody_accounts_for_is_refused(tmp_path: Path, records: list[ProducedRecord]) -> None:
    with pytest.raises(ProductionRefused, match="3 records were found, but 2 given and 0 explained"):
        make_bundle(tmp_path / "bundle", records, asked=3)


def test_a_hit_that_its_record_does_not_hold_is_refused(tmp_path: Path, records: list[ProducedRecord]) -> None:
    lost = replace(records[0], hit_ids=frozenset({f"{records[0].record.id}/99"}))
    with pytest.raises(ProductionRefused, match="rec_1111111111111111 does not hold rec_1111111111111111/99"):
        make_bundle(tmp_path / "bundle", [lost])


def test_an_earlier_production_is_never_written_over(tmp_path: Path, records: list[ProducedRecord]) -> None:
    made = make_bundle(tmp_path / "bundle", records)
    before = tree(made.path)
    with pytest.raises(ProductionRefused, match="exists already"):
        make_bundle(tmp_path / "bundle", records[:1])
    assert tree(made.path) == before


def test_what_a_broken_off_run_left_is_replaced(tmp_path: Path, records: list[ProducedRecord]) -> None:
    (tmp_path / "bundle.part" / "data").mkdir(parents=True)
    (tmp_path / "bundle.part" / "data" / "half").write_bytes(b"x")
    made = make_bundle(tmp_path / "bundle", records)
    assert "data/half" not in tree(made.path)
    assert not (tmp_path / "bundle.part").exists()


def test_a_full_disk_leaves_no_bundle_and_says_so(tmp_path: Path, records: list[ProducedRecord]) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        with pytest.raises(StorageFull, match="no space is left"):
            make_bundle(small / "bundle", records)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_progress_is_told_after_each_record(tmp_path: Path, records: list[ProducedRecord]) -> None:
    told: list[tuple[int, int, str]] = []
    make_bundle(tmp_path / "bundle", iter(records), trail={}, asked=2, progress=lambda *step: told.append(step))
    assert told == [(1, 2, "Majuli road"), (2, 2, "سڑک کی بندش")]


def test_a_record_without_recorded_traffic_needs_no_wacz(tmp_path: Path, records: list[ProducedRecord]) -> None:
    capture = records[1].captures[0]
    files = tuple((stored, path) for stored, path in capture.files if stored.role is ObjectRole.MANIFEST)
    gone = replace(capture, capture=replace(capture.capture, outcome=Outcome.GONE, warc_records=0), files=files)
    made = make_bundle(tmp_path / "bundle", [replace(records[1], captures=(gone,))])
    assert not (made.path / "data/production.wacz").exists()
    assert "production.wacz" not in (made.path / "data/index.html").read_text()
    assert "No screenshot was kept" in (made.path / "data/threads/0001-record.html").read_text()


def test_the_readme_tells_how_to_verify(tmp_path: Path, records: list[ProducedRecord]) -> None:
    text = (make_bundle(tmp_path / "bundle", records).path / "data/README.txt").read_text()
    assert "sha256sum -c --quiet manifest-sha256.txt" in text
    assert "archiver check" in text
    assert "prod_0123456789abcdef, made 2026-04-02 08:00:00 UTC by R. Baruah" in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_the_screenshot_is_the_one_captured(tmp_path: Path, records: list[ProducedRecord]) -> None:
    made = make_bundle(tmp_path / "bundle", records)
    assert (made.path / "data/records/rec_1111111111111111/cap_0000000000000011/page.png").read_bytes() == PNG

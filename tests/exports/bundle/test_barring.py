"""What a capture bars from leaving the archive is in no bundle, and every bundle says what it lacks."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from archiver.core.errors import EvidenceDamaged
from archiver.core.records import Barred
from exports.checking.bundle import check_bundle
from tests.exports.sample import make_bundle, make_record

WARC = Barred(file="capture.warc.gz", reason="1 response gave back a session — প্ৰত্যুত্তৰ, جواب, réponse")
PAGE = Barred(file="page.png", reason="a session can be read on the page's picture")


@pytest.mark.parametrize("barred", [(WARC,), (PAGE,), (WARC, PAGE)])
def test_a_barred_file_is_left_out_and_the_bundle_says_so(tmp_path: Path, barred: tuple[Barred, ...]) -> None:
    made = make_bundle(tmp_path / "bundle", [make_record(tmp_path / "objects", captures=1, barred=barred)])
    names = {each.name for each in made.path.rglob("*") if each.is_file()}
    assert names & {"capture.warc.gz", "page.png"} == {"capture.warc.gz", "page.png"} - {each.file for each in barred}
    described = json.loads((made.path / "data/production.json").read_text(encoding="utf-8"))
    assert [each["file"] for each in described["records"][0]["left_out"]] == [each.file for each in barred]
    page = (made.path / "data" / described["records"][0]["page"]).read_text(encoding="utf-8")
    assert all(each.reason.split("'")[0] in page for each in barred)
    assert check_bundle(made.path).findings == ()


def test_a_barred_warc_is_not_in_the_wacz_either(tmp_path: Path) -> None:
    records = [
        make_record(tmp_path / "objects", "1", captures=1, barred=(WARC,)),
        make_record(tmp_path / "objects", "2", captures=1),
    ]
    made = make_bundle(tmp_path / "bundle", records)
    with zipfile.ZipFile(made.path / "data/production.wacz") as package:
        warcs = [each for each in package.namelist() if each.startswith("archive/")]
    assert warcs == [f"archive/{records[1].captures[0].capture.id}-capture.warc.gz"]
    assert check_bundle(made.path).findings == ()


def test_a_bundle_that_holds_a_barred_file_is_no_good(tmp_path: Path) -> None:
    record = make_record(tmp_path / "objects", captures=1, barred=(PAGE,))
    made = make_bundle(tmp_path / "bundle", [record])
    folder = next((made.path / "data/records").rglob("capture.json")).parent
    source = next(path for stored, path in record.captures[0].files if stored.path.endswith("page.png"))
    shutil.copy(source, folder / "page.png")
    assert any("page.png" in each for each in check_bundle(made.path).findings)


def test_where_the_bars_cannot_be_read_nothing_leaves(tmp_path: Path) -> None:
    record = make_record(tmp_path / "objects", captures=1)
    manifest = next(path for stored, path in record.captures[0].files if stored.path.endswith("capture.json"))
    manifest.write_text("{}", encoding="utf-8")
    with pytest.raises(EvidenceDamaged, match=r"capture\.json"):
        make_bundle(tmp_path / "bundle", [record])
    assert not (tmp_path / "bundle").exists()

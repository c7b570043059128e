"""Bundles forged with care: every manifest and count fits what was changed, and it shows all the same."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exports.checking.bundle import check_bundle
from tests.exports import sample
from tests.exports.checking.test_check import change_json, findings, reseal
from tests.exports.sample import TEXTS, make_bundle, make_record

RECORD = "rec_1111111111111111"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bundles")
    return make_bundle(directory / "bundle", [make_record(directory / "objects")]).path


@pytest.fixture
def bundle(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


def forge(bundle: Path, *names: str, old: str, new: str) -> str:
    """Replace a text in files under data/, make the manifests fit, and tell what is found."""
    for name in names:
        path = bundle / "data" / name
        content = path.read_bytes()
        assert old.encode() in content, name
        path.write_bytes(content.replace(old.encode(), new.encode()))
    reseal(bundle)
    return findings(bundle)


def change_item(bundle: Path, number: int, change: Callable[[Any], object]) -> str:
    path = bundle / "data/items.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[number - 1])
    change(entry)
    lines[number - 1] = json.dumps(entry, ensure_ascii=False)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    reseal(bundle)
    return findings(bundle)


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_changed_in_every_table_stands_in_no_capture(bundle: Path, language: str) -> None:
    old = TEXTS[language]
    found = forge(bundle, "items.jsonl", "items.csv", old=old, new=f"not {old}")
    number = list(TEXTS).index(language) + 1
    assert f"data/items.jsonl: {RECORD}/{number}: its text stands in no capture" in found


def test_a_row_changed_in_the_table_for_spreadsheets_alone_is_found(bundle: Path) -> None:
    found = forge(bundle, "items.csv", old="reopens on Monday", new="stays closed")
    assert f"data/items.csv: row 1 differs from {RECORD}/1 in data/items.jsonl" in found


@pytest.mark.parametrize(
    ("number", "change", "finding"),
    [
        (
            1,
            lambda e: e["item"].update(creator_name="Somebody"),
            "no capture that shows this text gives it this creator",
        ),
        (
            1,
            lambda e: e["item"].update(creator_handle="@else"),
            "no capture that shows this text gives it this creator",
        ),
        (1, lambda e: e["item"].update(created="2020-01-01T00:00:00Z"), "no capture that shows this text gives it"),
        (3, lambda e: e["item"].update(parent_id="2"), "no capture that shows this text gives it this creator"),
        (2, lambda e: e["item"].update(text="Où est le pont ?"), "its text is not that of its latest version"),
        (2, lambda e: e["versions"][0].update(text="No bridge"), "the text of version 1 stands in no capture"),
        (2, lambda e: e["versions"][0].update(seen="2020-01-01T00:00:00Z"), "version 1 was not seen at the moment"),
        (2, lambda e: e["versions"].pop(0), "a capture shows a text that is not among its versions"),
        (
            1,
            lambda e: e.update(first_seen="2020-01-01T00:00:00Z"),
            "was seen at a moment at which there was no capture",
        ),
        (4, lambda e: e.update(gone_before="2020-01-01T00:00:00Z"), "was missed at a moment"),
        (1, lambda e: e.update(item_id="rec_x/1"), "is not the id of rec_1111111111111111/1"),
        (1, lambda e: e["item"].update(text=["x"]), "line 1, is no item"),
    ],
)
def test_a_changed_field_is_found(bundle: Path, number: int, change: Callable[[Any], object], finding: str) -> None:
    assert finding in change_item(bundle, number, change)


def test_an_invented_item_is_shown_by_no_capture_and_the_one_it_replaced_is_missing(bundle: Path) -> None:
    def invent(entry: Any) -> None:
        entry["item_id"] = f"{RECORD}/99"
        entry["item"]["native_id"] = "99"

    found = change_item(bundle, 3, invent)
    assert f"data/items.jsonl: {RECORD}/99 is shown by no capture of its record" in found
    assert f"data/items.jsonl lacks {RECORD}/3, which a capture shows" in found


def test_an_item_given_twice_is_found(bundle: Path) -> None:
    path = bundle / "data/items.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[0]]))
    reseal(bundle)
    assert f"{RECORD}/1 is listed a second time" in findings(bundle)


def test_a_text_that_only_reads_alike_in_a_later_capture_is_no_forgery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = [each.item for each in make_record(tmp_path / "first").items]
    composed = {**TEXTS, "fr": unicodedata.normalize("NFD", TEXTS["fr"]), "hi": TEXTS["hi"].replace(" ", "  ")}
    monkeypatch.setattr(sample, "TEXTS", composed)
    later = make_record(tmp_path / "second", captures=1)
    first = sample.make_capture(tmp_path / "both", later.record.id, "1a", sample.FIRST, older)
    second = sample.make_capture(tmp_path / "both", later.record.id, "1b", sample.SECOND, [e.item for e in later.items])
    items = tuple(
        replace(each, item=item, last_seen=sample.SECOND) for each, item in zip(later.items, older, strict=True)
    )
    made = make_bundle(tmp_path / "bundle", [replace(later, items=items, captures=(first, second))])
    assert check_bundle(made.path).findings == ()


def test_an_items_file_that_cannot_be_read_is_found(bundle: Path) -> None:
    (path,) = (bundle / "data/records" / RECORD / "cap_0000000000000010").glob("items.*")
    path.write_bytes(b'{"native_id": 7}\n')
    reseal(bundle)
    assert "items.generic.jsonl could not be read after line 1: its items were not compared" in findings(bundle)


@pytest.mark.parametrize("name", ["data/evil.exe", "data/threads/more.html", "data/threads/a/b.html"])
def test_a_file_that_no_production_has_is_found(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_text("<p>x</p>")
    reseal(bundle)
    assert f"{name} is no file of a production" in findings(bundle)


def test_an_event_listed_twice_is_found(bundle: Path) -> None:
    change_json(bundle, "data/trail.json", lambda entry: entry["events"].append(entry["events"][0]))
    assert "data/trail.json lists event 1 of the trail a second time, as event 3" in findings(bundle)


def test_a_capture_moved_to_another_record_is_found(tmp_path: Path) -> None:
    records = [make_record(tmp_path / "objects", "1"), make_record(tmp_path / "objects", "2")]
    bundle = make_bundle(tmp_path / "bundle", records).path
    moved = "cap_0000000000000021"
    (bundle / "data/records/rec_2222222222222222" / moved).rename(bundle / "data/records" / RECORD / moved)

    def move(entry: Any) -> None:
        entry["records"][1]["captures"].remove(moved)
        entry["records"][0]["captures"].append(moved)

    change_json(bundle, "data/production.json", move)
    assert f"belongs to the record rec_2222222222222222, not to {RECORD}" in findings(bundle)


@pytest.mark.parametrize(
    ("markup", "finding"),
    [
        ("<script>alert(1)</script>", "holds a <script> element"),
        ("<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "holds a <script> element"),
        ("<img src=x onerror=alert(1)>", "holds the attribute onerror"),
        ("<img src='https://evil.example/x.png'>", "leads to https://evil.example/x.png"),
        ("<img src='//evil.example/x.png'>", "leads to //evil.example/x.png"),
        ("<img src=x srcset='https://evil.example/x 1x'>", "holds the attribute srcset"),
        ("<a href='java\tscript:alert(1)'>x</a>", "holds a <a> element that leads to"),
        ("<iframe src=x></iframe>", "holds a <iframe> element"),
        ("<svg/onload=alert(1)>", "holds a <svg> element"),
        ("<link rel=stylesheet href=x.css>", "holds a <link> element"),
        ("<p style='background:url(//evil.example)'>", "holds the attribute style"),
        ("<style>@import '//evil.example/x.css';</style>", "holds a style sheet that can fetch something"),
        ("<meta http-equiv=refresh content='0;url=//evil.example'>", "holds a <meta> element for refresh"),
        ("<!--><script>alert(1)</script>-->", "holds a comment"),
        ("<?xml-stylesheet href=x?>", "holds a processing instruction"),
        ("<![CDATA[x]]>", "holds a"),
        ("<![weird[x]]>", ".html "),
    ],
)
@pytest.mark.parametrize("pattern", ["index.html", "threads/*.html"])
def test_what_runs_or_fetches_in_a_page_is_found(bundle: Path, pattern: str, markup: str, finding: str) -> None:
    (page,) = (bundle / "data").glob(pattern)
    page.write_text(page.read_text(encoding="utf-8").replace("</main>", f"{markup}</main>"), encoding="utf-8")
    reseal(bundle)
    found = findings(bundle)
    assert finding in found
    assert page.name in found


def test_a_page_that_is_no_text_is_found(bundle: Path) -> None:
    (bundle / "data/index.html").write_bytes(b"\xff")
    reseal(bundle)
    assert "data/index.html cannot be read as a page" in findings(bundle)


# -- what only the seal can show --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("index.html", "Closing of the Majuli road", "Something else"),
        ("threads/0001-majuli-road.html", TEXTS["en"], "The road stays closed."),
        ("README.txt", "Answer to request", "No answer to"),
        ("production.json", "ৰীতা Das", "Someone Else"),
    ],
)
def test_an_edited_page_shows_by_the_seal_and_without_it_the_check_says_so(
    whole: Path, bundle: Path, name: str, old: str, new: str
) -> None:
    seal = check_bundle(whole).sha256
    path = bundle / "data" / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")
    reseal(bundle)
    report = check_bundle(bundle)
    assert report.findings == ()
    assert "the pages index.html and threads/ are only as good as the seal: compare it" in report.proved[-1]
    assert "this is not the bundle that was sealed" in findings(bundle, seal=seal)
    assert check_bundle(bundle, seal=seal).proved == ()


def test_with_its_seal_the_whole_bundle_is_proved(whole: Path) -> None:
    seal = check_bundle(whole).sha256
    assert seal is not None
    for told in (seal, f"sha256:{seal}", f" {seal.upper()}\n"):
        report = check_bundle(whole, seal=told)
        assert report.findings == ()
        assert "index.html and threads/ too, is what was sealed" in report.proved[-1]

"""A WACZ file is what its description says, and every difference is found."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.core.errors import BadWarc
from archiver.core.wacz import Page, check_wacz, write_wacz
from archiver.core.warc import Exchange, WarcWriter

NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
PAGES = (
    Page(url="https://gov.in/1", ts=NOON, title="জাননী", text="বান্ধ সুৰক্ষিত। بند محفوظ ہے۔"),
    Page(url="https://gov.in/2", ts=NOON, title="Avis 🛟"),
)


def make_warc(path: Path, *numbers: int) -> Path:
    writer = WarcWriter(path, info={})
    for number in numbers:
        writer.write_exchange(
            Exchange(
                uri=f"https://gov.in/{number}",
                date=NOON,
                request_head=b"GET / HTTP/1.1\r\n\r\n",
                response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
                response_body=f"<p>{number}".encode(),
            )
        )
    writer.finish()
    return path


@pytest.fixture
def wacz(tmp_path: Path) -> Path:
    warcs = [
        ("b.warc.gz", make_warc(tmp_path / "1.warc.gz", *range(400))),
        ("a.warc.gz", make_warc(tmp_path / "2.warc.gz", 2)),
    ]
    out = tmp_path / "answer.wacz"
    write_wacz(out, warcs, PAGES, title="Request 2026/1", created=NOON)
    return out


def test_the_fields_own_validator_accepts_it(wacz: Path) -> None:
    validator = [sys.executable, "-W", "ignore", "-c", "from wacz.main import main; main()", "validate", "-f"]
    checked = subprocess.run([*validator, wacz], capture_output=True, text=True, check=False)
    assert "Validation succeeded, the passed WACZ is valid" in checked.stdout, checked.stdout + checked.stderr


def test_it_holds_what_the_specification_asks_for(wacz: Path) -> None:
    with zipfile.ZipFile(wacz) as package:
        assert package.namelist() == [
            "archive/b.warc.gz",
            "archive/a.warc.gz",
            "indexes/index.cdx.gz",
            "indexes/index.idx",
            "pages/pages.jsonl",
            "datapackage.json",
            "datapackage-digest.json",
        ]
        assert {entry.compress_type for entry in package.infolist()} == {zipfile.ZIP_STORED}
        described = json.loads(package.read("datapackage.json"))
        pages = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()]
        summary = package.read("indexes/index.idx").decode().splitlines()
    assert (described["profile"], described["wacz_version"], described["title"], described["created"]) == (
        "data-package",
        "1.1.1",
        "Request 2026/1",
        "2026-11-21T12:00:30Z",
    )
    assert pages[0] == {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    assert pages[1] | {"id": ""} == {
        "id": "",
        "url": "https://gov.in/1",
        "title": "জাননী",
        "ts": "2026-11-21T12:00:30Z",
        "text": "বান্ধ সুৰক্ষিত। بند محفوظ ہے۔",
    }
    assert "text" not in pages[2]
    assert summary[0] == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    assert len(summary) == 3  # 401 lines in blocks of 300


def test_the_same_input_gives_the_same_bytes(wacz: Path, tmp_path: Path) -> None:
    first = wacz.read_bytes()
    warcs = [("b.warc.gz", tmp_path / "1.warc.gz"), ("a.warc.gz", tmp_path / "2.warc.gz")]
    write_wacz(wacz, warcs, PAGES, title="Request 2026/1", created=NOON)
    assert wacz.read_bytes() == first


def test_a_whole_file_has_no_findings(wacz: Path) -> None:
    checked = check_wacz(wacz)
    assert (checked.ok, checked.resources, checked.findings) == (True, 5, ())


@pytest.mark.parametrize("names", [["a.warc.gz", "a.warc.gz"], ["a/b.warc.gz"], ["../a.warc.gz"], ["a.zip"]], ids=str)
def test_names_that_would_collide_or_escape_are_refused(names: list[str], tmp_path: Path) -> None:
    warc = make_warc(tmp_path / "1.warc.gz", 1)
    with pytest.raises(ValueError, match="unique"):
        write_wacz(tmp_path / "x.wacz", [(name, warc) for name in names], (), title="", created=NOON)


def test_a_damaged_warc_is_not_packed(tmp_path: Path) -> None:
    warc = make_warc(tmp_path / "1.warc.gz", 1)
    warc.write_bytes(warc.read_bytes()[:-3])
    with pytest.raises(BadWarc, match=r"1\.warc\.gz"):
        write_wacz(tmp_path / "x.wacz", [("1.warc.gz", warc)], (), title="", created=NOON)
    assert not (tmp_path / "x.wacz").exists()


Change = Callable[[dict[str, bytes]], None]


def rewrite(wacz: Path, change: Change, compression: int = zipfile.ZIP_STORED) -> tuple[str, ...]:
    """The findings after the package's files were changed."""
    with zipfile.ZipFile(wacz) as package:
        files = {name: package.read(name) for name in package.namelist()}
    change(files)
    with zipfile.ZipFile(wacz, "w", compression) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return check_wacz(wacz).findings


def drop(name: str) -> Change:
    return lambda files: [files.pop(name)][1:]  # type: ignore[return-value]  # only its effect counts


def edit(name: str, old: bytes, new: bytes) -> Change:
    def change(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return change


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (drop("archive/a.warc.gz"), "archive/a.warc.gz is listed but missing"),
        (drop("datapackage.json"), "datapackage.json is missing"),
        (drop("datapackage-digest.json"), "datapackage-digest.json is missing"),
        (drop("indexes/index.cdx.gz"), "indexes/index.cdx.gz is missing"),
        (lambda files: files.update({"extra.txt": b"x"}), "extra.txt is not listed"),
        (edit("pages/pages.jsonl", b"Avis", b"Avid"), "pages/pages.jsonl differs from its digest"),
        (
            edit("pages/pages.jsonl", b"Avis", b"Avi"),
            " are listed",
        ),
        (edit("datapackage.json", b"Request", b"Inquiry"), "datapackage.json differs from its digest"),
        (edit("datapackage.json", b"{", b"["), "datapackage.json or its digest cannot be read"),
        (
            lambda files: files.update({"archive/a.warc.gz": files["archive/a.warc.gz"][:-1]}),
            "the file ends in the middle of it",
        ),
        (
            lambda files: files.update({"archive/a.warc.gz": files["archive/b.warc.gz"]}),
            "record is not in the index: a.warc.gz at",
        ),
        (
            lambda files: files.update({"archive/b.warc.gz": files["archive/a.warc.gz"]}),
            "index line points at no such record: b.warc.gz at",
        ),
    ],
)
def test_every_difference_is_found(change: Change, finding: str, wacz: Path) -> None:
    assert [found for found in rewrite(wacz, change) if finding in found]


def test_a_compressed_warc_is_found(wacz: Path) -> None:
    findings = rewrite(wacz, lambda files: None, zipfile.ZIP_DEFLATED)
    assert "archive/a.warc.gz is compressed: its records cannot be reached by offset" in findings


def test_a_cut_file_is_no_package(wacz: Path) -> None:
    wacz.write_bytes(wacz.read_bytes()[:-30])
    assert [finding for finding in check_wacz(wacz).findings if "cannot be read as a ZIP file" in finding]


def test_flipped_bytes_are_found(wacz: Path) -> None:
    content = wacz.read_bytes()
    with zipfile.ZipFile(wacz) as package:
        starts = [entry.header_offset for entry in package.infolist()]
    for start in starts:
        flipped = bytearray(content)
        flipped[start + 120] ^= 0x10
        wacz.write_bytes(flipped)
        assert not check_wacz(wacz).ok


def test_an_entry_marked_as_encrypted_is_a_finding(wacz: Path) -> None:
    content = bytearray(wacz.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    wacz.write_bytes(content)
    assert [finding for finding in check_wacz(wacz).findings if "cannot be read as a ZIP file" in finding]

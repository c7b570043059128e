"""DAT, OPT and RSMF: read back equal, of the shape of real files, with texts that try to break them."""

from __future__ import annotations

import base64
import email
import json
import os
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import BadInput
from exports.redaction.gate import Gate, Page
from exports.release.documents import Document, Numbering, check_numbering, number_documents
from exports.release.load_files import (
    FIELDS,
    Links,
    OptLine,
    dat_header,
    dat_line,
    document_cells,
    opt_line,
    read_dat,
    read_opt,
)
from exports.release.rsmf import check_manifest, write_rsmf
from tests.exports.sample import TEXTS, make_item, make_record

AWKWARD = [
    "commas, \"quotes\" and 'more'",
    "þþ þorn þ",
    "two\nlines\r\nand three",
    "=SUM(A1:A9)",
    "CON",
    "t" * 300,
    "ৰীতা दास سڑک 👍🏽",
    "\x14 the separator itself",
]
real = pytest.mark.skipif("ARCHIVER_TEST_TARGETS" not in os.environ, reason="needs ARCHIVER_TEST_TARGETS")


def samples() -> Path:
    return Path(os.environ["ARCHIVER_TEST_TARGETS"]).parent / "data"


def documents(directory: Path, **changes: Any) -> list[Document]:
    record = make_record(directory, "1")
    items = [
        *record.items,
        *(make_item(record.record.id, 20 + number, text, parent=1) for number, text in enumerate(AWKWARD)),
    ]
    gate = Gate(rules=(), releases={}, page=lambda produced, capture: Page(layout=None), cleared={}, salt="00")
    released = gate.release(replace(record, items=tuple(items), **changes))
    return number_documents(released, Numbering(prefix="ABC-", width=6), 0)[0]


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x14\r®"), max_size=30)


@given(st.lists(CELLS, min_size=1))
def test_a_dat_line_reads_back_equal(cells: list[str]) -> None:
    (row,) = read_dat(b"\xef\xbb\xbf" + dat_line(cells))
    assert row == cells


def test_the_dat_is_utf_8_with_its_mark_crlf_and_thorns() -> None:
    assert dat_header().startswith(b"\xef\xbb\xbf\xc3\xbeDOCID\xc3\xbe\x14\xc3\xbeBEGBATES\xc3\xbe\x14")
    assert dat_line(["a", "", "b\nc®þ"]) == "þaþ\x14þþ\x14þb®c(R)þþþ\r\n".encode()


@real
def test_the_dat_has_the_shape_of_a_real_one() -> None:
    real_one = (samples() / "concordance" / "load_file_03.dat").read_bytes()
    ours = dat_header()
    assert real_one[:5] == ours[:5]
    assert real_one.count(b"\r\n") == real_one.count(b"\n")
    assert b"\x14" in real_one


@real
def test_a_real_opt_is_read_and_written_again_byte_for_byte() -> None:
    content = (samples() / "concordance" / "Opticon_01.opt").read_bytes()
    again = b"".join(map(opt_line, read_opt(content)))
    assert again.split(b"\r\n")[:5] == content.replace(b"\r\n", b"\n").split(b"\n")[:5]


def test_an_opt_line_has_seven_fields_and_its_count_on_the_first_page() -> None:
    first = OptLine(page="ABC-000001", volume="VOL01", path=r".\VOL01\IMAGES\0001\ABC-000001.png", first=True, pages=2)
    assert opt_line(first) == b"ABC-000001,VOL01,.\\VOL01\\IMAGES\\0001\\ABC-000001.png,Y,,,2\r\n"
    assert read_opt(opt_line(first)) == [first]
    with pytest.raises(ValueError, match="comma"):
        opt_line(replace(first, path="a,b"))


def test_every_row_has_every_field_and_families_are_whole(tmp_path: Path) -> None:
    made = documents(tmp_path)
    rows = [document_cells(each, Links(text="x")) for each in made]
    assert {len(row) for row in rows} == {len(FIELDS)}
    families = {(row[FIELDS.index("BEGATTACH")], row[FIELDS.index("ENDATTACH")]) for row in rows}
    assert families == {(made[0].begin, made[-1].end)}
    numbers = [page.number for each in made for page in each.pages]
    assert numbers == [f"ABC-{n:06d}" for n in range(1, len(numbers) + 1)]
    back = list(read_dat(dat_header() + b"".join(map(dat_line, rows))))
    assert back[0] == list(FIELDS)
    assert [row[0] for row in back[1:]] == [each.begin for each in made]


def test_a_registered_sign_is_replaced_and_the_row_says_so(tmp_path: Path) -> None:
    made = documents(tmp_path)
    assert made[0].item is not None
    item = replace(made[0].item, item=replace(made[0].item.item, creator_name="Acme®"))
    row = document_cells(replace(made[0], item=item), Links(text="x"))
    assert row[-1] == "(R) stands for the registered sign"


def message_of(content: bytes) -> tuple[Any, zipfile.ZipFile]:
    parsed = email.message_from_bytes(content)
    (attached,) = [each for each in parsed.walk() if each.get_filename()]
    assert attached.get_filename() == "rsmf.zip"
    return parsed, zipfile.ZipFile(BytesIO(bytes(attached.get_payload(decode=True))))


def test_an_rsmf_is_a_message_with_one_attachment_and_a_sound_manifest(tmp_path: Path) -> None:
    made = documents(tmp_path)
    (content,) = write_rsmf(made, agency="শিৱসাগৰ, পৌৰসভা", software="test")
    parsed, package = message_of(content)
    assert parsed["X-RSMF-Version"] == "2.0.0"
    assert parsed["X-RSMF-EventCount"] == str(len(made))
    assert max(len(line) for line in content.split(b"\r\n")) < 998
    manifest = json.loads(package.read("rsmf_manifest.json"))
    assert list(check_manifest(manifest, package.namelist())) == []
    assert [each["body"] for each in manifest["events"]][:6] == list(TEXTS.values())
    edited = next(each for each in manifest["events"] if "edits" in each)
    assert edited["edits"][0]["previous"] == "Où est le pont ?"
    assert any(each["deleted"] for each in manifest["events"])
    assert content == write_rsmf(made, agency="শিৱসাগৰ, পৌৰসভা", software="test")[0]


@real
def test_an_rsmf_meets_the_published_schema(tmp_path: Path) -> None:
    schema = json.loads((samples() / "rsmf" / "rsmf_schema_2_0_0.json").read_text(encoding="utf-8"))
    (content,) = write_rsmf(documents(tmp_path), agency="Town", software="test")
    manifest = json.loads(message_of(content)[1].read("rsmf_manifest.json"))
    jsonschema.validate(manifest, schema, cls=jsonschema.Draft7Validator)
    valid = json.loads((samples() / "rsmf" / "own" / "valid_minimal_manifest.json").read_text(encoding="utf-8"))
    assert list(check_manifest(valid)) == []
    other = samples() / "rsmf" / "samples" / "Sample2" / "rsmf.zip"
    with zipfile.ZipFile(other) as package:
        told = list(check_manifest(json.loads(package.read("rsmf_manifest.json")), package.namelist()))
    assert any("AV1" in each for each in told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m["events"][1].update(participant="P99"), "no participant P99"),
        (lambda m: m["events"][1].update(parent="nowhere"), "no other event nowhere"),
        (lambda m: m["events"][1].update(id=m["events"][0]["id"]), "is there twice"),
        (lambda m: m["events"][1].update(timestamp="2026-03-14T09:00:00"), "has no offset"),
        (lambda m: m["events"][1].update(conversation="C9"), "no conversation C9"),
        (lambda m: m["events"][1].update(custom=[{"name": "a", "value": ""}]), "is empty"),
        (lambda m: m["events"][1].update(attachments=[{"id": "a.png"}]), "the package lacks a.png"),
        (lambda m: m["conversations"][0]["participants"].append("P99"), "no participant P99"),
    ],
)
def test_the_checker_of_references_finds_what_the_schema_does_not(tmp_path: Path, change: Any, told: str) -> None:
    (content,) = write_rsmf(documents(tmp_path), agency="Town", software="test")
    manifest = json.loads(message_of(content)[1].read("rsmf_manifest.json"))
    change(manifest)
    assert any(told in each for each in check_manifest(manifest))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prefix": ""}, "prefix"),
        ({"prefix": "a,b"}, "prefix"),
        ({"width": 2}, "3 to 12"),
        ({"first": -1}, "0 or later"),
    ],
)
def test_numbers_that_would_break_load_files_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_numbering(Numbering(**{"prefix": "ABC-", **changes}))
    with pytest.raises(BadInput, match="more than 3 digits"):
        Numbering(prefix="A", width=3, first=999).number(1)


def test_long_names_in_heads_are_encoded_words(tmp_path: Path) -> None:
    (content,) = write_rsmf(documents(tmp_path), agency="ক" * 200, software="test")
    assert base64.b64encode("ক".encode()) in content
    assert (
        str(email.header.make_header(email.header.decode_header(email.message_from_bytes(content)["From"]))).count("ক")
        == 200
    )


def test_dates_in_heads_are_english_whatever_the_locale(tmp_path: Path) -> None:
    (content,) = write_rsmf(documents(tmp_path), agency="Town", software="test")
    stamp = parsedate_to_datetime(email.message_from_bytes(content)["Date"])
    assert stamp >= datetime(2026, 3, 14, tzinfo=UTC)

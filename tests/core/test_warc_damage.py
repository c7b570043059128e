"""Our check against the two in wide use, over one matrix of defects; the manual's table is what is measured here."""

from __future__ import annotations

import gzip
import io
import re
from argparse import Namespace
from pathlib import Path

import pytest
from click.testing import CliRunner

from archiver.core.fixity import Fault, check_warc_object, digest_bytes
from archiver.core.records import ObjectRole, StoredObject
from archiver.core.warc import Defect, WarcCheck, check_stream, check_warc, read_records
from tests.core.warc_damage import DAMAGES, RECORDS, Damage, plain_members, write_sound

MANUAL = Path(__file__).parents[2] / "docs" / "developers.md"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warc") / "capture.warc.gz"
    write_sound(path)
    return path


def check(content: bytes, records: int | None = RECORDS) -> WarcCheck:
    return check_stream(io.BytesIO(content), Path("capture.warc.gz"), records=records)


def warcio_passes(path: Path) -> bool:
    from warcio.checker import Checker

    try:
        return bool(Checker(Namespace(inputs=[str(path)], verbose=False)).process_all() == 0)
    except Exception:  # noqa: BLE001 - whatever it fails with, it does not pass
        return False


def fastwarc_passes(path: Path) -> bool:
    from fastwarc.cli import main

    return CliRunner().invoke(main, ["check", "--quiet", str(path)]).exit_code == 0


def test_the_sound_file_passes_everywhere(sound: Path) -> None:
    assert check_warc(sound, records=RECORDS).findings == ()
    assert warcio_passes(sound)
    assert fastwarc_passes(sound)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_every_defect_is_found_with_its_kind_and_place(damage: Damage, sound: Path) -> None:
    content = damage.make(plain_members(sound))
    found = check(content)
    kinds = [
        each.defect for each in found.findings if each.defect is not Defect.COUNT or damage.defects == (Defect.COUNT,)
    ]
    assert sorted(kinds) == sorted(damage.defects), found.findings
    for each in found.findings:
        assert 0 <= each.offset <= len(content)
        assert each.problem
        assert str(sound) not in each.problem


def test_a_defect_of_one_record_does_not_hide_those_of_the_next(sound: Path) -> None:
    members = plain_members(sound)
    members[1] = members[1].replace(b"WARC/1.1", b"WARX/1.1")
    members[3] = members[3].replace(b"The dam is safe", b"The dam is gone")
    found = check(b"".join(gzip.compress(each, mtime=0) for each in members))
    assert [each.defect for each in found.findings[:3]] == [Defect.HEADER, Defect.REFERENCE, Defect.DIGEST]
    assert found.records == RECORDS - 1


def test_every_cut_of_a_filed_warc_is_found(sound: Path, tmp_path: Path) -> None:
    """Also exactly between two records, where only the file's own digest, length and count tell."""
    whole = sound.read_bytes()
    stored = StoredObject(
        path="a", role=ObjectRole.WARC, media_type="application/warc", sha256=digest_bytes(whole), size=len(whole)
    )
    boundaries = {each.offset for each in read_records(sound)}
    path = tmp_path / "cut.warc.gz"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        faults = {each.fault for each in check_warc_object(stored, path, RECORDS)}
        assert faults == {Fault.LENGTH, Fault.DIGEST, Fault.WARC}, length
        inside = check(whole[:length], records=None).findings
        assert bool(inside) == (length not in boundaries - {0}), length
    path.write_bytes(whole)
    assert list(check_warc_object(stored, path, RECORDS)) == []


def test_the_manuals_table_is_what_the_checkers_say(sound: Path, tmp_path: Path) -> None:
    """As measured with the warcio and FastWARC installed: a newer one that finds more changes the table."""
    members, whole = plain_members(sound), sound.read_bytes()
    path = tmp_path / "x.warc.gz"
    rows = {}
    for damage in DAMAGES:
        path.write_bytes(damage.make(members))
        found = bool(check_warc(path, records=RECORDS).findings)
        rows[damage.name] = [said(found), said(not warcio_passes(path)), said(not fastwarc_passes(path))]
    lengths = range(1, len(whole))
    passed = [0, 0, 0]
    for length in lengths:
        path.write_bytes(whole[:length])
        passed[0] += not check_warc(path, records=RECORDS).findings
        passed[1] += warcio_passes(path)
        passed[2] += fastwarc_passes(path)
    rows[f"cut at each of its {len(lengths)} bytes"] = [said(not n) if not n else f"**passes {n}**" for n in passed]
    written = {
        name.strip(): [cell.strip() for cell in cells.split("|")]
        for name, cells in re.findall(
            r"^\| ([^|`]+?) \| ((?:found|\*\*passes)[^\n]*?) \|$", MANUAL.read_text("utf-8"), re.M
        )
    }
    expected = "\n".join(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())
    assert written == rows, expected


def said(found: bool) -> str:
    return "found" if found else "**passes**"


GOLDEN = Path(__file__).parents[1] / "golden" / "warc"


@pytest.mark.parametrize(
    ("name", "records", "first"),
    [
        ("example-bad.warc.gz", 0, {"its gzip member holds more than one record"}),
        ("example-bad-non-chunked.warc.gz", 0, {"its gzip member holds more than one record"}),
        ("example-wrong-chunks.warc.gz", 0, {"the record is shorter than its Content-Length says"}),
        ("example.arc.gz", 0, {"it does not begin with a WARC header"}),
        ("example.warc.gz", 6, {"the block digest is missing"}),
        ("example-resource.warc.gz", 3, {"the block digest is missing"}),
        ("example-wget-bad-target-uri.warc.gz", 6, {"the payload digest is missing"}),
    ],
)
def test_files_of_other_writers_are_told_of_in_words(name: str, records: int, first: set[str]) -> None:
    found = check_warc(GOLDEN / name)
    assert found.records == records
    assert first <= {each.problem for each in found.findings}

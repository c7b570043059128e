"""Sealing: killed, resumed, refused, withheld, out of disk; names that break other systems."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archiver.core.errors import ProductionRefused, StorageFull
from exports.checking.verifier import check
from exports.leaks.leak_check import LeakCheck
from exports.redaction.detectors import DETECTORS
from exports.redaction.gate import ItemRelease
from exports.redaction.rules import RedactionRule
from exports.release.documents import Numbering
from tests.exports.leaks.planted import Drawn, gate_of, release
from tests.exports.sample import REQUEST, make_record

ROOT = Path(__file__).parents[3]
KILLS = 20 if os.environ.get("ARCHIVER_PROVE") else 3
LAYOUT: dict[str, Any] = {"texts": [], "regions": [], "images": []}
PROGRAM = """
import sys
from pathlib import Path
from tests.exports.leaks.planted import release
from tests.exports.release.test_release import drawn
work = Path(sys.argv[1])
release(drawn(work / sys.argv[2]), (), work / "bundle", profile="court")
"""


def drawn(place: Path, **changes: str) -> list[Drawn]:
    return [Drawn(make_record(place, digit, **changes), LAYOUT, {}) for digit in "123"]  # type: ignore[arg-type]


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_killed_at_any_moment_and_made_again_it_has_the_same_bytes(tmp_path: Path) -> None:
    whole = release(drawn(tmp_path / "objects"), (), tmp_path / "whole", profile="court")
    expected, chance = tree(whole.path), random.Random(7)
    for number in range(KILLS):
        work = tmp_path / f"run-{number}"
        work.mkdir()
        begun = subprocess.Popen([sys.executable, "-c", PROGRAM, str(work), "killed"], cwd=ROOT)
        time.sleep(1.0 + 2.0 * chance.random())
        begun.send_signal(signal.SIGKILL)
        begun.wait()
        assert not (work / "bundle").exists() or tree(work / "bundle") == expected
        if not (work / "bundle").exists():
            release(drawn(work / "again"), (), work / "bundle", profile="court")
        assert tree(work / "bundle") == expected


def test_a_record_of_which_everything_is_withheld_is_named_and_nothing_of_it_told(tmp_path: Path) -> None:
    given = drawn(tmp_path / "objects")
    own = tuple(
        replace(each, item=replace(each.item, text=f"Words of the second thread alone, {each.id}"), versions=())
        for each in given[1].produced.items
    )
    given[1] = replace(given[1], produced=replace(given[1].produced, items=own))
    hidden = {each.id: ItemRelease(release="withheld", label="[14]") for each in given[1].produced.items}
    made = release(given, (), tmp_path / "bundle", gate=gate_of(given, (), **hidden))
    assert [each.record_id for each in made.not_produced] == [given[1].produced.record.id]
    assert "every item of it is withheld: [14]" in (made.path / "data/index.html").read_text(encoding="utf-8")
    assert made.records == 2
    everything = {
        each.id: ItemRelease(release="withheld", label="[14]") for one in given for each in one.produced.items
    }
    with pytest.raises(ProductionRefused, match="every record is withheld"):
        release(given, (), tmp_path / "nothing", gate=gate_of(given, (), **everything))
    assert not (tmp_path / "nothing").exists()


def test_a_bundle_is_never_written_over(tmp_path: Path) -> None:
    given = drawn(tmp_path / "objects")
    release(given, (), tmp_path / "bundle")
    with pytest.raises(ProductionRefused, match="exists already"):
        release(given, (), tmp_path / "bundle")


def test_a_full_disk_leaves_no_bundle_and_says_so(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        with pytest.raises(StorageFull):
            release(drawn(tmp_path / "objects"), (), small / "bundle", profile="court")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize("title", ["CON", 'a,b;"c"', "þ®\nnew line", "=HYPERLINK(1)", "../../x", "ৰ" * 300, ""])
def test_awkward_titles_break_no_file_name_and_no_table(tmp_path: Path, title: str) -> None:
    made = release(drawn(tmp_path / "objects", title=title), (), tmp_path / "bundle", profile="requester")
    assert check(made.path)[0] == []
    for path in (made.path / "data").rglob("*"):
        assert len(path.name) < 100
        assert path.stem.upper() not in {"CON", "NUL", "AUX", "PRN"}
        assert path.name.isascii()
    with (made.path / "data/items.csv").open(encoding="utf-8-sig", newline="") as file:
        assert not any(cell.startswith(("=", "+", "@")) for row in csv.reader(file) for cell in row)


@pytest.mark.parametrize("profile", ["requester", "court"])
@pytest.mark.parametrize("prefix", ["R2026-0003-", "P", "0312-", "555-"])
def test_what_a_bundle_says_by_itself_is_nothing_that_a_detector_finds(
    tmp_path: Path, profile: str, prefix: str
) -> None:
    """A page's number looks like a telephone's, a message's id like an address: nothing could ever be sealed."""
    rules = tuple(
        RedactionRule(id=f"red_{each.name}", kind="pattern", scope="everywhere", section="14", detector=each.name)
        for each in DETECTORS
    )
    given = drawn(tmp_path / "objects")
    made = release(
        given, rules, tmp_path / "bundle", profile=profile, numbering=Numbering(prefix=prefix),
        gate=replace(gate_of(given, rules), originals=False),
    )  # fmt: skip
    assert made.leaks.stopping == ()


def test_a_number_that_is_no_page_of_the_bundle_is_found_beside_those_that_are() -> None:
    rule = RedactionRule(id="red_1", kind="pattern", scope="everywhere", section="14", detector="phone")
    check = LeakCheck([], [rule], numbers=Numbering(prefix="R2026-0003-").pattern)
    check.search("a.txt", b"R2026-0003-0000001 to R2026-0003-0000083")
    assert check.report().leaks == ()
    check.search("b.txt", b"R2026-0003-0000001: call 0300-1234567")
    assert [each.place for each in check.report().leaks] == ["b.txt"]


def test_volumes_are_cut_by_size_and_numbers_run_on(tmp_path: Path) -> None:
    given = drawn(tmp_path / "objects")
    made = release(given, (), tmp_path / "bundle", profile="court", volume=1)
    names = sorted(path.name for path in (made.path / "data").iterdir() if path.name.startswith("VOL"))
    assert names == ["VOL01", "VOL02", "VOL03"]
    pages = sorted(path.stem for path in made.path.rglob("IMAGES/*/*.png"))
    assert pages == [f"ABC-{number:06d}" for number in range(1, len(pages) + 1)]


def test_numbers_run_on_from_the_page_named(tmp_path: Path) -> None:
    from exports.release.documents import Numbering

    given = drawn(tmp_path / "objects")
    made = release(given, (), tmp_path / "bundle", numbering=Numbering(prefix="X", first=501, width=5))
    assert made.first == "X00501"
    assert replace(made).last == f"X{500 + made.pages:05d}"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ('"Rita Das"', "[14]"),
        ("ritad* OR weir", "[14]"),
        ("creator:rita weir", "[14]"),
        ("das NEAR flood", "[14]"),
        ("water OR পানী", "water OR পানী"),
        ("flood weir", "[13]"),  # every word of a phrase
        ("weir", "weir"),
    ],
)
def test_a_query_that_gives_a_part_of_a_name_is_not_told(tmp_path: Path, query: str, told: str) -> None:
    rules = (
        RedactionRule(
            id="red_1", kind="person", scope="everywhere", section="14", phrases=("Rita Das", "@ritadas")
        ),
        RedactionRule(id="red_2", kind="phrase", scope="everywhere", section="13", phrases=("weir flood",)),
    )  # fmt: skip
    given = drawn(tmp_path / "objects")
    request = replace(REQUEST, searches=tuple(replace(each, query=query, interpreted="") for each in REQUEST.searches))
    made = release(given, rules, tmp_path / "bundle", request=request)
    asked = json.loads((made.path / "data/production.json").read_text(encoding="utf-8"))["request"]["searches"]
    assert [each["query"] for each in asked] == [told]

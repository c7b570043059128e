"""The disk is full when most of a production is written: nothing is sealed or lost, and the next run goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from archiver.core.errors import StorageFull
from exports.checking.verifier import check
from exports.release.making import Released, make_release
from tests.exports.leaks.planted import Drawn, around, gate_of, plan_of
from tests.exports.release.test_release import LAYOUT, tree
from tests.exports.sample import REQUEST, make_record

PAGE = 4096
"""What a file in memory takes of its disk at a time."""
MISSING = tuple(range(1, 40)) if os.environ.get("ARCHIVER_PROVE") else (1, 3, 8)
"""How many pages too few there are: from the signature, which is written last, to manifests, tables and lists, and
into the last record.
"""
OF_RECORDS = ("data/pictures/", "data/threads/", "data/items.", "data/VOL01/")
RECORDS = "1234"


@contextmanager
def disk(at: Path, pages: int) -> Iterator[Path]:
    """A disk of so many pages."""
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={pages * PAGE}", "tmpfs", str(at)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


def make_room(at: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(at)], check=True)


def pages_of(root: Path) -> int:
    return sum(-(-each.stat().st_size // PAGE) for each in root.rglob("*") if each.is_file())


def make(objects: Path, into: Path, profile: str) -> Released:
    given = [Drawn(make_record(objects, digit), LAYOUT, {}) for digit in RECORDS]
    return make_release(
        REQUEST,
        [each.produced for each in given],
        gate_of(given, ()),
        plan_of(given, profile),
        around(),
        into=into,
        asked=len(given),
    )


@dataclass(frozen=True)
class Undisturbed:
    """A production that nothing disturbed; `need`: the pages that one takes at most, with its journal; `closing`: those
    that are written when all records are.
    """

    profile: str
    files: dict[str, bytes]
    need: int

    @property
    def closing(self) -> int:
        tail = 1  # of the tables, which is written when they are closed
        return tail + sum(-(-len(it) // PAGE) for name, it in self.files.items() if not name.startswith(OF_RECORDS))

    def is_made_after(self, place: Path, pages: int) -> int:
        """Made on a disk of so few pages, then with room; of how many records the pages were taken up."""
        with disk(place / f"disk-{pages}", pages) as small:
            with pytest.raises(StorageFull, match=r"could not be written: no space is left on the disk; .* run again"):
                make(place / f"objects-{pages}", small / "bundle", self.profile)
            assert {each.name for each in small.iterdir()} == {"bundle.journal", "bundle.pages"}  # nothing sealed
            make_room(small)
            made = make(place / f"again-{pages}", small / "bundle", self.profile)
            assert tree(made.path) == self.files
            assert check(made.path)[0] == []
            assert [each.name for each in small.iterdir()] == ["bundle"]
        return made.taken_up


@pytest.fixture(scope="module", params=["requester", "court"])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    place, profile = tmp_path_factory.mktemp("undisturbed"), str(request.param)
    made = make(place / "objects", place / "whole", profile)
    bundle = pages_of(made.path)
    with disk(place / "tight", bundle) as tight:
        with pytest.raises(StorageFull):
            make(place / "objects-tight", tight / "bundle", profile)
        journal = -(-(tight / "bundle.journal").stat().st_size // PAGE)
    return Undisturbed(profile, tree(made.path), bundle + journal)


def test_a_disk_that_just_suffices_is_enough(tmp_path: Path, undisturbed: Undisturbed) -> None:
    with disk(tmp_path / "disk", undisturbed.need) as small:
        assert tree(make(tmp_path / "objects", small / "bundle", undisturbed.profile).path) == undisturbed.files


def test_a_disk_full_at_nine_tenths_loses_no_page(tmp_path: Path, undisturbed: Undisturbed) -> None:
    assert undisturbed.is_made_after(tmp_path, undisturbed.need * 9 // 10) >= 1


@pytest.mark.parametrize("missing", MISSING)
def test_a_disk_full_at_the_tables_the_manifests_or_the_signature_loses_no_page(
    tmp_path: Path, undisturbed: Undisturbed, missing: int
) -> None:
    taken_up = undisturbed.is_made_after(tmp_path, undisturbed.need - missing)
    assert taken_up == len(RECORDS) - (missing > undisturbed.closing)

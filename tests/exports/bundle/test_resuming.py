"""A production that was broken off goes on where it stopped, and has the bytes of one that was not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

import exports.release.documents
from archiver.core.errors import LeakFound, StorageFull
from archiver.core.progress import Progress
from exports.redaction.painting import stamp
from exports.redaction.rules import RedactionRule
from exports.release.documents import Numbering
from exports.release.making import Released, make_release
from tests.exports.leaks.planted import around, gate_of, plan_of
from tests.exports.release.test_release import drawn, tree
from tests.exports.sample import REQUEST


def stopping_after(records: int) -> Progress:
    def told(done: int, total: int, what: str = "") -> None:
        if done == records:
            raise KeyboardInterrupt

    return told


def make(place: Path, name: str, profile: str, *, stop: int = 0, **changes: Any) -> Released:
    given = drawn(place / "objects" / name)
    surroundings = around(read_picture=changes.pop("read", None), acknowledged=changes.pop("acknowledged", {}))
    into = changes.pop("disk", place) / "bundle"
    return make_release(
        REQUEST,
        [each.produced for each in given],
        gate_of(given, changes.pop("rules", ())),
        plan_of(given, profile, **changes),
        surroundings,
        into=into,
        asked=len(given),
        progress=stopping_after(stop),
    )


@pytest.mark.parametrize("profile", ["requester", "court"])
@pytest.mark.parametrize("images", ["png", "tiff"])
def test_pages_made_before_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, images: str
) -> None:
    whole = make(tmp_path / "whole", "a", profile, images=images)
    stamped: list[str] = []

    def counted(png: bytes, number: str) -> bytes:
        stamped.append(number)
        return stamp(png, number)

    monkeypatch.setattr(exports.release.documents, "stamp", counted)
    for stop in (1, 2):  # broken off, taken up, broken off later
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path / "broken", f"run-{stop}", profile, stop=stop, images=images)
    assert len(stamped) == len(set(stamped))
    made = make(tmp_path / "broken", "last", profile, images=images)
    assert len(stamped) == len(set(stamped))
    assert made.taken_up == 2
    assert tree(made.path) == tree(whole.path)
    assert sorted(each.name for each in (tmp_path / "broken").iterdir()) == ["bundle", "objects"]


def test_a_page_that_is_not_as_it_was_made_is_made_again(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole", "a", "court")
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "broken", "a", "court", stop=2)
    page = next((tmp_path / "broken/bundle.part").rglob("IMAGES/*/*.png"))
    page.write_bytes(b"")  # as a power cut leaves it
    journal = tmp_path / "broken/bundle.journal"
    journal.write_bytes(journal.read_bytes() + b'{"record": "rec_')  # and the last line torn
    made = make(tmp_path / "broken", "b", "court")
    assert made.taken_up == 1
    assert tree(made.path) == tree(whole.path)


def test_of_what_was_made_under_other_decisions_only_what_these_leave_as_it_was_is_taken_up(tmp_path: Path) -> None:
    rectangle = ("cap_" + "21".rjust(16, "0"), 0, 0, 1, 1)
    rule = RedactionRule(
        id="red_1", kind="rectangle", scope="here", section="14", record="rec_" + "2" * 16, rectangle=rectangle
    )
    whole = make(tmp_path / "whole", "a", "court", rules=(rule,), why="a name in the picture")
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "broken", "a", "court", stop=3)
    made = make(tmp_path / "broken", "b", "court", rules=(rule,), why="a name in the picture")
    assert made.taken_up == 2
    assert tree(made.path) == tree(whole.path)


def test_pages_of_other_numbers_are_not_taken_up(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, "a", "court", stop=2)
    assert make(tmp_path, "b", "court", numbering=Numbering(prefix="XYZ-", width=6)).taken_up == 0


@pytest.mark.parametrize("profile", ["requester", "court"])
def test_after_a_leak_is_acknowledged_the_pages_made_before_it_are_taken_up(tmp_path: Path, profile: str) -> None:
    rule = RedactionRule(
        id="red_1", kind="phrase", scope="here", section="14", phrases=("सोमवार को",), record="rec_" + "1" * 16
    )
    acknowledged = _Any("said by the mayor in public")
    whole = make(tmp_path / "whole", "a", profile, rules=(rule,), acknowledged=acknowledged)
    with pytest.raises(LeakFound, match="nothing was sealed"):
        make(tmp_path / "stopped", "a", profile, rules=(rule,))
    left = {each.name for each in (tmp_path / "stopped").iterdir()}
    assert left == {"bundle.journal", "bundle.pages", "objects"}
    made = make(tmp_path / "stopped", "b", profile, rules=(rule,), acknowledged=acknowledged)
    assert made.taken_up == 3
    assert tree(made.path) == tree(whole.path)
    assert {each.name for each in (tmp_path / "stopped").iterdir()} == {"bundle", "objects"}


class _Any(dict[str, str]):
    """A reason for every place."""

    def __init__(self, reason: str) -> None:
        super().__init__({"": reason})

    def get(self, place: str, default: Any = None) -> Any:
        return self[""]


def test_after_a_full_disk_the_pages_made_before_it_are_taken_up(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole", "a", "court")
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        with pytest.raises(StorageFull):
            make(tmp_path / "outside", "a", "court", disk=small)
        assert {each.name for each in small.iterdir()} == {"bundle.journal", "bundle.pages"}
        subprocess.run(["mount", "-o", "remount,size=16m", str(small)], check=True)
        made = make(tmp_path / "outside", "b", "court", disk=small)
        assert made.taken_up >= 1
        assert tree(made.path) == tree(whole.path)
        assert [each.name for each in small.iterdir()] == ["bundle"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_ocr_reads_no_picture_twice(tmp_path: Path) -> None:
    read: list[bytes] = []

    def broken(picture: bytes) -> str:
        if len(read) == 3:
            raise KeyboardInterrupt
        read.append(picture)
        return "নমস্কাৰ"

    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, "a", "court", read=broken)
    again: list[bytes] = []

    def whole(picture: bytes) -> str:
        again.append(picture)
        return ""

    made = make(tmp_path, "b", "court", read=whole)
    assert made.taken_up == 3
    assert not set(read) & set(again)
    assert made.leaks.pictures_read > len(again) >= 1

"""A production that was broken off goes on where it stopped, and has the bytes of one that was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import exports.documents
from archiver.core.progress import Progress
from exports.redaction import stamp
from exports.release import Released, make_release
from tests.exports.planted import around, gate_of, plan_of
from tests.exports.sample import REQUEST
from tests.exports.test_release import drawn, tree


def stopping_after(records: int) -> Progress:
    def told(done: int, total: int, what: str = "") -> None:
        if done == records:
            raise KeyboardInterrupt

    return told


def make(place: Path, name: str, profile: str, *, stop: int = 0, **changes: Any) -> Released:
    given = drawn(place / "objects" / name)
    surroundings = around(**({"read_picture": changes.pop("read")} if "read" in changes else {}))
    return make_release(
        REQUEST,
        [each.produced for each in given],
        gate_of(given, changes.pop("rules", ())),
        plan_of(given, profile, **changes),
        surroundings,
        into=place / "bundle",
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

    monkeypatch.setattr(exports.documents, "stamp", counted)
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


def test_what_was_made_under_other_decisions_is_not_taken_up(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, "a", "court", stop=2)
    made = make(tmp_path, "b", "court", why="the numbers were wrong")
    assert made.taken_up == 0


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

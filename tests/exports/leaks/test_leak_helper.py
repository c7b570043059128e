"""A second process that searches some of the files: together they find what one finds alone, and it may fail."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import exports.leaks.leak_helper
import exports.release.making
from archiver.core.errors import LeakFound
from exports.leaks.findings import LeakReport, unread
from exports.leaks.leak_check import LeakCheck
from exports.leaks.leak_helper import LeakHelper, is_worth_it
from exports.redaction.secrets import Secret
from tests.exports.leaks.planted import release
from tests.exports.leaks.test_leak_check import NAMES, RULES, png_with, zipped
from tests.exports.release.test_release import drawn
from tests.exports.release.test_release import tree as files_of

SECRET = Secret(text="the pump at Mill Street", everywhere=False, item="rec_1/2", rule="red_x")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Many files, in some of which there is something to find."""
    for number in range(300):
        told = NAMES[number % 5] if number % 37 == 0 else "the water"
        (tmp_path / f"{number:04d}.txt").write_text(f"It was {told}, who wrote. {number}", encoding="utf-8")
        (tmp_path / f"{number:04d}.png").write_bytes(png_with(told if number % 50 == 0 else "", packed=True))
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and nothing more")
    (tmp_path / "0.wacz").write_bytes(zipped("a.txt", NAMES[1].encode()))
    (tmp_path / "own.txt").write_bytes(b"The pump at Mill Street.")
    return tmp_path


def check_of() -> LeakCheck:
    return LeakCheck(
        [SECRET],
        RULES,
        own={"rec_1/2": ["own."]},
        acknowledged={unread("0001"): "a photograph"},
        read_picture=lambda picture: NAMES[2] if len(picture) % 2 else "",
    )


def searched(root: Path, helper: LeakHelper | None) -> LeakReport:
    check = check_of()
    check.search_tree(root, helper)
    return check.report()


def same(one: LeakReport, other: LeakReport) -> None:
    assert set(one.leaks) == set(other.leaks)
    assert len(one.leaks) == len(other.leaks)
    assert sorted(one.not_searched) == sorted(other.not_searched)
    assert one.skipped == other.skipped
    for name in ("files", "size", "readings", "strings", "pictures_read"):
        assert getattr(one, name) == getattr(other, name), name


@pytest.fixture
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports.leaks.leak_helper, "_SHARE_FILES", 7)


def test_two_find_what_one_finds(tree: Path, small_shares: None) -> None:
    alone = searched(tree, None)
    assert len(alone.stopping) > 10
    with LeakHelper() as helper:
        assert helper.is_ready(60)
        same(searched(tree, helper), alone)
    assert helper.given


def test_what_a_helper_that_dies_was_given_is_searched_again(
    tree: Path, small_shares: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = searched(tree, None)

    def search_and_kill(check: LeakCheck, root: Path, names: list[str]) -> None:
        whole(check, root, names)
        if helper.given and helper.process is not None:
            helper.process.kill()
            helper.process.wait()

    whole = LeakCheck.search_files
    with LeakHelper() as helper:
        process = helper.process
        assert process is not None
        assert helper.is_ready(60)
        monkeypatch.setattr(LeakCheck, "search_files", search_and_kill)
        same(searched(tree, helper), alone)
        assert process.returncode == -signal.SIGKILL


def test_without_a_process_all_is_searched_here(
    tree: Path, small_shares: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = searched(tree, None)
    monkeypatch.setattr("exports.leaks.leak_helper.sys.executable", str(tree / "no such program"))
    with LeakHelper() as helper:
        same(searched(tree, helper), alone)


def test_a_file_that_cannot_be_read_is_an_error_and_nothing_is_passed_over(
    tree: Path, small_shares: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [*(path.name for path in tree.iterdir()), "missing.txt"]
    monkeypatch.setattr(exports.leaks.leak_helper, "_shares", lambda root, names: [[each] for each in names])
    with LeakHelper() as helper, pytest.raises(FileNotFoundError):
        helper.share(check_of(), tree, missing)


def test_few_files_are_not_worth_a_process() -> None:
    assert not is_worth_it(10, 1000)
    assert is_worth_it(10_000, 1000) == is_worth_it(10, 1 << 30) == (len(os.sched_getaffinity(0)) > 1)


def test_a_production_that_two_search_has_the_same_bytes_and_is_stopped_by_the_same_leak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = drawn(tmp_path / "objects")
    alone = release(given, RULES, tmp_path / "alone", profile="court")
    monkeypatch.setattr(exports.release.making, "is_worth_it", lambda files, size: True)
    together = release(given, RULES, tmp_path / "together", profile="court")
    assert files_of(together.path) == files_of(alone.path)
    same(together.leaks, alone.leaks)
    monkeypatch.setattr("exports.release.forms.item_line", lambda *_, **__: "Zoë Smith\n".encode())
    with pytest.raises(LeakFound, match=r"data/items.jsonl: what red_0 redacts"):
        release(given, RULES, tmp_path / "leaking", profile="court")

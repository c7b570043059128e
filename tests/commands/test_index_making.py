"""The making of a new index by a process of its own: what is told of it, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import ArchiveBusy
from archiver.workflows.indexing import unindex as unindexing
from archiver.workflows.indexing.making import LOG, STATE, Making, last_making, make_in_background
from archiver.workflows.indexing.report import describe_index
from archiver.workflows.indexing.unindex import unindex
from tests.commands.test_cli import Terminal, fresh, outside
from tests.workflows.filing.threads import file_threads, record_id

__all__ = ["fresh", "outside"]

THREADS = 60


@pytest.fixture
def terminal(fresh: Terminal) -> Terminal:
    with opened(fresh) as archive:
        file_threads(archive, range(THREADS), items=4)
    assert fresh("index", "update", "--json").json["items"] == 4 * THREADS
    return fresh


def opened(terminal: Terminal) -> Archive:
    return Archive.open(terminal.place / "archive", config_directory=terminal.place / "config")


def indexes(terminal: Terminal) -> Path:
    return terminal.place / "archive" / "search"


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def making_of(terminal: Terminal) -> Making:
    making = last_making(indexes(terminal))
    assert making is not None
    return making


def stopped(terminal: Terminal) -> Making:
    """A making that a signal holds where it is."""
    process = terminal("index", "rebuild", "--background", "--json").json["process"]
    os.kill(process, signal.SIGSTOP)
    making = making_of(terminal)
    assert (making.process, making.goes_on) == (process, True)
    return making


def test_an_index_is_made_in_the_background_while_the_old_one_answers(terminal: Terminal) -> None:
    making = stopped(terminal)
    assert os.getsid(making.process) == making.process  # the terminal's end is none of its business
    assert terminal("search", "own7x1", "--json").json["total"] == 1
    shown = terminal("index", "show", "--json").json
    assert (shown["generation"], shown["items"], shown["making"]["ended"]) == ("tantivy-1", 4 * THREADS, None)
    assert f"goes on (process {making.process})" in terminal("index", "show").out
    os.kill(making.process, signal.SIGCONT)
    wait_until(lambda: not making_of(terminal).goes_on)
    ended = making_of(terminal)
    assert (ended.error, ended.done, ended.total) == ("", THREADS, THREADS)
    os.waitpid(making.process, 0)
    assert f"{4 * THREADS}" in (indexes(terminal) / LOG).read_text()
    with opened(terminal) as archive:
        report = describe_index(archive)
    assert (report.generation, report.items, report.lag, report.fault) == ("tantivy-2", 4 * THREADS, 0, "")
    assert terminal("search", "own7x1", "--json").json["total"] == 1


def test_what_changes_while_an_index_is_made_is_in_the_new_one(terminal: Terminal) -> None:
    making = stopped(terminal)
    with opened(terminal) as archive:
        file_threads(archive, [THREADS + 5], items=4)
    os.kill(making.process, signal.SIGCONT)
    os.waitpid(making.process, 0)
    assert making_of(terminal).error == ""
    shown = terminal("index", "show", "--json").json
    assert (shown["generation"], shown["items"], shown["lag"]) == ("tantivy-2", 4 * THREADS + 4, 0)


def test_two_are_never_made_at_once(terminal: Terminal) -> None:
    making = stopped(terminal)
    for arguments in (("--background",), ()):
        ran = terminal("index", "rebuild", *arguments)
        assert (ran.code, "making the search index anew" in ran.err) == (7, True)
    assert making_of(terminal) == making
    os.kill(making.process, signal.SIGKILL)
    os.waitpid(making.process, 0)


def test_a_killed_making_is_told_and_harmless(terminal: Terminal) -> None:
    making = stopped(terminal)
    os.kill(making.process, signal.SIGKILL)
    os.waitpid(making.process, 0)
    assert "broke off: its process ended before it was done" in terminal("index", "show").out
    assert terminal("search", "own7x1", "--json").json["total"] == 1
    assert terminal("index", "rebuild", "--json").json["items"] == 4 * THREADS
    assert making_of(terminal).error == ""
    assert [path.name for path in indexes(terminal).iterdir() if path.is_dir()] == ["tantivy-2"]


def test_nothing_is_destroyed_in_an_index_while_a_new_one_is_made(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unindexing, "PATIENCE", 0.0)
    making = stopped(terminal)
    with opened(terminal) as archive:
        with pytest.raises(ArchiveBusy, match="making the search index anew"):
            unindex(archive, [record_id(7)])
        os.kill(making.process, signal.SIGKILL)
        os.waitpid(making.process, 0)
        assert unindex(archive, [record_id(7)]).items == 4


def test_words_of_what_is_destroyed_go_from_an_index_that_was_never_finished_too(terminal: Terminal) -> None:
    left = indexes(terminal) / "tantivy-2"
    left.mkdir()  # as a kill leaves it
    (left / "a part").write_bytes(b"own7x1")
    with opened(terminal) as archive:
        unindex(archive, [record_id(7)])
    assert [path for path in indexes(terminal).rglob("*") if path.is_file() and b"own7x1" in path.read_bytes()] == []


def test_a_process_that_cannot_begin_says_why(fresh: Terminal, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="is no archive"):
        make_in_background(tmp_path / "nowhere", indexes(fresh))
    assert "is no archive" in (indexes(fresh) / LOG).read_text()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"begun": "yesterday", "ended": null}', b"\xff"])
def test_a_state_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATE).write_bytes(content)
    assert last_making(tmp_path) is None

"""What `archiver search --facets` and `archiver index` print."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.workflows.indexing.catching_up import current_engine
from tests.commands.test_cli import Terminal, fresh, outside
from tests.workflows.filing.threads import file_threads, record_id

__all__ = ["fresh", "outside"]


@pytest.fixture
def terminal(fresh: Terminal) -> Terminal:
    with opened(fresh) as archive:
        file_threads(archive, range(4))
    return fresh


def opened(terminal: Terminal) -> Archive:
    return Archive.open(terminal.place / "archive", config_directory=terminal.place / "config")


def test_facets_stand_below_the_hits_with_bars_of_time(terminal: Terminal) -> None:
    ran = terminal("search", "road OR পথ OR پانی", "--facets", "--limit", "1")
    assert ran.code == 0
    assert "social.example" in ran.out
    assert "অনুৰাধা" in ran.out
    assert "by day" in ran.out or "by month" in ran.out
    assert "█" in ran.out
    assert "partial" not in ran.out
    assert "social.example" not in terminal("search", "road", "--limit", "1").out


def test_facets_in_json_say_whether_they_are_exact(terminal: Terminal) -> None:
    facets = terminal("search", "*", "--facets", "--json").json["facets"]
    assert set(facets["by"]) == {
        "site", "account", "creator", "kind", "observed", "language", "media", "class", "tag", "year", "month",
    }  # fmt: skip
    assert facets["by"]["site"] == {"counts": [["social.example", 10], ["town.example", 10]], "exact": True}
    assert facets["by"]["class"] == {"counts": [["none", 20]], "exact": True}
    assert sum(count for _, count in facets["timeline"]["bars"]) == 20
    assert terminal("search", "*", "--json").json["facets"] is None


def test_an_index_in_order_is_said_to_be(terminal: Terminal) -> None:
    ran = terminal("index", "reconcile")
    assert ran.code == 0
    assert ran.out.strip() == "20 items are in the index; 20 of them were looked for by their own words"


def test_what_was_repaired_is_said_first(terminal: Terminal) -> None:
    with opened(terminal) as archive, current_engine(archive) as engine:
        engine.apply((), [f"{record_id(2)}/1"], seq=engine.watermark().seq)
    found = terminal("index", "reconcile", "--json").json
    assert (found["missing"], found["left"]) == ([f"{record_id(2)}/1"], [])
    assert terminal("index", "reconcile", "--json").json["missing"] == []


def test_a_rebuilt_index_says_so(terminal: Terminal) -> None:
    assert terminal("index", "rebuild", "--json").json["rebuilt"] is True
    assert terminal("index", "update", "--json").json["items"] == 20
    assert sorted(path.name for path in Path(terminal.place / "archive" / "search").iterdir() if path.is_dir()) == [
        "tantivy-1"
    ]

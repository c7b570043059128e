"""Saved searches, term lists, duplicates and similar items as an officer types them."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest

from archiver.core.errors import AlreadyExists, BadInput, NotFound, NotLoggedIn, TermsRefused
from tests.commands.test_cli import Terminal, full, outside  # noqa: F401 - fixtures


@pytest.fixture
def officer(full: Terminal) -> Terminal:  # noqa: F811
    """A terminal with the captured town's archive, an officer logged in."""
    return full


def test_a_saved_search_is_run_compared_and_used_for_a_request(officer: Terminal) -> None:
    saved = officer("searches", "save", "Boil water", "water", "--json").json
    assert saved["later"]["total"] == len(saved["new"]) > 0
    assert officer("searches", "save", "boil water", "road").code == AlreadyExists.exit_code
    assert "interpreted as water" in officer("searches", "run", "Boil water").out
    assert "New since run 1" in officer("searches", "diff", "Boil water").out
    assert officer("searches", "diff", "Boil water", "--to", "9").code == NotFound.exit_code
    (listed,) = officer("searches", "list", "--json").json
    assert (listed["runs"], listed["last"]["total"]) == (2, saved["later"]["total"])
    shown = officer("searches", "show", "Boil water")
    assert "Boil water" in shown.out
    assert "none" not in officer("searches", "list").out
    number = officer("request", "new", "--law", "MFIPPA", "--requester", "A", "--subject", "B", "--json").json["number"]
    kept = officer("request", "search", number, "--saved", "Boil water", "--json").json
    assert (kept["query"], kept["total"]) == ("water", saved["later"]["total"])
    assert officer("request", "search", number).code == 2
    assert officer("request", "search", number, "road", "--saved", "Boil water").code == 2


def test_saving_takes_a_login(officer: Terminal) -> None:
    officer("logout")
    assert officer("searches", "save", "Boil water", "water").code == NotLoggedIn.exit_code


def test_every_hit_brings_its_thread_where_that_is_asked(officer: Terminal) -> None:
    hit = officer("search", "kind:comment", "--json").json["hits"][0]
    asked = f"id:{hit['item']['id']}"
    whole = officer("search", asked, "--threads", "--all", "--json").json
    assert whole["interpreted"] == f"thread:({asked})"
    assert whole["total"] > officer("search", asked, "--json").json["total"] == 1
    assert {each["record"]["id"] for each in whole["hits"]} == {hit["record"]["id"]}


def test_a_term_list_is_reported_as_table_csv_and_json(officer: Terminal, tmp_path: Path) -> None:
    listed = tmp_path / "terms.txt"
    listed.write_text("water\nzeppelin\n=1+1\nপানী OR پانی\nwater AND\n", encoding="utf-8")
    ran = officer("terms", str(listed))
    assert ran.code == TermsRefused.exit_code
    assert "refused: nothing stands after AND" in ran.out
    assert "zeppelin" in ran.out
    rows = list(csv.DictReader(StringIO(officer("terms", str(listed), "--csv").out)))
    assert [row["line"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[1]["items"] == "0"
    assert rows[2]["query"] == "'=1+1"
    told = officer("terms", str(listed), "--within", "kind:comment", "--json").json
    assert (told["within"], told["refused"]) == ("kind:comment", 1)
    table = tmp_path / "terms.csv"
    table.write_text("Term\n#RoadSafety\n", encoding="utf-8")
    assert officer("terms", str(table), "--column", "term").code == 0
    assert officer("terms", str(table), "--column", "query").code == BadInput.exit_code


def test_duplicates_and_similar_items_are_shown(officer: Terminal) -> None:
    told = officer("duplicates", "--json").json
    assert told["compared"] + told["too_short"] == officer("search", "*", "--json").json["total"]
    assert "items compared" in officer("duplicates", "kind:comment", "--words", "1", "--nearness", "0.3").out
    assert officer("duplicates", "--nearness", "2").code == BadInput.exit_code
    item = officer("search", "water", "--json").json["hits"][0]["item"]["id"]
    assert all(0 < each["similarity"] <= 1 for each in officer("similar", item, "--json").json)
    assert f"Similar to {item}" in officer("similar", item).out
    assert officer("similar", "rec_0/1").code == NotFound.exit_code


def test_hits_of_an_item_are_shown_with_their_boxes(officer: Terminal) -> None:
    hit = officer("search", "water kind:post", "--json").json["hits"][0]
    told = officer("record", "hits", hit["record"]["id"], hit["item"]["id"], "water", "--json").json
    assert [[mark["start"], mark["end"]] for mark in told["marks"]] == hit["marks"]
    assert all(mark["boxes"] for mark in told["marks"])
    shown = officer("record", "hits", hit["record"]["id"], hit["item"]["id"], "water").out
    assert f"Boxes are on the screenshot of {told['capture']}" in shown

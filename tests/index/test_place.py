from __future__ import annotations

import pytest

from archiver.core.errors import BadQuery
from index.place import columns, show_place


def at(query: str, position: int, end: int) -> str:
    return show_place(query, BadQuery("wrong", query=query, position=position, end=end))


@pytest.mark.parametrize(
    ("query", "fault", "shown"),
    [
        ("(road AND", "(", "(road AND\n^"),
        ("road AND", "AND", "road AND\n     ^^^"),
        ("道路 AND", "AND", "道路 AND\n     ^^^"),
        ("e\u0301cole AND", "AND", "e\u0301cole AND\n      ^^^"),
        ("👍🏽 AND", "AND", "👍🏽 AND\n   ^^^"),
        ("❤️ AND", "AND", "❤️ AND\n   ^^^"),
        ("پانی AND", "AND", "پانی AND\n     ^^^"),
        ("হ AND", "AND", "হ AND\n  ^^^"),
        ("a\nb\x07 c", "c", "a b\ufffd c\n     ^"),
        ("road\u202e", "\u202e", "road\ufffd\n    ^"),
    ],
)
def test_carets_stand_under_the_fault(query: str, fault: str, shown: str) -> None:
    start = query.index(fault)
    assert at(query, start, start + len(fault)) == shown


def test_the_end_of_the_query_can_be_pointed_at() -> None:
    assert at("", 0, 1) == "\n^"
    assert at("road", 4, 5) == "road\n    ^"


def test_a_long_query_is_cut_around_the_fault() -> None:
    query = "word " * 100 + "AND" + " word" * 100
    line, carets = at(query, 500, 503).split("\n")
    assert line.startswith("…")
    assert line.endswith("…")
    assert len(line) < 120
    assert line[carets.index("^") : carets.rindex("^") + 1] == "AND"


def test_a_long_fault_is_cut_too() -> None:
    line, carets = at("x" * 1_000, 0, 1_000).split("\n")
    assert line == "x" * 80 + "…"
    assert carets == "^" * 40


def test_columns_are_counted_as_terminals_do() -> None:
    assert columns("road") == 4
    assert columns("道") == 2
    assert columns("🇮🇳") == 2
    assert columns("👩‍👩‍👧") == 2
    assert columns("e\u0301") == 1

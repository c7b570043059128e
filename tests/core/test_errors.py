"""The tree of errors is what the manual and the exit codes are made of."""

from __future__ import annotations

import pytest

from archiver.core import errors
from archiver.core.errors import ArchiverError, BadQuery


def _tree(root: type[ArchiverError]) -> list[type[ArchiverError]]:
    return [root, *(each for child in root.__subclasses__() for each in _tree(child))]


TREE = [each for each in _tree(ArchiverError) if each.__module__ == errors.__name__]


def test_every_exit_code_is_used_once() -> None:
    codes = [each.exit_code for each in TREE]
    assert len(codes) > 25
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("kind", TREE)
def test_every_error_has_a_code_of_its_own_in_a_known_band(kind: type[ArchiverError]) -> None:
    assert "exit_code" in vars(kind)
    assert 3 <= kind.exit_code <= 127


@pytest.mark.parametrize("kind", TREE)
def test_every_error_says_in_the_manual_what_it_is(kind: type[ArchiverError]) -> None:
    text = " ".join((vars(kind).get("__doc__") or "").split())
    assert len(text) > 30
    assert text.endswith(".")


def test_finished_runs_that_were_not_wholly_good_have_codes_of_their_own_band() -> None:
    finished = {each.__name__: each.exit_code for each in TREE if each.exit_code >= 100}
    assert finished == {
        "CaptureUnhealthy": 100,
        "CaptureRefused": 101,
        "Interrupted": 102,
        "NightUnhealthy": 103,
        "AccountMissed": 104,
        "NightCutShort": 105,
        "NightDoubtful": 106,
    }


def test_a_bad_query_points_at_its_place() -> None:
    error = BadQuery("a quote is never closed", query='পানী "কৰ', position=5)
    assert (error.query, error.position, error.end) == ('পানী "কৰ', 5, 6)
    assert str(error) == "a quote is never closed"


def test_a_bad_query_may_point_at_a_stretch() -> None:
    assert BadQuery("unknown field", query="colour:red", position=0, end=6).end == 6

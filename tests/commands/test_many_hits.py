"""Typed: a request whose search finds 200,000 items is reviewed as one that finds twenty."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

import pytest

from archiver.commands.output import LONGEST
from archiver.core.archive import Archive
from archiver.core.commitments import check_commitments
from archiver.core.filing import file_items, file_record
from archiver.core.records import CataloguedItem, Extraction, Item, ItemKind, Observed, RecordKind
from archiver.workflows.search.joining import record_of
from tests.commands.test_cli import Ran, Terminal, fresh, outside  # noqa: F401 - fixtures
from tests.workflows.filing.threads import FIRST, TEXTS, record_id

THREADS = 10_000 if os.environ.get("ARCHIVER_PROVE") else 100
ITEMS = 20
"""Of a thread. Of each five, four are found; of each three, one says what many others say."""
EVERY, FOUND = THREADS * ITEMS, THREADS * ITEMS * 4 // 5
SAID = len(TEXTS)


def file_many(archive: Archive) -> None:
    with archive.change(at=FIRST, actor="per_0"):
        for number in range(THREADS):
            record, seen = record_id(number), FIRST + timedelta(minutes=number)
            described = Extraction(
                extractor="test",
                version=1,
                site="town.example",
                kind=RecordKind.THREAD,
                native_root_id=str(number),
                canonical_url=f"https://town.example/{number}",
                title=f"Thread {number}",
            )
            file_record(archive.db, record, described, account=None, captured=seen)
            items = [
                CataloguedItem(
                    id=f"{record}/{place}",
                    record_id=record,
                    item=Item(
                        native_id=str(place),
                        parent_id="0" if place else None,
                        kind=ItemKind.COMMENT if place else ItemKind.POST,
                        text=" ".join(
                            [
                                TEXTS[(number + place) % SAID],
                                "" if place % 5 == 0 else "quarry",
                                "" if place % 3 == 0 else f"own{number}x{place}",
                            ]
                        ),
                        creator_name=f"Neighbour {place}",
                        creator_handle=f"n{place}",
                        created=seen,
                        language="en",
                    ),
                    observed=Observed.PRESENT,
                    first_seen=seen,
                    last_seen=seen,
                )
                for place in range(ITEMS)
            ]
            file_items(archive.db, record, items)


def short(ran: Ran) -> str:
    """What was printed: so much as a person can read, however much it is about."""
    assert len(ran.out.splitlines()) < LONGEST + 60
    assert len(ran.err.splitlines()) < 30
    return ran.out


def opened(terminal: Terminal) -> Archive:
    return Archive.open(terminal.place / "archive", config_directory=terminal.place / "config")


@pytest.fixture
def number(fresh: Terminal) -> str:  # noqa: F811
    with opened(fresh) as archive:
        file_many(archive)
    assert fresh("searches", "save", "Quarry", "quarry").code == 0
    asked = fresh("request", "new", "--law", "MFIPPA", "--requester", "Zoë نور", "--subject", "পাথৰ", "--json")
    return str(asked.json["number"])


@pytest.mark.timeout(3600)
def test_all_that_was_found_is_frozen_decided_undone_redacted_and_checked(fresh: Terminal, number: str) -> None:  # noqa: F811
    assert f"{FOUND} hits" in short(fresh("request", "search", number, "--saved", "Quarry"))

    frozen = fresh("review", "freeze", number, "--json").json
    assert (frozen["records"], frozen["items"], frozen["hits"]) == (THREADS, EVERY, FOUND)
    assert frozen["watermark"] > 0
    told = short(fresh("review", "items", number))
    assert f"… and {EVERY - LONGEST:,} more: --json gives every one." in told
    members = [each["member"] for each in fresh("review", "items", number, "--json").json]
    assert len({each["item_id"] for each in members}) == EVERY
    families = [(record, len(list(of))) for record, of in groupby(members, lambda each: each["record_id"])]
    assert families == [(record_id(each), ITEMS) for each in range(THREADS)]  # together, and whole
    assert all(record_of(each["item_id"]) == each["record_id"] for each in members)
    assert sum(each["hit"] for each in members) == FOUND

    state = fresh("review", "show", number, "--json").json
    assert (state["decided"], state["undecided"]) == (0, EVERY)
    assert state["duplicates"] == 2 * SAID  # with the word that was asked for, and without it
    undecided = fresh("review", "check", number)
    assert undecided.code == 81
    assert f"{EVERY:,}" in short(undecided)
    assert f"and {EVERY - 20} more" in undecided.err

    every = ("review", "code", number, "--release", "full")
    assert f"{EVERY:,} would change" in short(fresh(*every, "--preview"))
    batch = fresh(*every, "--json").json
    assert batch["size"] == EVERY
    assert fresh("review", "show", number, "--json").json["undecided"] == 0
    assert "is undone" in short(fresh("review", "undo", number, str(batch["id"])))
    assert fresh("review", "show", number, "--json").json["undecided"] == EVERY
    assert f"{EVERY} decisions" in short(fresh(*every))
    assert fresh(*every).code != 0  # it would change nothing

    found = short(fresh("redact", "add", number, "phrase", "own0x1", "--section", "14", "--preview"))
    assert "1 would be redacted" in found
    everywhere = ("redact", "add", number, "phrase", "quarry", "--section", "14")
    assert f"{FOUND:,} would be redacted" in short(fresh(*everywhere, "--preview"))
    assert fresh(*everywhere, "--reason", "where one lives").code == 0
    checked = fresh("review", "check", number)
    assert checked.code == 0, checked.err  # released in full and redacted: told, and nothing that stops
    assert f"… and {FOUND - LONGEST:,} more" in short(checked)

    last = f"{record_id(THREADS - 1)}/{ITEMS - 1}"
    assert fresh("review", "code", number, "--release", "undecided", "--item", last).code == 0
    checked = fresh("review", "check", number)
    assert checked.code == 81
    first = next(line for line in short(checked).splitlines() if "rec_" in line)
    assert last in first  # what stops it stands first
    assert "is undecided" in first

    with opened(fresh) as archive, archive.change(at=FIRST, actor="per_0"):
        known = archive.catalogue.items(record_id(0))
        later = replace(known[-1], id=f"{record_id(0)}/{ITEMS}", item=replace(known[-1].item, native_id=str(ITEMS)))
        file_items(archive.db, record_id(0), [*known, later])
    additions = fresh("review", "show", number, "--json").json["additions"]
    assert additions == {"records": [], "items": [later.id], "edited": []}
    with opened(fresh) as archive:
        assert list(check_commitments(archive.db, archive.trail.events())) == []

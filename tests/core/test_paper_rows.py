"""What goes with a paper of the archive's own: every table that has something of one is on the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from archiver.core import commitments, paper_rows
from archiver.core.archive import connect
from archiver.core.errors import NotFound
from archiver.core.papers import PaperKind, is_paper_id, kind_of_id
from archiver.core.schema import migrate

# columns that name a paper, and the tables that keep the name when it goes, with the reason
COLUMNS = {
    "request_number": (PaperKind.REQUEST, {"productions", "paper_stubs"}),  # a bundle goes before; the stub stays
    "run_id": (PaperKind.NIGHT_REPORT, {"search_run_hits"}),  # of a saved search's run
    "hold_id": (PaperKind.HOLD, set[str]()),
    "plan_version": (PaperKind.FILE_PLAN, set[str]()),
}


@pytest.fixture
def db(tmp_path: Path) -> Database:
    made = connect(tmp_path / "catalogue.db")
    migrate(made)
    return made


@pytest.mark.parametrize("column", COLUMNS)
def test_every_table_that_names_a_paper_goes_with_it_or_says_why_not(column: str, db: Database) -> None:
    kind, staying = COLUMNS[column]
    naming = {table for table in db.table_names() if column in {each.name for each in db.table(table).columns}}
    listed = {table for table, _ in paper_rows._ROWS[kind]}
    assert naming - staying <= listed
    assert staying <= naming, "an exception that is none any more"


def test_the_going_of_every_row_that_the_trail_commits_to_is_told() -> None:
    for kind, rows in paper_rows._ROWS.items():
        for table, _ in (*rows, *paper_rows._DECIDED):
            committed = {name: column for name, column, _ in commitments._ROWS.values()}
            assert paper_rows._COMMITTED.get(table) == committed.get(table), (kind, table)


@pytest.mark.parametrize("kind", [each for each in PaperKind if each is not PaperKind.TRAIL])
def test_every_kind_is_read_counted_and_deleted_where_there_is_nothing_of_it(kind: PaperKind, db: Database) -> None:
    id = "plan-7" if kind is PaperKind.FILE_PLAN else "none"
    assert paper_rows.count_rows(db.conn, kind, id) == 0
    assert paper_rows.committed_rows(db.conn, kind, id) == []
    assert paper_rows.texts_of_paper(db.conn, kind, id) == set()
    paper_rows.delete_paper_rows(db.conn, kind, id)


def test_an_id_tells_its_kind_and_the_trail_has_no_rows_that_go() -> None:
    assert kind_of_id("REQ-2026-0001") is PaperKind.REQUEST
    assert kind_of_id("plan-12") is PaperKind.FILE_PLAN
    assert not is_paper_id("rec_0123456789abcdef")
    assert PaperKind.TRAIL not in paper_rows._ROWS
    with pytest.raises(NotFound):
        kind_of_id("whatever")

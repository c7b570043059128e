"""A snapshot taken apart loses every row that a disposal deletes, and put together has all of them again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archiver.core import disposal_rows
from archiver.core.archive import Archive
from archiver.core.disposal_rows import delete_record_rows
from archiver.core.errors import BackupDamaged
from archiver.core.paper_rows import delete_paper_rows
from archiver.core.papers import PaperKind, kind_of_id
from archiver.core.rows_apart import VISITS, pack_rows, put_together, take_apart
from archiver.core.snapshots import snapshots
from archiver.workflows.archive.keep_register import tag_record
from archiver.workflows.keeping.classify import extend_retention, reclassify
from archiver.workflows.keeping.keep_holds import close_request
from archiver.workflows.keeping.keep_papers import plan_papers
from retention.holds import Scope, ScopeKind
from tests.workflows.disposal.shelf import LATER, Shelf, day, file_thread, make_shelf, person, record_id
from tests.workflows.disposal.test_holds import hold
from tests.workflows.disposal.test_paper_disposal import answer, file_night
from tests.workflows.disposal.test_papers import OF_PAPERS, ask, put_in_force

WORDS = ("L'eau est coupée", "পানী যোগান বন্ধ", "पानी बंद रहेगा", "پانی بند ہے", "💧🚱")


@pytest.fixture
def snapshot(tmp_path: Path) -> tuple[Shelf, Path]:
    """Of an archive with records, decisions on them and on papers, a hold, a request, its bundle and a night."""
    shelf = make_shelf(tmp_path)
    with shelf.open() as archive:
        put_in_force(archive, tmp_path, OF_PAPERS)
        olu = person(archive, "Olu")
        for number, word in enumerate(WORDS, 1):
            file_thread(archive, number, f"zqx {word}", f"zqx {word}, said a resident", title=f"zqx {word}")
            file_thread(archive, number, f"zqx {word}!", at=LATER, night=1, title=f"zqx {word}")
        tag_record(archive, record_id(1), add=["collection:zqxflood"], remove=[], actor=olu, now=LATER)
        reclassify(archive, [record_id(2)], "E", reason=f"zqx {WORDS[2]}", actor=olu, now=LATER)
        extend_retention(archive, [record_id(3)], day("2030-01-01"), reason="zqxwanted", actor=olu, now=LATER)
        hold(archive, Scope(kind=ScopeKind.RECORD, value=record_id(4)), matter="zqx v. Town")
        asked = ask(archive, 1)
        answer(archive, asked)
        close_request(archive, asked, reason="zqxanswered", appeal_until=None, actor=olu, now=LATER)
        extend_retention(archive, [asked], day("2040-01-01"), reason="zqxpaper", actor=olu, now=LATER)
        note_visit(archive, file_night(archive, 7))
        archive.finish_run(at=LATER)
        return shelf, snapshots(shelf.directory / "snapshots")[0]


def test_what_is_taken_apart_is_what_a_disposal_deletes_table_by_table() -> None:
    deleted = {table for table, _ in disposal_rows._ROWS}
    assert deleted == {table for table, *_ in disposal_rows.ROWS_BY_RECORD} | {"night_visits"}


def note_visit(archive: Archive, run: str) -> None:
    """A night was told something of a record's address, and something of another."""
    for url, told in (("https://town.example/1", "zqxtold of a record"), ("https://town.example/new", "told of none")):
        archive.db.conn.execute(
            "INSERT INTO night_visits (run_id, number, kind, url, site, reason, told) VALUES (?, 1, 'thread', ?, 's', "
            "'new', ?)",
            (run, url, told),
        )


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def test_nothing_is_lost_and_nothing_doubled(snapshot: tuple[Shelf, Path], tmp_path: Path) -> None:
    shelf, path = snapshot
    with shelf.open() as archive:
        packed = list(take_apart(path, tmp_path / "bare.db", archive.settings.archive.zone))
    put_together(tmp_path / "bare.db", [rows for _, rows in packed])
    assert tables(tmp_path / "bare.db") == tables(path)


def test_what_stays_has_not_a_word_nor_a_row_of_what_may_go(snapshot: tuple[Shelf, Path], tmp_path: Path) -> None:
    shelf, path = snapshot
    with shelf.open() as archive:
        zone = archive.settings.archive.zone
        records = archive.catalogue.record_ids()
        papers = [each.paper.id for each in plan_papers(archive, today=day("2026-06-02"))]
        parts = [part for part, _ in take_apart(path, tmp_path / "bare.db", zone)]
    assert {"REQ-2026-0001", "runs/run_0000000000000007", *records} <= set(parts)
    content = (tmp_path / "bare.db").read_bytes()
    assert content.count(b"zqx") == 0
    assert path.read_bytes().count(b"zqx") > 20
    with closing(sqlite3.connect(tmp_path / "bare.db", isolation_level=None)) as db:
        before = db.total_changes
        delete_record_rows(db, records)
        for id in papers:
            if kind_of_id(id) is not PaperKind.TRAIL:
                delete_paper_rows(db, kind_of_id(id), id)
        assert db.total_changes == before


def test_without_one_part_all_else_is_there(snapshot: tuple[Shelf, Path], tmp_path: Path) -> None:
    shelf, path = snapshot
    with shelf.open() as archive:
        zone = archive.settings.archive.zone
        packed = [rows for part, rows in take_apart(path, tmp_path / "bare.db", zone) if part != record_id(1)]
    put_together(tmp_path / "bare.db", packed)
    gone = tmp_path / "gone.db"
    shutil.copyfile(path, gone)
    with closing(sqlite3.connect(gone, isolation_level=None)) as db:
        delete_record_rows(db, [record_id(1)])
    assert tables(tmp_path / "bare.db") == tables(gone)


@pytest.mark.parametrize(
    "rows",
    [
        {"nothing": [{"a": 1}]},
        {"items": [{"a) VALUES (1); DROP TABLE items; --": 1}]},
        {"records; DROP TABLE records": [{"id": "x"}]},
        {VISITS: [{"run_id": "x"}]},
    ],
)
def test_rows_that_do_not_fit_are_refused(snapshot: tuple[Shelf, Path], tmp_path: Path, rows: dict[str, list]) -> None:  # type: ignore[type-arg]
    shelf, path = snapshot
    with shelf.open() as archive:
        list(take_apart(path, tmp_path / "bare.db", archive.settings.archive.zone))
    before = tables(tmp_path / "bare.db")
    with pytest.raises(BackupDamaged, match="do not fit"):
        put_together(tmp_path / "bare.db", [pack_rows(rows)])
    assert tables(tmp_path / "bare.db") == before

"""What is watched and what the public is told comes from the same decisions as what is disposed of."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from archiver.core.assets import file_references
from archiver.core.fixity import digest_bytes
from archiver.workflows.disposal.review import approve
from archiver.workflows.keeping.keep_holds import place_hold
from archiver.workflows.keeping.retention_report import report_retention
from archiver.workflows.keeping.what_is_stored import SHARED, UNDECIDED, Kept, formats, storage_by_class
from retention.holds import Scope, ScopeKind
from retention.notice import languages, render_notice
from retention.plan_file import example_jurisdictions, example_plan, read_plan
from retention.report_page import bars, render_report, write_rows
from tests.workflows.disposal.shelf import (
    LATER,
    Shelf,
    day,
    file_thread,
    make_shelf,
    person,
    propose,
    record_id,
    run,
)
from tests.workflows.disposal.test_paper_disposal import answer
from tests.workflows.disposal.test_papers import OF_PAPERS, ask, put_in_force


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return make_shelf(tmp_path)


def test_every_record_that_somebody_must_look_at_is_on_one_list_with_its_reason(shelf: Shelf) -> None:
    with shelf.open() as archive:
        file_thread(archive, 1)
        (batch,) = propose(archive)
        for who in ("Ann", "Bob"):
            approve(archive, batch.id, actor=person(archive, who), now=LATER)
        done = run(archive, batch)
        file_thread(archive, 2, title='=HYPERLINK("x")')
        file_thread(archive, 3)
        file_thread(archive, 4, at=LATER)
        file_thread(archive, 5, code="E")
        place_hold(
            archive, matter="Audit", mandate="letter", custodian="Clerk", reason="asked",
            scopes=[Scope(kind=ScopeKind.RECORD, value=record_id(3))], actor=person(archive, "Olu"), now=LATER,
        )  # fmt: skip
        found = report_retention(archive, today=day("2026-06-01"), since=day("2026-01-01"))
    assert [each.record_id for each in found.overdue] == [record_id(2)]
    assert [each.record_id for each in found.held] == [record_id(3)]
    assert [each.record_id for each in found.due_soon] == [record_id(4)]
    assert [each.record_id for each in found.unclassified] == [record_id(5)]
    assert [(each.record_id, each.certificate) for each in found.gone] == [(record_id(1), done.certificate)]
    assert found.by_month == {"2026-06": 1, "2026-08": 1}
    assert {each.class_code: each.records for each in found.storage if each.records} == {"R": 3, "E": 1}
    evidence = [each.media_type for each in found.formats if each.kept is Kept.EVIDENCE]
    assert evidence == ["application/json", "application/jsonl", "application/warc"]
    page = render_report(found, made_at="2026-06-01").decode()
    assert page.count("<rect ") == 3  # June, July without any, August
    assert "<script" not in page
    rows = list(csv.reader(io.StringIO(write_rows(("title",), ((each.title,) for each in found.overdue)))))
    assert rows[1] == ['\'=HYPERLINK("x")']


def test_shared_files_are_counted_once_and_the_archives_own_papers_with_their_class(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path)
    style, font = b"body { color: #123456 }", b"wOF2 and the rest of a font"
    with shelf.open() as archive:
        put_in_force(archive, tmp_path, OF_PAPERS)
        shared = [archive.assets.keep(digest_bytes(each), [each], staging=tmp_path) for each in (style, font)]
        for number in (1, 2):
            file_thread(archive, number)
            with archive.change(at=LATER, actor="shelf") as change:
                capture = archive.catalogue.captures(record_id(number))[0].id
                file_references(change.db, capture, [each for each in shared if each])
        place = answer(archive, ask(archive, 1))
        bundle = sum(path.stat().st_size for path in place.parent.rglob("*") if path.is_file())
        rows = {each.class_code: each for each in storage_by_class(archive)}
        kept = {(each.media_type, each.kept): (each.files, each.size) for each in formats(archive)}
        tools = {each.media_type: each.opened_by for each in formats(archive)}
        trail = archive.trail.path.stat().st_size
    assert (rows[SHARED].files, rows[SHARED].size, rows[SHARED].records) == (2, len(style) + len(font), 0)
    assert (rows["P2"].papers, rows["P2"].files, rows["P2"].size) == (2, 2, bundle)
    assert (rows["P4"].papers, rows["R"].papers, rows["R"].records) == (1, 0, 2)
    assert UNDECIDED not in rows
    assert kept["text/plain", Kept.SHARED] == (1, len(style))
    assert kept["font/woff2", Kept.SHARED] == (1, len(font))
    assert kept["application/jsonl", Kept.PAPERS][1] >= trail
    assert "no tool is noted for it" not in {tools[each] for each in ("font/woff2", "text/plain", "application/json")}


def test_the_plot_leaves_no_month_out_and_its_highest_bar_is_full() -> None:
    drawn = bars({"2026-11": 2, "2027-02": 4})
    assert [(each.month, each.height) for each in drawn] == [
        ("2026-11", 50.0), ("2026-12", 0.0), ("2027-01", 0.0), ("2027-02", 100.0),
    ]  # fmt: skip
    assert bars({}) == []


@pytest.mark.parametrize("tag", languages())
def test_the_notice_says_every_class_in_every_language(tag: str) -> None:
    for jurisdiction in example_jurisdictions():
        plan = read_plan(example_plan(jurisdiction))
        page = render_notice(
            plan, agency="শিৱসাগৰ <পৌৰসভা>", wanted=[f"{tag}-XX"], ask="Room 2", today=day("2026-11-25")
        ).decode()
        for schedule in plan.schedules:
            entry = plan.record_class(schedule.class_code)
            assert entry is not None
            assert entry.title.replace("'", "&#39;") in page
        assert "&lt;পৌৰসভা&gt;" in page
        assert f'lang="{tag}"' in page
        assert "{" not in page.partition("</style>")[2]


def test_an_unknown_language_gets_the_english_notice() -> None:
    page = render_notice(read_plan(example_plan()), agency="A", wanted=["xx"], ask="B", today=day("2026-11-25"))
    assert b"How to ask for records" in page

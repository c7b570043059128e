"""The sample town, as read on two nights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from archiver.core.records import CataloguedItem, Extraction, Observed, RecordId, RecordKind
from archiver.sample.site import Site, serve
from capture.compare import Changes, compare
from capture.extraction import extract_page
from capture.extraction.page import PageEvidence

WHEN = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def town() -> Iterator[Site]:
    with serve() as site:
        yield site


def read(town: Site, path: str) -> Extraction:
    _, _, html = town.answer(path)
    url = town.url.rstrip("/") + path
    return extract_page(PageEvidence(url=url, final_url=url, html=html.decode()))


def paths(town: Site) -> list[str]:
    return ["/" + item.source_url.removeprefix(town.url) for item in read(town, "/").items]


def test_the_town_s_page_is_a_timeline_of_its_posts(town: Site) -> None:
    timeline = read(town, "/")
    assert timeline.kind is RecordKind.TIMELINE
    assert timeline.creator_handle == "rivermouth"
    assert all(path.startswith("/posts/") for path in paths(town))
    assert {item.parent_id for item in timeline.items} == {None}


def test_every_thread_gives_the_comments_it_declares(town: Site) -> None:
    threads = [read(town, path) for path in paths(town)]
    assert all(thread.kind is RecordKind.THREAD and thread.native_root_id for thread in threads)
    assert all(thread.declared == thread.found for thread in threads)
    assert {"en", "fr", "as", "ur"} <= {item.language for thread in threads for item in thread.items}
    assert all(item.creator_handle and item.created for thread in threads for item in thread.items)


def test_the_second_night_shows_what_was_written_edited_and_deleted(town: Site) -> None:
    first = {path: read(town, path) for path in paths(town)}
    town.night = 2
    changes = [_changes(first[path], read(town, path)) for path in paths(town) if path in first]
    assert sum(len(each.new) for each in changes) > 0
    assert sum(len(each.edited) for each in changes) > 0
    assert sum(len(each.gone) for each in changes) > 0


def _changes(before: Extraction, now: Extraction) -> Changes:
    assert (before.site, before.kind, before.native_root_id) == (now.site, now.kind, now.native_root_id)
    record = RecordId("rec_1")
    known = [
        CataloguedItem(
            id=item.native_id,
            record_id=record,
            item=item,
            observed=Observed.PRESENT,
            first_seen=WHEN,
            last_seen=WHEN,
        )
        for item in before.items
    ]
    return compare(known, now.items, complete=True)

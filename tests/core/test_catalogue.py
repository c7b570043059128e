"""The catalogue gives back whatever it was given, in every script."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from archiver.core.catalogue import Catalogue
from archiver.core.filing import file_capture, file_items, file_record
from archiver.core.records import (
    Capture,
    CaptureId,
    CataloguedItem,
    Extraction,
    Item,
    ItemVersion,
    Observed,
    Record,
    RecordId,
    RecordKind,
    StoredObject,
)
from archiver.core.schema import migrate
from tests.core import values

AT = datetime(2026, 11, 21, 7, 45, tzinfo=UTC)
RECORD = RecordId("rec_0000000000000001")
PLAIN = Extraction(
    extractor="generic", version=1, site="s", kind=RecordKind.PAGE, native_root_id=None, canonical_url="u"
)


@contextmanager
def fresh() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        db = Database(connection)
        migrate(db)
        yield db
    finally:
        connection.close()


def catalogue_item(item: Item, seen: datetime, texts: list[str], observed: Observed) -> CataloguedItem:
    versions = [
        ItemVersion(number=number, text=text, seen=seen, capture_id=CaptureId("cap_1"))
        for number, text in enumerate(texts, 1)
    ]
    return CataloguedItem(
        id=f"{RECORD}/{item.native_id}",
        record_id=RECORD,
        item=item,
        observed=observed,
        first_seen=seen,
        last_seen=seen,
        gone_after=seen if observed is Observed.GONE else None,
        gone_before=seen if observed is Observed.GONE else None,
        versions=tuple(versions),
    )


CATALOGUED = st.builds(
    catalogue_item,
    values.ITEMS,
    values.MOMENTS,
    st.lists(values.TEXTS, max_size=12),
    st.sampled_from(Observed),
)


@given(st.lists(CATALOGUED, max_size=5, unique_by=lambda each: each.id))
def test_items_come_back_as_they_went(items: list[CataloguedItem]) -> None:
    with fresh() as db:
        file_record(db, RECORD, PLAIN, account=None, captured=AT)
        file_items(db, RECORD, items)
        assert Catalogue(db).items(RECORD) == items


@given(values.EXTRACTIONS, values.MOMENTS)
def test_records_come_back_as_they_went(extraction: Extraction, captured: datetime) -> None:
    with fresh() as db:
        file_record(db, RECORD, extraction, account=None, captured=captured)
        told = Catalogue(db).record(RECORD)
        assert told == Record(
            id=RECORD,
            site=extraction.site,
            kind=extraction.kind,
            native_root_id=extraction.native_root_id,
            canonical_url=extraction.canonical_url,
            title=extraction.title,
            creator_name=extraction.creator_name,
            creator_handle=extraction.creator_handle,
            created=extraction.created,
            modified=extraction.modified,
            language=extraction.language,
            keywords=extraction.keywords,
            first_captured=captured,
            last_captured=captured,
        )
        found = Catalogue(db).find_record(
            extraction.site, extraction.kind, extraction.native_root_id, extraction.canonical_url
        )
        assert found == RECORD


@given(values.CAPTURES, st.lists(values.OBJECTS, max_size=4, unique_by=lambda each: each.path))
def test_captures_and_objects_come_back_as_they_went(capture: Capture, objects: list[StoredObject]) -> None:
    capture = replace(capture, record_id=None)
    with fresh() as db:
        file_capture(db, capture, None, objects)
        assert Catalogue(db).capture(capture.id) == capture
        assert sorted(Catalogue(db).objects(capture.id), key=str) == sorted(objects, key=str)


def test_counts_are_of_what_an_officer_asks_about() -> None:
    with fresh() as db:
        file_record(db, RECORD, PLAIN, account=None, captured=AT)
        assert Catalogue(db).counts() == {
            "accounts": 0, "jobs": 0, "records": 1, "items": 0, "captures": 0, "objects": 0, "requests": 0,
            "productions": 0, "events": 0,
        }  # fmt: skip

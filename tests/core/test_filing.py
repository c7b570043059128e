"""What is filed and decided is what the catalogue then tells; the observed stays beside the corrected."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archiver.core.archive import Archive
from archiver.core.catalogue import RecordFilter
from archiver.core.errors import BadInput, NotFound
from archiver.core.filing import (
    add_correction,
    file_capture,
    file_items,
    file_record,
    note_seen,
    set_class,
    set_tags,
    tell_index,
)
from archiver.core.records import (
    Capture,
    CaptureId,
    CataloguedItem,
    Digest,
    Extraction,
    Item,
    ItemKind,
    ItemVersion,
    ObjectRole,
    Observed,
    Outcome,
    Record,
    RecordId,
    RecordKind,
    StoredObject,
)

RECORD = RecordId("rec_0000000000000001")
OTHER = RecordId("rec_0000000000000002")
T1 = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
T2 = T1 + timedelta(days=1)
POST = Extraction(
    extractor="wordpress",
    version=2,
    site="example.org",
    kind=RecordKind.THREAD,
    native_root_id="7",
    canonical_url="https://example.org/পানী",
    title="পানী যোগান 💧",
    creator_name="ৰূপা",
    creator_handle="rupa",
    created=T1 - timedelta(days=3),
    language="as",
    keywords=("পানী", "eau"),
    declared={"comments": 3},
    found={"comments": 2},
)
CAPTURE = Capture(
    id=CaptureId("cap_00000000000000c1"),
    record_id=RECORD,
    url="https://example.org/?p=7",
    final_url="https://example.org/পানী",
    started=T1,
    finished=T1 + timedelta(seconds=9),
    outcome=Outcome.PARTIAL,
    reason="1 comment is missing",
    warc_records=14,
    job_id="job_1",
)
WARC = StoredObject(
    path="00/rec/cap/capture.warc.gz", role=ObjectRole.WARC, media_type="application/warc",
    sha256=Digest("sha256:" + "ab" * 32), size=99,
)  # fmt: skip


def catalogued(native_id: str, text: str, *earlier: str, **changes: object) -> CataloguedItem:
    item = Item(native_id=native_id, parent_id=None, kind=ItemKind.COMMENT, text=text, created=T1, language="ur")
    versions = tuple(
        ItemVersion(number=number, text=each, seen=T1, capture_id=CAPTURE.id)
        for number, each in enumerate([*earlier, text], 1)
    )
    made = CataloguedItem(
        id=f"{RECORD}/{native_id}", record_id=RECORD, item=item, observed=Observed.PRESENT, first_seen=T1, last_seen=T1,
        versions=versions,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # any field


@pytest.fixture
def filed(archive: Archive) -> Archive:
    """An archive with one record and its capture."""
    file_record(archive.db, RECORD, POST, account=None, captured=T1)
    file_capture(archive.db, CAPTURE, POST, [WARC])
    return archive


def test_a_filed_record_is_told_as_it_was_observed(filed: Archive) -> None:
    assert filed.catalogue.record(RECORD) == Record(
        id=RECORD,
        site="example.org",
        kind=RecordKind.THREAD,
        native_root_id="7",
        canonical_url="https://example.org/পানী",
        title="পানী যোগান 💧",
        creator_name="ৰূপা",
        creator_handle="rupa",
        created=T1 - timedelta(days=3),
        language="as",
        keywords=("পানী", "eau"),
        first_captured=T1,
        last_captured=T1,
    )


def test_a_capture_is_told_as_it_was_filed(filed: Archive) -> None:
    assert filed.catalogue.captures(RECORD) == [CAPTURE]
    assert filed.catalogue.capture(CAPTURE.id) == CAPTURE
    assert filed.catalogue.objects(CAPTURE.id) == [WARC]
    assert filed.catalogue.all_objects() == [(WARC, 14)]
    assert filed.catalogue.objects(CAPTURE.id)[0].role is ObjectRole.WARC


def test_an_object_whose_capture_is_lost_is_still_told(filed: Archive) -> None:
    """Damage that a foreign key forbids: someone wrote past it."""
    filed.db.conn.execute("PRAGMA foreign_keys = OFF")
    filed.db.conn.execute("DELETE FROM captures")
    assert filed.catalogue.all_objects() == [(WARC, None)]


def test_an_attempt_that_filed_nothing_is_told_too(filed: Archive) -> None:
    attempt = replace(
        CAPTURE,
        id=CaptureId("cap_00000000000000c0"),
        record_id=None,
        outcome=Outcome.LOGIN_WALL,
        started=T1 - timedelta(1),
    )
    file_capture(filed.db, attempt, None, [])
    assert filed.catalogue.all_captures() == [attempt, CAPTURE]
    assert filed.catalogue.captures(RECORD) == [CAPTURE]
    assert filed.catalogue.capture("cap_none") is None


def test_identity_is_the_native_id_else_the_address(filed: Archive) -> None:
    page = replace(POST, kind=RecordKind.PAGE, native_root_id=None)
    file_record(filed.db, OTHER, page, account=None, captured=T1)
    find = filed.catalogue.find_record
    assert find("example.org", RecordKind.THREAD, "7", "https://example.org/moved") == RECORD
    assert find("example.org", RecordKind.THREAD, "8", POST.canonical_url) is None
    assert find("example.org", RecordKind.TIMELINE, None, POST.canonical_url) is None
    assert find("example.org", RecordKind.PAGE, None, POST.canonical_url) == OTHER
    assert find("other.org", RecordKind.THREAD, "7", POST.canonical_url) is None


def test_a_page_that_got_its_first_comment_is_a_thread_and_the_same_record(filed: Archive) -> None:
    page = replace(POST, kind=RecordKind.PAGE, native_root_id=None)
    file_record(filed.db, OTHER, page, account=None, captured=T1)
    assert filed.catalogue.find_record("example.org", RecordKind.THREAD, None, POST.canonical_url) == OTHER
    file_record(filed.db, OTHER, replace(page, kind=RecordKind.THREAD), account=None, captured=T2)
    assert filed.catalogue.record(OTHER).kind is RecordKind.THREAD
    file_record(filed.db, OTHER, page, account=None, captured=T2)
    assert filed.catalogue.record(OTHER).kind is RecordKind.THREAD


def test_a_later_capture_brings_the_description_up_to_date(filed: Archive) -> None:
    file_record(filed.db, RECORD, replace(POST, title="پانی", keywords=()), account=None, captured=T2)
    record = filed.catalogue.record(RECORD)
    assert (record.title, record.keywords) == ("پانی", ())
    assert (record.first_captured, record.last_captured) == (T1, T2)


def test_a_record_that_is_gone_keeps_its_description(filed: Archive) -> None:
    before = filed.catalogue.record(RECORD)
    note_seen(filed.db, RECORD, T2)
    assert filed.catalogue.record(RECORD) == replace(before, last_captured=T2)


def test_an_unknown_record_is_not_found(filed: Archive) -> None:
    with pytest.raises(NotFound, match="no record rec_none in this archive"):
        filed.catalogue.record("rec_none")
    with pytest.raises(NotFound, match="no item x"):
        filed.catalogue.record_of_item("x")


# -- items ----------------------------------------------------------------------------------


def test_items_come_back_in_the_order_of_the_page_with_every_text(filed: Archive) -> None:
    items = [
        catalogued("9", "کل پانی نہیں", "کل پانی", observed=Observed.EDITED, last_seen=T2),
        catalogued("10", "merci 👍🏽"),
        catalogued("1", "x\x00y\r\n", observed=Observed.GONE, gone_after=T1, gone_before=T2),
    ]
    file_items(filed.db, RECORD, items)
    assert filed.catalogue.items(RECORD) == items
    assert list(filed.catalogue.item_ids()) == [f"{RECORD}/1", f"{RECORD}/10", f"{RECORD}/9"]
    assert filed.catalogue.record_of_item(f"{RECORD}/9") == RECORD


def test_filing_items_again_brings_each_up_to_date(filed: Archive) -> None:
    file_items(filed.db, RECORD, [catalogued("9", "one"), catalogued("10", "two")])
    again = [catalogued("10", "two"), catalogued("9", "one, edited", "one", observed=Observed.EDITED)]
    file_items(filed.db, RECORD, again)
    assert filed.catalogue.items(RECORD) == again
    assert filed.catalogue.counts()["items"] == 2


def test_the_last_activity_is_the_newest_moment_of_any_item(filed: Archive) -> None:
    old, new = catalogued("1", "a"), catalogued("2", "b")
    edited = replace(new, item=replace(new.item, modified=T2))
    file_items(filed.db, RECORD, [edited, old])
    assert filed.catalogue.record(RECORD).last_activity == T2
    undated = replace(old, item=replace(old.item, created=None))
    file_items(filed.db, RECORD, [undated])
    assert filed.catalogue.observed_record(RECORD).last_activity is None


def test_items_of_a_record_that_is_not_there_are_refused(archive: Archive) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        file_items(archive.db, RECORD, [catalogued("1", "a")])


# -- decisions ------------------------------------------------------------------------------


def correct(archive: Archive, field: str, value: object, reason: str = "misread") -> int:
    return add_correction(archive.db, RECORD, field, value, reason=reason, at=T2, actor="per_1", salt="00")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", "পানী নাই", "পানী নাই"),
        ("keywords", ["eau", "آب"], ("eau", "آب")),
        ("created", "2026-11-01T00:00:00.000000Z", datetime(2026, 11, 1, tzinfo=UTC)),
        ("created", None, None),
        ("modified", "2026-11-01T05:30:00+05:30", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_correction_outranks_what_was_observed_and_keeps_it(
    filed: Archive, field: str, value: object, told: object
) -> None:
    observed = filed.catalogue.observed_record(RECORD)
    correct(filed, field, value)
    assert filed.catalogue.record(RECORD) == replace(observed, **{field: told})  # type: ignore[arg-type]
    assert filed.catalogue.observed_record(RECORD) == observed


def test_the_last_correction_of_a_field_holds_also_after_the_next_capture(filed: Archive) -> None:
    first, second = correct(filed, "title", "one"), correct(filed, "title", "two", "one was wrong too")
    assert second > first
    file_record(filed.db, RECORD, replace(POST, title="observed later"), account=None, captured=T2)
    assert filed.catalogue.record(RECORD).title == "two"
    assert filed.catalogue.observed_record(RECORD).title == "observed later"
    assert [(each.value, each.reason, each.at, each.actor) for each in filed.catalogue.corrections(RECORD)] == [
        ("one", "misread", T2, "per_1"),
        ("two", "one was wrong too", T2, "per_1"),
    ]


@pytest.mark.parametrize(("field", "reason"), [("site", "x"), ("class_code", "x"), ("title", " ")])
def test_what_may_not_be_corrected_is_not(filed: Archive, field: str, reason: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be corrected|needs a reason"):
        correct(filed, field, "x", reason)
    assert filed.catalogue.corrections(RECORD) == []


def test_tags_are_a_set(filed: Archive) -> None:
    set_tags(filed.db, RECORD, add=["পানী", "a", "a"])
    set_tags(filed.db, RECORD, add=["b"], remove=["a", "never there"])
    assert filed.catalogue.record(RECORD).tags == ("b", "পানী")


def test_a_class_has_its_reason(filed: Archive) -> None:
    assert filed.catalogue.class_reason(RECORD) is None
    set_class(filed.db, RECORD, "ADM-04", "the title has 'পানী'", 1)
    assert filed.catalogue.record(RECORD).class_code == "ADM-04"
    assert filed.catalogue.class_reason(RECORD) == "the title has 'পানী'"
    assert filed.catalogue.class_reason("rec_none") is None


# -- what the index has yet to learn --------------------------------------------------------


def test_the_index_is_told_of_whatever_it_would_answer_otherwise(filed: Archive) -> None:
    assert filed.catalogue.index_head() == 0
    file_items(filed.db, RECORD, [])
    after_items = filed.catalogue.index_head()
    assert filed.catalogue.records_changed_since(0) == [RECORD]
    correct(filed, "title", "x")
    tell_index(filed.db, OTHER)
    tell_index(filed.db, RECORD)
    assert filed.catalogue.records_changed_since(after_items) == [RECORD, OTHER]
    assert filed.catalogue.records_changed_since(filed.catalogue.index_head()) == []


def test_filters_are_joined_by_and(filed: Archive) -> None:
    page = replace(POST, kind=RecordKind.PAGE, native_root_id=None)
    file_record(filed.db, OTHER, page, account=None, captured=T2)
    set_class(filed.db, OTHER, "ADM-04", "", 1)
    set_tags(filed.db, RECORD, add=["পানী"])

    def ids(**only: object) -> list[str]:
        return [each.id for each in filed.catalogue.records(RecordFilter(**only))]  # type: ignore[arg-type]

    assert ids() == [OTHER, RECORD]  # newest capture first
    assert ids(kind="page") == ids(class_code="ADM-04") == ids(classified=True) == [OTHER]
    assert ids(tag="পানী") == ids(classified=False) == [RECORD]
    assert ids(site="example.org", kind="thread") == [RECORD]
    assert ids(kind="page", tag="পানী") == ids(site="other.org") == ids(account_id="acc_1") == []


def test_a_record_is_found_by_any_address_it_was_seen_under(filed: Archive) -> None:
    for url in (CAPTURE.url, CAPTURE.final_url, POST.canonical_url):
        assert filed.catalogue.records_of_url(url) == [RECORD]
    assert filed.catalogue.records_of_url("https://example.org/") == []
    assert filed.catalogue.record_ids() == [RECORD]

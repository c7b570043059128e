"""The evidence on disk: begun aside, settled in one rename, never outside of its store."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.errors import EvidenceDamaged
from archiver.core.objects import ObjectStore, describe_object
from archiver.core.records import CaptureId, Digest, ObjectRole, RecordId, StoredObject

RECORD = RecordId("rec_ab00000000000001")
CAPTURE = CaptureId("cap_00000000000000c1")


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "objects")


def settle(store: ObjectStore, capture: CaptureId, record: RecordId | None) -> Path:
    directory = store.begin(capture)
    (directory / "capture.json").write_text("{}")
    (directory / "capture.warc.gz").write_text("WARC")
    return store.settle(capture, record)


def test_a_capture_lies_below_its_record(store: ObjectStore) -> None:
    place = "ab/rec_ab00000000000001/cap_00000000000000c1"
    assert store.place(CAPTURE, RECORD) == place
    assert settle(store, CAPTURE, RECORD) == store.root / place
    assert store.path_of(f"{place}/capture.warc.gz").read_text() == "WARC"
    assert store.unfinished() == []


def test_an_attempt_that_filed_nothing_lies_apart(store: ObjectStore) -> None:
    assert settle(store, CAPTURE, None) == store.root / "attempts/cap_00000000000000c1"


def test_two_captures_of_a_record_lie_side_by_side(store: ObjectStore) -> None:
    other = CaptureId("cap_00000000000000c2")
    assert settle(store, CAPTURE, RECORD).parent == settle(store, other, RECORD).parent
    attempt = settle(store, CaptureId("cap_00000000000000c3"), None)
    assert sorted(each.name for each in store.capture_directories()) == [CAPTURE, other, attempt.name]


def test_a_capture_under_way_is_no_evidence_yet(store: ObjectStore) -> None:
    (store.begin(CAPTURE) / "capture.json").write_text("{}")
    assert store.unfinished() == [CAPTURE]
    assert list(store.capture_directories()) == []
    assert list(store.files()) == []


def test_a_capture_is_begun_once(store: ObjectStore) -> None:
    store.begin(CAPTURE)
    with pytest.raises(FileExistsError):
        store.begin(CAPTURE)


def test_filed_evidence_is_never_overwritten(store: ObjectStore) -> None:
    settled = settle(store, CAPTURE, RECORD)
    (store.begin(CAPTURE) / "capture.warc.gz").write_text("other")
    with pytest.raises(OSError, match="not empty"):
        store.settle(CAPTURE, RECORD)
    assert (settled / "capture.warc.gz").read_text() == "WARC"


def test_only_what_is_under_way_can_be_discarded(store: ObjectStore) -> None:
    settled = settle(store, CAPTURE, RECORD)
    store.discard(CAPTURE)
    assert (settled / "capture.warc.gz").exists()
    begun = store.begin(CAPTURE)
    (begun / "page.png").write_text("x")
    store.discard(CAPTURE)
    assert not begun.exists()
    store.discard(CAPTURE)


def test_every_file_is_listed_in_path_order(store: ObjectStore) -> None:
    settle(store, CAPTURE, RECORD)
    (store.root / "stray 🗑.txt").write_text("x")
    assert list(store.files()) == [
        "ab/rec_ab00000000000001/cap_00000000000000c1/capture.json",
        "ab/rec_ab00000000000001/cap_00000000000000c1/capture.warc.gz",
        "stray 🗑.txt",
    ]


def test_an_empty_store_has_nothing(store: ObjectStore) -> None:
    assert store.unfinished() == []
    assert list(store.files()) == []
    assert list(store.capture_directories()) == []


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "ab/../../x", "..", "a/..", "//x"])
def test_no_path_leads_out_of_the_store(store: ObjectStore, path: str) -> None:
    with pytest.raises(EvidenceDamaged, match="outside the store"):
        store.path_of(path)


def test_an_object_is_described_by_its_bytes(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    assert describe_object(tmp_path, "ab/rec/cap", "a.txt", ObjectRole.ITEMS, "text/plain") == StoredObject(
        path="ab/rec/cap/a.txt",
        role=ObjectRole.ITEMS,
        media_type="text/plain",
        # FIPS 180-2, appendix B.1
        sha256=Digest("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        size=3,
    )

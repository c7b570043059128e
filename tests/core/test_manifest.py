"""capture.json and the item files: what the catalogue can be made anew from."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.core.assets import Asset
from archiver.core.errors import EvidenceDamaged
from archiver.core.fixity import is_warc
from archiver.core.manifest import (
    CaptureManifest,
    item_from_dict,
    read_items,
    read_manifest,
    write_items,
    write_manifest,
)
from archiver.core.records import (
    Capture,
    CaptureId,
    Digest,
    Extraction,
    Item,
    ItemKind,
    MediaRef,
    ObjectRole,
    Outcome,
    RecordId,
    RecordKind,
    StoredObject,
)
from tests.core import values

AT = datetime(2026, 11, 21, 7, 45, tzinfo=UTC)
CAPTURE = Capture(
    id=CaptureId("cap_00000000000000c1"),
    record_id=RecordId("rec_0000000000000001"),
    url="https://example.org/?p=7",
    final_url="https://example.org/পানী",
    started=AT,
    finished=AT.replace(second=9, microsecond=120000),
    outcome=Outcome.PARTIAL,
    reason="2 comments are missing",
    warc_records=14,
)
MANIFEST = CaptureManifest(
    capture=CAPTURE,
    extraction=Extraction(
        extractor="wordpress",
        version=1,
        site="example.org",
        kind=RecordKind.THREAD,
        native_root_id="7",
        canonical_url="https://example.org/পানী",
        title="পানী যোগান 💧",
        created=AT,
        keywords=("পানী", "eau"),
        declared={"comments": 3},
        found={"comments": 1},
    ),
    items_file="items.wordpress.jsonl",
    objects=(
        StoredObject(
            path="00/rec_0000000000000001/cap_00000000000000c1/capture.warc.gz",
            role=ObjectRole.WARC,
            media_type="application/warc",
            sha256=Digest("sha256:" + "ab" * 32),
            size=1234,
        ),
    ),
    complete=False,
    actor="per_1",
    software="Archiver 0.1.0",
    same_as=(
        StoredObject(
            path="00/rec_0000000000000001/cap_00000000000000c0/page.png",
            role=ObjectRole.SCREENSHOT,
            media_type="image/png",
            sha256=Digest("sha256:" + "cd" * 32),
            size=56,
        ),
    ),
    assets=(Asset(sha256=Digest("sha256:" + "ef" * 32), size=7890),),
)
WRITTEN = """\
{
 "format": "archiver-capture 1",
 "software": "Archiver 0.1.0",
 "actor": "per_1",
 "complete": false,
 "capture": {
  "id": "cap_00000000000000c1",
  "record_id": "rec_0000000000000001",
  "url": "https://example.org/?p=7",
  "final_url": "https://example.org/পানী",
  "started": "2026-11-21T07:45:00.000000Z",
  "finished": "2026-11-21T07:45:09.120000Z",
  "outcome": "partial",
  "cause": "",
  "reason": "2 comments are missing",
  "retry_after": null,
  "warc_records": 14,
  "account_id": null,
  "job_id": null,
  "access": "anonymous"
 },
 "record": {
  "extractor": "wordpress",
  "version": 1,
  "site": "example.org",
  "kind": "thread",
  "native_root_id": "7",
  "canonical_url": "https://example.org/পানী",
  "title": "পানী যোগান 💧",
  "creator_name": "",
  "creator_handle": "",
  "created": "2026-11-21T07:45:00.000000Z",
  "modified": null,
  "language": "und",
  "keywords": [
   "পানী",
   "eau"
  ],
  "items": [],
  "declared": {
   "comments": 3
  },
  "found": {
   "comments": 1
  },
  "problems": []
 },
 "items": "items.wordpress.jsonl",
 "objects": [
  {
   "path": "00/rec_0000000000000001/cap_00000000000000c1/capture.warc.gz",
   "role": "warc",
   "media_type": "application/warc",
   "sha256": "sha256:abababababababababababababababababababababababababababababababab",
   "size": 1234
  }
 ],
 "same_as": [
  {
   "path": "00/rec_0000000000000001/cap_00000000000000c0/page.png",
   "role": "screenshot",
   "media_type": "image/png",
   "sha256": "sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
   "size": 56
  }
 ],
 "assets": [
  {
   "sha256": "sha256:efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef",
   "size": 7890
  }
 ]
}
"""
ITEM = Item(
    native_id="c-9",
    parent_id="7",
    kind=ItemKind.COMMENT,
    text="کل پانی\nنہیں",
    creator_name="Zoya",
    created=AT,
    language="ur",
    links=("https://example.org/a",),
    media=(MediaRef(url="https://example.org/a.png", kind="image", alt="নল"),),
    source_url="https://example.org/?p=7#c-9",
)
ITEM_LINE = (
    '{"native_id": "c-9", "parent_id": "7", "kind": "comment", "text": "کل پانی\\nنہیں", "creator_name": "Zoya", '
    '"creator_handle": "", "created": "2026-11-21T07:45:00.000000Z", "modified": null, "language": "ur", '
    '"links": ["https://example.org/a"], '
    '"media": [{"url": "https://example.org/a.png", "kind": "image", "alt": "নল"}], '
    '"source_url": "https://example.org/?p=7#c-9"}\n'
)

in_one_directory = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
MANIFESTS = st.builds(
    CaptureManifest,
    capture=values.CAPTURES,
    extraction=st.none() | values.EXTRACTIONS,
    items_file=st.none() | values.TEXTS,
    objects=st.lists(values.OBJECTS, max_size=3).map(tuple),
    complete=st.booleans(),
    actor=values.TEXTS,
    software=values.TEXTS,
    same_as=st.lists(values.OBJECTS, max_size=2).map(tuple),
    assets=st.lists(st.builds(Asset, sha256=st.just(Digest("sha256:" + "01" * 32)), size=st.integers(0, 9))).map(tuple),
)


def read(tmp_path: Path, content: bytes) -> CaptureManifest:
    path = tmp_path / "capture.json"
    path.write_bytes(content)
    return read_manifest(path)


def test_a_manifest_is_written_so_that_a_person_can_read_it() -> None:
    assert write_manifest(MANIFEST).decode() == WRITTEN


def test_a_written_manifest_is_read_back(tmp_path: Path) -> None:
    assert read(tmp_path, WRITTEN.encode()) == MANIFEST


def test_roles_and_outcomes_come_back_as_what_they_are(tmp_path: Path) -> None:
    """An equal text would compare equal and still not be the member that `is` asks for."""
    manifest = read(tmp_path, WRITTEN.encode())
    assert manifest.objects[0].role is ObjectRole.WARC
    assert is_warc(manifest.objects[0])
    assert manifest.capture.outcome is Outcome.PARTIAL
    assert manifest.extraction is not None
    assert manifest.extraction.kind is RecordKind.THREAD


def test_a_manifest_from_before_anything_was_kept_once_is_read(tmp_path: Path) -> None:
    old = WRITTEN[: WRITTEN.index(' "same_as"')].rstrip(",\n") + "\n}\n"
    assert read(tmp_path, old.encode()) == replace(MANIFEST, same_as=(), assets=())


@pytest.mark.parametrize(("items_file", "where"), [(None, None), ("items.x.jsonl", "00/r/c0/items.x.jsonl")])
def test_items_are_found_where_an_earlier_capture_keeps_them(items_file: str | None, where: str | None) -> None:
    kept = replace(MANIFEST.same_as[0], path="00/r/c0/items.x.jsonl", role=ObjectRole.ITEMS)
    assert replace(MANIFEST, items_file=items_file, same_as=(kept,)).items_path == where


def test_an_items_file_that_is_not_listed_is_damage() -> None:
    with pytest.raises(EvidenceDamaged, match=r"items\.wordpress\.jsonl is not among its files"):
        _ = MANIFEST.items_path


def test_items_lie_in_their_own_file_only() -> None:
    assert MANIFEST.extraction is not None
    full = replace(MANIFEST, extraction=replace(MANIFEST.extraction, items=(ITEM,)))
    assert write_manifest(full).decode() == WRITTEN


@in_one_directory
@given(MANIFESTS)
def test_whatever_was_written_is_read_back(tmp_path: Path, manifest: CaptureManifest) -> None:
    assert read(tmp_path, write_manifest(manifest)) == manifest


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b"[]", "cannot be read"),
        (b"null", "cannot be read"),
        (b"\xff", "cannot be read"),
        (WRITTEN.encode()[:400], "cannot be read"),
        (WRITTEN.replace("capture 1", "capture 2").encode(), "has the format 'archiver-capture 2', this version"),
        (WRITTEN.replace('"partial"', '"splendid"').encode(), "'splendid' is not a valid Outcome"),
        (WRITTEN.replace('"role": "warc"', '"role": "war"').encode(), "'war' is not a valid ObjectRole"),
        (WRITTEN.replace('"warc_records": 14,', '"warc_records": 14, "more": 1,').encode(), "more"),
        (WRITTEN.replace('"2026-11-21T07:45:09.120000Z"', '"soon"').encode(), "soon"),
        (WRITTEN.replace('"objects": [', '"objekts": [').encode(), "objects"),
    ],
)
def test_a_damaged_manifest_is_told_by_its_path(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(EvidenceDamaged, match=rf"capture\.json .*{message}"):
        read(tmp_path, content)


def test_a_section_of_another_kind_is_damage_too(tmp_path: Path) -> None:
    entry = json.loads(WRITTEN)
    for key in ("capture", "record", "objects"):
        with pytest.raises(EvidenceDamaged, match="cannot be read"):
            read(tmp_path, json.dumps({**entry, key: "শিৱসাগৰ"}).encode())


def test_an_item_is_one_line(tmp_path: Path) -> None:
    assert write_items([ITEM]).decode() == ITEM_LINE
    path = tmp_path / "items.jsonl"
    path.write_text(ITEM_LINE * 2, "utf-8")
    assert read_items(path) == (ITEM, ITEM)
    assert item_from_dict(json.loads(ITEM_LINE)) == ITEM


def test_no_items_are_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(write_items([]))
    assert path.read_bytes() == b""
    assert read_items(path) == ()


@in_one_directory
@given(st.lists(values.ITEMS, max_size=4))
def test_whatever_items_were_written_are_read_back(tmp_path: Path, items: list[Item]) -> None:
    path = tmp_path / "items.jsonl"
    content = write_items(items)
    path.write_bytes(content)
    assert content.count(b"\n") == len(items)
    assert read_items(path) == tuple(items)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ITEM_LINE + "{}\n", "line 2, cannot be read"),
        (ITEM_LINE + "\n", "line 2, cannot be read"),
        (ITEM_LINE + ITEM_LINE[:50], "line 2, is cut off: restore the file from a copy"),
        (ITEM_LINE[:-1], "line 1, is cut off"),
        (ITEM_LINE.replace('"comment"', '"commend"'), "line 1, cannot be read: 'commend' is not a valid ItemKind"),
    ],
)  # fmt: skip
def test_a_damaged_item_file_is_told_by_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(EvidenceDamaged, match=rf"items\.jsonl, {message}"):
        read_items(path)


def test_an_item_file_that_is_no_text_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(ITEM_LINE.encode() + b"\xff\n")
    with pytest.raises(EvidenceDamaged):
        read_items(path)

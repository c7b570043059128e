"""Every difference between a file and its entry is found, and said in words."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.core.fixity import (
    Fault,
    check_object,
    check_warc_object,
    digest_bytes,
    digest_file,
    is_warc,
)
from archiver.core.records import Digest, ObjectRole, StoredObject
from archiver.core.warc import Defect

ABC = Digest("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
STORED = StoredObject(path="ab/rec/cap/a", role=ObjectRole.WARC, media_type="application/warc", sha256=ABC, size=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a").write_bytes(b"abc")
    return tmp_path / "a"


def faults(path: Path) -> list[tuple[Fault, str]]:
    found = list(check_object(STORED, path))
    assert all(each.subject == "ab/rec/cap/a" for each in found)
    return [(each.fault, each.message) for each in found]


def test_digests_are_sha256_with_their_name(path: Path) -> None:
    assert digest_file(path) == digest_bytes(b"abc") == ABC


def test_an_intact_file_gives_no_finding(path: Path) -> None:
    assert faults(path) == []


def test_a_changed_file_of_the_same_length_is_found(path: Path) -> None:
    path.write_bytes(b"abd")
    assert faults(path) == [(Fault.DIGEST, f"{digest_bytes(b'abd')} instead of {ABC}")]


def test_a_cut_file_is_found_twice(path: Path) -> None:
    path.write_bytes(b"ab")
    assert [fault for fault, _ in faults(path)] == [Fault.LENGTH, Fault.DIGEST]
    assert faults(path)[0][1] == "2 bytes instead of 3"


def test_a_missing_file_is_found(path: Path) -> None:
    path.unlink()
    assert faults(path) == [(Fault.MISSING, "the file is missing")]


def test_what_cannot_be_read_is_found(path: Path) -> None:
    path.unlink()
    path.mkdir()
    assert (Fault.UNREADABLE, "could not be read: Is a directory") in faults(path)


def test_warcs_are_told_by_their_role() -> None:
    assert is_warc(STORED)
    assert not is_warc(replace(STORED, role=ObjectRole.MANIFEST))


BLOCK = b"software: x\r\n"
RECORD = (
    b"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Date: 2026-11-21T07:45:00Z\r\n"
    b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
    b"Content-Type: application/warc-fields\r\nContent-Length: 13\r\n"
    b"WARC-Block-Digest: " + digest_bytes(BLOCK).encode() + b"\r\n\r\n" + BLOCK + b"\r\n\r\n"
)


def pack(record: bytes) -> bytes:
    return gzip.compress(record, mtime=0)


def as_filed(path: Path) -> StoredObject:
    """The entry of the file as it is now."""
    return replace(STORED, sha256=digest_file(path), size=path.stat().st_size)


def test_a_warc_with_its_records_is_sound(path: Path) -> None:
    path.write_bytes(pack(RECORD) + pack(RECORD.replace(b"0001>", b"0002>")))
    assert list(check_warc_object(as_filed(path), path, 2)) == []


def test_a_header_edited_and_packed_anew_shows_in_the_files_own_digest(path: Path) -> None:
    """No digest inside a WARC covers the fields of its records."""
    path.write_bytes(pack(RECORD))
    filed = as_filed(path)
    path.write_bytes(pack(RECORD.replace(b"2026-11-21", b"2025-11-21")))
    assert {each.fault for each in check_warc_object(filed, path, 1)} >= {Fault.DIGEST}


def test_a_warc_that_lost_whole_records_is_found(path: Path) -> None:
    """Cut between two members, every byte left is right."""
    path.write_bytes(pack(RECORD))
    (finding,) = check_warc_object(as_filed(path), path, 2)
    assert (finding.fault, finding.defect) == (Fault.WARC, Defect.COUNT)
    assert finding.message.startswith("1 records where 2 were written")


@pytest.mark.parametrize("content", [b"", b"no WARC at all", pack(RECORD)[:-20]])
def test_what_is_no_whole_warc_is_found(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    found = list(check_warc_object(as_filed(path), path, 1))
    assert found
    assert {each.fault for each in found} == {Fault.WARC}


def test_a_defect_of_a_record_is_told_with_its_place(path: Path) -> None:
    path.write_bytes(pack(RECORD) + pack(RECORD.replace(b"0001>", b"0002>").replace(b"software: x", b"software: y")))
    (finding,) = check_warc_object(as_filed(path), path, 2)
    assert finding.message.endswith(f"(record at offset {len(pack(RECORD))})")
    assert (finding.defect, finding.offset) == (Defect.DIGEST, len(pack(RECORD)))


def test_a_warc_that_is_gone_is_found(path: Path) -> None:
    path.unlink()
    assert [each.fault for each in check_warc_object(STORED, path, 1)] == [Fault.MISSING]

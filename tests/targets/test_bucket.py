"""Packages handed over to a bucket that speaks S3, over the wire.

Runs where ARCHIVER_TEST_TARGETS is set and such a server is up.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.objectlockconfig import DAYS, ObjectLockConfig

from archiver.core.errors import CopyUnreachable, EvidenceDamaged
from archiver.core.events import EventType
from archiver.workflows.disposal.transfer import record_receipt
from archiver.workflows.verification.verify import verify_archive
from exports.transfer import bucket as buckets
from retention.batches import ItemState, Status
from tests.workflows.disposal.shelf import (
    LATER,
    Shelf,
    approved_batch,
    file_thread,
    make_shelf,
    person,
    record_id,
    run,
)

HOST = "127.0.0.1:28333"
KEYS = {"ARCHIVER_BUCKET_ACCESS_KEY": "AKTEST", "ARCHIVER_BUCKET_SECRET_KEY": "SKTEST"}


def why_not() -> str:
    """Why there is no server to store to; empty where there is one."""
    if not os.environ.get("ARCHIVER_TEST_TARGETS"):
        return "ARCHIVER_TEST_TARGETS is not set: no server of buckets to hand anything over to"
    try:
        urllib.request.urlopen(f"http://{HOST}/", timeout=20)
    except urllib.error.HTTPError:
        return ""  # who asks without keys is refused: it is up
    except OSError as error:
        return f"http://{HOST}/ does not answer: {error}"
    return ""


pytestmark = [pytest.mark.target, pytest.mark.skipif(bool(why_not()), reason=why_not() or "up")]


@pytest.fixture
def client() -> Minio:
    return Minio(HOST, access_key="AKTEST", secret_key="SKTEST", secure=False, region="us-east-1")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def plain(client: Minio) -> Iterator[str]:
    name = f"archiver-{uuid.uuid4().hex[:12]}"
    client.make_bucket(name)
    yield name
    left = [DeleteObject(each.object_name) for each in client.list_objects(name, recursive=True)]
    assert list(client.remove_objects(name, left)) == []
    client.remove_bucket(name)


@pytest.fixture
def locking(client: Minio) -> str:
    """A bucket whose objects nobody deletes for a day; it stays until the server's files are wiped."""
    name = f"archiver-lock-{uuid.uuid4().hex[:12]}"
    client.make_bucket(name, object_lock=True)
    client.set_object_lock_config(name, ObjectLockConfig(GOVERNANCE, 1, DAYS))
    return name


def shelf_for(tmp_path: Path, bucket: str, **retention: object) -> Shelf:
    return make_shelf(tmp_path, transfer_to=f"s3+http://{HOST}/{bucket}/town", **retention)


def names(client: Minio, bucket: str) -> list[str]:
    return sorted(str(each.object_name) for each in client.list_objects(bucket, recursive=True))


def test_a_package_lies_in_the_bucket_whole_and_the_record_goes_only_after_the_receipt(
    tmp_path: Path, client: Minio, plain: str
) -> None:
    with shelf_for(tmp_path, plain).open() as archive:
        file_thread(archive, 1, "পানী যোগান বন্ধ", code="T")
        batch = approved_batch(archive)
        assert run(archive, batch).certificate is None
        assert archive.catalogue.record_ids() == [record_id(1)]
        found = names(client, plain)
        assert f"town/{batch.id}/{record_id(1)}/tagmanifest-sha256.txt" in found
        assert any(name.endswith("capture.warc.gz") for name in found)
        (told,) = [event for event in archive.trail.events() if event.type == EventType.HANDED_OVER]
        assert (told.subjects, told.detail["files"]) == ((record_id(1), batch.id), len(found))
        assert told.detail["locked_until"] is None
        run(archive, batch)
        assert names(client, plain) == found, "what was handed over once is not handed over again"
        record_receipt(archive, batch.id, "ACC-2026-7", actor=person(archive, "Ann"), now=LATER)
        done = run(archive, batch)
        assert done.batch.counts == {"transferred": 1}
        assert archive.catalogue.record_ids() == []
        assert verify_archive(archive).findings == ()
        assert not (archive.directory / "transfer.part").exists()


def test_a_bucket_that_locks_keeps_what_was_handed_over(tmp_path: Path, client: Minio, locking: str) -> None:
    with shelf_for(tmp_path, locking).open() as archive:
        file_thread(archive, 1, code="T")
        batch = approved_batch(archive)
        run(archive, batch)
        (told,) = [event for event in archive.trail.events() if event.type == EventType.HANDED_OVER]
        assert told.detail["locked_until"] is not None
    last = f"town/{batch.id}/{record_id(1)}/tagmanifest-sha256.txt"
    kept = client.get_object_retention(locking, last)
    assert kept is not None
    assert kept.mode == GOVERNANCE


def test_a_lock_that_is_asked_for_stands_in_compliance_mode(tmp_path: Path, client: Minio, locking: str) -> None:
    with shelf_for(tmp_path, locking, transfer_lock_days=3650).open() as archive:
        file_thread(archive, 1, code="T")
        batch = approved_batch(archive)
        run(archive, batch)
    kept = client.get_object_retention(locking, f"town/{batch.id}/{record_id(1)}/bagit.txt")
    assert kept is not None
    assert kept.mode == COMPLIANCE
    assert kept.retain_until_date - LATER >= timedelta(days=3649)


def test_a_lock_that_the_bucket_does_not_have_is_refused_and_nothing_goes(tmp_path: Path, plain: str) -> None:
    with shelf_for(tmp_path, plain, transfer_lock_days=10).open() as archive:
        file_thread(archive, 1, code="T")
        with pytest.raises(CopyUnreachable, match="no Object Lock"):
            run(archive, approved_batch(archive))
        assert archive.catalogue.record_ids() == [record_id(1)]


def test_other_bytes_that_come_back_stop_it_and_the_next_run_puts_the_package_whole(
    tmp_path: Path, client: Minio, plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf_for(tmp_path, plain).open() as archive:
        file_thread(archive, 1, code="T")
        batch = approved_batch(archive)
        real = buckets.Bucket._read_back

        def changed_meanwhile(self: buckets.Bucket, name: str, version: str | None) -> tuple[str, int]:
            if name.endswith("dc.xml"):
                client.put_object(plain, f"town/{name}", BytesIO(), 0)
            return real(self, name, version)

        with monkeypatch.context() as during:
            during.setattr(buckets.Bucket, "_read_back", changed_meanwhile)
            with pytest.raises(EvidenceDamaged, match="other bytes"):
                run(archive, batch)
        assert archive.catalogue.record_ids() == [record_id(1)]
        again = run(archive, batch)
        assert {each.state for each in again.batch.items} == {ItemState.APPROVED}
        assert again.batch.status is Status.EXECUTING
        assert any(name.endswith("tagmanifest-sha256.txt") for name in names(client, plain))


def test_wrong_keys_and_a_bucket_that_is_not_there_are_told_without_the_keys(
    tmp_path: Path, plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf_for(tmp_path, f"{plain}-no").open() as archive:
        file_thread(archive, 1, code="T")
        batch = approved_batch(archive)
        with pytest.raises(CopyUnreachable, match="NoSuchBucket"):
            run(archive, batch)
        monkeypatch.setenv("ARCHIVER_BUCKET_SECRET_KEY", "zqx-wrong-secret")
        with pytest.raises(CopyUnreachable) as refused:
            run(archive, batch)
        assert "zqx-wrong-secret" not in str(refused.value)

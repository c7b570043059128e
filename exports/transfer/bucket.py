"""A bucket that speaks S3, as a place where packages are handed over: the one module that knows the protocol.

What is put there is read back and compared, byte for byte by its digest; a status of the server proves nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import certifi
import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import MinioException, S3Error
from minio.retention import Retention

from archiver.core.bucket_address import BucketAddress, BucketKeys
from archiver.core.errors import CopyUnreachable, EvidenceDamaged
from archiver.core.fixity import digest_file

_CHUNK = 1 << 20
_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class PutObject:
    """What the bucket holds, as it was read back; `locked_until` is None where nothing keeps it from being deleted."""

    name: str
    sha256: str
    size: int
    version: str
    locked_until: datetime | None


class Bucket:
    """Names are below the address's prefix, with slashes."""

    def __init__(self, address: BucketAddress, keys: BucketKeys, *, lock_until: datetime | None = None) -> None:
        """`lock_until` asks for Object Lock in compliance mode; None takes what the bucket itself says."""
        self._address = address
        self._lock = Retention(COMPLIANCE, lock_until.astimezone(UTC)) if lock_until else None
        self._client = Minio(
            address.host,
            access_key=keys.access,
            secret_key=keys.secret,
            secure=address.secure,
            region=address.region or "us-east-1",
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=_SECONDS, read=_SECONDS),
                # no redirect is followed: evidence goes to the host that the settings name, and nowhere else
                retries=urllib3.Retry(
                    total=3, redirect=False, backoff_factor=0.5, status_forcelist=[500, 502, 503, 504]
                ),
                cert_reqs="CERT_REQUIRED",
                ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
            ),
        )
        self._locks = self._has_lock()
        if self._lock is not None and not self._locks:
            raise CopyUnreachable(f"{address} has no Object Lock, and `retention.transfer_lock_days` asks for one")

    def put(self, name: str, source: Path) -> PutObject:
        """Upload the file and read it back. Raises CopyUnreachable, EvidenceDamaged where other bytes came back, or
        where a lock that was asked for does not stand.
        """
        expected = digest_file(source)
        with self._told():
            made = self._client.fput_object(
                self._address.bucket, self._key(name), str(source), retention=self._lock, num_parallel_uploads=1
            )
            found, size = self._read_back(name, made.version_id)
            until = self._locked_until(name, made.version_id)
        if found != expected or size != source.stat().st_size:
            raise EvidenceDamaged(f"{self._address}{name} came back as other bytes than were put: nothing goes here")
        if self._lock is not None and (until is None or until < self._lock.retain_until_date.replace(microsecond=0)):
            raise EvidenceDamaged(f"{self._address}{name} was put, but the lock that was asked for does not stand")
        return PutObject(name=name, sha256=found, size=size, version=made.version_id or "", locked_until=until)

    def _read_back(self, name: str, version: str | None) -> tuple[str, int]:
        hashed, size = hashlib.sha256(), 0
        answer = self._client.get_object(self._address.bucket, self._key(name), version_id=version)
        try:
            for piece in answer.stream(_CHUNK):
                hashed.update(piece)
                size += len(piece)
        finally:
            answer.close()
            answer.release_conn()
        return f"sha256:{hashed.hexdigest()}", size

    def _locked_until(self, name: str, version: str | None) -> datetime | None:
        if not self._locks:
            return None
        kept = self._client.get_object_retention(self._address.bucket, self._key(name), version_id=version)
        return kept.retain_until_date if kept else None

    def _has_lock(self) -> bool:
        try:
            with self._told():
                self._client.get_object_lock_config(self._address.bucket)
        except CopyUnreachable as error:
            cause = error.__cause__
            if isinstance(cause, S3Error) and cause.code == "ObjectLockConfigurationNotFoundError":
                return False
            raise
        return True

    def _key(self, name: str) -> str:
        return f"{self._address.prefix}{name}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the bucket or the way to it refuses, in the archive's own errors: without keys or content."""
        try:
            yield
        except S3Error as error:
            raise CopyUnreachable(f"the bucket {self._address} refused: {error.code}, {error.message}") from error
        except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise CopyUnreachable(f"the bucket {self._address} cannot be reached: {type(error).__name__}") from error

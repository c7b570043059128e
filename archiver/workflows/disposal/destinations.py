"""Where packages for another archive are handed over: a directory, or a bucket that speaks S3."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from archiver.core.archive import Archive
from archiver.core.bucket_address import find_keys, is_bucket, parse_bucket_address
from archiver.core.durable import make_directory, move_directory, part_path
from archiver.core.errors import CopyUnreachable
from archiver.core.fixity import digest_file

_LAST = "tagmanifest-sha256.txt"
"""Of a bag: it has the digest of every manifest, so whoever has it can check the whole package. It is put last."""
_STAGING = "transfer.part"


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """A package as it lies there: the SHA-256 of its tag manifest, and until when the place refuses to delete it."""

    sums: str
    files: int
    size: int
    locked_until: datetime | None = None


class Destination(Protocol):
    """A place for the packages of one batch. Both raise CopyUnreachable."""

    def earlier(self, name: str) -> Delivered | None:
        """The package of that name, if a run before handed it over whole."""
        ...

    def deliver(self, name: str, write: Callable[[Path], object]) -> Delivered:
        """Have `write` fill a directory, and hand it over whole or not at all. Raises EvidenceDamaged."""
        ...


class DirectoryDestination:
    """`root/bat_.../rec_.../`: a package appears in one rename. The directory must be there: it is not made."""

    def __init__(self, root: Path, batch: str) -> None:
        if not root.is_dir():
            raise CopyUnreachable(f"the place of transfer {root} is not there: mount it, then run again")
        self._where = root / batch
        make_directory(self._where)

    def earlier(self, name: str) -> Delivered | None:
        return _describe(self._where / name) if (self._where / name).exists() else None

    def deliver(self, name: str, write: Callable[[Path], object]) -> Delivered:
        part = part_path(self._where / name)
        write(part)
        described = _describe(part)
        move_directory(part, self._where / name)
        return described


class BucketDestination:
    """`prefix/bat_.../rec_.../`: every file is read back before the next is put, the tag manifest last."""

    def __init__(self, archive: Archive, batch: str, now: datetime) -> None:
        from exports.transfer.bucket import Bucket  # only a transfer to a bucket waits for its library

        retention = archive.settings.retention
        address = parse_bucket_address(retention.transfer_to)
        lock = now + timedelta(days=retention.transfer_lock_days) if retention.transfer_lock_days else None
        self._bucket = Bucket(address, find_keys(address, archive.config_directory), lock_until=lock)
        self._batch = batch
        self._staging = archive.directory / _STAGING

    def earlier(self, name: str) -> Delivered | None:
        """What is not on record as handed over is put once more: whether all of it came back is not known."""
        return None

    def deliver(self, name: str, write: Callable[[Path], object]) -> Delivered:
        package = self._staging / name
        write(package)
        described = _describe(package)
        paths = sorted(path for path in package.rglob("*") if path.is_file() and path.name != _LAST)
        locks = []
        for path in (*paths, package / _LAST):
            put = self._bucket.put(f"{self._batch}/{name}/{path.relative_to(package).as_posix()}", path)
            locks.append(put.locked_until)
        known = [each for each in locks if each is not None]
        _remove(self._staging)
        return Delivered(
            sums=described.sums,
            files=described.files,
            size=described.size,
            locked_until=min(known) if len(known) == len(locks) else None,
        )


def destination(archive: Archive, batch: str, *, now: datetime) -> Destination:
    """What `retention.transfer_to` names. Raises CopyUnreachable."""
    place = archive.settings.retention.transfer_to
    if not place:
        raise CopyUnreachable(
            f"batch {batch} is to be transferred, but `retention.transfer_to` names no place: set it in archive.toml"
        )
    clear_staging(archive)
    return BucketDestination(archive, batch, now) if is_bucket(place) else DirectoryDestination(Path(place), batch)


def clear_staging(archive: Archive) -> None:
    """Remove packages that a kill left on their way to a bucket: copies."""
    _remove(archive.directory / _STAGING)


def _remove(staging: Path) -> None:
    shutil.rmtree(staging, ignore_errors=True)


def _describe(package: Path) -> Delivered:
    files = [path for path in package.rglob("*") if path.is_file()]
    return Delivered(
        sums=digest_file(package / _LAST), files=len(files), size=sum(path.stat().st_size for path in files)
    )

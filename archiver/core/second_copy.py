"""A second location of the evidence, on another disk or machine: it repairs the first, and goes with it.

SECOND/ab/rec_ab.../cap_.../...     as below `objects/`
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from archiver.core.assets import PREFIX
from archiver.core.durable import make_directory, part_path, publish, storage_errors, sync_directory, sync_file
from archiver.core.errors import CopyUnreachable, EvidenceDamaged
from archiver.core.fixity import KeptFile, digest_file
from archiver.core.objects import ObjectStore
from archiver.core.records import RecordId

_CHUNK = 1 << 20


class SecondCopy:
    """The directory must be there: it is not made, for an unmounted share would be a directory of this machine."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise CopyUnreachable(f"the second copy {root} is not there: mount it, then run again")
        self._store = ObjectStore(root)

    def has(self, stored: KeptFile) -> bool:
        """Whether a file of that name and length is there."""
        path = self._store.path_of(stored.path)
        return path.is_file() and path.stat().st_size == stored.size

    def put(self, stored: KeptFile, source: Path) -> None:
        """Copy a file of evidence here, durably. Raises EvidenceDamaged where it is not what was recorded."""
        _copy(stored, source, self._store.path_of(stored.path))

    def repair(self, stored: KeptFile, target: Path) -> None:
        """Bring a lost or changed file back, only from bytes that match our own digest. Raises EvidenceDamaged."""
        _copy(stored, self._store.path_of(stored.path), target)

    def records(self) -> Iterator[RecordId]:
        for path in self._store.root.glob("[0-9a-f][0-9a-f]/rec_*/"):
            yield RecordId(path.name)

    def remove(self, record: RecordId) -> None:
        """Remove what is here of a destroyed record, durably. Raises CopyUnreachable where that fails."""
        place = self._store.path_of(self._store.place_of_record(record))
        if place.exists():
            shutil.rmtree(place, ignore_errors=True)
            if place.exists():
                raise CopyUnreachable(f"{place} could not be removed: look at its permissions, then run again")
            sync_directory(place.parent)

    def assets(self) -> Iterator[str]:
        """Every asset here, as `assets/...`."""
        for path in self._store.root.glob(f"{PREFIX}*/*"):
            yield path.relative_to(self._store.root).as_posix()

    def remove_asset(self, name: str) -> None:
        """Remove an asset that no capture needs any more, durably."""
        path = self._store.path_of(name)
        path.unlink(missing_ok=True)
        sync_directory(path.parent)


def _copy(stored: KeptFile, source: Path, target: Path) -> None:
    """Through a `.part` whose digest is taken from what was written."""
    make_directory(target.parent)
    part = part_path(target)
    with storage_errors(target):
        try:
            with source.open("rb") as read, part.open("wb") as written:
                while piece := read.read(_CHUNK):
                    written.write(piece)
                sync_file(written)
        except FileNotFoundError as error:
            raise EvidenceDamaged(f"{source} is missing") from error
        if digest_file(part) != stored.sha256:
            part.unlink()
            raise EvidenceDamaged(f"{source} is not what was recorded: it repairs nothing and is not copied")
    publish(part, target)

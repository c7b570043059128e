"""Keys of what may have to go from backups, apart from the boxes that they seal: one for each record, each paper with
files, each snapshot of the catalogue.

    KEYS/ab/abcd...     32 random bytes, sealed under the backup's own key; empty: destroyed with what it sealed

Whoever copies boxes and sets elsewhere, to tapes say, copies nothing that opens once its key is destroyed here. A name
is the SHA-256 of the archive's id and of what the key is for, so that a disposal finds it without any key.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from archiver.core.durable import make_directory, storage_errors, sync_file
from archiver.core.errors import BackupDamaged, CopyUnreachable

FOLDER = "keys"
"""Where in a backup they lie, where no other place is named."""
KEY_BYTES = 32
Seal = Callable[[BinaryIO, Path, str], None]
Unseal = Callable[[Path, str], Iterator[bytes]]


class BackupKeys:
    """All places have every key. What was destroyed in one is destroyed: a copy elsewhere opens nothing any more."""

    def __init__(self, places: Sequence[Path], archive: str, seal: Seal, unseal: Unseal) -> None:
        self._places = tuple(places)
        self._archive = archive
        self._seal = seal
        self._unseal = unseal
        self._known: dict[str, bytes] = {}

    def make(self, part: str) -> bytes:
        """The key of `part`, a new one where it has none, durably at every place. Raises StorageFull, BackupDamaged."""
        key = self.find(part) or secrets.token_bytes(KEY_BYTES)
        for path in self._paths(part):
            if not path.exists() or not path.stat().st_size:
                make_directory(path.parent)
                self._seal(io.BytesIO(key), path, _about(part))
        self._known[part] = key
        return key

    def find(self, part: str) -> bytes | None:
        """The key of `part`; None where it was destroyed or never made. Raises BackupDamaged."""
        if part in self._known:
            return self._known[part]
        if self.is_destroyed(part):
            return None
        for path in self._paths(part):
            if path.exists():
                self._known[part] = b"".join(self._unseal(path, _about(part)))
                return self._known[part]
        return None

    def key_of(self, part: str) -> bytes:
        """Raises BackupDamaged where there is none: it was destroyed, or lost."""
        key = self.find(part)
        if key is None:
            state = "was destroyed" if self.is_destroyed(part) else "is lost: name the place of the keys with --keys"
            raise BackupDamaged(f"the key of {part} {state}")
        return key

    def is_destroyed(self, part: str) -> bool:
        return any(path.exists() and not path.stat().st_size for path in self._paths(part))

    def keep_only(self, parts: Collection[str]) -> int:
        """Destroy every key but of these; how many that were."""
        names = {_name(self._archive, each) for each in parts}
        others = {path for place in self._places for path in place.glob("*/*") if path.name not in names}
        self._known = {part: key for part, key in self._known.items() if part in parts}
        return len({path.name for path in others if _empty(path)})

    def _paths(self, part: str) -> list[Path]:
        return [_path(place, self._archive, part) for place in self._places]


def destroy_keys(places: Iterable[Path], archive: str, parts: Collection[str]) -> int:
    """Destroy the keys of these parts at every place; how many were there. Needs no key of the backup.

    Raises CopyUnreachable where a place is not there, StorageFull.
    """
    found: set[str] = set()
    for place in places:
        require_place(place)
        found |= {part for part in parts if _empty(_path(place, archive, part))}
    return len(found)


def require_place(place: Path) -> None:
    """Raises CopyUnreachable: a place is never made, for an unmounted share would be a directory of this machine."""
    if not place.is_dir():
        raise CopyUnreachable(f"the keys' place {place} is not there: mount it, then run again")


def _empty(path: Path) -> bool:
    """Overwrite and empty a key file; whether it held anything. Where a file system writes in place old bytes go."""
    if not path.exists() or not (size := path.stat().st_size):
        return False
    with storage_errors(path), path.open("r+b") as file:
        file.write(bytes(size))
        sync_file(file)
        file.truncate(0)
        os.fsync(file.fileno())
    return True


def _name(archive: str, part: str) -> str:
    return hashlib.sha256(f"{archive}\n{part}".encode()).hexdigest()


def _path(place: Path, archive: str, part: str) -> Path:
    name = _name(archive, part)
    return place / name[:2] / name


def _about(part: str) -> str:
    return f"key {part}"

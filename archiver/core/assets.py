"""Static files that many captures need (scripts, styles, fonts), each kept once below `assets/`.

    assets/ab/sha256-ab...      the payload as it stood on the wire; its name is its own SHA-256

A capture that needs one says so in its `capture.json` and in its WARC; the catalogue counts these
references, so that an asset can go with the last capture that needs it. SQL lives here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from archiver.core.durable import make_directory, publish, storage_errors, sync_directory, sync_file
from archiver.core.errors import EvidenceDamaged
from archiver.core.objects import ObjectStore
from archiver.core.records import CaptureId, Digest, RecordId

PREFIX = "assets/"
_NAME = re.compile(r"assets/([0-9a-f]{2})/sha256-([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One shared file; `size` in bytes."""

    sha256: Digest
    size: int

    @property
    def name(self) -> str:
        """Its path below the archive."""
        return asset_name(self.sha256)

    @property
    def path(self) -> str:
        """The same, as objects have it."""
        return self.name


def asset_name(digest: str) -> str:
    hex = digest.removeprefix("sha256:")
    return f"{PREFIX}{hex[:2]}/sha256-{hex}"


def is_asset_name(name: str) -> bool:
    found = _NAME.fullmatch(name)
    return found is not None and found[1] == found[2][:2]


class AssetStore:
    """The local directory `assets/`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, name: str) -> Path:
        """Where `assets/ab/sha256-...` lies. Raises EvidenceDamaged for any other name."""
        if not is_asset_name(name):
            raise EvidenceDamaged(f"{name!r} is no name of an asset")
        return self.root / name.removeprefix(PREFIX)

    def keep(self, digest: Digest, payload: Iterable[bytes], *, staging: Path) -> Asset | None:
        """Keep a payload, durably; None where it has not the digest it is to be found by.

        It is written in the directory `staging`, which no other capture writes to, and moved in one rename.
        """
        path = self.path_of(asset_name(digest))
        if path.exists():
            return Asset(sha256=digest, size=path.stat().st_size)
        found, size = hashlib.sha256(), 0
        part = staging / f"{path.name}.part"
        with storage_errors(path), part.open("wb") as file:
            for piece in payload:
                found.update(piece)
                size += len(piece)
                file.write(piece)
            sync_file(file)
        if f"sha256:{found.hexdigest()}" != digest:
            return None
        make_directory(path.parent)
        publish(part, path)
        return Asset(sha256=digest, size=size)

    def names(self) -> Iterator[str]:
        """Every file below `assets/`, as `assets/...`, in path order."""
        for path in sorted(self.root.rglob("*")):
            if not path.is_dir() or path.is_symlink():
                yield PREFIX + path.relative_to(self.root).as_posix()

    def remove(self, name: str) -> None:
        """Remove an asset that nothing refers to, durably. Whether that is so is the caller's to know."""
        path = self.path_of(name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_directory(path.parent)


def files_of_record(objects: ObjectStore, assets: AssetStore, record: RecordId, file: str) -> Path:
    """Where `file` lies, as a thinned WARC of the record names it. Raises EvidenceDamaged for a path that leads out."""
    if file.startswith(PREFIX):
        return assets.path_of(file)
    return objects.path_of(f"{objects.place_of_record(record)}/{file}")


# -- the catalogue's count of who needs which ------------------------------------------------


def file_references(db: Database, capture: CaptureId, assets: Iterable[Asset]) -> None:
    """Note that the capture needs these assets."""
    for each in assets:
        db.conn.execute("INSERT OR IGNORE INTO assets (sha256, size) VALUES (?, ?)", (each.sha256, each.size))
        db.conn.execute(
            "INSERT INTO asset_references (asset, capture_id) VALUES (?, ?)",
            (each.sha256, capture),
        )


def known_assets(db: Database) -> dict[Asset, tuple[CaptureId, ...]]:
    """Every asset with the captures that need it, both in the order of their ids."""
    needed: dict[Asset, tuple[CaptureId, ...]] = {}
    rows = db.conn.execute(
        "SELECT a.sha256, a.size, r.capture_id FROM assets a LEFT JOIN asset_references r ON r.asset = a.sha256 "
        "ORDER BY a.sha256, r.capture_id"
    )
    for digest, size, capture in rows:
        asset = Asset(sha256=Digest(digest), size=size)
        needed[asset] = (*needed.get(asset, ()), *([CaptureId(capture)] if capture else []))
    return needed


def release_assets(db: Database, record: RecordId) -> list[Asset]:
    """Drop what the record's captures need; the assets that nothing needs any more, their rows dropped too.

    Belongs in the transaction of the record's disposal; `AssetStore.remove` comes after its commit.
    """
    mine = "(SELECT id FROM captures WHERE record_id = ?)"
    needed = db.conn.execute(
        f"SELECT DISTINCT a.sha256, a.size FROM assets a JOIN asset_references r ON r.asset = a.sha256 "  # noqa: S608 - constants
        f"WHERE r.capture_id IN {mine} ORDER BY a.sha256",
        (record,),
    ).fetchall()
    db.conn.execute(f"DELETE FROM asset_references WHERE capture_id IN {mine}", (record,))  # noqa: S608 - constants
    released = [
        Asset(sha256=Digest(digest), size=size)
        for digest, size in needed
        if not db.conn.execute("SELECT 1 FROM asset_references WHERE asset = ? LIMIT 1", (digest,)).fetchone()
    ]
    for each in released:
        db.conn.execute("DELETE FROM assets WHERE sha256 = ?", (each.sha256,))
    return released

"""A snapshot in a backup: the rows of each record and paper are sealed apart, each part's under its own key.

    snapshots/catalogue-....db          the catalogue without them
    snapshots/catalogue-....db.rows     for each part a line of JSON, `part` and `size`, then so many bytes

When a key is destroyed, what every older set has of the rows under it is noise, and the rest of the set stays usable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from archiver.core.backup_boxes import BackupBoxes
from archiver.core.errors import BackupDamaged
from archiver.core.rows_apart import put_together, take_apart

ROWS = ".rows"


def split_snapshot(
    boxes: BackupBoxes, snapshot: Path, folder: Path, zone: ZoneInfo
) -> tuple[Path, Path, tuple[str, ...]]:
    """In `folder`: the snapshot without rows that may have to go, and those rows, sealed; the parts they are of.

    Not a word of these is written unsealed. Raises StorageFull, BackupDamaged.
    """
    bare, rows = folder / snapshot.name, folder / f"{snapshot.name}{ROWS}"
    parts: dict[str, None] = {}
    with rows.open("xb") as file:
        for part, packed in take_apart(snapshot, bare, zone):
            if part not in parts:
                boxes.keys.make(part)
                parts[part] = None
            sealed = boxes.seal_rows(part, packed)
            file.write(json.dumps({"part": part, "size": len(sealed)}).encode() + b"\n" + sealed)
    return bare, rows, tuple(parts)


def join_snapshot(boxes: BackupBoxes, bare: Path, rows: BinaryIO) -> None:
    """Put the rows back into the snapshot at `bare`, but for those whose key was destroyed. Raises BackupDamaged."""
    rows.seek(0)
    put_together(bare, _opened(boxes, rows))


def _opened(boxes: BackupBoxes, rows: BinaryIO) -> Iterator[bytes]:
    while line := rows.readline():
        try:
            stated = json.loads(line)
            part, size = str(stated["part"]), int(stated["size"])
        except (ValueError, KeyError, TypeError) as error:
            raise BackupDamaged("the rows of the snapshot are not what was sealed: take an older set") from error
        sealed = rows.read(size)
        if not boxes.keys.is_destroyed(part):
            yield boxes.open_rows(part, sealed)

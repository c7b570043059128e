"""An old copy of an archive made the archive again, with what happened since: before anything of it can be read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.core.archive import DISPOSAL_LOCK, Archive
from archiver.core.durable import make_directory, part_path, publish, write_durably
from archiver.core.errors import ArchiveExists, ArchiveNotFound, TrailBroken
from archiver.core.events import read_trail_file
from archiver.core.mirror import FILE_NAME
from archiver.core.progress import Progress, silent
from archiver.workflows.rebuild import Rebuilt, rebuild_archive


@dataclass(frozen=True, kw_only=True)
class Restored:
    """`newer_events` is how many events the mirror told of that the copy did not have; `locked` whether disposal
    waits for two people.
    """

    directory: Path
    newer_events: int
    locked: bool
    rebuilt: Rebuilt


def restore_archive(
    copy: Path,
    into: Path,
    *,
    mirror: Path | None,
    now: datetime,
    config_directory: Path | None = None,
    progress: Progress = silent,
) -> Restored:
    """Restore `copy` at `into`, which must not be there, by way of the trail kept in `mirror`, a directory or file.

    Everything is done beside `into`, which appears in one rename: destructions and holds made since the copy are
    repeated first. Without a mirror that knows more, disposal is locked until two people have confirmed the holds,
    for nobody can tell what was decided since. Raises ArchiveExists, ArchiveNotFound, TrailBroken.
    """
    if not (copy / "trail" / FILE_NAME).is_file():
        raise ArchiveNotFound(f"{copy} is no copy of an archive: it has no trail/{FILE_NAME}")
    _newer_lines(read_trail_file(copy / "trail" / FILE_NAME), mirror)  # before much is copied in vain

    def bring(part: Path) -> None:
        shutil.copytree(copy, part, symlinks=True)

    return restore_from(bring, into, mirror=mirror, now=now, config_directory=config_directory, progress=progress)


def restore_from(
    bring: Callable[[Path], None],
    into: Path,
    *,
    mirror: Path | None,
    now: datetime,
    config_directory: Path | None = None,
    progress: Progress = silent,
) -> Restored:
    """As `restore_archive`, of a copy that `bring` writes to the directory it is given."""
    if into.exists():
        raise ArchiveExists(f"{into} is there already: a restored archive never takes another's place")
    part = part_path(into)
    if part.exists():
        shutil.rmtree(part)  # what a broken-off restore left: a copy
    make_directory(into.absolute().parent)
    bring(part)
    known = read_trail_file(part / "trail" / FILE_NAME)
    newer = _newer_lines(known, mirror)
    if newer:
        write_durably(part / "trail" / FILE_NAME, "".join(f"{line}\n" for line in (*known, *newer)).encode())
    rebuilt = rebuild_archive(part, now=now, config_directory=config_directory, progress=progress)
    with Archive.open(part, config_directory=config_directory) as archive:
        if not newer and archive.meta(DISPOSAL_LOCK) is None:
            lock = json.dumps({"since": now.isoformat(), "missing": [], "restored": True})
            archive.db.conn.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (DISPOSAL_LOCK, lock))
        locked = archive.meta(DISPOSAL_LOCK) is not None
        archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    publish(part, into)
    return Restored(directory=into, newer_events=len(newer), locked=locked, rebuilt=rebuilt)


def _newer_lines(known: list[str], mirror: Path | None) -> list[str]:
    """What the mirror tells beyond the copy. Raises TrailBroken where it is of another trail."""
    if mirror is None:
        return []
    told = read_trail_file(mirror / FILE_NAME if mirror.is_dir() else mirror)
    shared = min(len(told), len(known))
    if told[:shared] != known[:shared]:
        raise TrailBroken(f"{mirror} is of another trail than the copy: look for the right one")
    return told[len(known) :]

"""Durable writing: after a crash a file is either there whole or not there at all.

A file is written under `NAME.part` in its own directory, flushed, synced and renamed; the
directory is synced last, because a rename is durable only then (fsync(2), "does not
necessarily ensure that the entry in the directory ... has also reached disk").
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

from archiver.core.errors import StorageFull

_FEW = 100
PART_SUFFIX = ".part"
"""What the name of an unfinished file ends in; the next start sweeps leftovers into a report."""

_REFUSALS = {
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EIO: "the disk reports an input/output error",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EXDEV: "it lies on another disk than the rest of the archive",
    errno.EFBIG: "the file grew past the size allowed",
}


def part_path(path: Path) -> Path:
    """Where `path` lives until it is whole."""
    return path.with_name(path.name + PART_SUFFIX)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the disk's refusals (full, quota, I/O error, read-only) into StorageFull naming `path`."""
    try:
        yield
    except OSError as error:
        reason = _REFUSALS.get(error.errno or 0)
        if reason is None:
            raise
        raise StorageFull(f"{path} could not be written: {reason}; mend that, then run again") from error


def sync_file(file: BinaryIO) -> None:
    """Flush Python's buffer, then the operating system's."""
    file.flush()
    os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Make the names in the directory `path` durable."""
    with storage_errors(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def publish(part: Path, path: Path) -> None:
    """Rename the synced file or directory `part` to `path` and make the name durable.

    A file already at `path` is replaced; a directory with anything in it is not (OSError).
    """
    with storage_errors(path):
        part.replace(path)
    sync_directory(path.parent)
    if part.parent != path.parent:
        sync_directory(part.parent)


@contextmanager
def durable_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file to write, published under `path` when the block ends.

    If the block raises, nothing appears at `path` and the `.part` is removed; what stood at
    `path` before stays. Raises StorageFull, naming `path`, when the disk refuses.
    """
    part = part_path(path)
    with storage_errors(path):
        file = part.open("wb")
        try:
            with file:
                yield file
                sync_file(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    publish(part, path)


def write_durably(path: Path, content: bytes) -> None:
    """Write `content` under `path`, whole or not at all. Raises StorageFull."""
    with durable_file(path) as file:
        file.write(content)


def move_directory(source: Path, target: Path) -> None:
    """Sync every file and directory below `source`, then move it to `target` on the same disk.

    Where they are many, the whole file system is synced at once, if the system can do that. Parents of `target` are
    made where missing. OSError if `target` exists and is not empty.
    """
    with storage_errors(target):
        if not (_has_many_files(source) and _sync_file_system(source)):
            _sync_each(source)
        make_directory(target.parent)
    publish(source, target)


def _has_many_files(source: Path) -> bool:
    """Whether syncing them one by one would take longer than waiting for what others are writing, too."""
    counts = accumulate(len(names) for _, _, names in os.walk(source))
    return any(count > _FEW for count in counts)


def _sync_each(source: Path) -> None:
    for folder, _, names in os.walk(source):
        for name in names:
            with (Path(folder) / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_directory(Path(folder))


def _sync_file_system(path: Path) -> bool:
    """syncfs(2), which Linux has; since 5.8 it reports what could not be written. False elsewhere."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if library.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)
    return True


def make_directory(path: Path) -> None:
    """Make `path` and its missing parents, each name durable."""
    if path.is_dir():
        return
    make_directory(path.parent)
    with storage_errors(path):
        try:
            path.mkdir(exist_ok=True)
        except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
            # its parent is there, so the place takes no directories: /proc, say, or a file of that name
            raise StorageFull(
                f"{path} could not be made: no directory can be made there; name another place"
            ) from error
    sync_directory(path.parent)

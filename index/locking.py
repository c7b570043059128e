"""One process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.core.durable import storage_errors
from archiver.core.errors import ArchiveBusy


@contextmanager
def locked(path: Path, busy: str, *, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path`, which a killed process lets go of.

    Raises ArchiveBusy saying `busy` where another holds it for longer than `patience` seconds.
    """
    with storage_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + patience
        while not _taken(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= until:
                raise ArchiveBusy(f"{busy}; try again when it ends")
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock file `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:  # nobody has made it yet
        return False
    try:
        return not _taken(descriptor, fcntl.LOCK_SH)  # for a moment, which whoever locks has the patience for
    finally:
        os.close(descriptor)


def _taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

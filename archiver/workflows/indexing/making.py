"""The making of a new index: how far it is, told in a file beside the indexes, and a process of its own for it."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from archiver.core import clock
from archiver.core.child_environment import child_environment
from archiver.core.durable import make_directory, part_path, storage_errors
from archiver.core.errors import ArchiveBusy, IndexDamaged
from archiver.core.progress import Progress
from index.generations import is_being_made

STATE = "rebuild.json"
LOG = "rebuild.log"

_BROKEN_OFF = "its process ended before it was done; the index that was there answers on"
_TOLD_EVERY = 0.5  # seconds
_FIRST_WORD = 60.0  # seconds a started process is waited for
_CHILD = "import sys; from archiver.cli import main; sys.argv[0] = 'archiver'; main()"


@dataclass(frozen=True, kw_only=True)
class Making:
    """The last making of a new index: `done` of `total` records, by the process of that number.

    `ended` is None while it goes on. `error` says why it broke off, "" where it did not.
    """

    process: int
    begun: datetime
    ended: datetime | None = None
    done: int = 0
    total: int = 0
    error: str = ""

    @property
    def goes_on(self) -> bool:
        return self.ended is None and not self.error


class Noted:
    """Tells of a making below `directory` while the block runs, and what became of it; for `new_generation`.

    `tell` is to be called with its progress, which is handed to `progress` besides.
    """

    def __init__(self, directory: Path, progress: Progress) -> None:
        self._directory = directory
        self._progress = progress
        self._making = Making(process=os.getpid(), begun=clock.now())
        self._told = 0.0

    def __enter__(self) -> None:
        self._write()

    def tell(self, done: int, total: int, what: str = "") -> None:
        """See Progress."""
        self._making = replace(self._making, done=done, total=total)
        if time.monotonic() - self._told > _TOLD_EVERY:
            self._write()
        self._progress(done, total, what)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._making = replace(self._making, ended=clock.now())
        if error is not None:
            self._making = replace(self._making, error=str(error) or type(error).__name__)
        self._write()

    def _write(self) -> None:
        """Whole or not at all; nobody waits for the disk, and one that is full stops nothing by this alone."""
        self._told = time.monotonic()
        told = asdict(self._making)
        told |= {"begun": clock.to_iso(self._making.begun), "ended": clock.optional_iso(self._making.ended)}
        part = part_path(self._directory / STATE)
        with suppress(OSError):
            part.write_text(json.dumps(told), "utf-8")
            part.replace(self._directory / STATE)


def last_making(directory: Path) -> Making | None:
    """What is told of the last making below `directory`; None where there was none, or nothing readable is told."""
    making = _read(directory)
    if making is None or not making.goes_on or is_being_made(directory):
        return making
    making = _read(directory) or making  # it may have ended between the two looks
    return replace(making, error=_BROKEN_OFF) if making.goes_on else making


def make_in_background(archive: Path, directory: Path) -> Making:
    """Start a process that makes the index of `archive` anew and outlives the terminal; what it prints is in LOG.

    Raises ArchiveBusy where one is being made, IndexDamaged where the process ends at once.
    """
    begun = clock.now()
    if is_being_made(directory):
        raise ArchiveBusy(
            "another run is making the search index anew, or takes destroyed records out of it; "
            "`archiver index show` tells how far it is"
        )
    make_directory(directory)
    log = directory / LOG
    config = {"ARCHIVER_CONFIG": os.environ["ARCHIVER_CONFIG"]} if "ARCHIVER_CONFIG" in os.environ else {}
    command = [sys.executable, "-P", "-c", _CHILD, "index", "rebuild", "--archive", str(archive.resolve())]
    with storage_errors(log):
        process = os.posix_spawn(
            sys.executable,
            command,
            child_environment() | config,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,  # neither Ctrl-C nor the end of the terminal reaches it
        )
    until = time.monotonic() + _FIRST_WORD
    while time.monotonic() < until:
        ended, _ = os.waitpid(process, os.WNOHANG)
        making = _read(directory)
        if making is not None and making.process == process:
            return making
        if ended:
            break
        time.sleep(0.05)
    else:
        return Making(process=process, begun=begun)  # a busy machine: it has said nothing yet
    raise IndexDamaged(f"no index is being made: {_last_line(log)} (see {log})")


def _read(directory: Path) -> Making | None:
    try:
        told = json.loads((directory / STATE).read_bytes())
        begun, ended = clock.from_iso(told.pop("begun")), clock.from_optional_iso(told.pop("ended"))
        return Making(**told, begun=begun, ended=ended)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", errors="replace").split("\n")
    except OSError:
        return "it said nothing"
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")

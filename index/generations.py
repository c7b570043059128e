"""Which index of an archive is the one that answers, and the making of a new one beside it.

Each index is a directory of its own, `ENGINE-NUMBER`; the file `current` names the one that answers. A new one is
made beside it while the old one serves, and takes its place in one rename.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from archiver.core.config import SEARCH_ENGINES
from archiver.core.durable import make_directory, write_durably
from archiver.core.errors import BadSettings, IndexDamaged, IndexOutdated
from index.engine import SearchEngine
from index.engines.seal import REBUILD
from index.locking import is_locked, locked

CURRENT = "current"
_LOCK = "rebuild.lock"
_BUSY = "another run is making the search index anew, or takes destroyed records out of it"
_MOMENT = 0.5  # seconds: whoever only looks whether the lock is held lets go of it at once
_NAME = re.compile(rf"({'|'.join(SEARCH_ENGINES)})-(\d+)")

Opening = Callable[[Path], SearchEngine]


def opening(engine: str) -> Opening:
    """How an index of `engine` is opened. Raises BadSettings where this machine cannot run it."""
    if engine == "whoosh":
        from index.engines.whoosh_engine import WhooshEngine

        return WhooshEngine.open
    try:
        from index.engines.tantivy_engine import TantivyEngine
    except ImportError as error:
        raise BadSettings(
            f'search.engine: Tantivy cannot run on this machine ({error}); write engine = "whoosh" in archive.toml'
        ) from error
    return TantivyEngine.open


def open_current(directory: Path, engine: str) -> SearchEngine:
    """The index below `directory` that answers.

    Raises IndexDamaged, IndexOutdated where it is none of `engine`, BadSettings where `engine` cannot run here.
    """
    while True:
        name = current(directory)
        if name is None or not name.startswith(f"{engine}-"):
            raise IndexOutdated(f"there is no {engine} index in {directory}; {REBUILD}")
        path = directory / name
        try:
            if not path.is_dir():
                raise IndexDamaged(f"{path} is missing; {REBUILD}")
            opened = opening(engine)(path)
        except (IndexDamaged, FileNotFoundError):
            if current(directory) == name:
                raise
            continue  # a new one took its place while it was opened
        if current(directory) == name:
            return opened
        opened.close()


def current(directory: Path) -> str | None:
    """The name of the index that answers; None where none was finished."""
    try:
        name = (directory / CURRENT).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return name if _NAME.fullmatch(name) else None


@contextmanager
def new_generation(
    directory: Path, engine: str, *, around: AbstractContextManager[object] | None = None
) -> Iterator[SearchEngine]:
    """A new, empty index to be filled; it is the one that answers when the block ends, and others are removed.

    `around` is entered when it is known that nobody else makes one, and left when the new one answers.
    Raises ArchiveBusy while another run makes one.
    """
    make_directory(directory)
    with locked(directory / _LOCK, _BUSY, patience=_MOMENT), around or nullcontext():
        old = current(directory)
        _sweep(directory, old)
        number = max((int(match[2]) for match in map(_NAME.fullmatch, [old or ""]) if match), default=0) + 1
        name = f"{engine}-{number}"
        try:
            made = opening(engine)(directory / name)
            try:
                yield made
            finally:
                made.close()
            write_durably(directory / CURRENT, name.encode())
        finally:
            _sweep(directory, current(directory))


def is_being_made(directory: Path) -> bool:
    """Whether a process is making a new index below `directory`."""
    return is_locked(directory / _LOCK)


@contextmanager
def nothing_made(directory: Path, *, patience: float) -> Iterator[None]:
    """Only the index that answers is there, and no other is begun before the block ends.

    What a making that broke off left behind is removed. Raises ArchiveBusy where one goes on for longer than
    `patience` seconds.
    """
    with locked(directory / _LOCK, _BUSY, patience=max(patience, _MOMENT)):
        _sweep(directory, current(directory))
        yield


def _sweep(directory: Path, keep: str | None) -> None:
    """Remove every index but `keep`: those that were replaced, or never finished, and those of older layouts."""
    for path in directory.iterdir():
        if path.is_dir() and path.name != keep:
            shutil.rmtree(path, ignore_errors=True)
    (directory / "seal.json").unlink(missing_ok=True)  # of an index of version 0.1, which had no generations

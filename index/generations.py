"""Which index of an archive is the one that answers, and the making of a new one beside it.

Each index is a directory of its own, `ENGINE-NUMBER`; the file `current` names the one that answers. A new one is
made beside it while the old one serves, and takes its place in one rename.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.core.config import SEARCH_ENGINES
from archiver.core.durable import make_directory, write_durably
from archiver.core.errors import BadSettings, IndexDamaged, IndexOutdated
from index.engine import SearchEngine
from index.engines.seal import REBUILD
from index.locking import locked

CURRENT = "current"
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
    name = current(directory)
    if name is None or not name.startswith(f"{engine}-"):
        raise IndexOutdated(f"there is no {engine} index in {directory}; {REBUILD}")
    path = directory / name
    if not path.is_dir():
        raise IndexDamaged(f"{path} is missing; {REBUILD}")
    return opening(engine)(path)


def current(directory: Path) -> str | None:
    """The name of the index that answers; None where none was finished."""
    try:
        name = (directory / CURRENT).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return name if _NAME.fullmatch(name) else None


@contextmanager
def new_generation(directory: Path, engine: str) -> Iterator[SearchEngine]:
    """A new, empty index to be filled; it is the one that answers when the block ends, and others are removed.

    Raises ArchiveBusy while another run makes one.
    """
    make_directory(directory)
    with locked(directory / "rebuild.lock", "another run is making the search index anew"):
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


def _sweep(directory: Path, keep: str | None) -> None:
    """Remove every index but `keep`: those that were replaced, or never finished, and those of older layouts."""
    for path in directory.iterdir():
        if path.is_dir() and path.name != keep:
            shutil.rmtree(path, ignore_errors=True)
    (directory / "seal.json").unlink(missing_ok=True)  # of an index of version 0.1, which had no generations

"""The files of the archive's own papers: a bundle with the plan it was made from, a night's report, a certificate."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.core.durable import sync_directory
from archiver.core.errors import StorageFull
from archiver.core.fixity import digest_bytes, digest_file
from archiver.core.records import Digest

PAPER_FOLDERS = ("productions", "runs", "certificates")
TRAIL = "trail"
_BESIDE = (".plan.json", ".leaks.txt")
"""Beside a bundle: what it can be made again from, and where the leak check found what had to be acknowledged."""


@dataclass(frozen=True, kw_only=True)
class PaperFile:
    """One file of a paper; `path` is below the archive, with slashes."""

    path: str
    sha256: Digest
    size: int


@dataclass(frozen=True, kw_only=True)
class PaperFiles:
    """How many files a paper has, their bytes, and a digest of all names and contents; "" where there are none."""

    count: int
    size: int
    digest: str


def has_files(place: str) -> bool:
    """Whether `place` names files of the archive's own, a directory straight below one of its folders for papers."""
    folder, _, name = place.partition("/")
    return folder in PAPER_FOLDERS and bool(name) and "/" not in name and name not in (".", "..")


def paper_place(path: str) -> str:
    """The place of the paper that a file below one of the folders belongs to."""
    folder, _, rest = path.partition("/")
    name = rest.partition("/")[0]
    for ending in _BESIDE:
        name = name.removesuffix(ending)
    return f"{folder}/{name}"


def look_at_files(directory: Path, place: str) -> PaperFiles:
    """Read every file of the paper at `place` in the archive `directory`."""
    found = list(files_of_paper(directory, place))
    told = "".join(f"{each.sha256[7:]}  {each.path}\n" for each in found)
    return PaperFiles(
        count=len(found), size=sum(each.size for each in found), digest=digest_bytes(told.encode()) if found else ""
    )


def files_of_paper(directory: Path, place: str) -> Iterator[PaperFile]:
    """Every file of it, in the order of their names, each read and hashed."""
    for path in _files(directory, place):
        relative = path.relative_to(directory).as_posix()
        yield PaperFile(path=relative, sha256=digest_file(path), size=path.stat().st_size)


def sizes_of_paper(directory: Path, place: str) -> list[tuple[str, int]]:
    """The name and the bytes of every file of it, none read: of the trail, too, which never goes."""
    found = _files(directory, place)
    if place == TRAIL:
        found = sorted(path for path in (directory / TRAIL).rglob("*") if path.is_file())
    return [(path.name, path.stat().st_size) for path in found]


def are_there(directory: Path, place: str) -> bool:
    return any(path.exists() or path.is_symlink() for path in _roots(directory, place))


def remove_paper_files(directory: Path, place: str) -> None:
    """Remove them for good, durably. That the paper's disposal is committed is the caller's to know.

    Raises StorageFull where the disk refuses: then some are left, and the next start removes them.
    """
    for path in _roots(directory, place):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        if path.exists():
            raise StorageFull(f"{path} could not be removed whole: remove it, then run again")
    for folder in {path.parent for path in _roots(directory, place)}:
        if folder.is_dir():
            sync_directory(folder)


def _files(directory: Path, place: str) -> list[Path]:
    found: set[Path] = set()
    for root in _roots(directory, place):
        found |= {path for path in (root, *root.rglob("*")) if path.is_file() and not path.is_symlink()}
    return sorted(found)


def _roots(directory: Path, place: str) -> list[Path]:
    return [directory / place, *(directory / f"{place}{each}" for each in _BESIDE)] if has_files(place) else []

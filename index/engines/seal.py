"""A file beside an engine's own that says how far it has come and what its files must be.

Engines answer happily over flipped bytes, so every file's SHA-256 is kept here. An index is made of *parts*,
each a directory; a part that the seal does not name is no part of the index. Nothing changes inside a part: a
commit is made in a new one that begins with links to the files of the old, and the seal is replaced in one rename,
so that everything an `apply` did becomes true at once, or never.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from archiver.core.durable import make_directory, storage_errors, write_durably
from archiver.core.errors import IndexDamaged

REBUILD = "run `archiver index rebuild`; no evidence is lost"

SEAL = "seal.json"
LOOKED_AT = "looked-at.json"
LOCK = "write.lock"


@dataclass(frozen=True, kw_only=True)
class Part:
    """`month` is that of first capture of its items, "" where unknown; `files` holds SHA-256 hex digests by name."""

    month: str
    total: int
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """`layout` changes with the engine's fields; `made` counts parts ever made, so that no name comes twice."""

    layout: str
    analyser: int
    seq: int = 0
    made: int = 0
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Items in all parts."""
        return sum(part.total for part in self.parts.values())


def read_seal(directory: Path) -> Seal:
    """Raises IndexDamaged if it is missing or not what was written."""
    try:
        content = json.loads((directory / SEAL).read_bytes())
        written = content.pop("sha256")
        if written != _own_digest(content):
            raise ValueError("its digest differs")
        parts = {name: Part(**part) for name, part in content.pop("parts").items()}
        return Seal(**content, parts=parts)
    except FileNotFoundError as error:
        raise IndexDamaged(f"the index has no {SEAL}; {REBUILD}") from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise IndexDamaged(f"{SEAL} of the index is damaged; {REBUILD}") from error


def write_seal(directory: Path, seal: Seal) -> None:
    """Durably, whole or not at all. Raises StorageFull."""
    content = asdict(seal)
    write_durably(directory / SEAL, json.dumps({**content, "sha256": _own_digest(content)}, indent=1).encode())


def _own_digest(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def link_files(part: Path, new: Path) -> None:
    """Make `new` of links to the files of `part`, or of copies where the disk has no links."""
    make_directory(new)
    with storage_errors(new):
        for path in part_files(part):
            try:
                (new / path.name).hardlink_to(path)
            except OSError:
                shutil.copy2(path, new / path.name)
                with (new / path.name).open("rb") as file:
                    os.fsync(file.fileno())


def hash_files(directory: Path, known: Mapping[str, str], *, rewritten: frozenset[str]) -> dict[str, str]:
    """Digests of a part's files, made durable; those in `known` are trusted unless the engine rewrites them."""
    return {
        path.name: (known[path.name] if path.name in known and path.name not in rewritten else _synced_digest(path))
        for path in part_files(directory)
    }


def part_files(directory: Path) -> list[Path]:
    """All but locks and the engine's own list of what it may clean up: no answer depends on those."""
    return sorted(
        path for path in directory.iterdir() if not path.name.lower().endswith("lock") and path.name[0] != "."
    )


def check_files(directory: Path, seal: Seal, *, every: bool = False) -> None:
    """Compare sealed files, each once for as long as nothing touches it, or `every` one anew.

    Raises IndexDamaged naming those that differ or are missing.
    """
    looked_at = {} if every else _looked_at(directory)
    faults: list[str] = []
    found: dict[str, list[int]] = {}
    for name, part in seal.parts.items():
        for file, digest in part.files.items():
            path = directory / name / file
            try:
                found[f"{name}/{file}"] = identity = _identity(path)
                if identity != looked_at.get(f"{name}/{file}") and _digest(path) != digest:
                    faults.append(f"{name}/{file} was altered")
            except OSError as error:
                faults.append(f"{name}/{file} is {'missing' if isinstance(error, FileNotFoundError) else 'unreadable'}")
    if faults:
        raise IndexDamaged(f"the index is damaged: {'; '.join(faults)}; {REBUILD}")
    if found != looked_at:
        remember_files(directory, found)


def remember_commit(directory: Path, seal: Seal, hashed: Collection[str], begun_with: Mapping[str, str]) -> None:
    """Keep what the files of a new seal look like: those just `hashed`, and those that look as they did before.

    `begun_with` is the part whose files each new part began with. A link more or less changes the times of a file's
    inode, so those are not compared; a file that was written to since it was looked at is hashed at the next opening.
    """
    before = _looked_at(directory)
    looked_at: dict[str, list[int]] = {}
    for name, part in seal.parts.items():
        for file in part.files:
            seen = _identity(directory / name / file)
            known = before.get(f"{begun_with.get(name, name)}/{file}")
            as_before = known is not None and _without_inode_time(known) == _without_inode_time(seen)
            if as_before or f"{name}/{file}" in hashed:
                looked_at[f"{name}/{file}"] = seen
    remember_files(directory, looked_at)


def _without_inode_time(identity: list[int]) -> list[int]:
    return [*identity[:2], *identity[3:]]


def remember_files(directory: Path, looked_at: Mapping[str, list[int]]) -> None:
    """Keep what the files looked like when their digests were right; lost, every file is hashed at the next opening."""
    part = directory / f"{LOOKED_AT}.{os.getpid()}.part"
    try:
        part.write_text(json.dumps(looked_at))
        part.replace(directory / LOOKED_AT)
    except OSError:  # a reader may lack the right to write here
        return


def _looked_at(directory: Path) -> dict[str, list[int]]:
    try:
        content = json.loads((directory / LOOKED_AT).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _identity(path: Path) -> list[int]:
    """What changes with any writing to a file: its length, times (of its inode too) and inode."""
    seen = path.stat()
    return [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _synced_digest(path: Path) -> str:
    with storage_errors(path), path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def unsealed(directory: Path, seal: Seal) -> Iterable[Path]:
    """Directories that are no part of the index: what a crash left, or a rewriting replaced."""
    return [path for path in directory.iterdir() if path.is_dir() and path.name not in seal.parts]

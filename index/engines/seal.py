"""A file beside an engine's own that says how far it has come and what its files must be.

Engines answer happily over flipped bytes, so every file's SHA-256 is kept here and compared
when the index is opened. While a commit is under way the seal is *pending*: then files may be
new, changed lists of files may stand, and only what was sealed before and still exists is
compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archiver.core.durable import write_durably
from archiver.core.errors import IndexDamaged

REBUILD = "run `archiver index rebuild`; no evidence is lost"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """`layout` changes with the engine's fields; `files` holds SHA-256 hex digests by name."""

    layout: str
    analyser: int
    seq: int = 0
    total: int = 0
    pending: bool = False
    files: Mapping[str, str] = field(default_factory=dict)


def read_seal(path: Path) -> Seal:
    """Raises IndexDamaged if it is missing or unreadable."""
    try:
        return Seal(**json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise IndexDamaged(f"the index has no {path.name}; {REBUILD}") from error
    except (ValueError, TypeError) as error:
        raise IndexDamaged(f"{path.name} of the index is damaged; {REBUILD}") from error


def write_seal(path: Path, seal: Seal) -> None:
    """Durably, whole or not at all. Raises StorageFull."""
    content = {**vars(seal), "files": dict(sorted(seal.files.items()))}
    write_durably(path, json.dumps(content, indent=1).encode())


def hash_files(directory: Path, known: Mapping[str, str], *, rewritten: frozenset[str]) -> dict[str, str]:
    """Digests of the engine's files; those in `known` are trusted unless the engine rewrites them."""
    return {
        path.name: (known[path.name] if path.name in known and path.name not in rewritten else _digest(path))
        for path in _engine_files(directory)
    }


def check_files(directory: Path, seal: Seal, *, rewritten: frozenset[str]) -> None:
    """Compare every sealed file. Raises IndexDamaged naming those that differ or are missing."""
    present = {path.name: path for path in _engine_files(directory)}
    faults = []
    for name, digest in seal.files.items():
        if seal.pending and (name in rewritten or name not in present):
            continue
        if name not in present:
            faults.append(f"{name} is missing")
        elif _digest(present[name]) != digest:
            faults.append(f"{name} was altered")
    if faults:
        raise IndexDamaged(f"the index is damaged: {'; '.join(faults)}; {REBUILD}")


def _engine_files(directory: Path) -> list[Path]:
    """All but locks and the engine's own list of what it may clean up: no answer depends on those."""
    return sorted(path for path in directory.iterdir() if path.suffix != ".lock" and path.name != ".managed.json")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

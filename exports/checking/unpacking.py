"""Unpacking a bundle that was sent as a ZIP file, without trusting it (ASVS 5.0, 5.2.3 and 5.3.3)."""

from __future__ import annotations

import shutil
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from exports.checking.bag import show

ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError)
"""What `zipfile` raises of a damaged file; RuntimeError where a changed flag calls it encrypted."""

_LARGEST_RATIO = 200
"""A file that unpacks to more than so many times its size is no evidence, but a bomb."""


def unpack(archive: Path, into: Path, findings: list[str]) -> Path:
    """Unpack what is safe to, and say what was not; the directory that holds bagit.txt, else `into`.

    Raises one of ZIP_FAULTS where the file is damaged.
    """
    with zipfile.ZipFile(archive) as package:
        seen: set[str] = set()
        for entry in package.infolist():
            fault = _fault(entry, seen)
            seen.add(entry.filename)
            if fault:
                findings.append(f"{show(entry.filename)} {fault}: it was not unpacked")
            elif not entry.is_dir():
                target = into / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with package.open(entry) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file)
    inside = list(into.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else into


def _fault(entry: zipfile.ZipInfo, seen: set[str]) -> str | None:
    name = entry.filename
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
        return "leads out of the bundle"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a symbolic link"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if name in seen:
        return "is in the ZIP file twice"
    if entry.file_size > _LARGEST_RATIO * max(entry.compress_size, 1 << 16):
        return "would unpack to far more than it is"
    return None

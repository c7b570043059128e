"""A copy of the trail kept off this machine: what is announced there cannot be undone here by losing the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from archiver.core.errors import CopyUnreachable, TrailBroken

FILE_NAME = "events.jsonl"


def mirror_trail(source: Path, directory: Path) -> int:
    """Append to the mirror, durably, what the trail file `source` has and it has not; how many bytes that was.

    The directory must be there: it is not made, for an unmounted share would then be a directory of this machine.
    Raises CopyUnreachable, and TrailBroken where the mirror is of another trail or knows more than this one.
    """
    target = directory / FILE_NAME
    try:
        if not directory.is_dir():
            raise CopyUnreachable(f"the trail's mirror {directory} is not there: mount it, then run again")
        with source.open("rb") as ours, target.open("ab+") as theirs:
            known = theirs.seek(0, os.SEEK_END)
            if known > ours.seek(0, os.SEEK_END):
                raise TrailBroken(
                    f"{target} knows more than the archive's own trail, which was restored from an older copy: "
                    "run `archiver restore` with this mirror"
                )
            _check_same(ours, theirs, known, target)
            ours.seek(known)
            rest = ours.read()
            theirs.write(rest)
            theirs.flush()
            os.fsync(theirs.fileno())
            return len(rest)
    except OSError as error:
        raise CopyUnreachable(f"the trail's mirror {target} cannot be written: {error.strerror}") from error


def _check_same(here: BinaryIO, there: BinaryIO, known: int, target: Path) -> None:
    """The last kilobytes before the end of the mirror must be the same bytes here."""
    start = max(0, known - 4096)
    here.seek(start)
    there.seek(start)
    if here.read(known - start) != there.read(known - start):
        raise TrailBroken(f"{target} is of another trail, or was changed: compare it with `archiver trail compare`")

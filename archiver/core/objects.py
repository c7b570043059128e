"""The evidence on disk: one directory per record, one per capture below it, never rewritten.

    objects/ab/rec_ab.../cap_.../             capture.warc.gz, page.png, thumb.webp,
                                              items.<extractor>.jsonl, capture.json
    objects/attempts/cap_.../capture.json     captures that filed nothing, with their reason
    objects/incoming/cap_.../                 a capture under way; what a crash leaves here is swept
    objects/doomed/rec_.../                   a record whose disposal is being committed: it is whole here, and goes
                                              back to its place, or goes for good, as the catalogue says

A capture is written in `incoming/`, moved to its record in one rename, then catalogued. What a crash
left between the two is complete on disk and is filed at the next start.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from archiver.core.durable import make_directory, move_directory, publish, storage_errors, sync_directory
from archiver.core.errors import EvidenceDamaged, StorageFull
from archiver.core.fixity import digest_file
from archiver.core.records import CaptureId, ObjectRole, RecordId, StoredObject

MANIFEST = "capture.json"
TICKET = "ticket.json"
"""Says in `incoming/cap_.../` what is being captured for whom, so that a killed run can be told of."""
_INCOMING = "incoming"
_ATTEMPTS = "attempts"
_DOOMED = "doomed"


class ObjectStore:
    """The local directory `objects/`. Paths it takes and gives are relative to it, with slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, relative: str) -> Path:
        """Where an object lies. Raises EvidenceDamaged for a path that leads out of the store."""
        parts = PurePosixPath(relative).parts
        if not parts or relative.startswith("/") or ".." in parts:
            raise EvidenceDamaged(f"the catalogue names an object outside the store: {relative!r}")
        return self.root.joinpath(*parts)

    def begin(self, capture: CaptureId) -> Path:
        """A fresh directory for a capture under way."""
        directory = self.root / _INCOMING / capture
        make_directory(directory.parent)
        with storage_errors(directory):
            directory.mkdir()
        return directory

    def place(self, capture: CaptureId, record: RecordId | None) -> str:
        """Where the capture belongs once filed; None: where attempts that filed nothing lie."""
        return f"{_ATTEMPTS}/{capture}" if record is None else f"{self.place_of_record(record)}/{capture}"

    def place_of_record(self, record: RecordId) -> str:
        return f"{record[4:6]}/{record}"

    def settle(self, capture: CaptureId, record: RecordId | None) -> Path:
        """Move a finished capture from `incoming/` to its place, durably."""
        destination = self.root / self.place(capture, record)
        move_directory(self.root / _INCOMING / capture, destination)
        return destination

    def discard(self, capture: CaptureId) -> None:
        """Remove what is left of a capture in `incoming/`; evidence that was filed is out of reach."""
        shutil.rmtree(self.root / _INCOMING / capture, ignore_errors=True)

    # -- disposal ---------------------------------------------------------------------------

    def doom(self, record: RecordId) -> None:
        """Move the record's files aside before its disposal is committed; nothing is lost yet.

        Whether that is on the disk after a power cut does not matter: `destroy` looks in both places.
        """
        source, target = self.root / self.place_of_record(record), self._doomed(record)
        if not target.exists() and source.exists():
            make_directory(target.parent)
            with storage_errors(source):
                source.rename(target)

    def spare(self, record: RecordId) -> None:
        """Put a doomed record's files back where they belong, durably."""
        if self._doomed(record).exists():
            place = self.root / self.place_of_record(record)
            make_directory(place.parent)
            publish(self._doomed(record), place)

    def destroy(self, record: RecordId) -> None:
        """Remove a record's files for good. That its disposal is committed is the caller's to know.

        `sync_destroyed` makes it durable, once for many.
        """
        self.doom(record)
        shutil.rmtree(self._doomed(record), ignore_errors=True)
        if self._doomed(record).exists():
            raise StorageFull(f"{self._doomed(record)} could not be removed whole: remove it, then run again")

    def sync_destroyed(self, records: Iterable[RecordId]) -> None:
        """Make it durable that these records' files are gone."""
        places = {(self.root / self.place_of_record(each)).parent for each in records}
        for directory in sorted({*places, self.root / _DOOMED}):
            if directory.is_dir():
                sync_directory(directory)

    def doomed(self) -> list[RecordId]:
        """Records whose files were moved aside by a disposal that a crash cut off, or that is not swept yet."""
        return sorted(RecordId(each.name) for each in (self.root / _DOOMED).glob("rec_*/"))

    def _doomed(self, record: RecordId) -> Path:
        return self.root / _DOOMED / record

    def unfinished(self) -> list[CaptureId]:
        """Captures that a crash left under way."""
        return sorted(CaptureId(each.name) for each in (self.root / _INCOMING).glob("cap_*/"))

    def capture_directories(self) -> Iterator[Path]:
        """Every filed capture and attempt, in no order."""
        for manifest in self.root.glob(f"{_ATTEMPTS}/cap_*/{MANIFEST}"):
            yield manifest.parent
        for manifest in self.root.glob(f"[0-9a-f][0-9a-f]/rec_*/cap_*/{MANIFEST}"):
            yield manifest.parent

    def files(self) -> Iterator[str]:
        """Every file of the store, relative, in path order; `incoming/` and `doomed/` left out."""
        for path in sorted(self.root.rglob("*")):
            relative = path.relative_to(self.root).as_posix()
            if not path.is_dir() and not relative.startswith((f"{_INCOMING}/", f"{_DOOMED}/")):
                yield relative

    def links(self) -> Iterator[str]:
        """Every symbolic link of the store, relative: none is ever made by the archive."""
        for path in sorted(self.root.rglob("*")):
            if path.is_symlink():
                yield path.relative_to(self.root).as_posix()


def describe_object(directory: Path, place: str, name: str, role: ObjectRole, media_type: str) -> StoredObject:
    """Hash the file `name` in `directory`, which belongs at `place` in the store."""
    path = directory / name
    return StoredObject(
        path=f"{place}/{name}",
        role=role,
        media_type=media_type,
        sha256=digest_file(path),
        size=path.stat().st_size,
    )

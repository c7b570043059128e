"""The directory of an engine under its seal: opened only if whole, written by one at a time, followed by the others."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from archiver.core.durable import make_directory, sync_directory
from archiver.core.errors import ArchiveBusy, IndexDamaged, IndexOutdated
from index.analyser import ANALYSER_VERSION
from index.engines.seal import (
    LOCK,
    REBUILD,
    SEAL,
    Part,
    Seal,
    check_files,
    hash_files,
    read_seal,
    remember_commit,
    unsealed,
    write_seal,
)
from index.locking import locked


@dataclass(frozen=True, kw_only=True)
class NewPart:
    """A part as it is to be sealed; `linked` is the part whose files it began with, "" for none."""

    month: str
    total: int
    linked: str = ""


class SealedDirectory:
    """`seal` is what was last followed. `rewritten` are names of files that an engine gives new content."""

    def __init__(self, directory: Path, layout: str, *, rewritten: frozenset[str] = frozenset()) -> None:
        self.directory = directory
        self.seal = Seal(layout=layout, analyser=ANALYSER_VERSION)
        self._rewritten = rewritten
        self._stamp = (0, 0)  # the seal file as it was last followed

    def begin_anew(self) -> None:
        """Drop what is there; an empty index afterwards. Raises ArchiveBusy."""
        make_directory(self.directory)
        with self.writing():
            (self.directory / SEAL).unlink(missing_ok=True)
            self._replace(Seal(layout=self.seal.layout, analyser=ANALYSER_VERSION))

    def open(self) -> None:
        """Compare every file with the seal; begin anew where nothing is. Raises IndexDamaged.

        Raises IndexOutdated for an index of another layout or analyser: its answers would be other ones.
        """
        if not self.directory.is_dir() or not any(path.name != LOCK for path in self.directory.iterdir()):
            self.begin_anew()
            return
        while True:
            seal = read_seal(self.directory)
            if (seal.layout, seal.analyser) != (self.seal.layout, ANALYSER_VERSION):
                raise IndexOutdated(f"the index was made by another version of Archiver; {REBUILD}")
            if self._is_whole(seal, every=False):
                self.seal = seal
                return

    def check(self) -> None:
        """Hash every file anew. Raises IndexDamaged."""
        while not self._is_whole(read_seal(self.directory), every=True):
            pass

    def _is_whole(self, seal: Seal, *, every: bool) -> bool:
        """Whether all is as sealed; False where another process sealed anew meanwhile. Raises IndexDamaged."""
        try:
            check_files(self.directory, seal, every=every)
        except IndexDamaged:
            if read_seal(self.directory) == seal:
                raise
            return False
        return True

    def follow(self) -> bool:
        """Whether another process has finished a commit since; `seal` is then its.

        An index that was put aside for a new one goes on answering as it was.
        """
        try:
            stamp = self._seal_stamp()
            if stamp == self._stamp:
                return False
            seal = read_seal(self.directory)
        except FileNotFoundError:
            return False
        self._stamp = stamp
        changed, self.seal = seal != self.seal, seal
        return changed

    def writing(self) -> AbstractContextManager[None]:
        """Raises ArchiveBusy while another process writes, and where a new index has taken the place of this one."""
        if not self.directory.is_dir():
            raise ArchiveBusy(f"a new index has taken the place of {self.directory}; try again")
        return locked(self.directory / LOCK, "another run is writing to the search index")

    def finish(self, parts: Mapping[str, NewPart], *, seq: int, made: int) -> None:
        """Make `parts` the index. Those not sealed yet are hashed, and made durable."""
        sealed: dict[str, Part] = {}
        hashed: set[str] = set()
        for name, new in parts.items():
            part = self.seal.parts.get(name)
            if part is None:
                known = self.seal.parts[new.linked].files if new.linked else {}
                files = hash_files(self.directory / name, known, rewritten=self._rewritten)
                hashed |= {f"{name}/{file}" for file in files if file not in known or file in self._rewritten}
                sync_directory(self.directory / name)
                part = Part(month=new.month, total=new.total, files=files)
            sealed[name] = part
        if hashed:
            sync_directory(self.directory)
        seal = Seal(layout=self.seal.layout, analyser=ANALYSER_VERSION, seq=seq, made=made, parts=sealed)
        self._replace(seal, hashed, {name: new.linked for name, new in parts.items() if new.linked})

    def sweep(self) -> None:
        """Remove what is no part of the index any more, or never became one. Only while `writing`."""
        for path in unsealed(self.directory, self.seal):
            shutil.rmtree(path, ignore_errors=True)

    def _replace(self, seal: Seal, hashed: Collection[str] = (), begun_with: Mapping[str, str] | None = None) -> None:
        write_seal(self.directory, seal)
        self.seal = seal
        self._stamp = self._seal_stamp()
        self.sweep()
        remember_commit(self.directory, seal, hashed, begun_with or {})

    def _seal_stamp(self) -> tuple[int, int]:
        """What another process's commit changes: it renames a new file into place."""
        seen = (self.directory / SEAL).stat()
        return seen.st_mtime_ns, seen.st_ino

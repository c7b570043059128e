"""Backing an archive up: encrypted, consistent, and each time only what is new.

A set is everything an archive is restored from: its settings, a fresh snapshot of the catalogue, the trail as far as
that snapshot knows it, the evidence, bundles, certificates and reports. What is derived (the index, `catalogue.db`) is
not in it, nor are private keys. What may have to go has a key of its own, which is destroyed with it: a record with its
evidence and its rows of the catalogue, a paper with its files and rows, a snapshot. Sets that hold what was destroyed
since go when the next one is whole; what they hold of it opens no more as soon as its key is destroyed.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from archiver.core.archive import Archive
from archiver.core.backup_boxes import BackupBoxes
from archiver.core.clock import to_iso, to_timestamp14
from archiver.core.config import FILE_NAME as SETTINGS
from archiver.core.durable import PART_SUFFIX, durable_file, make_directory
from archiver.core.errors import BackupDamaged, BadInput, NotFound
from archiver.core.events import EventType
from archiver.core.fixity import digest_bytes, digest_file
from archiver.core.mirror import FILE_NAME as TRAIL
from archiver.core.paper_files import PAPER_FOLDERS, paper_place
from archiver.core.paper_stubs import paper_stubs
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.snapshots import take_snapshot
from archiver.workflows.backups.snapshot_apart import ROWS, join_snapshot, split_snapshot

KEEP = 7
"""Sets that stay, where nothing was destroyed since."""
_FOLDERS = ("objects", "assets", "trail", "productions", "certificates", "runs", "sessions")
_PASSING = ("objects/incoming/", "objects/doomed/")
_EVENTS = f"trail/{TRAIL}"


@dataclass(frozen=True, kw_only=True)
class BackupFile:
    """A file of the archive in a set: where it belongs, what it is, how many bytes, and whether the part of the archive
    that it goes with has a key of its own.
    """

    path: str
    sha256: str
    size: int
    keyed: bool = False

    @property
    def part(self) -> str:
        return part_of(self.path) if self.keyed else ""


@dataclass(frozen=True, kw_only=True)
class BackupSet:
    """One backup. `trail_size` is how many events the archive had by then, `destroyed` how many records and
    papers had gone; `rows_of` are the parts whose rows lie apart, under their own keys.
    """

    id: str
    made_at: str  # ISO 8601 UTC
    trail_size: int
    destroyed: int
    files: tuple[BackupFile, ...]
    rows_of: tuple[str, ...] = ()

    @property
    def parts(self) -> set[str]:
        """Everything in it that has a key of its own."""
        return {file.part for file in self.files if file.keyed} | set(self.rows_of)

    @property
    def size(self) -> int:
        return sum(each.size for each in self.files)


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What one run did: `sealed` of its `files` were new; `sets_removed` are older ones that went, `boxes_removed` the
    files that only they had.
    """

    set: str
    files: int
    sealed: int
    size: int
    trail_size: int
    sets_removed: tuple[str, ...]
    boxes_removed: int


def back_up(
    archive: Archive,
    boxes: BackupBoxes,
    *,
    actor: Person,
    now: datetime,
    keep: int = KEEP,
    progress: Progress = silent,
) -> BackedUp:
    """Add a set to the backup, then remove sets beyond `keep` and all that hold what was destroyed since.

    Nothing is captured or destroyed meanwhile. Raises ArchiveBusy, StorageFull, BackupDamaged, NotPermitted.
    """
    actor.require(Permission.BACK_UP)
    if boxes.root.resolve().is_relative_to(archive.directory.resolve()):
        raise BadInput(f"{boxes.root} lies in the archive itself: a backup belongs on another disk or machine")
    with archive.run_lock():
        archive.sign_checkpoint(at=now)
        snapshot, size = _snapshot(archive, now)
        before = {each.id: each for each in read_sets(boxes)}
        destroyed = len(archive.catalogue.stubs()) + len(paper_stubs(archive.db))
        paths = [SETTINGS, *_paths(archive.directory)]
        files, sealed = [], 0
        for number, path in enumerate(paths, 1):
            filed, is_new = _seal(archive, boxes, path, size)
            files.append(filed)
            sealed += is_new
            progress(number, len(paths), path)
        with tempfile.TemporaryDirectory(prefix="apart-", suffix=PART_SUFFIX, dir=snapshot.parent) as folder:
            bare, rows, rows_of = split_snapshot(boxes, snapshot, Path(folder), archive.settings.archive.zone)
            for path, place in ((f"snapshots/{snapshot.name}", bare), (f"snapshots/{snapshot.name}{ROWS}", rows)):
                filed, is_new = _seal_file(boxes, path, place)
                files.append(filed)
                sealed += is_new
        made = BackupSet(
            id=f"{to_timestamp14(now)}-{size:010d}",
            made_at=to_iso(now),
            trail_size=size,
            destroyed=destroyed,
            files=tuple(files),
            rows_of=rows_of,
        )
        content = json.dumps(asdict(made), ensure_ascii=False).encode()
        boxes.seal(io.BytesIO(content), _set_path(boxes, made.id), about=f"set {made.id}")
        stay = [each for each in before.values() if each.destroyed == destroyed and each.id != made.id]
        stay = [made, *sorted(stay, key=lambda each: each.id, reverse=True)[: max(0, keep - 1)]]
        gone = sorted(before.keys() - {each.id for each in stay})
        wanted = {_name_of(boxes, file) for each in stay for file in each.files if _opens(boxes, file)}
        removed = boxes.keep_only(wanted, {each.id for each in stay})
        boxes.keys.keep_only({part for each in stay for part in each.parts})
        with archive.change(at=now, actor=actor.id) as change:
            told = {
                "sha256": digest_bytes(content),
                "files": len(files),
                "bytes": made.size,
                "events": size,
                "rows_apart": True,
            }
            change.record(EventType.BACKED_UP, [made.id], {**told, "sets_removed": gone})
    return BackedUp(
        set=made.id,
        files=len(files),
        sealed=sealed,
        size=made.size,
        trail_size=size,
        sets_removed=tuple(gone),
        boxes_removed=removed,
    )


def _snapshot(archive: Archive, now: datetime) -> tuple[Path, int]:
    """A fresh snapshot, and how many events it knows: officers may decide while it is taken, then it is taken again."""
    while True:
        size = archive.trail.head().size
        path = take_snapshot(archive.db, archive.directory / "snapshots", at=now, trail_size=size)
        if archive.trail.head().size == size:
            return path, size


def _paths(directory: Path) -> Iterator[str]:
    for folder in _FOLDERS:
        for path in sorted((directory / folder).rglob("*")):
            relative = path.relative_to(directory)
            is_unfinished = any(each.endswith(PART_SUFFIX) for each in relative.parts)
            is_passing = relative.as_posix().startswith(_PASSING)
            if path.is_file() and not path.is_symlink() and not is_unfinished and not is_passing:
                yield relative.as_posix()


def part_of(path: str) -> str:
    """What a file goes with when it goes: its record, its paper, or the snapshot it is; "" for what stays."""
    folder, _, rest = path.partition("/")
    if folder == "objects":
        record = rest.partition("/")[2].partition("/")[0]
        return record if record.startswith("rec_") else ""
    if folder == "snapshots":
        return path.removesuffix(ROWS)
    return paper_place(path) if folder in PAPER_FOLDERS else ""


def _name_of(boxes: BackupBoxes, filed: BackupFile) -> str:
    return boxes.name_of(filed.path, filed.sha256, filed.part)


def _opens(boxes: BackupBoxes, filed: BackupFile) -> bool:
    """Whether there is a key to its box: what has none is noise."""
    return not filed.part or boxes.keys.find(filed.part) is not None


def _seal(archive: Archive, boxes: BackupBoxes, path: str, events: int) -> tuple[BackupFile, bool]:
    """The file's entry, and whether it had to be sealed: a box of its place and content is there otherwise."""
    place = archive.directory / path
    if not path.startswith("trail/"):
        return _seal_file(boxes, path, place)
    content = place.read_bytes()  # it grows while officers decide
    if path == _EVENTS:
        content = b"".join(content.splitlines(keepends=True)[:events])  # so much the snapshot knows
    filed = BackupFile(path=path, sha256=digest_bytes(content), size=len(content))
    return filed, _seal_new(boxes, filed, io.BytesIO(content))


def _seal_file(boxes: BackupBoxes, path: str, place: Path) -> tuple[BackupFile, bool]:
    """The same, of a file that lies at `place` and belongs at `path`."""
    part = part_of(path)
    if part:
        boxes.keys.make(part)
    filed = BackupFile(path=path, sha256=digest_file(place), size=place.stat().st_size, keyed=bool(part))
    with place.open("rb") as source:
        return filed, _seal_new(boxes, filed, source)


def _seal_new(boxes: BackupBoxes, filed: BackupFile, source: BinaryIO) -> bool:
    name = _name_of(boxes, filed)
    if boxes.path_of(name).exists():
        return False
    boxes.seal(source, boxes.path_of(name), about=name, part=filed.part)
    return True


def _set_path(boxes: BackupBoxes, id: str) -> Path:
    return boxes.root / "sets" / id


def read_sets(boxes: BackupBoxes) -> list[BackupSet]:
    """Every set, newest first. Raises BackupDamaged."""
    found = []
    for path in sorted((boxes.root / "sets").glob("[0-9]*"), reverse=True):
        if path.suffix:
            continue  # what a broken-off backup left
        stated = json.loads(b"".join(boxes.unseal(path, about=f"set {path.name}")))
        found.append(BackupSet(**{**stated, "files": tuple(BackupFile(**each) for each in stated["files"])}))
    return found


def chosen_set(boxes: BackupBoxes, id: str = "") -> BackupSet:
    """The set of that id, or the newest. Raises NotFound, BackupDamaged."""
    for each in read_sets(boxes):
        if id in ("", each.id):
            return each
    raise NotFound(f"the backup {boxes.root} has no set {id}: see `archiver backup list`" if id else "it has no set")


def unpack(boxes: BackupBoxes, chosen: BackupSet, into: Path, *, progress: Progress = silent) -> None:
    """Write every file of the set below `into`, each compared with its hash, but for those whose key was destroyed
    since: they are what was destroyed. So it is with the rows of the snapshot. Raises BackupDamaged, StorageFull.
    """
    for number, each in enumerate(chosen.files, 1):
        if each.part and boxes.keys.is_destroyed(each.part):
            continue
        parts = Path(each.path).parts
        if Path(each.path).is_absolute() or ".." in parts:
            raise BackupDamaged(f"set {chosen.id} names a file outside of the archive: {each.path!r}")
        make_directory((into / each.path).parent)
        if each.path.endswith(ROWS):
            _unpack_rows(boxes, chosen, each, into)
            continue
        with durable_file(into / each.path) as file:
            is_whole = _unseal(boxes, each, file.write)
        if not is_whole:
            raise BackupDamaged(f"{each.path} of set {chosen.id} is not what was backed up")
        progress(number, len(chosen.files), each.path)


def _unpack_rows(boxes: BackupBoxes, chosen: BackupSet, filed: BackupFile, into: Path) -> None:
    bare = into / filed.path.removesuffix(ROWS)
    with tempfile.TemporaryFile(dir=bare.parent) as rows:
        if not _unseal(boxes, filed, rows.write):
            raise BackupDamaged(f"{filed.path} of set {chosen.id} is not what was backed up")
        join_snapshot(boxes, bare, rows)


def check_set(boxes: BackupBoxes, chosen: BackupSet, *, progress: Progress = silent) -> list[str]:
    """Open every box of the set and compare it with its hash, writing nothing; a sentence for each that fails.

    What has no key any more, for it was destroyed since, is passed over.
    """
    findings = []
    for number, each in enumerate(chosen.files, 1):
        if each.part and boxes.keys.is_destroyed(each.part):
            continue
        try:
            if not _unseal(boxes, each, lambda piece: None):
                findings.append(f"{each.path} is not what was backed up")
        except BackupDamaged as error:
            findings.append(f"{each.path}: {error}")
        progress(number, len(chosen.files), each.path)
    return findings


def _unseal(boxes: BackupBoxes, filed: BackupFile, take: Callable[[bytes], object]) -> bool:
    """Hand every piece of the file on; whether all of them together have its hash. Raises BackupDamaged."""
    name, hashed = _name_of(boxes, filed), hashlib.sha256()
    for piece in boxes.unseal(boxes.path_of(name), about=name, part=filed.part):
        hashed.update(piece)
        take(piece)
    return f"sha256:{hashed.hexdigest()}" == filed.sha256

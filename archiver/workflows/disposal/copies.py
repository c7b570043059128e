"""What keeps a record's content besides its files and rows: the index, snapshots, catalogues set aside, second copies.

Each is emptied of what went, and the bytes of `catalogue.db` are probed for it. Only then is a certificate issued.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.core.archive import CATALOGUE, Archive
from archiver.core.assets import known_assets
from archiver.core.backup_keys import FOLDER, destroy_keys
from archiver.core.disposal_rows import delete_record_rows
from archiver.core.errors import ArchiveBusy, CopyUnreachable, StorageFull
from archiver.core.events import EventType
from archiver.core.paper_rows import delete_paper_rows
from archiver.core.paper_stubs import paper_stubs
from archiver.core.papers import is_paper_id, kind_of_id
from archiver.core.records import RecordId
from archiver.core.second_copy import SecondCopy
from archiver.core.snapshots import drop_snapshots
from archiver.workflows.disposal.residue import Residue
from archiver.workflows.indexing.catching_up import current_engine
from archiver.workflows.indexing.unindex import unindex
from index.query import Records

Purge = Callable[[Archive, Sequence[RecordId]], Mapping[str, Any]]
"""Takes every trace of the records out of the search index's files; the proof, as JSON, is put on the certificate."""

_PROBES = 64
_PROBE_LETTERS = 24


def purge_index(archive: Archive, records: Sequence[RecordId]) -> dict[str, Any]:
    """Write the parts of the index anew that hold anything of the records, and prove that none is left."""
    proof = unindex(archive, records)
    with current_engine(archive) as engine:
        left = engine.count(Records(ids=frozenset(records)))
    return {
        "method": "the parts of the index that held anything of the records were written anew from what stays",
        **asdict(proof),
        "items_left_of_them": left,
    }


class Probes:
    """Pieces of text of records that go, remembered while the run lasts, to be looked for in files afterwards."""

    def __init__(self) -> None:
        self._texts: dict[str, RecordId] = {}

    def remember(self, record: RecordId, texts: Iterable[str]) -> None:
        """The record's longest text, as far as there is room for it."""
        longest = max(texts, key=len, default="")
        if len(longest) >= _PROBE_LETTERS and not self.full:
            self._texts.setdefault(longest[: 4 * _PROBE_LETTERS], record)

    @property
    def full(self) -> bool:
        return len(self._texts) >= _PROBES

    def __len__(self) -> int:
        return len(self._texts)

    def found_in(self, path: Path) -> list[tuple[str, RecordId]]:
        content = path.read_bytes() if path.exists() else b""
        return [(text, record) for text, record in self._texts.items() if text.encode() in content]


def purge_catalogue(archive: Archive, probes: Probes) -> list[Residue]:
    """Rewrite `catalogue.db` without its free pages, empty its write-ahead log, and look for what went.

    Raises ArchiveBusy where somebody reads: the log cannot be emptied then.
    """
    archive.db.conn.execute("VACUUM")
    (busy, _, _) = archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise ArchiveBusy(
            f"somebody reads {archive.directory / CATALOGUE}, so its log cannot be emptied: end that, then run again"
        )
    return [
        Residue(place=name, record_id=record, message=_SAID_AGAIN if is_paper_id(record) else _FOUND)
        for name in (CATALOGUE, f"{CATALOGUE}-wal")
        for text, record in probes.found_in(archive.directory / name)
        if is_paper_id(record) or not _stands_in_a_row(archive, text)
    ]


_FOUND = "a piece of its text was found in the file"
_SAID_AGAIN = "a piece of its text was found in the file: another paper or record may say the same"


def _stands_in_a_row(archive: Archive, text: str) -> bool:
    """Whether a record that stays has the same text, which the certificate names as such."""
    sql = (
        "SELECT 1 FROM items WHERE instr(text, ?1) UNION SELECT 1 FROM item_versions WHERE instr(text, ?1) "
        "UNION SELECT 1 FROM records WHERE instr(title, ?1)"
    )
    return archive.db.conn.execute(sql, (text,)).fetchone() is not None


def purge_snapshots(archive: Archive, *, at: datetime) -> None:
    """One fresh copy of the catalogue in place of all older ones, which hold what went."""
    archive.sign_checkpoint(at=at)
    drop_snapshots(archive.db, archive.directory / "snapshots", at=at, trail_size=archive.trail.head().size)


def purge_set_aside(archive: Archive, records: Sequence[RecordId]) -> list[Residue]:
    """Catalogues that a rebuild set aside lose the rows of records, or papers, too.

    One too damaged for that is named on the certificate.
    """
    left = []
    for path in sorted(archive.directory.glob("catalogue.before-*.db")):
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                copy.execute("PRAGMA secure_delete = ON")
                copy.execute("PRAGMA foreign_keys = OFF")
                copy.execute("BEGIN IMMEDIATE")
                delete_record_rows(copy, [each for each in records if not is_paper_id(each)])
                for paper in filter(is_paper_id, records):
                    delete_paper_rows(copy, kind_of_id(paper), paper)
                copy.execute("COMMIT")
                copy.execute("PRAGMA journal_mode = DELETE")
                copy.execute("VACUUM")
        except sqlite3.DatabaseError as error:
            message = f"it is damaged ({error}) and could not be emptied: destroy the file by hand"
            left.append(Residue(place=path.name, record_id=None, message=message))
    return left


def purge_second_copy(archive: Archive, records: Sequence[RecordId]) -> int:
    """Remove the records from the second location, and the assets that nothing needs any more.

    How many records were looked for. Raises CopyUnreachable.
    """
    if not archive.settings.retention.second_copy:
        return 0
    copy = SecondCopy(Path(archive.settings.retention.second_copy))
    for record in records:
        copy.remove(record)
    known = {each.name for each in known_assets(archive.db)}
    for name in [each for each in copy.assets() if each not in known]:
        copy.remove_asset(name)
    return len(records)


def purge_backup_keys(archive: Archive, gone: Sequence[RecordId]) -> list[Residue]:
    """Destroy the keys that open what backups have of these records or papers; what could not be, in words."""
    stated, sets = archive.settings.backup, _sets(archive)
    if not sets:
        return []
    places = {each.id: each.place for each in paper_stubs(archive.db)}
    parts = {part for each in gone for part in (each, places.get(each, "")) if part}
    if not stated.place:
        return [Residue(place=f"backup set {each}", record_id=None, message=_NO_PLACE) for each in sets]
    try:
        keys = [Path(each) for each in stated.keys_in] or [Path(stated.place) / FOLDER]
        destroy_keys(keys, archive.settings.archive.id, parts)
    except (CopyUnreachable, StorageFull) as error:
        message = f"the backup's keys of it could not be destroyed, the next `archiver backup make` does that: {error}"
        return [Residue(place=stated.place, record_id=None, message=message)]
    return [
        Residue(place=f"backup set {each}", record_id=None, message=_OLDER)
        for each, rows_apart in sets.items()
        if not rows_apart
    ]


_NO_PLACE = (
    "a backup made before holds it, encrypted, and `backup.place` in archive.toml does not say where its keys are: the "
    "next `archiver backup make` destroys them"
)
_OLDER = (
    "an earlier version made that backup, with the texts of all records in one snapshot of the catalogue, encrypted: "
    "the next `archiver backup make` removes that set and its key"
)


def _sets(archive: Archive) -> dict[str, bool]:
    """Sets of backups that stand, as far as the trail tells, and whether each record's rows lie apart in them."""
    sets: dict[str, bool] = {}
    for event in archive.trail.events():
        if event.type == EventType.BACKED_UP:
            sets[event.subjects[0]] = bool(event.detail.get("rows_apart"))
            for gone in event.detail.get("sets_removed", ()):
                sets.pop(gone, None)
    return sets

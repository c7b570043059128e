"""What goes into a production: the request, its searches, and the records with their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from archiver.core.records import Account, Barred, Capture, CataloguedItem, ObjectRole, Record, RecordId, StoredObject
from archiver.core.warc import Resolve, nowhere


@dataclass(frozen=True, kw_only=True)
class ProducedSearch:
    """One search as it was declared: `interpreted` says how the query was read, `watermark` how far the index knew."""

    query: str
    interpreted: str
    total_hits: int
    at: datetime
    analyser_version: str
    watermark: int


@dataclass(frozen=True, kw_only=True)
class ProducedRequest:
    """The demand the production answers. `received` is a legal day; `time_zone` an IANA name, for display."""

    number: str
    law: str
    received: date
    requester: str
    subject: str
    searches: tuple[ProducedSearch, ...]
    agency: str
    jurisdiction: str
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class ProducedCapture:
    """One capture with each of its files and where that file lies now; `barred` are those left out of the bundle.

    A file that an earlier capture of the record keeps for this one has its path there.
    """

    capture: Capture
    files: tuple[tuple[StoredObject, Path], ...]
    barred: tuple[Barred, ...] = ()

    def stored(self, role: ObjectRole) -> tuple[StoredObject, ...]:
        """The capture's files of one role, page.png before page@2.png before page@10.png."""
        found = (each for each, _ in self.files if each.role is role)
        return tuple(sorted(found, key=lambda each: (len(each.path), each.path)))


@dataclass(frozen=True, kw_only=True)
class ProducedRecord:
    """A record with all it holds. `observed` is its description before officers corrected it; None: not corrected.

    `hit_ids` are the ids of the items that the searches found; `resolve` says where the payloads lie
    that the captures' WARCs leave to other files.
    """

    record: Record
    items: tuple[CataloguedItem, ...]
    captures: tuple[ProducedCapture, ...]
    hit_ids: frozenset[str]
    account: Account | None = None
    observed: Record | None = None
    resolve: Resolve = nowhere

    @property
    def latest_content(self) -> ProducedCapture | None:
        """The newest capture with a screenshot, else the newest that filed content."""
        by_time = sorted(self.captures, key=lambda each: (each.capture.started, each.capture.id), reverse=True)
        for each in by_time:
            if each.stored(ObjectRole.SCREENSHOT):
                return each
        return next((each for each in by_time if each.capture.outcome.files_content), None)


@dataclass(frozen=True, kw_only=True)
class NotProduced:
    """A record that was found and is not in the bundle, and why."""

    record_id: RecordId
    reason: str
    withheld: bool  # by decision; False: it failed


@dataclass(frozen=True, kw_only=True)
class Production:
    """A finished bundle. `sha256`, the hex digest of its tagmanifest-sha256.txt, commits to every byte of it."""

    path: Path
    sha256: str
    records: int
    items: int
    files: int
    size: int  # bytes of payload

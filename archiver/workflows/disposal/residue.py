"""What of a batch's records is left in places that do not go with them: searched before anything goes, certified after.

Other records keep what they captured: a timeline shows a post, a page's margin the newest comments. Bundles that were
handed over keep what they hold. They have schedules of their own; the certificate names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.disposal_rows import texts_of_record
from archiver.core.errors import ArchiverError
from archiver.core.events import EventType
from archiver.core.records import ObjectRole, RecordId
from archiver.core.warc import read_records
from retention.survivors import Traces

_TEXT = ("text/", "application/json", "application/xml", "application/rss", "application/atom", "application/ld+json")
_PICTURE = ("image/", "video/", "audio/")
_LARGEST = 8_000_000
"""Bytes of a body that are looked through; longer ones are no pages."""


@dataclass(frozen=True, kw_only=True)
class Residue:
    """One place where something of a record stays. `record_id` is whose it is, None where it is the whole batch's."""

    place: str
    record_id: RecordId | None
    message: str


def find_residue(archive: Archive, going: Sequence[RecordId]) -> list[Residue]:
    """Every place known to keep something of these records, in order and each once."""
    traces, pictures = Traces(), dict[str, RecordId]()
    for record in going:
        traces.add(record, texts_of_record(archive.db.conn, record))
        for path in _warcs(archive, record):
            for digest in _pictures(path):
                pictures.setdefault(digest, record)
    found = [*_in_catalogue(archive, going, traces), *_in_evidence(archive, going, traces, pictures)]
    found += [*_in_productions(archive, going), *_in_papers(archive, traces)]
    return list(dict.fromkeys(found))


def _in_catalogue(archive: Archive, going: Iterable[RecordId], traces: Traces) -> Iterator[Residue]:
    gone = set(going)
    texts = archive.db.conn.execute(
        "SELECT id, title || char(10) || creator_name FROM records UNION ALL "
        "SELECT record_id, text || char(10) || creator_name FROM items UNION ALL "
        "SELECT i.record_id, v.text FROM item_versions v JOIN items i ON i.id = v.item_id UNION ALL "
        "SELECT record_id, reason FROM record_corrections UNION ALL SELECT record_id, reason FROM class_decisions"
    )
    for keeper, text in texts:
        if keeper not in gone:
            for record in sorted(traces.found_in(text)):
                yield Residue(place=keeper, record_id=RecordId(record), message="that record shows text of it")
    rows = archive.db.conn.execute(
        "SELECT number, subject FROM requests UNION SELECT request_number, query FROM request_searches"
    )
    for number, text in rows:
        for record in sorted(traces.found_in(text)):
            yield Residue(place=number, record_id=RecordId(record), message="the request quotes text of it")


def _in_evidence(
    archive: Archive, going: Iterable[RecordId], traces: Traces, pictures: dict[str, RecordId]
) -> Iterator[Residue]:
    """The WARCs of other records: what a page's margin, a feed or a list sent along is read by nobody as an item."""
    gone = set(going)
    for keeper in archive.catalogue.record_ids():
        if keeper in gone:
            continue
        for path in _warcs(archive, keeper):
            shown, same = _look_through(path, traces, pictures)
            for record in sorted(shown):
                yield Residue(place=keeper, record_id=RecordId(record), message="its evidence shows text of it")
            for record in sorted(same):
                yield Residue(place=keeper, record_id=RecordId(record), message="its evidence holds a picture of it")


def _look_through(path: Path, traces: Traces, pictures: dict[str, RecordId]) -> tuple[set[str], set[str]]:
    shown, same = set[str](), set[str]()
    try:
        for each in read_records(path):
            if each.type not in ("response", "resource", "revisit"):
                continue
            digest = each.header("WARC-Payload-Digest")
            if digest in pictures:
                same.add(pictures[digest])
            if each.type != "revisit" and each.media_type.startswith(_TEXT):
                content = each.content()
                if len(content) <= _LARGEST:
                    shown |= traces.found_in(content.decode(errors="replace"))
    except (ArchiverError, OSError, ValueError):
        return shown, same  # what cannot be read is told by `archiver verify`
    return shown, same


def _pictures(path: Path) -> Iterator[str]:
    try:
        for each in read_records(path):
            digest = each.header("WARC-Payload-Digest")
            if each.type == "response" and digest and each.media_type.startswith(_PICTURE):
                yield digest
    except (ArchiverError, OSError, ValueError):
        return


def _warcs(archive: Archive, record: RecordId) -> list[Path]:
    stored = archive.catalogue.stored_objects(record)
    return [archive.objects.path_of(each.path) for each in stored if each.role is ObjectRole.WARC]


def _in_productions(archive: Archive, going: Iterable[RecordId]) -> Iterator[Residue]:
    """Bundles are named by the requests' searches: every hit of a request is in each of its bundles."""
    rows = archive.db.conn.execute(
        "SELECT DISTINCT p.path, h.record_id FROM productions p JOIN request_searches s "
        "ON s.request_number = p.request_number JOIN request_hits h ON h.search_id = s.id ORDER BY p.path, h.record_id"
    )
    gone = set(going)
    for path, record in rows:
        if record in gone and (Path(path) / "data" / "records" / record).exists():
            place = f"productions/{Path(path).name}"
            yield Residue(
                place=place, record_id=RecordId(record), message="a bundle that was made for a request holds it"
            )


def _in_papers(archive: Archive, traces: Traces) -> Iterator[Residue]:
    """Reports of nights, which name the titles of what they captured."""
    for path in sorted((archive.directory / "runs").rglob("*.*")):
        if path.is_file() and path.suffix in (".json", ".html", ".txt"):
            for record in sorted(traces.found_in(path.read_text(encoding="utf-8", errors="replace"))):
                place = path.relative_to(archive.directory).as_posix()
                yield Residue(place=place, record_id=RecordId(record), message="the report of a night names it")


def find_paper_residue(archive: Archive, going: Sequence[str]) -> list[Residue]:
    """Where these papers of the archive's own stay: copies that were handed over or made elsewhere."""
    told = {
        EventType.DELIVERED: ("who was answered", "it was handed over: that copy is the receiver's"),
        EventType.PACKED: ("an encrypted ZIP", "it was packed once more, outside of the archive: destroy it by hand"),
    }
    found = []
    for event in archive.trail.events():
        if event.type in told:
            place, message = told[EventType(event.type)]
            found += [
                Residue(place=place, record_id=RecordId(each), message=message)
                for each in event.subjects
                if each in going
            ]
    for each in going:
        row = archive.db.conn.execute("SELECT path FROM productions WHERE id = ?", (each,)).fetchone()
        if row and Path(row[0]).exists() and not Path(row[0]).is_relative_to(archive.directory):
            message = "it was made there, outside of the archive: destroy it by hand"
            found.append(Residue(place=row[0], record_id=RecordId(each), message=message))
    return list(dict.fromkeys(found))


def store_residue(archive: Archive, batch: str, found: Iterable[Residue]) -> None:
    """Keep it for the certificate, in the caller's transaction."""
    archive.db.conn.executemany(
        "INSERT INTO disposal_residue (batch_id, place, record_id, message) VALUES (?, ?, ?, ?)",
        [(batch, each.place, each.record_id, each.message) for each in found],
    )


def stored_residue(archive: Archive, batch: str) -> list[Residue]:
    rows = archive.db.conn.execute(
        "SELECT DISTINCT place, record_id, message FROM disposal_residue WHERE batch_id = ? ORDER BY 1, 2, 3", (batch,)
    )
    return [Residue(place=place, record_id=record, message=message) for place, record, message in rows]

"""An archive with a shelf of small records, two approvers and a plan: filed as captures are, without a browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.config import ArchiveSettings, RetentionSettings, Settings
from archiver.core.durable import write_durably
from archiver.core.events import EventType
from archiver.core.manifest import CaptureManifest, write_items, write_manifest
from archiver.core.objects import MANIFEST, describe_object
from archiver.core.people import Person, Role
from archiver.core.progress import Progress, silent
from archiver.core.records import (
    Capture,
    CaptureId,
    Extraction,
    Item,
    ItemKind,
    ObjectRole,
    Outcome,
    RecordId,
    RecordKind,
)
from archiver.core.warc import WarcWriter
from archiver.workflows.archive.make_archive import make_archive
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.review import approve
from archiver.workflows.disposal.run import BatchRun, run_batch
from archiver.workflows.filing.file_capture import enter_capture
from archiver.workflows.keeping.plan_retention import activate_file_plan, load_file_plan
from retention.batches import Batch

FILED = datetime(2026, 1, 10, 12, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECRET = "correct horse battery"
SITE = "town.example"
PLAN = """
title = "Shelf"
[[class]]
code = "R"
title = "Routine"
[class.schedule]
mandate = "By-law 1"
trigger = "last_activity"
period = "P90D"
action = "destroy"
[[class]]
code = "T"
title = "To the provincial archives"
[class.schedule]
mandate = "Archives Act"
trigger = "last_activity"
period = "P90D"
action = "transfer"
[[class]]
code = "C"
title = "To the provincial archives, a copy stays"
[class.schedule]
mandate = "Archives Act"
trigger = "last_activity"
period = "P90D"
action = "transfer"
keep_copy = true
[[class]]
code = "V"
title = "Looked at again"
[class.schedule]
mandate = "By-law 2"
trigger = "last_activity"
period = "P90D"
action = "review"
approvals = 1
[[class]]
code = "E"
title = "Campaigns"
[class.schedule]
mandate = "By-law 3"
trigger = "event:campaign-ended"
period = "P1Y"
action = "destroy"
roles = ["administrator"]
[[class]]
code = "N"
title = "Not a record"
not_a_record = true
[class.schedule]
mandate = "By-law 4"
trigger = "captured"
period = "P30D"
action = "destroy"
[[rule]]
match = { kind = "thread" }
class = "R"
because = "a thread"
"""


@dataclass(frozen=True)
class Shelf:
    """Where the archive and its keys lie, and who works there."""

    directory: Path
    config: Path

    def open(self) -> Archive:
        return Archive.open(self.directory, config_directory=self.config)


def no_print(page: bytes) -> None:
    """For who needs no PDF."""


def make_shelf(place: Path, **retention: object) -> Shelf:
    """An archive with the plan in force, and Clerk, Ann, Bob (approvers) and Olu (an officer)."""
    settings = Settings(
        archive=ArchiveSettings(
            id="arc_shelf", agency="শিৱসাগৰ পৌৰসভা", jurisdiction="IN-AS", time_zone="Asia/Kolkata", languages=("as",)
        ),
        retention=RetentionSettings(**{"mass_percent": 100, "idle_days": 100_000, **retention}),  # type: ignore[arg-type]
    )
    directory, config = place / "archive", place / "config"
    make_archive(directory, settings, administrator="Clerk", secret=SECRET, now=FILED, config_directory=config)
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    with Archive.open(directory, config_directory=config) as archive:
        clerk = archive.people.find("Clerk")
        for name, role in (("Ann", Role.APPROVER), ("Bob", Role.APPROVER), ("Olu", Role.OFFICER)):
            with archive.change(at=FILED, actor=clerk.id) as change:
                person = archive.people.add(name, role, SECRET, now=FILED, by=clerk.id)
                change.record(EventType.PERSON_ADDED, [person.id], commits=[("people", person.id)])
        number = load_file_plan(archive, place / "plan.toml", actor=clerk, now=FILED)
        activate_file_plan(archive, number, actor=clerk, now=FILED)
        archive.finish_run(at=FILED)
    return Shelf(directory, config)


def person(archive: Archive, name: str) -> Person:
    return archive.people.find(name)


def record_id(number: int) -> RecordId:
    return RecordId(f"rec_{number:016x}")


def file_thread(
    archive: Archive,
    number: int,
    *texts: str,
    at: datetime = FILED,
    night: int = 0,
    title: str | None = None,
    kind: RecordKind = RecordKind.THREAD,
    bodies: dict[str, bytes] | None = None,
    code: str | None = None,
    said_at: datetime | None = None,
) -> RecordId:
    """File one capture of thread `number` with a post and comments of these texts, as a night does.

    `said_at` is when they were written, by default when they are captured.
    """
    written = said_at or at
    record, id = record_id(number), CaptureId(f"cap_{night:08x}{number:08x}")
    staged = archive.objects.begin(id)
    writer = WarcWriter(staged / "capture.warc.gz", info={}, now=lambda: at)
    url = f"https://{SITE}/{number}"
    said = texts or (f"Notice {number}: পানী যোগান বন্ধ থাকিব, road closed until further word",)
    for address, body in {url: "\n".join(said).encode(), **(bodies or {})}.items():
        writer.write_resource(address, "text/plain" if body[:1] != b"\x89" else "image/png", body)
    summary = writer.finish()
    items = tuple(
        Item(
            native_id=str(position),
            parent_id=None if position == 0 else "0",
            kind=ItemKind.POST if position == 0 else ItemKind.COMMENT,
            text=text,
            creator_name=f"Resident {number}-{position}",
            created=written,
            source_url=f"{url}#{position}",
        )
        for position, text in enumerate(said)
    )
    write_durably(staged / "items.generic.jsonl", write_items(items))
    place = archive.objects.place(id, record)
    manifest = CaptureManifest(
        capture=Capture(
            id=id,
            record_id=record,
            url=url,
            final_url=url,
            started=at,
            finished=at + timedelta(seconds=9),
            outcome=Outcome.COMPLETE,
            warc_records=summary.records,
        ),
        extraction=Extraction(
            extractor="generic",
            version=1,
            site=SITE,
            kind=kind,
            native_root_id=str(number),
            canonical_url=url,
            title=title if title is not None else f"Thread {number}",
            created=written,
        ),
        items_file="items.generic.jsonl",
        objects=tuple(
            describe_object(staged, place, *each)
            for each in (
                ("capture.warc.gz", ObjectRole.WARC, "application/warc"),
                ("items.generic.jsonl", ObjectRole.ITEMS, "application/jsonl"),
            )
        ),
        complete=True,
        actor="shelf",
        software="shelf",
    )
    write_durably(staged / MANIFEST, write_manifest(manifest))
    settled = archive.objects.settle(id, record)
    with archive.change(at=at, actor="shelf") as change:
        enter_capture(archive, change, settled)
        if code is not None:
            change.db.conn.execute("UPDATE records SET class_code = ? WHERE id = ?", (code, record))
            change.record(EventType.CLASSIFIED, [record], {"class": code})
    return record


def propose(archive: Archive, *, at: datetime = LATER) -> list[Batch]:
    return propose_batches(archive, actor=person(archive, "Clerk").id, now=at)


def approved_batch(archive: Archive, *, at: datetime = LATER) -> Batch:
    """The one batch that is due, approved by Ann and Bob."""
    (batch,) = propose(archive, at=at)
    approve(archive, batch.id, actor=person(archive, "Ann"), now=at)
    return approve(archive, batch.id, actor=person(archive, "Bob"), now=at)


def run(
    archive: Archive, batch: Batch, *, at: datetime = LATER, by: str = "Ann", progress: Progress = silent
) -> BatchRun:
    actor = person(archive, by)
    return run_batch(archive, batch.id, actor=actor, now=lambda: at, printed=no_print, progress=progress)


def day(text: str) -> date:
    return date.fromisoformat(text)

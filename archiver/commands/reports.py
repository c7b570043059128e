"""`archiver retention report`, `archiver notice` and `archiver preserve`: watching, telling, keeping sound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import click

from archiver.commands.days import DAY
from archiver.commands.output import print_json, progress, say, table
from archiver.commands.retention import as_of, retention
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.clock import to_iso
from archiver.core.durable import make_directory, write_durably
from archiver.core.errors import CopyUnreachable, EvidenceDamaged
from archiver.core.people import Permission
from archiver.workflows.keeping.preserve import check_fixity, copy_to_second
from archiver.workflows.keeping.retention_report import RetentionReport, report_retention
from archiver.workflows.keeping.standing import Standing
from archiver.workflows.keeping.what_is_stored import formats, storage_by_class
from retention.decisions import State
from retention.notice import languages, render_notice
from retention.report_page import render_report, write_rows

_LISTS = ("overdue", "due_soon", "held", "unclassified", "papers_due")


@retention.command("report")
@click.option("--today", type=DAY, help="As of this day.  [default: today]")
@click.option("--since", type=DAY, help="What went since this day.  [default: the year's first]")
@click.option("--soon", "soon_days", type=int, default=90, show_default=True, help="How many days ahead.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the page with the plot here.")
@click.option(
    "--csv", "tables", type=click.Path(path_type=Path, file_okay=False), help="Write the tables in this directory."
)
@archive_command
def report(
    session: Session,
    today: datetime | None,
    since: datetime | None,
    soon_days: int,
    html: Path | None,
    tables: Path | None,
) -> None:
    """What is due soon, overdue, on hold, unclassified; schedules to look at again; what went in a period."""
    with session.look() as archive:
        day = as_of(archive, today)
        first = since.date() if since else day.replace(month=1, day=1)
        found = report_retention(archive, today=day, since=first, soon_days=soon_days)
    if html:
        write_durably(html, render_report(found, made_at=to_iso(clock.now())))
    if tables:
        _write_tables(found, tables)
    if session.as_json:
        print_json(found)
        return
    for name in _LISTS:
        table(
            name.replace("_", " ").capitalize(),
            ("Record", "Title", "Class", "Due", "Why"),
            ((e.record_id, e.title, e.class_code or "", e.due or "", e.why) for e in getattr(found, name)),
        )
    table(
        "Schedules to look at again",
        ("Class", "Mandate", "By"),
        ((e.class_code, e.mandate, e.review_by) for e in found.schedules_to_review),
    )
    table(
        f"Gone since {first}",
        ("Record", "Class", "At", "Certificate"),
        ((e.record_id, e.class_code, e.at, e.certificate) for e in found.gone),
    )
    table("Falls due by month", ("Month", "Records"), found.by_month.items())
    table(
        "The archive's own papers",
        ("Kind", "Papers", "How they stand"),
        (
            (e.kind.value.replace("_", " "), e.count, ", ".join(f"{n} {state}" for state, n in e.by_state.items()))
            for e in found.papers
        ),
    )


def _write_tables(found: RetentionReport, directory: Path) -> None:
    make_directory(directory)
    for name in _LISTS:
        rows = ((e.record_id, e.title, e.class_code, e.due, e.why) for e in getattr(found, name))
        content = write_rows(("record", "title", "class", "due", "why"), rows)
        write_durably(directory / f"{name}.csv", content.encode())
    others: dict[str, tuple[tuple[str, ...], Iterable[Sequence[object]]]] = {
        "gone": (
            ("record", "class", "at", "certificate"),
            ((e.record_id, e.class_code, e.at, e.certificate) for e in found.gone),
        ),
        "by_month": (("month", "records"), found.by_month.items()),
        "schedules_to_review": (
            ("class", "version", "mandate", "review_by"),
            ((e.class_code, e.number, e.mandate, e.review_by) for e in found.schedules_to_review),
        ),
        "storage": (
            ("class", "records", "papers", "files", "bytes", "lies_at"),
            ((e.class_code, e.records, e.papers, e.files, e.size, e.storage) for e in found.storage),
        ),
        "formats": (
            ("format", "kept_as", "files", "bytes", "opened_by"),
            ((e.media_type, e.kept.value, e.files, e.size, e.opened_by) for e in found.formats),
        ),
        "papers": (
            ("kind", "papers", *(each.value for each in State)),
            ((e.kind, e.count, *(e.by_state.get(each.value, 0) for each in State)) for e in found.papers),
        ),
    }
    for name, (columns, listed) in others.items():
        write_durably(directory / f"{name}.csv", write_rows(columns, listed).encode())


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("notice.html"), show_default=True
)
@click.option("--ask", required=True, help="How records are asked for: an office, an address.")
@click.option("--language", "wanted", multiple=True, help=f"One of {', '.join(languages())}.  [default: the archive's]")
@archive_command
def notice(session: Session, output: Path, ask: str, wanted: tuple[str, ...]) -> None:
    """Write the public notice from the plan in force: what is kept, how long, on what authority, how to ask for it."""
    with session.look() as archive:
        settings = archive.settings.archive
        page = render_notice(
            Standing.of(archive).plan,
            agency=settings.agency,
            wanted=wanted or settings.languages,
            ask=ask,
            today=as_of(archive, None),
        )
    write_durably(output, page)
    if session.as_json:
        print_json({"path": output, "size": len(page)})
    else:
        say(f"{output}: {len(page):,} bytes", "green")


@click.group()
def preserve() -> None:
    """Keeping evidence sound: fixity, the second copy, formats, what each class takes."""


@preserve.command("fixity")
@click.option("--all", "everything", is_flag=True, help="Every file, not only those whose turn it is.")
@archive_command
def fixity(session: Session, everything: bool) -> None:
    """Hash the files that waited longest; what is damaged is repaired from the second copy, if that matches."""
    with session.act(Permission.CAPTURE) as (archive, _), progress("Hashing") as shown:
        done = check_fixity(archive, now=clock.now(), everything=everything, progress=shown)
    if session.as_json:
        print_json(done)
    else:
        say(f"{done.checked} of {done.total} files were hashed, {done.overdue} are overdue.")
        for each in done.repaired:
            say(f"repaired from the second copy: {each}", "yellow")
        for each in done.findings:
            say(each, "red")
    if done.findings:
        raise EvidenceDamaged(f"{len(done.findings)} files are not what was recorded, and no copy of them is")


@preserve.command("copy")
@archive_command
def copy(session: Session) -> None:
    """Bring the second location (`retention.second_copy`) up to date, each file compared with its hash."""
    with session.act(Permission.CAPTURE) as (archive, _), progress("Copying") as shown:
        if not archive.settings.retention.second_copy:
            raise CopyUnreachable("`retention.second_copy` names no place: set it in archive.toml")
        copied = copy_to_second(archive, progress=shown)
    if session.as_json:
        print_json({"copied": copied})
    else:
        say(f"{copied} files were copied; the second location is up to date.", "green")


@preserve.command("formats")
@archive_command
def list_formats(session: Session) -> None:
    """The formats kept, what opens them, and what each class takes on the disk: evidence, shared files, own papers."""
    with session.look() as archive:
        kept, classes = formats(archive), storage_by_class(archive)
    if session.as_json:
        print_json({"formats": kept, "classes": classes})
        return
    table(
        "Formats",
        ("Format", "Kept as", "Files", "Bytes", "Opened by"),
        ((e.media_type, e.kept.value, e.files, f"{e.size:,}", e.opened_by) for e in kept),
    )
    table(
        "Classes",
        ("Class", "Records", "Papers", "Files", "Bytes", "Lies at"),
        ((e.class_code, e.records, e.papers, e.files, f"{e.size:,}", e.storage) for e in classes),
    )
    say("What captures share (scripts, styles, fonts) is kept once and counted once, on a line of its own.")


COMMANDS = (retention, notice, preserve)  # the group with `report` in it

"""`archiver init`, `archiver status`, `archiver rebuild`."""

from __future__ import annotations

import secrets
import sys
from functools import partial
from pathlib import Path

import click

from archiver.commands.backups import key_option, keys_option, open_backup
from archiver.commands.output import describe, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command, json_option, read_secret
from archiver.core import clock
from archiver.core.backup_boxes import FILE_NAME
from archiver.core.config import ArchiveSettings, CaptureSettings, Settings
from archiver.workflows.archive.make_archive import make_archive
from archiver.workflows.archive.status import describe_archive
from archiver.workflows.backups.back_up import chosen_set, unpack
from archiver.workflows.backups.restore import restore_archive, restore_from
from archiver.workflows.rebuild import admit_after_rebuild, rebuild_archive


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--agency", required=True, help="The public body whose records these are.")
@click.option("--jurisdiction", required=True, help="ISO 3166 code: IN-AS, CA-SK, PK-BA.")
@click.option("--time-zone", default="UTC", show_default=True, help="IANA name, for example Asia/Kolkata.")
@click.option("--language", "languages", multiple=True, default=("en",), help="BCP 47 tag; give it once for each.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    help="A loopback or private host[:port] that may be captured.",
)
@click.option("--administrator", default="administrator", show_default=True, help="Name of the first administrator.")
@click.option("--generate-secret", is_flag=True, help="Make the administrator's secret up and print it once.")
@json_option
def init(
    directory: Path,
    agency: str,
    jurisdiction: str,
    time_zone: str,
    languages: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    administrator: str,
    generate_secret: bool,
    as_json: bool,
) -> None:
    """Make an archive in DIRECTORY, with its first administrator, who is then logged in.

    Without a terminal, or with --generate-secret, the administrator's secret is made up and
    printed once.
    """
    generated = generate_secret or not sys.stdin.isatty()
    secret = secrets.token_urlsafe(12) if generated else read_secret(f"Secret for {administrator}", confirm=True)
    settings = Settings(
        archive=ArchiveSettings(
            id=f"arc_{secrets.token_hex(8)}",
            agency=agency,
            jurisdiction=jurisdiction,
            time_zone=time_zone,
            languages=languages,
        ),
        capture=CaptureSettings(allow_hosts=allow_hosts),
    )
    made = make_archive(directory, settings, administrator=administrator, secret=secret, now=clock.now())
    if as_json:
        print_json({**vars(made), "secret": secret if generated else None})
        return
    say(f"Made an archive for {agency} in {directory}.", "green")
    describe(
        [
            ("Settings", directory / "archive.toml"),
            ("Administrator", f"{administrator} (logged in for 8 hours)"),
            ("Secret", f"{secret}  (shown this once; keep it safe)" if generated else ""),
            ("Trail key", made.fingerprint),
        ]
    )
    say(f"Next: archiver capture URL --archive {directory}")


@click.command()
@archive_command
def status(session: Session) -> None:
    """What the archive holds, and what it waits for."""
    with session.look() as archive:
        found = describe_archive(archive)
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json(found)
        return
    describe(
        [
            ("Agency", found.agency),
            ("Archive", found.archive_id),
            *((name.capitalize(), count) for name, count in found.counts.items()),
            ("Trail", f"{found.trail.size} events, root {found.trail.root[:16]}…"),
            ("Last time-stamp", show_moment(found.last_stamp, zone)),
            ("Time-stamp failed", found.stamp_failed),
            ("Without a class", found.unclassified or ""),
            ("Not yet indexed", found.index_lag or ""),
            ("Batches that wait", found.batches_waiting or ""),
            ("Active holds", found.holds or ""),
            ("Destroyed, still online", found.still_online or ""),
            ("Disposal", "LOCKED: see `archiver disposal unlock`" if found.disposal_locked else ""),
        ]
    )


@click.command()
@click.option(
    "--administrator",
    metavar="NAME",
    help="Where everybody was lost with the snapshots: add this administrator.",
)
@archive_command
def rebuild(session: Session, administrator: str | None) -> None:
    """Make a new catalogue and index from the evidence, the trail and the newest snapshot.

    Where the trail tells of decisions that no snapshot holds, they are listed and disposal is
    locked. The catalogue that stood there is set aside, never deleted.
    """
    with progress("Rebuilding") as show:
        report = rebuild_archive(session.directory, now=clock.now(), progress=show)
    if administrator:
        secret = read_secret(f"Secret for {administrator}", confirm=True)
        admit_after_rebuild(session.directory, administrator, secret, now=clock.now())
    if session.as_json:
        print_json(report)
        return
    describe(
        [
            ("Snapshot used", report.snapshot or "none"),
            ("Captures filed anew", report.captures_filed),
            ("Events read back", report.events_read),
            ("Set aside", report.set_aside),
            ("Records", report.records),
            ("Items", report.items),
            ("Trail", f"{report.trail.size} events, root {report.trail.root[:16]}…"),
        ]
    )
    if report.missing:
        table(
            "Decisions the trail knows and the catalogue does not",
            ("Event", "When", "What", "About"),
            ((each.seq, each.at, each.type, " ".join(each.subjects)) for each in report.missing),
        )
        if report.without_administrator and not administrator:
            say("Nobody can log in: run `archiver rebuild --administrator NAME`.", "bold yellow")
        say("Disposal is LOCKED until two people have confirmed the list of holds.", "bold yellow")


@click.command()
@click.argument("copy", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("into", type=click.Path(path_type=Path))
@click.option(
    "--mirror",
    type=click.Path(path_type=Path, exists=True),
    help="The trail kept off the machine (`retention.mirror`): its directory, or its events.jsonl.",
)
@key_option
@keys_option
@click.option("--set", "id", default="", help="Which set of a backup.  [newest]")
@json_option
def restore(
    copy: Path,
    into: Path,
    mirror: Path | None,
    key: Path | None,
    keys_in: tuple[Path, ...],
    id: str,
    as_json: bool,
) -> None:
    """Make COPY, a backup or an old copy of an archive, an archive again at INTO.

    What was destroyed or held since is destroyed and held again before anything can be read. Without a
    mirror that knows more than the copy, disposal is locked until two people have confirmed the holds.
    """
    boxes = open_backup(copy, key, keys_in) if (copy / FILE_NAME).exists() else None
    with progress("Restoring") as show:
        if boxes is None:
            done = restore_archive(copy, into, mirror=mirror, now=clock.now(), progress=show)
        else:
            chosen = chosen_set(boxes, id)
            bring = partial(unpack, boxes, chosen, progress=show)
            done = restore_from(bring, into, mirror=mirror, now=clock.now(), progress=show)
    if as_json:
        print_json(done)
        return
    say(f"{done.directory}: {done.newer_events} events came from the mirror.", "green")
    if done.locked:
        say("Disposal is LOCKED until two people have confirmed the list of holds: archiver disposal unlock", "yellow")


COMMANDS = (init, status, rebuild, restore)

"""`archiver verify` and `archiver trail`."""

from __future__ import annotations

import click

from archiver.commands.output import describe, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core.archive import Archive
from archiver.core.clock import from_iso
from archiver.core.errors import EvidenceDamaged
from archiver.workflows.verify import verify_archive


@click.command()
@click.option("--key", metavar="FINGERPRINT", help="The trail key's fingerprint, as the agency publishes it.")
@archive_command
def verify(session: Session, key: str | None) -> None:
    """Re-hash every object, read every WARC to its last byte, recompute the trail, compare the catalogue.

    Exits non-zero if anything differs or could not be checked.
    """
    with Archive.open(session.directory, reconcile=False) as archive, progress("Verifying") as show:
        found = verify_archive(archive, trusted_key=key, progress=show)
    if session.as_json:
        print_json(found)
    else:
        describe(
            [
                ("Objects", f"{found.objects} ({found.bytes:,} bytes)"),
                ("WARC files", found.warcs),
                ("Records", found.records),
                ("Events", found.events),
                ("Checkpoints", found.checkpoints),
            ]
        )
        if not found.findings:
            say("Everything is what was recorded.", "green")
    if found.findings:
        if not session.as_json:
            table(
                "Findings",
                ("What", "Where", "Finding"),
                ((f.fault, f.subject, f.message) for f in found.findings),
            )
        raise EvidenceDamaged(
            f"{len(found.findings)} findings: restore what is damaged from another copy; nothing was changed"
        )


@click.command()
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many events.")
@archive_command
def trail(session: Session, last: int) -> None:
    """The newest events of the audit trail."""
    with session.look() as archive:
        events = list(archive.trail.events())[-last:]
        head, zone = archive.trail.head(), archive.settings.archive.zone
        people = {each.id: each.name for each in archive.people.everybody()}
    if session.as_json:
        print_json({"head": head, "events": events})
        return
    table(
        f"Trail of {head.size} events, root {head.root}",
        ("Event", "When", "Who", "What", "About"),
        (
            (
                e.seq,
                show_moment(from_iso(e.at), zone),
                people.get(e.actor, e.actor),
                e.type,
                " ".join(e.subjects),
            )
            for e in events
        ),
    )


COMMANDS = (verify, trail)

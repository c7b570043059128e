"""`archiver verify`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from archiver.commands.output import describe, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core.archive import Archive
from archiver.core.errors import BadInput, EvidenceDamaged
from archiver.core.signing import read_fingerprints
from archiver.core.witness import read_head, read_witness
from archiver.workflows.verification.verify import verify_archive


@click.command()
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="FINGERPRINT|FILE",
    help="The trail key as the agency publishes it: a fingerprint, or a file with one or with the public key.",
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A tree head kept elsewhere (`archiver trail export`), or a copy of checkpoints.jsonl.",
)
@click.option("--checkpoint", "heads", multiple=True, metavar="SIZE:ROOT", help="A tree head kept on paper.")
@archive_command
def verify(session: Session, keys: tuple[str, ...], witnesses: tuple[Path, ...], heads: tuple[str, ...]) -> None:
    """Re-hash every object, read every WARC to its last byte, recompute the trail, compare the catalogue.

    Exits non-zero if anything differs or could not be checked.
    """
    trusted = [each for key in keys for each in _fingerprints(key)]
    witnessed = [each for path in witnesses for each in read_witness(path)]
    witnessed += [read_head(each) for each in heads]
    with Archive.open(session.directory, reconcile=False) as archive, progress("Verifying") as show:
        found = verify_archive(archive, trusted_keys=trusted, witnessed=witnessed, progress=show)
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json(found)
    else:
        newest = max(found.proved, key=lambda each: each.events, default=None)
        describe(
            [
                ("Objects", f"{found.objects} ({found.bytes:,} bytes)"),
                ("WARC files", found.warcs),
                ("Records", found.records),
                ("Events", found.events),
                ("Checkpoints", found.checkpoints),
                ("Time-stamps", len(found.proved) or ""),
                (
                    "Proved",
                    f"events 0 to {newest.events - 1}, and all they commit to, existed at or before "
                    f"{show_moment(newest.at, zone)} ({newest.authority})"
                    if newest
                    else "",
                ),
            ]
        )
        if not found.findings:
            say("Everything is what was recorded.", "green")
        if not trusted:
            say("No published key was given (--key): the signatures were checked against the archive's own word only.")
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


def _fingerprints(given: str) -> list[str]:
    """Raises BadInput where it is no fingerprint and no file with one."""
    if re.fullmatch(r"ed25519:[0-9a-f]{64}", given):
        return [given]
    try:
        return read_fingerprints(Path(given).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{given!r} is no fingerprint (ed25519: and 64 hex digits) and no readable file") from error


COMMANDS = (verify,)

"""`archiver trail` and what belongs to it: its key, tree heads to keep elsewhere, `archiver timestamp`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from archiver.commands.output import describe, print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command, json_option, read_secret
from archiver.core import clock
from archiver.core.clock import from_iso
from archiver.core.durable import write_durably
from archiver.core.errors import TrailBroken
from archiver.core.people import Permission
from archiver.core.witness import compare_exports, read_witness
from archiver.workflows.archive.timestamp import stamp, stamp_if_due, stamp_state
from archiver.workflows.archive.trail_keys import commit_rows_found, export_trail_head, rotate_key, trail_key


@click.group(invoke_without_command=True)
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many events.")
@archive_command
@click.pass_context
def trail(context: click.Context, session: Session, last: int) -> None:
    """The newest events of the audit trail; its key, and proofs that it only ever grew."""
    if context.invoked_subcommand is not None:
        return
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


@trail.command("key")
@archive_command
def key(session: Session) -> None:
    """The key that signs the trail, as the agency publishes it."""
    with session.look() as archive:
        found = trail_key(archive)
    if session.as_json:
        print_json(found)
        return
    describe(
        [
            ("Archive", found.archive_id),
            ("Fingerprint", found.fingerprint),
            ("Public key", found.public_key),
            ("Since", "the archive was made" if found.since is None else f"event {found.since}"),
            ("Private key", "on this machine" if found.here else "NOT on this machine: it cannot sign"),
        ]
    )
    say(found.pem.rstrip())


@trail.command("rotate-key")
@click.option("--lost", is_flag=True, help="The old private key is gone: the new one stands on your word.")
@click.option("--second", metavar="NAME", help="With --lost: a second administrator, who is asked for their secret.")
@archive_command
def rotate(session: Session, lost: bool, second: str | None) -> None:
    """Replace the key that signs the trail; the old key signs the new one, and is then overwritten.

    Publish the new fingerprint and back the new key up.
    """
    with session.act(Permission.ADMINISTER) as (archive, person):
        confirmed = (second, read_secret(f"Secret of {second}")) if second else None
        made = rotate_key(archive, actor=person, lost=lost, second=confirmed, now=clock.now())
        place = archive.key_file
    if session.as_json:
        print_json(made)
        return
    describe([("New fingerprint", made.fingerprint), ("Public key", made.public_key), ("Private key", place)])
    say("Publish the new fingerprint, and back the private key up outside the archive.", "bold yellow")


@trail.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--since",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A tree head exported before: the new one then proves that it continues that one.",
)
@archive_command
def export(session: Session, file: Path | None, since: Path | None) -> None:
    """Write the newest signed tree head to FILE (else to standard output), to be kept elsewhere.

    Whoever keeps it can tell later, by `archiver verify --witness FILE`, that nothing was cut off.
    """
    with session.look() as archive:
        made = export_trail_head(archive, read_witness(since)[-1] if since else None, now=clock.now())
    if file is not None:
        write_durably(file, (json.dumps(made, indent=1) + "\n").encode())
    if file is None or session.as_json:
        print_json(made)
    else:
        checkpoint = made["checkpoint"]
        say(f"{file}: {checkpoint['size']}:{checkpoint['root']}", "green")


@trail.command("compare")
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def compare(old: Path, new: Path, as_json: bool) -> None:
    """Whether the exported tree head NEW, made with --since OLD, continues OLD. Needs no archive."""
    findings = compare_exports(old, new)
    if as_json:
        print_json({"findings": findings})
    if findings:
        raise TrailBroken("; ".join(findings))
    if not as_json:
        say(f"{new.name} continues {old.name}: nothing before it was changed or cut off.", "green")


@trail.command("commit")
@archive_command
def commit(session: Session) -> None:
    """Commit the trail to rows of decisions that an earlier version entered without it.

    Look at each row first: from here on it counts as what was decided.
    """
    with session.act(Permission.ADMINISTER) as (archive, person):
        rows = commit_rows_found(archive, actor=person, now=clock.now())
    if session.as_json:
        print_json({"committed": rows})
    else:
        say(f"Committed to {len(rows)} rows." if rows else "There was nothing to commit to.")


@click.command()
@click.option("--now", "at_once", is_flag=True, help="Also where none is due yet.")
@archive_command
def timestamp(session: Session, at_once: bool) -> None:
    """Have the trail stamped by the time-stamping authority of the settings, where that is due."""
    with session.act(Permission.CAPTURE) as (archive, _):
        made = stamp(archive, now=clock.now()) if at_once else stamp_if_due(archive, now=clock.now())
        state, zone = stamp_state(archive), archive.settings.archive.zone
    if session.as_json:
        print_json({"stamped": made, "newest": state.newest, "failed": state.failed, "reason": state.reason})
        return
    newest = state.newest
    describe(
        [
            ("Stamped now", ", ".join(made.files) if made else "no"),
            ("Newest stamp", show_moment(newest.at, zone) if newest else "none"),
            ("Covers", f"{state.events} events" if newest else ""),
            ("Certificate ends", show_moment(newest.ends, zone) if newest else ""),
            ("Last failure", f"{show_moment(state.failed, zone)}: {state.reason}" if state.failed else ""),
        ]
    )


COMMANDS = (trail, timestamp)

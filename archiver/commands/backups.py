"""`archiver backup`: encrypted copies of the whole archive, and practising their restore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from archiver.commands.output import describe, print_json, progress, say, table
from archiver.commands.session import Session, archive_command, json_option, read_secret
from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.backup_boxes import FILE_NAME, BackupBoxes, make_key_file, read_key_file
from archiver.core.errors import ArchiverError, BackupDamaged, BadInput, DrillFailed
from archiver.core.people import Permission, Person
from archiver.workflows.backups.back_up import KEEP, back_up, check_set, chosen_set, read_sets
from archiver.workflows.backups.restore_drill import Drill, drill
from archiver.workflows.night.notify import Message, notify

_OWN_PLACE = click.argument("place", type=click.Path(path_type=Path, file_okay=False), required=False)
_TELL = click.option("--tell", is_flag=True, help="Tell of the outcome as of a night's (`notify` in [nightly]).")
_PLACE = click.argument("place", type=click.Path(path_type=Path, file_okay=False))
_SET = click.option("--set", "id", default="", help="The set's name, as `archiver backup list` shows it.  [newest]")
key_option = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The key file of the backup. Without it the passphrase is asked for.",
)
keys_option = click.option(
    "--keys",
    "keys_in",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    help="A directory with the keys of records and snapshots, where they do not lie in the backup.",
)


def open_backup(place: Path, key: Path | None, keys_in: Sequence[Path] = ()) -> BackupBoxes:
    """By its key file, else by its passphrase. Raises BackupKeyWrong, BackupDamaged, NotFound."""
    passphrase = None if key else read_secret("Passphrase of the backup")
    return BackupBoxes.open(place, key=read_key_file(key) if key else None, passphrase=passphrase, keys_in=keys_in)


def _chosen(
    archive: Archive, place: Path | None, key: Path | None, keys_in: Sequence[Path]
) -> tuple[Path, Path | None, Sequence[Path]]:
    """What was named, else what the settings name; the keys of the settings open their own place only."""
    stated = archive.settings.backup
    if place is None and not stated.place:
        raise BadInput("name the PLACE of the backup, or set `backup.place` in archive.toml")
    own = place is None or (stated.place and place == Path(stated.place))
    return (
        place or Path(stated.place),
        key or (Path(stated.key_file) if own and stated.key_file else None),
        keys_in or (tuple(map(Path, stated.keys_in)) if own else ()),
    )


class _Outcome:
    """What an unattended act is to be told of as, once it is known."""

    summary = ""


@contextmanager
def _told(archive: Archive, actor: Person, what: str, tell: bool) -> Iterator[_Outcome]:
    """Tell of the act's end, where that is asked for: that it went well, or that it is trouble."""
    outcome, trouble = _Outcome(), True
    try:
        yield outcome
        trouble = False
    except ArchiverError as error:
        outcome.summary = str(error)
        raise
    finally:
        if tell and outcome.summary:
            message = Message(
                agency=archive.settings.archive.agency,
                subject=f"Archiver, {what}: {'trouble' if trouble else 'all is well'}",
                summary=outcome.summary,
                trouble=trouble,
            )
            for fault in notify(archive, message, actor=actor.id, now=clock.now):
                click.echo(fault, err=True)


@click.group()
def backup() -> None:
    """Encrypted backups of the archive: made, checked, and restored for practice."""


@backup.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def make_key(file: Path, as_json: bool) -> None:
    """Make a key FILE for backups. Keep it apart from them: whoever lost it has lost them."""
    make_key_file(file)
    if as_json:
        print_json({"key": file})
        return
    say(f"Made {file}. Keep a copy where neither the archive nor its backups are.", "green")


@backup.command("make")
@_OWN_PLACE
@key_option
@click.option(
    "--keep", type=click.IntRange(min=1), default=KEEP, show_default=True, help="How many sets stay, this one included."
)
@keys_option
@_TELL
@archive_command
def make(
    session: Session, place: Path | None, key: Path | None, keep: int, keys_in: tuple[Path, ...], tell: bool
) -> None:
    """Add a set to the backup at PLACE, which is made where it is not: only what is new is written.

    Without a PLACE, the one of the settings, with their key. Sets made before something was destroyed are removed, for
    they hold it.
    """
    with session.act(Permission.BACK_UP) as (archive, actor), _told(archive, actor, "backup", tell) as outcome:
        where, key, places = _chosen(archive, place, key, keys_in)
        is_new = not (where / FILE_NAME).exists()
        passphrase = None if key else read_secret("Passphrase of the backup", confirm=is_new)
        boxes = BackupBoxes.begin(
            where,
            archive=archive.settings.archive.id,
            key=read_key_file(key) if key else None,
            passphrase=passphrase,
            keys_in=places,
        )
        with progress("Backing up") as show:
            done = back_up(archive, boxes, actor=actor, now=clock.now(), keep=keep, progress=show)
        outcome.summary = (
            f"Set {done.set}: {done.files:,} files, {done.size:,} bytes; {done.sealed:,} of them were new."
        )
    if session.as_json:
        print_json(done)
        return
    say(outcome.summary, "green")
    for each in done.sets_removed:
        say(f"Set {each} was removed.")


@backup.command("list")
@_PLACE
@key_option
@json_option
def list_sets(place: Path, key: Path | None, as_json: bool) -> None:
    """The sets of the backup at PLACE, the newest first."""
    sets = read_sets(open_backup(place, key))
    shown = [
        {
            "set": each.id,
            "made_at": each.made_at,
            "files": len(each.files),
            "size": each.size,
            "trail_size": each.trail_size,
        }
        for each in sets
    ]
    if as_json:
        print_json(shown)
        return
    table(
        f"{len(sets)} sets",
        ("Set", "Made", "Files", "Bytes", "Events"),
        ((each.id, each.made_at, len(each.files), f"{each.size:,}", each.trail_size) for each in sets),
    )


@backup.command("check")
@_PLACE
@_SET
@key_option
@keys_option
@json_option
def check(place: Path, id: str, key: Path | None, keys_in: tuple[Path, ...], as_json: bool) -> None:
    """Open every file of a set and compare it with its hash; nothing is written. Needs no archive."""
    boxes = open_backup(place, key, keys_in)
    chosen = chosen_set(boxes, id)
    with progress("Checking") as show:
        findings = check_set(boxes, chosen, progress=show)
    if as_json:
        print_json({"set": chosen.id, "files": len(chosen.files), "findings": findings})
    else:
        for each in findings:
            say(each, "red")
        say(f"Set {chosen.id}: {len(chosen.files):,} files opened.")
    if findings:
        raise BackupDamaged(f"{len(findings)} of {len(chosen.files)} files of set {chosen.id} are damaged or lost")


@backup.command("drill")
@_OWN_PLACE
@_SET
@key_option
@click.option(
    "--in",
    "scratch",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the copy is restored and removed again.  [default: as in the settings, else the temporary directory]",
)
@keys_option
@_TELL
@archive_command
def practise(
    session: Session,
    place: Path | None,
    id: str,
    key: Path | None,
    scratch: Path | None,
    keys_in: tuple[Path, ...],
    tell: bool,
) -> None:
    """Restore a set for practice, verify it, and remove the copy: to be done each month.

    Without a PLACE, the one of the settings, with their key. What was destroyed or held since is destroyed and held on
    the copy, and looked for. The trail tells of it.
    """
    with session.act(Permission.BACK_UP) as (archive, actor), _told(archive, actor, "restore drill", tell) as outcome:
        where, key, places = _chosen(archive, place, key, keys_in)
        drill_in = archive.settings.backup.drill_in
        scratch = scratch or (Path(drill_in) if drill_in else None)
        boxes = open_backup(where, key, places)
        with progress("Restoring") as show:
            found = drill(archive, boxes, actor=actor, now=clock.now(), id=id, place=scratch, progress=show)
        _show_drill(session, found)
        if not found.passed:
            raise DrillFailed(f"set {found.set} restored is not what it must be: {len(found.findings)} findings")
        outcome.summary = f"Set {found.set} can be restored, and nothing that was destroyed comes back with it."


def _show_drill(session: Session, found: Drill) -> None:
    if session.as_json:
        print_json({**vars(found), "passed": found.passed})
    else:
        describe(
            [
                ("Set", found.set),
                ("Made", found.made_at),
                ("Files", f"{found.files:,}, {found.size:,} bytes"),
                ("Records", found.records),
                ("Events since", found.newer_events),
                ("Destroyed since", found.destroyed_since),
                ("Captured since", found.not_in_set),
                ("Took", f"{found.seconds} s"),
            ]
        )
        for each in found.findings:
            say(each, "red")
        if found.passed:
            say("The backup can be restored, and nothing that was destroyed comes back with it.", "green")


COMMANDS = (backup,)

"""`archiver nightly`, `archiver runs`, `archiver timer`: the unattended night."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from archiver.commands.output import heading, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.archive import Archive, user_config_directory
from archiver.core.clock import from_optional_iso
from archiver.core.errors import (
    AccountMissed,
    ArchiveBusy,
    ArchiverError,
    BadInput,
    NightCutShort,
    NightDoubtful,
    NightUnhealthy,
)
from archiver.core.nights import Nights
from archiver.core.people import Permission, Person
from archiver.workflows.night.notify import Message, notify
from archiver.workflows.night.report_files import read_report, report_folder
from archiver.workflows.night.run import plan_night, run_night
from archiver.workflows.night.timer import SERVICE_NAME, TIMER_NAME, Backups, later, make_timer

_VERDICTS = (NightUnhealthy, AccountMissed, NightCutShort, NightDoubtful)
_ACCOUNT_COLUMNS = (
    "Account", "Threads", "Captured", "Unchanged", "Gone", "Failed", "Left", "New/edited/gone", "Complete", "Last good",
    "Nights without",
)  # fmt: skip


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what a night would look at, and ask no site.")
@click.option("--workers", type=click.IntRange(1, 32), help="Pages captured at once.  [default: as in the settings]")
@click.option("--account", "accounts", multiple=True, help="Only this account, due or not; may be given again.")
@archive_command
def nightly(session: Session, dry_run: bool, workers: int | None, accounts: tuple[str, ...]) -> None:
    """Do what is due tonight: find threads, capture what is new or changed, report.

    A run that was killed is taken up where it was. Ends with 0 where all is well; 103 to 106 say that the
    night ended and something needs a look, 7 that another run is at work.
    """
    if dry_run:
        _show_plan(session, accounts)
        return
    with session.act(Permission.CAPTURE) as (archive, actor), _ended_by_a_signal(), progress("The night") as show:
        with _told_of_failure(archive, actor):
            report = run_night(archive, actor=actor, accounts=accounts, workers=workers, progress=show)
        kept = report_folder(archive, report.run)
        message = Message(
            agency=report.agency,
            subject=f"Archiver, night of {report.night}: {'all is well' if not report.exit_code else 'trouble'}",
            summary=report.summary,
            trouble=report.exit_code != 0,
            run=report.run,
            folder=kept if (kept / "report.json").exists() else None,
        )
        document = read_report(archive, report.run) if message.folder else None
        untold = notify(archive, message, actor=actor.id, now=clock.now)  # a program that is handed the report
    if session.as_json:
        print_json(document if document is not None else report)
    elif document is not None:
        _show_report(document, kept)
    for fault in untold:
        click.echo(fault, err=True)
    _end(report.exit_code, report.summary)


@contextmanager
def _ended_by_a_signal() -> Iterator[None]:
    """What systemd sends to stop a service ends a night as Ctrl-C does: in order, to be taken up."""

    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _told_of_failure(archive: Archive, actor: Person) -> Iterator[None]:
    """A night that cannot begin or go on is trouble too; that another run is at work is none."""
    try:
        yield
    except ArchiveBusy:
        raise
    except ArchiverError as error:
        agency = archive.settings.archive.agency
        told = Message(agency=agency, subject="Archiver: the night broke off", summary=str(error), trouble=True)
        for fault in notify(archive, told, actor=actor.id, now=clock.now):
            click.echo(fault, err=True)
        raise


def _end(exit_code: int, summary: str) -> None:
    for kind in _VERDICTS:
        if kind.exit_code == exit_code:
            raise kind(f"{summary}: see `archiver runs show last`")


def _show_plan(session: Session, accounts: Sequence[str]) -> None:
    with session.look() as archive:
        planned = plan_night(archive, accounts=accounts, now=clock.now())
        names = {each.id: each.handle for each in archive.register.accounts()}
        names |= {each.id: each.name for each in archive.register.jobs()}  # type: ignore[misc]  # ids of both kinds
    if session.as_json:
        print_json(planned)
        return
    table(
        "The night would look at",
        ("For", "What", "Why", "Address"),
        ((names.get(each.scope, ""), each.kind, each.reason, each.url) for each in planned),  # type: ignore[call-overload]
        empty="nothing is due",
    )
    say("Threads that are found tonight come to it.", "dim")


def _show_report(report: Mapping[str, Any], folder: Path) -> None:
    heading(f"Night of {report['night']}: {report['summary']}")
    zone = _zone(report)
    table(
        "Accounts",
        _ACCOUNT_COLUMNS,
        (
            (
                each["name"],
                each["found"],
                *(each[name] or "" for name in ("captured", "unchanged", "gone", "failed", "left")),
                f"{each['items_new']}/{each['items_edited']}/{each['items_gone']}",
                ", ".join(f"{part['found']} of {part['declared']} {part['what']}" for part in each["completeness"]),
                show_moment(from_optional_iso(each["last_good"]), zone) or "never",
                len(each["gaps"]) or "",
            )
            for each in report["accounts"]
        ),
    )
    troubles = [(each["name"], trouble) for each in report["accounts"] for trouble in each["troubles"]]
    if troubles:
        table(
            "Not captured",
            ("Account", "Outcome", "Address", "Why"),
            ((name, each["outcome"] or "left", each["url"], each["reason"]) for name, each in troubles),
        )
    for note in (*report["closing"]["findings"], *report["closing"]["problems"], *report["notes"]):
        say(note, "yellow")
    say(f"The report: {folder / 'report.html'}")


def _zone(report: Mapping[str, Any]) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(report["time_zone"])


@click.group()
def runs() -> None:
    """The nights that were run, and their reports."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True, help="The newest so many.")
@archive_command
def list_runs(session: Session, limit: int) -> None:
    """Every run with its figures, newest first."""
    with session.look() as archive:
        found, zone = Nights(archive.db).runs(limit=limit), archive.settings.archive.zone
    if session.as_json:
        print_json(found)
        return
    names = ("captured", "unchanged", "gone", "failed", "left")
    table(
        "Runs",
        ("Run", "Night", "Begun", "Ended", "Exit code", *(name.capitalize() for name in names)),
        (
            (
                each.id,
                each.night,
                show_moment(each.started, zone),
                show_moment(each.finished, zone) or "not ended",
                each.exit_code,
                *(each.figures.get(name, "") for name in names),
            )
            for each in found
        ),
    )


@runs.command("show")
@click.argument("run", default="last")
@archive_command
def show_run(session: Session, run: str) -> None:
    """The report of RUN, an id or `last`."""
    with session.look() as archive:
        found = Nights(archive.db).run(run)
        report, folder = read_report(archive, found.id), report_folder(archive, found.id)
    if session.as_json:
        print_json(report)
    else:
        _show_report(report, folder)


@click.command()
@click.option("--user", "for_user", is_flag=True, help="Units of your own service manager, not the system's.")
@click.option("--run-as", default="archiver", show_default=True, help="The system user that runs the night.")
@click.option("--at", default="01:00", show_default=True, help="The local time it begins at.")
@archive_command
def timer(session: Session, for_user: bool, run_as: str, at: str) -> None:
    """Print systemd units and cron lines that run the night. Nothing is installed.

    Where [backup] of the settings names a place and a key, also for a backup after each night, and a restore practised
    every month; both tell of their outcome as the night does.
    """
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
        raise BadInput(f"{at!r} is no time of day: write 01:00")
    with session.look() as archive:
        directory, backups = archive.directory.absolute(), _backups(archive, at)
        stated = archive.settings.retention
        copies = [Path(each).absolute() for each in (stated.second_copy, stated.mirror) if each]
    made = make_timer(
        program=Path(sys.argv[0]).absolute(), archive=directory, config=user_config_directory().absolute(), at=at,
        user=run_as, for_user=for_user, backups=backups, copies=copies,
    )  # fmt: skip
    if session.as_json:
        print_json(made)
        return
    control = "systemctl --user" if for_user else "systemctl"
    say(f"# 1. Keep a service's token (`archiver person add nightly --role service`) in {made.token_file}, mode 600.")
    say(f"# 2. Write these files to {made.directory}, then: {control} daemon-reload")
    timers = " ".join([TIMER_NAME, *(each.name for each in made.more if each.name.endswith(".timer"))])
    say(f"#    and: {control} enable --now {timers}")
    click.echo(f"\n# ---- {SERVICE_NAME}\n{made.service}\n# ---- {TIMER_NAME}\n{made.timer}")
    for each in made.more:
        click.echo(f"# ---- {each.name}\n{each.text}")
    if not made.more:
        say("# No backup is scheduled: set `place` and `key_file` in [backup] of archive.toml, then print this again.")
    say("# Or, without systemd, in crontab:")
    for line in (made.cron, *made.more_cron):
        click.echo(line)


def _backups(archive: Archive, night: str) -> Backups | None:
    """After the longest night that the settings allow; None where no place or no key is set."""
    stated = archive.settings.backup
    if not (stated.place and stated.key_file):
        return None
    return Backups(
        place=Path(stated.place).absolute(),
        key_file=Path(stated.key_file).absolute(),
        drill_in=Path(stated.drill_in).absolute() if stated.drill_in else None,
        at=later(night, hours=archive.settings.nightly.max_hours, minutes=30),
        keys_in=tuple(Path(each).absolute() for each in stated.keys_in),
    )


COMMANDS = (nightly, runs, timer)

"""`archiver request due, clock, log, requester, laws`: what the register reckons and what moves it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from archiver.commands.days import DAY
from archiver.commands.output import describe, print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command, json_option
from archiver.core import clock
from archiver.core.durable import write_durably
from archiver.core.people import Permission
from archiver.workflows.requests.clock import KINDS, clock_of, due_calendar, due_requests, log_event, see_requester
from exports.requests.law_rules import laws


@click.command("due")
@click.option("--all", "everything", is_flag=True, help="Also what is answered.")
@click.option("--ics", type=click.Path(path_type=Path, dir_okay=False), help="Write the days as a calendar file.")
@archive_command
def due(session: Session, everything: bool, ics: Path | None) -> None:
    """What is due, the most urgent first, with the rule each day rests on."""
    with session.look() as archive:
        now = clock.now()
        today = now.astimezone(archive.settings.archive.zone).date()
        found = due_requests(archive, today=today, everything=everything)
        if ics is not None:
            write_durably(ics, due_calendar(archive, found, now=now))
    if session.as_json:
        print_json(found)
        return
    table(
        "Due",
        ("Number", "Due", "Days left", "State", "Rule", "Beware"),
        (
            (
                each.request.number,
                each.due or "",
                "" if each.days_left is None else each.days_left,
                each.state,
                each.clock.rule if each.clock else each.why,
                "unverified rule" if each.warnings else "",
            )
            for each in found
        ),
        empty="nothing",
    )
    if any(each.warnings for each in found):
        say("Days that rest on an unverified rule are not binding: have counsel confirm it.", "yellow")
    if ics is not None:
        say(f"Written: {ics}", "green")


@click.command("clock")
@click.argument("number")
@archive_command
def show_clock(session: Session, number: str) -> None:
    """How the due day of request NUMBER is reckoned, step by step."""
    with session.look() as archive:
        today = clock.now().astimezone(archive.settings.archive.zone).date()
        found = clock_of(archive, archive.requests.request(number), today=today)
    if session.as_json:
        print_json(found)
        return
    reading = found.clock
    describe(
        [
            ("Number", found.request.number),
            ("Received", found.request.received),
            ("Due", found.due),
            ("State", found.state),
            ("Days left", found.days_left),
            ("Deemed from", reading.deemed_on if reading else None),
            ("Transfer until", reading.transfer_by if reading else None),
            ("Appeal until", reading.appeal_until if reading else None),
        ]
    )
    if reading is None:
        say(found.why)
    else:
        table("Reckoning", ("Step", "Rule", "Status"), ((s.text, s.rule, s.status.value) for s in reading.steps))
    for warning in found.warnings:
        say(warning, "yellow")


@click.command("log")
@click.argument("number")
@click.argument("kind", required=False, type=click.Choice(KINDS))
@click.option("--day", type=DAY, help="The legal day of it.  [default: today]")
@click.option("--about", default="", help="Of a pause: fee, clarification, staged access; of a hold: its id.")
@click.option("--days", type=click.IntRange(0), default=0, help="Of an extension: its days.")
@click.option("--note", default="", help="What was written, or the reason.")
@archive_command
def log(
    session: Session, number: str, kind: str | None, day: datetime | None, about: str, days: int, note: str
) -> None:
    """Show the log of request NUMBER, or add to it: letters, pauses, extensions, delivery, appeal, closing."""
    if kind is None:
        with session.look() as archive:
            zone = archive.settings.archive.zone
            events = archive.request_files.events(archive.requests.request(number).number)
        if session.as_json:
            print_json(events)
        else:
            table(
                "Log",
                ("Day", "Kind", "About", "Days", "Note", "Entered"),
                ((e.day, e.kind, e.about, e.days or "", e.note, show_moment(e.at, zone)) for e in events),
            )
        return
    with session.act(Permission.ANSWER) as (archive, actor):
        now = clock.now()
        on = day.date() if day else now.astimezone(archive.settings.archive.zone).date()
        logged = log_event(archive, number, kind, day=on, about=about, days=days, note=note, actor=actor, now=now)
    if session.as_json:
        print_json(logged)
    else:
        say(f"Logged with {logged.request_number}: {logged.kind} on {logged.day}.", "green")


@click.command("requester")
@click.argument("number")
@archive_command
def requester(session: Session, number: str) -> None:
    """Who made request NUMBER. Looking is itself noted in the trail."""
    with session.act(Permission.ANSWER) as (archive, actor):
        found = see_requester(archive, number, actor=actor, now=clock.now())
    if session.as_json:
        print_json(found)
    else:
        describe([("Name", found.name), ("Contact", found.contact)])


@click.command("laws")
@json_option
def show_laws(as_json: bool) -> None:
    """The laws whose clocks are known: each rule with its source and how far it was verified."""
    if as_json:
        print_json(laws())
        return
    table(
        "Rules",
        ("Rule", "From", "Period", "Status", "Source"),
        (
            (rule.id, rule.since or "announced", f"{rule.days} {rule.unit} days", rule.status, rule.source)
            for law in laws()
            for rule in law.rules
        ),
    )
    table(
        "Exemptions",
        ("List", "From", "Until", "Sections", "Status", "Source"),
        (
            (each.id, each.since, each.until or "", ", ".join(each.sections), each.status, each.source)
            for law in laws()
            for each in law.exemptions
        ),
    )
    say("Dated data, not legal advice: the agency's counsel signs each row off.", "yellow")


CLOCK_COMMANDS = (due, show_clock, log, requester, show_laws)

"""`archiver request`, `archiver export` and `archiver check`: from a demand to a bundle anyone can verify."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from archiver.commands.days import DAY, DAY_OR_MOMENT
from archiver.commands.output import describe, print_json, progress, say, show_moment, table
from archiver.commands.productions import check_release
from archiver.commands.request_clock import CLOCK_COMMANDS
from archiver.commands.session import Session, archive_command, json_option
from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.errors import ArchiverError, BundleInvalid
from archiver.core.people import Permission
from archiver.core.request_files import CHANNELS, RequestDetails
from archiver.core.requests import InformationRequest
from archiver.core.saved_searches import SavedSearches
from archiver.workflows.keeping.keep_holds import close_request, reopen_request
from archiver.workflows.requests.answer import open_request, produce, search_for_request
from archiver.workflows.requests.clock import clock_of, last_day_of_appeal, received_on
from exports.bundle.signed_bag import is_release
from exports.checking.bundle import check_bundle


@click.group()
def request() -> None:
    """Information requests: RTI, FOI, court demands."""


@request.command("new")
@click.option("--law", required=True, help="The law it is made under, for example: RTI Act 2005.")
@click.option(
    "--received",
    type=DAY_OR_MOMENT,
    help="The day, or the moment with its offset (2026-11-20T23:59+00:00).  [default: now]",
)
@click.option("--requester", required=True, help="Who asks; kept apart, shown by `request requester` only.")
@click.option("--contact", default="", help="Where to answer; kept apart too.")
@click.option("--subject", required=True, help="What is asked for, in the requester's words.")
@click.option("--channel", type=click.Choice([each for each in CHANNELS if each]), help="How it came.")
@click.option("--scope", default="", help="What was agreed to be searched.")
@click.option("--fee", default="", help="What was paid, in words.")
@click.option("--urgent", is_flag=True, help="Life or liberty: the law's shorter time.")
@click.option("--due", type=DAY, help="The day that a court's order names.")
@archive_command
def new(
    session: Session,
    law: str,
    received: datetime | None,
    requester: str,
    contact: str,
    subject: str,
    channel: str | None,
    scope: str,
    fee: str,
    urgent: bool,
    due: datetime | None,
) -> None:
    """Register a request."""
    with session.act(Permission.ANSWER) as (archive, actor):
        now = clock.now()
        moment = now if received is None else received if received.tzinfo else None
        day = received_on(archive, moment) if moment else received.date() if received else now.date()
        details = RequestDetails(
            number="",
            received_at=moment,
            channel=channel or "",
            scope=scope,
            fee=fee,
            urgent=urgent,
            due_set=due.date() if due else None,
        )
        opened = open_request(
            archive,
            law=law,
            received=day,
            requester=requester,
            contact=contact,
            subject=subject,
            details=details,
            actor=actor,
            now=now,
        )
        due_told = _told_due(archive, opened, now.astimezone(archive.settings.archive.zone).date())
    if session.as_json:
        print_json(opened)
    else:
        say(f"Registered as {opened.number}.", "green")
        for text, colour in due_told:
            say(text, colour)
        say(f"Next: archiver request search {opened.number} QUERY")


def _told_due(archive: Archive, opened: InformationRequest, today: date) -> list[tuple[str, str]]:
    """When an answer is due, and what that rests on: an officer who is told nothing reckons with nothing."""
    try:
        reckoned = clock_of(archive, opened, today=today)
    except ArchiverError as error:
        return [(f"No day can be reckoned: {error}", "yellow")]
    if reckoned.due is None:
        return [(f"No day is known: {reckoned.why}.", "yellow")]
    rule = f" ({reckoned.clock.rule})" if reckoned.clock else ""
    told = f"An answer is due on {reckoned.due}{rule}: {reckoned.why}."
    return [(told, ""), *((each, "yellow") for each in reckoned.warnings)]


@request.command("list")
@archive_command
def list_requests(session: Session) -> None:
    """Every request."""
    with session.look() as archive:
        requests = archive.requests.requests()
    if session.as_json:
        print_json(requests)
    else:
        table(
            "Requests",
            ("Number", "Received", "Law", "Requester", "Subject", "Status"),
            ((r.number, r.received, r.law, r.requester, r.subject, r.status) for r in requests),
        )


@request.command("show")
@click.argument("number")
@archive_command
def show(session: Session, number: str) -> None:
    """One request with its searches and productions."""
    with session.look() as archive:
        found, zone = archive.requests.request(number), archive.settings.archive.zone
        searches, productions = archive.requests.searches(found), archive.requests.productions(found)
        hits = archive.requests.hits(found)
    if session.as_json:
        print_json({"request": found, "searches": searches, "hits": hits, "productions": productions})
        return
    describe(
        (name.capitalize(), getattr(found, name))
        for name in ("number", "law", "received", "requester", "subject", "status")
    )
    table(
        "Searches",
        ("When", "Query", "Interpreted as", "Hits"),
        ((show_moment(s.at, zone), s.query, s.interpreted, s.total) for s in searches),
    )
    table(
        "Productions",
        ("When", "Records", "Items", "Bundle"),
        ((show_moment(p.made_at, zone), p.records, p.items, p.path) for p in productions),
    )


@request.command("search")
@click.argument("number")
@click.argument("query", required=False)
@click.option("--saved", metavar="NAME", help="The query of a saved search, in place of QUERY.")
@click.option("--threads", "whole_threads", is_flag=True, help="Every hit brings its whole thread.")
@archive_command
def search(session: Session, number: str, query: str | None, saved: str | None, whole_threads: bool) -> None:
    """Search for request NUMBER and keep every hit with it, as it stands now."""
    if (query is None) is (saved is None):
        raise click.UsageError("give a QUERY, or a saved search's name with --saved")
    with session.act(Permission.ANSWER) as (archive, actor), progress("Searching") as shown:
        if saved is not None:
            kept = SavedSearches(archive.db).search(saved)
            query, whole_threads = kept.query, whole_threads or kept.whole_threads
        declared = search_for_request(
            archive,
            number,
            str(query),
            actor=actor,
            now=clock.now(),
            whole_threads=whole_threads,
            progress=shown,
        )
    if session.as_json:
        print_json(declared)
    else:
        say(
            f"{declared.total} hits kept with {declared.request_number}; interpreted as {declared.interpreted}",
            "green",
        )
        say(
            f"Next: archiver review freeze {declared.request_number}, or, where nothing is to be left out, "
            f"archiver export {declared.request_number}"
        )


@request.command("close")
@click.argument("number")
@click.option("--reason", required=True, help="How it was answered.")
@click.option(
    "--appeal-until",
    type=DAY,
    help="Last day of appeal.  [default: the law's, else by retention.appeal_days]",
)
@archive_command
def close(session: Session, number: str, reason: str, appeal_until: datetime | None) -> None:
    """Close a request. What its searches hit stays held until the time to appeal is over."""
    with session.act(Permission.ANSWER) as (archive, actor):
        now = clock.now()
        today = now.astimezone(archive.settings.archive.zone).date()
        day = appeal_until.date() if appeal_until else last_day_of_appeal(archive, number, today=today)
        closed, until = close_request(archive, number, reason=reason, appeal_until=day, actor=actor, now=now)
    if session.as_json:
        print_json({"request": closed, "appeal_until": until})
    else:
        say(f"{closed.number} is closed; what it covers is held until {until}.", "green")


@request.command("reopen")
@click.argument("number")
@click.option("--reason", required=True)
@archive_command
def reopen(session: Session, number: str, reason: str) -> None:
    """Take a closed request up again, for an appeal: it holds what it covers."""
    with session.act(Permission.ANSWER) as (archive, actor):
        opened = reopen_request(archive, number, reason=reason, actor=actor, now=clock.now())
    if session.as_json:
        print_json(opened)
    else:
        say(f"{opened.number} is open again.", "green")


@click.command()
@click.argument("number")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory to make the bundle in.  [default: the archive's productions/]",
)
@archive_command
def export(session: Session, number: str, into: Path | None) -> None:
    """Make the bundle that answers request NUMBER: every record its searches hit."""
    with session.act(Permission.ANSWER) as (archive, actor), progress("Exporting") as shown:
        made = produce(archive, number, actor=actor, now=clock.now(), into=into, progress=shown)
    if session.as_json:
        print_json(made)
        return
    say(f"Produced {made.filed.records} records with {made.filed.items} items.", "green")
    describe(
        [
            ("Bundle", made.filed.path),
            ("Read", f"{made.filed.path}/data/index.html"),
            ("Seal", made.filed.sha256),
        ]
    )
    say(f"Anyone can check it: archiver check {made.filed.path}")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.option("--key", metavar="FINGERPRINT", help="The trail key's fingerprint, as the agency publishes it.")
@click.option("--seal", metavar="SHA256", help="The bundle's seal, as the agency tells it.")
@json_option
def check(bundle: Path, key: str | None, seal: str | None, as_json: bool) -> None:
    """Check an export bundle, a directory or a ZIP file; needs no archive.

    A production made by `archiver production make` is checked by the verifier it ships.
    """
    if is_release(bundle):
        check_release(bundle, key or "", as_json)
        return
    with progress("Checking"):
        report = check_bundle(bundle, trusted=key, seal=seal)
    if as_json:
        print_json(report)
    elif not report.findings:
        say(
            f"{bundle} is whole: {report.files} files, {report.records} records and {report.items} items agree "
            "with their proofs.",
            "green",
        )
        for line in report.proved:
            say(line)
        say("Compare these two with what the agency publishes or tells you:")
        describe([("Seal", report.sha256), ("Signed by", report.signed_by), ("Signed at", report.signed_at)])
    if report.findings:
        if not as_json:
            table("Defects", ("What is wrong",), ((each,) for each in report.findings))
        raise BundleInvalid(f"{bundle} has {len(report.findings)} defects")


for command in CLOCK_COMMANDS:
    request.add_command(command)

COMMANDS = (request, export, check)

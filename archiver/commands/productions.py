"""`archiver production`: from a finished review to a signed bundle, made, repeated, listed, counted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from archiver.commands.days import DAY
from archiver.commands.output import counted, describe, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command, json_option, read_secret
from archiver.core import clock
from archiver.core.errors import BadInput, BundleInvalid
from archiver.core.people import Permission
from archiver.workflows.requests.pack import pack_production
from archiver.workflows.requests.release import Making, make_production, repeat_production
from archiver.workflows.requests.statistics import request_statistics
from exports.checking.verifier import check
from exports.release.page_images import KINDS
from exports.release.plan import PROFILES
from exports.requests.plots import write_plots

_PLACE = click.Path(path_type=Path, file_okay=False)


@click.group()
def production() -> None:
    """Productions: reviewed, redacted, numbered, searched for leaks, signed."""


@production.command("make")
@click.argument("number")
@click.option("--profile", type=click.Choice(PROFILES), default="requester", show_default=True)
@click.option("--prefix", default="", help="Of the page numbers.  [default: from the request's number]")
@click.option("--first", type=click.IntRange(0), help="The first page's number.  [default: after the last one used]")
@click.option("--width", type=click.IntRange(3, 12), default=7, show_default=True, help="Digits of a number.")
@click.option("--volume", type=click.IntRange(1), default=2000, show_default=True, help="Megabytes of a volume.")
@click.option("--pictures/--no-pictures", default=True, help="Whether pages are shown as pictures.")
@click.option(
    "--images",
    type=click.Choice(KINDS),
    default="png",
    show_default=True,
    help="Of the profile court: pages as PNG, or as TIFF (Group 4), those in colour as JPEG.",
)
@click.option("--pdf/--no-pdf", default=True, help="Of the profile requester: whether there is a PDF.")
@click.option("--ocr/--no-ocr", default=True, help="Whether Tesseract, where installed, reads every picture.")
@click.option("--originals/--no-originals", default=True, help="Whether unredacted records are shipped as captured.")
@click.option("--replaces", default="", help="The production that this one supersedes.")
@click.option("--why", default="", help="Why it does.")
@click.option("--into", type=_PLACE, help="Directory to make the bundle in.  [default: the archive's productions/]")
@archive_command
def make(
    session: Session,
    number: str,
    profile: str,
    prefix: str,
    first: int | None,
    width: int,
    volume: int,
    pictures: bool,
    images: str,
    pdf: bool,
    ocr: bool,
    originals: bool,
    replaces: str,
    why: str,
    into: Path | None,
) -> None:
    """Make, check and sign a production of what was reviewed for request NUMBER."""
    making = Making(
        profile=profile,
        prefix=prefix,
        first=first,
        width=width,
        volume_megabytes=volume,
        pictures=pictures,
        images=images,
        pdf=pdf,
        ocr=ocr,
        originals=originals,
        replaces=replaces,
        why=why,
    )
    with session.act(Permission.APPROVE) as (archive, actor), progress("Producing") as shown:
        filed, made = make_production(archive, number, making, actor=actor, now=clock.now(), into=into, progress=shown)
    if session.as_json:
        print_json({"filed": filed, "production": made})
        return
    say(f"Produced {made.records} records with {made.items} items, pages {made.first} to {made.last}.", "green")
    leaks = made.leaks
    found = "none found but where that was acknowledged" if leaks.leaks else "none found"
    describe(
        [
            ("Bundle", filed.path),
            ("Seal", filed.sha256),
            ("Searched", f"{leaks.files} files in {leaks.readings} readings for {leaks.strings} strings: {found}"),
            ("Pictures", f"{leaks.pictures_read} {leaks.ocr}" if leaks.pictures_read else leaks.ocr),
            ("Not read", "; ".join(f"{place} ({reason})" for place, reason in leaks.skipped)),
            ("Acknowledged", len(leaks.leaks) or ""),
            ("Not in it", counted(len(made.not_produced), "record") if made.not_produced else ""),
            ("Taken up", f"{made.taken_up} records of a run that was broken off" if made.taken_up else ""),
        ]
    )
    say(f"Anyone can check it: python3 {filed.path}/verify.py")
    say(f"When it is handed over: archiver request log {filed.request_number} delivered --note HOW")


@production.command("repeat")
@click.argument("number")
@click.argument("production_id", metavar="PRODUCTION")
@click.option("--into", type=_PLACE, required=True, help="Directory to make the same bundle in.")
@archive_command
def repeat(session: Session, number: str, production_id: str, into: Path) -> None:
    """Make a production again from the same inputs; its seal must be the same."""
    with session.act(Permission.ANSWER) as (archive, actor), progress("Producing") as shown:
        made = repeat_production(archive, number, production_id, actor=actor, into=into, progress=shown)
        request = archive.requests.request(number)
        before = next(each.sha256 for each in archive.requests.productions(request) if each.id == production_id)
    if session.as_json:
        print_json({"same": made.sha256 == before, "production": made})
    elif made.sha256 == before:
        say(f"The same, byte for byte: {made.sha256}", "green")
    if made.sha256 != before:
        raise BundleInvalid(f"{production_id} has the seal {before}, its repetition {made.sha256}: its inputs changed")


@production.command("zip")
@click.argument("number")
@click.argument("production_id", metavar="PRODUCTION")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The ZIP to write.")
@archive_command
def pack(session: Session, number: str, production_id: str, into: Path) -> None:
    """Pack a production as a ZIP that a password opens (AES-256).

    The password is asked for, twice; where there is no terminal it is two lines of standard input. It is kept nowhere:
    tell it on another way than the ZIP goes. The names and sizes of the files inside can be read without it.
    """
    with session.act(Permission.ANSWER) as (archive, actor):
        password = read_secret("Password of the ZIP", confirm=True)
        made = pack_production(archive, number, production_id, password, into=into, actor=actor, now=clock.now())
    if session.as_json:
        print_json(made)
    else:
        say(f"Packed {made.files} files, {made.size:,} bytes: {made.path}", "green")
        describe([("Digest", made.sha256)])


@production.command("list")
@click.argument("number")
@archive_command
def list_productions(session: Session, number: str) -> None:
    """The productions of request NUMBER, and which replaced which."""
    with session.look() as archive:
        request, zone = archive.requests.request(number), archive.settings.archive.zone
        made, profiles = archive.requests.productions(request), archive.request_files.profiles(request.number)
    rows = [
        {"production": each, "profile": profiles.get(each.id, ("originals", ""))[0],
         "replaces": profiles.get(each.id, ("", ""))[1]}
        for each in made
    ]  # fmt: skip
    if session.as_json:
        print_json(rows)
    else:
        table(
            "Productions",
            ("Id", "When", "Profile", "Records", "Items", "Replaces", "Bundle"),
            (
                (p.id, show_moment(p.made_at, zone), row["profile"], p.records, p.items, row["replaces"], p.path)
                for p, row in zip(made, rows, strict=True)
            ),
        )


@production.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--key", default="", metavar="FINGERPRINT", help="The key's fingerprint, as the agency publishes it.")
@json_option
def verify(bundle: Path, key: str, as_json: bool) -> None:
    """Check a production with the verifier it ships; needs no archive."""
    check_release(bundle, key, as_json)


def check_release(bundle: Path, key: str, as_json: bool) -> None:
    """Raises BundleInvalid where anything is wrong with it."""
    defects, proved = check(bundle, key)
    if as_json:
        print_json({"defects": defects, "proved": proved if not defects else []})
    elif not defects:
        for each in proved:
            say(each)
    if defects:
        if not as_json:
            table("Defects", ("What is wrong",), ((each,) for each in defects))
        raise BundleInvalid(f"{bundle} has {len(defects)} defects")


@production.command("statistics")
@click.option("--from", "since", type=DAY, help="Requests received from this day on.")
@click.option("--to", "until", type=DAY, help="… to this day.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Write the plots as an SVG file.")
@archive_command
def statistics(session: Session, since: datetime | None, until: datetime | None, plot: Path | None) -> None:
    """Requests, days taken and sections used, by period."""
    if plot is not None and plot.suffix.lower() != ".svg":
        raise BadInput(f"{plot}: the plots are an SVG file: name it with the ending .svg")
    with session.look() as archive:
        today = clock.now().astimezone(archive.settings.archive.zone).date()
        found = request_statistics(
            archive,
            since=since.date() if since else None,
            until=until.date() if until else None,
            today=today,
        )
    if plot is not None:
        plot.write_bytes(write_plots(found))
    if session.as_json:
        print_json(found)
        return
    describe(
        [
            ("Received", found.received),
            ("Answered", found.answered),
            ("In time", found.in_time),
            ("Late", found.late),
            ("Open", found.open),
            ("Days, median", found.median_days),
            ("Days, longest", found.longest_days),
        ]
    )
    table("By month", ("Month", "Received"), found.by_month.items())
    table("Sections used", ("Section", "Decisions and redactions"), found.sections.items())


COMMANDS = (production,)

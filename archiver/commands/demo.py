"""`archiver demo`: the main job end to end, by the same commands anyone types."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from archiver.commands.output import describe, heading, say
from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.errors import ArchiverError, CaptureUnhealthy
from archiver.core.records import RecordKind
from archiver.core.register import check_url, site_of
from archiver.sample import Site, serve
from retention.plan_file import example_plan

SENTENCE = "পানী যোগান"
"""Assamese: "water supply", a phrase of the sample site."""


@click.command()
@click.option("--url", help="A page of your own, instead of the sample site.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-archive"),
    show_default=True,
)
def demo(url: str | None, into: Path) -> None:
    """Make an archive, capture two nights, find, explain, answer a request, verify.

    Without --url it captures the small sample site that comes with Archiver, on this machine only.
    """
    place = into / clock.now().strftime("%Y-%m-%d-%H%M%S")
    place.mkdir(parents=True)
    address = check_url(url) if url else None
    with _own_surroundings(place), nullcontext() if address else serve(night=1) as site:
        _run(place, address, site)


def _run(place: Path, url: str | None, site: Site | None) -> None:
    address = url or (site.url if site else "")
    archive = place / "archive"
    plan = place / "file-plan.toml"
    plan.write_text(example_plan(), encoding="utf-8")
    agency = "Town of Rivermouth" if site else "Demonstration"
    heading("1  An archive, its file plan, an account")
    zone = ["--time-zone", "America/Toronto"] if site else []
    allowed = ["--allow-host", site_of(address)] if site else []
    _type("init", str(archive), "--agency", agency, "--jurisdiction", "CA-ON", *zone, "--generate-secret", *allowed)
    _type("fileplan", "load", str(plan))
    _type("fileplan", "activate", "1")
    if site:
        _type(
            "account",
            "add",
            "@rivermouth",
            address,
            "--department",
            "Communications",
            "--contact",
            "Town Clerk",
        )
    heading("2  The first night")
    capture = ["capture", "--account", "@rivermouth", "--depth", "1"] if site else ["capture", address]
    _type(*capture)
    if site:
        site.night = 2
    heading("3  The second night: what is new, edited, gone")
    _type(*capture)
    with Archive.open(archive) as opened:
        query, record = _something_to_find(opened, site)
    heading("4  Find a sentence, look at its record")
    _type("search", query)
    _type("record", "show", record)
    heading("5  How long everything is kept, and why")
    _type("retention", "plan")
    heading("6  Answer an information request")
    _type(
        "request",
        "new",
        "--law",
        "MFIPPA",
        "--requester",
        "A. Resident",
        "--subject",
        "Everything published about this",
    )
    with Archive.open(archive) as opened:
        number = opened.requests.requests()[-1].number
    _type("request", "search", number, query)
    _type("export", number)
    heading("7  Verify")
    with Archive.open(archive) as opened:
        bundle = opened.requests.productions(opened.requests.request(number))[-1].path
        screenshot = _screenshot_of(opened, record)
    _type("check", bundle)
    _type("verify")
    heading("Where everything lies")
    describe(
        [
            ("The answer", f"{bundle}/data/index.html"),
            ("A screenshot", screenshot),
            ("The archive", archive),
            (
                "Keys and login",
                f"{place / 'config'}  (export ARCHIVER_CONFIG={place / 'config'} to go on with this archive)",
            ),
        ]
    )


def _type(*arguments: str) -> None:
    """Show a command as one would type it, and run it."""
    say(f"\n$ archiver {shlex.join(arguments)}", "bold green")
    group = click.get_current_context().find_root().command
    try:
        group.main(list(arguments), prog_name="archiver", standalone_mode=False)
    except CaptureUnhealthy as error:
        # some of a night's captures may fail; what was filed is enough to go on with
        say(f"error: {error}", "red")
    sys.stdout.flush()


def _something_to_find(archive: Archive, site: Site | None) -> tuple[str, str]:
    """A query that hits, and the record it hits. Raises CaptureUnhealthy where nothing was filed."""
    if site:
        for record in archive.catalogue.records():
            if record.kind is RecordKind.THREAD and any(
                SENTENCE in each.item.text for each in archive.catalogue.items(record.id)
            ):
                return f'"{SENTENCE}"', record.id
    for record in archive.catalogue.records():
        for entry in archive.catalogue.items(record.id):
            words = re.findall(r"[^\W\d_]{3,}(?:\s[^\W\d_]{3,}){1,2}", entry.item.text)
            if words:
                return f'"{max(words, key=len)}"', record.id
    raise ArchiverError("nothing with text was filed: see the outcomes above")


def _screenshot_of(archive: Archive, record: str) -> Path | str:
    for capture in reversed(archive.catalogue.captures(record)):
        for each in archive.catalogue.objects(capture.id):
            if each.path.endswith("/page.png"):
                return archive.objects.path_of(each.path)
    return "none was taken"


@contextmanager
def _own_surroundings(place: Path) -> Iterator[None]:
    """The demonstration's own keys, login and archive, whatever the user's are."""
    names = ("ARCHIVER_CONFIG", "ARCHIVER_ARCHIVE", "ARCHIVER_TOKEN")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["ARCHIVER_CONFIG"] = str((place / "config").absolute())
    os.environ["ARCHIVER_ARCHIVE"] = str(place / "archive")
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


COMMANDS: Sequence[click.Command] = (demo,)

"""Writes the reference pages of the manual from the code itself: `python -m archiver.manual docs`.

tests/test_docs.py fails where a page is not what this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import click

from archiver.cli import archiver
from archiver.core import errors
from archiver.core.checkpoints import Checkpoint
from archiver.core.config import SECTIONS
from archiver.core.errors import ArchiverError
from archiver.core.events import Event
from archiver.core.nights import NightRun, NightVisit
from archiver.core.papers import Paper
from archiver.core.people import Person
from archiver.core.records import Account, Capture, CataloguedItem, Record
from archiver.core.redactions import Acknowledgement, Clearance, Redaction
from archiver.core.register import CaptureJob
from archiver.core.request_files import LoggedEvent, Requester
from archiver.core.requests import FiledProduction, InformationRequest, SearchDeclaration
from archiver.core.reviews import CodingBatch, ReviewSet
from archiver.core.saved_searches import SavedSearch, SearchRun
from archiver.core.site_sessions import SiteSession
from archiver.core.stubs import Stub
from archiver.workflows.archive.make_archive import MadeArchive
from archiver.workflows.archive.status import Status
from archiver.workflows.archive.timestamp import Stamped
from archiver.workflows.archive.trail_keys import TrailKey
from archiver.workflows.backups.back_up import BackedUp
from archiver.workflows.backups.restore import Restored
from archiver.workflows.backups.restore_drill import Drill
from archiver.workflows.capturing.site_sessions import SessionStanding, StoredLogin
from archiver.workflows.disposal.run import BatchRun
from archiver.workflows.filing.file_capture import Filed
from archiver.workflows.indexing.catching_up import IndexState
from archiver.workflows.indexing.making import Making
from archiver.workflows.indexing.reconcile import Reconciled
from archiver.workflows.indexing.report import IndexReport
from archiver.workflows.keeping.classify import Reclassified
from archiver.workflows.keeping.keep_holds import PlacedHold
from archiver.workflows.keeping.plan_retention import Activated, PlannedRecord, PlanPreview
from archiver.workflows.keeping.preserve import FixityRound
from archiver.workflows.keeping.retention_report import RetentionReport
from archiver.workflows.night.report import NightReport
from archiver.workflows.night.timer import Timer
from archiver.workflows.rebuild import Rebuilt
from archiver.workflows.requests.clock import DueRequest
from archiver.workflows.requests.redact import RedactedItem, UnknownPicture
from archiver.workflows.requests.review import ReviewState
from archiver.workflows.requests.review_alike import AlikeMembers
from archiver.workflows.search.find import Answer
from archiver.workflows.search.find_resembling import AlikeReport, Similar
from archiver.workflows.search.keep_searches import SearchDiff
from archiver.workflows.search.show_hits import MarkedItem
from archiver.workflows.search.term_list import TermReport
from archiver.workflows.verification.verify import Verified
from exports.bundle.encrypted_zip import EncryptedZip
from exports.checking.bundle import BundleReport
from exports.release.making import Released
from exports.requests.law_rules import Law
from exports.requests.plots import RequestFigures
from exports.requests.review_rules import Change, ReviewFinding
from retention.batches import Batch
from retention.holds import Hold
from retention.register import PlanVersion


def command_reference() -> str:
    """Every command's `--help`."""
    parts = ["# Commands", "", "What `--help` prints. Every command takes `--json`; most take `--archive DIR`.", ""]
    for path, command in _commands("archiver", archiver):
        # a command keeps the help option it first made: by the names its users know
        settings = {
            "max_content_width": 100,
            "terminal_width": 100,
            "help_option_names": archiver.context_settings["help_option_names"],
        }
        text = command.get_help(click.Context(command, info_name=path, **settings))
        parts += [f"## {path}", "", "```text", text, "```", ""]
    return "\n".join(parts)


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in subcommands(command).items():
            yield from _commands(f"{path} {name}", below)


def subcommands(group: click.Group) -> dict[str, click.Command]:
    """A group's commands by name, in alphabetical order."""
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in sorted(group.list_commands(context))}
    return {name: command for name, command in found.items() if command is not None}


def error_reference() -> str:
    """Every error with its exit code, by code."""
    lines = [
        "# Errors and exit codes",
        "",
        "0 is success, 1 a fault of the program itself, 2 a misspelt command. Errors are one line on standard",
        "error; with `--json` that line is an object with `error`, `message` and `exit_code`.",
        "",
        "| Code | Error | What it means and what to do |",
        "|---|---|---|",
    ]
    for each in sorted(every_error(), key=lambda kind: kind.exit_code):
        text = " ".join((each.__doc__ or "").split("\n\n")[0].split())
        lines.append(f"| {each.exit_code} | `{each.__name__}` | {text} |")
    return "\n".join(lines) + "\n"


def every_error() -> list[type[ArchiverError]]:
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ArchiverError)]


def settings_reference() -> str:
    """Every key of `archive.toml`."""
    lines = ["# Settings", "", "The keys of `archive.toml`. `archiver init` writes them all, with their defaults.", ""]
    for section, kind in SECTIONS.items():
        lines += [f"## [{section}]", "", "| Key | Default | What it is |", "|---|---|---|"]
        for each in fields(kind):
            default = "required" if each.default is MISSING else f"`{_toml(each.default)}`"
            if each.metadata.get("tables"):
                default = f"`[[{section}.{each.name}]]` tables"
            lines.append(f"| `{each.name}` | {default} | {each.metadata['about']} |")
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{each}"' for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


DOCUMENTS: dict[str, tuple[str, type | None]] = {
    "account add": ("an account", Account),
    "account close, account reopen": ("the account", Account),
    "account list": ("a list of accounts", Account),
    "account show": ("`account`, and `records`: their ids", None),
    "capture, job run": ("a list of what became of each capture", Filed),
    "backup check": ("`set`, `files`, `findings`", None),
    "backup drill": ("what the practised restore found, and whether it `passed`", Drill),
    "backup key": ("`key`: where it lies", None),
    "backup list": ("a list of sets: `set`, `made_at`, `files`, `size`, `trail_size`", None),
    "backup make": ("what one run did", BackedUp),
    "check": ("what was found in a bundle", BundleReport),
    "duplicates": ("the groups: `same`, `cross_post`, `items`; and", AlikeReport),
    "disposal certificate": ("the certificate, as its `certificate.json` has it", None),
    "disposal list, disposal propose": ("a list of batches", Batch),
    "disposal run": ("what one run did", BatchRun),
    "disposal show": ("`batch`, `sample`, and what it `lacks`", Batch),
    "disposal approve, exclude, extend, reclassify, withdraw, receipt": ("the batch", Batch),
    "disposal unlock": ("`unlocked`, and the digest of the list of `holds`", None),
    "export": ("`filed`: the production; `production`: its figures", FiledProduction),
    "fileplan activate": ("what the plan changed", Activated),
    "fileplan approve, fileplan diff": ("what activating the plan would change", PlanPreview),
    "fileplan check": ("`title`, and the numbers of `classes` and `schedules`", None),
    "fileplan export": ("`version`, `path`", None),
    "fileplan list": ("a list of versions", PlanVersion),
    "fileplan load": ("`version`, and `due_dates_changed` were it activated", None),
    "fileplan show": ("`version`, `source`", None),
    "hold list, hold release": ("a hold, or a list of them", Hold),
    "hold place": ("the hold, and what became of what it covers", PlacedHold),
    "hold show": ("`hold`, `records`", Hold),
    "index rebuild, index update": ("the index as it stands", IndexState),
    "index rebuild --background": ("the making that was begun", Making),
    "index reconcile": ("what was found, and repaired", Reconciled),
    "index show": ("the index that answers, and the last `making` of a new one", IndexReport),
    "init": ("the made archive, and `secret` where one was made up", MadeArchive),
    "job add, pause, resume": ("a job", CaptureJob),
    "job list": ("a list of jobs", CaptureJob),
    "job show": ("`job`, `captures`", Capture),
    "login": ("`person`, `ends`", None),
    "logout": ("`logged_out`", None),
    "nightly, runs show": ("the report of a night, as `report.json` has it", NightReport),
    "nightly --dry-run": ("a list of visits", NightVisit),
    "notice": ("where the page lies: `path`, `size`", None),
    "person add": ("`person`, and `token` for a service", None),
    "person disable, whoami": ("a person", Person),
    "person list": ("a list of people", Person),
    "production list": ("a list of `production`, its `profile`, and the production it `replaces`", None),
    "production make": ("`filed`; `production` with its figures and what the leak check found", Released),
    "production repeat": ("`same`, `production`", None),
    "production statistics": ("requests in figures", RequestFigures),
    "production zip": ("the ZIP that was written", EncryptedZip),
    "production verify": ("`defects`, `proved`", None),
    "preserve copy": ("`copied`: how many files", None),
    "preserve fixity": ("what was hashed and found", FixityRound),
    "preserve formats": ("`formats`, `classes`", None),
    "rebuild": ("what was rebuilt and what is missing", Rebuilt),
    "record crop": (
        "where the picture lies, and its place on the screenshot: `record`, `item`, `capture`, `box`, `path`, `size`",
        None,
    ),
    "record crops": (
        "where the pictures lie: `record`, `path`, `pictures` each as `record crop` tells it; `without` are the ids of "
        "items that no screenshot shows in one place",
        None,
    ),
    "record classify, record not-a-record": ("the records, and which left a batch", Reclassified),
    "record edit, record tag": ("the record", Record),
    "record hits": ("the item's hits; `marks`: `start`, `end`, `text`, `boxes`", MarkedItem),
    "record list": ("a list of records", Record),
    "record list --disposed": ("a list of destroyed records", Stub),
    "record pdf": ("where the PDF lies: `record`, `path`, `size`", None),
    "record show": (
        "`record`, `held`, `observed`, `class_reason`, `corrections`, `items`, and `captures` with `objects`",
        CataloguedItem,
    ),
    "redact acknowledge": ("a list of acknowledgements, one a place", Acknowledgement),
    "redact skip-ocr": ("the acknowledgement", Acknowledgement),
    "redact add, redact lift, redact list": ("redactions", Redaction),
    "redact add --preview": ("a list of items that would be redacted", RedactedItem),
    "redact clear": ("the clearance", Clearance),
    "redact detectors": ("a list of `name`, `told`", None),
    "redact pictures": ("a list of pictures whose text nobody knows", UnknownPicture),
    "request clock, request due": ("requests with their clocks, `due` a list", DueRequest),
    "request close": ("`request`, `appeal_until`", None),
    "request laws": ("a list of laws with their dated rules and exemptions", Law),
    "request list, request new, request reopen": ("requests", InformationRequest),
    "request log": ("the log, or what was added to it", LoggedEvent),
    "request requester": ("who asked", Requester),
    "request search": ("the search as it is kept", SearchDeclaration),
    "request show": ("`request`, `searches`, `hits` by record, `productions`", None),
    "review alike": ("a list of groups, each item with its `nearness` and `coding`", AlikeMembers),
    "review assign": ("`batch`, `records`", None),
    "review check": ("a list of findings", ReviewFinding),
    "review code, review undo": ("the batch", CodingBatch),
    "review code --preview": ("a list of what would change", Change),
    "review freeze": ("the frozen set", ReviewSet),
    "review items": ("a list of `member`, `text`, and what was `decided`", None),
    "review show": ("how far the review is", ReviewState),
    "restore": ("what was restored, and whether disposal is locked", Restored),
    "retention event": ("`entry`: its number", None),
    "retention extend": ("`records`, `until`", None),
    "retention plan, retention why": ("records with their decisions, or one; of a paper as below", PlannedRecord),
    "retention papers": (
        "a list of `paper`, `decision`, `class_reason`, `explanation`; `records` is how many it tells of. A paper has",
        Paper,
    ),
    "retention report": ("the lists", RetentionReport),
    "runs list": ("a list of runs, newest first", NightRun),
    "search": ("the answer", Answer),
    "searches diff, run, save": ("what was found, and what is new since the run before", SearchDiff),
    "searches list": ("a list of `search`, `runs`, and `last`: its newest run", SavedSearch),
    "searches show": ("`search`, `runs`, and `hits` of the newest run: items with their records", SearchRun),
    "session check": ("a list of site logins", SiteSession),
    "session forget": ("the site login", SiteSession),
    "session import, session login": ("what was stored: `session`, and what was left out", StoredLogin),
    "session list": ("a list of site logins as they stand: `session`, and", SessionStanding),
    "similar": ("a list of items like the one given", Similar),
    "status": ("the archive in figures", Status),
    "terms": ("the report: `terms`, each with its counts or its error, and", TermReport),
    "timer": ("the texts of the units, and a line for crontab", Timer),
    "timestamp": ("`stamped` just now, the `newest` stamp, when it last `failed`, the `reason`", Stamped),
    "trail": ("`head`, `events`", Event),
    "trail commit": ("`committed`: the rows", None),
    "trail compare": ("`findings`", None),
    "trail export": ("`format`, `checkpoint`, and `since` with the proof", Checkpoint),
    "trail key, trail rotate-key": ("the key that signs", TrailKey),
    "verify": ("what was checked and found", Verified),
}


def json_reference() -> str:
    """What each command prints with `--json`."""
    lines = [
        "# JSON",
        "",
        "With `--json` a command prints one document on standard output. Moments are ISO 8601 in UTC, days are",
        "`YYYY-MM-DD`. An error is one object on standard error: `error`, `message`, `exit_code`, and for a query",
        "`position` and `end`. Names are only ever added.",
        "",
        "| Command | Document | Fields |",
        "|---|---|---|",
    ]
    for name, (about, kind) in DOCUMENTS.items():
        names = ", ".join(f"`{each.name}`" for each in fields(kind)) if kind is not None else ""
        lines.append(f"| {name} | {about} | {names} |")
    return "\n".join(lines) + "\n"


PAGES = {
    "json.md": json_reference,
    "commands.md": command_reference,
    "errors.md": error_reference,
    "settings.md": settings_reference,
}


def main() -> None:
    for name, write in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()

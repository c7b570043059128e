"""`archiver fileplan`: record classes, schedules and rules, in versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from archiver.commands.output import print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command, json_option
from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.durable import write_durably
from archiver.core.errors import BadFilePlan
from archiver.core.people import Permission
from archiver.workflows.keeping.plan_retention import (
    PlanPreview,
    activate_file_plan,
    approve_file_plan,
    load_file_plan,
    preview_activating,
    preview_plan,
    read_plan_file,
)
from retention.comparison import Difference, compare_plans
from retention.file_plan import FilePlan
from retention.plan_file import example_jurisdictions, example_plan
from retention.plan_writing import faults_in_csv, write_plan_csv, write_plan_toml
from retention.register import active_plan, list_versions, plan_source, plan_version


@click.group()
def fileplan() -> None:
    """The file plan: record classes, schedules and classification rules, in versions."""


@fileplan.command("example")
@click.option("--jurisdiction", default="", metavar="CODE", help=f"One of {', '.join(example_jurisdictions())}.")
@json_option
def example(jurisdiction: str, as_json: bool) -> None:
    """Print an example plan, to be edited with counsel: `archiver fileplan example > plan.toml`."""
    if as_json:
        print_json({"source": example_plan(jurisdiction)})
    else:
        click.echo(example_plan(jurisdiction), nl=False)


@fileplan.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def check(file: Path, as_json: bool) -> None:
    """Whether FILE (TOML or CSV) is a plan; every fault is told with its place. Nothing is loaded."""
    plan, _ = read_plan_file(file)
    if as_json:
        print_json({"title": plan.title, "classes": len(plan.classes), "schedules": len(plan.schedules)})
    else:
        say(f"{plan.title}: {len(plan.classes)} classes, {len(plan.schedules)} schedules, {len(plan.rules)} rules.")


@fileplan.command("load")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@archive_command
def load(session: Session, file: Path) -> None:
    """Keep FILE (TOML or CSV) as a draft version of the plan; activating it is another act."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        number = load_file_plan(archive, file, actor=actor, now=clock.now())
        changes = preview_plan(archive, number, today=clock.now().astimezone(archive.settings.archive.zone).date())
    if session.as_json:
        print_json({"version": number, "due_dates_changed": changes})
    else:
        say(f"Loaded as version {number}; activating it would change {len(changes)} due dates.", "green")
        say(f"Next: archiver fileplan diff {number}, then archiver fileplan activate {number}")


@fileplan.command("diff")
@click.argument("version", type=int)
@click.argument("against", type=int, required=False)
@archive_command
def diff(session: Session, version: int, against: int | None) -> None:
    """What VERSION says that the plan in force, or AGAINST, does not; and whose dates move if it is activated."""
    with session.look() as archive:
        if against is not None:
            found = compare_plans(plan_version(archive.db, against), plan_version(archive.db, version))
            preview = None
        else:
            preview = preview_activating(archive, version, today=_today(archive))
            found = list(preview.differences)
    if session.as_json:
        print_json(preview if preview is not None else {"differences": found})
        return
    _show_differences(found)
    if preview is not None:
        _show_preview(preview)


def _show_differences(found: Sequence[Difference]) -> None:
    table(
        "Differences",
        ("Entry", "Field", "Was", "Is", ""),
        ((each.entry, each.field, each.was, each.now, "sooner" if each.shorter else "") for each in found),
    )


def _show_preview(preview: PlanPreview) -> None:
    table(
        "Due dates that move",
        ("Record", "From", "To", ""),
        (
            (c.record_id, c.before.due or c.before.state, c.after.due or c.after.state, "sooner" if c.sooner else "")
            for c in preview.changes
        ),
    )
    if preview.shortens:
        say("It lets records go sooner: one approver agrees (archiver fileplan approve), another activates.", "yellow")


@fileplan.command("approve")
@click.argument("version", type=int)
@archive_command
def approve(session: Session, version: int) -> None:
    """Agree that VERSION may go into force though it lets records go sooner; another approver activates it."""
    with session.act(Permission.APPROVE) as (archive, actor):
        preview = approve_file_plan(archive, version, actor=actor, now=clock.now())
    if session.as_json:
        print_json(preview)
    else:
        say(f"You agreed to version {version}, with {len(preview.changes)} dates that move.", "green")
        say(f"Next, another approver: archiver fileplan activate {version}")


@fileplan.command("activate")
@click.argument("version", type=int)
@archive_command
def activate(session: Session, version: int) -> None:
    """Put VERSION in force, and classify by its rules what has no class yet."""
    with session.act(Permission.APPROVE) as (archive, actor):
        done = activate_file_plan(archive, version, actor=actor, now=clock.now())
    if session.as_json:
        print_json(done)
        return
    say(f"Version {done.number}, {done.title}, is in force.", "green")
    say(f"{done.classified} records were classified by it; {done.undecided} wait for an officer.")
    table(
        "Due dates changed",
        ("Record", "From", "To"),
        ((c.record_id, c.before.due or c.before.state, c.after.due or c.after.state) for c in done.changes),
    )


@fileplan.command("list")
@archive_command
def list_plans(session: Session) -> None:
    """Every version, with who loaded and who activated it."""
    with session.look() as archive:
        versions, zone = list_versions(archive.db), archive.settings.archive.zone
        people = {each.id: each.name for each in archive.people.everybody()}
    if session.as_json:
        print_json(versions)
    else:
        table(
            "File plan",
            ("Version", "Title", "Loaded", "By", "Activated", "By", "In force"),
            (
                (
                    each.number,
                    each.title,
                    show_moment(each.loaded_at, zone),
                    people.get(each.loaded_by, each.loaded_by),
                    show_moment(each.activated_at, zone),
                    people.get(each.activated_by or "", ""),
                    "active" if each.active else "",
                )
                for each in versions
            ),
        )


@fileplan.command("show")
@click.argument("version", type=int, required=False)
@click.option("--tree", is_flag=True, help="The classes as a tree instead of the source.")
@archive_command
def show(session: Session, version: int | None, tree: bool) -> None:
    """The TOML of VERSION, or of the one in force."""
    with session.look() as archive:
        number = _number(archive, version)
        source, plan = plan_source(archive.db, number), plan_version(archive.db, number)
    if session.as_json:
        print_json({"version": number, "source": source})
    elif tree:
        _show_tree(plan, None, 0)
    else:
        click.echo(source, nl=False)


def _show_tree(plan: FilePlan, above: str | None, depth: int) -> None:
    for entry in plan.classes:
        if entry.parent == above:
            schedule = plan.schedule(entry.code)
            rule = (
                "" if schedule is None else f": {schedule.period.in_words()} from {schedule.trigger}, {schedule.action}"
            )
            say(f"{'  ' * depth}{entry.code}  {entry.title}{rule}")
            _show_tree(plan, entry.code, depth + 1)


@fileplan.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("version", type=int, required=False)
@archive_command
def export(session: Session, file: Path, version: int | None) -> None:
    """Write VERSION, or the plan in force, to FILE: CSV for a spreadsheet where it ends in .csv, else TOML."""
    with session.look() as archive:
        number = _number(archive, version)
        plan = replace(plan_version(archive.db, number), number=0)
    as_csv = file.suffix.casefold() == ".csv"
    if as_csv and (faults := list(faults_in_csv(plan))):
        raise BadFilePlan("this plan cannot be said in CSV: " + "; ".join(faults))
    write_durably(file, (write_plan_csv(plan) if as_csv else write_plan_toml(plan)).encode())
    if session.as_json:
        print_json({"version": number, "path": file})
    else:
        say(f"{file}: version {number}", "green")


def _number(archive: Archive, version: int | None) -> int:
    active = active_plan(archive.db)
    return version if version is not None else active.number if active else 0


def _today(archive: Archive) -> date:
    return clock.now().astimezone(archive.settings.archive.zone).date()


COMMANDS = (fileplan,)

"""`archiver retention` and `archiver fileplan`: how long, and why."""

from __future__ import annotations

from pathlib import Path

import click

from archiver.commands.output import print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command, json_option
from archiver.core import clock
from archiver.core.people import Permission
from archiver.workflows.plan_retention import activate_file_plan, load_file_plan, plan_records, preview_plan
from retention.plan_file import example_plan
from retention.register import active_plan, list_versions, plan_source


@click.group()
def retention() -> None:
    """How long records are kept, and why."""


@retention.command("plan")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Decide as of this day.  [default: today]")
@archive_command
def plan(session: Session, today: object) -> None:
    """Every record with its due date, action and the reasons. Nothing is destroyed."""
    with session.look() as archive:
        zone = archive.settings.archive.zone
        day = today.date() if hasattr(today, "date") else clock.now().astimezone(zone).date()
        planned = plan_records(archive, today=day)
    if session.as_json:
        print_json(planned)
        return
    table(
        f"Retention as of {day}",
        ("State", "Due", "Action", "Class", "Record", "Title", "Why"),
        (
            (
                p.decision.state,
                p.decision.due or "",
                p.decision.action or "",
                p.decision.class_code or "",
                p.record.id,
                p.record.title,
                p.explanation,
            )
            for p in planned
        ),
        empty="no records",
    )


@click.group()
def fileplan() -> None:
    """The file plan: record classes, schedules and classification rules, in versions."""


@fileplan.command("example")
@json_option
def example(as_json: bool) -> None:
    """Print the example plan, to be edited with counsel: `archiver fileplan example > plan.toml`."""
    if as_json:
        print_json({"source": example_plan()})
    else:
        click.echo(example_plan(), nl=False)


@fileplan.command("load")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@archive_command
def load(session: Session, file: Path) -> None:
    """Keep FILE (TOML) as a draft version of the plan; activating it is another act."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        number = load_file_plan(archive, file, actor=actor, now=clock.now())
        changes = preview_plan(archive, number, today=clock.now().astimezone(archive.settings.archive.zone).date())
    if session.as_json:
        print_json({"version": number, "due_dates_changed": changes})
    else:
        say(f"Loaded as version {number}; activating it would change {len(changes)} due dates.", "green")
        say(f"Next: archiver fileplan activate {number}")


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
@archive_command
def show(session: Session, version: int | None) -> None:
    """The TOML of VERSION, or of the one in force."""
    with session.look() as archive:
        active = active_plan(archive.db)
        number = version if version is not None else active.number if active else 0
        source = plan_source(archive.db, number)
    if session.as_json:
        print_json({"version": number, "source": source})
    else:
        click.echo(source, nl=False)


COMMANDS = (retention, fileplan)

"""`archiver job`: what is captured, and how often."""

from __future__ import annotations

import click

from archiver.commands.captures import end_run, show_filed
from archiver.commands.output import describe, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.people import Permission
from archiver.core.register import EVERY
from archiver.workflows.archive.keep_register import add_job, set_job_status
from archiver.workflows.capturing.run import run_job


@click.group()
def job() -> None:
    """Capture jobs: an account or addresses, how often, how deep."""


@job.command("add")
@click.argument("name")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--account", help="Capture this account's page, instead of addresses.")
@click.option("--every", type=click.Choice(EVERY), default="night", show_default=True)
@click.option(
    "--depth",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="1: also the threads a page lists.",
)
@archive_command
def add(session: Session, name: str, urls: tuple[str, ...], account: str | None, every: str, depth: int) -> None:
    """Keep a job NAME that captures the account's page or the addresses given."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        added = add_job(
            archive,
            name=name,
            account=account,
            urls=urls,
            every=every,
            depth=depth,
            actor=actor,
            now=clock.now(),
        )
    if session.as_json:
        print_json(added)
    else:
        say(
            f"Job {added.name} runs every {added.every}. Run it now with `archiver job run {added.name}`.",
            "green",
        )


@job.command("list")
@archive_command
def list_jobs(session: Session) -> None:
    """Every job with its last run."""
    with session.look() as archive:
        jobs, zone = archive.register.jobs(), archive.settings.archive.zone
        accounts = {each.id: each.handle for each in archive.register.accounts()}
    if session.as_json:
        print_json(jobs)
    else:
        table(
            "Jobs",
            ("Name", "Captures", "Every", "Depth", "Status", "Last run"),
            (
                (
                    j.name,
                    accounts.get(j.account_id, "") if j.account_id else " ".join(j.urls),
                    j.every,
                    j.depth,
                    j.status,
                    show_moment(j.last_run, zone) or "never",
                )
                for j in jobs
            ),
        )


@job.command("show")
@click.argument("name")
@archive_command
def show(session: Session, name: str) -> None:
    """One job, with its captures."""
    with session.look() as archive:
        found, zone = archive.register.job(name), archive.settings.archive.zone
        captures = [each for each in archive.catalogue.all_captures() if each.job_id == found.id]
    if session.as_json:
        print_json({"job": found, "captures": captures})
        return
    describe(
        [
            ("Job", found.name),
            ("Account", found.account_id),
            ("Addresses", "\n".join(found.urls)),
            ("Every", found.every),
            ("Depth", found.depth),
            ("Status", found.status),
            ("Last run", show_moment(found.last_run, zone) or "never"),
        ]
    )
    table(
        "Captures",
        ("When", "Outcome", "Address", "Record"),
        ((show_moment(c.started, zone), c.outcome, c.url, c.record_id) for c in captures),
    )


@job.command("pause")
@click.argument("name")
@archive_command
def pause(session: Session, name: str) -> None:
    """Let the job rest until it is resumed."""
    _set_status(session, name, "paused")


@job.command("resume")
@click.argument("name")
@archive_command
def resume(session: Session, name: str) -> None:
    """Take a paused job up again."""
    _set_status(session, name, "active")


def _set_status(session: Session, name: str, status: str) -> None:
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        changed = set_job_status(archive, name, status, actor=actor, now=clock.now())
    if session.as_json:
        print_json(changed)
    else:
        say(f"Job {changed.name} is {changed.status}.")


@job.command("run")
@click.argument("name")
@archive_command
def run(session: Session, name: str) -> None:
    """Run the job now, whenever it is due."""
    with session.act(Permission.CAPTURE) as (archive, actor), progress("Capturing") as show:
        filed = run_job(archive, name, actor=actor, progress=show)
    show_filed(filed, as_json=session.as_json)
    end_run(filed)


COMMANDS = (job,)

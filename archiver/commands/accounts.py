"""`archiver account`: the register of official accounts."""

from __future__ import annotations

from datetime import datetime

import click

from archiver.commands.days import DAY
from archiver.commands.output import describe, print_json, say, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.catalogue import RecordFilter
from archiver.core.people import Permission
from archiver.core.records import Account
from archiver.workflows.archive.keep_register import add_account, close_account, reopen_account


@click.group()
def account() -> None:
    """Official accounts: which presence on which site belongs to whom."""


@account.command("add")
@click.argument("handle")
@click.argument("url")
@click.option("--site", default="", help="Host name; by default the one of URL.")
@click.option("--department", default="", help="The department that owns it.")
@click.option("--contact", default="", help="Who answers for it.")
@archive_command
def add(session: Session, handle: str, url: str, site: str, department: str, contact: str) -> None:
    """Register the account HANDLE whose page is URL."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        added = add_account(
            archive,
            handle=handle,
            url=url,
            site=site,
            department=department,
            contact=contact,
            actor=actor,
            now=clock.now(),
        )
    if session.as_json:
        print_json(added)
    else:
        say(f"Registered {added.handle} on {added.site} as {added.id}.", "green")


@account.command("list")
@archive_command
def list_accounts(session: Session) -> None:
    """Every registered account."""
    with session.look() as archive:
        accounts = archive.register.accounts()
    if session.as_json:
        print_json(accounts)
    else:
        table(
            "Accounts",
            ("Site", "Handle", "Department", "Contact", "Status", "URL"),
            ((a.site, a.handle, a.department, a.contact, a.status, a.url) for a in accounts),
        )


@account.command("show")
@click.argument("name")
@archive_command
def show(session: Session, name: str) -> None:
    """One account, by handle, site/handle or id, with what was captured of it."""
    with session.look() as archive:
        found = archive.register.account(name)
        records = archive.catalogue.records(RecordFilter(account_id=found.id))
    if session.as_json:
        print_json({"account": found, "records": [each.id for each in records]})
        return
    describe(
        (name.capitalize(), getattr(found, name))
        for name in ("handle", "site", "url", "department", "contact", "status", "id")
    )
    table("Records", ("Record", "Kind", "Title"), ((r.id, r.kind, r.title) for r in records))


@account.command("close")
@click.argument("name")
@click.option("--day", type=DAY, help="When it was closed.  [default: today]")
@click.option("--reason", required=True, help="The decision behind it.")
@archive_command
def close(session: Session, name: str, day: datetime | None, reason: str) -> None:
    """Note that the account NAME was closed: nights leave it, periods from `account-closed` begin. Its records stay."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        closed = close_account(archive, name, day.date() if day else None, reason=reason, actor=actor, now=clock.now())
    _say_status(session, closed)


@account.command("reopen")
@click.argument("name")
@click.option("--reason", required=True, help="Why it is taken up again.")
@archive_command
def reopen(session: Session, name: str, reason: str) -> None:
    """Take a closed account NAME up again: nights look at it, and that it was closed is taken back."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        opened = reopen_account(archive, name, reason=reason, actor=actor, now=clock.now())
    _say_status(session, opened)


def _say_status(session: Session, changed: Account) -> None:
    if session.as_json:
        print_json(changed)
    else:
        say(f"{changed.handle} on {changed.site} is {changed.status}.", "green")


COMMANDS = (account,)

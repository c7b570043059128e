"""`archiver login`, `logout`, `whoami` and `archiver person`."""

from __future__ import annotations

import click

from archiver.commands.output import print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command, read_secret, require_person
from archiver.core import clock
from archiver.core.people import Permission, Role
from archiver.workflows.archive.admit import add_person, disable_person, log_in, log_out


@click.command()
@click.argument("name")
@archive_command
def login(session: Session, name: str) -> None:
    """Log in as NAME: asks for the secret and keeps a token of 8 hours for this user."""
    with session.look() as archive:
        person, ends = log_in(archive, name, read_secret(f"Secret of {name}"), now=clock.now())
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json({"person": person, "ends": ends})
    else:
        say(f"Logged in as {person.name} ({person.role.value}) until {show_moment(ends, zone)}.", "green")


@click.command()
@archive_command
def logout(session: Session) -> None:
    """Forget this user's token, here and in the archive."""
    with session.look() as archive:
        was = log_out(archive, now=clock.now())
    if session.as_json:
        print_json({"logged_out": was})
    else:
        say("Logged out." if was else "Nobody was logged in.")


@click.command()
@archive_command
def whoami(session: Session) -> None:
    """Who the next command would act as."""
    with session.look() as archive:
        person = require_person(archive)
    if session.as_json:
        print_json(person)
    else:
        say(f"{person.name}, {person.role.value}")


@click.group()
def person() -> None:
    """The people of the archive, and services that run unattended."""


@person.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([each.value for each in Role]), required=True)
@click.option("--second", metavar="NAME", help="A second administrator, who is asked for their secret.")
@archive_command
def add(session: Session, name: str, role: str, second: str | None) -> None:
    """Add NAME with a role; asks for their secret.

    A service identity gets a token instead, printed once, for ARCHIVER_TOKEN. Granting a role that
    can approve takes a second administrator once there are two: --second.
    """
    with session.act(Permission.ADMINISTER) as (archive, actor):
        secret = None if role == Role.SERVICE.value else read_secret(f"Secret for {name}", confirm=True)
        second_secret = read_secret(f"Secret of {second}") if second else None
        added, token = add_person(
            archive,
            name,
            Role(role),
            secret,
            actor=actor,
            second=(second, second_secret) if second and second_secret is not None else None,
            now=clock.now(),
        )
    if session.as_json:
        print_json({"person": added, "token": token})
        return
    say(f"Added {added.name} as {added.role.value}.", "green")
    if token:
        say(f"Token, shown this once: {token}")
        say("Give it to the unattended run as ARCHIVER_TOKEN.")


@person.command("list")
@archive_command
def list_people(session: Session) -> None:
    """Everybody, with role and status."""
    with session.look() as archive:
        people = archive.people.everybody()
    if session.as_json:
        print_json(people)
    else:
        table(
            "People",
            ("Name", "Role", "Status", "Since", "Id"),
            ((p.name, p.role, p.status, p.created[:10], p.id) for p in people),
        )


@person.command("disable")
@click.argument("name")
@click.option("--second", metavar="NAME", help="A second administrator, who is asked for their secret.")
@archive_command
def disable(session: Session, name: str, second: str | None) -> None:
    """Disable NAME: no login, no token works any more. People are never deleted: the trail names them.

    Taking a role that can approve needs a second administrator once there are two: --second.
    """
    with session.act(Permission.ADMINISTER) as (archive, actor):
        confirmed = (second, read_secret(f"Secret of {second}")) if second else None
        gone = disable_person(archive, name, actor=actor, second=confirmed, now=clock.now())
    if session.as_json:
        print_json(gone)
    else:
        say(f"{gone.name} is disabled.")


COMMANDS = (login, logout, whoami, person)

"""`archiver session`: the stored logins of sites that show an account's content to its owner only."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from archiver.commands.output import print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.errors import SiteLoginFailed
from archiver.core.people import Permission
from archiver.core.site_sessions import CheckResult
from archiver.workflows.capturing.site_sessions import (
    StoredLogin,
    check_sessions,
    forget_login,
    import_login,
    log_in_to_site,
    session_standings,
)

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group("session")
def site_session() -> None:
    """The stored logins of sites that want one. Use an official account's, never a person's own."""


def _check_options(function: _F) -> _F:
    expect = click.option(
        "--expect", default="", metavar="TEXT", help="What only one who is logged in sees on the page of the check."
    )
    url = click.option("--check-url", default="", metavar="URL", help="The page that `archiver session check` opens.")
    return url(expect(function))


@site_session.command("import")
@click.argument("site")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_check_options
@archive_command
def import_file(session: Session, site: str, file: Path, check_url: str, expect: str) -> None:
    """Store the login of SITE from FILE, exported from a browser that is logged in there.

    FILE is playwright's storage state, a cookies.txt, or the JSON that cookie extensions export. It is
    left as it is: delete it afterwards. Only cookies of SITE's own domain are kept.
    """
    with session.act(Permission.ADMINISTER) as (archive, actor):
        stored = import_login(archive, site, file, check_url=check_url, expect=expect, actor=actor, now=clock.now())
    _show_stored(session, stored)
    if not session.as_json:
        say(f"Delete {file} now: whoever reads it is logged in as the account.", "yellow")


@site_session.command("login")
@click.argument("site")
@click.option("--login-url", default="", metavar="URL", help="The page to log in at; by default the site's home page.")
@_check_options
@archive_command
def log_in(session: Session, site: str, login_url: str, check_url: str, expect: str) -> None:
    """Open a browser window to log in to SITE, and store the login.

    Press Enter here, or close the window, when you are logged in. It needs a display; where there is
    none, log in elsewhere and use `archiver session import`.
    """
    with session.act(Permission.ADMINISTER) as (archive, actor):
        if not session.as_json:
            say("Log in as the official account in the window, then press Enter here or close the window.")
        stored = log_in_to_site(
            archive,
            site,
            login_url=login_url,
            check_url=check_url,
            expect=expect,
            finished=_enter_pressed,
            actor=actor,
        )
    _show_stored(session, stored)


def _enter_pressed() -> bool:
    return sys.stdin.isatty() and bool(select.select([sys.stdin], [], [], 0)[0])


def _show_stored(session: Session, stored: StoredLogin) -> None:
    if session.as_json:
        print_json(stored)
        return
    kept = stored.session
    verb = "Renewed" if stored.renewed else "Stored"
    say(f"{verb} the login of {kept.site} as {kept.id}: {kept.cookies} cookies, sealed.", "green")
    if stored.other_domains:
        others = ", ".join(f"{domain} ({count})" for domain, count in sorted(stored.other_domains.items()))
        say(f"Left out, of other sites: {others}.")
    if stored.expired:
        say(f"Left out, expired: {stored.expired}.")
    say(f"See whether it works: archiver session check {kept.site}")


@site_session.command("check")
@click.argument("site", required=False)
@_check_options
@archive_command
def check(session: Session, site: str | None, check_url: str, expect: str) -> None:
    """Look whether SITE, or every site, still takes its stored login.

    Opens the page of --check-url (by default the account's page, else the site's home page). Give --expect:
    without it only a login page tells that the login has ended. Both are kept for the checks to come.
    Ends with 44 where a login has ended, or nothing could be told.
    """
    if site is None and (check_url or expect):
        raise click.UsageError("--check-url and --expect are of one site: name it")
    with session.act(Permission.CAPTURE) as (archive, actor):
        checked = check_sessions(archive, site, check_url=check_url, expect=expect, actor=actor)
    if session.as_json:
        print_json(checked)
    else:
        table(
            "Site logins",
            ("Site", "Result", "Why"),
            ((each.site, each.check_result, each.check_reason) for each in checked),
        )
    bad = [each for each in checked if each.check_result is not CheckResult.SIGNED_IN]
    if bad:
        told = "; ".join(f"{each.site}: {each.check_result}: {each.check_reason}" for each in bad)
        raise SiteLoginFailed(f"{len(bad)} of {len(checked)} stored logins did not pass: {told}")


@site_session.command("list")
@archive_command
def list_sessions(session: Session) -> None:
    """Every stored login: who stored it, until when it lasts, how the last check went, what needs attention."""
    with session.look() as archive:
        standings = session_standings(archive, now=clock.now())
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json(standings)
        return
    table(
        "Site logins",
        ("Site", "Stored by", "Stored", "From", "Expires", "Days left", "Checked", "Result", "Attention", "Id"),
        (
            (
                each.session.site,
                each.stored_by,
                show_moment(each.session.stored, zone),
                each.session.source,
                show_moment(each.session.expires, zone) or "unknown",
                "" if each.days_left is None else each.days_left,
                show_moment(each.session.checked, zone) or "never",
                each.session.check_result,
                "\n".join(each.warnings),
                each.session.id,
            )
            for each in standings
        ),
    )


@site_session.command("forget")
@click.argument("site")
@archive_command
def forget(session: Session, site: str) -> None:
    """Destroy the stored login of SITE: its key first, which makes every copy of it worthless.

    The site itself is not told: log out there, or end its sessions in the account's settings.
    """
    with session.act(Permission.ADMINISTER) as (archive, actor):
        gone = forget_login(archive, site, actor=actor, now=clock.now())
    if session.as_json:
        print_json(gone)
    else:
        say(f"Forgot the login of {gone.site}. To end it at the site too, log out there.")


COMMANDS = (site_session,)

"""Storing, checking, listing and forgetting the logins of sites. Values of a login are in no answer and no event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.errors import BadInput
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import new_id
from archiver.core.register import check_url as check_address
from archiver.core.site_sessions import CheckResult, SiteSession
from archiver.workflows.capturing.run import open_session
from archiver.workflows.capturing.site_logins import about, check_stored
from capture.cookies.browser_state import BrowserState, earliest_expiry, write_state
from capture.cookies.site_domain import site_domain
from capture.logins.cookie_files import read_login
from capture.logins.sign_in import sign_in


@dataclass(frozen=True, kw_only=True)
class StoredLogin:
    """What was stored. `other_domains` counts what was left out by registrable domain, `expired` what had ended."""

    session: SiteSession
    renewed: bool
    other_domains: Mapping[str, int]
    expired: int


@dataclass(frozen=True, kw_only=True)
class SessionStanding:
    """A stored login as it stands today. `days_left` is None where its cookies do not say."""

    session: SiteSession
    stored_by: str  # the person's name
    days_left: int | None
    warnings: tuple[str, ...]


def import_login(
    archive: Archive,
    site: str,
    file: Path,
    *,
    check_url: str = "",
    expect: str = "",
    actor: Person,
    now: datetime,
) -> StoredLogin:
    """Store the login a person exported from a browser; `file` is not changed. Raises BadInput, StorageFull."""
    actor.require(Permission.ADMINISTER)
    domain = _domain(site)
    read = read_login(file, domain, now=now)
    session, renewed = _store(archive, domain, read.state, read.source, check_url, expect, actor, now)
    return StoredLogin(session=session, renewed=renewed, other_domains=read.other_domains, expired=read.expired)


def log_in_to_site(
    archive: Archive,
    site: str,
    *,
    login_url: str = "",
    check_url: str = "",
    expect: str = "",
    finished: Callable[[], bool],
    headless: bool = False,
    actor: Person,
    now: Callable[[], datetime] = clock.now,
) -> StoredLogin:
    """Open a browser window at `login_url`, by default the site's home page, for a person to log in; store it then.

    `finished` is asked again and again whether the person is done; closing the window says so too. `headless`
    is for machines without a display, where a program logs in. Raises BadInput, BrowserFailed, SiteSessionEnded.
    """
    actor.require(Permission.ADMINISTER)
    domain = _domain(site)
    start = check_address(login_url) if login_url else f"https://{domain}/"
    state = sign_in(start, browser_path=archive.settings.capture.browser, finished=finished, headless=headless)
    own = state.of_site(domain)
    if not own.cookies and not own.origins:
        raise BadInput(f"the browser was given no cookie by {domain}: nothing was stored; log in before you close it")
    others = [site_domain(each.domain) for each in state.cookies if each not in own.cookies]
    session, renewed = _store(archive, domain, own, "login", check_url, expect, actor, now())
    counted = {each: others.count(each) for each in sorted(set(others))}
    return StoredLogin(session=session, renewed=renewed, other_domains=counted, expired=0)


def check_sessions(
    archive: Archive,
    site: str | None = None,
    *,
    check_url: str = "",
    expect: str = "",
    actor: Person,
    now: Callable[[], datetime] = clock.now,
) -> list[SiteSession]:
    """Look whether the sites still take their stored logins: one, or all of them. Raises NotFound, BadInput."""
    actor.require(Permission.CAPTURE)
    if site is None:
        waiting = archive.site_sessions.all()
    else:
        waiting = [archive.site_sessions.session(_domain(site))]
        if check_url or expect:
            actor.require(Permission.ADMINISTER)
            waiting = [_set_check(archive, waiting[0], check_url, expect, actor, now())]
    if not waiting:
        return []
    with open_session(archive) as session:
        return [check_stored(archive, each, session=session, actor=actor, now=now) for each in waiting]


def forget_login(archive: Archive, site: str, *, actor: Person, now: datetime) -> SiteSession:
    """Destroy the login's key and sealed file. Raises NotFound, StorageFull.

    The key goes first: were this cut off in the middle, the login could be opened no more, and
    forgetting it again ends it.
    """
    actor.require(Permission.ADMINISTER)
    with archive.change(at=now, actor=actor.id) as change:
        stored = archive.site_sessions.session(_domain(site))
        archive.vault().destroy(stored.box)
        gone = replace(stored, forgotten=now, check_url="", expect="", check_reason="")
        archive.site_sessions.store(gone)
        change.record(EventType.SITE_SESSION_FORGOTTEN, [stored.id], {"sealed": stored.sha256})
    _sweep(archive)
    return gone


def session_standings(archive: Archive, *, now: datetime) -> list[SessionStanding]:
    """Every stored login with what needs attention, by site."""
    names = {each.id: each.name for each in archive.people.everybody()}
    standings = []
    for each in archive.site_sessions.all():
        left = None if each.expires is None else (each.expires - now).days
        standings.append(
            SessionStanding(
                session=each,
                stored_by=names.get(each.stored_by, each.stored_by),
                days_left=left,
                warnings=tuple(_warnings(each, left, archive.settings.sessions.warn_days)),
            )
        )
    return standings


def _warnings(session: SiteSession, days_left: int | None, warn_days: int) -> list[str]:
    found = []
    if session.check_result is CheckResult.SIGNED_OUT:
        found.append(f"the site no longer takes it: {session.check_reason}")
    if session.check_result is CheckResult.UNCLEAR:
        found.append(f"the last check told nothing: {session.check_reason}")
    if session.checked is None:
        found.append("never checked")
    if days_left is not None and days_left < 0:
        found.append("a cookie of it has expired")
    elif days_left is not None and days_left < warn_days:
        found.append(f"expires in {days_left} days: renew it")
    if not session.expect:
        found.append("checked without a text that only one who is logged in sees: give --expect")
    return found


def _store(
    archive: Archive,
    site: str,
    state: BrowserState,
    source: str,
    check_url: str,
    expect: str,
    actor: Person,
    now: datetime,
) -> tuple[SiteSession, bool]:
    """Seal the login under a new key and enter it; one of the same site is renewed and keeps its id.

    The id is what captures name as their access: what one login saw and the next does not is gone, not hidden.
    """
    if check_url:
        _check_belongs(check_url, site)
    before = archive.site_sessions.of_site(site)
    id, box = before.id if before else new_id("ses"), new_id("box")
    sealed = archive.vault().put(box, write_state(state), about=about(archive, id, site))
    made = SiteSession(
        id=id,
        site=site,
        source=source,
        stored=now,
        stored_by=actor.id,
        box=box,
        sha256=sealed,
        cookies=len(state.cookies),
        expires=earliest_expiry(state),
        check_url=check_url or (before.check_url if before else ""),
        expect=expect or (before.expect if before else ""),
    )
    detail = {"cookies": made.cookies, "sealed": sealed, "source": source, "renewed": before is not None}
    with archive.change(at=now, actor=actor.id) as change:
        archive.site_sessions.store(made)
        change.record(EventType.SITE_SESSION_STORED, [made.id], detail)
    _sweep(archive)
    return made, before is not None


def _sweep(archive: Archive) -> None:
    """Destroy the boxes in this archive that no session refers to: renewed ones, and what a crash left."""
    known = {each.box for each in archive.site_sessions.all()}
    for box in archive.vault().boxes():
        if box not in known:
            archive.vault().destroy(box)


def _set_check(
    archive: Archive, stored: SiteSession, check_url: str, expect: str, actor: Person, now: datetime
) -> SiteSession:
    if check_url:
        _check_belongs(check_url, stored.site)
    changed = replace(stored, check_url=check_url or stored.check_url, expect=expect or stored.expect)
    with archive.change(at=now, actor=actor.id) as change:
        archive.site_sessions.store(changed)
        change.record(EventType.SITE_SESSION_SET, [stored.id])
    return changed


def _check_belongs(url: str, site: str) -> None:
    if site_domain(check_address(url)) != site:
        raise BadInput(f"{url} is not of {site}: a login is only ever shown to its own site")


def _domain(site: str) -> str:
    """Raises BadInput where `site` names none."""
    domain = site_domain(site)
    if not domain:
        raise BadInput(f"{site!r} is no site: name a host or an address, such as town.example")
    return domain

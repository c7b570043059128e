"""Sites' stored logins in use: opened for a capture, kept up afterwards, checked before a night's run.

`login_for` and `keep_login` read and write the catalogue: a run with several workers calls both in the
thread that has the archive open, and hands the workers only what `login_for` gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from archiver.core.archive import Archive, Change
from archiver.core.clock import to_iso
from archiver.core.errors import SiteSessionUnusable
from archiver.core.events import EventType
from archiver.core.people import Person
from archiver.core.records import Outcome
from archiver.core.site_sessions import CheckResult, SiteSession
from capture.cookies.browser_state import (
    BrowserState,
    earliest_expiry,
    has_expired,
    lost_cookies,
    merge,
    read_state,
    write_state,
)
from capture.cookies.site_domain import site_domain
from capture.job import Observation
from capture.logins.site_sessions import LoginCheck, SiteLogin
from capture.session import CaptureSession

_CHECKED_JUST_NOW = timedelta(minutes=10)


def login_for(archive: Archive, url: str, *, now: datetime) -> SiteLogin | None:
    """The stored login of the site `url` belongs to, None where there is none: captures are then anonymous.

    One that cannot be used comes `barred` with the reason and the next step: a capture with it ends
    `login_wall`, the site unvisited.
    """
    stored = archive.site_sessions.of_site(site_domain(url))
    if stored is None:
        return None
    login = open_login(archive, stored, now=now)
    if not login.barred and stored.check_result is CheckResult.SIGNED_OUT:
        checked = to_iso(stored.checked)[:16] + " UTC" if stored.checked else "before"
        login = replace(login, barred=_barred(stored, f"was refused when checked {checked} ({stored.check_reason})"))
    return login


def open_login(archive: Archive, stored: SiteSession, *, now: datetime) -> SiteLogin:
    """The login, whatever its last check told; barred where it cannot be opened or all of it has expired."""
    login = SiteLogin(session=stored.id, site=stored.site)
    try:
        content = archive.vault().open(stored.box, about=about(archive, stored.id, stored.site))
    except SiteSessionUnusable as error:
        return replace(login, barred=_barred(stored, f"cannot be opened: {error}"))
    login = replace(login, state=read_state(content))
    if has_expired(login.state, now):
        return replace(login, barred=_barred(stored, "has expired"))
    return login


def about(archive: Archive, session: str, site: str) -> str:
    """What a box is sealed for: it opens for this session of this archive only."""
    return f"{archive.settings.archive.id} {session} {site}"


def _barred(stored: SiteSession, why: str) -> str:
    return (
        f"the stored login of {stored.site} {why}; renew it with `archiver session login {stored.site}` or "
        f"`archiver session import {stored.site} FILE`"
    )


def keep_login(
    archive: Archive,
    login: SiteLogin,
    observed: Observation,
    outcome: Outcome,
    *,
    session: CaptureSession,
    actor: Person,
    now: Callable[[], datetime],
) -> None:
    """After a capture with `login`, filed with `outcome`: keep what the site renewed, or ask whether it still holds.

    A healthy capture's cookies are stored, so that a login which the site renews at each visit lasts. One that
    met a login wall has the login checked at once (at most every ten minutes): if it has ended, the rest of the
    run leaves the site alone.
    """
    stored = archive.site_sessions.of_site(login.site)
    if login.barred or stored is None or stored.id != login.session:
        return
    if outcome is Outcome.LOGIN_WALL:
        if stored.checked is None or now() - stored.checked > _CHECKED_JUST_NOW:
            check_stored(archive, stored, session=session, actor=actor, now=now)
    elif outcome.healthy and observed.state is not None:
        with archive.change(at=now(), actor=actor.id) as change:
            _keep_state(archive, change, stored, login.state, observed.state, now())


def check_stored(
    archive: Archive,
    stored: SiteSession,
    *,
    session: CaptureSession,
    actor: Person,
    now: Callable[[], datetime],
) -> SiteSession:
    """Look at the site with the login and note what it told, with its event; the session as it is afterwards.

    One that cannot be used is signed out without a visit.
    """
    login = open_login(archive, stored, now=now())
    if login.barred:
        check = LoginCheck(result=CheckResult.SIGNED_OUT, reason=login.barred)
    else:
        check = session.check_login(login, check_url(archive, stored), expect=stored.expect, now=now)
    with archive.change(at=now(), actor=actor.id) as change:
        kept = archive.site_sessions.session(stored.site)
        kept = replace(kept, checked=now(), check_result=check.result, check_reason=check.reason)
        archive.site_sessions.store(kept)
        change.record(EventType.SITE_SESSION_CHECKED, [stored.id], {"result": check.result.value})
        if check.result is CheckResult.SIGNED_IN and check.state is not None:
            kept = _keep_state(archive, change, kept, login.state, check.state, now())
    return kept


def check_url(archive: Archive, stored: SiteSession) -> str:
    """Where a check looks: the session's own address, else the page of an account of the site, else its home page."""
    pages = [each.url for each in archive.register.accounts() if site_domain(each.url) == stored.site]
    return stored.check_url or next(iter(pages), f"https://{stored.site}/")


def sessions_ready(
    archive: Archive,
    sites: Iterable[str],
    *,
    session: CaptureSession,
    actor: Person,
    now: Callable[[], datetime],
) -> dict[str, str]:
    """Check the stored logins that captures of `sites` (hosts or addresses) will use, each once.

    Returns, for those of `sites` whose login has ended, the reason and the next step; they alone are stopped,
    and their captures end `login_wall` by themselves. A site that could not be looked at is not among them.
    """
    ended: dict[str, str] = {}
    checked: dict[str, str] = {}
    for site in sites:
        domain = site_domain(site)
        if domain not in checked:
            stored = archive.site_sessions.of_site(domain)
            if stored is not None:
                check_stored(archive, stored, session=session, actor=actor, now=now)
            login = login_for(archive, site, now=now())
            checked[domain] = login.barred if login else ""
        if checked[domain]:
            ended[site] = checked[domain]
    return ended


def _keep_state(
    archive: Archive, change: Change, stored: SiteSession, before: BrowserState, after: BrowserState, now: datetime
) -> SiteSession:
    """Store what the site changed of its login; nothing where it took any of its cookies back."""
    after = after.of_site(stored.site)
    if lost_cookies(before, after, now):
        return stored
    vault, words = archive.vault(), about(archive, stored.id, stored.site)
    try:
        current = read_state(vault.open(stored.box, about=words))
    except SiteSessionUnusable:
        return stored  # its key is gone meanwhile: the next capture says so
    merged = merge(before, after, current)
    if merged == current:
        return stored
    sealed = vault.put(stored.box, write_state(merged), about=words)
    kept = replace(stored, sha256=sealed, cookies=len(merged.cookies), expires=earliest_expiry(merged))
    archive.site_sessions.store(kept)
    change.record(EventType.SITE_SESSION_KEPT, [stored.id], {"cookies": len(merged.cookies), "sealed": sealed})
    return kept

"""What is known of the sites' stored logins; the logins themselves lie sealed (see sealing.py).

SQL for the table `site_sessions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from archiver.core.clock import from_iso, from_optional_iso, optional_iso, to_iso
from archiver.core.errors import NotFound
from archiver.core.records import Digest


class CheckResult(StrEnum):
    """What looking at a site with its stored login told."""

    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"  # the site wants a login again
    UNCLEAR = "unclear"  # the site could not be looked at: nothing is known of the login


@dataclass(frozen=True, kw_only=True)
class SiteSession:
    """A site's stored login. `expires` is the earliest end of the cookies that matter, None where they do not say.

    `check_url` and `expect` are what `archiver session check` opens and must see; "" where not given.
    """

    id: str
    site: str  # registrable domain
    source: str  # "storage state" | "cookie export" | "cookies.txt" | "login"
    stored: datetime
    stored_by: str  # a person's id
    box: str
    sha256: Digest  # of the sealed file
    cookies: int
    expires: datetime | None
    check_url: str = ""
    expect: str = ""
    checked: datetime | None = None
    check_result: CheckResult | None = None
    check_reason: str = ""
    forgotten: datetime | None = None

    @property
    def access(self) -> str:
        """As captures taken with it say."""
        return f"session:{self.id}"


class SiteSessions:
    """The stored logins of one archive. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[SiteSession]:
        """Those not forgotten, by site."""
        rows = self._db.table("site_sessions").rows_where("forgotten IS NULL", order_by="site")
        return [_session(row) for row in rows]

    def of_site(self, site: str) -> SiteSession | None:
        """`site` is a registrable domain."""
        rows = self._db.table("site_sessions").rows_where("forgotten IS NULL AND site = ?", [site])
        return next((_session(row) for row in rows), None)

    def session(self, site: str) -> SiteSession:
        """Raises NotFound."""
        found = self.of_site(site)
        if found is None:
            raise NotFound(f"no login is stored for {site}: see `archiver session list`")
        return found

    def store(self, session: SiteSession) -> None:
        """Insert it, or put it in the place of the one with its id."""
        values = {
            "id": session.id,
            "site": session.site,
            "source": session.source,
            "stored": to_iso(session.stored),
            "stored_by": session.stored_by,
            "box": session.box,
            "sha256": session.sha256,
            "cookies": session.cookies,
            "expires": optional_iso(session.expires),
            "check_url": session.check_url,
            "expect": session.expect,
            "checked": optional_iso(session.checked),
            "check_result": session.check_result and session.check_result.value,
            "check_reason": session.check_reason,
            "forgotten": optional_iso(session.forgotten),
        }
        self._db.table("site_sessions").upsert(values, pk="id")


def _session(row: dict[str, Any]) -> SiteSession:
    return SiteSession(
        **{
            **row,
            "stored": from_iso(row["stored"]),
            "expires": from_optional_iso(row["expires"]),
            "checked": from_optional_iso(row["checked"]),
            "check_result": row["check_result"] and CheckResult(row["check_result"]),
            "forgotten": from_optional_iso(row["forgotten"]),
        }
    )

"""The register of official accounts, and the capture jobs that refer to them.

SQL for the tables `accounts` and `jobs`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlite_utils import Database

from archiver.core.clock import from_optional_iso, to_iso
from archiver.core.errors import AlreadyExists, BadInput, NotFound
from archiver.core.records import Account, AccountId, new_id

EVERY = ("night", "week", "month", "once")


@dataclass(frozen=True, kw_only=True)
class CaptureJob:
    """What is captured how often: an account's page or URLs of its own.

    `depth` 0 captures the pages themselves; 1 also the threads they link to on the same site.
    """

    id: str
    name: str
    account_id: AccountId | None
    urls: tuple[str, ...]
    every: str  # one of EVERY
    depth: int
    status: str  # active | paused
    last_run: datetime | None = None


def check_url(url: str) -> str:
    """The URL, if it is one a browser can capture. Raises BadInput."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f]", url):
        raise BadInput(f"{url!r} is no web address: it must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise BadInput("an address with a user name or password in it would be kept in evidence: leave it out")
    return url


def site_of(url: str) -> str:
    """The host name, with the port where it is not the scheme's own."""
    parts = urlsplit(url)
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    host = (parts.hostname or "").lower()
    return host if parts.port in (None, standard) else f"{host}:{parts.port}"


def account_for(accounts: Sequence[Account], url: str, site: str, creator_handle: str) -> AccountId | None:
    """Whose page a one-off URL is.

    The account with the creator's handle on that site, else the one with the longest URL it lies below.
    """
    for account in accounts:
        if account.site == site and _plain(account.handle) == _plain(creator_handle) != "":
            return account.id
    below = [each for each in accounts if each.site == site and (url + "/").startswith(each.url.rstrip("/") + "/")]
    return max(below, key=lambda each: len(each.url)).id if below else None


def _plain(handle: str) -> str:
    """What is the same account however it is written: `@Town`, `town`."""
    return handle.strip().lstrip("@").casefold()


class Register:
    """Accounts and jobs of one archive. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_account(
        self, *, handle: str, url: str, site: str = "", department: str = "", contact: str = "", now: datetime
    ) -> Account:
        check_url(url)
        account = Account(
            id=AccountId(new_id("acc")),
            site=(site or site_of(url)).lower(),
            handle=handle.strip(),
            url=url,
            department=department,
            contact=contact,
        )
        if not account.handle:
            raise BadInput("an account needs a handle")
        if any(each.site == account.site and _plain(each.handle) == _plain(handle) for each in self.accounts()):
            raise AlreadyExists(f"the account {account.handle} on {account.site} is registered already")
        self._db.table("accounts").insert({**asdict(account), "added": to_iso(now)})
        return account

    def accounts(self) -> list[Account]:
        return [_account(row) for row in self._db.table("accounts").rows_where(order_by="site, handle")]

    def account(self, name: str) -> Account:
        """By id, or by handle, with or without the site: `@town`, `example.org/@town`.

        Raises NotFound, and BadInput where several sites have an account of that handle.
        """
        plain = _plain(name)
        found = [
            each
            for each in self.accounts()
            if name == each.id
            or plain == _plain(each.handle)
            or name.casefold() == f"{each.site}/{each.handle}".casefold()
        ]
        if not found:
            raise NotFound(f"no account {name} is registered: see `archiver account list`")
        if len(found) > 1:
            full = ", ".join(f"{each.site}/{each.handle}" for each in found)
            raise BadInput(f"{name} is registered on several sites: name one of {full}")
        return found[0]

    def add_job(
        self,
        *,
        name: str,
        account: AccountId | None,
        urls: Sequence[str],
        every: str,
        depth: int,
        now: datetime,
    ) -> CaptureJob:
        if (account is None) == (not urls):
            raise BadInput("a job takes either an account or addresses")
        if every not in EVERY:
            raise BadInput(f"a job runs every {', '.join(EVERY[:-1])} or {EVERY[-1]}, not {every!r}")
        if depth not in (0, 1):
            raise BadInput("the depth is 0 (the pages themselves) or 1 (and the threads they link to)")
        if self._db.table("jobs").count_where("name = ?", [name]):
            raise AlreadyExists(f"a job named {name} exists already")
        job = CaptureJob(
            id=new_id("job"),
            name=name,
            account_id=account,
            urls=tuple(check_url(url) for url in urls),
            every=every,
            depth=depth,
            status="active",
        )
        self._db.table("jobs").insert(
            {**asdict(job), "urls": json.dumps(job.urls), "last_run": None, "added": to_iso(now)}
        )
        return job

    def jobs(self) -> list[CaptureJob]:
        return [_job(row) for row in self._db.table("jobs").rows_where(order_by="name")]

    def job(self, name: str) -> CaptureJob:
        """By id or name. Raises NotFound."""
        for each in self.jobs():
            if name in (each.id, each.name):
                return each
        raise NotFound(f"no job {name} in this archive: see `archiver job list`")

    def set_account_status(self, account: Account, status: str) -> None:
        self._db.table("accounts").update(account.id, {"status": status})

    def set_job_status(self, job: CaptureJob, status: str) -> None:
        self._db.table("jobs").update(job.id, {"status": status})

    def note_run(self, job: CaptureJob, now: datetime) -> None:
        self._db.table("jobs").update(job.id, {"last_run": to_iso(now)})


def _account(row: dict[str, Any]) -> Account:
    return Account(**{key: value for key, value in row.items() if key != "added"})


def _job(row: dict[str, Any]) -> CaptureJob:
    values = {key: value for key, value in row.items() if key != "added"}
    return CaptureJob(
        **{**values, "urls": tuple(json.loads(row["urls"])), "last_run": from_optional_iso(row["last_run"])}
    )

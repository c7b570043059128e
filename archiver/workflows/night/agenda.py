"""What a night is about: accounts, and jobs that are due. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from archiver.core.records import Account, AccountId
from archiver.core.register import CaptureJob
from capture.revisits import night_of


@dataclass(frozen=True, kw_only=True)
class Scope:
    """An account, or a job of addresses, and what of it is looked at. `depth` as a job's.

    `jobs` are those that this work is for; an account without a job of its own has none.
    """

    name: str
    urls: tuple[str, ...]
    depth: int
    account_id: AccountId | None = None
    jobs: tuple[CaptureJob, ...] = ()
    department: str = ""

    @property
    def id(self) -> str:
        """The account's id, else the job's."""
        return self.account_id or self.jobs[0].id

    @property
    def job_id(self) -> str | None:
        """The job its captures are made for."""
        return self.jobs[0].id if self.jobs else None


def agenda(accounts: Sequence[Account], jobs: Sequence[CaptureJob], *, night: date, zone: tzinfo) -> list[Scope]:
    """What is due on `night`, accounts first.

    An active account without any job is looked at every night with its threads; one with jobs as they say.
    """
    scopes = []
    for account in accounts:
        own = [job for job in jobs if job.account_id == account.id]
        due = tuple(job for job in own if is_due(job, night=night, zone=zone))
        if account.status == "active" and (due or not own):
            scopes.append(
                Scope(
                    name=f"{account.site}/{account.handle}",
                    urls=(account.url,),
                    depth=max((job.depth for job in due), default=1),
                    account_id=account.id,
                    jobs=due,
                    department=account.department,
                )
            )
    for job in jobs:
        if job.account_id is None and is_due(job, night=night, zone=zone):
            scopes.append(Scope(name=job.name, urls=job.urls, depth=job.depth, jobs=(job,)))
    return scopes


def is_due(job: CaptureJob, *, night: date, zone: tzinfo) -> bool:
    """Whether the job belongs to this night; one whose night was missed stays due until it has run."""
    if job.status != "active":
        return False
    if job.last_run is None:
        return True
    # a clock that was set back must not put a job to sleep for as long as it went
    passed = abs(night - night_of(job.last_run, zone))
    waits = {"night": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
    return job.every in waits and passed >= waits[job.every]


def narrow(scopes: Sequence[Scope], accounts: Collection[AccountId]) -> list[Scope]:
    """Those of the accounts named; all of them where none is."""
    return [each for each in scopes if each.account_id in accounts] if accounts else list(scopes)

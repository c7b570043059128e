"""Accounts, jobs and records as officers keep them: every act with its event."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, time

from archiver.core import filing
from archiver.core.archive import Archive
from archiver.core.clock import to_iso, to_utc
from archiver.core.commitments import commitment
from archiver.core.decision_facts import ACCOUNT_CLOSED, add_trigger_event
from archiver.core.errors import BadInput
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import Account, Record
from archiver.core.register import CaptureJob

ACTIVE, CLOSED = "active", "closed"
"""What an account is: nights look at an active one alone."""


def add_account(
    archive: Archive,
    *,
    handle: str,
    url: str,
    site: str,
    department: str,
    contact: str,
    actor: Person,
    now: datetime,
) -> Account:
    with archive.change(at=now, actor=actor.id) as change:
        account = archive.register.add_account(
            handle=handle, url=url, site=site, department=department, contact=contact, now=now
        )
        change.record(EventType.ACCOUNT_ADDED, [account.id], commits=[("accounts", account.id)])
    return account


def close_account(
    archive: Archive, name: str, day: date | None, *, reason: str, actor: Person, now: datetime
) -> Account:
    """Note that an account was closed on a day, by default today: no night looks at it any more, and periods that count
    from `account-closed` begin, whatever plan asks for them. Raises NotFound, BadInput.
    """
    today = now.astimezone(archive.settings.archive.zone).date()
    if day is not None and day > today:
        raise BadInput(f"an account cannot have been closed on {day}, which is yet to come")
    return _set_account_status(archive, name, CLOSED, day or today, reason=reason, actor=actor, now=now)


def reopen_account(archive: Archive, name: str, *, reason: str, actor: Person, now: datetime) -> Account:
    """Take an account up again: nights look at it, and its closing is taken back. Raises NotFound, BadInput."""
    return _set_account_status(archive, name, ACTIVE, None, reason=reason, actor=actor, now=now)


def _set_account_status(
    archive: Archive, name: str, status: str, closed: date | None, *, reason: str, actor: Person, now: datetime
) -> Account:
    actor.require(Permission.KEEP_RECORDS)
    account = archive.register.account(name)
    if account.status == status:
        raise BadInput(f"{account.handle} is {status} already")
    if not reason.strip():
        raise BadInput("closing an account, or taking it up again, needs a reason: the decision behind it")
    with archive.change(at=now, actor=actor.id) as change:
        archive.register.set_account_status(account, status)
        change.record(
            EventType.ACCOUNT_STATUS_SET, [account.id], {"status": status}, commits=[("accounts", account.id)]
        )
        number = add_trigger_event(
            change.db, scope="account", subject=account.id, type=ACCOUNT_CLOSED, day=closed, reason=reason.strip(),
            at=now, actor=actor.id,
        )  # fmt: skip
        change.record(
            EventType.TRIGGER_ENTERED,
            [account.id],
            {"scope": "account", "type": ACCOUNT_CLOSED, "day": closed.isoformat() if closed else None},
            commits=[("trigger_events", number)],
        )
    return archive.register.account(account.id)


def add_job(
    archive: Archive,
    *,
    name: str,
    account: str | None,
    urls: Sequence[str],
    every: str,
    depth: int,
    actor: Person,
    now: datetime,
) -> CaptureJob:
    found = archive.register.account(account) if account else None
    with archive.change(at=now, actor=actor.id) as change:
        job = archive.register.add_job(
            name=name, account=found.id if found else None, urls=urls, every=every, depth=depth, now=now
        )
        change.record(EventType.JOB_ADDED, [job.id], commits=[("jobs", job.id)])
    return job


def set_job_status(archive: Archive, name: str, status: str, *, actor: Person, now: datetime) -> CaptureJob:
    """Pause a job, or take it up again."""
    job = archive.register.job(name)
    with archive.change(at=now, actor=actor.id) as change:
        archive.register.set_job_status(job, status)
        change.record(EventType.JOB_STATUS_SET, [job.id], {"status": status}, commits=[("jobs", job.id)])
    return archive.register.job(job.id)


def correct_record(
    archive: Archive,
    id: str,
    corrections: dict[str, str | Sequence[str]],
    *,
    reason: str,
    actor: Person,
    now: datetime,
) -> Record:
    """Put an officer's values beside the observed ones; dates are moments, or days of the archive's zone.

    The trail keeps a salted commitment to each value and its reason, so that a later change of the
    catalogue shows, and the text itself is in no event. Raises BadInput, NotFound.
    """
    actor.require(Permission.KEEP_RECORDS)
    record = archive.catalogue.record(id)
    if not corrections:
        raise BadInput("nothing to correct was given: see `archiver record edit --help`")
    values = {field: _read_value(archive, field, value) for field, value in corrections.items()}
    with archive.change(at=now, actor=actor.id) as change:
        for field, value in values.items():
            salt = secrets.token_hex(16)
            number = filing.add_correction(
                change.db, record.id, field, value, reason=reason, at=now, actor=actor.id, salt=salt
            )
            change.record(
                EventType.RECORD_CORRECTED,
                [record.id],
                {"field": field, "correction": number, "commitment": commitment(salt, [value, reason])},
            )
    return archive.catalogue.record(id)


def _read_value(archive: Archive, field: str, value: str | Sequence[str]) -> str | list[str]:
    if field not in ("created", "modified"):
        return value if isinstance(value, str) else [each.strip() for each in value if each.strip()]
    try:
        text = str(value)
        zone = archive.settings.archive.zone
        moment = datetime.combine(date.fromisoformat(text), time()) if len(text) == 10 else datetime.fromisoformat(text)
        return to_iso(to_utc(moment, zone))
    except ValueError as error:
        raise BadInput(f"{value!r} is no date: write 2026-11-21 or 2026-11-21T07:45+05:30") from error


def tag_record(
    archive: Archive, id: str, *, add: Sequence[str], remove: Sequence[str], actor: Person, now: datetime
) -> Record:
    """Tags are an officer's own words on a record; they are searched as keywords, and by `tag:`."""
    actor.require(Permission.KEEP_RECORDS)
    record = archive.catalogue.record(id)
    wanted = [each.strip() for each in add]
    if not all(wanted) or not (wanted or remove):
        raise BadInput("name at least one tag to add or to --remove")
    with archive.change(at=now, actor=actor.id) as change:
        filing.set_tags(change.db, record.id, add=wanted, remove=remove)
        filing.tell_index(change.db, record.id)
        change.record(
            EventType.RECORD_TAGGED,
            [record.id],
            {"added": len(wanted), "removed": len(remove)},
            commits=[("record_tags", record.id)],
        )
    return archive.catalogue.record(id)

"""Giving records their class by the active file plan's rules."""

from __future__ import annotations

from datetime import datetime

from archiver.core import filing
from archiver.core.archive import Archive, Change
from archiver.core.catalogue import RecordFilter
from archiver.core.events import EventType
from archiver.core.people import Person
from archiver.core.records import RecordId
from retention.classification import classify
from retention.register import active_plan


def classify_record(archive: Archive, change: Change, id: RecordId) -> str | None:
    """The record's class, given by the first rule that fits where it has none. None: an officer decides."""
    record = archive.catalogue.record(id)
    plan = active_plan(change.db)
    if record.class_code is not None or plan is None:
        return record.class_code
    account = next((each for each in archive.register.accounts() if each.id == record.account_id), None)
    found = classify(record, plan.rules, account)
    if found is None:
        return None
    filing.set_class(change.db, id, found.class_code, found.reason, plan.number)
    return found.class_code


def classify_undecided(archive: Archive, *, actor: Person, now: datetime) -> tuple[int, int]:
    """Try the active plan's rules on every record without a class; how many got one, and how many wait."""
    classified = 0
    undecided = archive.catalogue.records(RecordFilter(classified=False))
    with archive.change(at=now, actor=actor.id) as change:
        for record in undecided:
            code = classify_record(archive, change, record.id)
            if code is not None:
                classified += 1
                change.record(EventType.CLASSIFIED, [record.id], {"class": code})
    return classified, len(undecided) - classified

"""Giving records their class: by the active file plan's rules, or by an officer's word with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from archiver.core import filing
from archiver.core.archive import Archive, Change
from archiver.core.catalogue import RecordFilter
from archiver.core.decision_facts import add_class_decision, add_extension, add_trigger_event
from archiver.core.errors import BadInput, NotFound
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.records import RecordId
from archiver.workflows.keeping.keep_papers import papers_among, plan_papers
from archiver.workflows.search.find import freeze
from retention import batches
from retention.classification import classify
from retention.file_plan import FilePlan, TriggerKind
from retention.register import active_plan


@dataclass(frozen=True, kw_only=True)
class Reclassified:
    """`records` got the class; `ejected` of them left the batch they waited in."""

    class_code: str
    records: tuple[RecordId, ...]
    ejected: tuple[RecordId, ...]


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


def reclassify(
    archive: Archive, ids: Sequence[str], code: str, *, reason: str, actor: Person, now: datetime
) -> Reclassified:
    """Give records, or papers of the archive's own, a class by an officer's word.

    What waits in a batch leaves it. Raises NotFound, BadInput.
    """
    actor.require(Permission.KEEP_RECORDS)
    plan = _plan(archive)
    if plan.schedule(code) is None:
        codes = ", ".join(each.class_code for each in plan.schedules)
        raise NotFound(f"class {code!r} has no schedule in the plan in force; there are {codes}")
    if not reason.strip():
        raise BadInput("giving a class by hand needs a reason")
    classes = _classes_of_papers(archive, ids, now)
    own = set(classes)
    classes |= {id: archive.catalogue.record(id).class_code for id in ids if id not in own}
    if not classes:
        raise BadInput("no record was named, and no search hit any")
    records = [RecordId(id) for id in dict.fromkeys(ids)]
    with archive.change(at=now, actor=actor.id) as change:
        for record in records:
            previous = classes[record]
            number = add_class_decision(
                change.db, record, code, previous=previous, reason=reason.strip(), at=now, actor=actor.id
            )
            if record not in own:
                filing.set_class(change.db, record, code, f"by an officer: {reason.strip()}", plan.number)
            change.record(
                EventType.CLASSIFIED,
                [record],
                {"class": code, "previous": previous},
                commits=[("class_decisions", number)],
            )
        ejected = batches.eject(change.db, records, f"it was given class {code}", actor=actor.id, at=now)
    return Reclassified(class_code=code, records=tuple(records), ejected=tuple(ejected))


def _classes_of_papers(archive: Archive, ids: Sequence[str], now: datetime) -> dict[str, str | None]:
    """The class each has that is a paper of the archive's own and no record."""
    named = papers_among(archive, ids)
    if not named:
        return {}  # every paper would have to be looked at
    today = now.astimezone(archive.settings.archive.zone).date()
    planned = plan_papers(archive, today=today)
    return {each.paper.id: each.decision.class_code for each in planned if each.paper.id in named}


def records_of_query(archive: Archive, query: str, *, now: datetime) -> list[RecordId]:
    """Every record with a hit, in the order of the ids. Raises BadQuery."""
    return sorted({record for _, record in freeze(archive, query, now=now).hits})


def not_a_record(archive: Archive, ids: Sequence[str], *, reason: str, actor: Person, now: datetime) -> Reclassified:
    """An officer's finding that something is no record: it gets the plan's class for that.

    Raises NotFound, and BadInput for the archive's own papers, which are records of its work.
    """
    if own := papers_among(archive, ids):
        raise BadInput(f"{', '.join(sorted(own))} is a paper of the archive's own work: give it a class that is meant")
    entry = _plan(archive).not_a_record
    if entry is None:
        raise NotFound("the plan in force has no class with `not_a_record = true`: add one with its own short schedule")
    return reclassify(archive, ids, entry.code, reason=reason, actor=actor, now=now)


def extend_retention(
    archive: Archive, ids: Sequence[str], until: date, *, reason: str, actor: Person, now: datetime
) -> tuple[RecordId, ...]:
    """Put records off, or papers of the archive's own: nothing happens to them before `until`.

    What waits in a batch leaves it. Raises NotFound, BadInput.
    """
    actor.require(Permission.KEEP_RECORDS)
    if not reason.strip() or until <= now.astimezone(archive.settings.archive.zone).date():
        raise BadInput("putting a record off needs a reason, and a day that is still to come")
    own = papers_among(archive, ids)
    records = [RecordId(id) if id in own else archive.catalogue.record(id).id for id in dict.fromkeys(ids)]
    with archive.change(at=now, actor=actor.id) as change:
        for record in records:
            number = add_extension(change.db, record, until, reason=reason.strip(), at=now, actor=actor.id)
            change.record(
                EventType.RETENTION_EXTENDED,
                [record],
                {"until": until.isoformat()},
                commits=[("extensions", number)],
            )
        batches.eject(change.db, records, f"it was put off until {until}", actor=actor.id, at=now)
    return tuple(records)


def enter_trigger(
    archive: Archive,
    *,
    scope: str,
    subject: str,
    type: str,
    day: date | None,
    reason: str,
    actor: Person,
    now: datetime,
) -> int:
    """Enter the day of an event that periods count from; day None takes it back. Raises NotFound, BadInput.

    `scope` is record, account or collection. The type must be one that a schedule in force counts from.
    """
    actor.require(Permission.KEEP_RECORDS)
    types = {each.trigger.event for each in _plan(archive).schedules if each.trigger.kind is TriggerKind.EVENT}
    if type not in types:
        raise BadInput(
            f"no schedule in force counts from {type!r}; there are {', '.join(sorted(types)) or 'no events in it'}"
        )
    if not reason.strip():
        raise BadInput("an event's day needs its reason, such as the decision that ended the campaign")
    if scope == "record":
        subject = archive.catalogue.record(subject).id
    elif scope == "account":
        subject = archive.register.account(subject).id
    with archive.change(at=now, actor=actor.id) as change:
        number = add_trigger_event(
            change.db, scope=scope, subject=subject, type=type, day=day, reason=reason.strip(), at=now, actor=actor.id
        )
        change.record(
            EventType.TRIGGER_ENTERED,
            [subject] if scope != "collection" else [],
            {"scope": scope, "type": type, "day": day.isoformat() if day else None},
            commits=[("trigger_events", number)],
        )
    return number


def _plan(archive: Archive) -> FilePlan:
    plan = active_plan(archive.db)
    if plan is None:
        raise NotFound("no file plan is active: load one with `archiver fileplan load FILE`, then activate it")
    return plan

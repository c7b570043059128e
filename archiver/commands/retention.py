"""`archiver retention`: how long, and why; events that periods count from; records put off."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from archiver.commands.days import DAY
from archiver.commands.output import plain, print_json, say, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.errors import BadInput
from archiver.core.papers import PaperKind
from archiver.core.people import Permission
from archiver.workflows.keeping.classify import enter_trigger, extend_retention
from archiver.workflows.keeping.keep_papers import PlannedPaper, explain_paper, plan_papers
from archiver.workflows.keeping.plan_retention import PlannedRecord, explain_record, plan_records
from retention.decisions import Decision


@click.group()
def retention() -> None:
    """How long records are kept, and why."""


@retention.command("plan")
@click.option("--today", type=DAY, help="Decide as of this day.  [default: today]")
@archive_command
def plan(session: Session, today: datetime | None) -> None:
    """Every record with its due date, action and the reasons. Nothing is destroyed."""
    with session.look() as archive:
        day = as_of(archive, today)
        planned = plan_records(archive, today=day)
    if session.as_json:
        print_json([_told(each) for each in planned])
        return
    table(
        f"Retention as of {day}",
        ("State", "Due", "Action", "Class", "Record", "Title", "Why"),
        (
            (
                p.decision.state,
                p.decision.due or "",
                p.decision.action or "",
                p.decision.class_code or "",
                p.record.id,
                p.record.title,
                p.explanation,
            )
            for p in planned
        ),
        empty="no records",
    )


def _told(planned: PlannedRecord) -> dict[str, Any]:
    return {
        "record": plain(planned.record),
        "decision": {"record_id": planned.decision.record_id, **_decided(planned.decision)},
        "explanation": planned.explanation,
    }


def _told_of_paper(planned: PlannedPaper) -> dict[str, Any]:
    """How many records the paper tells of, not which: a certificate's may be many thousands."""
    return {
        "paper": {**vars(planned.paper), "records": len(planned.paper.records)},
        "decision": _decided(planned.decision),
        "class_reason": planned.class_reason,
        "explanation": planned.explanation,
    }


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "state": decision.state,
        "action": decision.action,
        "due": decision.due,
        "reasons": decision.reasons,
        "class_code": decision.class_code,
        "matters": decision.matters,
    }


@retention.command("papers")
@click.option("--kind", "kinds", type=click.Choice([each.value for each in PaperKind]), multiple=True)
@click.option("--today", type=DAY, help="Decide as of this day.  [default: today]")
@archive_command
def list_papers(session: Session, kinds: tuple[str, ...], today: datetime | None) -> None:
    """The archive's own papers: requests, bundles, certificates, nights' reports, holds, plans, the trail.

    How long each is kept, and why. One that something still needs is held, whatever its schedule says.
    """
    with session.look() as archive:
        day = as_of(archive, today)
        planned = [each for each in plan_papers(archive, today=day) if not kinds or each.paper.kind in kinds]
    if session.as_json:
        print_json([_told_of_paper(each) for each in planned])
        return
    table(
        f"The archive's own papers as of {day}",
        ("Kind", "Paper", "Title", "State", "Due", "Action", "Class", "Why"),
        (
            (
                p.paper.kind.value.replace("_", " "),
                p.paper.id,
                p.paper.title,
                p.decision.state,
                p.decision.due or "",
                p.decision.action or "",
                p.decision.class_code or "",
                p.explanation,
            )
            for p in planned
        ),
    )


@retention.command("why")
@click.argument("record")
@click.option("--today", type=DAY, help="As of this day.  [default: today]")
@archive_command
def why(session: Session, record: str, today: datetime | None) -> None:
    """Why RECORD is kept, in one sentence: the fact, the rule, the schedule's version, the authority.

    A paper of the archive's own may be named, too.
    """
    with session.look() as archive:
        told, sentence = _explained(archive, record, as_of(archive, today))
    if session.as_json:
        print_json(told)
    else:
        say(sentence)


def _explained(archive: Archive, id: str, day: date) -> tuple[dict[str, Any], str]:
    if paper := explain_paper(archive, id, today=day):
        return _told_of_paper(paper), paper.explanation
    planned = explain_record(archive, id, today=day)
    return _told(planned), planned.explanation


@retention.command("event")
@click.argument("type")
@click.argument("day", type=DAY, required=False)
@click.option("--record", help="The record it happened to.")
@click.option("--account", help="The account, and with it every record of it.")
@click.option("--collection", help="The collection (tag `collection:NAME`), and with it every record in it.")
@click.option("--withdraw", is_flag=True, help="Take an earlier entry back instead of giving a DAY.")
@click.option("--reason", required=True, help="The decision or fact behind it.")
@archive_command
def event(
    session: Session,
    type: str,
    day: datetime | None,
    record: str | None,
    account: str | None,
    collection: str | None,
    withdraw: bool,
    reason: str,
) -> None:
    """Enter the DAY of an event of a TYPE that a schedule counts from, such as `campaign-ended`."""
    named = [(scope, value) for scope, value in _scopes(record, account, collection) if value]
    if len(named) != 1:
        raise BadInput("name one of --record, --account and --collection")
    if withdraw == (day is not None):
        raise BadInput("give the DAY, or --withdraw")
    ((scope, subject),) = named
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        number = enter_trigger(
            archive,
            scope=scope,
            subject=subject,
            type=type,
            day=day.date() if day else None,
            reason=reason,
            actor=actor,
            now=clock.now(),
        )
    if session.as_json:
        print_json({"entry": number})
    else:
        say(f"Entered as {number}; the dates that count from it have moved.", "green")


def _scopes(record: str | None, account: str | None, collection: str | None) -> list[tuple[str, str]]:
    return [("record", record or ""), ("account", account or ""), ("collection", collection or "")]


@retention.command("extend")
@click.argument("until", type=DAY)
@click.argument("records", nargs=-1, required=True)
@click.option("--reason", required=True)
@archive_command
def extend(session: Session, until: datetime, records: tuple[str, ...], reason: str) -> None:
    """Keep RECORDS, or the archive's own papers, at least UNTIL a day. Shortening takes a new version of the plan."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        put_off = extend_retention(archive, records, until.date(), reason=reason, actor=actor, now=clock.now())
    if session.as_json:
        print_json({"records": put_off, "until": until.date()})
    else:
        say(f"{len(put_off)} records are kept at least until {until.date()}.", "green")


def as_of(archive: Archive, today: datetime | None) -> date:
    """The day asked for, or today in the archive's time zone."""
    return today.date() if today else clock.now().astimezone(archive.settings.archive.zone).date()

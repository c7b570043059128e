"""`archiver disposal`: batches of what is due, from proposal to certificate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from archiver.commands.days import DAY
from archiver.commands.output import describe, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.papers import papers
from archiver.core.people import Permission
from archiver.core.records import RecordId
from archiver.workflows.disposal.certify import DIRECTORY, read_certificate
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.replay import confirm_holds, holds_digest
from archiver.workflows.disposal.review import approve, change_class, exclude, extend, lacks_approval, sample, withdraw
from archiver.workflows.disposal.run import run_batch
from archiver.workflows.disposal.transfer import record_receipt
from retention.batches import Batch, Status, batch, batch_ids


@click.group()
def disposal() -> None:
    """What is due: proposed in batches, reviewed, approved by two people, destroyed or transferred, certified."""


@disposal.command("propose")
@click.option(
    "--confirm-mass", is_flag=True, help="An approver has looked: so many records are due, the clock is right."
)
@archive_command
def propose(session: Session, confirm_mass: bool) -> None:
    """Propose what is due now, a batch for each class and schedule version. Every night does the same."""
    with session.act(Permission.APPROVE if confirm_mass else Permission.KEEP_RECORDS) as (archive, actor):
        made = propose_batches(archive, actor=actor.id, now=clock.now(), confirmed_by=actor if confirm_mass else None)
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json(made)
    else:
        _list(made, zone)


@disposal.command("list")
@click.option("--status", type=click.Choice([each.value for each in Status]))
@archive_command
def list_batches(session: Session, status: str | None) -> None:
    """Batches, the oldest first."""
    with session.look() as archive:
        ids = batch_ids(archive.db, *([Status(status)] if status else []))
        found, zone = [batch(archive.db, each) for each in ids], archive.settings.archive.zone
    if session.as_json:
        print_json(found)
    else:
        _list(found, zone)


def _list(found: Sequence[Batch], zone: ZoneInfo) -> None:
    table(
        "Batches",
        ("Batch", "Action", "Class", "Records", "Proposed", "Status", "Approvals", "Certificate"),
        (
            (
                each.id,
                each.action,
                f"{each.class_code}, version {each.schedule_number}",
                ", ".join(f"{count} {state}" for state, count in each.counts.items()),
                show_moment(each.proposed_at, zone),
                each.status,
                len(each.approvals),
                each.certificate if each.status is Status.DONE else "",
            )
            for each in found
        ),
    )


@disposal.command("show")
@click.argument("id")
@click.option("--sample", "size", type=int, default=0, help="Only so many records, drawn from the list.")
@archive_command
def show(session: Session, id: str, size: int) -> None:
    """One batch: its list with each record's or paper's title and state, its approvals, and what it still lacks."""
    with session.look() as archive:
        found, zone = batch(archive.db, id), archive.settings.archive.zone
        drawn = set(sample(found, size)) if size else {each.record_id for each in found.items}
        lacking = lacks_approval(archive, found)
        people = {each.id: each.name for each in archive.people.everybody()}
        titles = _titles(archive, found, drawn)
    if session.as_json:
        print_json({"batch": found, "sample": sorted(drawn) if size else [], "lacks": lacking})
        return
    describe(
        [
            ("Batch", found.id),
            ("Action", found.action),
            ("Class", f"{found.class_code}, schedule version {found.schedule_number}"),
            ("Status", found.status),
            ("List", found.digest),
            ("Approved by", ", ".join(people.get(a.person_id, a.person_id) for a in found.approvals)),
            ("Lacks", lacking or ""),
            ("Certificate", found.certificate or ""),
        ]
    )
    table(
        f"{len(drawn)} of {len(found.items)} records",
        ("No.", "Record", "Title", "Due", "State", "Why", "When"),
        (
            (
                e.position,
                e.record_id,
                titles.get(e.record_id, ""),
                e.due,
                e.state,
                e.reason,
                show_moment(e.decided_at, zone),
            )
            for e in found.items
            if e.record_id in drawn
        ),
    )


def _titles(archive: Archive, found: Batch, drawn: set[RecordId]) -> dict[str, str]:
    """Of what is still there."""
    if found.of_papers:
        zone = archive.settings.archive.zone
        return {each.id: each.title for each in papers(archive.db, date.max, zone) if each.id in drawn}
    there = set(archive.catalogue.record_ids())
    return {each: archive.catalogue.record(each).title for each in drawn & there}


@disposal.command("approve")
@click.argument("id")
@click.option("--list", "digest", default="", help="The digest of the list you saw; refused where it is another.")
@click.option("--looked-at", multiple=True, metavar="RECORD", help="A record of your sample; give it once for each.")
@archive_command
def approve_batch(session: Session, id: str, digest: str, looked_at: tuple[str, ...]) -> None:
    """Agree that the batch may go. Destruction and transfer take two different people at the least."""
    with session.act(Permission.APPROVE) as (archive, actor):
        found = approve(archive, id, actor=actor, now=clock.now(), digest=digest, looked_at=looked_at)
        lacking = lacks_approval(archive, found)
    _say_batch(session, found, f"You agreed. {f'Still lacking: {lacking}' if lacking else 'It may be carried out.'}")


@disposal.command("exclude")
@click.argument("id")
@click.argument("records", nargs=-1)
@click.option("--reason", required=True)
@archive_command
def exclude_records(session: Session, id: str, records: tuple[str, ...], reason: str) -> None:
    """Take RECORDS, or all, out of the batch."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        found = exclude(archive, id, records, reason=reason, actor=actor, now=clock.now())
    _say_batch(session, found, "Taken out.")


@disposal.command("extend")
@click.argument("id")
@click.argument("until", type=DAY)
@click.argument("records", nargs=-1)
@click.option("--reason", required=True)
@archive_command
def extend_records(session: Session, id: str, until: datetime, records: tuple[str, ...], reason: str) -> None:
    """Put RECORDS of the batch, or all, off UNTIL a day."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        found = extend(archive, id, records, until.date(), reason=reason, actor=actor, now=clock.now())
    _say_batch(session, found, f"Put off until {until.date()}.")


@disposal.command("reclassify")
@click.argument("id")
@click.argument("class_code", metavar="CLASS")
@click.argument("records", nargs=-1)
@click.option("--reason", required=True)
@archive_command
def reclassify_records(session: Session, id: str, class_code: str, records: tuple[str, ...], reason: str) -> None:
    """Give RECORDS of the batch, or all, another CLASS and with it another schedule."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        found = change_class(archive, id, records, class_code, reason=reason, actor=actor, now=clock.now())
    _say_batch(session, found, f"They are in class {class_code}.")


@disposal.command("withdraw")
@click.argument("id")
@click.option("--reason", required=True)
@archive_command
def withdraw_batch(session: Session, id: str, reason: str) -> None:
    """Give a batch up that is not begun."""
    with session.act(Permission.APPROVE) as (archive, actor):
        found = withdraw(archive, id, reason=reason, actor=actor, now=clock.now())
    _say_batch(session, found, "Withdrawn.")


@disposal.command("run")
@click.argument("id")
@archive_command
def run(session: Session, id: str) -> None:
    """Carry an approved batch out, or go on with one that was cut off. It ends with the certificate."""
    with session.act(Permission.APPROVE) as (archive, actor), progress("Disposal") as shown:
        done = run_batch(archive, id, actor=actor, progress=shown)
        place = archive.directory / DIRECTORY / (done.certificate or "")
    if session.as_json:
        print_json(done)
        return
    for each in done.outcomes:
        if each.reason:
            say(f"{each.record_id} {each.state.value}: {each.reason}", "yellow")
    say(", ".join(f"{count} {state}" for state, count in done.batch.counts.items()))
    if done.certificate:
        say(f"Certificate: {place}", "green")
    else:
        say(f"Handed over. Next, with the other archive's receipt: archiver disposal receipt {id} NUMBER")


@disposal.command("receipt")
@click.argument("id")
@click.argument("receipt")
@archive_command
def receipt(session: Session, id: str, receipt: str) -> None:
    """Note the RECEIPT the other archive gave for a batch that was handed over; then run the batch again."""
    with session.act(Permission.APPROVE) as (archive, actor):
        found = record_receipt(archive, id, receipt, actor=actor, now=clock.now())
    _say_batch(session, found, f"Noted. Next: archiver disposal run {id}")


@disposal.command("certificate")
@click.argument("id")
@archive_command
def certificate(session: Session, id: str) -> None:
    """Where a certificate lies, and what it says."""
    with session.look() as archive:
        told, place = read_certificate(archive, id), archive.directory / DIRECTORY / id
    if session.as_json:
        print_json(told)
        return
    describe(
        [
            ("Certificate", id),
            ("Lies at", Path(place)),
            ("Gone", told["counts"]["gone"]),
            ("Stayed", told["counts"]["stayed"]),
            ("Approved by", ", ".join(each["name"] for each in told["approvals"])),
        ]
    )
    table(
        "Left elsewhere", ("Where", "Of", "What"), ((e["place"], e["record_id"], e["message"]) for e in told["residue"])
    )


@disposal.command("unlock")
@archive_command
def unlock(session: Session) -> None:
    """After a rebuild that lost decisions: confirm that the list of holds is whole. Two people must."""
    with session.act(Permission.APPROVE) as (archive, actor):
        digest = holds_digest(archive)
        unlocked = confirm_holds(archive, actor=actor, now=clock.now())
    if session.as_json:
        print_json({"unlocked": unlocked, "holds": digest})
    else:
        say("Disposal is unlocked." if unlocked else "You confirmed the holds; another approver must, too.", "green")


def _say_batch(session: Session, found: Batch, words: str) -> None:
    if session.as_json:
        print_json(found)
    else:
        counts = ", ".join(f"{count} {state}" for state, count in found.counts.items())
        say(f"{words} {found.id} is {found.status.value}: {counts}.", "green")


COMMANDS = (disposal,)

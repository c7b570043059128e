"""`archiver hold`: matters that forbid disposal."""

from __future__ import annotations

import click

from archiver.commands.output import counted, describe, print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.people import Permission
from archiver.workflows.keeping.keep_holds import place_hold, release_hold
from retention.holds import Scope, ScopeKind, hold, holds, records_of_hold


@click.group("hold")
def hold_group() -> None:
    """Legal holds: what a matter covers is not disposed of, whatever its schedule says."""


@hold_group.command("place")
@click.argument("matter")
@click.option("--mandate", required=True, help="The order, letter or decision it rests on.")
@click.option("--custodian", required=True, help="Who answers for it.")
@click.option("--reason", required=True)
@click.option(
    "--record", "records", multiple=True, help="A record, or a paper of the archive's own; give it once for each."
)
@click.option("--account", "accounts", multiple=True, help="Every record of an account.")
@click.option("--collection", "collections", multiple=True, help="Every record tagged `collection:NAME`.")
@click.option("--query", "queries", multiple=True, help="Every record with a hit of the query, as of now.")
@click.option("--live", is_flag=True, help="Also what comes under these accounts, collections and queries later.")
@archive_command
def place(
    session: Session,
    matter: str,
    mandate: str,
    custodian: str,
    reason: str,
    records: tuple[str, ...],
    accounts: tuple[str, ...],
    collections: tuple[str, ...],
    queries: tuple[str, ...],
    live: bool,
) -> None:
    """Hold what MATTER covers, in whatever state it is, approved for destruction too."""
    scopes = [Scope(kind=ScopeKind.RECORD, value=each) for each in records]
    scopes += [Scope(kind=ScopeKind.ACCOUNT, value=each, live=live) for each in accounts]
    scopes += [Scope(kind=ScopeKind.COLLECTION, value=each, live=live) for each in collections]
    scopes += [Scope(kind=ScopeKind.QUERY, value=each, live=live) for each in queries]
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        placed = place_hold(
            archive,
            matter=matter,
            mandate=mandate,
            custodian=custodian,
            reason=reason,
            scopes=scopes,
            actor=actor,
            now=clock.now(),
        )
    if session.as_json:
        print_json(placed)
        return
    say(f"{placed.hold.id} holds {counted(len(placed.frozen), 'record')} for {matter}.", "green")
    if placed.ejected:
        say(f"{len(placed.ejected)} of them left the batch they waited in.", "yellow")
    if placed.announced:
        say(f"The disposal of {len(placed.announced)} was announced already: what is not gone yet stays.", "yellow")
    for each in placed.destroyed:
        say(f"{each} was destroyed before: only its stub and certificate are left.", "red")


@hold_group.command("list")
@click.option("--all", "everything", is_flag=True, help="Released ones too.")
@archive_command
def list_holds(session: Session, everything: bool) -> None:
    """Holds, the oldest first."""
    with session.look() as archive:
        found, zone = holds(archive.db, active=not everything), archive.settings.archive.zone
    if session.as_json:
        print_json(found)
        return
    table(
        "Holds",
        ("Hold", "Matter", "Mandate", "Custodian", "Records", "Live", "Placed", "Released"),
        (
            (
                each.id,
                each.matter,
                each.mandate,
                each.custodian,
                each.records,
                "live" if any(scope.live for scope in each.scopes) else "",
                show_moment(each.placed_at, zone),
                show_moment(each.released_at, zone),
            )
            for each in found
        ),
    )


@hold_group.command("show")
@click.argument("id")
@archive_command
def show(session: Session, id: str) -> None:
    """One hold with its scopes and every record frozen under it."""
    with session.look() as archive:
        found, records, zone = hold(archive.db, id), records_of_hold(archive.db, id), archive.settings.archive.zone
        people = {each.id: each.name for each in archive.people.everybody()}
    if session.as_json:
        print_json({"hold": found, "records": records})
        return
    describe(
        [
            ("Hold", found.id),
            ("Matter", found.matter),
            ("Mandate", found.mandate),
            ("Custodian", found.custodian),
            ("Reason", found.reason),
            ("Placed", f"{show_moment(found.placed_at, zone)} by {people.get(found.placed_by, found.placed_by)}"),
            ("Released", show_moment(found.released_at, zone)),
            ("Why released", found.release_reason or ""),
            ("Scope", "; ".join(f"{s.kind.value} {s.value}{' (live)' if s.live else ''}" for s in found.scopes)),
        ]
    )
    table(counted(len(records), "record"), ("Record",), ((each,) for each in records))


@hold_group.command("release")
@click.argument("id")
@click.option("--reason", required=True)
@archive_command
def release(session: Session, id: str, reason: str) -> None:
    """End a hold: an approver's act. Its records stand where their schedules put them."""
    with session.act(Permission.APPROVE) as (archive, actor):
        ended = release_hold(archive, id, reason=reason, actor=actor, now=clock.now())
    if session.as_json:
        print_json(ended)
    else:
        say(f"{ended.id}, {ended.matter}, is released.", "green")


COMMANDS = (hold_group,)

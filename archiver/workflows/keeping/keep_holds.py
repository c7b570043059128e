"""Placing, catching up and releasing holds, and the requests that hold by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from archiver.core.archive import Archive, Change
from archiver.core.clock import to_iso
from archiver.core.errors import BadInput
from archiver.core.events import EventType
from archiver.core.mirror import mirror_trail
from archiver.core.paper_stubs import paper_stubs
from archiver.core.people import Permission, Person
from archiver.core.records import RecordId, new_id
from archiver.core.requests import InformationRequest
from archiver.workflows.keeping.keep_papers import papers_among
from archiver.workflows.search.find import freeze
from retention import batches
from retention import holds as register
from retention.holds import Hold, Scope, ScopeKind


@dataclass(frozen=True, kw_only=True)
class PlacedHold:
    """A hold with what it froze: `ejected` are records it took out of batches, `destroyed` those it came too late for.

    `announced` are records whose disposal is announced already: they are spared, for every disposal looks again.
    """

    hold: Hold
    frozen: tuple[RecordId, ...]
    ejected: tuple[RecordId, ...]
    announced: tuple[RecordId, ...]
    destroyed: tuple[RecordId, ...]


def place_hold(
    archive: Archive,
    *,
    matter: str,
    mandate: str,
    custodian: str,
    reason: str,
    scopes: Sequence[Scope],
    actor: Person,
    now: datetime,
) -> PlacedHold:
    """Forbid the disposal of what the scopes cover, in whatever state it is. Raises BadInput, NotFound, BadQuery.

    It takes the same lock as a disposal: whatever is not gone when it is placed stays.
    """
    actor.require(Permission.KEEP_RECORDS)
    for name, value in (("matter", matter), ("mandate", mandate), ("custodian", custodian), ("reason", reason)):
        if not value.strip():
            raise BadInput(f"a hold needs its {name}")
    if not scopes:
        raise BadInput("a hold needs a scope: --record, --account, --collection or --query")
    scopes = [_resolved(archive, each) for each in scopes]
    found = {each.value: _hits(archive, each.value, now) for each in scopes if each.kind is ScopeKind.QUERY}
    hold = Hold(
        id=new_id("hld"),
        matter=matter.strip(),
        mandate=mandate.strip(),
        custodian=custodian.strip(),
        reason=reason.strip(),
        placed_at=now,
        placed_by=actor.id,
        released_at=None,
        released_by=None,
        release_reason=None,
        scopes=tuple(scopes),
        records=0,
    )
    stubs = _gone(archive)
    named = [RecordId(each.value) for each in scopes if each.kind is ScopeKind.RECORD]
    beside = stubs | papers_among(archive, named)  # what is named and is no record of the catalogue
    with archive.change(at=now, actor=actor.id) as change:
        under = [
            record
            for each in scopes
            for record in (
                found[each.value] if each.kind is ScopeKind.QUERY else register.records_under(change.db, each)
            )
        ]
        covered = list(dict.fromkeys([*under, *(each for each in named if each in beside)]))
        register.add_hold(change.db, hold)
        register.cover(change.db, hold.id, covered, at=now)
        ejected = _eject(change, covered, hold.id)
        change.record(
            EventType.HOLD_PLACED,
            [hold.id, *covered],
            {"live": sum(each.live for each in scopes), "ejected": len(ejected)},
            commits=[("holds", hold.id)],
        )
        announced = [each for each in covered if _announced(change, each)]
    mirror_if_set(archive)
    return PlacedHold(
        hold=register.hold(archive.db, hold.id),
        frozen=tuple(each for each in covered if each not in stubs),
        ejected=tuple(ejected),
        announced=tuple(announced),
        destroyed=tuple(each for each in covered if each in stubs),
    )


def _resolved(archive: Archive, scope: Scope) -> Scope:
    """With the account's id for its handle; a record must be there, or have been, or be a paper of the archive's own.

    Raises NotFound, BadInput.
    """
    if scope.kind is ScopeKind.ACCOUNT:
        return replace(scope, value=archive.register.account(scope.value).id)
    if scope.kind is ScopeKind.RECORD:
        if scope.live:
            raise BadInput("a record is one: only accounts, collections and queries can be live")
        if scope.value not in _gone(archive) and not papers_among(archive, [scope.value]):
            archive.catalogue.record(scope.value)
    return scope


def _gone(archive: Archive) -> set[RecordId]:
    """Records and papers of which a stub is all there is: a hold over them says that it came too late."""
    papers = {RecordId(each.id) for each in paper_stubs(archive.db)}
    return papers | {each.record_id for each in archive.catalogue.stubs()}


def _hits(archive: Archive, query: str, now: datetime) -> list[RecordId]:
    return list(dict.fromkeys(record for _, record in freeze(archive, query, now=now).hits))


def _eject(change: Change, records: Sequence[RecordId], hold: str) -> list[RecordId]:
    return batches.eject(change.db, records, f"hold {hold} covers it", actor=change.actor, at=change.at)


def _announced(change: Change, record: RecordId) -> bool:
    sql = "SELECT 1 FROM batch_items WHERE record_id = ? AND state = 'executing'"
    return change.db.conn.execute(sql, (record,)).fetchone() is not None


def catch_up_live_holds(archive: Archive, *, actor: str, now: datetime) -> int:
    """Take under every live hold what came under its scopes since; how many records that were."""
    taken = 0
    for hold in register.holds(archive.db, active=True):
        live = [each for each in hold.scopes if each.live]
        queried = [
            record for each in live if each.kind is ScopeKind.QUERY for record in _hits(archive, each.value, now)
        ]
        if not live:
            continue
        known = set(register.records_of_hold(archive.db, hold.id))
        under = [*queried, *(record for each in live for record in register.records_under(archive.db, each))]
        if not set(under) - known:
            continue
        with archive.change(at=now, actor=actor) as change:
            new = register.cover(change.db, hold.id, dict.fromkeys(under), at=now)
            _eject(change, new, hold.id)
            change.record(EventType.HOLD_EXTENDED, [hold.id, *new], commits=[("holds", hold.id)])
        taken += len(new)
    return taken


def release_hold(archive: Archive, id: str, *, reason: str, actor: Person, now: datetime) -> Hold:
    """End a hold, with a reason: an approver's act. Raises NotFound, BadInput, NotPermitted."""
    actor.require(Permission.APPROVE)
    if not reason.strip():
        raise BadInput("releasing a hold needs a reason")
    with archive.change(at=now, actor=actor.id) as change:
        register.release_hold(change.db, id, reason=reason.strip(), at=now, actor=actor.id)
        change.record(EventType.HOLD_RELEASED, [id], commits=[("holds", id)])
    mirror_if_set(archive)
    return register.hold(archive.db, id)


def mirror_if_set(archive: Archive) -> None:
    """Tell the mirror off this machine what the trail has. Raises CopyUnreachable, TrailBroken."""
    if archive.settings.retention.mirror:
        mirror_trail(archive.trail.path, Path(archive.settings.retention.mirror))


# -- requests hold what they cover ------------------------------------------------------------


def close_request(
    archive: Archive, number: str, *, reason: str, appeal_until: date | None, actor: Person, now: datetime
) -> tuple[InformationRequest, date]:
    """Close a request; it holds what its searches hit until `appeal_until`, by default the archive's `appeal_days`.

    Raises NotFound, BadInput.
    """
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    today = now.astimezone(archive.settings.archive.zone).date()
    until = appeal_until or today + timedelta(days=archive.settings.retention.appeal_days)
    if not reason.strip() or until < today:
        raise BadInput("closing a request needs a reason, and a day until which it can be appealed that is not over")
    _note_closing(archive, request, until, reason, EventType.REQUEST_CLOSED, actor=actor, now=now, today=today)
    return archive.requests.request(number), until


def reopen_request(archive: Archive, number: str, *, reason: str, actor: Person, now: datetime) -> InformationRequest:
    """Take a closed request up again (an appeal): it holds what it covers without an end. Raises NotFound, BadInput."""
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    if not reason.strip():
        raise BadInput("opening a request again needs a reason")
    today = now.astimezone(archive.settings.archive.zone).date()
    _note_closing(archive, request, None, reason, EventType.REQUEST_REOPENED, actor=actor, now=now, today=today)
    return archive.requests.request(number)


def _note_closing(
    archive: Archive,
    request: InformationRequest,
    until: date | None,
    reason: str,
    type: EventType,
    *,
    actor: Person,
    now: datetime,
    today: date,
) -> None:
    with archive.change(at=now, actor=actor.id) as change:
        cursor = change.db.conn.execute(
            "INSERT INTO request_closings (request_number, closed, appeal_until, reason, at, actor) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (request.number, today.isoformat(), until and until.isoformat(), reason.strip(), to_iso(now), actor.id),
        )
        archive.request_files.set_status(request.number, "closed" if until else "open")
        logged = archive.request_files.log(
            request.number, "closed" if until else "reopened", day=today, note=reason.strip(), now=now, actor=actor.id
        )
        change.record(
            type,
            [request.number],
            {"appeal_until": until.isoformat() if until else None},
            commits=[
                ("request_closings", cursor.lastrowid),
                ("request_events", logged.id),
                ("requests", request.number),
            ],
        )
    mirror_if_set(archive)

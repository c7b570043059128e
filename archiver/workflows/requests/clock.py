"""The statutory clocks of the register: what moves them is logged, and what is due is reckoned from the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from archiver.core.archive import Archive
from archiver.core.errors import BadInput
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.request_files import LoggedEvent, RequestDetails, Requester
from archiver.core.requests import InformationRequest
from archiver.workflows.keeping.keep_holds import reopen_request
from exports.requests.due_calendar import DueDay, write_calendar
from exports.requests.law_rules import Law, Rule, find_law
from exports.requests.statutory_clock import (
    ClockEvent,
    ClockEventKind,
    ClockReading,
    ClockState,
    read_clock,
    receipt_day,
)
from exports.requests.working_days import OfficeCalendar, office_calendar

LETTERS = ("letter in", "letter out", "hold", "note", "decided")
"""Kinds of the log that move nothing; `about` of a hold is its id, `decided` is an appeal."""
OUTCOMES = {"delivered": "delivered", "collected": "delivered", "appealed": "appealed", "transferred": "transferred"}
"""Kinds that set the request's status, and to what."""
KINDS = (*(each.value for each in ClockEventKind), *LETTERS, *(each for each in OUTCOMES if each != "transferred"))


@dataclass(frozen=True, kw_only=True)
class DueRequest:
    """A request with its clock; `clock` is None where none is known for its law, `why` then says so.

    `due` is the day an order set, else the clock's.
    """

    request: InformationRequest
    details: RequestDetails
    due: date | None
    state: str
    days_left: int | None
    clock: ClockReading | None
    why: str
    warnings: tuple[str, ...]


def clock_of(archive: Archive, request: InformationRequest, *, today: date) -> DueRequest:
    """Raises CalendarGap, BadInput (no rule in force that day)."""
    details = archive.request_files.details(request.number)
    law = find_law(details.law_code or request.law)
    if law is None:
        due = details.due_set
        left = (due - today).days if due else None
        state = "unknown" if left is None else _state(left, request)
        why = "the day the order names" if due else f"no clock is known for {request.law!r}: set a day with --due"
        return DueRequest(
            request=request, details=details, due=due, state=state, days_left=left, clock=None, why=why, warnings=()
        )
    reading = read_clock(
        rule_of(archive, law, request.received),
        request.received,
        [each for each in map(_clock_event, archive.request_files.events(request.number)) if each],
        calendar_of(archive, law),
        today,
        urgent=details.urgent,
        received_at=details.received_at,
    )
    due = details.due_set or reading.due
    left = (due - today).days if due else reading.days_left
    done = reading.state in (ClockState.ANSWERED, ClockState.ANSWERED_LATE, ClockState.TRANSFERRED)
    state = _state(left, request) if details.due_set and not done else reading.state.value
    return DueRequest(
        request=request,
        details=details,
        due=due,
        state=state,
        days_left=left,
        clock=reading,
        why="the day the order names" if details.due_set else reading.steps[0].text,
        warnings=reading.warnings,
    )


def last_day_of_appeal(archive: Archive, number: str, *, today: date) -> date | None:
    """Until which day the request's answer can be appealed; None where no rule says so, or it is over.

    Raises NotFound, CalendarGap, BadInput.
    """
    clock = clock_of(archive, archive.requests.request(number), today=today).clock
    until = clock.appeal_until if clock else None
    return until if until and until >= today else None


def due_requests(archive: Archive, *, today: date, everything: bool = False) -> list[DueRequest]:
    """The requests that are not answered, the most urgent first; with `everything` all of them."""
    found = [clock_of(archive, each, today=today) for each in archive.requests.requests()]
    settled = {ClockState.ANSWERED.value, ClockState.ANSWERED_LATE.value, ClockState.TRANSFERRED.value}
    wanted = [
        each
        for each in found
        if everything or (each.state not in settled and each.request.status not in ("closed", "delivered"))
    ]
    return sorted(wanted, key=lambda each: (each.due is None, each.due or today, each.request.number))


def due_calendar(archive: Archive, due: Iterable[DueRequest], *, now: datetime) -> bytes:
    """An iCalendar file of the last days."""
    days = [
        DueDay(
            key=f"{each.request.number}-{archive.settings.archive.id}",
            day=each.due,
            title=f"{each.request.number} answer due" + (" (UNVERIFIED RULE)" if each.warnings else ""),
            told="\n".join([each.why, *each.warnings]),
        )
        for each in due
        if each.due is not None
    ]
    return write_calendar(days, agency=archive.settings.archive.agency, made_at=now)


def log_event(
    archive: Archive,
    number: str,
    kind: str,
    *,
    day: date,
    actor: Person,
    now: datetime,
    about: str = "",
    days: int = 0,
    note: str = "",
) -> LoggedEvent:
    """Add a line to the request's log. Raises BadInput where it does not fit what the log says already.

    An appeal opens a closed request again first: what it covers is held. Closing has its own act, `close_request`.
    """
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    today = now.astimezone(archive.settings.archive.zone).date()
    _check(archive, request, kind, day, today, about, note)
    if kind == "appealed" and request.status == "closed":
        reopen_request(archive, request.number, reason=note.strip() or "appealed", actor=actor, now=now)
    with archive.change(at=now, actor=actor.id) as change:
        logged = archive.request_files.log(
            request.number, kind, day=day, about=about, days=days, note=note, now=now, actor=actor.id
        )
        commits: list[tuple[str, object]] = [("request_events", logged.id)]
        if kind in OUTCOMES:
            archive.request_files.set_status(request.number, OUTCOMES[kind])
            commits.append(("requests", request.number))
        type = EventType.DELIVERED if kind in ("delivered", "collected") else EventType.REQUEST_LOGGED
        change.record(type, [request.number], {"kind": kind, "day": day.isoformat()}, commits=commits)
    return logged


def see_requester(archive: Archive, number: str, *, actor: Person, now: datetime) -> Requester:
    """Who asked; that somebody looked is an event. Raises NotPermitted."""
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    with archive.change(at=now, actor=actor.id) as change:
        change.record(EventType.REQUESTER_SEEN, [request.number], {})
    return archive.request_files.requester(request)


def calendar_of(archive: Archive, law: Law | None = None) -> OfficeCalendar:
    """The office's calendar: settings, else the archive's jurisdiction, else the law's."""
    stated, own = archive.settings.requests, archive.settings.archive.jurisdiction
    where = stated.holidays or own or (law.jurisdiction if law else "")
    return office_calendar(
        "" if where == "none" else where, weekend=stated.weekend, closed=stated.closed_days, opened=stated.open_days
    )


def received_on(archive: Archive, moment: datetime) -> date:
    """The legal day of a moment of receipt, by the archive's zone and the hour its office closes."""
    return receipt_day(
        moment,
        archive.settings.archive.zone,
        closes=archive.settings.requests.office_closes,
        calendar=calendar_of(archive),
    )


def rule_of(archive: Archive, law: Law, received: date) -> Rule:
    entered = dict(each.split("=", 1) for each in archive.settings.requests.in_force)
    return law.rule_on(received, {rule: date.fromisoformat(day) for rule, day in entered.items()})


def _state(left: int, request: InformationRequest) -> str:
    if request.status in ("delivered", "closed"):
        return ClockState.ANSWERED.value
    if left < 0:
        return ClockState.OVERDUE.value
    return (ClockState.DUE_TODAY if left == 0 else ClockState.DUE_SOON if left <= 5 else ClockState.RUNNING).value


def _clock_event(logged: LoggedEvent) -> ClockEvent | None:
    kind = "answered" if logged.kind in ("delivered", "collected") else logged.kind
    if kind not in {each.value for each in ClockEventKind}:
        return None
    return ClockEvent(
        kind=ClockEventKind(kind), day=logged.day, about=logged.about, days=logged.days, reason=logged.note
    )


def _check(
    archive: Archive, request: InformationRequest, kind: str, day: date, today: date, about: str, note: str
) -> None:
    if kind not in KINDS:
        raise BadInput(f"{kind!r} is nothing that is logged: {', '.join(KINDS)}")
    if day < request.received:
        raise BadInput(f"{request.number} was received on {request.received}: nothing of it happened on {day}")
    if day > today:
        raise BadInput(f"{day} is yet to come")
    if kind in ("paused", "resumed") and not about:
        raise BadInput("say what stops the clock: --about fee, clarification or 'staged access'")
    if kind in ("extended", "transferred") and not note.strip():
        raise BadInput(f"{kind} needs its reason: --note")
    if kind == "resumed":
        told = [(each.kind, each.about) for each in archive.request_files.events(request.number)]
        if told.count(("paused", about)) <= told.count(("resumed", about)):
            raise BadInput(f"the clock of {request.number} does not stand for {about!r}")

"""The statutory clock of a request: when an answer is due, and why. Pure: days and events in, a reading out.

Day zero is the legal day of receipt. While the clock stands, the days after the notice up to and including the
day of the reply are left out. Every step of a reading names the rule row it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from archiver.core.errors import CalendarGap
from exports.requests.law_rules import Pause, Rule, Standing, Term, Unit
from exports.requests.working_days import OfficeCalendar

_LONGEST = 3660
"""Days counted before a clock is given up as endless."""


class ClockEventKind(StrEnum):
    """What moves a clock."""

    PAUSED = "paused"  # a notice went out: a fee, a question, a staged plan
    RESUMED = "resumed"  # it was paid or answered
    EXTENDED = "extended"
    THIRD_PARTY = "third party"  # somebody else is heard
    TRANSFERRED = "transferred"  # to another authority
    ANSWERED = "answered"


@dataclass(frozen=True, kw_only=True)
class ClockEvent:
    """One event, on a legal day. `about` is the pause's kind, `days` an extension's length."""

    kind: ClockEventKind
    day: date
    about: str = ""
    days: int = 0
    reason: str = ""


class ClockState(StrEnum):
    RUNNING = "running"
    DUE_SOON = "due soon"  # five days or less are left
    DUE_TODAY = "due today"
    OVERDUE = "overdue"
    PAUSED = "paused"
    ANSWERED = "answered"
    ANSWERED_LATE = "answered late"
    TRANSFERRED = "transferred"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the reckoning in plain words, the row it rests on, and how far that was verified."""

    text: str
    rule: str
    status: Standing


@dataclass(frozen=True, kw_only=True)
class ClockReading:
    """`due` is the last day on which an answer is in time; None while the clock stands.

    `due_at` is set where the law counts hours. `days_left` counts calendar days to `due`, negative once it has
    passed; while the clock stands it is what is left of the period, in the rule's unit. `deemed_on` is the first
    day on which the law takes silence for an answer; None where its rule says nothing of silence.
    """

    rule: str
    received: date
    due: date | None
    due_at: datetime | None
    first_due: date
    state: ClockState
    days_left: int
    deemed_on: date | None
    transfer_by: date | None
    appeal_until: date | None
    steps: tuple[Step, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be shown beside the date: every step that rests on an unverified row."""
        told = (f"{each.rule}: {each.status.warning}" for each in self.steps if each.status.warning)
        return tuple(dict.fromkeys(told))


def receipt_day(moment: datetime, zone: ZoneInfo, *, closes: str = "", calendar: OfficeCalendar | None = None) -> date:
    """The legal day of a moment of receipt: the day in the agency's zone, whatever the sender's clock said.

    With `closes` (a local time such as 17:00), what comes later counts as received on the next open day.
    """
    local = moment.astimezone(zone)
    day = local.date()
    if closes and local.time() > time.fromisoformat(closes):
        day += timedelta(days=1)
        if calendar is not None:
            day = calendar.next_open(day)
    return day


def read_clock(
    rule: Rule,
    received: date,
    events: Sequence[ClockEvent],
    calendar: OfficeCalendar,
    today: date,
    *,
    urgent: bool = False,
    received_at: datetime | None = None,
) -> ClockReading:
    """The clock as it stands on `today`. Raises CalendarGap where the calendar ends before the answer is due."""
    reckoning = _Reckoning(rule, received, sorted(events, key=lambda each: each.day), calendar)
    return reckoning.read(today, urgent, received_at)


class _Reckoning:
    def __init__(self, rule: Rule, received: date, events: Sequence[ClockEvent], calendar: OfficeCalendar) -> None:
        self._rule, self._received, self._events, self._calendar = rule, received, events, calendar
        self._steps: list[Step] = []

    def read(self, today: date, urgent: bool, received_at: datetime | None) -> ClockReading:
        rule = self._rule
        days, unit = rule.days, rule.unit
        due_at = None
        if urgent and rule.urgent_hours is not None:
            days, unit = -(-rule.urgent_hours // 24), Unit.CALENDAR
            due_at = received_at + timedelta(hours=rule.urgent_hours) if received_at else None
            self._say(f"{rule.urgent_hours} hours from receipt: {rule.urgent_for}")
        elif urgent and rule.urgent_days is not None:
            days = rule.urgent_days
            self._say(f"{days} {unit} days: {rule.urgent_for}")
        else:
            self._say(f"{days} {unit} days; the day of receipt, {self._received}, is day zero")
        stopped, standing = self._pauses()
        first_due = self._end(days, unit, frozenset())
        if any(each.kind is ClockEventKind.THIRD_PARTY for each in self._events):
            days = self._hear_third_party(days)
        days = self._extend(days, unit, stopped, first_due)
        due = None if standing else self._end(days, unit, stopped)
        answered = self._first(ClockEventKind.ANSWERED)
        transferred = self._first(ClockEventKind.TRANSFERRED)
        deemed = due + timedelta(days=1) if due and (answered is None or answered.day > due) else None
        if deemed is not None and deemed <= today and rule.deemed:
            self._say(f"{rule.deemed} (from {deemed})")
        state = self._state(due, today, answered, transferred)
        left = (due - today).days if due else days - self._counted(unit, stopped, self._open_pause_day())
        return ClockReading(
            rule=rule.id,
            received=self._received,
            due=due,
            due_at=due_at if due and not stopped else None,
            first_due=first_due,
            state=state,
            days_left=left,
            deemed_on=deemed if rule.deemed else None,
            transfer_by=self._period(rule.transfer, self._received, "to pass it on to another authority"),
            appeal_until=self._appeal(answered, deemed, today),
            steps=tuple(self._steps),
        )

    def _pauses(self) -> tuple[frozenset[date], bool]:
        """The days on which the clock stands, and whether it still does."""
        known = {each.kind: each for each in self._rule.pauses}
        stopped: set[date] = set()
        since: dict[str, date] = {}
        for event in self._events:
            if event.kind is ClockEventKind.PAUSED:
                if event.about not in known:
                    self._say(
                        f"a notice ({event.about}) of {event.day} does not stop the clock: the rule has no such pause"
                    )
                elif event.about not in since:
                    since[event.about] = event.day
            elif event.kind is ClockEventKind.RESUMED and event.about in since:
                begun = since.pop(event.about)
                stopped |= {begun + timedelta(days=each + 1) for each in range((event.day - begun).days)}
                self._say(
                    f"the clock stood from {begun} to {event.day} ({event.about}): {(event.day - begun).days} days",
                    known[event.about],
                )
        for about, begun in since.items():
            self._say(f"the clock stands since {begun} ({about})", known[about])
        return frozenset(stopped), bool(since)

    def _open_pause_day(self) -> date:
        known = {each.kind for each in self._rule.pauses}
        begun = [e.day for e in self._events if e.kind is ClockEventKind.PAUSED and e.about in known]
        return max(begun, default=self._received)

    def _hear_third_party(self, days: int) -> int:
        term = self._rule.third_party
        if term is None:
            self._say("a third party is heard; the rule gives no more time for it")
            return days
        self._say(f"{term.days} days from receipt: a third party is heard", term)
        return max(days, term.days)

    def _extend(self, days: int, unit: Unit, stopped: frozenset[date], first_due: date) -> int:
        term, given = self._rule.extension, 0
        for event in self._events:
            if event.kind is not ClockEventKind.EXTENDED:
                continue
            if term is None:
                self._say(f"the extension of {event.day} does not count: the rule has none")
                continue
            last = first_due if term.within_first else self._end(days, unit, stopped)
            if given >= term.most:
                self._say(f"the extension of {event.day} does not count: there is one only", term)
            elif event.day > last:
                self._say(f"the extension of {event.day} does not count: it came after {last}", term)
            else:
                more = event.days if not term.days else min(event.days or term.days, term.days)
                if term.days and event.days > term.days:
                    self._say(f"of {event.days} days of extension {term.days} count: no more are allowed", term)
                days, given = days + more, given + 1
                self._say(f"extended by {more} days on {event.day}: {event.reason}", term)
        return days

    def _end(self, days: int, unit: Unit, stopped: frozenset[date]) -> date:
        day, counted = self._received, 0
        for _ in range(_LONGEST):
            if counted >= days:
                break
            day += timedelta(days=1)
            counted += day not in stopped and (unit is Unit.CALENDAR or self._calendar.is_open(day))
        else:
            raise CalendarGap(f"{self._rule.id}: no end of {days} {unit} days from {self._received} was found")
        if self._rule.rolls:
            open_day = self._calendar.next_open(day)
            if open_day != day:
                self._say(f"{day} is closed ({self._calendar.closed_for(day)}): due on {open_day}")
            return open_day
        return day

    def _counted(self, unit: Unit, stopped: Iterable[date], until: date) -> int:
        left_out, day, counted = set(stopped), self._received, 0
        while day < until:
            day += timedelta(days=1)
            counted += day not in left_out and (unit is Unit.CALENDAR or self._calendar.is_open(day))
        return counted

    def _period(self, term: Term | None, start: date, what: str) -> date | None:
        if term is None:
            return None
        day = start
        if term.unit is Unit.CALENDAR:
            day += timedelta(days=term.days)
        else:
            for _ in range(term.days):
                day = self._calendar.next_open(day + timedelta(days=1))
        self._say(f"{term.days} {term.unit} days from {start} {what}: until {day}", term)
        return day

    def _appeal(self, answered: ClockEvent | None, deemed: date | None, today: date) -> date | None:
        start = answered.day if answered else deemed
        if start is None or start > today:
            return None
        return self._period(self._rule.appeal, start, "to appeal")

    def _state(
        self, due: date | None, today: date, answered: ClockEvent | None, transferred: ClockEvent | None
    ) -> ClockState:
        if transferred is not None:
            return ClockState.TRANSFERRED
        if answered is not None:
            return ClockState.ANSWERED_LATE if due and answered.day > due else ClockState.ANSWERED
        if due is None:
            return ClockState.PAUSED
        left = (due - today).days
        if left < 0:
            return ClockState.OVERDUE
        if left == 0:
            return ClockState.DUE_TODAY
        return ClockState.DUE_SOON if left <= 5 else ClockState.RUNNING

    def _first(self, kind: ClockEventKind) -> ClockEvent | None:
        return next((each for each in self._events if each.kind is kind), None)

    def _say(self, text: str, on: Term | Pause | None = None) -> None:
        status = self._rule.status if on is None else on.status
        step = Step(text=text, rule=self._rule.id, status=status)
        if step not in self._steps:
            self._steps.append(step)

"""When what is due: forty dates as a clerk counts them on a calendar, written out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from retention.decisions import decide_each, due_date
from retention.file_plan import Action, FilePlan, RecordClass, ScheduleVersion, Trigger, TriggerKind
from retention.periods import parse_period, parse_year_end
from retention.plan_file import parse_trigger
from tests.retention.values import RECORD


def schedule(
    period: str, cutoff: str | None = None, *, trigger: str = "created", effective_from: date | None = None
) -> ScheduleVersion:
    return ScheduleVersion(
        class_code="A",
        mandate="By-law 1",
        trigger=parse_trigger(trigger),
        period=parse_period(period),
        action=Action.DESTROY,
        number=1,
        cutoff=parse_year_end(cutoff) if cutoff else None,
        effective_from=effective_from,
    )


BY_CALENDAR = [
    # leap days
    ("2024-02-29", "P1Y", None, "2025-02-28"),
    ("2024-02-29", "P4Y", None, "2028-02-29"),
    ("2024-02-29", "P1M", None, "2024-03-29"),
    ("2024-02-29", "P12M", None, "2025-02-28"),
    ("2096-02-29", "P4Y", None, "2100-02-28"),  # 2100 is no leap year
    ("2023-02-28", "P1Y", None, "2024-02-28"),
    ("2024-02-28", "P1D", None, "2024-02-29"),
    ("2023-02-28", "P1D", None, "2023-03-01"),
    ("2024-01-30", "P1M", None, "2024-02-29"),
    ("2024-02-29", "P1Y1D", None, "2025-03-01"),  # years first, then days
    # ends of months
    ("2026-01-31", "P1M", None, "2026-02-28"),
    ("2026-01-31", "P2M", None, "2026-03-31"),
    ("2026-08-31", "P1M", None, "2026-09-30"),
    ("2026-12-31", "P2M", None, "2027-02-28"),
    ("2026-10-31", "P18M", None, "2028-04-30"),
    ("2026-05-31", "P1M1D", None, "2026-07-01"),
    # weeks, days, years' turn
    ("2026-12-25", "P2W", None, "2027-01-08"),
    ("2026-11-21", "P90D", None, "2027-02-19"),
    ("2026-12-31", "P1D", None, "2027-01-01"),
    ("2026-11-25", "P7Y", None, "2033-11-25"),
    ("2026-11-25", "P1Y6M", None, "2028-05-25"),
    # the end of the fiscal year comes first: India and Saskatchewan 31 March, Pakistan 30 June, Ontario 31 December
    ("2026-03-31", "P3Y", "03-31", "2029-03-31"),
    ("2026-04-01", "P3Y", "03-31", "2030-03-31"),
    ("2024-02-29", "P3Y", "03-31", "2027-03-31"),
    ("2026-06-30", "P5Y", "06-30", "2031-06-30"),
    ("2026-07-01", "P5Y", "06-30", "2032-06-30"),
    ("2026-01-01", "P2Y", "12-31", "2028-12-31"),
    ("2026-12-31", "P2Y", "12-31", "2028-12-31"),
    ("2026-05-10", "P18M", "12-31", "2028-06-30"),
    ("2023-05-10", "P1Y", "02-29", "2025-02-28"),  # a year that ends with February
    ("2024-02-29", "P1Y", "02-29", "2025-02-28"),
    ("2026-03-31", "P1M", "03-31", "2026-04-30"),
]


@pytest.mark.parametrize(("start", "period", "cutoff", "due"), BY_CALENDAR)
def test_the_day_something_is_due_is_the_one_a_clerk_counts(
    start: str, period: str, cutoff: str | None, due: str
) -> None:
    assert due_date(schedule(period, cutoff), date.fromisoformat(start)) == date.fromisoformat(due)


IN_ZONES = [
    # a moment is a day of the agency's own zone
    ("created", "2026-03-31T18:29:59+00:00", "Asia/Kolkata", "03-31", "2027-03-31"),
    ("created", "2026-03-31T18:30:00+00:00", "Asia/Kolkata", "03-31", "2028-03-31"),  # 1 April there
    ("created", "2026-01-01T04:59:59+00:00", "America/Toronto", "12-31", "2026-12-31"),  # 31 December there
    ("created", "2026-01-01T05:00:00+00:00", "America/Toronto", "12-31", "2027-12-31"),
    ("last_activity", "2024-02-29T23:30:00-06:00", "America/Regina", None, "2025-02-28"),
    ("captured", "2026-03-08T07:30:00+00:00", "America/Toronto", None, "2027-03-08"),  # the hour that is skipped
    ("captured", "2026-06-30T19:00:00+00:00", "Asia/Karachi", "06-30", "2028-06-30"),  # 1 July there
]


@pytest.mark.parametrize(("trigger", "moment", "zone", "cutoff", "due"), IN_ZONES)
def test_a_moment_counts_on_its_day_of_the_agencys_zone(
    trigger: str, moment: str, zone: str, cutoff: str | None, due: str
) -> None:
    field = {"created": "created", "captured": "last_captured", "last_activity": "last_activity"}[trigger]
    blank = replace(RECORD, class_code="A", created=None, last_captured=None, last_activity=None)
    record = replace(blank, **{field: datetime.fromisoformat(moment)})  # type: ignore[arg-type]
    plan = FilePlan(
        title="",
        classes=(RecordClass(code="A", title=""),),
        schedules=(schedule("P1Y", cutoff, trigger=trigger),),
        rules=(),
    )
    (decision,) = decide_each([record], plan, {}, date(2026, 1, 1), ZoneInfo(zone))
    assert decision.due == date.fromisoformat(due)


def test_an_event_counts_from_the_day_it_was_entered_for() -> None:
    rule = replace(schedule("P10Y", "12-31"), trigger=Trigger(kind=TriggerKind.EVENT, event="campaign-ended"))
    plan = FilePlan(title="", classes=(RecordClass(code="A", title=""),), schedules=(rule,), rules=())
    record = replace(RECORD, class_code="A")
    days = {record.id: {"campaign-ended": date(2024, 2, 29), "case-closed": date(2030, 1, 1)}}
    (decision,) = decide_each([record], plan, {}, date(2026, 1, 1), ZoneInfo("Asia/Kolkata"), days)
    assert decision.due == date(2034, 12, 31)


def test_nothing_is_due_before_its_schedule_takes_effect() -> None:
    rule = schedule("P1Y", effective_from=date(2030, 4, 1))
    assert due_date(rule, date(2024, 2, 29)) == date(2030, 4, 1)
    assert due_date(rule, date(2029, 6, 30)) == date(2030, 6, 30)


def test_an_officer_may_put_a_record_off_but_never_bring_it_forward() -> None:
    plan = FilePlan(title="", classes=(RecordClass(code="A", title=""),), schedules=(schedule("P1Y"),), rules=())
    record = replace(RECORD, class_code="A", created=datetime.fromisoformat("2026-01-05T09:00:00+00:00"))
    for until, due in (("2028-02-29", "2028-02-29"), ("2026-06-01", "2027-01-05")):
        put_off = {record.id: date.fromisoformat(until)}
        (decision,) = decide_each([record], plan, {}, date(2026, 1, 1), ZoneInfo("UTC"), None, put_off)
        assert decision.due == date.fromisoformat(due)


def test_there_are_forty_of_them() -> None:
    assert len(BY_CALENDAR) + len(IN_ZONES) + 1 >= 40

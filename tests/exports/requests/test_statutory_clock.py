"""Literal dates for each law, each naming the rule row it tests. The dates were reckoned on a paper calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import BadInput, CalendarGap
from exports.requests.due_calendar import DueDay, write_calendar
from exports.requests.law_rules import Standing, find_law, laws
from exports.requests.statutory_clock import (
    ClockEvent,
    ClockEventKind,
    ClockReading,
    ClockState,
    read_clock,
    receipt_day,
)
from exports.requests.working_days import OfficeCalendar, office_calendar

WEEKEND = ("saturday", "sunday")
ASSAM = office_calendar("IN-AS", weekend=WEEKEND)
PAKISTAN = office_calendar("PK-BA", weekend=WEEKEND)
ONTARIO = office_calendar("CA-ON", weekend=WEEKEND)
SASKATCHEWAN = office_calendar("CA-SK", weekend=WEEKEND)
IN_FORCE = {"CA-ON-MFIPPA/2": date(2027, 1, 1)}
KINDS = {
    "pause": ClockEventKind.PAUSED,
    "resume": ClockEventKind.RESUMED,
    "extend": ClockEventKind.EXTENDED,
    "third": ClockEventKind.THIRD_PARTY,
    "transfer": ClockEventKind.TRANSFERRED,
    "answer": ClockEventKind.ANSWERED,
}


def day(text: str) -> date:
    return date.fromisoformat(text)


def events(text: str) -> list[ClockEvent]:
    """`pause fee 2026-03-05; extend 30 2026-03-20`."""
    found = []
    for part in filter(None, (each.strip() for each in text.split(";"))):
        word, *about, on = part.split()
        days = int(about[0]) if about and about[0].isdigit() else 0
        found.append(
            ClockEvent(kind=KINDS[word], day=day(on), about="" if days else " ".join(about), days=days, reason="why")
        )
    return found


def reckon(
    code: str,
    calendar: OfficeCalendar,
    received: str,
    happened: str = "",
    today: str = "2026-01-01",
    urgent: bool = False,
) -> ClockReading:
    law = find_law(code)
    assert law is not None
    return read_clock(
        law.rule_on(day(received), IN_FORCE), day(received), events(happened), calendar, day(today), urgent=urgent
    )


@pytest.mark.parametrize(
    ("rule", "received", "happened", "due"),
    [
        ("IN-RTI-2005/1", "2026-01-01", "", "2026-01-31"),  # a month's end
        ("IN-RTI-2005/1", "2026-01-31", "", "2026-03-02"),  # over a February of 28 days
        ("IN-RTI-2005/1", "2028-01-31", "", "2028-03-01"),  # over a leap day
        ("IN-RTI-2005/1", "2028-02-29", "", "2028-03-30"),  # received on one
        ("IN-RTI-2005/1", "2025-12-15", "", "2026-01-14"),  # over a year's end; due on Magh Bihu, which counts
        ("IN-RTI-2005/1", "2026-01-26", "", "2026-02-25"),  # received on Republic Day, a holiday
        ("IN-RTI-2005/1", "2026-02-28", "", "2026-03-30"),  # received on a Saturday
        ("IN-RTI-2005/1", "2026-10-09", "", "2026-11-08"),  # due on Diwali, a Sunday: calendar days do not roll
        ("IN-RTI-2005/1", "2026-03-01", "pause fee 2026-03-05; resume fee 2026-03-15", "2026-04-10"),
        ("IN-RTI-2005/1", "2026-03-01", "pause fee 2026-03-05; resume fee 2026-03-05", "2026-03-31"),  # paid at once
        ("IN-RTI-2005/1", "2026-03-01", "pause fee 2026-03-05", None),  # still to be paid
        ("IN-RTI-2005/1", "2026-03-01", "pause clarification 2026-03-05", "2026-03-31"),  # no pause of this law
        ("IN-RTI-2005/1", "2026-03-01", "third 2026-03-10", "2026-04-10"),  # 40 days
        ("IN-RTI-2005/1", "2026-03-01", "extend 30 2026-03-10", "2026-03-31"),  # the law has none
        ("IN-RTI-2005/1", "2006-06-30", "", "2006-07-30"),
    ],
)
def test_india_counts_thirty_calendar_days(rule: str, received: str, happened: str, due: str | None) -> None:
    reading = reckon("IN-RTI-2005", ASSAM, received, happened)
    assert (reading.rule, reading.due) == (rule, due and day(due))


@pytest.mark.parametrize(
    ("rule", "received", "happened", "due"),
    [
        ("PK-RAI-2017/1", "2026-01-01", "", "2026-01-15"),  # Thursday: two weeks of five days
        ("PK-RAI-2017/1", "2026-01-30", "", "2026-02-16"),  # Kashmir Solidarity Day (Thu 5 Feb) is left out
        ("PK-RAI-2017/1", "2024-02-22", "", "2024-03-07"),  # over a leap day, a Thursday
        ("PK-RAI-2017/1", "2026-03-16", "", "2026-04-01"),  # Eid (Fri 20) and Pakistan Day (Mon 23)
        ("PK-RAI-2017/1", "2026-04-24", "", "2026-05-11"),  # Labour Day (Fri 1 May)
        ("PK-RAI-2017/1", "2026-05-20", "", "2026-06-08"),  # Eid al-Adha 26, 27, 28 May
        ("PK-RAI-2017/1", "2026-08-14", "", "2026-08-31"),  # received on Independence Day; Wed 26 Aug is a holiday
        ("PK-RAI-2017/1", "2026-12-24", "", "2027-01-08"),  # Quaid-e-Azam Day, a Friday; over the year's end
        ("PK-RAI-2017/1", "2026-01-03", "", "2026-01-16"),  # received on a Saturday
        ("PK-RAI-2017/1", "2026-01-01", "extend 10 2026-01-12", "2026-01-29"),
        ("PK-RAI-2017/1", "2026-01-01", "extend 25 2026-01-12", "2026-01-29"),  # no more than ten
        ("PK-RAI-2017/1", "2026-01-01", "extend 10 2026-01-16", "2026-01-15"),  # too late
        ("PK-RAI-2017/1", "2026-01-01", "pause fee 2026-01-06; resume fee 2026-01-13", "2026-01-22"),
        ("PK-RAI-2017/1", "2026-01-01", "pause fee 2026-01-06", None),
    ],
)
def test_pakistan_counts_ten_working_days(rule: str, received: str, happened: str, due: str | None) -> None:
    reading = reckon("PK-RAI-2017", PAKISTAN, received, happened)
    assert (reading.rule, reading.due) == (rule, due and day(due))


@pytest.mark.parametrize(
    ("rule", "received", "happened", "due", "urgent"),
    [
        ("PK-BA-RTI-2021/1", "2026-01-01", "", "2026-01-22", False),
        ("PK-BA-RTI-2021/1", "2026-01-30", "", "2026-02-23", False),  # Kashmir Solidarity Day
        ("PK-BA-RTI-2021/1", "2024-02-22", "", "2024-03-14", False),  # a leap day
        ("PK-BA-RTI-2021/1", "2026-03-16", "", "2026-04-08", False),  # Eid and Pakistan Day
        ("PK-BA-RTI-2021/1", "2026-05-20", "", "2026-06-15", False),  # Eid al-Adha
        ("PK-BA-RTI-2021/1", "2026-12-18", "", "2027-01-11", False),  # Quaid-e-Azam Day; the year's end
        ("PK-BA-RTI-2021/1", "2026-08-14", "", "2026-09-07", False),  # received on a holiday
        ("PK-BA-RTI-2021/1", "2026-01-04", "", "2026-01-23", False),  # received on a Sunday
        ("PK-BA-RTI-2021/1", "2026-01-01", "", "2026-01-05", True),  # life or liberty: Friday and Monday
        ("PK-BA-RTI-2021/1", "2026-02-04", "", "2026-02-09", True),  # over a holiday and a weekend
        ("PK-BA-RTI-2021/1", "2026-01-01", "pause fee 2026-01-08; resume fee 2026-01-15", "2026-01-29", False),
        ("PK-BA-RTI-2021/1", "2026-01-01", "extend 10 2026-01-09", "2026-01-22", False),  # none is known
        ("PK-BA-RTI-2021/1", "2021-02-26", "", "2021-03-19", False),  # a month's end; 23 March comes later
    ],
)
def test_balochistan_counts_fifteen_working_days_and_two_for_life_or_liberty(
    rule: str, received: str, happened: str, due: str, urgent: bool
) -> None:
    reading = reckon("PK-BA-RTI-2021", PAKISTAN, received, happened, urgent=urgent)
    assert (reading.rule, reading.due) == (rule, day(due))


@pytest.mark.parametrize(
    ("rule", "received", "happened", "due"),
    [
        ("CA-ON-MFIPPA/1", "2026-01-01", "", "2026-01-31"),  # received on New Year's Day; due on a Saturday
        ("CA-ON-MFIPPA/1", "2026-01-31", "", "2026-03-02"),
        ("CA-ON-MFIPPA/1", "2024-01-31", "", "2024-03-01"),  # a leap day
        ("CA-ON-MFIPPA/1", "2026-11-25", "", "2026-12-25"),  # due on Christmas: this row does not roll
        ("CA-ON-MFIPPA/1", "2026-06-01", "extend 45 2026-06-20", "2026-08-15"),
        ("CA-ON-MFIPPA/1", "2026-06-01", "extend 45 2026-07-02", "2026-07-01"),  # after the time ran out
        ("CA-ON-MFIPPA/1", "2026-06-01", "pause fee 2026-06-10; resume fee 2026-06-20", "2026-07-11"),
        ("CA-ON-MFIPPA/1", "2026-12-31", "", "2027-01-30"),  # the day before the successor: the old rule stays
        ("CA-ON-MFIPPA/2", "2027-01-01", "", "2027-03-08"),  # 45 business days; Family Day is Mon 15 February
        ("CA-ON-MFIPPA/2", "2027-02-01", "", "2027-04-07"),  # Family Day and Good Friday (26 March)
        ("CA-ON-MFIPPA/2", "2027-06-15", "", "2027-08-18"),  # Canada Day, a Thursday
        ("CA-ON-MFIPPA/2", "2028-02-01", "", "2028-04-05"),  # a leap day; Family Day on 21 February
        (
            "CA-ON-MFIPPA/2",
            "2027-01-04",
            "pause staged access 2027-01-11; resume staged access 2027-01-18",
            "2027-03-16",
        ),
        ("CA-ON-MFIPPA/2", "2027-01-04", "pause staged access 2027-01-11", None),
        ("CA-ON-MFIPPA/1", "2026-01-04", "pause staged access 2026-01-11", "2026-02-03"),  # no pause of the old rule
    ],
)
def test_ontario_counts_thirty_days_until_the_successor_is_in_force(
    rule: str, received: str, happened: str, due: str | None
) -> None:
    reading = reckon("CA-ON-MFIPPA", ONTARIO, received, happened)
    assert (reading.rule, reading.due) == (rule, due and day(due))


@pytest.mark.parametrize("code", ["CA-SK-FOIP", "CA-SK-LAFOIP"])
@pytest.mark.parametrize(
    ("received", "happened", "due"),
    [
        ("2026-01-05", "", "2026-02-04"),
        ("2026-01-01", "", "2026-02-02"),  # the 30th day is Saturday 31 January: Monday
        ("2026-01-31", "", "2026-03-02"),
        ("2028-01-31", "", "2028-03-01"),  # a leap day
        ("2026-03-04", "", "2026-04-06"),  # 3 April is Good Friday: Monday
        ("2026-04-18", "", "2026-05-19"),  # 18 May is Victoria Day: Tuesday
        ("2026-06-01", "", "2026-07-02"),  # 1 July is Canada Day
        ("2026-07-03", "", "2026-08-04"),  # Sunday 2 August, then Saskatchewan Day
        ("2026-11-25", "", "2026-12-28"),  # Christmas, a Friday, and a weekend
        ("2026-12-02", "", "2027-01-04"),  # New Year's Day, a Friday
        ("2026-01-05", "extend 30 2026-01-20", "2026-03-06"),
        ("2026-01-05", "extend 60 2026-01-20", "2026-03-06"),  # sixty days in all are the most
        ("2026-01-05", "extend 30 2026-02-05", "2026-02-04"),  # not inside the first thirty
        ("2026-01-05", "extend 30 2026-01-20; extend 30 2026-01-21", "2026-03-06"),  # one only
        ("2026-01-05", "pause fee 2026-01-12; resume fee 2026-01-22", "2026-02-17"),  # Sat 14, then Family Day
    ],
)
def test_saskatchewan_excludes_the_day_of_receipt_and_rolls_to_the_next_open_day(
    code: str, received: str, happened: str, due: str
) -> None:
    reading = reckon(code, SASKATCHEWAN, received, happened)
    assert (reading.rule, reading.due) == (f"{code}/1", day(due))


@pytest.mark.parametrize(
    ("moment", "zone", "closes", "legal"),
    [
        ("2026-03-02T23:59:00+00:00", "Asia/Kolkata", "", "2026-03-03"),  # 05:29 of the next day in Assam
        ("2026-03-02T23:59:00-05:00", "America/Toronto", "", "2026-03-02"),
        ("2026-03-02T23:59:00-06:00", "America/Toronto", "", "2026-03-03"),
        ("2026-03-02T17:01:00-05:00", "America/Toronto", "17:00", "2026-03-03"),
        ("2026-03-06T17:01:00-05:00", "America/Toronto", "17:00", "2026-03-09"),  # after hours on a Friday
        ("2026-12-31T23:59:00+05:00", "Asia/Karachi", "", "2026-12-31"),
    ],
)
def test_a_request_received_at_night_has_the_day_of_the_agency(moment: str, zone: str, closes: str, legal: str) -> None:
    found = receipt_day(datetime.fromisoformat(moment), ZoneInfo(zone), closes=closes, calendar=ONTARIO)
    assert found == day(legal)


@pytest.mark.parametrize(
    ("rule", "sent", "zone", "calendar", "received", "due"),
    [
        ("IN-RTI-2005/1", "2026-02-28T19:29:00+00:00", "Asia/Kolkata", ASSAM, "2026-03-01", "2026-03-31"),
        ("PK-RAI-2017/1", "2025-12-31T23:59:00+00:00", "Asia/Karachi", PAKISTAN, "2026-01-01", "2026-01-15"),
        ("PK-BA-RTI-2021/1", "2025-12-31T23:59:00+00:00", "Asia/Karachi", PAKISTAN, "2026-01-01", "2026-01-22"),
        ("CA-ON-MFIPPA/1", "2026-02-01T04:59:00+00:00", "America/Toronto", ONTARIO, "2026-01-31", "2026-03-02"),
        ("CA-SK-FOIP/1", "2026-01-06T05:59:00+00:00", "America/Regina", SASKATCHEWAN, "2026-01-05", "2026-02-04"),
        ("CA-SK-LAFOIP/1", "2028-02-01T05:59:00+00:00", "America/Regina", SASKATCHEWAN, "2028-01-31", "2028-03-01"),
    ],
)
def test_under_each_law_a_request_of_23_59_elsewhere_is_reckoned_from_the_agency_s_day(
    rule: str, sent: str, zone: str, calendar: OfficeCalendar, received: str, due: str
) -> None:
    legal = receipt_day(datetime.fromisoformat(sent), ZoneInfo(zone))
    assert legal == day(received)
    reading = reckon(rule.partition("/")[0], calendar, received)
    assert (reading.rule, reading.due) == (rule, day(due))


def test_a_warning_is_told_once_and_silence_means_nothing_where_the_rule_does_not_say_so() -> None:
    reading = reckon("IN-RTI-2005", ASSAM, "2026-03-01", today="2026-04-05")
    assert reading.warnings.count("IN-RTI-2005/1: UNVERIFIED: reported only, have counsel confirm it") == 1
    assert reading.deemed_on == date(2026, 4, 1)
    assert reckon("CA-ON-MFIPPA", ONTARIO, "2026-03-01", today="2026-06-05").deemed_on is None


def test_life_or_liberty_in_india_is_counted_in_hours() -> None:
    law = find_law("RTI Act 2005")
    assert law is not None
    at = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    reading = read_clock(law.rules[0], date(2026, 3, 3), [], ASSAM, date(2026, 3, 4), urgent=True, received_at=at)
    assert reading.due_at == datetime(2026, 3, 4, 18, 30, tzinfo=UTC)
    assert reading.due == date(2026, 3, 5)


def test_transfer_deemed_refusal_and_appeal_have_days_of_their_own() -> None:
    reading = reckon("IN-RTI-2005", ASSAM, "2026-03-01", today="2026-04-05")
    assert reading.state is ClockState.OVERDUE
    assert reading.transfer_by == date(2026, 3, 6)
    assert reading.deemed_on == date(2026, 4, 1)
    assert reading.appeal_until == date(2026, 5, 1)
    assert any("free of charge" in each.text for each in reading.steps)
    answered = reckon("IN-RTI-2005", ASSAM, "2026-03-01", "answer 2026-03-20", today="2026-04-05")
    assert (answered.state, answered.deemed_on, answered.appeal_until) == (
        ClockState.ANSWERED,
        None,
        date(2026, 4, 19),
    )
    late = reckon("IN-RTI-2005", ASSAM, "2026-03-01", "answer 2026-04-02", today="2026-04-05")
    assert late.state is ClockState.ANSWERED_LATE
    passed_on = reckon("IN-RTI-2005", ASSAM, "2026-03-01", "transfer 2026-03-04", today="2026-04-05")
    assert passed_on.state is ClockState.TRANSFERRED


@pytest.mark.parametrize(
    ("today", "state", "left"),
    [
        ("2026-03-02", ClockState.RUNNING, 29),
        ("2026-03-26", ClockState.DUE_SOON, 5),
        ("2026-03-31", ClockState.DUE_TODAY, 0),
        ("2026-04-01", ClockState.OVERDUE, -1),
    ],
)
def test_a_clock_tells_how_near_the_day_is(today: str, state: ClockState, left: int) -> None:
    reading = reckon("IN-RTI-2005", ASSAM, "2026-03-01", today=today)
    assert (reading.state, reading.days_left) == (state, left)


def test_a_standing_clock_tells_what_is_left_of_the_period() -> None:
    reading = reckon("IN-RTI-2005", ASSAM, "2026-03-01", "pause fee 2026-03-11", today="2026-06-01")
    assert (reading.state, reading.due, reading.days_left) == (ClockState.PAUSED, None, 20)


def test_what_is_not_verified_is_said_beside_every_date() -> None:
    assert reckon("CA-SK-LAFOIP", SASKATCHEWAN, "2026-01-05").warnings == ()
    told = reckon("IN-RTI-2005", ASSAM, "2026-03-01", "pause fee 2026-03-05; resume fee 2026-03-06").warnings
    assert any("reported only" in each for each in told)
    assert any("needs counsel" in each for each in told)


def test_every_rule_and_list_has_a_source_and_a_status() -> None:
    for law in laws():
        assert law.aliases
        for rule in law.rules:
            assert rule.source
            assert rule.id.startswith(law.code)
            terms = [rule.transfer, rule.third_party, rule.extension, rule.appeal, *rule.pauses]
            assert all(each.source and each.status in Standing for each in terms if each)
        for listed in law.exemptions:
            assert listed.source
            assert set(listed.mandatory) | set(listed.personal) <= set(listed.sections)


def test_the_exemptions_are_those_in_force_on_the_day() -> None:
    law = find_law("rti act  2005")
    assert law is not None
    before, after = law.exemptions_on(date(2025, 11, 13)), law.exemptions_on(date(2025, 11, 14))
    assert before is not None
    assert after is not None
    assert before.id.endswith("/1")
    assert after.id.endswith("/2")
    assert "8(2)" in after.notes["8(1)(j)"]


def test_a_law_repealed_later_still_rules_what_was_received_under_it() -> None:
    law = find_law("MFIPPA")
    assert law is not None
    old = replace(law.rules[0], until=date(2026, 6, 30))
    assert replace(law, rules=(old,)).rule_on(date(2026, 6, 30)).id == "CA-ON-MFIPPA/1"
    with pytest.raises(BadInput, match="no rule in force on 2026-07-01"):
        replace(law, rules=(old,)).rule_on(date(2026, 7, 1))
    assert law.rule_on(date(2030, 1, 1)).id == "CA-ON-MFIPPA/1"  # the successor has no day yet


def test_closed_days_of_the_agency_and_days_it_keeps_open_change_the_calendar() -> None:
    own = office_calendar("PK", weekend=WEEKEND, closed=["2026-01-06 Founders' day"], opened=["2026-02-05"])
    assert own.closed_for(date(2026, 1, 6)) == "Founders' day"
    assert own.is_open(date(2026, 2, 5))
    assert reckon("PK-RAI-2017", own, "2026-01-01").due == date(2026, 1, 16)


def test_a_calendar_that_does_not_reach_is_refused_with_the_next_step() -> None:
    with pytest.raises(CalendarGap, match=r"requests\.closed_days"):
        reckon("PK-RAI-2017", office_calendar("XX"), "2026-01-01")
    with pytest.raises(CalendarGap, match="2150"):
        reckon("PK-RAI-2017", PAKISTAN, "2150-01-01")


@given(
    received=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    begun=st.integers(1, 20),
    lasted=st.integers(0, 60),
    code=st.sampled_from(["IN-RTI-2005", "CA-ON-MFIPPA"]),
)
def test_a_pause_moves_the_day_by_exactly_its_length(received: date, begun: int, lasted: int, code: str) -> None:
    start = date.fromordinal(received.toordinal() + begun)
    end = date.fromordinal(start.toordinal() + lasted)
    law = find_law(code)
    assert law is not None
    happened = events(f"pause fee {start}; resume fee {end}")
    plain = read_clock(law.rules[0], received, [], ASSAM, received)
    paused = read_clock(law.rules[0], received, happened, ASSAM, received)
    assert plain.due is not None
    assert paused.due is not None
    assert (paused.due - plain.due).days == lasted


def test_the_calendar_file_is_folded_escaped_and_names_nobody() -> None:
    written = write_calendar(
        [DueDay(key="REQ-2026-0001-a", day=date(2026, 3, 31), title="REQ-2026-0001; answer, due", told="ক" * 60)],
        agency="শিৱসাগৰ",
        made_at=datetime(2026, 3, 2, tzinfo=UTC),
    )
    lines = written.split(b"\r\n")
    assert all(len(each) <= 75 for each in lines)
    assert b"DTSTART;VALUE=DATE:20260331" in lines
    assert b"DTEND;VALUE=DATE:20260401" in lines
    assert b"SUMMARY:REQ-2026-0001\\; answer\\, due" in lines
    assert "ক" * 60 in written.decode().replace("\r\n ", "")

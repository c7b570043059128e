from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import Record, RecordId
from retention.decisions import Decision, Reason, State, explain, plan
from retention.file_plan import Action, FilePlan
from tests.retention.values import RECORD, plan_of

TORONTO = ZoneInfo("America/Toronto")
PLAN = replace(plan_of(), schedules=tuple(replace(schedule, number=2) for schedule in plan_of().schedules), number=3)
TODAY = date(2026, 11, 21)


def decide(
    record: Record,
    *matters: str,
    today: date = TODAY,
    file_plan: FilePlan = PLAN,
    events: dict[str, date] | None = None,
) -> Decision:
    holds = {record.id: matters} if matters else {}
    (decision,) = plan([record], file_plan, holds, today, TORONTO, {record.id: events or {}})
    return decision


def classed(code: str, **changes: datetime | None) -> Record:
    return replace(RECORD, class_code=code, **changes)  # type: ignore[arg-type]  # mypy cannot see which fields


def test_a_record_is_kept_until_its_period_has_passed_and_says_why() -> None:
    decision = decide(classed("COMMS-1"))
    assert (decision.record_id, decision.state, decision.action) == (RECORD.id, State.KEEP, Action.DESTROY)
    assert (decision.due, decision.class_code) == (date(2033, 4, 1), "COMMS-1")
    assert decision.reasons == (
        Reason(
            fact="7 years after last activity on 2026-04-01",
            rule="class COMMS-1, Routine exchanges",
            version=2,
            authority="By-law 12/2019",
        ),
    )
    assert explain(decision) == (
        "Kept until 2033-04-01: class COMMS-1, Routine exchanges, 7 years after last activity on 2026-04-01, "
        "schedule version 2, by By-law 12/2019."
    )


def test_a_record_is_due_on_the_day_its_period_has_passed_and_not_a_day_before() -> None:
    assert decide(classed("COMMS-1"), today=date(2033, 3, 31)).state is State.KEEP
    due = decide(classed("COMMS-1"), today=date(2033, 4, 1))
    assert due.state is State.DUE
    assert explain(due).startswith("Due since 2033-04-01 to be destroyed: class COMMS-1, ")


def test_the_day_is_the_agencys_and_not_utcs() -> None:
    late = datetime(2026, 4, 2, 3, 30, tzinfo=UTC)  # 23:30 on 1 April in Toronto
    assert decide(classed("COMMS-1", last_activity=late)).due == date(2033, 4, 1)


def test_a_cut_off_counts_from_the_end_of_the_fiscal_year() -> None:
    decision = decide(classed("NOTICE", created=datetime(2026, 4, 1, 12, tzinfo=UTC)))
    assert decision.due == date(2028, 3, 31)
    assert explain(decision) == (
        "Kept until 2028-03-31: class NOTICE, Public notices, 1 year after 2027-03-31, the end of the year of "
        "creation on 2026-04-01, schedule version 2, by By-law 13/2019."
    )


def test_nothing_is_due_before_its_schedule_takes_effect() -> None:
    old = classed("NOTICE", created=datetime(2015, 4, 1, 12, tzinfo=UTC))
    decision = decide(old)
    assert decision.due == date(2026, 1, 1)
    assert "in effect from 2026-01-01" in explain(decision)
    assert decide(old, today=date(2025, 12, 31)).state is State.KEEP
    assert explain(decision).startswith("Due since 2026-01-01 to be reviewed: ")


def test_an_unclassified_record_is_never_due() -> None:
    decision = decide(RECORD, today=date.max)
    assert (decision.state, decision.due, decision.action) == (State.UNDECIDED, None, None)
    assert explain(decision) == (
        "Undecided, so never due: an unclassified record is never due, it has no record class."
    )


def test_a_class_the_plan_lacks_or_that_has_no_schedule_is_never_due() -> None:
    unknown, heading = decide(classed("GONE"), today=date.max), decide(classed("COMMS"), today=date.max)
    assert (unknown.state, heading.state) == (State.UNDECIDED, State.UNDECIDED)
    assert "class GONE is not in the file plan" in explain(unknown)
    assert "class COMMS has no schedule" in explain(heading)


def test_a_record_without_the_date_its_period_counts_from_is_never_due() -> None:
    undated = decide(classed("COMMS-1", last_activity=None), today=date.max)
    assert (undated.state, undated.due) == (State.UNDECIDED, None)
    assert explain(undated) == (
        "Undecided, so never due: class COMMS-1, Routine exchanges, the date of last activity is not known, "
        "schedule version 2, by By-law 12/2019."
    )


def test_an_event_starts_the_period_once_an_officer_entered_it() -> None:
    waiting = decide(classed("POLICY"), today=date.max, events={"another": date(2026, 1, 1)})
    assert waiting.state is State.UNDECIDED
    assert "the date of the event “consultation-closed” is not known" in explain(waiting)
    closed = decide(classed("POLICY"), events={"consultation-closed": date(2026, 5, 4)})
    assert closed.due == date(2036, 5, 4)
    assert explain(closed).startswith(
        "Kept until 2036-05-04: class POLICY, জনসাধাৰণৰ পৰামৰ্শ, 10 years after the event "
        "“consultation-closed” on 2026-05-04"
    )
    transferred = decide(classed("POLICY"), today=date(2036, 5, 4), events={"consultation-closed": date(2026, 5, 4)})
    assert explain(transferred).startswith("Due since 2036-05-04 to be transferred: ")


def test_what_is_of_lasting_interest_is_kept_permanently() -> None:
    decision = decide(classed("HIST"), today=date.max)
    assert (decision.state, decision.due) == (State.PERMANENT, None)
    assert explain(decision) == (
        "Kept permanently: class HIST, Of lasting interest, it is of permanent value, schedule version 2, "
        "by Archives Act, s. 2."
    )


def test_a_hold_outranks_an_expired_schedule_and_names_its_matters() -> None:
    decision = decide(classed("COMMS-1"), "Smith v. Rivermouth", "Ombudsman 7/26", today=date(2040, 1, 1))
    assert (decision.state, decision.due) == (State.HELD, date(2033, 4, 1))
    assert explain(decision) == (
        "Held for Smith v. Rivermouth and Ombudsman 7/26; without the hold it would be due on 2033-04-01: "
        "class COMMS-1, Routine exchanges, 7 years after last activity on 2026-04-01, schedule version 2, "
        "by By-law 12/2019."
    )


def test_a_hold_covers_what_nobody_classified_too() -> None:
    decision = decide(RECORD, "Smith v. Rivermouth", today=date.max)
    assert decision.state is State.HELD
    assert explain(decision) == (
        "Held for Smith v. Rivermouth: an unclassified record is never due, it has no record class."
    )


MOMENTS = st.none() | st.integers(631152000, 2840140800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
RECORDS = st.lists(
    st.builds(
        Record,
        id=st.integers(0, 10**6).map(lambda number: RecordId(f"rec_{number:016x}")),
        site=st.just("social.example"),
        kind=st.just(RECORD.kind),
        native_root_id=st.none(),
        canonical_url=st.just("https://social.example/"),
        created=MOMENTS,
        last_captured=MOMENTS,
        last_activity=MOMENTS,
        class_code=st.none() | st.sampled_from(["COMMS-1", "NOTICE", "POLICY", "HIST", "COMMS", "GONE"]),
    ),
    unique_by=lambda record: record.id,
    max_size=8,
)
DAYS = st.dates(date(1990, 1, 1), date(2080, 1, 1))


@given(RECORDS, DAYS, st.data())
def test_every_record_gets_one_decision_and_only_what_is_past_its_date_and_free_is_due(
    records: list[Record], today: date, data: st.DataObject
) -> None:
    held = data.draw(st.sets(st.sampled_from(records))) if records else set()
    closed = {record.id: {"consultation-closed": data.draw(DAYS)} for record in records if data.draw(st.booleans())}
    holds = {record.id: ("matter",) for record in held}
    decisions = plan(records, PLAN, holds, today, TORONTO, closed)
    assert [decision.record_id for decision in decisions] == [record.id for record in records]
    for record, decision in zip(records, decisions, strict=True):
        assert (decision.state is State.HELD) == (record in held)
        assert decision.reasons
        assert explain(decision).endswith(".")
        if record.class_code in (None, "COMMS", "GONE", "HIST"):
            assert decision.due is None
        if decision.state is State.DUE:
            assert decision.due is not None
            assert decision.due <= today
            assert decision.action in (Action.DESTROY, Action.TRANSFER, Action.REVIEW)
        if decision.state is State.KEEP:
            assert decision.due is not None
            assert decision.due > today


@given(RECORDS, DAYS, st.integers(0, 4000))
def test_waiting_never_takes_back_that_a_record_is_due(records: list[Record], today: date, days: int) -> None:
    earlier = plan(records, PLAN, {}, today, TORONTO)
    later = plan(records, PLAN, {}, today + timedelta(days=days), TORONTO)
    for before, after in zip(earlier, later, strict=True):
        assert before.due == after.due
        if before.state is State.DUE:
            assert after.state is State.DUE


@given(RECORDS, DAYS)
def test_a_record_is_judged_alone_whatever_lies_beside_it(records: list[Record], today: date) -> None:
    together = plan(records, PLAN, {}, today, TORONTO)
    assert together == [decision for record in records for decision in plan([record], PLAN, {}, today, TORONTO)]

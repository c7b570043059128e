from __future__ import annotations

from datetime import date

import pytest

from archiver.core.errors import BadFilePlan
from retention.file_plan import Action, ClassificationRule, RecordClass, ScheduleVersion, Trigger, TriggerKind
from retention.periods import PERMANENT, Period, YearEnd
from retention.plan_file import example_plan, parse_trigger, read_plan
from tests.retention.values import plan_of

LEAST = """
title = "T"
[[class]]
code = "A"
title = "A"
[class.schedule]
mandate = "M"
trigger = "created"
period = "P1Y"
action = "destroy"
"""


def faults(source: str) -> list[str]:
    with pytest.raises(BadFilePlan) as caught:
        read_plan(source, "plan.toml")
    heading, *lines = str(caught.value).splitlines()
    assert heading.startswith("plan.toml has ")
    assert heading.split()[2] == str(len(lines))
    return [line.strip() for line in lines]


def test_a_plan_is_read_with_its_classes_schedules_and_rules() -> None:
    plan = plan_of()
    assert plan.title == "Rivermouth file plan"
    assert plan.number == 0
    assert [entry.code for entry in plan.classes] == ["COMMS", "COMMS-1", "HIST", "NOTICE", "POLICY"]
    assert plan.record_class("POLICY") == RecordClass(code="POLICY", title="জনসাধাৰণৰ পৰামৰ্শ")
    assert plan.record_class("COMMS-1") == RecordClass(code="COMMS-1", title="Routine exchanges", parent="COMMS")
    assert plan.schedule("NOTICE") == ScheduleVersion(
        class_code="NOTICE",
        mandate="By-law 13/2019",
        trigger=Trigger(kind=TriggerKind.CREATED),
        period=Period(years=1),
        cutoff=YearEnd(month=3, day=31),
        action=Action.REVIEW,
        approvals=1,
        effective_from=date(2026, 1, 1),
    )
    history = plan.schedule("HIST")
    assert history is not None
    assert (history.period, history.action) == (PERMANENT, Action.PERMANENT)
    assert plan.rules[1] == ClassificationRule(
        class_code="NOTICE",
        because="a notice in French",
        conditions=(("keyword", ("Avis", "notice")), ("language", ("fr",))),
    )


def test_a_heading_has_no_schedule_and_an_unknown_code_no_class() -> None:
    assert plan_of().schedule("COMMS") is None
    assert plan_of().record_class("NOWHERE") is None


def test_the_example_plan_can_be_loaded_and_says_that_it_is_one() -> None:
    source = example_plan()
    assert source.startswith("# AN EXAMPLE, NOT A SCHEDULE.")
    plan = read_plan(source, "example.toml")
    assert "not approved" in plan.title
    assert all(schedule.mandate.startswith("EXAMPLE: ") for schedule in plan.schedules)


@pytest.mark.parametrize("text", ["created", "captured", "last_activity", "event:election-held"])
def test_triggers_are_read_and_written_back(text: str) -> None:
    assert str(parse_trigger(text)) == text


@pytest.mark.parametrize("text", ["", "event", "event:", "event:Not This", "created:", "modified"])
def test_what_is_no_trigger_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a trigger"):
        parse_trigger(text)


def test_what_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(BadFilePlan, match=r"plan\.toml is not TOML: .*line 2"):
        read_plan('title = "T"\n[[class]\n', "plan.toml")


def test_every_fault_is_told_at_once_with_its_place() -> None:
    source = """
    titel = "T"
    [[class]]
    code = "A B"
    title = "  "
    parent = "NOWHERE"
    [class.schedule]
    trigger = "yesterday"
    period = "7 years"
    action = "burn"
    cutoff = "31 March"
    approvals = "two"
    effective_from = "2026-01-01"
    colour = "red"
    [[class]]
    title = 7
    schedule = "none"
    [[rule]]
    match = { kind = "tweet", mood = "bad", tag = [] }
    class = "X"
    """
    assert faults(source) == [
        "titel: unknown key; there are class, rule, title",
        "title: is missing",
        "class[1].code: 'A B' may hold letters, digits, dots, hyphens and slashes only",
        "class[1].title: is empty",
        "class[1].schedule.colour: unknown key; there are action, approvals, cutoff, effective_from, keep_copy, "
        "mandate, period, review_by, roles, storage, trigger",
        "class[1].schedule.action: 'burn' is not an action: destroy, transfer, review, permanent",
        "class[1].schedule.period: '7 years' is not a period: write P7Y, P18M, P2W, P90D or permanent",
        "class[1].schedule.trigger: 'yesterday' is not a trigger: write created, captured, last_activity, or "
        "event: and a type in lower-case letters, digits and hyphens",
        "class[1].schedule.cutoff: '31 March' is not a year's last day: write month and day, such as 03-31",
        "class[1].schedule.approvals: the action review takes 1 to 9 approvals",
        "class[1].schedule.mandate: is missing",
        "class[1].schedule.effective_from: must be a date without quotes, such as 2026-04-01",
        "class[2].code: is missing",
        "class[2].title: must be a text in quotes",
        "class[2].schedule: must be a table",
        "rule[1].match.mood: unknown key; there are account, alert, collection, creator, keyword, kind, language, "
        "reply, site, tag",
        "rule[1].match.kind: 'tweet' is not a kind of record or paper: thread, page, timeline, profile, "
        "summary, file, production, request, certificate, night_report, hold, file_plan, trail",
        "rule[1].match.tag: must be a text or a list of texts, none empty",
        "rule[1].because: is missing",
        "class A B: its parent NOWHERE is no class of this plan",
        "rule[1].class: X is no class of this plan",
    ]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('title = "T"', "class: the plan has no record class"),
        ('title = "T"\nclass = 3', "class: must be tables, each headed [[class]]"),
        (LEAST + LEAST.partition('"T"')[2], "class A: is there 2 times; a code names one class"),
        (
            LEAST.replace('title = "A"', 'title = "A"\nparent = "A"'),
            "class A: is above itself by its parents",
        ),
        (
            LEAST + '[[class]]\ncode = "B"\ntitle = "B"',
            "class B: has no schedule, and is no heading above other classes",
        ),
        (
            LEAST.replace("P1Y", "permanent"),
            "class[1].schedule.period: permanent contradicts the action destroy",
        ),
        (
            LEAST.replace("destroy", "permanent"),
            "class[1].schedule.period: P1Y contradicts the action permanent",
        ),
        (LEAST + "approvals = 1", "class[1].schedule.approvals: the action destroy takes 2 to 9 approvals"),
        (
            LEAST + "approvals = true",
            "class[1].schedule.approvals: the action destroy takes 2 to 9 approvals",
        ),
        (LEAST.replace('trigger = "created"', ""), "class[1].schedule.trigger: is missing"),
        (
            LEAST + "effective_from = 2026-01-01T00:00:00Z",
            "class[1].schedule.effective_from: must be a date without quotes, such as 2026-04-01",
        ),
        (
            LEAST + '[[rule]]\nmatch = "all"\nclass = "A"\nbecause = "B"',
            'rule[1].match: must be a table, such as { kind = "thread" }',
        ),
        (
            LEAST + '[[rule]]\nclass = "A"\nbecause = "B"\n' * 2,
            "rule[2].match: is never reached after rule 1, which matches all that it matches",
        ),
        (
            LEAST
            + '[[class]]\ncode = "B"\ntitle = "B"\n[[class]]\ncode = "C"\ntitle = "C"\nparent = "B"\n'
            + LEAST.partition('title = "A"')[2]
            + '[[rule]]\nclass = "B"\nbecause = "B"',
            "rule[1].class: B is a heading, it has no schedule",
        ),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(source: str, fault: str) -> None:
    assert faults(source) == [fault]


def test_parents_that_go_in_circles_are_found_for_each_class_of_the_circle() -> None:
    circle = "".join(
        f'[[class]]\ncode = "{code}"\ntitle = "T"\nparent = "{parent}"\n' + LEAST.partition('title = "A"')[2]
        for code, parent in (("X", "Y"), ("Y", "X"), ("Z", "X"))
    )
    assert faults('title = "T"\n' + circle) == [
        "class X: is above itself by its parents",
        "class Y: is above itself by its parents",
    ]

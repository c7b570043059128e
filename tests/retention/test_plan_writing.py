"""A plan goes out as TOML or CSV, and comes back as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import BadFilePlan, NotFound
from retention.file_plan import ClassificationRule, FilePlan, RecordClass
from retention.plan_file import example_jurisdictions, example_plan, read_plan
from retention.plan_writing import COLUMNS, faults_in_csv, read_plan_csv, write_plan_csv, write_plan_toml
from tests.core.values import SENTENCES
from tests.retention.values import plan_of

EXAMPLES = ["", *example_jurisdictions()]
WORDS = st.sampled_from(
    [each for each in SENTENCES if each.strip()] + ["=SUM(A1)", "-1", "@x", "'quoted'", 'a,b"c']
).map(str.strip)


def test_an_example_comes_for_every_jurisdiction_of_the_policies() -> None:
    assert example_jurisdictions() == ["CA-ON", "CA-SK", "IN-AS", "PK", "PK-BA"]
    with pytest.raises(NotFound, match="CA-ON, CA-SK"):
        example_plan("XX")


@pytest.mark.parametrize("jurisdiction", EXAMPLES)
def test_every_example_says_that_it_is_one_and_is_a_sound_plan(jurisdiction: str) -> None:
    source = example_plan(jurisdiction)
    assert source.startswith("# AN EXAMPLE, NOT A SCHEDULE")
    plan = read_plan(source)
    assert "not approved: for counsel to replace" in plan.title
    assert all(each.mandate.startswith("EXAMPLE: ") for each in plan.schedules)


@pytest.mark.parametrize("jurisdiction", EXAMPLES)
def test_a_plan_comes_back_from_toml_and_from_csv_as_it_was(jurisdiction: str) -> None:
    plan = read_plan(example_plan(jurisdiction))
    assert read_plan(write_plan_toml(plan)) == plan
    assert read_plan_csv(write_plan_csv(plan)) == plan


@given(WORDS, WORDS, WORDS)
def test_texts_of_every_script_come_back_and_no_cell_is_a_formula(title: str, class_title: str, because: str) -> None:
    plan = plan_of()
    classes = tuple(replace(each, title=class_title) if each.code == "HIST" else each for each in plan.classes)
    rules = (*plan.rules, ClassificationRule(class_code="HIST", because=because))
    changed = replace(plan, title=title, classes=classes, rules=rules)
    assert read_plan(write_plan_toml(changed)) == changed
    table = write_plan_csv(changed)
    assert read_plan_csv(table) == changed
    assert not any(
        cell.strip('"').startswith(("=", "+", "-", "@")) for row in table.split("\r\n") for cell in row.split(",")
    )


def test_the_csv_has_one_header_and_a_row_for_each_class_and_rule() -> None:
    plan = plan_of()
    rows = write_plan_csv(plan).strip().split("\r\n")
    assert rows[0] == ",".join(COLUMNS)
    assert len(rows) == 2 + len(plan.classes) + len(plan.rules)


def test_faults_of_a_csv_are_told_like_those_of_a_toml_file() -> None:
    table = write_plan_csv(plan_of()).replace("P7Y", "P-7Y").replace("By-law 13/2019", "")
    with pytest.raises(BadFilePlan, match=r"(?s)schedule.mandate: is missing.*|P-7Y.* is not a period"):
        read_plan_csv(table)
    with pytest.raises(BadFilePlan, match="has not the header"):
        read_plan_csv("code,title\r\nA,B\r\n")
    with pytest.raises(BadFilePlan, match="line 3: 'clas' is no kind of row"):
        read_plan_csv(write_plan_csv(plan_of()).replace("\r\nclass,", "\r\nclas,", 1))


def test_what_a_csv_cannot_say_is_told() -> None:
    rule = ClassificationRule(class_code="A", because="x", conditions=(("tag", ("a|b",)),))
    plan = FilePlan(title="t", classes=(RecordClass(code="A", title="a"),), schedules=(), rules=(rule,))
    assert list(faults_in_csv(plan)) == ["rule 1: 'a|b' holds one of ; | ="]

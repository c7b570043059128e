from __future__ import annotations

import pytest

from retention.comparison import Difference, compare_plans, is_shorter
from tests.retention.values import PLAN, plan_of


def test_a_plan_does_not_differ_from_itself() -> None:
    assert compare_plans(plan_of(), plan_of()) == []


def test_every_changed_entry_is_told_from_what_to_what() -> None:
    new = plan_of(PLAN.replace("P7Y", "P2Y").replace("Public notices", "Avis publics"))
    assert compare_plans(plan_of(), new) == [
        Difference(entry="schedule of COMMS-1", field="period", was="P7Y", now="P2Y", shorter=True),
        Difference(entry="class NOTICE", field="title", was="Public notices", now="Avis publics"),
    ]


@pytest.mark.parametrize(
    ("was", "now", "shorter"),
    [
        ('period = "P7Y"', 'period = "P8Y"', False),
        ('period = "P7Y"', 'period = "P84M"', False),
        ('period = "P7Y"', 'period = "P2555D"', True),  # 7 years of 365 days lack the leap days
        ('period = "P7Y"', 'period = "P7Y"\ncutoff = "12-31"', False),
        ('cutoff = "03-31"\n', "", True),
        ('trigger = "last_activity"', 'trigger = "created"', True),
        ('action = "destroy"', 'action = "review"', False),
        ('action = "transfer"', 'action = "destroy"', True),
        ('period = "permanent"\naction = "permanent"', 'trigger = "created"\nperiod = "P99Y"\naction = "review"', True),
        ('action = "destroy"', 'action = "destroy"\napprovals = 3', False),
        ("effective_from = 2026-01-01", "effective_from = 2029-01-01", False),
        ("effective_from = 2026-01-01", "", True),
    ],
)
def test_what_lets_records_go_sooner_is_told_from_what_keeps_them_longer(was: str, now: str, shorter: bool) -> None:
    changed = PLAN.replace(was, now)
    assert changed != PLAN
    old, new = plan_of(), plan_of(changed)
    assert any(is_shorter(old.schedule(each.code), new.schedule(each.code)) for each in new.classes) is shorter


def test_fewer_approvals_or_roles_count_as_shorter() -> None:
    strict = plan_of(PLAN.replace('action = "destroy"', 'action = "destroy"\napprovals = 3\nroles = ["administrator"]'))
    assert is_shorter(strict.schedule("COMMS-1"), plan_of().schedule("COMMS-1"))
    assert not is_shorter(plan_of().schedule("COMMS-1"), strict.schedule("COMMS-1"))

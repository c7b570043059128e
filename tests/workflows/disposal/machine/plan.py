"""The plans of the machine's archive: two that differ in how long records stay, with classes of papers in both."""

from __future__ import annotations

from tests.workflows.disposal.shelf import PLAN
from tests.workflows.disposal.test_papers import OF_PAPERS

SHORT, LONG = 90, 120
"""Days that a record stays after its last activity."""
_PAPERS = (
    OF_PAPERS.replace('action = "review"\napprovals = 1', 'action = "destroy"')
    .replace('"P1Y"', '"P300D"')
    .replace('"P2Y"', '"P400D"')
    .replace('match = { kind = "file_plan" }\nclass = "P3"', 'match = { kind = "file_plan" }\nclass = "P4"')
)


def plan_text(days: int) -> str:
    """The shelf's plan, and what papers need; only records of class R stay so many days."""
    return PLAN.replace("P90D", f"P{days}D", 1) + _PAPERS

"""The report as a page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from archiver.workflows.night.page import plot_nights, render_page

NIGHTS = st.lists(
    st.fixed_dictionaries(
        {
            "night": st.dates().map(str),
            "captured": st.integers(0, 10**6),
            "unchanged": st.integers(0, 10**6),
            "failed": st.integers(0, 10**6),
            "left": st.integers(0, 10**6),
            "ran": st.booleans(),
        }
    ),
    max_size=30,
)


SERIES = ("captured", "unchanged", "failed", "left")


@given(NIGHTS)
def test_every_bar_lies_within_the_plot_and_bars_of_a_night_stand_on_one_another(nights: list[dict[str, Any]]) -> None:
    plot = plot_nights(nights)
    for bar in plot.bars:
        assert plot.left <= bar.x
        assert bar.x + bar.width <= plot.width + 0.01
        assert -0.01 <= bar.y <= bar.y + bar.height <= plot.base + 0.01
    assert len(plot.bars) == sum(
        bool(night[name]) for night in nights for name in ("captured", "unchanged", "failed", "left")
    )
    assert 2 <= len(plot.ticks) <= 7


def account(**changed: Any) -> dict[str, Any]:
    return {
        "id": "acc_1",
        "name": "town.example/@নগৰ", "department": "مواصلات", "url": "https://town.example/",
        "due": True,
        "found": 12, "ever_captured": 11, "visited": 4, "captured": 2, "unchanged": 1, "gone": 0, "failed": 1,
        "left": 0, "items_new": 3, "items_edited": 1, "items_gone": 0,
        "completeness": [{"what": "comments", "declared": 17, "found": 16}],
        "incomplete": [],
        "troubles": [{"url": "https://town.example/<b>", "outcome": "failed", "reason": "hors service"}],
        "still_online": [], "last_good": "2026-11-21T07:45:00.000000Z", "gaps": ["2026-11-19"],
        "notes": ["of 300 threads it lists the first 200 are followed"], **changed,
    }  # fmt: skip


def report(**changed: Any) -> dict[str, Any]:
    night = {"night": "2026-11-21", "captured": 2, "unchanged": 1, "failed": 1, "left": 0, "ran": True}
    return {
        "format": "archiver-night 1", "run": "run_1", "night": "2026-11-21", "agency": "শিৱসাগৰ পৌৰসভা",
        "time_zone": "Asia/Kolkata", "started": "2026-11-21T19:30:00.000000Z",
        "finished": "2026-11-21T21:00:00.000000Z",
        "taken_up": [], "narrowed": False, "exit_code": 103, "verdict": "NightUnhealthy",
        "summary": "2 captured; 1 failed",
        "figures": {}, "accounts": [account()], "nights": [{**night, "night": "2026-11-20", "ran": False}, night],
        "closing": {
            "searchable": 40, "searched": 12, "due": 2, "undecided": 0, "files_hashed": 50, "findings": [],
            "problems": [],
        },
        "notes": ["the machine's clock was set back by 3600 s"], **changed,
    }  # fmt: skip


def test_the_page_says_what_the_report_holds_in_the_archive_s_own_time() -> None:
    page = render_page(report())
    expected = (
        "2026-11-22 01:00 IST", "town.example/@নগৰ", "مواصلات", "16 of 17 comments", "hors service", "2026-11-19",
        "2026-11-21 13:15 IST", "set back by 3600 s", "40 posts and comments",
        "12 of them were looked for", "exit code 103", "no run",
    )  # fmt: skip
    for told in expected:
        assert told in page.replace("&#39;", "'")
    assert "https://town.example/&lt;b&gt;" in page


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    tree = etree.HTML(render_page(report()))
    assert not tree.xpath("//script | //link | //img | //iframe | //@src | //*[@onclick]")
    assert "url(" not in render_page(report())


def test_the_plot_has_a_name_and_its_figures_stand_in_a_table_beside_it() -> None:
    tree = etree.HTML(render_page(report()))
    (plot,) = tree.xpath("//svg[@role='img']")
    assert plot.get("aria-labelledby") == "plot-title plot-about"
    rows = tree.xpath("//section[h2='The last nights']//tbody/tr")
    assert [[cell.text for cell in row] for row in rows] == [
        ["2026-11-21", "2", "1", "1", "0"],
        ["2026-11-20", "no run"],
    ]


@pytest.mark.parametrize("changed", [{"accounts": []}, {"exit_code": 0, "verdict": "good", "notes": []}])
def test_a_quiet_night_and_an_archive_without_accounts_have_a_page_too(changed: dict[str, Any]) -> None:
    assert "</html>" in render_page(report(**changed))

"""Pages as sites word them, in a real browser: none that is no content is filed as complete, no honest one fails."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from archiver.core.records import Outcome
from capture.browser.chromium import find_chromium, launch_flags
from capture.observation import PageSigns
from capture.page.questions import signs_from
from capture.verdict.outcome_rules import shipped_rules
from capture.verdict.outcomes import PageFacts, judge

pytestmark = pytest.mark.browser

PAGES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("pages.toml").read_text(encoding="utf-8"))["page"]
URL = "https://town.example/notices/7"
_SIGNS = (Path(__file__).parents[3] / "capture/page/scripts/signs.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=launch_flags())
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def _read(page: Page, html: str) -> PageSigns:
    page.route(URL, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto(URL, wait_until="domcontentloaded")
    rules = shipped_rules()
    asked = {"services": dict(rules.services), "selectors": list(rules.selectors)}
    return signs_from(page.evaluate(f"({_SIGNS})({json.dumps(asked)})"))


@pytest.mark.parametrize("met", PAGES, ids=[each["name"] for each in PAGES])
def test_a_page_is_filed_only_where_it_is_content(page: Page, met: dict[str, Any]) -> None:
    moment = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    status = met.get("status", 200)
    signs = _read(page, met["html"])
    page.unroute(URL)
    verdict = judge(PageFacts(url=URL, final_url=URL, chain=(URL,), status=status, at=moment, signs=signs))
    said = {Outcome.COMPLETE: "content", Outcome.PARTIAL: "doubt"}.get(verdict.outcome, verdict.cause)
    if verdict.outcome is Outcome.LOGIN_WALL and "login_wall" in met["want"]:
        said = "login_wall"
    assert said in met["want"], verdict.reason

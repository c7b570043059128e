"""A site's stored login as captures use it, and looking whether the site still takes it."""

from __future__ import annotations

import contextlib
import re
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from archiver.core.errors import BrowserFailed, RecorderFailed
from archiver.core.records import Outcome, new_id
from archiver.core.site_sessions import CheckResult
from capture.browser.browser import Browser
from capture.cookies.browser_state import BrowserState, login_ended, secret_values
from capture.cookies.site_domain import site_domain
from capture.extraction.document import parse_html
from capture.observation import CaptureLimits, PageObservation
from capture.proxy.recording import Recorder
from capture.verdict.outcome_rules import OutcomeRules
from capture.verdict.outcomes import PageFacts, judge


@dataclass(frozen=True, kw_only=True)
class SiteLogin:
    """A stored login, open. `barred` says why it must not be used: captures then end `login_wall` unvisited."""

    session: str  # its id
    site: str  # registrable domain: no other gets it
    state: BrowserState = field(default=BrowserState(), repr=False)
    barred: str = ""

    @property
    def access(self) -> str:
        """As the capture's manifest and the catalogue say it."""
        return f"session:{self.session}"


@dataclass(frozen=True, kw_only=True)
class LoginCheck:
    """What a look at the site told. `state` is the browser's afterwards, None where there was no page."""

    result: CheckResult
    reason: str = ""
    state: BrowserState | None = field(default=None, repr=False)


def check_login(
    login: SiteLogin,
    url: str,
    *,
    expect: str = "",
    recorder: Recorder,
    browser: Browser,
    limits: CaptureLimits,
    now: Callable[[], datetime],
    rules: OutcomeRules | None = None,
) -> LoginCheck:
    """Open `url` with the login, through the recorder as a capture would, and keep nothing.

    `expect` is a text that must be on the page. Raises RecorderFailed, StorageFull.
    """
    with tempfile.TemporaryDirectory(prefix="archiver-") as folder:
        id = new_id("chk")
        door = recorder.begin(
            id, Path(folder) / "check.warc.gz", {}, max_bytes=limits.max_bytes, secrets=secret_values(login.state)
        )
        try:
            seen = browser.observe(url, login=door, limits=limits, rules=rules, now=now, storage_state=login.state)
        except BrowserFailed as error:
            return LoginCheck(result=CheckResult.UNCLEAR, reason=str(error))
        finally:
            with contextlib.suppress(RecorderFailed):
                recorder.abandon(id)
    return judge_login(login, seen, expect, now(), rules)


def judge_login(
    login: SiteLogin, seen: PageObservation, expect: str, now: datetime, rules: OutcomeRules | None = None
) -> LoginCheck:
    """Whether the site took the login, from what one visit saw. Without `expect` only a login page tells."""
    verdict = judge(
        PageFacts(
            url=seen.url,
            final_url=seen.final_url,
            chain=seen.chain,
            status=seen.status,
            headers=seen.headers,
            is_page=seen.is_page,
            content_type=seen.content_type,
            network_error=seen.network_error,
            signs=seen.signs,
            problems=seen.problems,
            at=seen.finished,
        ),
        rules,
    )
    result, reason = CheckResult.SIGNED_IN, ""
    if verdict.outcome is Outcome.LOGIN_WALL:
        result, reason = CheckResult.SIGNED_OUT, verdict.reason
    elif not verdict.outcome.files_content:
        result, reason = CheckResult.UNCLEAR, verdict.reason
    elif site_domain(seen.final_url) != login.site:
        result, reason = CheckResult.SIGNED_OUT, f"the site redirected to another one, {site_domain(seen.final_url)}"
    elif seen.state is not None and login_ended(login.state, seen.state, now):
        result, reason = CheckResult.SIGNED_OUT, "the site took its login cookies back"
    elif expect and not _shows(seen.html, expect):
        result, reason = CheckResult.SIGNED_OUT, f"the page does not show {expect!r}"
    return LoginCheck(result=result, reason=reason, state=seen.state)


def _shows(html: str, expect: str) -> bool:
    """Whether the text stands on the page: spelling composed, case and white space aside."""
    texts = parse_html(html).xpath("//body//text()[not(ancestor::script or ancestor::style or ancestor::template)]")
    return _plain(expect) in _plain(" ".join(texts)) or _plain(expect) in _plain("".join(texts))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip().casefold()

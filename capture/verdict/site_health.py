"""Whether the site as a whole is well, asked where a page of it is said to be gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from capture.extraction.document import parse_html, read_passage
from capture.extraction.meta import read_meta
from capture.extraction.page import decode_html
from capture.observation import PageSigns
from capture.verdict.outcome_rules import OutcomeRules
from capture.verdict.outcomes import PageFacts, judge
from capture.verdict.sentences import lines_of
from capture.wordpress import ApiResponse

SAID_GONE = frozenset({"not_found", "gone", "tombstone"})
"""Causes by which a site says that a page is there no longer."""


@dataclass(frozen=True, kw_only=True)
class SiteHealth:
    """What the site's front page answered. `reason` says why it is not well."""

    url: str
    well: bool
    reason: str = ""


def check_site(get: Callable[[str], ApiResponse], page_url: str, rules: OutcomeRules, now: datetime) -> SiteHealth:
    """Ask for the front page of `page_url`'s site; the front page itself vouches for nothing.

    A site that answers every address alike, wants a login for all of it, throttles or fails is
    not well: its 404 says nothing of one page.
    """
    parts = urlsplit(page_url)
    front = urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
    if parts.path in ("", "/") and not parts.query:
        return SiteHealth(url=front, well=False, reason="it is the site's front page")
    try:
        answer = get(front)
    except OSError as error:
        return SiteHealth(url=front, well=False, reason=f"the site's front page did not answer: {error}")
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    facts = PageFacts(
        url=front,
        final_url=answer.url,
        chain=(front, answer.url),
        status=answer.status,
        at=now,
        headers=answer.headers,
        content_type=kind,
        signs=_signs(answer, kind),
    )
    verdict = judge(facts, rules)
    if verdict.outcome.files_content:
        return SiteHealth(url=front, well=True)
    return SiteHealth(url=front, well=False, reason=f"its front page fails too: {verdict.reason}")


def _signs(answer: ApiResponse, kind: str) -> PageSigns:
    """What can be told of a page no browser showed; an application that would build it is believed to."""
    if kind not in ("text/html", "application/xhtml+xml"):
        return PageSigns(media=1)
    tree = parse_html(decode_html(answer.content, answer.headers.get("content-type", "")))
    lines = tuple(lines_of(read_passage(tree, answer.url).text.replace("'", "’")))
    text = " ".join(lines)
    return PageSigns(
        title=read_meta(tree).title,
        text_length=len(text),
        text=text[:4000],
        lines=lines[:60],
        main_length=len(text),
        media=1,
        password_fields=len(tree.xpath("//input[@type='password']")),
    )

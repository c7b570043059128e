"""RSS, Atom and JSON feeds: the newest threads, with comment counts (slash, Atom threads) and comment feeds.

Sources: RSS 2.0; RFC 4287 (Atom); RFC 4685 (`thr:total`); RFC 5005 (`rel="next"`); jsonfeed.org/version/1.1.
"""

from __future__ import annotations

import json
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag

import feedparser

from capture.discovery.found import Found, Hint, Listing, one_of_each
from capture.discovery.inquiry import Inquiry, Start, media_type_of
from capture.extraction.addresses import absolute, fragment_of, normal_url
from capture.extraction.dates import read_moment
from capture.extraction.wordpress_api import read_count
from capture.wordpress import ApiResponse

NAME = "feed"

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_MOST_FEEDS = 8
_MOST_PAGES = 100


@dataclass(frozen=True, kw_only=True)
class _Page:
    """One page of a feed. `next` is "" on its last."""

    found: tuple[Found, ...]
    next: str


def find(start: Start, inquiry: Inquiry) -> Listing | None:
    """None where the address neither is a feed nor names one."""
    found: list[Found] = []
    own = _read(start.answer)
    if own is not None:
        found += own.found
        found += _following(own, start.url, inquiry)
    else:
        feeds = [each for each in _named_feeds(start) if each]
        if not feeds:
            return None
        for url in feeds[:_MOST_FEEDS]:
            found += _following(_Page(found=(), next=url), start.url, inquiry)
        if len(feeds) > _MOST_FEEDS:
            inquiry.leave_out(f"of {len(feeds)} feeds the first {_MOST_FEEDS} were read")
    return Listing(source=NAME, found=one_of_each(found))


def _named_feeds(start: Start) -> list[str]:
    """The feeds a page names; where one lies below its own address, the whole site's are left aside."""
    named = [
        absolute(link.get("href") or "", start.url)
        for link in start.tree.iter("link")
        if "alternate" in (link.get("rel") or "").lower().split() and (link.get("type") or "").lower() in _FEED_TYPES
    ]
    named = list(dict.fromkeys(named))
    return [each for each in named if start.holds(each)] or named


def _following(page: _Page, origin: str, inquiry: Inquiry) -> Iterator[Found]:
    """The entries of the pages that follow `page`, oldest last."""
    asked = {origin}
    while page.next and page.next not in asked:
        if len(asked) > _MOST_PAGES:
            inquiry.leave_out(f"of a feed the newest {_MOST_PAGES} pages were read, up to {page.next}")
            return
        asked.add(page.next)
        answer = inquiry.ask(page.next)
        if answer is None:
            return
        read = _read(answer)
        if read is None:
            inquiry.problems.append(f"the list at {page.next} is no feed")
            return
        yield from read.found
        page = read


def _read(answer: ApiResponse) -> _Page | None:
    """The feed an answer holds, None where it holds none."""
    kind, opening = media_type_of(answer), answer.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if opening == b"{" or kind.endswith("json"):
        return _read_json(answer)
    if kind in ("text/html", "application/xhtml+xml") or opening != b"<":
        return None
    tree = feedparser.parse(
        answer.content,
        response_headers={"content-type": answer.headers.get("content-type", ""), "content-location": answer.url},
        sanitize_html=False,
    )
    if not tree.version:
        return None
    links = [each for each in tree.feed.get("links", ()) if each.get("rel") == "next"]
    return _Page(
        found=tuple(_found(each, answer.url) for each in tree.entries if absolute(each.get("link", ""), answer.url)),
        next=absolute(links[0].get("href", ""), answer.url) if links else "",
    )


def _found(entry: Any, base: str) -> Found:
    """A thread of a feed; in a feed of comments, the thread an entry was written below."""
    url = absolute(entry.get("link", ""), base)
    # not entry.updated_parsed: where an entry has no such date, feedparser gives that of its publication
    updated, published = (_moment(dict.get(entry, f"{name}_parsed")) for name in ("updated", "published"))
    if "comment" in fragment_of(url).lower():
        return Found(url=normal_url(urldefrag(url).url), hint=Hint(activity=updated or published))
    counted = entry.get("slash_comments") or entry.get("thr_total")
    return Found(url=normal_url(url), hint=Hint(modified=updated or published, comments=read_count(counted)))


def _moment(parsed: Any) -> datetime | None:
    """From feedparser's UTC struct_time."""
    try:
        return None if parsed is None else datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError):
        return None


def _read_json(answer: ApiResponse) -> _Page | None:
    try:
        tree = json.loads(answer.content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(tree, dict) or not str(tree.get("version", "")).startswith("https://jsonfeed.org/version/"):
        return None
    items = tree.get("items")
    found = [
        Found(url=normal_url(url), hint=Hint(modified=read_moment(_text(item, "date_modified", "date_published"))))
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and (url := absolute(_text(item, "url", "id"), answer.url))
    ]
    return _Page(found=tuple(found), next=absolute(_text(tree, "next_url"), answer.url))


def _text(entry: dict[str, Any], *names: str) -> str:
    """The first of the fields that is a text."""
    return next((value for name in names if isinstance(value := entry.get(name), str)), "")

"""Posts that a feed had unmounted again when the page was recorded, put back among those it showed. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from capture.extraction.addresses import absolute
from capture.extraction.document import parse_html

_CLASSES = ("h-entry", "hentry", "wp-block-post")
_POST = (
    "//article[not(ancestor::article)] | //*[@role='article'][not(ancestor::*[@role='article'])]"
    " | //*[@role='feed']/*[@aria-posinset]"
    + "".join(f" | //*[contains(concat(' ', @class, ' '), ' {name} ')]" for name in _CLASSES)
)
_LINKS = (
    ".//a[@rel='bookmark']/@href | .//a[contains(concat(' ', @class, ' '), ' u-url ')]/@href | .//a[time]/@href"
    " | .//time//a/@href | .//h1//a/@href | .//h2//a/@href | .//h3//a/@href | .//h4//a/@href"
    " | .//a[@itemprop='url']/@href"
)


@dataclass(frozen=True, kw_only=True)
class FeedRecord:
    """The `urn:feed` record: every post's HTML in the order of the page, and how many the page says there are."""

    posts: tuple[str, ...] = ()
    declared: int = 0


def read_feed(content: bytes) -> FeedRecord:
    """What is no such record reads as an empty one."""
    try:
        record = json.loads(content)
        posts = tuple(str(post["html"]) for post in record["posts"])
        declared = int(record["declared"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return FeedRecord()
    return FeedRecord(posts=posts, declared=declared)


def mount(html: str, posts: Iterable[str], page_url: str) -> str:
    """The document with every post that it does not show put behind the post it followed."""
    tree = parse_html(html)
    shown = {_key(element, page_url): element for element in _outermost(tree)}
    last: etree._Element | None = None
    waiting: list[etree._Element] = []  # posts from before the first one that is shown
    body = next(tree.iter("body"), tree)
    for post in posts:
        element = _parse_post(post)
        if element is None:
            continue
        key = _key(element, page_url)
        if key in shown:
            last = shown[key]
            for each in waiting:
                last.addprevious(each)
            waiting = []
            continue
        shown[key] = element
        if last is None:
            waiting.append(element)
            continue
        element.tail = None
        last.addnext(element)
        last = element
    for each in waiting:
        body.append(each)
    return str(etree.tostring(tree, encoding="unicode", method="html"))


def _outermost(tree: etree._Element) -> list[etree._Element]:
    found = tree.xpath(_POST)
    known = set(found)
    return [each for each in found if not any(above in known for above in each.iterancestors())]


def _parse_post(html: str) -> etree._Element | None:
    body = next(parse_html(f"<html><body>{html}</body></html>").iter("body"), None)
    children = () if body is None else body.iterchildren("*")  # elements, not comments
    return next(iter(children), None)


def _key(element: etree._Element, page_url: str) -> str:
    """What tells a post from another: its address, else its id, else its words."""
    for link in element.xpath(_LINKS):
        if url := absolute(link, page_url):
            return url
    return element.get("id") or " ".join("".join(element.itertext()).split())

"""Whether a site shows the same page at an address that cannot exist.

Login walls, waiting rooms, notices of maintenance and pages for what is not found are worded in endless ways,
and many come with status 200. What they have in common needs no words: they are shown for any address.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from capture.extraction.document import parse_html, read_passage
from capture.extraction.page import decode_html
from capture.observation import PageSigns
from capture.wordpress import ApiResponse

_SHORT = 400
"""Characters of a main part below which a page without a date is worth the question."""

_ALIKE = 0.9
"""Share of words two pages have in common that are the same; an address, a number or a time may differ."""

_WORD = re.compile(r"\S+")


def is_worth_asking(signs: PageSigns | None) -> bool:
    """Whether a page could stand for any address: it is short, and shows no post with its date."""
    return signs is not None and 0 < signs.main_length < _SHORT and not signs.dated


def nowhere(page_url: str, token: str) -> str:
    """An address beside `page_url` that cannot exist, made of `token`."""
    parts = urlsplit(page_url)
    folder = parts.path.rstrip("/").rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/no-such-page-{token}", "", ""))


def stands_anywhere(get: Callable[[str], ApiResponse], page_url: str, html: str, token: str) -> bool:
    """Whether `nowhere` answers with success and the same words; a site that does not answer says nothing."""
    try:
        answer = get(nowhere(page_url, token))
    except OSError:
        return False
    if not 200 <= answer.status < 300 or "html" not in answer.headers.get("content-type", "html"):
        return False
    there = decode_html(answer.content, answer.headers.get("content-type", ""))
    return _are_alike(_words(html, page_url), _words(there, answer.url))


def _words(html: str, url: str) -> Counter[str]:
    return Counter(_WORD.findall(read_passage(parse_html(html), url).text))


def _are_alike(one: Counter[str], other: Counter[str]) -> bool:
    every = (one | other).total()
    return every > 0 and (one & other).total() >= _ALIKE * every

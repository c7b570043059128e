"""Sitemaps: every page a site wants found, with the day it last changed.

Sources: sitemaps.org/protocol.html (index, `lastmod`, gzip); RFC 9309 and the same page for `Sitemap:` in robots.txt.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from urllib.parse import urljoin

from lxml import etree

from capture.discovery.found import Found, Hint, Listing, one_of_each
from capture.discovery.inquiry import Inquiry, Start
from capture.extraction.addresses import absolute, normal_url, same_place
from capture.extraction.dates import read_moment
from capture.wordpress import ApiResponse

NAME = "sitemap"

_LONGEST = 64 * 1024 * 1024
"""Bytes of one sitemap when unpacked; the protocol allows 50 MB."""

_USUAL_PLACES = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
_ENTRY = re.compile(r"\{[^}]*\}")


def find(start: Start, inquiry: Inquiry) -> Listing | None:
    """What the site's sitemaps list below the address; None where it has none.

    The address itself may be a sitemap: then all it lists is meant.
    """
    whole_site = _root(start.answer) is not None
    waiting = deque([start.url] if whole_site else _places(start.url, inquiry))
    asked, found = set[str](), list[Found]()
    read_any = False
    while waiting:
        url = waiting.popleft()
        if url in asked:
            continue
        asked.add(url)
        named = whole_site or url not in _guesses(start.url)
        if not named and read_any:
            continue  # the first usual place that has one is the site's
        answer = start.answer if url == start.url else inquiry.ask(url, needed=named)
        root = _root(answer) if answer else None
        if root is None:
            if answer is not None and named:
                inquiry.problems.append(f"the list at {url} is no sitemap")
            continue
        read_any = True
        if _name(root) == "sitemapindex":
            waiting.extend(absolute(loc, url) for loc, _ in _entries(root) if absolute(loc, url))
            continue
        for loc, lastmod in _entries(root):
            page = absolute(loc, url)
            if page and (whole_site or start.holds(page)) and not same_place(page, start.url):
                found.append(Found(url=normal_url(page), hint=Hint(modified=read_moment(lastmod))))
        if len(found) >= inquiry.bounds.threads:
            inquiry.leave_out(f"of the sitemaps the first {inquiry.bounds.threads} addresses were taken")
            break
    return Listing(source=NAME, found=one_of_each(found[: inquiry.bounds.threads])) if read_any else None


def _places(url: str, inquiry: Inquiry) -> list[str]:
    """Where robots.txt says the sitemaps are, else the usual places."""
    robots = inquiry.ask(urljoin(url, "/robots.txt"), needed=False)
    text = robots.content.decode("utf-8", "replace") if robots else ""
    named = [absolute(each.strip(), url) for each in re.findall(r"(?im)^\s*sitemap\s*:\s*(\S+)", text)]
    return list(filter(None, named)) or _guesses(url)


def _guesses(url: str) -> list[str]:
    return [urljoin(url, place) for place in _USUAL_PLACES]


def _root(answer: ApiResponse) -> etree._Element | None:
    """The sitemap or sitemap index an answer holds, packed or not; None where it holds none."""
    content = answer.content
    if content.startswith(b"\x1f\x8b"):
        unpacking = zlib.decompressobj(wbits=31)
        try:
            content = unpacking.decompress(content, _LONGEST)
        except zlib.error:
            return None
        if unpacking.unconsumed_tail:
            return None
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    # a hostile document must neither read files nor grow by its own entities
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return None
    return root if root is not None and _name(root) in ("urlset", "sitemapindex") else None


def _entries(root: etree._Element) -> list[tuple[str, str]]:
    """(loc, lastmod) of each entry; "" where there is none."""
    found = []
    for entry in root:
        stated = {_name(each): (each.text or "").strip() for each in entry if isinstance(each.tag, str)}
        if stated.get("loc"):
            found.append((stated["loc"], stated.get("lastmod", "")))
    return found


def _name(element: etree._Element) -> str:
    """Without its namespace: sites misspell the sitemap's."""
    return _ENTRY.sub("", element.tag) if isinstance(element.tag, str) else ""

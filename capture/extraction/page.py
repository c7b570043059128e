"""What one WARC holds of one page, as the extractors read it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urldefrag

from lxml import etree

from archiver.core.errors import BadWarc
from archiver.core.warc import Resolve, WarcRecord, nowhere, read_restored
from capture.extraction.document import parse_html
from capture.extraction.feed import FeedRecord, mount, read_feed

_DOM, _PAGEINFO, _FEED, _DISCOVERY = "urn:dom:", "urn:pageinfo:", "urn:feed:", "urn:discovery:"
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One recorded response. Header names in lower case; `read` gives the decoded body."""

    url: str
    status: int
    headers: Mapping[str, str]
    read: Callable[[], bytes]

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class PageEvidence:
    """One captured page. `html` is the DOM after scripts ran, or the document as served, "" for other files.

    Posts that the page's feed had unmounted by then are put back where they stood; `feed_declared`
    is how many posts that feed says it has, 0 where it does not say.

    `answers` holds the documents and data the site sent, by address without fragment, the
    last one of each address that succeeded; pictures, scripts and styles are left out.
    """

    url: str
    final_url: str
    html: str
    media_type: str = "text/html"
    page_info: Mapping[str, object] = field(default_factory=dict)
    discovery: Mapping[str, object] = field(default_factory=dict)  # what `urn:discovery` says, if there is one
    answers: Mapping[str, Answer] = field(default_factory=dict)
    feed_declared: int = 0

    @cached_property
    def tree(self) -> etree._Element:
        return parse_html(self.html)

    @property
    def is_html(self) -> bool:
        return bool(self.html) or self.media_type in _HTML_TYPES


def read_evidence(warc: Path, *, resolve: Resolve = nowhere) -> PageEvidence:
    """The page recorded in `warc`; `resolve` says where a thinned one's payloads lie.

    Its address is the one `urn:pageinfo` or `urn:dom` names; in a WARC without them (one made
    elsewhere) that of the first HTML response, else of the first response.
    Raises BadWarc if the file cannot be read to its end or holds no page.
    """
    answers: dict[str, Answer] = {}
    dom: WarcRecord | None = None
    info: WarcRecord | None = None
    feed = FeedRecord()
    listed: WarcRecord | None = None
    first = first_html = ""
    for record in read_restored(warc, resolve):
        if record.type == "resource" and record.uri.startswith(_DOM):
            dom = record
        elif record.type == "resource" and record.uri.startswith(_PAGEINFO):
            info = record
        elif record.type == "resource" and record.uri.startswith(_FEED):
            feed = read_feed(record.content())
        elif record.type == "resource" and record.uri.startswith(_DISCOVERY):
            listed = record
        elif record.type == "response" and record.status is not None:
            url = _plain(record.uri)
            first = first or url
            if record.media_type in _HTML_TYPES and record.status == 200:
                first_html = first_html or url
            if _is_document(record) or url == first:
                _keep(answers, url, record)
    page_info = _read_info(info)
    named = dom.uri.removeprefix(_DOM) if dom else info.uri.removeprefix(_PAGEINFO) if info else ""
    final_url = _text(page_info.get("finalUrl")) or named or first_html or first
    if not final_url:
        raise BadWarc(f"{warc}: it holds no page: neither a urn:pageinfo or urn:dom record nor a response")
    main = answers.get(_plain(final_url))
    media_type = _text(page_info.get("contentType")) or (main.media_type if main else "") or "text/html"
    if dom is not None:
        html = dom.content().decode("utf-8", "replace")
    elif main is not None and main.media_type in _HTML_TYPES:
        html = decode_html(main.read(), main.headers.get("content-type", ""))
    else:
        html = ""
    if media_type not in _HTML_TYPES:
        html = ""  # Chromium's own viewer, not the file
    if html and feed.posts:
        html = mount(html, feed.posts, final_url)
    return PageEvidence(
        url=_text(page_info.get("url")) or final_url,
        final_url=final_url,
        html=html,
        media_type=media_type,
        page_info=page_info,
        discovery=_read_info(listed),
        answers=answers,
        feed_declared=feed.declared,
    )


def decode_html(content: bytes, content_type: str) -> str:
    """A document's text: byte order mark, then HTTP, then `<meta charset>`, then UTF-8, then windows-1252.

    An encoding that the bytes do not bear out is passed over. Source: the order of the HTML
    standard, 13.2.3.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(name, "replace")
    stated = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    meta = _META_CHARSET.search(content[:4096])
    names = [stated[1]] if stated else []
    names += [meta[1].decode("ascii", "replace")] if meta else []
    for name in (*names, "utf-8"):
        # what calls itself ISO 8859-1 is windows-1252 (WHATWG Encoding)
        name = "cp1252" if name.lower() in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii") else name
        try:
            return content.decode(name)
        except (UnicodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")


def _keep(answers: dict[str, Answer], url: str, record: WarcRecord) -> None:
    before = answers.get(url)
    status = record.status or 0
    if before is None or status == 200 or before.status != 200:
        headers: dict[str, str] = {}
        for name, value in record.http_headers:
            headers.setdefault(name.lower(), value)
        answers[url] = Answer(url=url, status=status, headers=headers, read=record.content)


def _is_document(record: WarcRecord) -> bool:
    return record.media_type in _HTML_TYPES or record.media_type.endswith(("json", "xml"))


def _read_info(record: WarcRecord | None) -> Mapping[str, object]:
    if record is None:
        return {}
    try:
        info = json.loads(record.content())
    except (ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}


def _plain(url: str) -> str:
    try:
        return urldefrag(url).url
    except ValueError:
        return url


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

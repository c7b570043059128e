"""The text a page is about, without its navigation."""

from __future__ import annotations

import logging
from dataclasses import replace

import trafilatura
from lxml import etree

from capture.extraction.document import Passage, read_passage

_LONGEST = 400_000  # characters given to trafilatura; its time grows faster than the page
_ENOUGH = 0.25  # of what the page's own main element holds

logging.getLogger("trafilatura").addHandler(logging.NullHandler())  # it reports each page without text as an error


def read_main_text(tree: etree._Element, html: str, url: str) -> Passage:
    """The main text with the links and media of the element it stands in.

    trafilatura decides what the text is; where the page is longer than it takes in time, or
    it leaves out most of what the page itself marks as its main part, that part as it stands.
    """
    marked = tree.xpath("(//main | //*[@role='main'] | //article)[1]")
    bodies = list(tree.iter("body"))[:1]
    whole = read_passage((marked or bodies or [tree])[0], url)
    if not whole.text and marked and bodies:
        whole = read_passage(bodies[0], url)
    if len(html) > _LONGEST or not whole.text:
        return whole
    found = trafilatura.extract(html, url=url, include_comments=False, include_tables=True, with_metadata=False)
    text = (found or "").strip()
    enough = len(text) >= _ENOUGH * len(whole.text) or (text and not marked)
    return replace(whole, text=text) if enough else whole

"""How many comments a page itself says it has: in its head, or in words a reader sees. Pure.

A visible number counts only where it cannot be another post's: in a heading or a label of the
comments' own section, outside of teasers, side columns and links to other pages. Where two such
numbers differ, none is believed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from lxml import etree

from capture.extraction.addresses import absolute, same_place

_NAMES = frozenset(
    {"comment_count", "comments_count", "commentcount", "article:comment_count", "og:comment_count", "og:comments",
     "post:comment_count", "interaction:comments", "num_comments", "dc.comments"}
)  # fmt: skip
_LABELS = frozenset({"replies", "comments", "réponses", "commentaires", "antworten", "kommentare"})  # of Twitter cards

_NUMBER = r"(?P<n>\d[\d.,  ’']*\d|\d)"
_WORDS = (
    rf"(?:all |view all )?{_NUMBER} (?:comments?|repl(?:y|ies)|answers?|responses?|thoughts?)"
    r"(?: (?:on|to) .{1,200})?",
    rf"(?:comments?|repl(?:y|ies)|answers?|responses?) ?[:(\[]? ?{_NUMBER} ?[)\]]?",
    rf"(?:les )?{_NUMBER} (?:commentaires?|réponses?|réactions?|avis)(?: (?:sur|à|pour) .{{1,200}})?",
    rf"(?:commentaires?|réponses?) ?[:(\[]? ?{_NUMBER} ?[)\]]?",
    rf"(?:alle )?{_NUMBER} (?:kommentare?|antworten|antwort)(?: (?:zu|auf) .{{1,200}})?",
    rf"(?:kommentare?|antworten) ?[:(\[]? ?{_NUMBER} ?[)\]]?",
    rf"{_NUMBER} (?:टिप्पणियाँ|टिप्पणियां|टिप्पणी|कमेंट्स?|जवाब|उत्तर|प्रतिक्रियाएँ)",
    rf"(?:टिप्पणियाँ|टिप्पणियां|टिप्पणी|कमेंट्स?|जवाब) ?[:(\[]? ?{_NUMBER} ?[)\]]?",
    rf"{_NUMBER} (?:تبصرے|تبصرہ|جوابات|جواب|کمنٹس?)|(?:تبصرے|جوابات) ?[:(\[]? ?(?P<m>\d[\d.,]*) ?[)\]]?",
    rf"{_NUMBER} ?(?:টি|টা)? ?(?:মন্তব্য|উত্তর|জবাব|উত্তৰ|প্ৰত্যুত্তৰ)(?:সমূহ|বোৰ|গুলি)?",
    rf"(?:মন্তব্য|উত্তর|উত্তৰ)(?:সমূহ|বোৰ|গুলি)? ?[:(\[]? ?{_NUMBER} ?[)\]]?",
)
_SAID = tuple(re.compile(unicodedata.normalize("NFC", each), re.IGNORECASE) for each in _WORDS)

_HEADINGS = "//h1 | //h2 | //h3 | //h4 | //h5 | //legend | //summary | //*[@role='heading']"
_OF_COMMENTS = re.compile(r"comment|respond|discussion|repl(?:y|ies)|disqus", re.IGNORECASE)
_ASIDE = re.compile(
    r"related|teaser|card|widget|sidebar|recommend|popular|trending|latest|more-posts|read-next|promo|also-like|archive|"
    r"\bnav\b|menu|footer|author|profile",
    re.IGNORECASE,
)
_LONGEST = 260


def declared_comments(tree: etree._Element, page_url: str) -> int | None:
    """The number, None where the page states none or states it ambiguously."""
    for stated in (set(_in_head(tree)), set(_in_words(tree, page_url))):
        if len(stated) == 1:
            return stated.pop()
        if stated:
            return None
    return None


def read_count(text: str) -> int | None:
    """The whole number written in digits of any script, grouped or not; None for `1.2K` and what is no number."""
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text.strip())
    if re.fullmatch(r"\d{1,9}", digits, re.ASCII):
        return int(digits)
    # thousands are grouped by three, in South Asia by two before the last three
    if re.fullmatch(r"\d{1,3}(?:([.,  ’'])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}", digits, re.ASCII):
        return int(re.sub(r"\D", "", digits))
    return None


def _in_head(tree: etree._Element) -> Iterator[int]:
    labels: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        content = (element.get("content") or "").strip()
        if name in _NAMES and (count := read_count(content)) is not None:
            yield count
        elif re.fullmatch(r"twitter:(?:label|data)\d", name):
            labels[name] = content
    for name, label in labels.items():
        if name.startswith("twitter:label") and label.lower() in _LABELS:
            count = read_count(labels.get(name.replace("label", "data"), ""))
            if count is not None:
                yield count


def _in_words(tree: etree._Element, page_url: str) -> Iterator[int]:
    for element in tree.xpath(_HEADINGS):
        if _is_the_pages_own(element, page_url) and (count := _said(element)) is not None:
            yield count
    for element in tree.xpath("//*[contains(@class, 'comment') or contains(@id, 'comment')]"):
        told = f"{element.get('class') or ''} {element.get('id') or ''}".lower()
        counts = re.search(
            r"comments?[-_]?(?:count|title|number|total|heading)|(?:num|total|count)[-_]?comments?", told
        )
        if (
            counts
            and len(element) < 6
            and _is_the_pages_own(element, page_url)
            and (count := _said(element)) is not None
        ):
            yield count


def _said(element: etree._Element) -> int | None:
    text = " ".join("".join(element.itertext()).split())
    if not text or len(text) > _LONGEST:
        return None
    text = unicodedata.normalize("NFC", text)
    for pattern in _SAID:
        if found := pattern.fullmatch(text):
            return read_count(next(each for each in found.groupdict().values() if each))
    return None


def _is_the_pages_own(element: etree._Element, page_url: str) -> bool:
    for above in (element, *element.iterancestors()):
        tag = above.tag
        if tag in ("aside", "nav", "footer", "body", "html"):
            return tag in ("body", "html") and not _links_elsewhere(element, page_url)
        told = f"{above.get('class') or ''} {above.get('id') or ''}"
        if _ASIDE.search(told) and not _OF_COMMENTS.search(told):
            return False
        if tag == "a" and _leads_elsewhere(above, page_url):
            return False
        if (tag == "article" or "hentry" in told) and _is_of_another_page(above, page_url):
            return False
        if tag == "li" and not _OF_COMMENTS.search(told):
            return False  # an entry of a list: of posts, of replies
    return not _links_elsewhere(element, page_url)


def _links_elsewhere(element: etree._Element, page_url: str) -> bool:
    return any(_leads_elsewhere(link, page_url) for link in element.iter("a"))


def _leads_elsewhere(link: etree._Element, page_url: str) -> bool:
    url = absolute(link.get("href") or "", page_url)
    return bool(url) and not same_place(url, page_url)


def _is_of_another_page(article: etree._Element, page_url: str) -> bool:
    """An article among others, or whose heading leads to another page, is a teaser; so is a comment's own."""
    if any(above.tag == "article" for above in article.iterancestors()):
        return True
    links = article.xpath("(.//h1 | .//h2 | .//h3)[1]//a[@href] | .//a[@rel='bookmark']")
    return bool(links) and all(_leads_elsewhere(link, page_url) for link in links)

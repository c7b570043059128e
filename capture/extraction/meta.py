"""What a page's head says of it: OpenGraph, Twitter cards, Dublin Core and plain meta elements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from capture.extraction.dates import read_moment


@dataclass(frozen=True, kw_only=True)
class PageMeta:
    """The head's statements, "" and None where it makes none. `type` is OpenGraph's."""

    title: str = ""
    description: str = ""
    type: str = ""
    canonical: str = ""
    author: str = ""
    handle: str = ""
    language: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    keywords: tuple[str, ...] = ()
    image: str = ""
    body_classes: frozenset[str] = frozenset()


def read_meta(tree: etree._Element) -> PageMeta:
    """Read the head; of several statements of one thing the first in the order named here counts."""
    stated: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        name = (element.get("property") or element.get("name") or "").strip().lower()
        content = (element.get("content") or "").strip()
        if name and content:
            stated.setdefault(name, []).append(content)

    def first(*names: str) -> str:
        return next((stated[name][0] for name in names if name in stated), "")

    links = [link for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    titles = [
        _words("".join(title.itertext())) for title in tree.xpath("//head/title | //title[not(ancestor::svg)]")[:1]
    ]
    body = next(tree.iter("body"), None)
    words = [
        word for name in ("keywords", "news_keywords") for text in stated.get(name, ()) for word in text.split(",")
    ]
    words += stated.get("article:tag", [])
    author = first("author", "article:author", "dc.creator", "dcterms.creator", "twitter:creator")
    return PageMeta(
        title=_words(first("og:title", "twitter:title", "dc.title", "dcterms.title")) or next(iter(titles), ""),
        description=_words(first("og:description", "description", "twitter:description")),
        type=first("og:type").lower(),
        canonical=(links[0].get("href") or "").strip() if links else "",
        author="" if "://" in author or author.startswith("@") else _words(author),
        handle=first("twitter:creator").lstrip("@"),
        language=(tree.get("lang") or first("og:locale", "content-language", "dc.language")).replace("_", "-"),
        created=read_moment(first("article:published_time", "dcterms.created", "date", "dc.date")),
        modified=read_moment(first("article:modified_time", "og:updated_time", "dcterms.modified", "last-modified")),
        keywords=tuple(dict.fromkeys(filter(None, map(_words, words)))),
        image=first("og:image", "og:image:url", "twitter:image"),
        body_classes=frozenset((body.get("class") or "").split()) if body is not None else frozenset(),
    )


def _words(text: str) -> str:
    return " ".join(text.split())

"""Pages that list posts instead of showing one. Pure.

A timeline's items are its entries as listed, mostly excerpts; the comments of what it lists
are never among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy

from lxml import etree

from capture.extraction.addresses import absolute, same_place
from capture.extraction.dates import read_moment
from capture.extraction.document import read_passage
from capture.extraction.entry import Entry
from capture.extraction.meta import PageMeta
from capture.extraction.microformats import Microformats
from capture.extraction.schema_org import ARTICLES, POSTS, Node, nodes_below, read_entry, types_of

_LIST_CLASSES = frozenset({"home", "blog", "archive", "search", "search-results"})
_SINGLE_CLASSES = frozenset({"single", "page", "singular"})
_POST_CLASS = re.compile(r"post-\d+")


def says_it_lists(meta: PageMeta) -> bool:
    """Whether the page's template says so, in the body classes WordPress themes share (`body_class()`)."""
    return bool(_LIST_CLASSES & meta.body_classes) and not _SINGLE_CLASSES & meta.body_classes


def listed_entries(
    tree: etree._Element, meta: PageMeta, nodes: Sequence[Node], microformats: Microformats, page_url: str
) -> tuple[Entry, ...]:
    """The entries the page lists, in the first notation that lists any; empty for a page that lists none.

    In order: h-feed; ItemList, Blog and CollectionPage; several posts or articles side by
    side, as data or as `<article>` elements without one that is the page's own.
    """
    for feed in microformats.feeds:
        if feed and not any(same_place(entry.url, page_url) for entry in feed):
            return feed
    if entries := _of_lists(nodes, page_url):
        return entries
    several = [node for node in nodes if types_of(node) & (POSTS | ARTICLES)]
    if len(several) > 1:
        return tuple(read_entry(node, page_url) for node in several)
    loose = [entry for entry in microformats.entries if entry.kind == "h-entry" and not entry.answers]
    if len(loose) > 1 and not any(same_place(entry.url, page_url) for entry in loose):
        return tuple(loose)
    return _of_articles(tree, page_url) if says_it_lists(meta) or meta.type != "article" else ()


def _of_lists(nodes: Sequence[Node], page_url: str) -> tuple[Entry, ...]:
    lists = [*nodes, *(each for node in nodes for each in nodes_below(node, "mainEntity"))]
    for node in lists:
        kinds = types_of(node)
        if "ItemList" in kinds:
            listed = nodes_below(node, "itemListElement")
            listed = [next(iter(nodes_below(each, "item")), each) for each in listed]
        elif kinds & {"Blog", "CollectionPage", "DataFeed"}:
            listed = nodes_below(node, "blogPost", "blogPosts", "hasPart", "dataFeedElement")
        else:
            continue
        if len(listed) > 1:
            return tuple(read_entry(each, page_url) for each in listed)
    return ()


def _of_articles(tree: etree._Element, page_url: str) -> tuple[Entry, ...]:
    found = tree.xpath(
        "//article[not(ancestor::article)] | //*[contains(concat(' ', @class, ' '), ' wp-block-post ')]"
        " | //*[contains(concat(' ', @class, ' '), ' hentry ')][not(self::article)][not(ancestor::article)]"
    )
    outer = [element for element in found if "comment" not in (element.get("class") or "").split()]
    if len(outer) < 2 or any(_holds_the_only_heading(element, tree) for element in outer):
        return ()
    return tuple(_of_element(element, page_url) for element in outer)


def _holds_the_only_heading(element: etree._Element, tree: etree._Element) -> bool:
    """An article with the page's one first-level heading is what the page is about; the rest is beside it."""
    return len(tree.xpath("//h1")) == 1 and bool(element.xpath(".//h1"))


def _without_comments(element: etree._Element) -> etree._Element:
    bare = deepcopy(element)
    inner = ".//article | .//*[contains(concat(' ', @class, ' '), ' comment ')]"
    for comment in bare.xpath(inner):
        if (parent := comment.getparent()) is not None:
            parent.remove(comment)
    return bare


def _of_element(element: etree._Element, page_url: str) -> Entry:
    headings = element.xpath("(.//h1 | .//h2 | .//h3 | .//h4)[1]")
    links = [*element.xpath(".//a[@rel='bookmark']/@href"), *(headings[0].xpath(".//a/@href") if headings else ())]
    links += element.xpath(".//a[.//time]/@href") + element.xpath(".//time//a/@href")
    times = element.xpath(".//time/@datetime")
    passage = read_passage(_without_comments(element), page_url)
    classes = (element.get("class") or "").split()
    return Entry(
        kind="article",
        id=next((name for name in classes if _POST_CLASS.fullmatch(name)), "") or (element.get("id") or ""),
        url=absolute(links[0], page_url) if links else "",
        title=" ".join("".join(headings[0].itertext()).split()) if headings else "",
        text=passage.text,
        created=read_moment(times[0]) if times else None,
        language=passage.language,
        links=passage.links,
        media=passage.media,
    )

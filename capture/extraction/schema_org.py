"""schema.org in JSON-LD and microdata: both are read into the same nodes, and the nodes into entries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extruct.w3cmicrodata import MicrodataExtractor
from lxml import etree

from archiver.core.records import MediaRef
from capture.extraction.addresses import absolute, fragment_of, same_place
from capture.extraction.dates import read_moment
from capture.extraction.document import read_fragment
from capture.extraction.entry import Entry

Node = Mapping[str, Any]

POSTS = frozenset(
    {"DiscussionForumPosting", "SocialMediaPosting", "BlogPosting", "LiveBlogPosting", "Question", "Message"}
)
"""Types whose instances take answers: a page of one is a thread, answered or not."""
ARTICLES = frozenset(
    {
        "Article",
        "NewsArticle",
        "Report",
        "AnalysisNewsArticle",
        "OpinionNewsArticle",
        "TechArticle",
        "ReportageNewsArticle",
    }
)
COMMENTS = frozenset({"Comment", "Answer", "UserComments"})
PAGES = frozenset({"WebPage", "QAPage", "ItemPage", "AboutPage", "FAQPage", "ContactPage", "CollectionPage", "WebSite"})

_DEEPEST = 200  # levels of a data block followed
_BELOW = ("comment", "comments", "suggestedAnswer", "acceptedAnswer", "answer")
_UPWARDS = frozenset({"@id", "parentItem", "about", "mainEntityOfPage", "isPartOf"})  # these stay references
_MARKUP = re.compile(
    r"</(?:p|a|div|span|b|i|em|strong|ul|ol|li|blockquote|h[1-6])>|<(?:br|img|p)\b[^<>]*>", re.IGNORECASE
)


def _blocks(tree: etree._Element) -> Iterator[str]:
    for script in tree.iter("script"):
        if (script.get("type") or "").split(";")[0].strip().lower() == "application/ld+json":
            yield (script.text or "").strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")


def read_json_ld(tree: etree._Element) -> list[Node]:
    """The top-level nodes of every JSON-LD block, `@graph` opened; a block that is no JSON is passed over."""
    nodes: list[dict[str, Any]] = []
    for text in _blocks(tree):
        try:
            block = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _listed(block):
            if isinstance(node, dict):
                nodes += [each for each in _listed(node.get("@graph")) if isinstance(each, dict)] or [node]
    return _resolved(nodes)


def unreadable_comments(tree: etree._Element) -> int:
    """How many JSON-LD blocks speak of comments and cannot be read."""
    found = 0
    for text in _blocks(tree):
        try:
            json.loads(text, strict=False)
        except (ValueError, RecursionError):
            found += '"comment' in text.lower()
    return found


def read_microdata(tree: etree._Element, base: str) -> list[Node]:
    """The top-level microdata items as nodes of the same shape as JSON-LD's.

    A page nested deeper than the parser can follow gives none.
    """
    if not tree.xpath("boolean(//*[@itemscope])"):
        return []
    try:
        return [_as_node(item) for item in MicrodataExtractor().extract_items(tree, base)]
    except (RecursionError, ValueError):  # too deep, or an address urllib refuses, such as "http://[x"
        return []


def types_of(node: Node) -> frozenset[str]:
    """The node's types without their vocabulary's address."""
    return frozenset(
        name.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        for name in _listed(node.get("@type"))
        if isinstance(name, str)
    )


def read_entry(node: Node, base: str) -> Entry:
    """The post, article or comment `node` states, with the comments inside it, each node once."""
    return _entry(node, base, {id(node)}, 0)


def read_thread(main: Node, beside: Sequence[Node], base: str) -> tuple[Entry, list[Entry]]:
    """The entry of `main`, and those of the nodes beside it that it does not hold already."""
    read = {id(main)}
    root = _entry(main, base, read, 0)
    loose: list[Entry] = []
    for node in beside:
        if id(node) not in read:
            read.add(id(node))
            loose.append(_entry(node, base, read, 0))
    return root, loose


def _entry(node: Node, base: str, read: set[int], depth: int) -> Entry:
    comments: list[Entry] = []
    for each in nodes_below(node, *_BELOW) if depth < _DEEPEST else ():
        if id(each) not in read:  # references may lead in a circle
            read.add(id(each))
            comments.append(_entry(each, base, read, depth + 1))
    body = _string(node, "text", "articleBody", "reviewBody", "commentText")
    passage = read_fragment(body, base) if _MARKUP.search(body) else None
    name, handle = _author(node.get("author") or node.get("creator"), base)
    media = (*_media(node, base), *(passage.media if passage else ()))
    kinds = types_of(node)
    return Entry(
        kind=min(kinds & POSTS or kinds, default=""),
        id=_id(node, base),
        url=absolute(_string(node, "url") or _reference(node.get("mainEntityOfPage")) or _at_id(node), base),
        answers=_reference(node.get("parentItem") or node.get("about")),
        title=_plain(_string(node, "headline", "name")),
        text=passage.text if passage else _tidy(body),
        creator_name=name,
        creator_handle=handle,
        created=read_moment(_string(node, "dateCreated", "datePublished", "uploadDate", "commentTime")),
        modified=read_moment(_string(node, "dateModified")),
        language=_language(node.get("inLanguage")) or (passage.language if passage else ""),
        keywords=_keywords(node.get("keywords")),
        links=_links(node, base) or (passage.links if passage else ()),
        media=tuple(dict.fromkeys(media)),
        declared=_declared(node),
        comments=tuple(comments),
    )


def description_of(node: Node) -> str:
    return _tidy(_string(node, "description", "abstract"))


def nodes_below(node: Node, *names: str) -> list[Node]:
    """The nodes under the properties `names`, lists opened."""
    return [each for name in names for each in _listed(node.get(name)) if isinstance(each, dict)]


def is_about(node: Node, page_url: str) -> bool:
    """Whether the node says itself that it is this page's."""
    stated = (_string(node, "url"), _reference(node.get("mainEntityOfPage")), _at_id(node))
    return any(same_place(absolute(each, page_url), page_url) for each in stated if each)


def _resolved(nodes: list[dict[str, Any]]) -> list[Node]:
    """The same nodes, references (`{"@id": ...}` alone) replaced by what they refer to, at every depth."""
    every = list(_every(nodes))
    known = {node["@id"]: node for node in every if isinstance(node.get("@id"), str) and len(node) > 1}

    def put_in(value: Any) -> Any:
        is_reference = isinstance(value, dict) and len(value) == 1 and isinstance(value.get("@id"), str)
        return known.get(value["@id"], value) if is_reference else value

    for node in every:
        for name in node.keys() - _UPWARDS:
            value = node[name]
            node[name] = [put_in(each) for each in value] if isinstance(value, list) else put_in(value)
    return list(nodes)


def _every(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    stack: list[Any] = list(nodes)
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield value
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def _as_node(item: Any, depth: int = 0) -> Any:
    if isinstance(item, list):
        return [_as_node(each, depth + 1) for each in item] if depth < _DEEPEST else []
    if not isinstance(item, dict) or depth >= _DEEPEST:
        return item if isinstance(item, str) else {}
    node = {name: _as_node(value, depth + 1) for name, value in (item.get("properties") or {}).items()}
    node["@type"] = item.get("type") or []
    if item.get("id"):
        node["@id"] = item["id"]
    return node


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _string(node: Node, *names: str) -> str:
    """The first text under any of `names`, numbers as text."""
    for name in names:
        for value in _listed(node.get(name)):
            if isinstance(value, dict):
                value = value.get("@value")
            if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
                return str(value).strip()
    return ""


def _plain(text: str) -> str:
    return " ".join(text.split())


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x00", "\ufffd").strip()


def _at_id(node: Node) -> str:
    value = node.get("@id")
    return value if isinstance(value, str) and not value.startswith("_:") else ""


def _reference(value: Any) -> str:
    """The id or address a property points with."""
    for each in _listed(value):
        if isinstance(each, str):
            return each
        if isinstance(each, dict):
            return _at_id(each) or _string(each, "url", "identifier")
    return ""


def identifier_of(node: Node) -> str:
    """The site's own id as `identifier` states it, "" where it does not."""
    for value in _listed(node.get("identifier")):
        stated = _string(value, "value") if isinstance(value, dict) else value
        if isinstance(stated, str | int) and not isinstance(stated, bool) and str(stated).strip():
            return str(stated).strip()
    return ""


def _id(node: Node, base: str) -> str:
    if stated := identifier_of(node):
        return stated
    at_id = _at_id(node)
    anchor = fragment_of(at_id)
    return anchor if anchor and same_place(absolute(at_id, base), base) else ""


def _author(value: Any, base: str) -> tuple[str, str]:
    """Name and handle of the first author named."""
    for each in _listed(value):
        if isinstance(each, str) and each.strip():
            return _plain(each), ""
        if isinstance(each, dict):
            name = _plain(_string(each, "name", "givenName"))
            address = absolute(_string(each, "url") or _at_id(each), base)
            handle = _string(each, "alternateName", "identifier") or handle_in(address)
            if name or handle:
                return name, handle.lstrip("@")
    return "", ""


def handle_in(profile_url: str) -> str:
    """The last part of a profile's path, as `anna` of `https://example.org/@anna/`; "" where the path is empty."""
    path = profile_url.split("?")[0].split("#")[0].split("://", 1)[-1]
    _, slash, rest = path.partition("/")
    return rest.rstrip("/").rsplit("/", 1)[-1].lstrip("@") if slash else ""


def _language(value: Any) -> str:
    for each in _listed(value):
        stated = _string(each, "alternateName", "name") if isinstance(each, dict) else each
        if isinstance(stated, str) and stated.strip():
            return stated.strip()
    return ""


def _keywords(value: Any) -> tuple[str, ...]:
    words = [word for each in _listed(value) if isinstance(each, str) for word in each.split(",")]
    return tuple(dict.fromkeys(filter(None, map(_plain, words))))


def _links(node: Node, base: str) -> tuple[str, ...]:
    shared = [_reference(each) for name in ("sharedContent", "citation") for each in _listed(node.get(name))]
    return tuple(dict.fromkeys(filter(None, (absolute(url, base) for url in shared if url))))


def _media(node: Node, base: str) -> Iterator[MediaRef]:
    for name, kind in (("image", "image"), ("video", "video"), ("audio", "audio")):
        for each in _listed(node.get(name)):
            about = each if isinstance(each, dict) else {}
            stated = each if isinstance(each, str) else _string(about, "contentUrl", "url", "embedUrl") or _at_id(about)
            if url := absolute(stated, base) if stated else "":
                yield MediaRef(url=url, kind=kind, alt=_plain(_string(about, "caption", "description", "name")))


def _declared(node: Node) -> int | None:
    """The number of comments the node states."""
    for name in ("commentCount", "answerCount"):
        stated = _string(node, name)
        if stated.isascii() and stated.isdigit():
            return int(stated[:9])
    for statistic in nodes_below(node, "interactionStatistic"):
        action = statistic.get("interactionType")
        named = types_of(action) if isinstance(action, dict) else {str(action).rsplit("/", 1)[-1]}
        count = _string(statistic, "userInteractionCount")
        if named & {"CommentAction", "ReplyAction"} and count.isascii() and count.isdigit():
            return int(count[:9])
    return None

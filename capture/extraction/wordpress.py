"""WordPress: a post or page with every comment, from the API's answers recorded beside the page.

A post is a thread even before its first comment; a page of the site (`type: page`) is one
only if it takes or has comments. Native ids are `post-<id>` and `comment-<id>`, as WordPress
numbers both for itself. Comments the page shows and the API does not give (pingbacks, a
closed API) are taken from the page; `found` then counts them as `comments_only_on_page`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from archiver.core.records import Extraction, Item, ItemKind, MediaRef, RecordKind
from capture.extraction import generic
from capture.extraction.addresses import absolute, canonical_url, site_of
from capture.extraction.dates import read_moment
from capture.extraction.document import read_fragment, read_passage
from capture.extraction.entry import Entry, make_item
from capture.extraction.meta import PageMeta, read_meta
from capture.extraction.page import Answer, PageEvidence
from capture.extraction.schema_org import handle_in
from capture.extraction.wordpress_api import PostAddress, find_post, read_count, route_of
from capture.extraction.wordpress_comments import read_handles, read_shown_comments

NAME = "wordpress"
VERSION = 1

Fields = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Comments:
    """The comments of one post; `declared` is the API's own count."""

    entries: tuple[Entry, ...]
    declared: int | None
    only_on_page: int


def applies(evidence: PageEvidence) -> bool:
    """To a WordPress page that shows one post, its API open or not: a record's identity must not hang on that."""
    address = find_post(evidence.tree, evidence.final_url) if evidence.html else None
    return address is not None and (address.id is not None or _post(evidence, address) is not None)


def extract(evidence: PageEvidence) -> Extraction:
    """Read the post and its comments."""
    address = find_post(evidence.tree, evidence.final_url)
    assert address is not None
    post = _post(evidence, address)
    number = post["id"] if post is not None else address.id or 0
    meta = read_meta(evidence.tree)
    comments = _comments(evidence, address, number)
    is_page = (post or {}).get("type") == "page" if post else "/pages/" in address.route
    open_to_comments = (post or {}).get("comment_status") == "open"
    is_thread = not is_page or open_to_comments or bool(comments.entries)
    root = _root(evidence, address, meta, post)
    kind = ItemKind.POST if is_thread else ItemKind.PAGE
    root_id = f"post-{number}"
    items = (
        make_item(root, root_id, None, kind, meta.language),
        *_items(comments.entries, root_id, meta.language),
    )
    found = {"comments": len(items) - 1}
    if comments.only_on_page:
        found["comments_only_on_page"] = comments.only_on_page
    return Extraction(
        extractor=NAME,
        version=VERSION,
        site=site_of(evidence.final_url),
        kind=RecordKind.THREAD if is_thread else RecordKind.PAGE,
        native_root_id=root_id,
        canonical_url=canonical_url(_text(post, "link") or meta.canonical, evidence.final_url),
        title=root.title or generic.first_line(root.text),
        creator_name=root.creator_name,
        creator_handle=root.creator_handle,
        created=root.created,
        modified=root.modified,
        language=items[0].language,
        keywords=root.keywords,
        items=items,
        declared={} if comments.declared is None else {"comments": comments.declared},
        found=found,
    )


# -- the answers ----------------------------------------------------------------------------


def _answers(evidence: PageEvidence, api: str, route: str) -> Iterator[tuple[Answer, Mapping[str, str], Any]]:
    """The good answers to `route` in the WARC: each with its query and its JSON."""
    for url, answer in evidence.answers.items():
        if answer.status == 200 and route_of(url, api) == route:
            try:
                content = json.loads(answer.read().decode("utf-8-sig"))
            except (ValueError, RecursionError):
                continue
            yield answer, dict(parse_qsl(urlsplit(url).query)), content


def _post(evidence: PageEvidence, address: PostAddress) -> Fields | None:
    for _, query, content in _answers(evidence, address.api, address.route):
        if address.id is None and query.get("slug") != address.slug:
            continue
        for post in content if isinstance(content, list) else [content]:
            if isinstance(post, dict) and _number(post.get("id")):
                return post
    return None


def _comments(evidence: PageEvidence, address: PostAddress, post: int) -> _Comments:
    entries: dict[str, Entry] = {}
    declared: int | None = None
    handles = read_handles(evidence.tree)
    for answer, query, content in _answers(evidence, address.api, "wp/v2/comments"):
        if query.get("post") != str(post) or not isinstance(content, list):
            continue
        total = read_count(answer.headers.get("x-wp-total"))
        declared = total if total is not None else declared
        for comment in content:
            if isinstance(comment, dict) and _number(comment.get("id")):
                entry = _comment(comment, evidence, address, handles)
                entries[entry.id] = entry
    given = len(entries)
    for shown in read_shown_comments(evidence.tree, evidence.final_url):
        entries.setdefault(shown.id, shown)
    return _Comments(entries=tuple(entries.values()), declared=declared, only_on_page=len(entries) - given)


def _comment(comment: Fields, evidence: PageEvidence, address: PostAddress, handles: Mapping[str, str]) -> Entry:
    id = f"comment-{comment['id']}"
    passage = read_fragment(_rendered(comment, "content"), evidence.final_url)
    parent = _number(comment.get("parent"))
    author = _number(comment.get("author"))
    return Entry(
        kind="Comment",
        id=id,
        url=absolute(_text(comment, "link"), evidence.final_url) or absolute(f"#{id}", evidence.final_url),
        answers=f"comment-{parent}" if parent else "",
        text=passage.text,
        creator_name=unescape(_text(comment, "author_name")).strip(),
        creator_handle=handles.get(id) or (_user(evidence, address, author)[1] if author else ""),
        created=read_moment(comment.get("date_gmt")),
        language=passage.language,
        links=passage.links,
        media=passage.media,
    )


def _user(evidence: PageEvidence, address: PostAddress, number: int) -> tuple[str, str]:
    """Name and handle of a user of the site whom the API names."""
    for _, _, user in _answers(evidence, address.api, f"wp/v2/users/{number}"):
        if isinstance(user, dict):
            return unescape(_text(user, "name")).strip(), _text(user, "slug")
    return "", ""


# -- the items ------------------------------------------------------------------------------


def _root(evidence: PageEvidence, address: PostAddress, meta: PageMeta, post: Fields | None) -> Entry:
    """The post itself: as the API gives it, else as the page shows it."""
    name, handle = _author(evidence, address, meta, post)
    pictures = _featured(evidence)
    if post is None:
        shown = generic.extract(evidence)
        first = shown.items[0] if shown.items else None
        content = evidence.tree.xpath("(//*[contains(concat(' ', @class, ' '), ' entry-content ')])[1]")
        passage = read_passage(content[0], evidence.final_url) if content else None
        return Entry(
            kind="BlogPosting",
            url=shown.canonical_url,
            title=shown.title,
            text=passage.text if passage else first.text if first else "",
            creator_name=name or shown.creator_name,
            creator_handle=handle or shown.creator_handle,
            created=shown.created or _time_of_post(evidence),
            modified=shown.modified,
            language=passage.language if passage else "",
            keywords=shown.keywords or _terms(evidence),
            links=passage.links if passage else (),
            media=_once((*pictures, *(passage.media if passage else ()))),
        )
    passage = read_fragment(_rendered(post, "content"), evidence.final_url)
    return Entry(
        kind="BlogPosting",
        url=absolute(_text(post, "link"), evidence.final_url),
        title=" ".join(read_fragment(_rendered(post, "title"), evidence.final_url).text.split()),
        text=passage.text,
        creator_name=name,
        creator_handle=handle,
        created=read_moment(post.get("date_gmt")),
        modified=read_moment(post.get("modified_gmt")),
        language=passage.language,
        keywords=_terms(evidence) or meta.keywords,
        links=passage.links,
        media=_once((*pictures, *passage.media)),
    )


def _items(entries: tuple[Entry, ...], root_id: str, language: str) -> Iterator[Item]:
    """Threaded: each comment before those that answer it, siblings by id.

    One whose parent is not to be seen stands on the first level and keeps naming it.
    """
    known = {entry.id for entry in entries}
    below: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda each: int(each.id.rpartition("-")[2])):
        below.setdefault(entry.answers if entry.answers in known else root_id, []).append(entry)
    stack, given = below.pop(root_id, [])[::-1], set[str]()
    while stack or below:
        if not stack:  # a ring of answers, which WordPress does not make: broken up at its first comment
            ring = below.pop(min(below))
            stack = [each for each in ring[::-1] if each.id not in given]
            continue
        entry = stack.pop()
        given.add(entry.id)
        yield make_item(entry, entry.id, entry.answers or root_id, ItemKind.COMMENT, language)
        stack += [each for each in below.pop(entry.id, [])[::-1] if each.id not in given]


def _author(evidence: PageEvidence, address: PostAddress, meta: PageMeta, post: Fields | None) -> tuple[str, str]:
    """The post's author: as the API names him, else by the page's link to his posts."""
    number = _number((post or {}).get("author"))
    name, handle = _user(evidence, address, number) if number else ("", "")
    for link in evidence.tree.xpath("//a[contains(@rel, 'author') or contains(@href, '/author/')]"):
        shown = " ".join("".join(link.itertext()).split())
        return name or shown or meta.author, handle or handle_in(link.get("href") or "")
    if not name:
        named = evidence.tree.xpath(
            "(//*[contains(@class, 'post-author__name') or contains(@class, 'post-author-name')])[1]"
        )
        name = " ".join("".join(named[0].itertext()).split()) if named else meta.author
    return name, handle


def _featured(evidence: PageEvidence) -> tuple[MediaRef, ...]:
    """The post's own picture, which is no part of its content."""
    found = evidence.tree.xpath("//*[contains(@class, 'post-featured-image') or contains(@class, 'post-thumbnail')]")
    return read_passage(found[0], evidence.final_url).media if found else ()


def _once(media: tuple[MediaRef, ...]) -> tuple[MediaRef, ...]:
    """Each address once, with the description that is given for it anywhere."""
    found: dict[str, MediaRef] = {}
    for each in media:
        if each.url not in found or (each.alt and not found[each.url].alt):
            found[each.url] = each
    return tuple(found.values())


def _terms(evidence: PageEvidence) -> tuple[str, ...]:
    """The names of the post's categories and tags; the API gives their numbers only."""
    links = evidence.tree.xpath("//a[contains(concat(' ', @rel, ' '), ' tag ')]")
    return tuple(dict.fromkeys(filter(None, (" ".join("".join(link.itertext()).split()) for link in links))))


def _time_of_post(evidence: PageEvidence) -> Any:
    times = evidence.tree.xpath(
        "//*[contains(@class, 'post-date') or contains(@class, 'entry-date')]/descendant-or-self::time/@datetime"
    )
    return read_moment(times[0]) if times else None


def _rendered(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return _text(value, "rendered") if isinstance(value, dict) else ""


def _text(fields: Fields | None, name: str) -> str:
    value = (fields or {}).get(name)
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    """A positive whole number, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

"""A WordPress site's posts and pages by its REST API (`wp/v2`), with the comments made since the last time.

Source: developer.wordpress.org/rest-api/reference. A new comment moves no date of its post: the newest
comments of the whole site are listed beside it. An edited comment leaves no trace in any list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from capture.discovery.found import Found, Hint, Listing, one_of_each
from capture.discovery.inquiry import Inquiry, Start
from capture.extraction.addresses import normal_url, origin_of
from capture.extraction.dates import read_moment
from capture.extraction.wordpress_api import api_url, find_api, read_count, route_of
from capture.wordpress import PER_PAGE

NAME = "wordpress"

_ARCHIVES = {"categories": "categories", "tags": "tags", "users": "author"}
"""Routes of archive pages, and the parameter that narrows the list of posts to one."""


def find(start: Start, inquiry: Inquiry) -> Listing | None:
    """None where the address is no WordPress site's front page or archive, or its API keeps silent."""
    api = find_api(start.tree, start.url)
    if api is None or origin_of(api) != origin_of(start.url):
        return None
    narrowed = _narrowing(start, api)
    if narrowed is None:
        return None
    entries: list[dict[str, Any]] = []
    declared = 0
    # pages belong to no category, tag or author's archive
    for route in ("posts",) if narrowed else ("posts", "pages"):
        listed = _every(inquiry, api, route, narrowed)
        if listed is None:
            if route == "posts":
                return None
            continue
        entries += listed[0]
        declared += listed[1]
    activity, mark = _new_comments(inquiry, api)
    found = [
        Found(
            url=normal_url(str(entry["link"])),
            hint=Hint(
                modified=read_moment(_utc(entry.get("modified_gmt"))),
                activity=read_moment(_utc(activity.get(entry["id"]))),
            ),
        )
        for entry in entries
    ]
    return Listing(source=NAME, found=one_of_each(found), declared=declared, mark=mark)


def _narrowing(start: Start, api: str) -> Mapping[str, int] | None:
    """What narrows the list to what the address shows; None where that is not known."""
    for link in start.tree.iter("link"):
        if link.get("type") == "application/json" and "alternate" in (link.get("rel") or "").split():
            kind, _, id = (route_of(link.get("href") or "", api) or "").removeprefix("wp/v2/").partition("/")
            if kind in _ARCHIVES and id.isdigit():
                return {_ARCHIVES[kind]: int(id)}
    # `/news/` of a site may show any of its posts: which ones, only its feeds and links tell
    return {} if start.folder == _home(api) else None


def _home(api: str) -> str:
    """The path of the site whose API it is, with pretty or plain permalinks."""
    return urlsplit(api).path.partition("wp-json")[0].replace("index.php", "").rstrip("/") + "/"


def _every(
    inquiry: Inquiry, api: str, route: str, narrowed: Mapping[str, int]
) -> tuple[list[dict[str, Any]], int] | None:
    """Every entry, latest change first: one that changes meanwhile moves to the front, and is listed twice.

    With it the number the site declares.
    """
    entries: list[dict[str, Any]] = []
    page, pages, declared = 1, 1, 0
    while page <= pages:
        if len(entries) >= inquiry.bounds.threads:
            inquiry.leave_out(f"of {declared} {route} the {len(entries)} changed last were listed")
            break
        url = api_url(
            api, f"wp/v2/{route}", per_page=PER_PAGE, page=page, orderby="modified", order="desc",
            _fields="id,link,modified_gmt", **narrowed,
        )  # fmt: skip
        answer = inquiry.ask(url)
        listed = _read_list(inquiry, url, answer.content) if answer else None
        if answer is None or listed is None:
            return (entries, declared) if page > 1 else None
        entries += [each for each in listed if isinstance(each.get("link"), str) and isinstance(each.get("id"), int)]
        pages = read_count(answer.headers.get("x-wp-totalpages")) or 1
        declared = read_count(answer.headers.get("x-wp-total")) or len(entries)
        page += 1
    return entries, declared


def _new_comments(inquiry: Inquiry, api: str) -> tuple[dict[int, str], str]:
    """When the newest comment of each post was made, as far as comments are newer than the mark; the next mark.

    The mark is the newest comment's id. Without one, the newest hundred comments are where it begins.
    """
    mark = int(inquiry.marks[NAME]) if inquiry.marks.get(NAME, "").isdigit() else None
    newest, activity = mark or 0, dict[int, str]()
    page, pages = 1, 1
    while page <= pages:
        url = api_url(
            api, "wp/v2/comments", per_page=PER_PAGE, page=page, orderby="id", order="desc", _fields="id,post,date_gmt"
        )
        answer = inquiry.ask(url)
        listed = _read_list(inquiry, url, answer.content) if answer else None
        if answer is None or listed is None:
            return activity, str(mark or "")  # what was not seen is asked for again
        comments = [each for each in listed if isinstance(each.get("id"), int) and isinstance(each.get("post"), int)]
        for each in comments:
            if mark is None or each["id"] > mark:
                post, made = each["post"], str(each.get("date_gmt") or "")
                activity[post] = max(made, activity.get(post, ""))
                newest = max(newest, each["id"])
        pages = read_count(answer.headers.get("x-wp-totalpages")) or 1
        if mark is None or any(each["id"] <= mark for each in comments):
            break
        page += 1
    return activity, str(newest)


def _read_list(inquiry: Inquiry, url: str, content: bytes) -> list[dict[str, Any]] | None:
    try:
        listed = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        inquiry.problems.append(f"the list at {url} is not what WordPress gives")
        return None
    return [each for each in listed if isinstance(each, dict)]


def _utc(stated: object) -> str:
    """`2026-01-01T09:00:00` of a `..._gmt` field, which is UTC and does not say so."""
    return f"{stated}Z" if isinstance(stated, str) and stated else ""

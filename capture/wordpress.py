"""Asking a WordPress site's REST API for a post and all its comments (`wp/v2`, WordPress 4.7 and later).

Nothing is kept here: the caller's `get` goes through the recording proxy, so that every
answer is in the capture's WARC, where the extractor reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from capture.extraction.addresses import origin_of
from capture.extraction.document import parse_html
from capture.extraction.wordpress_api import PostAddress, api_url, find_api, find_post, read_count

PER_PAGE = 100
"""The most the API gives at once."""
MAX_PAGES = 500
"""Comment pages asked for at most: 50,000 comments."""


@dataclass(frozen=True, kw_only=True)
class ApiResponse:
    """One answer; header names in lower case, `content` decoded."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, kw_only=True)
class ApiReport:
    """What was asked and what was wrong. `declared` holds the site's own counts: {"comments": 17}."""

    is_wordpress: bool
    requested: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    declared: Mapping[str, int] = field(default_factory=dict)


def fetch_api(get: Callable[[str], ApiResponse], html: str, page_url: str) -> ApiReport:
    """Ask for the post `html` shows, its comments and its author, each through `get`.

    A page that is no WordPress page, or lists posts instead of showing one, leads to no
    request. `get` may raise OSError: that, and any answer that is no good, is a problem in
    the report. Only addresses of the page's own origin are asked.
    """
    tree = parse_html(html)
    api = find_api(tree, page_url)
    if api is None:
        return ApiReport(is_wordpress=False)
    if origin_of(api) != origin_of(page_url):
        return ApiReport(is_wordpress=True, problems=(f"the site's API is at another address, not asked: {api}",))
    address = find_post(tree, page_url)
    if address is None:
        return ApiReport(is_wordpress=True)
    inquiry = _Inquiry(get)
    post = inquiry.post(address)
    if post is not None:
        inquiry.comments(api, int(post["id"]))
        if isinstance(author := post.get("author"), int) and author > 0:
            # sites often keep their authors to themselves: the name is on the page too
            inquiry.ask(api_url(api, f"wp/v2/users/{author}"), needed=False)
    return ApiReport(
        is_wordpress=True,
        requested=tuple(inquiry.requested),
        problems=tuple(inquiry.problems),
        declared=inquiry.declared,
    )


class _Inquiry:
    """The questions of one capture, with what was asked, declared and found wrong."""

    def __init__(self, get: Callable[[str], ApiResponse]) -> None:
        self._get = get
        self.requested: list[str] = []
        self.problems: list[str] = []
        self.declared: dict[str, int] = {}

    def ask(self, url: str, *, needed: bool = True) -> tuple[Any, Mapping[str, str]] | None:
        """The answer's JSON and headers, or None with a problem noted if it was `needed`."""
        self.requested.append(url)
        fault = ""
        try:
            response = self._get(url)
            if response.status == 200:
                return json.loads(response.content.decode("utf-8-sig")), response.headers
            fault = f"answered {response.status}"
        except OSError as error:
            fault = f"did not answer: {error}"
        except (ValueError, RecursionError):
            fault = "answered with something that is no JSON"
        if needed:
            self.problems.append(f"the site's API {fault} ({url})")
        return None

    def post(self, address: PostAddress) -> dict[str, Any] | None:
        answer = self.ask(address.url)
        if answer is None:
            return None
        post = answer[0]
        if isinstance(post, list):
            post = post[0] if post else None
        if not isinstance(post, dict) or not isinstance(post.get("id"), int):
            self.problems.append(f"the site's API does not know the page's post ({address.url})")
            return None
        return post

    def comments(self, api: str, post: int) -> None:
        """Every page of the post's comments, oldest first, so that one added meanwhile comes last."""
        pages, page, ids = 1, 1, set[object]()
        while page <= min(pages, MAX_PAGES):
            url = api_url(api, "wp/v2/comments", post=post, per_page=PER_PAGE, orderby="id", order="asc", page=page)
            answer = self.ask(url)
            if answer is None:
                return
            listed, headers = answer
            if not isinstance(listed, list):
                self.problems.append(f"the site's API answered with something that is no list ({url})")
                return
            ids |= {comment.get("id") for comment in listed if isinstance(comment, dict)}
            pages = read_count(headers.get("x-wp-totalpages")) or 1
            if (total := read_count(headers.get("x-wp-total"))) is not None:
                self.declared["comments"] = total
            page += 1
        if pages > MAX_PAGES:
            self.problems.append(f"the post has {pages} pages of comments; the first {MAX_PAGES} were asked for")
        elif len(ids) < self.declared.get("comments", 0):
            self.problems.append(f"the API states {self.declared['comments']} comments and gave {len(ids)}")

"""A small WordPress site in memory: pages as its themes print them, the API as version 6.1 answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from capture.extraction.page import Answer, PageEvidence
from capture.wordpress import ApiResponse

SITE = "https://town.example"
LINK = f"{SITE}/2026/01/boil-water/"


def post(number: int = 5, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "date_gmt": "2026-01-05T12:30:00",
        "modified_gmt": "2026-01-05T13:00:00",
        "slug": "boil-water",
        "type": "post",
        "link": LINK,
        "title": {"rendered": "Boil water &#8211; wards 4 &amp; 7"},
        "content": {
            "rendered": '<p lang="en">Boil water.</p>\n<p>See <a href="/help">help</a>.</p>',
            "protected": False,
        },
        "author": 2,
        "comment_status": "open",
        **changed,
    }


def comment(number: int, text: str = "<p>Text</p>", parent: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "post": 5,
        "parent": parent,
        "author": 0,
        "author_name": f"Person {number}",
        "date_gmt": "2026-01-05T14:00:00",
        "content": {"rendered": text},
        "link": f"{LINK}#comment-{number}",
        "status": "approved",
        "type": "comment",
        **changed,
    }


def page(
    body: str = "",
    *,
    classes: str = "single single-post postid-5",
    alternate: bool = True,
    root: str = f"{SITE}/wp-json/",
) -> str:
    route = f"{root}wp/v2/posts/5"
    link = f'<link rel="alternate" type="application/json" href="{route}">' if alternate else ""
    return (
        '<!doctype html><html lang="en-US"><head><title>Boil water</title>'
        f'<link rel="https://api.w.org/" href="{root}">{link}</head>'
        f'<body class="{classes}"><h1>Boil water</h1>{body}</body></html>'
    )


@dataclass
class Site:
    """Answers `get` from `posts`, `comments` and `users`; `broken` maps a part of an address to another answer."""

    posts: list[dict[str, Any]] = field(default_factory=lambda: [post()])
    comments: list[dict[str, Any]] = field(default_factory=list)
    users: dict[int, dict[str, Any]] = field(
        default_factory=lambda: {2: {"id": 2, "name": "Norhaven Water", "slug": "norhavenwater"}}
    )
    broken: Mapping[str, tuple[int, bytes]] = field(default_factory=dict)
    answered: dict[str, ApiResponse] = field(default_factory=dict)

    def get(self, url: str) -> ApiResponse:
        status, headers, content = self._answer(url)
        headers = {"content-type": "application/json; charset=UTF-8", **headers}
        self.answered[url] = ApiResponse(url=url, status=status, headers=headers, content=content)
        return self.answered[url]

    def evidence(self, html: str, url: str = LINK) -> PageEvidence:
        """The page with everything answered so far."""
        answers = {each.url: _recorded(each) for each in self.answered.values()}
        return PageEvidence(url=url, final_url=url, html=html, answers=answers)

    def _answer(self, url: str) -> tuple[int, dict[str, str], bytes]:
        for part, (status, content) in self.broken.items():
            if part in url:
                return status, {}, content
        query = dict(parse_qsl(urlsplit(url).query))
        route = (query.get("rest_route") or urlsplit(url).path.removeprefix("/wp-json")).strip("/").split("/")
        match route:
            case ["wp", "v2", "comments"]:
                mine = sorted((c for c in self.comments if str(c["post"]) == query["post"]), key=lambda c: c["id"])
                size, page = int(query["per_page"]), int(query["page"])
                count = {"x-wp-total": str(len(mine)), "x-wp-totalpages": str(-(-len(mine) // size))}
                return 200, count, json.dumps(mine[(page - 1) * size : page * size]).encode()
            case ["wp", "v2", "users", number] if int(number) in self.users:
                return 200, {}, json.dumps(self.users[int(number)]).encode()
            case ["wp", "v2", "posts" | "pages", number]:
                found = [each for each in self.posts if str(each["id"]) == number]
                return (200, {}, json.dumps(found[0]).encode()) if found else (404, {}, b"{}")
            case ["wp", "v2", "posts" | "pages"]:
                found = [each for each in self.posts if each["slug"] == query.get("slug")]
                return 200, {"x-wp-total": str(len(found))}, json.dumps(found).encode()
        return 404, {}, b'{"code":"rest_no_route"}'


def _recorded(response: ApiResponse) -> Answer:
    return Answer(url=response.url, status=response.status, headers=response.headers, read=lambda: response.content)

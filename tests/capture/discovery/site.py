"""A site in memory: addresses and what they answer, and a WordPress API over a list of posts and comments."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from capture.wordpress import ApiResponse

SITE = "https://town.example"
HOME = f"""<html><head><link rel="https://api.w.org/" href="{SITE}/wp-json/"></head>
<body class="home blog"><h1>Town</h1></body></html>"""


@dataclass
class Pages:
    """`answers` are bodies by address, or (status, headers, body); an OSError is raised."""

    answers: dict[str, Any]
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> ApiResponse:
        self.asked.append(url)
        answer = self.answers.get(url, (404, {}, b"not found"))
        if isinstance(answer, OSError):
            raise answer
        status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
        content = body.encode() if isinstance(body, str) else body
        kind = {} if "content-type" in headers else {"content-type": _type_of(content)}
        return ApiResponse(url=url, status=status, headers={**kind, **headers}, content=content)


def _type_of(content: bytes) -> str:
    if content.startswith((b"{", b"[")):
        return "application/json"
    return "text/xml" if content.startswith((b"<?xml", b"<rss", b"<feed", b"<urlset")) else "text/html; charset=utf-8"


@dataclass
class Blog:
    """A WordPress API. `posts`, `pages` and `comments` are the entries' own dictionaries."""

    posts: list[dict[str, Any]]
    pages: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuse_after: int = 10_000
    home: str = HOME

    def get(self, url: str) -> ApiResponse:
        self.asked.append(url)
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        if not parts.path.startswith("/wp-json/"):
            return ApiResponse(url=url, status=200, headers={"content-type": "text/html"}, content=self.home.encode())
        if len(self.asked) > self.refuse_after:
            return ApiResponse(url=url, status=503, headers={}, content=b"")
        route = parts.path.removeprefix("/wp-json/wp/v2/")
        entries: list[dict[str, Any]] = getattr(self, route)
        if "categories" in query:
            entries = [each for each in entries if int(query["categories"]) in each.get("categories", ())]
        key = {"modified": "modified_gmt", "id": "id"}[query["orderby"]]
        entries = sorted(entries, key=lambda each: each[key], reverse=query["order"] == "desc")
        size, page = int(query["per_page"]), int(query["page"])
        listed = entries[(page - 1) * size : page * size]
        names = query["_fields"].split(",")
        headers = {
            "content-type": "application/json",
            "x-wp-total": str(len(entries)),
            "x-wp-totalpages": str(-(-len(entries) // size)),
        }
        told = [{name: each[name] for name in names if name in each} for each in listed]
        return ApiResponse(url=url, status=200, headers=headers, content=json.dumps(told).encode())


def post(number: int, modified: str = "2026-01-05T13:00:00", **more: Any) -> dict[str, Any]:
    return {"id": number, "link": f"{SITE}/2026/01/post-{number}/", "modified_gmt": modified, **more}


def comment(number: int, post: int, made: str = "2026-01-06T09:00:00") -> dict[str, Any]:
    return {"id": number, "post": post, "date_gmt": made}

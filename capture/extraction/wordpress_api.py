"""Where a WordPress page's post and comments are in the site's REST API. Pure.

Source: developer.wordpress.org/rest-api, "Discovery" and "Routes and endpoints".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from lxml import etree

from capture.extraction.addresses import origin_of

_NO_POSTS = {"categories", "tags", "users", "media", "taxonomies", "types", "comments", "search"}
_ID_CLASS = re.compile(r"(?:postid|page-id)-(\d+)")


@dataclass(frozen=True, kw_only=True)
class PostAddress:
    """Where a page's post is in the API. `id` is None where only its slug is known."""

    api: str  # the API's root, absolute
    route: str  # "wp/v2/posts/5", or "wp/v2/posts" to be asked by slug
    id: int | None
    slug: str = ""

    @property
    def url(self) -> str:
        return api_url(self.api, self.route, **({} if self.id is not None else {"slug": self.slug}))


def find_api(tree: etree._Element, page_url: str) -> str | None:
    """The API's root as the page states it (`<link rel="https://api.w.org/">`), None if it does not."""
    for link in tree.iter("link"):
        if "https://api.w.org/" in (link.get("rel") or "").split() and (href := link.get("href")):
            return _joined(page_url, href)
    return None


def find_post(tree: etree._Element, page_url: str) -> PostAddress | None:
    """The one post or page that a WordPress page shows; None for lists of posts and for other sites."""
    api = find_api(tree, page_url)
    if api is None:
        return None
    body = next(tree.iter("body"), None)
    classes = (body.get("class") or "").split() if body is not None else []
    if {"home", "blog", "archive", "search", "error404"} & set(classes) and "page" not in classes:
        return None
    for link in tree.iter("link"):
        if link.get("type") == "application/json" and "alternate" in (link.get("rel") or "").split():
            route = route_of(_joined(page_url, link.get("href") or "") or "", api)
            if (found := re.fullmatch(r"wp/v2/([\w-]+)/(\d+)", route or "")) and found[1] not in _NO_POSTS:
                return PostAddress(api=api, route=found[0], id=int(found[2]))
    kind = "pages" if "page" in classes else "posts"
    for name in classes:
        if found := _ID_CLASS.fullmatch(name):
            return PostAddress(api=api, route=f"wp/v2/{kind}/{found[1]}", id=int(found[1]))
    slug = urlsplit(page_url).path.rstrip("/").rpartition("/")[2]
    if slug and ({"single", "page"} & set(classes)):
        return PostAddress(api=api, route=f"wp/v2/{kind}", id=None, slug=slug)
    return None


def api_url(api: str, route: str, **parameters: str | int) -> str:
    """The address of `route` under the root `api`, with pretty or plain permalinks (`?rest_route=/`)."""
    parts = urlsplit(api)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if any(name == "rest_route" for name, _ in query):
        query = [(name, f"/{route}" if name == "rest_route" else value) for name, value in query]
        path = parts.path
    else:
        path = f"{parts.path.rstrip('/')}/{route}"
    query += [(name, str(value)) for name, value in parameters.items()]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query, safe="/"), ""))


def route_of(url: str, api: str) -> str | None:
    """The route `url` asks of the API at `api`, without slashes at its ends; None if it is elsewhere."""
    if origin_of(url) is None or origin_of(url) != origin_of(api):
        return None
    parts, root = urlsplit(url), urlsplit(api)
    if "rest_route" in dict(parse_qsl(root.query, keep_blank_values=True)):
        route = dict(parse_qsl(parts.query)).get("rest_route")
        return route.strip("/") if route and parts.path == root.path else None
    prefix = root.path.rstrip("/") + "/"
    return parts.path[len(prefix) :].strip("/") if parts.path.startswith(prefix) else None


def read_count(value: str | None) -> int | None:
    """The count a header states; None where it states none."""
    return int(value) if value and re.fullmatch(r"[0-9]{1,9}", value.strip()) else None


def _joined(base: str, href: str) -> str | None:
    try:
        return urljoin(base, href.strip())
    except ValueError:  # urllib refuses such as "http://[x"
        return None

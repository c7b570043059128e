"""The sample site's pages: HTML with microformats2, and JSON-LD that says the same."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from archiver.sample.content import Post

_environment = Environment(
    loader=PackageLoader("archiver.sample", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def timeline_page(threads: tuple[Post, ...], base: str) -> str:
    """The town's page with an excerpt of each thread; `base` is the site's address, with a slash at its end."""
    return _environment.get_template("timeline.html").render(threads=threads, base=base)


def thread_page(thread: Post, base: str) -> str:
    """One thread with all its comments."""
    data = json.dumps(structured_data(thread, base), ensure_ascii=False, indent=1)
    # the only way out of a script element is a tag
    safe = Markup(data.replace("<", "\\u003c"))  # noqa: S704 - JSON, with what could end the element escaped
    return _environment.get_template("thread.html").render(thread=thread, base=base, structured_data=safe)


def missing_page(base: str) -> str:
    """The answer to an address the site does not have."""
    return _environment.get_template("missing.html").render(base=base)


def structured_data(thread: Post, base: str) -> dict[str, Any]:
    """The thread as schema.org's DiscussionForumPosting, its comments nested as they answer one another."""
    address = f"{base}posts/{thread.id}"
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "@id": address,
        "url": address,
        "mainEntityOfPage": address,
        "headline": thread.title,
        "keywords": list(thread.keywords),
        "commentCount": thread.comment_count,
    }
    return described | _posting(thread, address, base)


def _posting(post: Post, address: str, base: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "identifier": post.id,
        "author": {
            "@type": "Person",
            "name": post.author.name,
            "alternateName": post.author.handle,
        },
        "datePublished": post.created.isoformat(),
        "inLanguage": post.language,
        "text": post.text,
    }
    if post.modified:
        described["dateModified"] = post.modified.isoformat()
    if post.image:
        described["image"] = {
            "@type": "ImageObject",
            "contentUrl": f"{base}images/{post.image}",
            "caption": post.alt,
        }
    page = address.partition("#")[0]
    described["comment"] = [
        {"@type": "Comment", "@id": at, "url": at} | _posting(comment, at, base)
        for comment in post.comments
        for at in [f"{page}#comment-{comment.id}"]
    ]
    return described


def _shown(moment: datetime) -> str:
    """`16 November 2026, 08:30`, as the town's clock shows it."""
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def _hue(handle: str) -> int:
    """A colour for a person's badge, the same on every page."""
    return sum(ord(letter) * 37 for letter in handle) % 360


_environment.filters["shown"] = _shown
_environment.filters["hue"] = _hue

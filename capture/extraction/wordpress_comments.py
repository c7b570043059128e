"""Comments as a WordPress page shows them, for what its API does not give: classic and block themes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from capture.extraction.addresses import absolute
from capture.extraction.dates import read_moment
from capture.extraction.document import read_passage
from capture.extraction.entry import Entry

_COMMENT = re.compile(r"comment-(\d+)")
_AUTHOR_CLASS = "comment-author-"


def read_shown_comments(tree: etree._Element, page_url: str) -> Iterator[Entry]:
    """Every comment on the page, in its order; `answers` is the id of the comment it hangs below, or ""."""
    seen: set[str] = set()
    for element in tree.xpath("//*[starts-with(@id, 'comment-')]"):
        id = element.get("id")
        if not _COMMENT.fullmatch(id) or id in seen:
            continue
        seen.add(id)
        content = _own(element, "contains(@class, 'comment-content')")
        if content is None:
            continue
        names = _own(element, "contains(@class, 'comment-author-name')"), _own(element, _class("fn"))
        author = next((name for name in names if name is not None), None)
        time = _own(element, "self::time[@datetime]")
        passage = read_passage(content, page_url)
        yield Entry(
            kind="Comment",
            id=id,
            url=absolute(f"#{id}", page_url),
            answers=_parent(element) or "",
            text=passage.text,
            creator_name=" ".join("".join(author.itertext()).split()) if author is not None else "",
            creator_handle=handle_of(element),
            created=read_moment(time.get("datetime")) if time is not None else None,
            language=passage.language,
            links=passage.links,
            media=passage.media,
        )


def read_handles(tree: etree._Element) -> dict[str, str]:
    """The handle of each comment's author by the comment's id, where the author is a user of the site.

    The API names users only to those who may see them; the page's classes name them all.
    """
    found = {
        element.get("id"): handle_of(element)
        for element in tree.xpath("//*[starts-with(@id, 'comment-')][contains(@class, 'comment-author-')]")
    }
    return {id: handle for id, handle in found.items() if handle}


def handle_of(element: etree._Element) -> str:
    names = (element.get("class") or "").split()
    return next((name.removeprefix(_AUTHOR_CLASS) for name in names if name.startswith(_AUTHOR_CLASS)), "")


def _own(element: etree._Element, test: str) -> etree._Element | None:
    """The first element below that passes, unless it belongs to a comment further in."""
    found = element.xpath(f"(.//*[{test}])[1]")
    if not found or _nearest(found[0]) is not element:
        return None
    return found[0]


def _parent(element: etree._Element) -> str | None:
    above = element.getparent()
    nearest = _nearest(above) if above is not None else None
    return nearest.get("id") if nearest is not None else None


def _nearest(element: etree._Element) -> etree._Element | None:
    at: etree._Element | None = element
    while at is not None and not _COMMENT.fullmatch(at.get("id") or ""):
        at = at.getparent()
    return at


def _class(name: str) -> str:
    return f"contains(concat(' ', @class, ' '), ' {name} ')"

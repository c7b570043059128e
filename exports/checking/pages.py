"""Checking that the pages of a bundle run nothing and fetch nothing, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from exports.checking.bag import show

_LARGEST_PAGE = 1 << 26
_ELEMENTS = frozenset((
    "a", "article", "bdi", "body", "br", "caption", "code", "dd", "div", "dl", "dt", "footer", "h1", "h2",
    "h3", "head", "header", "html", "img", "li", "main", "meta", "nav", "ol", "p", "section", "span", "style",
    "table", "tbody", "td", "th", "thead", "time", "title", "tr", "ul",
))  # fmt: skip
_ADDRESSES = ("href", "src")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_FETCHES = re.compile(r"url\(|@import|\\", re.IGNORECASE)
_META = frozenset(("content-security-policy", ""))


def check_page(path: Path, name: str) -> Iterator[str]:
    """Stricter than HTML: whatever a page of a production never has is a finding."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_PAGE + 1)
        if len(content) > _LARGEST_PAGE:
            yield f"{show(name)} is larger than it may be, and was not checked for scripts"
            return
        page = _Page()
        page.feed(content.decode())
        page.close()
    except (OSError, ValueError, AssertionError) as error:  # the parser asserts what strangers may break
        yield f"{show(name)} cannot be read as a page: {show(str(error))[:200]}"
        return
    for each in page.problems:
        yield f"{show(name)} {show(each)[:200]}"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.problems: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self._tell(f"holds a <{tag}> element, which no page of a production has")
        for attribute, value in attrs:
            address = "".join((value or "").split())
            if attribute.startswith("on") or attribute in ("style", "srcset", "srcdoc", "background", "ping"):
                self._tell(f"holds the attribute {attribute}, which can run or fetch something")
            elif attribute == "http-equiv" and (value or "").lower() not in _META:
                self._tell(f"holds a <meta> element for {value}")
            elif attribute in _ADDRESSES and not _is_harmless(tag, address):
                self._tell(f"holds a <{tag}> element that leads to {value}")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style" and _FETCHES.search(data):
            self._tell("holds a style sheet that can fetch something")

    def handle_comment(self, data: str) -> None:
        self._tell("holds a comment, which no page of a production has")

    def handle_pi(self, data: str) -> None:
        self._tell("holds a processing instruction")

    def unknown_decl(self, data: str) -> None:
        self._tell("holds an unknown declaration")

    def _tell(self, problem: str) -> None:
        self.problems[problem] = None


def _is_harmless(tag: str, address: str) -> bool:
    """A link may lead anywhere on the web, as it is only followed when asked; all else stays in the bundle."""
    scheme = _SCHEME.match(address)
    if tag == "a":
        return scheme is None or scheme.group(1).lower() in ("http", "https")
    return scheme is None and not address.replace("\\", "/").startswith("//")

"""Asking a site for its lists: bounded, and every answer that is no good is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from lxml import etree

from capture.extraction.addresses import site_of
from capture.extraction.document import parse_html
from capture.extraction.page import decode_html
from capture.wordpress import ApiResponse


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What one discovery may cost."""

    requests: int = 600
    threads: int = 50_000


@dataclass(frozen=True)
class Start:
    """The address discovery begins at, as it answered."""

    answer: ApiResponse

    @property
    def url(self) -> str:
        return self.answer.url

    @property
    def media_type(self) -> str:
        return media_type_of(self.answer)

    @cached_property
    def tree(self) -> etree._Element:
        """Its document; an empty one where it is no page."""
        is_page = self.media_type in ("text/html", "application/xhtml+xml")
        return parse_html(
            decode_html(self.answer.content, self.answer.headers.get("content-type", "")) if is_page else ""
        )

    @property
    def folder(self) -> str:
        """The path that what belongs to this address begins with, with a slash at its end."""
        return urlsplit(self.url).path.rstrip("/") + "/"

    def holds(self, url: str) -> bool:
        """Whether `url` lies below this address, on the same site."""
        return site_of(url) == site_of(self.url) and (urlsplit(url).path.rstrip("/") + "/").startswith(self.folder)


class Inquiry:
    """The questions of one discovery. `marks` are what the sources asked to be handed back, by their name."""

    def __init__(
        self, get: Callable[[str], ApiResponse], *, bounds: Bounds, marks: Mapping[str, str] | None = None
    ) -> None:
        self._get = get
        self.bounds = bounds
        self.marks = dict(marks or {})
        self.requested: list[str] = []
        self.problems: list[str] = []
        self.cut: list[str] = []

    def ask(self, url: str, *, needed: bool = True) -> ApiResponse | None:
        """The answer with status 200; None otherwise, and a problem noted where it was `needed`."""
        if len(self.requested) >= self.bounds.requests:
            self.leave_out(f"after {self.bounds.requests} requests nothing more was asked for, beginning with {url}")
            return None
        self.requested.append(url)
        try:
            answer = self._get(url)
        except OSError as error:
            fault = f"did not answer: {error}"
        else:
            if answer.status == 200:
                return answer
            fault = f"answered {answer.status}"
        if needed:
            self.problems.append(f"the list at {url} {fault}")
        return None

    def leave_out(self, what: str) -> None:
        """Note once what the bounds left out."""
        if what not in self.cut:
            self.cut.append(what)


def media_type_of(answer: ApiResponse) -> str:
    return answer.headers.get("content-type", "").split(";")[0].strip().lower()

"""What a visit to a page may cost, and what it brings back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from capture.cookies.browser_state import BrowserState

TILE_HEIGHT = 16_384
"""CSS pixels of the page in one image of the full-page screenshot."""


@dataclass(frozen=True, kw_only=True)
class CaptureLimits:
    """What one capture may cost. Seconds are of wall-clock time, sizes CSS pixels or bytes."""

    load_seconds: float = 30.0  # until the page says it has loaded
    idle_seconds: float = 8.0  # until requests under way afterwards have ended
    step_seconds: float = 20.0  # for any one question to the page, any one image
    total_seconds: float = 120.0
    max_bytes: int = 500 * 1000 * 1000  # of response bodies
    max_requests: int = 10_000  # of the browser; what it asks for beyond them is blocked
    max_scrolls: int = 40  # screens a page may grow while it is scrolled
    max_clicks: int = 300  # buttons pressed that show more
    viewport_width: int = 1280
    viewport_height: int = 900
    max_page_height: int = 98_304  # six images
    max_dom_characters: int = 30_000_000
    max_words: int = 300_000
    exact_words: bool = True  # find each word's own pixels: parts of the page may be shot again


@dataclass(frozen=True, kw_only=True)
class PageSigns:
    """What tells content from a login page, a challenge or an empty shell."""

    title: str = ""
    language: str = ""
    text_length: int = 0  # characters a reader sees
    opening: str = ""  # the first of them
    text: str = ""  # what a reader sees of the main part, at most 4,000 characters
    lines: tuple[str, ...] = ()  # the first lines of the main part
    main_length: int = 0  # characters a reader sees of the main part
    dated: int = 0  # moments shown in the main part, and posts stated for machines: what walls have none of
    bare: bool = False  # nothing stands between what frames every page of the site
    password_fields: int = 0
    password_share: float = 0.0  # of the first screen, taken by the form that asks for a password
    media: int = 0  # pictures, drawings, videos and frames of some size on the first screen
    challenges: tuple[str, ...] = ()  # names of the services whose challenge the page carries
    matched: tuple[str, ...] = ()  # of the selectors asked about, those that something shown matches
    frames: int = 0


@dataclass(frozen=True, kw_only=True)
class Banner:
    """A cookie banner that stood over the page. `action` is "reject", "close" or "accept", "" where nothing fitted."""

    tool: str = ""  # the consent tool it is made with, where that is known
    text: str = ""  # its opening
    action: str = ""
    button: str = ""  # the label of the one that was pressed
    dismissed: bool = False
    share: float = 0.0  # of the window it covers, or covered


@dataclass(frozen=True, kw_only=True)
class PageObservation:
    """What one visit saw. Images are PNG; an empty one was not taken, and `problems` says why.

    `chain` lists every address the main document was asked for, redirects included.
    `status` is None where no server answered; `network_error` is then Chromium's name for it.
    """

    url: str
    final_url: str
    started: datetime
    finished: datetime
    chain: tuple[str, ...]
    status: int | None
    status_text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # of the main document, names in lower case
    content_type: str = ""  # without parameters, lower case
    download: bool = False  # the site sent the main document to be stored, not shown
    network_error: str = ""
    signs: PageSigns | None = None
    problems: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    console_errors: tuple[str, ...] = ()
    resources: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    html: str = ""
    layout: bytes = b""  # JSON
    view: bytes = b""
    tiles: tuple[bytes, ...] = ()  # the full page from the top, TILE_HEIGHT each
    banner: Banner | None = None
    feed: bytes = b""  # JSON: the posts of a feed that unmounts them
    state: BrowserState | None = field(default=None, repr=False)  # after a visit with a login; None: could not be read

    @property
    def is_page(self) -> bool:
        """Whether the main document is a page, not a file."""
        return not self.download and self.content_type in ("text/html", "application/xhtml+xml")


def tile_name(number: int) -> str:
    """`page.png`, `page@2.png`, ... : the file names of a full-page screenshot, from 1."""
    return "page.png" if number == 1 else f"page@{number}.png"


def write_feed(posts: Sequence[Mapping[str, Any]], declared: int) -> bytes:
    """The `urn:feed` record, JSON: every post as it was seen, in order, and how many the page says there are."""
    record = {"format": "archiver-feed", "version": 1, "declared": declared, "posts": list(posts)}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

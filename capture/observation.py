"""What a visit to a page may cost, and what it brings back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

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
    max_scrolls: int = 40  # screens a page may grow while it is scrolled
    viewport_width: int = 1280
    viewport_height: int = 900
    max_page_height: int = 98_304  # six images
    max_dom_characters: int = 30_000_000
    max_words: int = 300_000


@dataclass(frozen=True, kw_only=True)
class PageSigns:
    """What tells content from a login page, a challenge or an empty shell."""

    title: str = ""
    language: str = ""
    text_length: int = 0  # characters a reader sees
    opening: str = ""  # the first of them
    password_fields: int = 0
    password_share: float = 0.0  # of the first screen, taken by the form that asks for a password
    media: int = 0  # pictures, drawings, videos and frames of some size on the first screen
    challenges: tuple[str, ...] = ()  # names of the services whose challenge the page carries
    frames: int = 0


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

    @property
    def is_page(self) -> bool:
        """Whether the main document is a page, not a file."""
        return not self.download and self.content_type in ("text/html", "application/xhtml+xml")


def tile_name(number: int) -> str:
    """`page.png`, `page@2.png`, ... : the file names of a full-page screenshot, from 1."""
    return "page.png" if number == 1 else f"page@{number}.png"

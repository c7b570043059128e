"""A small site with a sitemap whose mood can be set, and archives that look at it by night."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.config import NightlySettings
from archiver.core.register import site_of
from archiver.workflows.archive.keep_register import add_account
from archiver.workflows.archive.make_archive import make_archive
from tests.workflows.town import NOW, SECRET, clerk, settings

TEXTS = (
    "The water main on Bridge Street is repaired; the road opens again on Monday.",
    "La conduite d'eau de la rue du Pont est réparée; la rue rouvre lundi.",
    "৪ নম্বৰ ৱাৰ্ডত পানীৰ টেংকাৰ কেতিয়া আহিব?",
    "पुल सड़क की पानी की पाइप ठीक हो गई है।",
    "پانی کب تک بحال ہوگا؟ 💧",
)


class Village:
    """`mood` decides what every page answers: well, throttled (429), down (no answer), login, broken (500)."""

    def __init__(self, url: str, posts: int) -> None:
        self.url = url
        self.posts = {number: TEXTS[number % len(TEXTS)] for number in range(1, posts + 1)}
        self.changed = dict.fromkeys(self.posts, "2026-01-05")
        self.gone: set[int] = set()
        self.mood = "well"
        self.moods: dict[str, str] = {}  # by the beginning of a path
        self.retry_after = "3600"
        self.asked: list[str] = []

    def answer(self, path: str) -> tuple[int, dict[str, str], str]:
        if path == "/":
            return 200, {}, f"<title>Village</title><body><h1>Village</h1><p>{' '.join(TEXTS)}</p>"
        if path == "/sitemap.xml":
            entries = "".join(
                f"<url><loc>{self.url}posts/{n}</loc><lastmod>{self.changed[n]}</lastmod></url>" for n in self.posts
            )
            return 200, {"Content-Type": "text/xml"}, f"<urlset>{entries}</urlset>"
        name = path.removeprefix("/posts/")
        if not name.isdigit() or int(name) not in self.posts or int(name) in self.gone:
            return 404, {}, "<title>Not found</title><p>There is nothing here."
        text = self.posts[int(name)]
        body = f"<title>Post {name}</title><body><article><h1>Post {name}</h1><p>{text} {text} {text}</p></article>"
        return 200, {}, body


class _Server(ThreadingHTTPServer):
    village: Village
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is closed or killed hangs up in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        village = self.server.village
        village.asked.append(self.path)
        mood = next((m for start, m in village.moods.items() if self.path.startswith(start)), village.mood)
        if mood == "down":
            self.close_connection = True
            return
        status, headers, body = village.answer(self.path)
        if mood == "throttled":
            status, headers, body = 429, {"Retry-After": village.retry_after}, "Too many requests"
        elif mood == "login":
            status, headers, body = 200, {}, "<title>Log in</title><form><input type=password></form>"
        elif mood == "broken":
            status, headers, body = 500, {}, "<p>Something went wrong"
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Its log is `asked`."""


@contextmanager
def serve_village(posts: int = 3) -> Iterator[Village]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.village = Village(f"http://127.0.0.1:{server.server_address[1]}/", posts)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.village
        finally:
            server.shutdown()
            thread.join()


class Nightwatch:
    """A clock that goes as the machine's does, on a day of its own; `nights` later where it is told so."""

    def __init__(self) -> None:
        self._offset = NOW - clock.now()

    def __call__(self) -> datetime:
        return clock.now() + self._offset

    def sleep(self, nights: int = 1) -> None:
        self._offset += timedelta(days=nights)


def archive_of(place: Path, *sites: str, **nightly: Any) -> tuple[Path, Path]:
    """An archive whose accounts are the sites, impatient unless `nightly` says otherwise; its keys' directory."""
    quick = {"delay_seconds": 0, "patience_minutes": 0, "attempts": 1, "quiet_days": 0, "fixity_sample": 5}
    chosen = replace(settings(*(site_of(site) for site in sites)), nightly=NightlySettings(**{**quick, **nightly}))
    made = make_archive(
        place / "archive", chosen, administrator="Clerk", secret=SECRET, now=NOW, config_directory=place / "config"
    )
    with Archive.open(made.directory, config_directory=place / "config") as archive:
        for number, site in enumerate(sites, 1):
            add_account(
                archive, handle=f"@village{number}", url=site, site="", department="", contact="",
                actor=clerk(archive), now=NOW,
            )  # fmt: skip
    return made.directory, place / "config"

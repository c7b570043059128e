"""The sample site's server, on this machine only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from archiver.sample.content import threads
from archiver.sample.pages import missing_page, thread_page, timeline_page

_FILES = resources.files("archiver.sample")
_HTML = "text/html; charset=utf-8"


class Site:
    """A running sample site. Setting `night` to 2 shows what a day changed."""

    def __init__(self, url: str, night: int) -> None:
        self.url = url
        self.night = night

    @property
    def night(self) -> int:
        """1 or 2. Raises ValueError when set to another."""
        return self._night

    @night.setter
    def night(self, night: int) -> None:
        threads(night)
        self._night = night

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, media type and body for a path without its query."""
        if path == "/":
            return HTTPStatus.OK, _HTML, timeline_page(threads(self.night), self.url).encode()
        for thread in threads(self.night):
            if path == f"/posts/{thread.id}":
                return HTTPStatus.OK, _HTML, thread_page(thread, self.url).encode()
        if path in _files():
            media_type, file = _files()[path]
            return HTTPStatus.OK, media_type, file.read_bytes()
        return HTTPStatus.NOT_FOUND, _HTML, missing_page(self.url).encode()


def _files() -> dict[str, tuple[str, Traversable]]:
    images = _FILES.joinpath("images")
    kinds = {"jpg": "image/jpeg", "png": "image/png"}
    found = {
        f"/images/{file.name}": (kinds[file.name.rpartition(".")[2]], file)
        for file in images.iterdir()
        if file.name.rpartition(".")[2] in kinds
    }
    return found | {
        "/site.css": ("text/css; charset=utf-8", _FILES.joinpath("site.css")),
        "/favicon.ico": ("image/png", images.joinpath("crest.png")),
    }


@contextmanager
def serve(night: int = 1, port: int = 0) -> Iterator[Site]:
    """Run the site on 127.0.0.1 while the block lasts; `port` 0 takes a free one.

    Raises ValueError for a night there is not, OSError if the port is taken.
    """
    threads(night)
    with _Server(("127.0.0.1", port), _Handler) as server:
        server.site = Site(f"http://127.0.0.1:{server.server_port}/", night)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.site
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is closed or killed hangs up in the middle; anything else is reported."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SampleSite"
    sys_version = ""
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        status, media_type, body = self.server.site.answer(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the site is there to be captured, its own log tells nobody anything."""

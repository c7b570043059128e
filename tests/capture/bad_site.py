"""A site on loopback that behaves badly, one way per path, and well under /good."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n%%EOF\n"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAABlBMVEX///8AAABVwtN+AAAAFElEQVR4nGNgGAWjYBSMglEw"
    "VAAABCAAAWAJDWoAAAAASUVORK5CYII="
)

GOOD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Ward 7 notice</title>
<h1>Public notice for ward 7</h1><p>The water is safe again. L’eau est de nouveau potable. পানী এতিয়া নিৰাপদ।
पानी अब सुरक्षित है। پانی اب محفوظ ہے۔ 💧</p></html>"""

LOGIN = """<!doctype html><title>Log in</title><h1>Welcome back</h1><form action="/session">
<input name="u"><input type="password" name="p"><button>Log in</button></form>"""

SCRIPT_LOOP = """<!doctype html><title>Busy</title>
<p>Before the loop there is a text.</p><script>while (true) {}</script>"""
ALERTS = """<!doctype html><title>Alerts</title>
<p>Hear the alerts of this page.</p><script>while (true) alert('!')</script>"""
LATE_LOOP = """<!doctype html><title>Late</title><p>A text, then a loop once it is scrolled.</p>
<p style="height:5000px">
<script>addEventListener("scroll", () => { while (true) {} })</script>"""
NEVER_DONE = '<!doctype html><title>Slow</title><p>The text is here, the picture never comes.</p><img src="/stall">'
ENDLESS = """<!doctype html><title>Feed</title><div id="feed"></div><script>
const more = () => { feed.insertAdjacentHTML("beforeend", "<p>An entry</p>".repeat(20)) };
more(); more(); addEventListener("scroll", more)</script>"""
LAZY = """<!doctype html><title>Lazy</title><p>Pictures further down.</p><div style="height:4000px"></div>
<img id="far" width="64" height="64"><p>The end of the page.</p><script>new IntersectionObserver((seen) => {
if (seen.some((each) => each.isIntersecting)) far.src = "/picture.png" }).observe(far)</script>"""
EMPTY = '<!doctype html><title>App</title><div id="root"></div>'
SCRIPTED = """<!doctype html><title>App</title><div id="root"></div><script>
fetch("/text").then((r) => r.text()).then((t) => setTimeout(() => { root.textContent = t }, 100))</script>"""
CHALLENGE = '<!doctype html><title>Just a moment...</title><form id="challenge-form"></form><p>Checking.</p>'
POPUPS = """<!doctype html><title>Popups</title><p>This page opens windows of its own.</p>
<script>open("/good"); open("/good")</script>"""
DECEIVER = """<!doctype html><title>Deceiver</title><p>What stands here is kept as it stands.</p><script>
Range.prototype.getClientRects = () => []; Document.prototype.querySelectorAll = () => [];
XMLSerializer.prototype.serializeToString = () => "nothing"; JSON.stringify = () => "{}"</script>"""

_PAGES = {
    "/good": GOOD,
    "/login": LOGIN,
    "/loop": SCRIPT_LOOP,
    "/alerts": ALERTS,
    "/late-loop": LATE_LOOP,
    "/never-done": NEVER_DONE,
    "/endless": ENDLESS,
    "/lazy": LAZY,
    "/empty": EMPTY,
    "/scripted": SCRIPTED,
    "/popups": POPUPS,
    "/deceiver": DECEIVER,
}


class _Answers(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(self.path)
        special: dict[str, Callable[[], None]] = {
            "/missing": lambda: self._send(404, "<h1>Not here</h1>"),
            "/broken": lambda: self._send(500, "<h1>Trouble</h1>"),
            "/busy": lambda: self._send(429, "<p>Slow down</p>", {"Retry-After": "120"}),
            "/members": lambda: self._redirect("/login?next=/members"),
            "/private": lambda: self._redirect(self.server.private_url),
            "/circle": lambda: self._redirect("/circle"),
            "/challenge": lambda: self._send(403, CHALLENGE),
            "/document.pdf": lambda: self._send(200, PDF, kind="application/pdf"),
            "/picture.png": lambda: self._send(200, PNG, kind="image/png"),
            "/store.csv": lambda: self._send(
                200, "a,b\n1,2\n", {"Content-Disposition": "attachment; filename=store.csv"}, kind="text/csv"
            ),
            "/text": lambda: self._send(200, "The text came by a script.", kind="text/plain"),
            "/nothing": lambda: self._send(204, ""),
            "/stall": self._stall,
            "/cut": self._cut,
            "/huge": self._huge,
        }
        if path in special:
            special[path]()
        elif path in self.server.pages:
            self._send(200, self.server.pages[path])
        else:
            self._send(404, "")

    def _act(self) -> None:
        """Whatever would change something: written down, and answered as if it had."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        self.server.acted.append(f"{self.command} {self.path} {body}".strip())
        self._send(200, "{}", kind="application/json")

    do_POST = do_PUT = do_PATCH = do_DELETE = _act

    def _send(
        self,
        status: int,
        body: str | bytes,
        headers: dict[str, str] | None = None,
        kind: str = "text/html; charset=utf-8",
    ) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _redirect(self, target: str) -> None:
        self._send(302, "", {"Location": target})

    def _stall(self) -> None:
        self.server.closing.wait(60)

    def _cut(self) -> None:
        """Promise more than is sent."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Cut</title><p>The first part of a longer text")
        self.close_connection = True

    def _huge(self) -> None:
        """200 MB of HTML, most of it not shown, as far as anybody reads it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(200_000_000))
        self.end_headers()
        line = b"<p>" + b"A page without end. " * 50 + b"</p>\n"
        try:
            self.wfile.write(b"<!doctype html><title>Huge</title><p>A page without end begins here.</p><div hidden>")
            for _ in range(200_000_000 // len(line)):
                if self.server.closing.is_set():
                    return
                self.wfile.write(line)
        except OSError:
            self.server.broken_off.append(time.monotonic())

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: list[str] = []
        self.acted: list[str] = []
        self.broken_off: list[float] = []
        self.closing = threading.Event()
        self.private_url = ""
        self.pages = dict(_PAGES)

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor that goes away is expected here."""


class BadSite:
    """The running site."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.host = f"127.0.0.1:{server.server_port}"
        self.url = f"http://{self.host}"

    @property
    def asked(self) -> list[str]:
        """Paths asked for so far."""
        return self._server.asked

    @property
    def acted(self) -> list[str]:
        """Requests so far that would have changed something."""
        return self._server.acted

    def put(self, path: str, html: str) -> str:
        """Serve `html` under `path`; its URL."""
        self._server.pages[path] = html
        return self.url + path

    def redirect_private_to(self, url: str) -> None:
        self._server.private_url = url


@contextmanager
def run_bad_site() -> Iterator[BadSite]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield BadSite(server)
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()

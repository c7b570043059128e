"""A site on loopback that shows some pages to those only who are logged in: a form, a session cookie, an end."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

NAME, PASSWORD = "press-office", "a password of the office"
WELCOME = "Signed in as শিৱসাগৰ Press Office"

_LOGIN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Log in</title><h1>Welcome back</h1>
<form method="post" action="/login"><input name="name"><input type="password" name="password">
<button>Log in</button></form>"""

_PERSON = f"""<script>addEventListener("load", () => {{ const form = document.forms[0];
form.name.value = {NAME!r}; form.password.value = {PASSWORD!r}; form.submit() }})</script>"""
"""A person at the keyboard, as a script of the page: fills in the form and sends it."""

_TEXT = """<p>The water of ward 7 is safe again. পানী এতিয়া নিৰাপদ। पानी अब सुरक्षित है। پانی اب محفوظ ہے۔
L’eau est de nouveau potable 💧</p>"""


class _Answers(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        site, path = self.server, self.path.partition("?")[0]
        member = self._session() in site.sessions
        site.asked.append((self.path, member))
        if path in ("/login", "/person"):
            self._send(200, _LOGIN + (_PERSON if path == "/person" else ""))
        elif path == "/bye":
            self._send(200, f"<!doctype html><title>Notice</title>{_TEXT}", cookie="sid=; Max-Age=0; Path=/; HttpOnly")
        elif path == "/thread":
            self._send(200, _thread(member=member))
        elif path in site.gone or path == "/favicon.ico":
            self._send(404, "<h1>Not here</h1>")
        elif not member:
            self._send(302, "", location=f"/login?next={path}")
        else:
            cookie = ""
            if site.rotating:
                site.sessions.discard(self._session())
                cookie = self._grant()
            echo = '<script>fetch("/echo?sid=" + localStorage.getItem("token"))</script>' if path == "/echoing" else ""
            self._send(200, f"<!doctype html><title>Members</title><h1>{WELCOME}</h1>{_TEXT}{echo}", cookie=cookie)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if (form.get("name"), form.get("password")) == ([NAME], [PASSWORD]):
            self._send(302, "", location="/members", cookie=self._grant())
        else:
            self._send(200, _LOGIN)

    def _session(self) -> str:
        held = SimpleCookie(self.headers.get("Cookie", "")).get("sid")
        return held.value if held else ""

    def _grant(self) -> str:
        session = secrets.token_hex(16)
        self.server.sessions.add(session)
        self.server.granted.append(session)
        return f"sid={session}; Path=/; HttpOnly; Max-Age={self.server.lasts}"

    def _send(self, status: int, body: str, *, location: str = "", cookie: str = "") -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _thread(*, member: bool) -> str:
    """A post with one comment for everybody and one for members."""
    comments = [("1", "Thank you, ধন্যবাদ"), *([("2", "Only members see this, شکریہ")] if member else [])]
    described = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "identifier": "thread-7",
        "headline": "Boil-water advisory",
        "text": "Boil the water of ward 7 until further notice.",
        "author": {"@type": "Person", "name": "Town"},
        "datePublished": "2026-11-01T08:00:00Z",
        "commentCount": len(comments),
        "comment": [
            {
                "@type": "Comment",
                "identifier": number,
                "text": text,
                "author": {"@type": "Person", "name": "Resident"},
                "datePublished": "2026-11-02T08:00:00Z",
            }
            for number, text in comments
        ],
    }
    shown = "".join(f"<p>{text}</p>" for _, text in comments)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Boil-water advisory</title>'
        f'<script type="application/ld+json">{json.dumps(described)}</script>'
        f"<h1>Boil-water advisory</h1><p>Boil the water of ward 7 until further notice.</p>{shown}</html>"
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.sessions: set[str] = set()
        self.granted: list[str] = []
        self.asked: list[tuple[str, bool]] = []
        self.rotating = False
        self.lasts = 30 * 24 * 3600
        self.gone: set[str] = set()
        self.token = "tok-" + secrets.token_hex(20)

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor that goes away is expected here."""


class MembersSite:
    """The running site."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.host = f"127.0.0.1:{server.server_port}"
        self.url = f"http://{self.host}"

    @property
    def asked(self) -> list[tuple[str, bool]]:
        """Paths asked for so far, and whether by one who was logged in."""
        return self._server.asked

    @property
    def secrets(self) -> list[str]:
        """Every value that must be in no file: session cookies ever granted, and the token in the browser's storage."""
        return [*self._server.granted, self._server.token]

    def grant(self) -> str:
        """A session cookie's value, as one who logged in elsewhere has it."""
        session = secrets.token_hex(16)
        self._server.sessions.add(session)
        self._server.granted.append(session)
        return session

    def storage_state(self) -> str:
        """A login as a browser's export holds it."""
        cookie = {"name": "sid", "value": self.grant(), "domain": "127.0.0.1", "path": "/", "httpOnly": True}
        token = {"name": "token", "value": self._server.token}
        origins = [{"origin": self.url, "localStorage": [token]}]
        return json.dumps({"cookies": [{**cookie, "expires": -1, "secure": False}], "origins": origins}, indent=1)

    def end_every_session(self) -> None:
        self._server.sessions.clear()

    def rotate(self) -> None:
        """From now on each page gives a new cookie and ends the one it was asked with."""
        self._server.rotating = True

    def take_down(self, path: str) -> None:
        self._server.gone.add(path)


@contextmanager
def run_members_site() -> Iterator[MembersSite]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield MembersSite(server)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

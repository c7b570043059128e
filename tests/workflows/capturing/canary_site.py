"""A site that hands out canary secrets and gives them back wherever a page can."""

from __future__ import annotations

import base64
import contextlib
import gzip
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import brotli  # type: ignore[import-untyped]  # it ships no types
import zstandard

COOKIE = "canary4cookie7Qx0Zb1cA9"
ROTATED = "canary4rotated8Lm2Vd5kT"
BEARER = "canary4bearer.eyJzdWIiOiI3In0.h8Kq"
ADDRESS = "canary4address5Wn3Rt6yU"
SESSION = "canary4session1Pp0Oo9Ii"
IN_JSON = "canary4json6Gh7Jk8Ll9Zz"
IN_GRAPHQL = "canary4graphql3Ew2Qa1Sd"
IN_FORM = "canary4form Zx9Cv8Bn7 ü"
IN_MULTIPART = "canary4multipart5Tg6Yh"
API_KEY = "canary4apikey0Mn9Bv8Cx7"
GUARD = "canary4guard2Sd3Fg4Hj5K"
CANARIES = (
    COOKIE, ROTATED, BEARER, ADDRESS, SESSION, IN_JSON, IN_GRAPHQL, IN_FORM, IN_MULTIPART, API_KEY, GUARD,
)  # fmt: skip

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Notice for members</title></head><body>
<h1>Notice for members</h1><p>The water of ward seven is safe. পানী নিৰাপদ। पानी सुरक्षित है। پانی محفوظ ہے۔ 💧</p>
<p>Your session is SESSION, keep it to yourself.</p><a href="/more?sid=SESSION">More</a>
<p id="later"></p><script type="module">
const guard = ["canary", "GUARD"].join(""); // a guard is masked where it is sent; in a page it opens nothing
const send = (path, body, headers = {}) => fetch(path, {method: "POST", body, headers}).catch(() => 0);
await fetch("/api?page=2", {headers: {authorization: "Bearer BEARER", "x-api-key": "APIKEY", "x-csrf-token": guard}});
await send("/login", JSON.stringify({user: "clerk", accessToken: "INJSON", csrf_token: guard}),
  {"content-type": "application/json"});
await send("/graphql", JSON.stringify({query: 'mutation { login(token: "INGRAPHQL") { ok } }'}),
  {"content-type": "application/json"});
await send("/form", new URLSearchParams({q: "dam", password: "INFORM"}));
const form = new FormData(); form.append("api_key", "INMULTIPART"); await send("/form", form);
await send("/count", "url=" + encodeURIComponent(location.href) + "&bearer=BEARER");
await fetch("/rotate"); await fetch("/echo"); await fetch("/echo.gz"); await fetch("/echo.json");
for (const kind of ["br", "zst", "two", "deflate", "b64", "b64url", "twice", "escaped", "image"])
  await fetch("/echo." + kind);
localStorage.setItem("bearer", "BEARER"); sessionStorage.setItem("b", btoa("BEARER"));
document.body.dataset.kept = btoa("user:BEARER");
await fetch("http://no-such-host.invalid/?session_id=SESSION").catch(() => 0);
console.error("could not renew", "BEARER", "SESSION");
later.textContent = "Signed in with BEARER";
document.body.dataset.token = "INJSON";
</script></body></html>"""


class _Answers(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        everything = " ".join(each for each in CANARIES if each != GUARD).encode()
        if path == "/enter":
            self._send(b"", status=302, more=[("Location", f"/page?sid={SESSION}"), ("Set-Cookie", _cookie(COOKIE))])
        elif path == "/page":
            self._send(_page(), "text/html")
        elif path == "/rotate":
            self._send(ROTATED.encode(), more=[("Set-Cookie", _cookie(ROTATED)), ("X-Session-Token", SESSION)])
        elif path == "/echo":
            self._send(b"known to us: " + everything)
        elif path == "/echo.gz":
            self._send(gzip.compress(b"known to us: " * 1000 + everything), more=[("Content-Encoding", "gzip")])
        elif path == "/echo.json":
            self._send(b'{"said": "' + BEARER.replace("/", "\\/").encode() + b'"}', "application/json")
        elif path.startswith("/echo."):
            self._send(*_echo(path.removeprefix("/echo."), everything))
        else:
            self._send(b"{}", "application/json")

    def do_POST(self) -> None:
        self.server.posted += self.rfile.read(int(self.headers["Content-Length"]))
        self._send(b"{}", "application/json")

    def _send(
        self, body: bytes, kind: str = "text/plain", status: int = 200, more: list[tuple[str, str]] | None = None
    ) -> None:
        self.server.cookies += self.headers.get("Cookie", "")
        self.send_response(status)
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(body))), *(more or [])]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _echo(kind: str, everything: bytes) -> tuple[bytes, str, int, list[tuple[str, str]]]:
    """The secrets as a server may pack or spell them: body, media type, status, further headers."""
    said = b"known to us: " * 20 + everything
    packed = {
        "br": (brotli.compress(said), "br"),
        "zst": (zstandard.compress(said), "zstd"),
        "deflate": (zlib.compress(said), "deflate"),
        "two": (brotli.compress(gzip.compress(said)), "gzip, br"),
    }
    if kind in packed:
        body, encoding = packed[kind]
        return body, "text/plain", 200, [("Content-Encoding", encoding)]
    escaped = "".join(f"\\u{ord(each):04x}" if each in "=+&<>'" else each for each in everything.decode())
    spelled = {
        "b64": b" ".join(base64.b64encode(b"x" * shift + everything) for shift in range(3)),
        "b64url": b'{"state": "' + base64.urlsafe_b64encode(b"ab\xff\xfe" + everything) + b'"}',
        "twice": quote(quote(everything.decode(), safe=""), safe="").encode(),
        "escaped": escaped.encode(),
        "image": b"\x89PNG\r\n\x1a\n" + everything,
    }
    return spelled[kind], "image/png" if kind == "image" else "text/plain", 200, []


def _cookie(value: str) -> str:
    return f"member={value}; Path=/; HttpOnly; SameSite=Lax"


def _page() -> bytes:
    page = _PAGE
    for name, value in (
        ("SESSION", SESSION), ("BEARER", BEARER), ("APIKEY", API_KEY), ("GUARD", GUARD.removeprefix("canary")),
        ("INJSON", IN_JSON),
        ("INGRAPHQL", IN_GRAPHQL), ("INFORM", IN_FORM), ("INMULTIPART", IN_MULTIPART),
    ):  # fmt: skip
        page = page.replace(name, value)
    return page.encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.posted = b""
        self.cookies = ""


class CanarySite:
    """The running site, and what reached it: so that a test knows the canaries did fly."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.host = f"127.0.0.1:{server.server_port}"
        self.url = f"http://{self.host}/enter?access_token={ADDRESS}"

    @property
    def received(self) -> bytes:
        return self._server.posted + self._server.cookies.encode()


@contextlib.contextmanager
def run_canary_site() -> Iterator[CanarySite]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield CanarySite(server)
    finally:
        server.shutdown()
        server.server_close()

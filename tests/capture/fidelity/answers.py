"""What the fidelity site answers: one function for each kind of response, by path."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]  # it ships no types
import zstandard

from tests.capture.fidelity import pages
from tests.capture.fidelity.journal import Fields, Request

TEXT = "The dam is safe. Le barrage est sûr. বান্ধ সুৰক্ষিত। बाँध सुरक्षित है। بند محفوظ ہے۔ 🛟\n".encode()
LONG_TEXT = TEXT * 400
VIDEO = bytes(range(256)) * 4096
"""A MiB that no player can play; a browser asks for its beginning and gives up."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A response to be written. Over HTTP/2 `framing` says nothing."""

    status: int = 200
    fields: Fields = ()
    body: Iterable[bytes] = ()
    framing: str = "length"  # "length" | "chunked" | "close" | "none"
    promised: int | None = None  # the Content-Length, where it is not the body's
    break_off: bool = False  # end without having ended


Answer = Callable[[Request], Reply]


def _plain(
    body: bytes, kind: str = "text/plain; charset=utf-8", status: int = 200, *more: tuple[bytes, bytes]
) -> Reply:
    return Reply(status=status, fields=((b"Content-Type", kind.encode()), *more), body=(body,))


def _encoded(encoding: str, body: bytes, kind: str = "text/plain; charset=utf-8") -> Reply:
    return _plain(body, kind, 200, (b"Content-Encoding", encoding.encode()))


def _redirect(status: int, to: str) -> Reply:
    return _plain(b"moved\n", "text/plain", status, (b"Location", to.encode()))


def _slowly(pieces: Iterable[bytes], pause: float = 0.05) -> Iterator[bytes]:
    for piece in pieces:
        yield piece
        time.sleep(pause)


_over: dict[str, threading.Event] = {}  # by origin: set when its journey has ended


def _hold(request: Request) -> Reply:
    """A body that goes on until the journey is over: who waits for it waits for the whole journey."""
    over = _over.setdefault(request.origin, threading.Event())

    def pieces() -> Iterator[bytes]:
        for _ in range(3000):
            yield b"."
            if over.wait(0.1):
                return

    return Reply(fields=((b"Content-Type", b"text/plain"),), body=pieces(), framing="chunked")


def _end(request: Request) -> Reply:
    _over.setdefault(request.origin, threading.Event()).set()
    return _plain(b"over")


def _conditional(request: Request) -> Reply:
    if request.field(b"if-none-match"):
        return Reply(status=304, fields=((b"ETag", b'"v1"'),), framing="none")
    return _plain(TEXT, "text/plain", 200, (b"ETag", b'"v1"'))


def _ranged(content: bytes, kind: str) -> Answer:
    def answer(request: Request) -> Reply:
        asked = request.field(b"range").decode().removeprefix("bytes=")
        if not asked:
            return _plain(content, kind, 200, (b"Accept-Ranges", b"bytes"))
        first, _, last = asked.partition("-")
        start, end = int(first or 0), min(int(last or len(content) - 1), len(content) - 1)
        if not last:
            end = min(end, start + 300_000)  # a server may send less than is asked for
        where = b"bytes %d-%d/%d" % (start, end, len(content))
        return _plain(content[start : end + 1], kind, 206, (b"Content-Range", where))

    return answer


def _cross_origin(request: Request) -> Reply:
    allow = (
        (b"Access-Control-Allow-Origin", b"*"),
        (b"Access-Control-Allow-Headers", b"x-asked, content-type"),
        (b"Access-Control-Allow-Methods", b"PUT"),
    )
    if request.method == "OPTIONS":
        return Reply(status=204, fields=allow, framing="none")
    return _plain(TEXT, "text/plain", 200, *allow)


def _echo(request: Request) -> Reply:
    return _plain(b'{"received": %d}' % len(request.body), "application/json")


def _login(request: Request) -> Reply:
    cookies = tuple((b"Set-Cookie", b"c%d=value-%d; Path=/; SameSite=Lax" % (n, n)) for n in range(3))
    return _plain(TEXT, "text/plain", 200, *cookies)


def _large(request: Request) -> Reply:
    size = int(request.query)
    piece = bytes(range(256)) * 256
    whole, rest = divmod(size, len(piece))
    pieces = (*(piece for _ in range(whole)), piece[:rest])
    return Reply(fields=((b"Content-Type", b"application/octet-stream"),), body=pieces, promised=size)


def _packed(name: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return {
        "gzip": lambda: gzip.compress(LONG_TEXT),
        "br": lambda: bytes(brotli.compress(LONG_TEXT)),
        "zstd": lambda: zstandard.compress(LONG_TEXT),
        "deflate": lambda: zlib.compress(LONG_TEXT),
        "raw-deflate": lambda: packer.compress(LONG_TEXT) + packer.flush(),
    }[name]()


ANSWERS: dict[str, Answer] = {
    # documents and what they are made of
    "/journey": lambda r: _encoded("gzip", gzip.compress(pages.journey(r.query)), "text/html; charset=utf-8"),
    "/style.css": lambda _: _encoded("gzip", gzip.compress(pages.STYLE), "text/css"),
    "/script.js": lambda _: _plain(pages.SCRIPT, "text/javascript"),
    "/module.js": lambda _: _plain(pages.MODULE, "text/javascript"),
    "/imported.js": lambda _: _plain(b"export const answer = 42\n", "text/javascript"),
    "/import-scripts.js": lambda _: _plain(b"self.imported = true\n", "text/javascript"),
    "/font.woff2": lambda _: _plain(b"wOF2" + bytes(200), "font/woff2"),
    "/picture.svg": lambda _: _plain(pages.PICTURE, "image/svg+xml"),
    "/lazy.svg": lambda _: _plain(pages.PICTURE, "image/svg+xml"),
    "/blob.svg": lambda _: _plain(pages.PICTURE, "image/svg+xml"),
    "/wide.svg": lambda _: _plain(pages.PICTURE, "image/svg+xml"),
    "/frame": lambda _: _plain(pages.FRAME, "text/html; charset=utf-8"),
    "/popup": lambda _: _plain(pages.POPUP, "text/html; charset=utf-8"),
    "/popup.js": lambda _: _plain(b"document.title = 'opened'\n", "text/javascript"),
    "/captions.vtt": lambda _: _plain(b"WEBVTT\n\n00:00.000 --> 00:01.000\nSafe.\n", "text/vtt"),
    "/embedded": lambda _: _plain(b"<!doctype html><p>Embedded", "text/html"),
    # redirects
    "/301": lambda _: _redirect(301, "/landed?301"),
    "/302": lambda _: _redirect(302, "/landed?302"),
    "/303": lambda _: _redirect(303, "/landed?303"),
    "/307": lambda _: _redirect(307, "/posted?307"),
    "/308": lambda _: _redirect(308, "/posted?308"),
    "/landed": lambda _: _plain(TEXT),
    "/posted": _echo,
    "/meta": lambda _: _plain(pages.META, "text/html"),
    "/meta-landed": lambda _: _plain(b"<!doctype html><p>Landed", "text/html"),
    # statuses
    "/204": lambda _: Reply(status=204, framing="none"),
    "/304": _conditional,
    "/404": lambda _: _plain(b"not here\n", "text/plain", 404),
    "/410": lambda _: _plain(b"gone\n", "text/plain", 410),
    "/500": lambda _: _plain(b"broken\n", "text/plain", 500),
    "/empty": lambda _: _plain(b""),
    # encodings and framings
    "/gzip": lambda _: _encoded("gzip", _packed("gzip")),
    "/brotli": lambda _: _encoded("br", _packed("br")),
    "/zstd": lambda _: _encoded("zstd", _packed("zstd")),
    "/deflate": lambda _: _encoded("deflate", _packed("deflate")),
    "/raw-deflate": lambda _: _encoded("deflate", _packed("raw-deflate")),
    "/false-gzip": lambda _: _encoded("gzip", TEXT),
    "/chunked": lambda _: Reply(
        fields=((b"Content-Type", b"text/plain"),), body=[TEXT, LONG_TEXT, TEXT], framing="chunked"
    ),
    "/chunked-gzip": lambda _: Reply(
        fields=((b"Content-Type", b"text/plain"), (b"Content-Encoding", b"gzip")),
        body=[_packed("gzip")[:100], _packed("gzip")[100:]],
        framing="chunked",
    ),
    "/until-close": lambda _: Reply(fields=((b"Content-Type", b"text/plain"),), body=[LONG_TEXT], framing="close"),
    "/stream": lambda _: Reply(
        fields=((b"Content-Type", b"text/plain"),), body=_slowly([TEXT] * 8), framing="chunked"
    ),
    "/events": lambda _: Reply(
        fields=((b"Content-Type", b"text/event-stream"),),
        body=_slowly([b"id: %d\ndata: message %d\n\n" % (n, n) for n in range(5)]),
        framing="chunked",
    ),
    "/range": _ranged(LONG_TEXT, "text/plain"),
    "/large": _large,
    "/hold": _hold,
    "/over": _end,
    "/broken": lambda _: Reply(
        fields=((b"Content-Type", b"text/plain"),), body=[TEXT], promised=5 * len(TEXT), break_off=True
    ),
    "/hung-up-on": lambda _: Reply(
        fields=((b"Content-Type", b"text/plain"),), body=_slowly([LONG_TEXT] * 100, 0.1), framing="chunked"
    ),
    # heads
    "/latin-1": lambda _: _plain(TEXT, "text/plain", 200, (b"X-Place", b"caf\xe9 \xa7"), (b"X-UTF-8", "শিৱ".encode())),
    "/repeated": lambda _: _plain(TEXT, "text/plain", 200, *((b"X-aGain", b"%d" % n) for n in range(20))),
    "/long-head": lambda _: _plain(TEXT, "text/plain", 200, (b"X-Long", b"x" * 12_000)),
    "/cookies": _login,
    "/cookie-read": lambda _: _plain(TEXT),
    "/csp": lambda _: _plain(
        b"<!doctype html><script src=/imported.js></script>", "text/html", 200,
        (b"Content-Security-Policy-Report-Only", b"script-src 'none'; report-uri /report"),
    ),
    "/names/caf%C3%A9": lambda _: _plain(TEXT),
    # media
    "/video.mp4": _ranged(VIDEO, "video/mp4"),
    "/video-in-source.webm": _ranged(VIDEO[::-1], "video/webm"),
    "/unplayed.mp3": _ranged(VIDEO[:500_000], "audio/mpeg"),
    # what is sent
    "/json": _echo,
    "/form": _echo,
    "/multipart": _echo,
    "/graphql": _echo,
    "/binary": _echo,
    "/beacon": lambda _: Reply(status=204, framing="none"),
    "/report": lambda _: Reply(status=204, framing="none"),
    "/keepalive": _echo,
    "/xhr": _echo,
    "/cross": _cross_origin,
    # workers
    "/worker.js": lambda _: _plain(pages.WORKER, "text/javascript"),
    "/nested.js": lambda _: _plain(pages.NESTED, "text/javascript"),
    "/shared.js": lambda _: _plain(pages.SHARED, "text/javascript"),
    "/service.js": lambda _: _plain(pages.SERVICE, "text/javascript"),
    "/from-worker": lambda _: _plain(TEXT),
    "/from-nested": lambda _: _plain(TEXT),
    "/from-shared": lambda _: _plain(TEXT),
    "/from-service": lambda _: _plain(TEXT),
    "/cached-by-service": lambda _: _plain(TEXT),
    "/through-service": lambda _: _plain(TEXT),
}  # fmt: skip


def answer(request: Request) -> Reply:
    found = ANSWERS.get(request.path)
    return found(request) if found else _plain(b"no such page\n", "text/plain", 404)

"""Capturing a thread page: a whole capture of ours against a bare Chromium taking the same screenshot.

Ours loads through the recording proxy, scrolls, waits, writes WARC, DOM, layout record, two
screenshots and a thumbnail, all synced to disk. The reference is the same Chromium with the same
flags and a new context for each page, which loads it and writes one full-page PNG.
"""

from __future__ import annotations

import json
import os
import random
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from archiver.core.records import CaptureId, Outcome, new_id
from capture.browser.chromium import find_chromium, launch_flags
from capture.observation import CaptureLimits
from capture.session import CaptureSession

SEED = 20261121
ROUNDS = 15 if os.environ.get("ARCHIVER_PROVE") else 7
AIM = 1.35
COMMENTS = 200
IMAGES = 24

_SENTENCES = (
    "The street lights in our block have been out since Tuesday.",
    "Merci de nous dire quand l’eau sera de nouveau potable.",
    "পানী কেতিয়া আহিব, অনুগ্ৰহ কৰি জনাব।",
    "कृपया बताइए कि पानी कब आएगा।",
    "براہ کرم بتائیں کہ پانی کب آئے گا۔",
    "Thank you for the quick answer 👍",
)


def make_site(seed: int) -> dict[str, tuple[str, bytes]]:
    """A thread page with its style, script and pictures: path to media type and content."""
    chance = random.Random(seed)
    site = {f"/{number}.png": ("image/png", _picture(chance, 160, 120)) for number in range(IMAGES)}
    comments = []
    for number in range(COMMENTS):
        text = " ".join(chance.choice(_SENTENCES) for _ in range(chance.randint(1, 5)))
        picture = f'<img src="/{number % IMAGES}.png" width="160" height="120" loading="lazy" alt="">'
        comments.append(
            f'<article id="comment-{number}"><h3>Resident {chance.randint(1, 60)}</h3>'
            f"<time>2026-11-{number % 28 + 1:02}</time><p>{text}</p>{picture if number % 8 == 0 else ''}</article>"
        )
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Notice</title>'
        '<link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script>'
        f"<h1>Public notice</h1>{''.join(comments)}</html>"
    )
    style = "body{font:16px/1.5 sans-serif;max-width:800px;margin:auto}article{border-top:1px solid #ccc;padding:8px}"
    script = "document.body.dataset.ready = 'yes'"
    site["/"] = ("text/html; charset=utf-8", page.encode())
    site["/style.css"] = ("text/css", style.encode())
    site["/script.js"] = ("text/javascript", script.encode())
    return site


def _picture(chance: random.Random, width: int, height: int) -> bytes:
    """A PNG of noise, which compresses as badly as a photograph."""
    rows = b"".join(b"\0" + chance.randbytes(width) for _ in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@contextmanager
def serve(site: dict[str, tuple[str, bytes]]) -> Iterator[str]:
    """The site on a loopback port: host and port."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, content = site.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in site else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def time_ours(session: CaptureSession, url: str, folder: Path) -> float:
    """Seconds of one whole capture, in an archive's running session."""
    into = Path(tempfile.mkdtemp(dir=folder))
    begun = time.perf_counter()
    seen = session.capture(url, capture_id=CaptureId(new_id("cap")), into=into)
    spent = time.perf_counter() - begun
    if seen.outcome is not Outcome.COMPLETE:
        raise SystemExit(f"capture_time: the capture ended {seen.outcome}: {seen.reason}")
    return spent


def time_bare(chromium: Chromium, url: str, folder: Path) -> float:
    """Seconds of one full-page PNG, in a running browser."""
    begun = time.perf_counter()
    limits = CaptureLimits()
    context = chromium.new_context(viewport={"width": limits.viewport_width, "height": limits.viewport_height})
    page = context.new_page()
    page.goto(url, wait_until="load")
    page.screenshot(full_page=True, path=folder / "bare.png")
    context.close()
    return time.perf_counter() - begun


def main() -> None:
    """Print the figure."""
    executable = find_chromium()
    with (
        tempfile.TemporaryDirectory(prefix="bench-capture-") as made,
        serve(make_site(SEED)) as host,
        CaptureSession(authority_dir=Path(made) / "authority", allow_hosts=[host]) as session,
        sync_playwright() as playwright,
    ):
        folder, url = Path(made), f"http://{host}/"
        chromium = playwright.chromium.launch(executable_path=executable, args=launch_flags())
        ours, bare = [], []
        for number in range(ROUNDS + 1):
            pair = (time_bare(chromium, url, folder), time_ours(session, url, folder))
            if number:  # the first round warms both up
                bare.append(pair[0])
                ours.append(pair[1])
            print(f"  round {number}: bare {pair[0]:.2f} s, ours {pair[1]:.2f} s", file=sys.stderr, flush=True)
        chromium.close()
    ratio = median(our / its for our, its in zip(ours, bare, strict=True))
    figure = {
        "bench": "capture_time",
        "value": round(median(ours), 3),
        "unit": "s",
        "reference": round(median(bare), 3),
        "ratio": round(ratio, 2),
        "aim": AIM,
        "met": ratio <= AIM,
    }
    print(json.dumps(figure, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()

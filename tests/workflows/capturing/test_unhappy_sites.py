"""Sites that throttle, break, drip or take things down: each ends in an outcome that tells which."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.manifest import read_manifest
from archiver.core.objects import MANIFEST
from archiver.core.records import Observed, Outcome, RecordKind
from archiver.core.register import site_of
from archiver.workflows.capturing.run import capture_urls
from archiver.workflows.filing.file_capture import Filed
from tests.workflows.town import clerk, make

pytestmark = pytest.mark.browser

Answer = Callable[[BaseHTTPRequestHandler], None]

GOOD = """<!doctype html><html lang=en><meta charset=utf-8><title>Road works</title><h1>Road works</h1>
<p>The road is closed from Monday. La route est fermée. পথ বন্ধ। सड़क बंद है। سڑک بند ہے۔ 🚧</p></html>"""


def page(body: str, status: int = 200, **headers: str) -> Answer:
    def answer(to: BaseHTTPRequestHandler) -> None:
        content = body.encode()
        to.send_response(status)
        to.send_header("Content-Type", "text/html; charset=utf-8")
        to.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        to.wfile.write(content)

    return answer


def break_off(to: BaseHTTPRequestHandler) -> None:
    to.connection.close()


class Site:
    """Answers each path by its list, the last answer for ever; what is not listed is not found."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {"/": [page("<!doctype html><h1>Town</h1><p>A front page.</p>")]}
        self.everywhere: Answer | None = None
        self.asked: list[str] = []
        self.url = ""

    def next(self, path: str) -> Answer:
        self.asked.append(path)
        if self.everywhere:
            return self.everywhere
        listed = self.answers.get(path, [page("", 404)])
        return listed.pop(0) if len(listed) > 1 else listed[0]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.next(self.path)(self)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None: ...

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site.url = f"http://127.0.0.1:{server.server_port}"
        yield site
        server.shutdown()


@contextmanager
def archive_of(site: Site, place: Path, **capture: object) -> Iterator[Archive]:
    settings = {"retry_seconds": 0, "load_seconds": 20, **capture}
    directory, config = make(place, site_of(site.url), **settings)
    with Archive.open(directory, config_directory=config) as archive:
        yield archive


def take(archive: Archive, site: Site) -> Filed:
    (filed,) = capture_urls(archive, [f"{site.url}/thread"], actor=clerk(archive))
    return filed


def test_a_site_that_answers_429_for_an_hour_is_asked_once_and_told_until_when(site: Site, tmp_path: Path) -> None:
    site.answers["/thread"] = [page("<p>Slow down</p>", 429, Retry_After="3600")]
    with archive_of(site, tmp_path) as archive:
        filed = take(archive, site)
        assert (filed.capture.outcome, filed.capture.cause) == (Outcome.THROTTLED, "rate_limit")
        assert filed.capture.record_id is None
        assert filed.capture.retry_after is not None
        assert abs(filed.capture.retry_after - filed.capture.finished - timedelta(hours=1)) < timedelta(minutes=2)
        assert site.asked.count("/thread") == 1
        known = archive.catalogue.capture(filed.capture.id)
        assert known is not None
        assert (known.cause, known.retry_after) == ("rate_limit", filed.capture.retry_after)
        place = archive.objects.root / archive.objects.place(filed.capture.id, None)
        assert read_manifest(place / MANIFEST).capture == known


def test_a_short_throttling_is_waited_out(site: Site, tmp_path: Path) -> None:
    site.answers["/thread"] = [page("<p>Slow down</p>", 429, Retry_After="1"), page(GOOD)]
    with archive_of(site, tmp_path) as archive:
        filed = take(archive, site)
        assert filed.capture.outcome is Outcome.COMPLETE
        assert filed.capture.reason.startswith("attempt 1 at ")
        assert "429 Too Many Requests" in filed.capture.reason


def test_a_connection_that_breaks_is_tried_again_and_each_attempt_told(site: Site, tmp_path: Path) -> None:
    site.answers["/thread"] = [break_off, break_off, break_off, break_off, page("", 502), page(GOOD)]
    with archive_of(site, tmp_path, retries=5) as archive:
        filed = take(archive, site)
        assert filed.capture.outcome is Outcome.COMPLETE
        assert "attempt 1 at " in filed.capture.reason
        assert "502 Bad Gateway" in filed.capture.reason
        assert filed.capture.record_id is not None


def test_retries_end_and_the_last_failure_stands(site: Site, tmp_path: Path) -> None:
    site.answers["/thread"] = [page("", 503)]
    with archive_of(site, tmp_path, retries=2) as archive:
        filed = take(archive, site)
        assert (filed.capture.outcome, filed.capture.cause) == (Outcome.FAILED, "server_unavailable")
        assert filed.capture.reason.count("503 Service Unavailable") == 3
        assert site.asked.count("/thread") == 3


def test_what_does_not_pass_by_itself_is_not_asked_again(site: Site, tmp_path: Path) -> None:
    paths = [f"/{status}" for status in (401, 403, 404, 410, 451, 500)]
    site.answers |= {path: [page("<p>No</p>", int(path[1:]))] for path in paths}
    with archive_of(site, tmp_path) as archive:
        filed = capture_urls(archive, [site.url + path for path in paths], actor=clerk(archive))
        assert not any(each.capture.outcome.healthy for each in filed)
        assert [site.asked.count(path) for path in paths] == [1] * len(paths)


def test_a_site_that_dies_in_mid_capture_leaves_a_partial_record_that_says_so(site: Site, tmp_path: Path) -> None:
    site.answers["/thread"] = [
        page(GOOD.replace("</html>", "<img src=/photo.jpg><script src=/app.js></script></html>"))
    ]
    site.answers["/photo.jpg"] = site.answers["/app.js"] = [break_off]
    with archive_of(site, tmp_path) as archive:
        filed = take(archive, site)
        assert (filed.capture.outcome, filed.capture.cause) == (Outcome.PARTIAL, "incomplete")
        assert "of the site's own answers did not come" in filed.capture.reason


def test_a_page_that_drips_is_taken_as_far_as_it_came(site: Site, tmp_path: Path) -> None:
    def drip(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("Content-Type", "text/html; charset=utf-8")
        to.end_headers()
        to.wfile.write(b"<!doctype html><title>Drip</title><h1>A slow page</h1>" + b" " * 1024)
        for number in range(600):
            to.wfile.write(f"<p>Drop {number}</p>".encode())
            to.wfile.flush()
            time.sleep(0.2)

    site.answers["/thread"] = [drip]
    begun = time.monotonic()
    with archive_of(site, tmp_path, load_seconds=2, total_seconds=12, retries=0) as archive:
        filed = take(archive, site)
        assert filed.capture.outcome is Outcome.PARTIAL
        assert "had not finished loading after 2 s" in filed.capture.reason
        assert time.monotonic() - begun < 110


# -- gone, and not gone -----------------------------------------------------------------------

DELETED = "<!doctype html><title>Town</title><p>{}</p>"


TOMBSTONES = {
    "/en": "This post has been deleted.",
    "/de": "Dieser Beitrag wurde gelöscht.",
    "/as": "এই পোষ্টটো মচি পেলোৱা হৈছে।",
    "/ur": "یہ پوسٹ حذف کر دی گئی ہے۔",
}


def test_a_tombstone_where_a_page_was_captured_before_is_gone(site: Site, tmp_path: Path) -> None:
    site.answers |= {path: [page(GOOD), page(DELETED.format(words))] for path, words in TOMBSTONES.items()}
    urls = [site.url + path for path in TOMBSTONES]
    with archive_of(site, tmp_path) as archive:
        before = capture_urls(archive, urls, actor=clerk(archive))
        after = capture_urls(archive, urls, actor=clerk(archive))
        for first, second in zip(before, after, strict=True):
            assert (second.capture.outcome, second.capture.cause) == (Outcome.GONE, "tombstone"), second.capture.url
            assert second.capture.record_id == first.capture.record_id
            assert "it went between" in second.capture.reason
            (item,) = archive.catalogue.items(str(first.capture.record_id))
            assert (item.observed, item.gone_after) == (Observed.GONE, first.capture.started)
            assert "The road is closed" in item.item.text


UNWELL = [
    (page("", 404), "its front page fails too: the site answered 404 Not Found"),
    (page("<p>Down for maintenance</p>", 503), "its front page fails too: the site is closed for maintenance"),
    (page("<h1>Error establishing a database connection</h1>"), "its front page fails too: the page is an error"),
    (page("", 429, Retry_After="60"), "its front page fails too: the site answered 429"),
    (break_off, "its front page fails too: the site answered 502"),
]


def test_a_404_of_a_site_that_is_not_well_is_a_failure(site: Site, tmp_path: Path) -> None:
    site.answers["/thread"] = [page(GOOD), page("", 404)]
    with archive_of(site, tmp_path) as archive:
        first = take(archive, site)
        for front, why in UNWELL:
            site.answers["/"] = [front]
            second = take(archive, site)
            assert (second.capture.outcome, second.capture.cause) == (Outcome.FAILED, "not_found"), why
            assert why in second.capture.reason
        items = archive.catalogue.items(str(first.capture.record_id))
        assert {each.observed for each in items} == {Observed.PRESENT}


# -- walls in words that no rule knows --------------------------------------------------------

EVERYWHERE = {
    "en": "Hold your horses! You click faster than our machines can follow.",
    "fr": "Notre équipe fait peau neuve et prépare la suite.",
    "hi": "इस समय सेवा बाधित है।",
    "ur": "اس وقت سروس معطل ہے۔",
    "as": "এই সময়ত সেৱা বন্ধ আছে।",
    "emoji": "🚧🐹",
}


@pytest.mark.parametrize("words", EVERYWHERE.values(), ids=EVERYWHERE)
def test_a_page_that_a_site_shows_for_any_address_is_no_capture_of_one(site: Site, tmp_path: Path, words: str) -> None:
    site.everywhere = page(f"<!doctype html><meta charset=utf-8><title>Town</title><h1>{words}</h1>")
    with archive_of(site, tmp_path) as archive:
        filed = take(archive, site)
        assert (filed.capture.outcome, filed.capture.cause) == (Outcome.FAILED, "any_address")
        assert words in filed.capture.reason
        assert filed.capture.record_id is None
        assert [each for each in site.asked if each.startswith("/no-such-page-")]


def test_a_doubtful_page_does_not_become_the_new_text_of_a_post(site: Site, tmp_path: Path) -> None:
    sorry = page("<!doctype html><title>Town</title><h1>Sorry</h1><p>Our hamsters need a rest.</p>")
    site.answers["/thread"] = [page(GOOD), sorry]
    with archive_of(site, tmp_path) as archive:
        first = take(archive, site)
        second = take(archive, site)
        assert (second.capture.outcome, second.capture.cause) == (Outcome.FAILED, "replaced")
        (item,) = archive.catalogue.items(str(first.capture.record_id))
        assert "The road is closed" in item.item.text
        site.answers["/other"] = [sorry]
        (new,) = capture_urls(archive, [f"{site.url}/other"], actor=clerk(archive))
        assert (new.capture.outcome, new.capture.cause) == (Outcome.PARTIAL, "doubtful")


# -- a feed that unmounts its posts -----------------------------------------------------------

FEED = """<!doctype html><html lang=en><meta charset=utf-8><title>Feed</title><style>body { margin: 0 }
#feed { position: relative } article { position: absolute; height: 390px; overflow: hidden }</style>
<div id=feed role=feed></div><script>
const COUNT = 9, HEIGHT = 400, mounted = new Map();
feed.style.height = COUNT * HEIGHT + "px";
const draw = () => {
  const from = Math.max(0, Math.floor(scrollY / HEIGHT) - 1), to = Math.min(COUNT, from + 5);
  for (const [n, element] of mounted) if (n < from || n >= to) { element.remove(); mounted.delete(n) }
  for (let n = from; n < to; n += 1) if (!mounted.has(n)) {
    const post = document.createElement("article");
    post.style.top = n * HEIGHT + "px"; post.setAttribute("aria-setsize", COUNT);
    post.innerHTML = `<h2><a href="/posts/${n}">Notice ${n}</a></h2><p>নিৰাপদ سڑک सड़क ${n}</p>`;
    feed.append(post); mounted.set(n, post);
  }
};
addEventListener("scroll", () => requestAnimationFrame(draw)); draw();</script></html>"""


def test_permalinks_of_a_feed_that_unmounts_its_posts_are_opened_one_by_one(site: Site, tmp_path: Path) -> None:
    site.answers["/feed"] = [page(FEED)]
    for number in range(9):
        site.answers[f"/posts/{number}"] = [page(GOOD.replace("Road works", f"Notice {number}"))]
    with archive_of(site, tmp_path) as archive:
        timeline, *posts = capture_urls(archive, [f"{site.url}/feed"], actor=clerk(archive), depth=1)
        assert (timeline.kind, timeline.items, timeline.capture.outcome) == (RecordKind.TIMELINE, 9, Outcome.COMPLETE)
        assert (timeline.completeness.declared, timeline.completeness.percent) == ({"entries": 9}, 100)
        assert [each.capture.url for each in posts] == [f"{site.url}/posts/{number}" for number in range(9)]
        assert {each.capture.outcome for each in posts} == {Outcome.COMPLETE}


def test_rules_of_the_archives_settings_are_applied(site: Site, tmp_path: Path) -> None:
    site.answers["/thread"] = [page("<!doctype html><title>Town</title><p>Réservé aux abonnés</p>")]
    with archive_of(site, tmp_path) as archive:
        settings = archive.directory / "archive.toml"
        rule = {"name": "paywall", "outcome": "login_wall", "cause": "paywall", "reason": "for subscribers only"}
        lines = [f"{key} = {json.dumps(value)}" for key, value in rule.items()]
        settings.write_text(
            settings.read_text(encoding="utf-8")
            + "\n[[outcomes.rule]]\n"
            + "\n".join(lines)
            + "\ntext = ['abonnés']\n",
            encoding="utf-8",
        )
    with Archive.open(archive.directory, config_directory=archive.config_directory) as opened:
        filed = take(opened, site)
        assert (filed.capture.outcome, filed.capture.cause) == (Outcome.LOGIN_WALL, "paywall")
        assert filed.capture.reason == "for subscribers only"

"""A site that answers 200 with something else must not touch the thread it showed before."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.records import Observed, Outcome, RecordKind
from archiver.workflows.capturing.run import capture_urls
from tests.workflows.town import Ticking, clerk, make

pytestmark = pytest.mark.browser

THREAD = json.dumps(
    {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "headline": "Water notice",
        "text": "Boil the water until Friday evening.",
        "comment": [{"@type": "Comment", "identifier": f"c{number}", "text": f"Word {number}"} for number in range(3)],
    }
)
GOOD = f"<title>Water notice</title><script type='application/ld+json'>{THREAD}</script><h1>Water notice</h1>"
# in words that no rule knows
HIDDEN = "<title>Sorry</title><p>There is nothing to look at for you here today.</p>"


class Site(ThreadingHTTPServer):
    page = GOOD


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Site)
        if self.path not in ("/", "/thread", "/home"):
            self.send_error(404)
            return
        content = self.server.page.encode()
        self.send_response(302 if self.server.page == "" and self.path == "/thread" else 200)
        self.send_header("Location", "/home")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(content or b"<title>Home</title><p>Welcome to the home page of the town.</p>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serve() -> Iterator[Site]:
    with Site(("127.0.0.1", 0), Answer) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


@pytest.mark.parametrize("instead", [HIDDEN, ""], ids=["a notice", "a redirect home"])
def test_a_page_that_stands_where_a_thread_was_is_a_failure_and_calls_nothing_gone(
    tmp_path: Path, instead: str
) -> None:
    now = Ticking()
    with serve() as site:
        place = f"127.0.0.1:{site.server_port}"
        directory, config = make(tmp_path, place)
        with Archive.open(directory, config_directory=config) as archive:
            (good,) = capture_urls(archive, [f"http://{place}/thread"], actor=clerk(archive), now=now)
            assert (good.capture.outcome, good.kind) == (Outcome.COMPLETE, RecordKind.THREAD)
            site.page = instead
            (bad,) = capture_urls(archive, [f"http://{place}/thread"], actor=clerk(archive), now=now)
            assert bad.capture.outcome is Outcome.FAILED
            assert "none of its 4 posts and comments is on it" in bad.capture.reason
            assert bad.capture.record_id is None
            assert len(archive.catalogue.records()) == 1
            assert good.capture.record_id is not None
            items = archive.catalogue.items(good.capture.record_id)
            assert {each.observed for each in items} == {Observed.PRESENT}
            site.page = GOOD
            (again,) = capture_urls(archive, [f"http://{place}/thread"], actor=clerk(archive), now=now)
            assert again.capture.outcome is Outcome.UNCHANGED

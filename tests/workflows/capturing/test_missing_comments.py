"""What a page no longer shows, or no longer can be read to show, is not taken for gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from archiver.core.archive import Archive
from archiver.core.records import Observed, Outcome
from archiver.core.register import site_of
from archiver.workflows.capturing.run import capture_urls
from archiver.workflows.verification.verify import verify_archive
from tests.workflows.town import clerk, make

pytestmark = pytest.mark.browser


def page(comments: int, declared: int | None, *, torn: bool = False) -> bytes:
    posting: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "identifier": "p1",
        "headline": "Road works",
        "text": "The road is closed from Monday.",
        "datePublished": "2026-03-01T09:00:00Z",
        "comment": [
            {"@type": "Comment", "identifier": f"c{n}", "text": f"Comment number {n}"} for n in range(comments)
        ],
    }
    if declared is not None:
        posting["commentCount"] = declared
    block = json.dumps(posting) + ("," if torn else "")
    shown = "".join(f"<p>Comment number {n}</p>" for n in range(comments))
    return (
        f"<!doctype html><title>Road works</title><script type='application/ld+json'>{block}</script>"
        f"<h1>Road works</h1><p>The road is closed from Monday.</p>{shown}"
    ).encode()


class Changing:
    body = b""
    status = 200


@contextmanager
def served(state: Changing) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            front = self.path == "/"
            self.send_response(200 if front else state.status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<!doctype html><h1>The town</h1><p>Its front page is well.</p>" if front else state.body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/thread"
        server.shutdown()


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (page(3, None), "declared 8 comments before and states no number now"),
        (page(3, 8), "declares 8 comments, 3 were filed"),
    ],
    ids=["no number any more", "fewer shown than declared"],
)
def test_comments_a_page_does_not_show_are_missing_not_gone(tmp_path: Path, later: bytes, words: str) -> None:
    state = Changing()
    state.body = page(8, 8)
    with served(state) as url:
        directory, config = make(tmp_path, site_of(url))
        with Archive.open(directory, config_directory=config) as archive:
            (first,) = capture_urls(archive, [url], actor=clerk(archive))
            assert (first.capture.outcome, first.items) == (Outcome.COMPLETE, 9), first.capture.reason
            state.body = later
            (second,) = capture_urls(archive, [url], actor=clerk(archive))
            assert second.capture.record_id == first.capture.record_id
            assert second.capture.outcome is Outcome.PARTIAL
            assert words in second.capture.reason
            items = archive.catalogue.items(str(second.capture.record_id))
            assert {each.observed for each in items} == {Observed.PRESENT}


def test_a_thread_that_answers_404_is_gone_dated_between_its_captures_and_may_return(tmp_path: Path) -> None:
    state = Changing()
    state.body = page(2, 2)
    with served(state) as url:
        directory, config = make(tmp_path, site_of(url))
        with Archive.open(directory, config_directory=config) as archive:
            (first,) = capture_urls(archive, [url], actor=clerk(archive))
            state.status = 404
            (second,) = capture_urls(archive, [url], actor=clerk(archive))
            assert second.capture.outcome is Outcome.GONE
            assert second.capture.record_id == first.capture.record_id
            items = archive.catalogue.items(str(first.capture.record_id))
            assert {each.observed for each in items} == {Observed.GONE}
            assert {(each.gone_after, each.gone_before) for each in items} == {
                (first.capture.started, second.capture.finished)
            }
            state.status = 200
            (third,) = capture_urls(archive, [url], actor=clerk(archive))
            assert len(third.changes.returned) == 3
            items = archive.catalogue.items(str(first.capture.record_id))
            assert {each.observed for each in items} == {Observed.PRESENT}
            archive.finish_run(at=third.capture.finished)
            assert verify_archive(archive).findings == ()


def test_a_block_of_comments_that_cannot_be_read_makes_the_capture_partial(tmp_path: Path) -> None:
    state = Changing()
    state.body = page(8, 8, torn=True)
    with served(state) as url:
        directory, config = make(tmp_path, site_of(url))
        with Archive.open(directory, config_directory=config) as archive:
            (filed,) = capture_urls(archive, [url], actor=clerk(archive))
            assert filed.capture.outcome is Outcome.PARTIAL
            assert "speak of comments and cannot be read" in filed.capture.reason

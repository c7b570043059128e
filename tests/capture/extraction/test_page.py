"""What is read out of a WARC, and in which encoding."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.core.errors import BadWarc
from archiver.core.records import ItemKind, MediaRef, RecordKind
from archiver.core.warc import Exchange, WarcWriter
from capture.extraction import extract
from capture.extraction.page import decode_html, read_evidence
from capture.wordpress import fetch_api
from tests.capture.wordpress_site import LINK, Site, comment, page

WHEN = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class Recording:
    """Writes one WARC."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = WarcWriter(path, info={}, now=lambda: WHEN)

    def response(
        self,
        url: str,
        content: bytes,
        media_type: str = "text/html",
        *,
        status: int = 200,
        more: Mapping[str, str] | None = None,
    ) -> None:
        headers: Mapping[str, str] = {"Content-Type": media_type, **(more or {})}
        head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        self._writer.write_exchange(
            Exchange(
                uri=url,
                date=WHEN,
                request_head=b"GET / HTTP/1.1\r\n\r\n",
                response_head=head.encode(),
                response_body=content,
            )
        )

    def resource(self, uri: str, content: bytes, media_type: str) -> None:
        self._writer.write_resource(uri, media_type, content)

    def visit(self, url: str, html: str, **info: object) -> None:
        self.resource(f"urn:dom:{url}", html.encode(), "text/html; charset=utf-8")
        self.resource(
            f"urn:pageinfo:{url}", json.dumps({"url": url, "finalUrl": url, **info}).encode(), "application/json"
        )

    def done(self) -> Path:
        return self._writer.finish().path


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path / "capture.warc.gz")


def test_the_dom_after_scripts_ran_is_read_and_not_the_document_as_sent(recording: Recording) -> None:
    recording.response("https://town.example/a", b"<p>as sent</p>")
    recording.visit("https://town.example/a", "<p>after scripts</p>", contentType="text/html")
    evidence = read_evidence(recording.done())
    assert (evidence.url, evidence.final_url) == ("https://town.example/a", "https://town.example/a")
    assert evidence.html == "<p>after scripts</p>"
    assert evidence.answers["https://town.example/a"].read() == b"<p>as sent</p>"


def test_a_warc_made_elsewhere_is_read_from_its_first_page(recording: Recording) -> None:
    recording.response("https://town.example/", b"", status=302, more={"Location": "/a"})
    body = gzip.compress("<html lang=ur><title>t</title><p>پانی کب آئے گا</p>".encode())
    recording.response("https://town.example/a", body, "text/html; charset=utf-8", more={"Content-Encoding": "gzip"})
    recording.response("https://town.example/frame", b"<p>another</p>")
    extraction = extract(recording.done())
    assert extraction.canonical_url == "https://town.example/a"
    assert (extraction.items[0].text, extraction.language) == ("پانی کب آئے گا", "ur")


def test_a_wordpress_thread_is_read_whole_from_its_warc(recording: Recording) -> None:
    site = Site(comments=[comment(number, f"<p>পানী {number}</p>") for number in range(1, 131)])
    fetch_api(site.get, page(), LINK)
    recording.response(LINK, page().encode())
    recording.response("https://town.example/x.png", b"\x89PNG", "image/png")
    for answer in site.answered.values():
        more = {name: value for name, value in answer.headers.items() if name.startswith("x-")}
        recording.response(
            answer.url, answer.content, "application/json; charset=UTF-8", status=answer.status, more=more
        )
    recording.visit(LINK, page(), contentType="text/html")
    path = recording.done()
    thread = extract(path)
    assert thread.extractor == "wordpress"
    assert thread.declared == thread.found == {"comments": 130}
    assert thread.items[130].text == "পানী 130"
    assert extract(path) == thread
    assert "https://town.example/x.png" not in read_evidence(path).answers


def test_an_answer_that_succeeded_is_not_lost_to_one_that_failed(recording: Recording) -> None:
    recording.response("https://town.example/api", b"{}", "application/json")
    recording.response("https://town.example/api", b"busy", "application/json", status=503)
    recording.visit("https://town.example/", "<p>x</p>")
    assert read_evidence(recording.done()).answers["https://town.example/api"].read() == b"{}"


@pytest.mark.parametrize(
    ("media_type", "media"),
    [("application/pdf", ()), ("image/png", (MediaRef(url="https://town.example/f/b%C3%A9", kind="image"),))],
)
def test_what_is_no_page_is_a_file_under_its_name(
    recording: Recording, media_type: str, media: tuple[MediaRef, ...]
) -> None:
    url = "https://town.example/f/b%C3%A9"
    recording.response(url, b"%PDF-1.7", media_type)
    recording.visit(url, "<embed>", contentType=media_type)
    file = extract(recording.done())
    assert (file.kind, file.title, file.canonical_url) == (RecordKind.FILE, "bé", url)
    assert [(item.kind, item.text, item.media) for item in file.items] == [(ItemKind.PAGE, "", media)]


def test_a_pageinfo_that_is_no_json_does_not_hide_the_page(recording: Recording) -> None:
    recording.resource("urn:pageinfo:https://town.example/a", b"{broken", "application/json")
    recording.resource("urn:dom:https://town.example/a", b"<p>hello there", "text/html")
    assert extract(recording.done()).items[0].text == "hello there"


def test_a_warc_without_a_page_is_refused(recording: Recording) -> None:
    path = recording.done()
    with pytest.raises(BadWarc, match=r"capture\.warc\.gz: it holds no page"):
        extract(path)


def test_a_cut_warc_is_refused(recording: Recording) -> None:
    recording.visit("https://town.example/a", "<p>text</p>" * 100)
    path = recording.done()
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(BadWarc):
        extract(path)


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ("é".encode(), "text/html", "é"),
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1", "é"),
        (b"\x93quoted\x94", "text/html; charset=iso-8859-1", "“quoted”"),
        ("é".encode("latin-1"), "text/html", "é"),
        ("é".encode(), "text/html; charset=nonsense", "é"),
        ("পানী".encode(), "text/html; charset=us-ascii; x", "à¦ªà¦¾à¦¨à§€"),
        (b'<meta charset="windows-1256">' + "پانی".encode("cp1256", "replace"), "", None),
        ("\ufeffপানী".encode(), "text/html; charset=latin-1", "পানী"),
        ("\ufeffپانی".encode("utf-16"), "text/html", None),
        (b"\xff\xfe\x00", "", None),
    ],
)
def test_a_document_is_read_in_the_encoding_it_bears_out(content: bytes, content_type: str, text: str | None) -> None:
    read = decode_html(content, content_type)
    assert read == text if text is not None else isinstance(read, str)

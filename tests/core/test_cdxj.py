"""Index lines are what the field's own indexer writes for the same file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import surt  # type: ignore[import-untyped]  # the indexers' own library, without types

from archiver.core.cdxj import index_lines, parse_line, url_key
from archiver.core.warc import Exchange, WarcWriter, read_heads, read_records

GET = Exchange(
    uri="https://www.gov.in/?b=2&a=1",
    date=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    request_head=b"GET /?b=2&a=1 HTTP/1.1\r\nHost: www.gov.in\r\n\r\n",
    response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
    response_body="সূচনা".encode(),
)


def post(media_type: str, body: bytes, uri: str = "https://gov.in/graphql", method: str = "POST") -> Exchange:
    head = f"{method} /graphql HTTP/1.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return replace(GET, uri=uri, request_head=head.encode(), request_body=body)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.Example.gov.in:443/Path/?b=2&a=1#part",
        "http://www2.example.in",
        "http://example.in:8080/a/b.html",
        "http://user:pw@a.b/",
        "https://a.b/%E0%A6%85?q=%DB%81",
        "https://a.b/x?",
        "urn:view:https://a.b/C",
        "https://[::1]:8080/a",
    ],
)
def test_keys_are_those_of_the_indexers_library(url: str) -> None:
    assert url_key(url) == surt.surt(url)


def test_lines_equal_the_indexers(tmp_path: Path) -> None:
    path = tmp_path / "capture.warc.gz"
    writer = WarcWriter(path, info={})
    for exchange in (
        GET,
        replace(GET, uri="https://gov.in/ঘোষণা"),
        replace(GET, response_head=b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain;charset=x\r\n\r\n"),
        post("application/x-www-form-urlencoded", b"name=%E0%A6%85+x&b=1"),
        post("application/x-www-form-urlencoded", b"\xff\xfe"),
        post("application/json", b'{"q": "x", "v": {"n": 1, "l": [1, 2, true]}, "n": null}'),
        post("application/json", b"not json"),
        post("text/plain", b'{"a": 1}', uri="https://gov.in/t?x=1"),
        post("text/plain", b"words"),
        post("application/octet-stream", bytes(range(256)) * 20),
        post("application/json", b'{"a": 1}', method="PUT"),
    ):
        writer.write_exchange(exchange)
    writer.write_resource("urn:dom:https://gov.in/", "text/html; charset=utf-8", b"<p>")
    writer.finish()
    indexer = [sys.executable, "-W", "ignore", "-c", "from cdxj_indexer.main import main; main()", "-p"]
    written = subprocess.run([*indexer, path], capture_output=True, text=True, check=True).stdout
    ours = list(index_lines(read_records(path), path.name))
    assert [parse_line(line) for line in ours] == [parse_line(line) for line in written.splitlines()]
    assert len(ours) == 12
    assert list(index_lines(read_heads(path), path.name)) == ours


def test_a_preflight_answer_never_stands_in_for_the_page(tmp_path: Path) -> None:
    path = tmp_path / "capture.warc.gz"
    writer = WarcWriter(path, info={})
    writer.write_exchange(replace(GET, request_head=b"OPTIONS /?b=2&a=1 HTTP/1.1\r\n\r\n"))
    writer.finish()
    (line,) = index_lines(read_records(path), path.name)
    assert parse_line(line)[0] == "in,gov)/?__wb_method=options&a=1&b=2"


def test_a_very_long_request_body_is_left_out_of_the_key(tmp_path: Path) -> None:
    path = tmp_path / "capture.warc.gz"
    writer = WarcWriter(path, info={})
    writer.write_exchange(post("application/octet-stream", b"x" * (1 << 20) + b"y"))
    writer.finish()
    (line,) = index_lines(read_records(path), path.name)
    assert parse_line(line)[0] == "in,gov)/graphql?__wb_method=post"


@pytest.mark.parametrize("line", ["", "key 20261121120000", "key 20261121120000 {", "key 20261121120000 []"])
def test_what_is_no_line_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_line(line)

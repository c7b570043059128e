"""Stored heads have HTTP/1.1's form."""

from __future__ import annotations

import pytest

from capture.proxy.heads import reason_phrase, without_chunking, write_head


def test_a_head_is_its_first_line_and_fields_up_to_the_empty_line() -> None:
    assert write_head(b"HTTP/1.1 200 OK", ((b"A", b"caf\xe9"), (b"a", b""))) == (
        b"HTTP/1.1 200 OK\r\nA: caf\xe9\r\na: \r\n\r\n"
    )


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ((b"transfer-encoding", b"Chunked"), (b"X-Orig-Transfer-Encoding", b"Chunked")),
        ((b"Transfer-Encoding", b"gzip"), (b"Transfer-Encoding", b"gzip")),
        ((b"TE", b"chunked"), (b"TE", b"chunked")),
    ],
)
def test_only_chunking_is_renamed(field: tuple[bytes, bytes], kept: tuple[bytes, bytes]) -> None:
    assert without_chunking(field) == kept


def test_reason_phrases_are_the_registered_ones() -> None:
    assert (reason_phrase(404), reason_phrase(299)) == (b"Not Found", b"")

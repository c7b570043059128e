"""The heads of records: WARC headers, and the HTTP headers of requests and responses."""

from __future__ import annotations

import io
import re

from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser

Headers = tuple[tuple[str, str], ...]

HTTP_HEAD_LIMIT = 1 << 20
"""Bytes within which the empty line after an HTTP head is looked for."""

_FOLD = re.compile(rb"\r?\n[ \t]+")
_VERSIONS = ("WARC/1.1", "WARC/1.0")


def parse_head(block: bytes) -> StatusAndHeaders:
    """First line and headers of a head; folded lines are joined by one space (RFC 9112, 5.2).

    Bytes that are not UTF-8 are read as ISO 8859-1.
    """
    return StatusAndHeadersParser([], verify=False).parse(io.BytesIO(_FOLD.sub(b" ", block)))


def first_value(headers: Headers, name: str) -> str | None:
    """The first value under `name`, case-insensitive."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def why_no_record(head: StatusAndHeaders) -> str | None:
    """What keeps a WARC head from being one: its version line, or its Content-Length."""
    if head.protocol not in _VERSIONS or head.statusline:
        return "it does not begin with a WARC header"
    size = head.get_header("Content-Length") or ""
    if not (size.isascii() and size.isdigit()):
        return "its Content-Length is missing or no number"
    return None


def is_http(headers: Headers) -> bool:
    """Whether the record's block begins with an HTTP head."""
    return (first_value(headers, "Content-Type") or "").lower().startswith("application/http")

"""HTTP heads as they are stored: HTTP/1.1's form, fields byte for byte (RFC 9112, section 2.1)."""

from __future__ import annotations

from http import HTTPStatus

Field = tuple[bytes, bytes]


def write_head(first_line: bytes, fields: tuple[Field, ...]) -> bytes:
    """The block from the first line to the empty line, inclusive."""
    lines = [first_line, *(name + b": " + value for name, value in fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def read_fields(head: bytes) -> tuple[bytes, tuple[Field, ...]]:
    """First line and fields of a block that `write_head` wrote."""
    first_line, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    return first_line, tuple((name, value) for name, _, value in (line.partition(b": ") for line in lines))


def without_chunking(field: Field) -> Field:
    """The proxy takes the chunks off, so a stored body must not claim them: the header gets another name."""
    name, value = field
    if name.lower() == b"transfer-encoding" and b"chunked" in value.lower():
        return b"X-Orig-Transfer-Encoding", value
    return field


def reason_phrase(status: int) -> bytes:
    """The usual phrase, for HTTP/2, which has none; b"" for a status not registered."""
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""

"""What one record of a WARC holds, taken apart for reading: its heads as text, its body without its encodings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archiver.core.warc import decode_body

_END = b"\r\n\r\n"
_FOLDED = re.compile(rb"\n[ \t]")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_FIELD = re.compile(rb"^([A-Za-z-]+)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class RecordParts:
    """`heads` are the record's own and HTTP's; `decoded` is None where the body has no encoding.

    `whole` says that the record is as long as it states; else more than one may follow in `body`.
    """

    label: str
    heads: bytes
    body: bytes
    decoded: bytes | None
    whole: bool


def take_apart(record: bytes) -> RecordParts:
    """One record as it is in its gzip member, unpacked."""
    head, end, rest = record.partition(_END)
    fields = _fields(head)
    stated = fields.get(b"content-length", b"")
    whole = rest[-len(_END) :] == _END and stated == b"%d" % (len(rest) - len(_END))
    body, heads, decoded = rest[: -len(_END)] if whole else rest, head + end, None
    if fields.get(b"content-type", b"").lower().startswith(b"application/http") and _END in body:
        http, end, body = body.partition(_END)
        heads += http + end
        sent = _fields(http)
        transfer, content = (
            sent.get(name, b"").decode("latin-1") for name in (b"transfer-encoding", b"content-encoding")
        )
        if transfer or content:
            decoded = decode_body(body, transfer, content)
    uri = fields.get(b"warc-target-uri", b"").decode("utf-8", "replace").strip("<>")
    kind = fields.get(b"warc-type", b"record").decode("utf-8", "replace")
    return RecordParts(
        label=f"{kind} of {uri}" if uri else kind,
        heads=heads,
        body=body,
        decoded=None if decoded == body else decoded,
        whole=whole,
    )


def _fields(head: bytes) -> dict[bytes, bytes]:
    """By name in lower case; the values of what is given more than once are joined by commas."""
    fields: dict[bytes, bytes] = {}
    for name, value in _FIELD.findall(_FOLD.sub(b" ", head) if _FOLDED.search(head) else head):
        key = name.lower()
        fields[key] = fields[key] + b", " + value if key in fields else value
    return fields

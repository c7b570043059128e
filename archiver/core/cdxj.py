"""CDXJ: the index lines replay tools look captures up by (one per response or resource)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus, urlencode, urlsplit

from archiver.core import clock
from archiver.core.warc import WarcRecord
from archiver.core.warc.writing import ascii_uri

_INDEXED = frozenset({"response", "resource", "revisit"})
_QUERY_LIMIT = 4096  # what replay tools compare of a request body, in characters
_BODY_LIMIT = 1 << 20  # longer request bodies are uploads, not look-ups
_DEFAULT_PORTS = {"http": 80, "https": 443}


def url_key(url: str) -> str:
    """The Sort-friendly URI of `url`: `https://www.a.gov.in/P?b=2&a=1` is `in,gov,a)/p?a=1&b=2`."""
    scheme = url.partition(":")[0].lower()
    if scheme not in _DEFAULT_PORTS:
        return url.lower().rstrip("/")
    parts = urlsplit(url.strip())
    host = re.sub(r"^www\d*\.", "", (parts.hostname or "").rstrip("."))
    labels = host if ":" in host else ",".join(reversed(host.split(".")))
    port = "" if parts.port in (None, _DEFAULT_PORTS[scheme]) else f":{parts.port}"
    path = parts.path.lower().rstrip("/") or "/"
    query = "&".join(sorted(parts.query.lower().split("&"), key=lambda part: part.split("=", 1)))
    return f"{labels}{port}){path}{'?' + query if query else ''}"


def index_lines(records: Iterable[WarcRecord], filename: str) -> Iterator[str]:
    """The lines of one WARC stored as `filename`, in the order of its records, without newlines.

    A response to anything but GET is keyed with its method and request body, as the
    replay tools look it up (request body canonicalisation of specs.webrecorder.net).
    """
    waiting: WarcRecord | None = None
    for record in records:
        if waiting is not None:
            answers = record.type == "request" and record.header("WARC-Concurrent-To") == waiting.id
            yield _line(waiting, record if answers else None, filename)
            waiting = None
        if record.type in _INDEXED and record.uri:
            waiting = record
    if waiting is not None:
        yield _line(waiting, None, filename)


def parse_line(line: str) -> tuple[str, str, dict[str, str]]:
    """Key, 14-digit timestamp and fields of one line. Raises ValueError."""
    key, timestamp, fields = line.split(" ", 2)
    parsed = json.loads(fields)
    if not isinstance(parsed, dict):
        raise ValueError("the fields are no JSON object")
    return key, timestamp, parsed


def _line(record: WarcRecord, request: WarcRecord | None, filename: str) -> str:
    fields = {"url": record.uri, "mime": "warc/revisit" if record.type == "revisit" else record.media_type}
    if record.status is not None:
        fields["status"] = str(record.status)
    fields |= {
        "digest": record.header("WARC-Payload-Digest") or "",
        "length": str(record.length),
        "offset": str(record.offset),
        "filename": filename,
    }
    url = record.uri
    method = request.method if request is not None else None
    if request is not None and method not in (None, "GET"):
        body = _canonical_body(request) if method in ("POST", "PUT") else ""
        fields |= {"requestBody": body, "method": method or ""}
        url += f"{'&' if '?' in url else '?'}__wb_method={method}{'&' + body if body else ''}"
    timestamp = clock.to_timestamp14(record.date)
    return f"{url_key(ascii_uri(url))} {timestamp} {json.dumps(fields, ensure_ascii=True)}"


def _canonical_body(request: WarcRecord) -> str:
    if request.payload_size > _BODY_LIMIT:
        return ""
    body = request.payload()
    media_type = request.media_type
    if media_type == "application/x-www-form-urlencoded":
        try:
            return unquote_plus(body.decode("utf-8"))[:_QUERY_LIMIT]
        except UnicodeDecodeError:
            return _opaque(body)
    if media_type in ("application/json", "text/plain"):
        try:
            return _flatten(json.loads(body))[:_QUERY_LIMIT]
        except ValueError:
            return _opaque(body) if media_type == "text/plain" else ""
    return _opaque(body)


def _opaque(body: bytes) -> str:
    return f"__wb_post_data={base64.b64encode(body).decode()}"[:_QUERY_LIMIT] if body else ""


def _flatten(value: object) -> str:
    """Every named scalar of a JSON body as a query; repeated names are numbered from 2."""
    found: dict[str, str] = {}
    times: dict[str, int] = {}

    def visit(part: object, name: str) -> None:
        if isinstance(part, dict):
            for key, inner in part.items():
                visit(inner, key)
        elif isinstance(part, list):
            for inner in part:
                visit(inner, name)
        elif name:
            times[name] = times.get(name, 0) + 1
            found[name if times[name] == 1 else f"{name}.{times[name]}_"] = str(part)

    visit(value, "")
    return urlencode(found)

"""Comparing a WARC with what the fidelity site's journal says was sent and received."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from archiver.core.warc import WarcRecord, read_records
from tests.capture.fidelity.journal import Fields, Journal, Request, Said, Sent

MASKED = frozenset((b"cookie", b"set-cookie"))
"""Headers whose values are masked on purpose."""


@dataclass(kw_only=True)
class Score:
    """What the comparison found; every list is empty where nothing is amiss."""

    responses: int = 0
    exact: int = 0
    bodies_sent: int = 0
    missing: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # request bodies or heads that differ
    heads: list[str] = field(default_factory=list)  # response heads that differ
    exceptions: list[str] = field(default_factory=list)  # bodies that differ, with the documented reason
    wrong: list[str] = field(default_factory=list)  # bodies that differ without one
    messages: list[str] = field(default_factory=list)  # web socket messages that differ


@dataclass(frozen=True)
class _Kept:
    response: WarcRecord
    request: WarcRecord


def score(journal: Journal, warc: Path) -> Score:
    result = Score()
    kept, resources = _read(warc)
    for sent in journal.exchanges:
        result.responses += 1
        candidates = kept[sent.request.method, sent.request.url]
        found = next((each for each in candidates if _same(sent, each)), None)
        found = found or next((each for each in candidates if each.response.status == sent.status), None)
        if found is None:
            result.missing.append(f"{sent.request.method} {sent.request.url} ({sent.status})")
            continue
        candidates.remove(found)
        _compare_response(sent, found.response, result)
        _compare_request(sent.request, found.request, result)
    _compare_messages(journal.messages, resources, result)
    return result


def _read(warc: Path) -> tuple[dict[tuple[str, str], list[_Kept]], dict[str, list[bytes]]]:
    kept: dict[tuple[str, str], list[_Kept]] = defaultdict(list)
    resources: dict[str, list[bytes]] = defaultdict(list)
    response: WarcRecord | None = None
    for record in read_records(warc):
        if record.type == "response":
            response = record
        elif record.type == "request" and response is not None:
            kept[record.method or "", _over_http(record.uri)].append(_Kept(response, record))
        elif record.type == "resource":
            resources[record.uri].append(record.payload())
    return kept, resources


def _over_http(url: str) -> str:
    return "http" + url[2:] if url.startswith("ws") else url


def _digest(record: WarcRecord) -> str:
    digest = hashlib.sha256()
    for piece in record.iter_payload():
        digest.update(piece)
    return digest.hexdigest()


def _same(sent: Sent, kept: _Kept) -> bool:
    return (
        kept.response.status == sent.status
        and kept.response.payload_size == sent.body.length
        and _digest(kept.response) == sent.body.sha256
        and kept.request.payload() == sent.request.body
    )


def _compare_response(sent: Sent, record: WarcRecord, result: Score) -> None:
    name = f"{sent.request.method} {sent.request.url}"
    stored = tuple((b"transfer-encoding" if n.lower() == b"x-orig-transfer-encoding" else n.lower(), v)
                   for n, v in _fields(record.http_head))  # fmt: skip
    wanted = tuple((n.lower(), v) for n, v in sent.fields)
    if _unmasked(stored) != _unmasked(wanted) or [n for n, _ in stored] != [n for n, _ in wanted]:
        result.heads.append(f"{name}: sent {wanted}, kept {stored}")
    result.bodies_sent += 1
    if record.payload_size == sent.body.length and _digest(record) == sent.body.sha256:
        result.exact += 1
    elif sent.broken.startswith("the other side") and record.truncated and _is_start(record, sent):
        result.exceptions.append(f"{name}: the page hung up; kept is what had come, marked {record.truncated}")
    else:
        result.wrong.append(
            f"{name}: {sent.body.length} bytes sent, {record.payload_size} kept, {record.truncated}, {sent.broken!r}"
        )


def _is_start(record: WarcRecord, sent: Sent) -> bool:
    payload = record.payload()
    return bytes(sent.body.start[: len(payload)]) == payload[: len(sent.body.start)]


def _compare_request(request: Request, record: WarcRecord, result: Score) -> None:
    name = f"{request.method} {request.url}"
    if record.payload() != request.body:
        result.requests.append(f"{name}: {len(request.body)} bytes received, {record.payload_size} kept")
    stored = [each for each in _lower(_fields(record.http_head)) if each[0] != b"host"]
    wanted = [each for each in _lower(request.fields) if each[0] != b"host"]
    if _joined(stored) != _joined(wanted):
        result.requests.append(f"{name}: received {wanted}, kept {stored}")


def _fields(head: bytes) -> Fields:
    lines = head.split(b"\r\n")[1:-2]
    return tuple((name, value.strip()) for name, _, value in (line.partition(b":") for line in lines))


def _lower(fields: Fields) -> Fields:
    return tuple((name.lower(), value) for name, value in fields)


def _unmasked(fields: Fields) -> Fields:
    return tuple(each for each in fields if each[0] not in MASKED)


def _joined(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without the values of cookies, which are masked and which HTTP/2 may send in several fields."""
    names = {name for name, _ in fields if name in MASKED}
    return [*_unmasked(tuple(fields)), *((name, b"") for name in sorted(names))]


def _compare_messages(said: list[Said], resources: dict[str, list[bytes]], result: Score) -> None:
    for url in {each.url for each in said}:
        wanted = [(each.sender, each.content) for each in said if each.url == url]
        lines = [json.loads(line) for part in resources[f"urn:websocket:{url}"] for line in part.splitlines()]
        kept = [
            (each["from"], each["text"].encode() if "text" in each else base64.b64decode(each["base64"]))
            for each in lines
            if each["type"] in ("text", "binary")
        ]
        if sorted(kept) != sorted(wanted):
            result.messages.append(f"{url}: said {wanted}, kept {kept}")

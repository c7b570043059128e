"""Writing WARC files: our writer against warcio's as it comes, same exchanges, megabytes per second."""

from __future__ import annotations

import io
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.core.warc import Exchange, WarcWriter

SEED = 20261121
ROUNDS = 7 if os.environ.get("ARCHIVER_PROVE") else 5
EXCHANGES = 400
AIM = 3.0
_DATE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_WORDS = (
    *("water", "safe", "notice", "dam", "office", "avis", "eau", "rue", "mairie", "the", "of", "and"),
    *("বান্ধ", "কাৰ্যালয়", "जल", "बाँध", "सूचना", "دفتر"),
)


def make_exchanges(seed: int, count: int) -> list[Exchange]:
    """What a thread page brings: text that compresses (70 %), pictures that do not (30 %), 2 to 300 kB."""
    chance = random.Random(seed)
    exchanges = []
    for number in range(count):
        size = int(2_000 * 150 ** chance.random())
        if chance.random() < 0.7:
            media_type = "text/html; charset=utf-8"
            words = (f"{chance.choice(_WORDS)}{chance.randrange(1000)}" for _ in range(size // 9))
            body = " ".join(words).encode()
        else:
            media_type = "image/jpeg"
            body = chance.randbytes(size)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        exchanges.append(
            Exchange(
                uri=f"https://example.gov.in/{number}",
                date=_DATE,
                request_head=f"GET /{number} HTTP/1.1\r\nHost: example.gov.in\r\n\r\n".encode(),
                response_head=head.encode(),
                response_body=body,
            )
        )
    return exchanges


def write_with_ours(path: Path, exchanges: Sequence[Exchange]) -> None:
    writer = WarcWriter(path, info={})
    for exchange in exchanges:
        writer.write_exchange(exchange)
    writer.finish()


def write_with_warcio(path: Path, exchanges: Sequence[Exchange]) -> None:
    """The reference's own way: its default gzip level and digests, synced at the end as ours is."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "warcio"}))
        for exchange in exchanges:
            body = exchange.response_body
            if not isinstance(body, bytes):
                raise TypeError("the corpus holds bytes")
            response = writer.create_warc_record(
                exchange.uri,
                "response",
                payload=io.BytesIO(body),
                length=len(body),
                http_headers=_headers(exchange.response_head, is_request=False),
            )
            request = writer.create_warc_record(
                exchange.uri,
                "request",
                payload=io.BytesIO(b""),
                length=0,
                http_headers=_headers(exchange.request_head, is_request=True),
            )
            writer.write_request_response_pair(request, response)
        file.flush()
        os.fsync(file.fileno())


def _headers(head: bytes, *, is_request: bool) -> StatusAndHeaders:
    first, *lines = head.decode().rstrip("\r\n").split("\r\n")
    fields = [tuple(line.split(": ", 1)) for line in lines]
    if is_request:
        return StatusAndHeaders(first, fields, is_http_request=True)
    protocol, status = first.split(" ", 1)
    return StatusAndHeaders(status, fields, protocol=protocol)


def measure(write: Callable[[Path, Sequence[Exchange]], None], path: Path, exchanges: Sequence[Exchange]) -> float:
    """Seconds for one file; it is removed again."""
    started = time.perf_counter()
    write(path, exchanges)
    seconds = time.perf_counter() - started
    path.unlink()
    return seconds


def main() -> None:
    exchanges = make_exchanges(SEED, EXCHANGES)
    taken_in = sum(len(body) for body in (exchange.response_body for exchange in exchanges) if isinstance(body, bytes))
    megabytes = taken_in / 1e6
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.warc.gz"
        for number in range(ROUNDS):
            ours.append(measure(write_with_ours, path, exchanges))
            theirs.append(measure(write_with_warcio, path, exchanges))
            print(
                f"round {number + 1} of {ROUNDS}: ours {ours[-1]:.2f} s, warcio {theirs[-1]:.2f} s"
                f" for {megabytes:.0f} MB",
                file=sys.stderr,
            )
    value, reference = megabytes / median(ours), megabytes / median(theirs)
    ratio = median(their / our for our, their in zip(ours, theirs, strict=True))
    figure = {
        "bench": "warc_writing",
        "value": round(value, 1),
        "unit": "MB/s",
        "reference": round(reference, 1),
        "ratio": round(ratio, 2),
        "aim": AIM,
        "met": ratio >= AIM,
    }
    print(json.dumps(figure))


if __name__ == "__main__":
    main()

"""A court production of many items against copying and hashing the same payload, and the leak check's own pace.

Without page images and PDF, as aimed at; the reference copies every file of the finished payload and takes its
SHA-256 and SHA-512. Records are made from a seed, in six languages. The payload is what a
production has: load files, a text file for each item, messages, tables; and, of the nine threads in ten that hold
nothing redacted, the originals: a WARC and a screenshot of the sizes that captures of small threads have, and the
WACZ. Figures of texts alone, pages of PDF and memory are told beside.

The production has a second process search for leaks where there is a processor for it; the reference uses one. So the
processor time of both, all processes counted, is told too, and memory is that of both processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from archiver.core.fixity import digest_file
from archiver.core.records import (
    Capture,
    CaptureId,
    CataloguedItem,
    Digest,
    Item,
    ItemKind,
    ObjectRole,
    Observed,
    Outcome,
    Record,
    RecordId,
    RecordKind,
    StoredObject,
)
from archiver.core.signing import SigningKey, make_key
from archiver.core.warc import Exchange, WarcWriter
from capture.browser.browser import Browser, Paper
from capture.browser.chromium import find_chromium
from exports.bundle.produced import ProducedCapture, ProducedRecord, ProducedRequest
from exports.leaks.leak_check import LeakCheck
from exports.redaction.gate import Gate, Page
from exports.redaction.rules import RedactionRule
from exports.release.documents import Numbering
from exports.release.making import Released, make_release
from exports.release.pdf_pages import count_pages
from exports.release.plan import ReleasePlan, Surroundings

SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
ITEMS = max(100, round(10_000 * SCALE))
PER_RECORD = 50
AIM = 4.0
MEMORY_AIM = 600
_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
_SENTENCES = (
    "The boil-water advisory is lifted, says Zoë Smith. ", "L'avis d'ébullition est levé. ",
    "পানী উতলোৱাৰ জাননী উঠাই লোৱা হ'ল। ", "पानी उबालने की सूचना हटा ली गई है। ", "پانی ابالنے کی ہدایت واپس لے لی گئی ہے۔ ",
    "Thank you 🙏 ",
)  # fmt: skip
_RULE = RedactionRule(id="red_1", kind="phrase", scope="everywhere", section="14", phrases=("Zoë Smith",))


def make_records(count: int, originals: Path | None = None) -> Iterator[ProducedRecord]:
    for number in range(count // PER_RECORD):
        id = RecordId(f"rec_{number:016x}")
        words = _SENTENCES if originals is None or number % 10 == 0 else _SENTENCES[1:]
        items = tuple(
            CataloguedItem(
                id=f"{id}/{place}",
                record_id=id,
                item=Item(
                    native_id=str(place),
                    parent_id="0" if place else None,
                    kind=ItemKind.COMMENT if place else ItemKind.POST,
                    text=words[(number + place) % len(words)] * 3,
                    creator_name=f"Resident {place}",
                    created=_AT,
                ),
                observed=Observed.PRESENT,
                first_seen=_AT,
                last_seen=_AT,
            )
            for place in range(PER_RECORD)
        )
        record = Record(
            id=id,
            site="town.example",
            kind=RecordKind.THREAD,
            native_root_id="0",
            canonical_url=f"https://town.example/{number}",
            title=f"Notice {number}",
        )
        captures = () if originals is None else (_captured(originals / f"{number}", record, items, number),)
        yield ProducedRecord(record=record, items=items, captures=captures, hit_ids=frozenset())


def _captured(place: Path, record: Record, items: Sequence[CataloguedItem], number: int) -> ProducedCapture:
    """Its files on disk; made by `make_originals` before the time is taken."""
    id = CaptureId(f"cap_{number:016x}")
    if not place.exists():
        place.mkdir(parents=True)
        random = Random(number)
        page = "".join(f"<article><h3>{each.item.creator_name}</h3><p>{each.item.text}</p></article>" for each in items)
        style = "".join(f".c{each}{{margin:{each % 97}px;color:#{each:06x}}}\n" for each in range(4000))
        writer = WarcWriter(place / "capture.warc.gz", info={"software": "bench"}, now=lambda: _AT)
        for name, kind, body in (
            ("", "text/html; charset=utf-8", f"<!doctype html>{page}".encode()),
            ("style.css", "text/css", style.encode()),
            ("road.jpg", "image/jpeg", b"\xff\xd8\xff" + random.randbytes(120_000)),
        ):
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            writer.write_exchange(
                Exchange(
                    uri=f"https://town.example/{number}/{name}",
                    date=_AT,
                    request_head=b"GET / HTTP/1.1\r\nHost: town.example\r\n\r\n",
                    response_head=head,
                    response_body=body,
                )
            )
        writer.finish()
        pixels = random.randbytes(300_000)
        chunks = ((b"IHDR", bytes(13)), (b"IDAT", pixels), (b"IEND", b""))
        parts = (len(inner).to_bytes(4, "big") + kind + inner + bytes(4) for kind, inner in chunks)
        (place / "page.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    files = []
    for role, name in ((ObjectRole.WARC, "capture.warc.gz"), (ObjectRole.SCREENSHOT, "page.png")):
        path = place / name
        stored = StoredObject(
            role=role,
            path=f"{record.id}/{id}/{name}",
            media_type="application/octet-stream",
            sha256=_digest(path),
            size=path.stat().st_size,
        )
        files.append((stored, path))
    capture = Capture(
        id=id,
        record_id=record.id,
        url=record.canonical_url,
        final_url=record.canonical_url,
        started=_AT,
        finished=_AT,
        outcome=Outcome.COMPLETE,
    )
    return ProducedCapture(capture=capture, files=tuple(files))


@cache
def _digest(path: Path) -> Digest:
    """As the catalogue knows it: it is taken once, before the time is."""
    return digest_file(path)


def produce(into: Path, key: SigningKey, count: int, originals: Path | None = None, **changes: Any) -> Released:
    """Make it. `changes` are of the plan and the surroundings."""
    request = ProducedRequest(
        number="REQ-2026-0001",
        law="MFIPPA",
        received=_AT.date(),
        requester="-",
        subject="Water",
        searches=(),
        agency="Town",
        jurisdiction="CA-ON",
        time_zone="UTC",
    )
    gate = Gate(
        rules=(_RULE,),
        releases={},
        page=lambda produced, capture: Page(layout={"texts": [], "regions": [], "images": []}),
        cleared={},
        salt="00",
        pictures=False,
    )
    plan = ReleasePlan(
        id="prod_0123456789abcdef",
        profile=changes.get("profile", "court"),
        made_at=_AT,
        made_by="bench",
        software="bench",
        numbering=Numbering(prefix="B", width=9),
        salt="00",
        trail={"archive": "arc_1", "checkpoint": {"at": "", "size": 0}, "events": []},
        pictures=False,
    )
    around = Surroundings(sign=lambda message: (key.public_key, key.sign(message)), print_pdf=changes.get("print_pdf"))
    return make_release(
        request, make_records(count, originals), gate, plan, around, into=into, asked=count // PER_RECORD
    )


def copy_and_hash(source: Path, target: Path) -> float:
    """Seconds it took to copy every file and take the digests a bag needs."""
    begun = time.perf_counter()
    for path in sorted(each for each in source.rglob("*") if each.is_file()):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        hashers = [hashlib.sha256(), hashlib.sha512()]
        with path.open("rb") as read, place.open("wb") as written:
            while piece := read.read(1 << 20):
                written.write(piece)
                for each in hashers:
                    each.update(piece)
    return time.perf_counter() - begun


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as place:
        work = Path(place)
        key = make_key(work / "key.pem")
        for _ in make_records(ITEMS, work / "originals"):
            pass
        _compare("court_production", work / "whole", key, work / "originals")
        _compare("court_production_texts", work / "texts", key, None)
        _pdf(work / "printed", key)
    peak = subprocess.run(
        [sys.executable, "-c", "from bench.production import remember; remember()"],
        stdout=subprocess.PIPE,
        check=True,
    )
    _tell("production_memory", float(peak.stdout), "MB", None, None, MEMORY_AIM)


def _compare(name: str, work: Path, key: SigningKey, originals: Path | None) -> None:
    """The production, the copy of its payload, and the leak check of it once more by itself."""
    begun, spent = time.perf_counter(), _processor_time()
    produce(work / "bundle", key, ITEMS, originals)
    took, spent = time.perf_counter() - begun, _processor_time() - spent
    payload, reference_spent = work / "bundle" / "data", _processor_time()
    reference = copy_and_hash(payload, work / "copy")
    reference_spent = _processor_time() - reference_spent
    begun = time.perf_counter()
    check = LeakCheck((), (replace(_RULE, id="red_2"),))
    check.search_tree(payload)
    searched = time.perf_counter() - begun
    size = check.report().size / 1e6
    print(f"{ITEMS} items, {size:.1f} MB: {took:.1f} s, copied in {reference:.1f} s", file=sys.stderr)
    _tell(name, took, "s", reference, took / reference, AIM)
    _tell(f"{name}_processor_time", spent, "s", reference_spent, spent / reference_spent, None)
    _tell(name.replace("court_production", "leak_check"), size / searched, "MB/s", None, None, None)


def _processor_time() -> float:
    """Seconds of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def _pdf(work: Path, key: SigningKey) -> None:
    """A whole production for a requester, printed, stamped and searched."""
    if shutil.which("pdftotext") is None:
        print("no pdftotext here: a PDF nobody can search is not sealed", file=sys.stderr)
        return
    begun = time.perf_counter()
    with Browser(executable=find_chromium("")) as browser:
        made = produce(
            work / "bundle",
            key,
            ITEMS // 5,
            profile="requester",
            print_pdf=lambda page: browser.print_pdf(page, paper=Paper.A4, head=""),
        )
    took = time.perf_counter() - begun
    pages = count_pages((made.path / "data/production.pdf").read_bytes())
    print(f"{pages} pages in {took:.1f} s", file=sys.stderr)
    _tell("pdf_pages", pages / took, "pages/s", None, None, None)


def remember() -> None:
    """Print the most memory, in MB, that ten times the items take: this process's and its helper's, added up."""
    with tempfile.TemporaryDirectory(prefix="archiver-bench-") as place:
        work = Path(place)
        produce(work / "bundle", make_key(work / "key.pem"), 10 * ITEMS, work / "originals")
    of = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(sum(resource.getrusage(each).ru_maxrss for each in of) / 1000)


def _tell(bench: str, value: float, unit: str, reference: float | None, ratio: float | None, aim: float | None) -> None:
    met = None if aim is None else (ratio if ratio is not None else value) <= aim
    figures = {"value": round(value, 2), "unit": unit, "reference": reference, "ratio": ratio, "aim": aim, "met": met}
    print(json.dumps({"bench": bench, **figures}), flush=True)

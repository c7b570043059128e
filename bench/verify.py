"""`archiver verify` against a bare loop that inflates with isal and takes SHA-256 of file and payload.

The archive is made from a seed: two captures of each thread, with WARCs as a thread page gives them,
a screenshot that does not compress, and items. Both read the same files from the same cache, in turn.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from isal import isal_zlib

from archiver.core.archive import Archive
from archiver.core.config import ArchiveSettings, Settings
from archiver.core.durable import write_durably
from archiver.core.manifest import CaptureManifest, write_items, write_manifest
from archiver.core.objects import MANIFEST, describe_object
from archiver.core.records import (
    Capture,
    CaptureId,
    Extraction,
    Item,
    ItemKind,
    ObjectRole,
    Outcome,
    RecordId,
    RecordKind,
)
from archiver.core.warc import Exchange, WarcWriter
from archiver.workflows.archive.make_archive import make_archive
from archiver.workflows.filing.file_capture import enter_capture
from archiver.workflows.indexing.catching_up import update_index
from archiver.workflows.verification.verify import verify_archive
from bench.warc_writing import make_exchanges

SEED = 20261125
SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
THREADS = max(2, round(100 * SCALE))
NIGHTS = 2
EXCHANGES = 30
ITEMS = 25
SCREENSHOT = 500_000
ROUNDS = 7 if os.environ.get("ARCHIVER_PROVE") else 3
AIM = 0.6
_FIRST = datetime(2026, 11, 21, 12, tzinfo=UTC)
_SENTENCES = (
    "The boil-water advisory is lifted. ", "L'avis d'ébullition est levé. ", "পানী উতলোৱাৰ জাননী উঠাই লোৱা হ'ল। ",
    "पानी उबालने की सूचना हटा ली गई है। ", "پانی ابالنے کی ہدایت واپس لے لی گئی ہے۔ ", "Thank you 🙏 ",
)  # fmt: skip


def make_bench_archive(place: Path) -> tuple[Path, Path]:
    """An archive below `place` and its configuration directory."""
    chance = random.Random(SEED)
    pool = make_exchanges(SEED, 400)
    settings = Settings(archive=ArchiveSettings(id="arc_bench", agency="Town of Rivermouth", jurisdiction="CA-ON"))
    directory, config = place / "archive", place / "config"
    make_archive(
        directory, settings, administrator="Clerk", secret="correct horse", now=_FIRST, config_directory=config
    )
    with Archive.open(directory, config_directory=config) as archive:
        for night in range(NIGHTS):
            for thread in range(THREADS):
                _file(archive, chance, pool, night, thread)
            print(f"night {night + 1} of {NIGHTS} is filed", file=sys.stderr)
        archive.finish_run(at=_FIRST + timedelta(days=NIGHTS))
        update_index(archive)
    return directory, config


def _file(archive: Archive, chance: random.Random, pool: list[Exchange], night: int, thread: int) -> None:
    record, id = RecordId(f"rec_{thread:032x}"), CaptureId(f"cap_{night:016x}{thread:016x}")
    moment = _FIRST + timedelta(days=night, seconds=thread)
    staged = archive.objects.begin(id)
    writer = WarcWriter(staged / "capture.warc.gz", info={}, now=lambda: moment)
    for exchange in chance.sample(pool, EXCHANGES):
        writer.write_exchange(exchange)
    summary = writer.finish()
    write_durably(staged / "page.png", chance.randbytes(SCREENSHOT))
    url = f"https://example.gov.in/{thread}"
    items = tuple(_item(chance, url, number) for number in range(ITEMS + night))
    write_durably(staged / "items.generic.jsonl", write_items(items))
    place = archive.objects.place(id, record)
    files = (
        ("capture.warc.gz", ObjectRole.WARC, "application/warc"),
        ("page.png", ObjectRole.SCREENSHOT, "image/png"),
        ("items.generic.jsonl", ObjectRole.ITEMS, "application/jsonl"),
    )
    manifest = CaptureManifest(
        capture=Capture(
            id=id, record_id=record, url=url, final_url=url, started=moment, finished=moment + timedelta(seconds=9),
            outcome=Outcome.COMPLETE, reason="", warc_records=summary.records,
        ),
        extraction=Extraction(
            extractor="generic", version=1, site="example.gov.in", kind=RecordKind.THREAD,
            native_root_id=str(thread), canonical_url=url, title=f"Advisory {thread}",
        ),
        items_file="items.generic.jsonl",
        objects=tuple(describe_object(staged, place, *each) for each in files),
        complete=True,
        actor="bench",
        software="bench",
    )  # fmt: skip
    write_durably(staged / MANIFEST, write_manifest(manifest))
    settled = archive.objects.settle(id, record)
    with archive.change(at=moment, actor="bench") as change:
        enter_capture(archive, change, settled)


def _item(chance: random.Random, url: str, number: int) -> Item:
    return Item(
        native_id=str(number),
        parent_id=None if number == 0 else "0",
        kind=ItemKind.POST if number == 0 else ItemKind.COMMENT,
        text="".join(chance.choices(_SENTENCES, k=6)),
        creator_name=f"Resident {number}",
        source_url=f"{url}#{number}",
    )


def bare_loop(paths: list[Path]) -> int:
    """SHA-256 of every file, and of every payload as isal inflates it; bytes read."""
    done = 0
    for path in paths:
        content = memoryview(path.read_bytes())
        hashlib.sha256(content).hexdigest()
        done += len(content)
        place = 0 if path.name.endswith(".warc.gz") else len(content)
        while place < len(content):
            inflate = isal_zlib.decompressobj(31)
            parts = []
            while not inflate.eof:
                piece = content[place : place + (1 << 16)]
                parts.append(inflate.decompress(piece))
                place += len(piece)
            place -= len(inflate.unused_data)
            record = b"".join(parts)
            start = record.find(b"\r\n\r\n") + 4
            if b"application/http" in record[:start]:
                start = record.find(b"\r\n\r\n", start) + 4
            hashlib.sha256(memoryview(record)[start:-4]).hexdigest()
    return done


@dataclass(frozen=True)
class Timed:
    wall: float
    cpu: float


def timed(started: tuple[float, float]) -> Timed:
    return Timed(time.perf_counter() - started[0], time.process_time() - started[1])


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def main() -> None:
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        directory, config = make_bench_archive(Path(folder))
        paths = sorted(path for path in (directory / "objects").rglob("*") if path.is_file())
        megabytes = bare_loop(paths) / 1e6
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(ROUNDS):
            start = clocks()
            bare_loop(paths)
            bare.append(timed(start))
            with Archive.open(directory, config_directory=config, reconcile=False) as archive:
                start = clocks()
                found = verify_archive(archive)
                ours.append(timed(start))
            if found.findings:
                raise SystemExit(f"the archive should be sound: {found.findings[:3]}")
            print(
                f"round {number + 1} of {ROUNDS}: verify {ours[-1].wall:.2f} s ({ours[-1].cpu:.2f} s of processors), "
                f"bare loop {bare[-1].wall:.2f} s ({bare[-1].cpu:.2f} s), {megabytes:.0f} MB in {len(paths)} files",
                file=sys.stderr,
            )
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    tell("verify", megabytes, [each.wall for each in ours], [each.wall for each in bare], aim=AIM)
    tell("verify, processor time", megabytes, [each.cpu for each in ours], [each.cpu for each in bare], aim=None)
    print(json.dumps({"bench": "verify, memory added", "value": round(grown, 1), "unit": "MB"}))


def tell(name: str, megabytes: float, ours: list[float], bare: list[float], *, aim: float | None) -> None:
    ratio = median(theirs / our for our, theirs in zip(ours, bare, strict=True))
    figure = {
        "bench": name,
        "value": round(megabytes / median(ours), 1),
        "unit": "MB/s",
        "reference": round(megabytes / median(bare), 1),
        "ratio": round(ratio, 2),
        "aim": aim,
        "met": None if aim is None else ratio >= aim,
    }
    print(json.dumps(figure))


if __name__ == "__main__":
    main()

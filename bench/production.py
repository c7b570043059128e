"""A court production of many items against copying and hashing the same payload, and the leak check's own pace.

Without page images and PDF, as aimed at; the reference copies every file of the finished payload and takes its
SHA-256 and SHA-512. Records are made from a seed, in six languages.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archiver.core.records import CataloguedItem, Item, ItemKind, Observed, Record, RecordId, RecordKind
from archiver.core.signing import SigningKey, make_key
from exports.documents import Numbering
from exports.gate import Gate, Page
from exports.leak_check import LeakCheck
from exports.produced import ProducedRecord, ProducedRequest
from exports.redaction_rules import RedactionRule
from exports.release import make_release
from exports.release_plan import ReleasePlan, Surroundings

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


def make_records(count: int) -> Iterator[ProducedRecord]:
    for number in range(count // PER_RECORD):
        id = RecordId(f"rec_{number:016x}")
        items = tuple(
            CataloguedItem(
                id=f"{id}/{place}",
                record_id=id,
                item=Item(
                    native_id=str(place),
                    parent_id="0" if place else None,
                    kind=ItemKind.COMMENT if place else ItemKind.POST,
                    text=_SENTENCES[(number + place) % len(_SENTENCES)] * 3,
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
        yield ProducedRecord(record=record, items=items, captures=(), hit_ids=frozenset())


def produce(into: Path, key: SigningKey, count: int) -> float:
    """Seconds it took."""
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
    gate = Gate(rules=(_RULE,), releases={}, page=lambda produced, capture: Page(layout=None), cleared={}, salt="00")
    plan = ReleasePlan(
        id="prod_0123456789abcdef",
        profile="court",
        made_at=_AT,
        made_by="bench",
        software="bench",
        numbering=Numbering(prefix="B", width=9),
        salt="00",
        trail={"archive": "arc_1", "checkpoint": {"at": "", "size": 0}, "events": []},
        pictures=False,
    )
    around = Surroundings(sign=lambda message: (key.public_key, key.sign(message)))
    begun = time.perf_counter()
    make_release(request, make_records(count), gate, plan, around, into=into, asked=count // PER_RECORD)
    return time.perf_counter() - begun


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
        took = produce(work / "bundle", key, ITEMS)
        payload = work / "bundle" / "data"
        size = sum(path.stat().st_size for path in payload.rglob("*") if path.is_file())
        reference = copy_and_hash(payload, work / "copy")
        print(f"{ITEMS} items, {size / 1e6:.1f} MB: {took:.1f} s, copied in {reference:.1f} s", file=sys.stderr)
        _tell("court_production", took, "s", reference, took / reference, AIM)
        begun = time.perf_counter()
        check = LeakCheck((), (replace(_RULE, id="red_2"),))
        check.search_tree(payload)
        pace = size / 1e6 / (time.perf_counter() - begun)
        _tell("leak_check", pace, "MB/s", None, None, None)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        _tell("production_memory", peak, "MB", None, None, MEMORY_AIM)


def _tell(bench: str, value: float, unit: str, reference: float | None, ratio: float | None, aim: float | None) -> None:
    met = None if aim is None else (ratio if ratio is not None else value) <= aim
    figures = {"value": round(value, 2), "unit": unit, "reference": reference, "ratio": ratio, "aim": aim, "met": met}
    print(json.dumps({"bench": bench, **figures}), flush=True)

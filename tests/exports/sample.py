"""A small production with everything in it, the same on every run."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.core.checkpoints import sign_checkpoint
from archiver.core.clock import to_iso
from archiver.core.events import EventType, TrailHead, read_event
from archiver.core.fixity import digest_file
from archiver.core.manifest import CaptureManifest, write_items, write_manifest
from archiver.core.merkle import InclusionProver, tree_root
from archiver.core.objects import describe_object
from archiver.core.records import (
    Account,
    AccountId,
    Barred,
    Capture,
    CaptureId,
    CataloguedItem,
    Digest,
    Extraction,
    Item,
    ItemKind,
    ItemVersion,
    MediaRef,
    ObjectRole,
    Observed,
    Outcome,
    Record,
    RecordId,
    RecordKind,
    StoredObject,
)
from archiver.core.signing import SigningKey
from archiver.core.warc import Exchange, WarcWriter
from exports.bundle.production import (
    ProducedCapture,
    ProducedRecord,
    ProducedRequest,
    ProducedSearch,
    Production,
    make_production,
)

FIRST = datetime(2026, 3, 14, 9, 32, 7, tzinfo=UTC)
SECOND = FIRST + timedelta(days=1)
MADE_AT = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TEXTS = {
    "en": "The road to Majuli reopens on Monday.",
    "fr": "Où est passé le pont ? « Fermé » jusqu'à mardi.",
    "as": "সোমবাৰে পথটো খুলি দিয়া হ'ব।",
    "hi": "सड़क सोमवार को खुलेगी।",
    "ur": "سڑک پیر کو دوبارہ کھل جائے گی۔",
    "und": "👍🏽 🚧 👩‍👩‍👧",
}

DESCRIBED = Record(
    id=RecordId("rec_" + "1" * 16),
    site="town.example",
    kind=RecordKind.THREAD,
    native_root_id="1",
    canonical_url="https://town.example/road",
)
REQUEST = ProducedRequest(
    number="REQ-2026-0001",
    law="Right to Information Act, 2005",
    received=date(2026, 3, 20),
    requester="ৰীতা Das",
    subject="Closing of the Majuli road",
    searches=(
        ProducedSearch(
            query='road OR "سڑک پیر"',
            interpreted="road or the words سڑک پیر in this order",
            total_hits=2,
            at=datetime(2026, 4, 1, 10, tzinfo=UTC),
            analyser_version="1",
            watermark=12,
        ),
    ),
    agency="Public Works Department",
    jurisdiction="IN-AS",
    time_zone="Asia/Kolkata",
)


def make_item(
    record: RecordId, number: int, text: str, language: str = "en", *, parent: int | None = None, **more: Any
) -> CataloguedItem:
    """Item `number` of a record, posted that many minutes after FIRST; `more` are fields of CataloguedItem."""
    item = Item(
        native_id=str(number),
        parent_id=None if parent is None else str(parent),
        kind=ItemKind.POST if parent is None else ItemKind.COMMENT,
        text=text,
        creator_name="Public Works",
        creator_handle="@works",
        created=FIRST + timedelta(minutes=number),
        language=language,
        links=("https://town.example/roads",),
        media=(MediaRef(url="https://town.example/road.jpg", kind="image", alt="a road"),),
        source_url=f"https://town.example/road#{number}",
    )
    values: dict[str, Any] = {"observed": Observed.PRESENT, "first_seen": FIRST, "last_seen": SECOND} | more
    return CataloguedItem(id=f"{record}/{number}", record_id=record, item=item, **values)


def make_record(
    directory: Path,
    digit: str = "1",
    *,
    title: str = "Majuli road",
    captures: int = 2,
    barred: tuple[Barred, ...] = (),
) -> ProducedRecord:
    """A thread in six languages, captured on so many nights; from the second on one comment is edited, one gone."""
    id = RecordId("rec_" + digit * 16)
    moments = [FIRST + timedelta(days=number) for number in range(captures)]
    items = [
        make_item(id, number, text, language, parent=None if number == 1 else max(1, number - 2), last_seen=moments[-1])
        for number, (language, text) in enumerate(TEXTS.items(), 1)
    ]
    shown = [[each.item for each in items] for _ in moments]
    if captures > 1:
        shown[0][1] = replace(shown[0][1], text="Où est le pont ?")
        for later in shown[1:]:
            del later[3]
    made = tuple(
        make_capture(directory, id, f"{digit}{number}", moment, shown[number], barred)
        for number, moment in enumerate(moments)
    )
    if captures > 1:
        items[1] = replace(
            items[1],
            observed=Observed.EDITED,
            versions=(
                ItemVersion(number=1, text="Où est le pont ?", seen=FIRST, capture_id=made[0].capture.id),
                ItemVersion(number=2, text=items[1].item.text, seen=SECOND, capture_id=made[1].capture.id),
            ),
        )
        items[3] = replace(
            items[3],
            observed=Observed.GONE,
            last_seen=FIRST,
            gone_after=FIRST,
            gone_before=made[1].capture.finished,
        )
    account = Account(
        id=AccountId("acc_" + "a" * 16),
        site="town.example",
        handle="@works",
        url="https://town.example",
        department="Roads",
    )
    record = Record(
        id=id,
        site="town.example",
        kind=RecordKind.THREAD,
        native_root_id="1",
        canonical_url="https://town.example/road",
        account_id=account.id,
        title=title,
        creator_name="Public Works",
        creator_handle="@works",
        created=FIRST,
        modified=FIRST,
        language="en",
        keywords=("road", "पुल"),
        first_captured=FIRST,
        last_captured=SECOND,
    )
    return ProducedRecord(
        record=record,
        account=account,
        items=tuple(items),
        captures=made,
        hit_ids=frozenset({f"{id}/1", f"{id}/5"}),
        observed=replace(record, title="Road"),
    )


def make_capture(
    directory: Path, record: RecordId, name: str, at: datetime, shown: list[Item], barred: tuple[Barred, ...] = ()
) -> ProducedCapture:
    id = CaptureId("cap_" + name.rjust(16, "0"))
    place = f"{record[4:6]}/{record}/{id}"
    folder = directory / place
    folder.mkdir(parents=True)
    warc = WarcWriter(folder / "capture.warc.gz", info={"software": "test"}, now=lambda: at, new_record_id=_ids(id))
    body = b"<p>" + "<p>".join(TEXTS.values()).encode()
    warc.write_exchange(
        Exchange(
            uri="https://town.example/road",
            date=at,
            request_head=b"GET /road HTTP/1.1\r\nHost: town.example\r\n\r\n",
            response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body),
            response_body=body,
        )
    )
    records = warc.finish().records
    (folder / "page.png").write_bytes(PNG)
    (folder / "thumb.webp").write_bytes(b"RIFF small picture " + name.encode())
    (folder / "items.generic.jsonl").write_bytes(write_items(shown))
    objects = tuple(
        describe_object(folder, place, file, role, media)
        for file, role, media in (
            ("capture.warc.gz", ObjectRole.WARC, "application/warc"),
            ("page.png", ObjectRole.SCREENSHOT, "image/png"),
            ("thumb.webp", ObjectRole.THUMBNAIL, "image/webp"),
            ("items.generic.jsonl", ObjectRole.ITEMS, "application/jsonl"),
        )
    )
    capture = Capture(
        id=id,
        record_id=record,
        url="https://town.example/road",
        final_url="https://town.example/road",
        started=at,
        finished=at + timedelta(seconds=8),
        outcome=Outcome.COMPLETE,
        warc_records=records,
    )
    extraction = Extraction(
        extractor="generic",
        version=1,
        site="town.example",
        kind=RecordKind.THREAD,
        native_root_id="1",
        canonical_url="https://town.example/road",
    )
    manifest = CaptureManifest(
        capture=capture,
        extraction=extraction,
        items_file="items.generic.jsonl",
        objects=objects,
        complete=True,
        actor="person_1",
        software="records-archiver",
        barred=barred,
    )
    (folder / "capture.json").write_bytes(write_manifest(manifest))
    described = describe_object(folder, place, "capture.json", ObjectRole.MANIFEST, "application/json")
    return ProducedCapture(
        capture=capture,
        files=tuple((each, folder / each.path.rpartition("/")[2]) for each in (*objects, described)),
    )


def _ids(capture: str) -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"<urn:uuid:{hashlib.md5(f'{capture} {next(numbers)}'.encode()).hexdigest()}>"


def make_trail(records: list[ProducedRecord], key: SigningKey = KEY) -> dict[str, Any]:
    """A trail of other events and the captures', with proofs under a signed checkpoint."""
    wanted = [(each.record.id, capture) for each in records for capture in each.captures]
    lines = [_line(0, EventType.ARCHIVE_MADE, [], {})]
    for seq, (record, capture) in enumerate(wanted, 1):
        (manifest,) = capture.stored(ObjectRole.MANIFEST)
        lines.append(_line(seq, EventType.CAPTURED, [record, capture.capture.id], {"manifest": manifest.sha256}))
    leaves = [read_event(line).leaf for line in lines]
    prover = InclusionProver(leaves)
    head = TrailHead(size=len(leaves), root=tree_root(leaves).hex())
    return {
        "archive": "arc_1",
        "checkpoint": asdict(sign_checkpoint("arc_1", head, key, at=MADE_AT)),
        "events": [
            {"index": seq, "line": lines[seq], "proof": [each.hex() for each in prover.proof(seq)]}
            for seq in range(1, len(lines))
        ],
    }


def _line(seq: int, type: EventType, subjects: list[str], detail: dict[str, Any]) -> str:
    entry = {
        "seq": seq,
        "at": to_iso(FIRST),
        "actor": "person_1",
        "type": type.value,
        "subjects": subjects,
        "detail": detail,
        "salt": f"{zlib.crc32(bytes([seq])):032x}",
    }
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def make_bundle(into: Path, records: Iterable[ProducedRecord], **changes: Any) -> Production:
    values: dict[str, Any] = {
        "into": into,
        "production_id": "prod_0123456789abcdef",
        "made_at": MADE_AT,
        "made_by": "R. Baruah",
    } | changes
    if "trail" not in values:
        records = list(records)
        values["trail"] = make_trail(records)
    return make_production(values.pop("request", REQUEST), records, **values)


def stored_as(stored: StoredObject, path: Path) -> StoredObject:
    """`stored`, with the digest and length that the file at `path` has now."""
    return replace(stored, sha256=Digest(digest_file(path)), size=path.stat().st_size)

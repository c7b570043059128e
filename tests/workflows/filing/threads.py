"""Threads filed straight into a catalogue, without a browser: enough of them that search has something to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from archiver.core.archive import Archive
from archiver.core.filing import file_items, file_record
from archiver.core.records import CataloguedItem, Extraction, Item, ItemKind, Observed, RecordId, RecordKind

FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)
TEXTS = (
    "The road to the water works is closed",
    "La route de l'école est fermée",
    "গুৱাহাটীৰ পথ বন্ধ",
    "नगर निगम की पानी की आपूर्ति",
    "پانی کی فراہمی بند ہے",
    "Thank you 🙏 #RoadSafety",
)


def record_id(number: int) -> RecordId:
    return RecordId(f"rec_{number:016x}")


def items_of(number: int, count: int, *, text: str = "") -> list[CataloguedItem]:
    """The post and `count` - 1 comments of thread `number`, whose every item has a word of its own."""
    seen = FIRST + timedelta(days=20 * number)
    return [
        CataloguedItem(
            id=f"{record_id(number)}/{place}",
            record_id=record_id(number),
            item=Item(
                native_id=str(place),
                parent_id="0" if place else None,
                kind=ItemKind.COMMENT if place else ItemKind.POST,
                text=f"{text or TEXTS[(number + place) % len(TEXTS)]} own{number}x{place}",
                creator_name="Jane Doe" if place % 2 else "অনুৰাধা",
                creator_handle=f"jane{place}",
                created=seen - timedelta(hours=place),
                language="en",
            ),
            observed=Observed.PRESENT,
            first_seen=seen,
            last_seen=seen,
        )
        for place in range(count)
    ]


def file_threads(archive: Archive, numbers: Iterable[int], *, items: int = 5) -> None:
    """Threads of these numbers, one every twenty days, `items` items each."""
    with archive.db.atomic():
        for number in numbers:
            described = Extraction(
                extractor="test",
                version=1,
                site="town.example" if number % 2 else "social.example",
                kind=RecordKind.THREAD,
                native_root_id=str(number),
                canonical_url=f"https://town.example/{number}",
                title=f"Thread {number}",
            )
            seen = FIRST + timedelta(days=20 * number)
            file_record(archive.db, record_id(number), described, account=None, captured=seen)
            file_items(archive.db, record_id(number), items_of(number, items))

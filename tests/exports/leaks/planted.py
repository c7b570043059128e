"""Threads with secrets planted in five scripts, wherever a text can hide, and pages that a browser drew of them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from archiver.core.events import read_event
from archiver.core.fixity import digest_file
from archiver.core.records import (
    CataloguedItem,
    Digest,
    ItemVersion,
    MediaRef,
    ObjectRole,
    Observed,
    RecordId,
)
from archiver.core.signing import SigningKey
from capture.browser.chromium import find_chromium
from capture.pictures.layout import write_layout
from exports.bundle.produced import ProducedCapture, ProducedRecord
from exports.redaction.gate import Gate, ItemRelease, Page
from exports.redaction.layout import Rectangle
from exports.redaction.rules import RedactionRule
from exports.release.documents import Numbering
from exports.release.making import Released, make_release
from exports.release.plan import ReleasePlan, Surroundings
from tests.exports.sample import FIRST, KEY, MADE_AT, REQUEST, SECOND, make_item, make_record, make_trail

SYLLABLES = {
    "en": ("bar", "dun", "fel", "gos", "kim", "lop", "mar", "nev", "rud", "tiv"),
    "fr": ("bé", "çau", "drè", "fleu", "gnî", "lœu", "mû", "noë", "rê", "tù"),
    "as": ("ৰি", "তা", "মো", "হন", "লা", "কু", "ব", "শা", "দে", "গো"),
    "hi": ("री", "ता", "मो", "हन", "ला", "कु", "ब", "शा", "दे", "गो"),
    "ur": ("رض", "وان", "خا", "لد", "بش", "یر", "نا", "صر", "گل", "زار"),
}
HIDING = (
    "text", "line break", "hashtag", "address", "alt", "creator", "handle", "earlier", "form", "invisible",
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """One secret, and the way it hides in its item."""

    words: str
    language: str
    hiding: str


def secrets(count: int) -> list[Planted]:
    """Names of two words that occur nowhere else, in turn of each script and each hiding place."""
    found = []
    for number in range(count):
        language = tuple(SYLLABLES)[number % 5]
        part = SYLLABLES[language]
        a, b, c = number // 100 % 10, number // 10 % 10, number % 10
        words = f"{part[a]}{part[b]}{part[c]} {part[c]}{part[(a + 3) % 10]}{part[b]}{part[c]}"
        found.append(Planted(words, language, HIDING[number // 5 % len(HIDING)]))
    return found


def plant(record: RecordId, number: int, each: Planted) -> CataloguedItem:
    first, second = each.words.split()
    entry = make_item(record, number, f"Notice {number}.", each.language, parent=None if number == 1 else 1)
    text, item = entry.item.text, entry.item
    if each.hiding == "text":
        item = replace(item, text=f"{text} {each.words}, {each.words}!")
    elif each.hiding == "line break":
        item = replace(item, text=f"{text} {first}\n  {second}.")
    elif each.hiding == "hashtag":
        item = replace(item, text=f"{text} #{first}_{second} #{first}{second}")
    elif each.hiding == "address":
        item = replace(item, links=(f"https://town.example/people/{quote(first)}-{quote(second)}?x=1",))
    elif each.hiding == "alt":
        item = replace(item, media=(MediaRef(url="https://town.example/a.jpg", kind="image", alt=f"by {each.words}"),))
    elif each.hiding == "creator":
        item = replace(item, creator_name=each.words.upper())
    elif each.hiding == "handle":
        item = replace(item, creator_handle=f"@{first}{second}")
    elif each.hiding == "form":
        item = replace(item, text=unicodedata.normalize("NFD", f"{text} {each.words}"))
    elif each.hiding == "invisible":
        item = replace(item, text=f"{text} {first[0]}\u200b{first[1:]}\u00a0\u200f{second}")
    entry = replace(entry, item=item)
    if each.hiding == "earlier":
        entry = replace(
            entry,
            observed=Observed.EDITED,
            versions=tuple(
                ItemVersion(number=n, text=told, seen=seen, capture_id=cap(record))
                for n, told, seen in ((1, f"{text} {each.words}", FIRST), (2, text, SECOND))
            ),
        )
    return entry


def cap(record: str) -> Any:
    return f"cap_{record[4]}1".replace("cap_", "cap_" + "0" * 14)


@dataclass(frozen=True)
class Drawn:
    """A thread with its page as a browser drew it."""

    produced: ProducedRecord
    layout: dict[str, Any]
    boxes: dict[str, Rectangle]


def draw(directory: Path, planted: Sequence[Planted], *, each: int = 30) -> list[Drawn]:
    """Threads of so many items, each page shot and laid out by Chromium."""
    drawn = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(""))
        page = browser.new_page(viewport={"width": 900, "height": 700})
        for start in range(0, len(planted), each):
            part = planted[start : start + each]
            record = make_record(directory, f"{start // each + 1:x}"[-1], title=f"On {part[0].words}", captures=1)
            items = tuple(plant(record.record.id, number, one) for number, one in enumerate(part, 1))
            place = directory / f"page-{start}.html"
            place.write_text(_page(items), encoding="utf-8")
            page.goto(place.as_uri())
            high = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": 900, "height": high})
            script = files("capture.page").joinpath("scripts/layout.js").read_text(encoding="utf-8")
            read = page.evaluate(script, {"screen": high, "words": 100_000, "milliseconds": 60_000})
            layout = json.loads(write_layout(read, 900, high, None))
            boxes = {
                id: (int(box["x"]), int(box["y"]), int(box["width"]), int(box["height"]))
                for id in (one.item.native_id for one in items)
                if (box := page.locator(f"#i{id}").bounding_box())
            }
            (capture,) = record.captures
            shot = next(path for stored, path in capture.files if stored.role is ObjectRole.SCREENSHOT)
            page.screenshot(path=str(shot))
            produced = replace(record, items=items, captures=(_refreshed(capture),), hit_ids=frozenset(), observed=None)
            drawn.append(Drawn(produced, layout, boxes))
            page.set_viewport_size({"width": 900, "height": 700})
        browser.close()
    return drawn


def _refreshed(capture: ProducedCapture) -> ProducedCapture:
    files = tuple(
        (replace(stored, sha256=Digest(digest_file(path)), size=path.stat().st_size), path)
        for stored, path in capture.files
    )
    return replace(capture, files=files)


def _page(items: Sequence[CataloguedItem]) -> str:
    parts = []
    for each in items:
        seen = each.item
        texts = [seen.creator_name, seen.creator_handle, seen.text, *(one.text for one in each.versions[:1])]
        texts += [one.alt for one in seen.media]
        lines = "".join(f"<p dir=auto lang={seen.language}>{escape(text)}</p>" for text in texts)
        parts.append(f"<article id=i{seen.native_id}>{lines}</article>")
    style = "body{font:18px 'Noto Sans','Noto Sans Bengali','Noto Sans Devanagari','Noto Naskh Arabic';margin:20px}"
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(parts)}"


def rules(planted: Sequence[Planted]) -> tuple[RedactionRule, ...]:
    return tuple(
        RedactionRule(id=f"red_{n}", kind="phrase", scope="everywhere", section="14", phrases=(one.words,))
        for n, one in enumerate(planted)
    )


def gate_of(drawn: Sequence[Drawn], wanted: tuple[RedactionRule, ...], **releases: ItemRelease) -> Gate:
    pages = {each.produced.record.id: Page(layout=each.layout, boxes=each.boxes) for each in drawn}
    return Gate(
        rules=wanted,
        releases=releases,
        page=lambda produced, capture: pages[produced.record.id],
        cleared={},
        salt="00" * 16,
    )


def plan_of(drawn: Sequence[Drawn], profile: str = "requester", **changes: Any) -> ReleasePlan:
    trail = make_trail([each.produced for each in drawn])
    for each in trail["events"]:
        event = read_event(each["line"])
        each |= {"capture": event.subjects[-1], "leaf": event.leaf.hex()}
    values: dict[str, Any] = {
        "id": "prod_0123456789abcdef",
        "profile": profile,
        "made_at": MADE_AT,
        "made_by": "R. Baruah",
        "software": "records-archiver test",
        "numbering": Numbering(prefix="ABC-", width=6),
        "salt": "00" * 16,
        "trail": trail,
    }
    return ReleasePlan(**{**values, **changes})


def around(key: SigningKey = KEY, **changes: Any) -> Surroundings:
    return Surroundings(**{"sign": lambda message: (key.public_key, key.sign(message)), **changes})


def release(
    drawn: Sequence[Drawn],
    wanted: tuple[RedactionRule, ...],
    into: Path,
    *,
    profile: str = "requester",
    gate: Gate | None = None,
    surroundings: Surroundings | None = None,
    **changes: Any,
) -> Released:
    return make_release(
        changes.pop("request", REQUEST),
        [each.produced for each in drawn],
        gate or gate_of(drawn, wanted),
        plan_of(drawn, profile, **changes),
        surroundings or around(),
        into=into,
        asked=len(drawn),
    )

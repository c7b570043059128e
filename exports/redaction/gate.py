"""The one gate: what of a record may be handed over, in every form at once.

Whatever a production holds is made from what this gives back: texts, creators, addresses, file names and pictures
with redactions applied. Nothing of a record with a redacted or withheld item is an original.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archiver.core.errors import EvidenceDamaged
from archiver.core.records import CaptureId, CataloguedItem, Item, MediaRef, ObjectRole, Observed, Record
from exports.bundle.produced import ProducedCapture, ProducedRecord
from exports.redaction.first_post import first_post, without_first_post
from exports.redaction.layout import PaintedBox, Rectangle, left_words, paint_plan
from exports.redaction.painting import ReleasedPicture, blank_pictures, release_pictures
from exports.redaction.rules import Hit, RedactionRule, find_hits, label, redact, redact_address
from exports.redaction.secrets import Secret

NOT_RESPONSIVE = "not responsive"
_SAID = ("text", "earlier text", "alt text")
"""Of an item that is out as a whole, what is looked for on its page and in the bundle, as of one that is withheld."""


@dataclass(frozen=True, kw_only=True)
class ItemRelease:
    """How an item leaves: `full`, `redacted` or `withheld`, and what is printed in its place."""

    release: str
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One line of the exemption log. `field` is what of the item was redacted; nothing of it is quoted."""

    item: str
    field: str
    section: str
    rule: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the gate is told of a capture's page: its layout, None where unknown, and where its items stand."""

    layout: Mapping[str, object] | None
    boxes: Mapping[str, Rectangle] = field(default_factory=dict)  # by native id


@dataclass(frozen=True, kw_only=True)
class ReleasedRecord:
    """A record as it may be handed over.

    `produced` holds released texts; its captures have files only where `original`. `pictures` are released
    screenshots by capture, `boxes` where its items stand on them. `secrets` are what must be found in no byte.
    `withheld`: every item is, so nothing of the record is handed over. `source` are its captures as they are kept:
    commitments are made to their files, and nothing else. `left` are the words that still show on each capture's
    pictures, for the leak check.
    """

    produced: ProducedRecord
    original: bool
    pictures: Mapping[CaptureId, tuple[ReleasedPicture, ...]]
    boxes: Mapping[CaptureId, Mapping[str, Rectangle]]
    releases: Mapping[str, ItemRelease]
    log: tuple[Logged, ...]
    secrets: tuple[Secret, ...]
    painted: int
    withheld: bool
    source: tuple[ProducedCapture, ...]
    drawn: str  # digest of all that decides what its pictures show
    left: Mapping[CaptureId, str] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)  # of items in the archive, by those they have in the bundle


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The rules of one production. `salt` names what had to be renamed, and is kept by the agency.

    Without `pictures` none are made; what would be painted is found all the same, for it decides about originals.
    """

    rules: tuple[RedactionRule, ...]
    releases: Mapping[str, ItemRelease]
    page: Callable[[ProducedRecord, ProducedCapture], Page]
    cleared: Mapping[str, frozenset[str]]
    salt: str
    originals: bool = True
    pictures: bool = True

    def release(self, produced: ProducedRecord) -> ReleasedRecord:
        """Raises EvidenceDamaged, LeakFound."""
        return _Passage(self, produced).release()


class _Passage:
    """One record's way through the gate."""

    def __init__(self, gate: Gate, produced: ProducedRecord) -> None:
        self._gate, self._produced = gate, produced
        self._log: list[Logged] = []
        self._secrets: dict[Secret, None] = {}
        self._literals: dict[str, str] = {}
        self._drawn = hashlib.sha256()
        self._left: dict[CaptureId, str] = {}

    def release(self) -> ReleasedRecord:
        gate, produced = self._gate, self._produced
        releases = {each.id: gate.releases.get(each.id, ItemRelease(release="full")) for each in produced.items}
        whole = bool(releases) and all(each.release == "withheld" for each in releases.values())
        names, begun = self._names(releases), self._begun(releases)
        items = tuple(self._item(each, releases[each.id], names) for each in produced.items)
        record = self._record(produced.record) if begun is None else self._headless(produced.record, *begun)
        plain = not self._log and all(each.release == "full" for each in releases.values())
        pictures, boxes, painted = ({}, {}, 0) if whole else self._pictures(releases)
        barred = any(each.barred for each in produced.captures)
        original = gate.originals and plain and not painted and not barred
        observed = produced.observed
        changed = replace(
            produced,
            record=record,
            items=items,
            hit_ids=frozenset(
                new.id for old, new in zip(produced.items, items, strict=True)
                if old.id in produced.hit_ids and releases[old.id].release != "withheld"
            ),
            observed=observed if original or observed is None else None,
            captures=produced.captures
            if original
            else tuple(self._capture(each, begun[1] if begun else "") for each in produced.captures),
        )  # fmt: skip
        return ReleasedRecord(
            produced=changed,
            original=original,
            pictures=pictures,
            boxes=boxes,
            releases={new.id: releases[old.id] for old, new in zip(produced.items, items, strict=True)},
            log=tuple(self._log),
            secrets=tuple(self._secrets),
            painted=painted,
            withheld=whole,
            source=produced.captures,
            drawn=self._digest_of_drawn(items),
            left=self._left,
            ids={new.id: old.id for old, new in zip(produced.items, items, strict=True)},
        )

    def _digest_of_drawn(self, items: Sequence[CataloguedItem]) -> str:
        """The pictures as painted, and what else is on pages that are cut from them or stand in place of them."""
        self._drawn.update(repr([(each.item.native_id, each.item.created) for each in items]).encode())
        return self._drawn.hexdigest()

    def _names(self, releases: Mapping[str, ItemRelease]) -> dict[str, str]:
        """New native ids for those that would tell what is redacted; what is withheld has none that leads to it."""
        named = {}
        for each in self._produced.items:
            native, out = each.item.native_id, releases[each.id].release == "withheld"
            if out or find_hits(native, self._rules(each.id)):
                named[native] = self._renamed(native)
            answered = each.item.parent_id  # which need not be in the record
            if answered is not None and find_hits(answered, self._rules("")):
                named[answered] = self._renamed(answered)
        return named

    def _renamed(self, native: str) -> str:
        digest = hmac.new(bytes.fromhex(self._gate.salt), native.encode(), hashlib.sha256).hexdigest()
        return f"renamed-{digest[:12]}"

    def _begun(self, releases: Mapping[str, ItemRelease]) -> tuple[CataloguedItem, str] | None:
        """The post that the thread begins with, and its label, where all of it is out."""
        first = first_post(self._produced.record, self._produced.items)
        if first is None:
            return None
        whole = [each for each in self._rules(first.id) if each.kind == "item"]
        out = releases[first.id].release == "withheld"
        return (first, releases[first.id].label if out else label(whole[0].section)) if out or whole else None

    def _item(self, entry: CataloguedItem, how: ItemRelease, names: Mapping[str, str]) -> CataloguedItem:
        seen = entry.item
        native = names.get(seen.native_id, seen.native_id)
        parent = None if seen.parent_id is None else names.get(seen.parent_id, seen.parent_id)
        id = f"{entry.record_id}/{native}"
        if how.release == "withheld":
            return self._withheld(entry, how, id=id, native=native, parent=parent)
        rules = self._rules(entry.id)

        def clean(text: str, field: str) -> str:
            done, hits = redact(text, rules)
            self._note(id, field, text, hits, of=entry.id)
            return done

        def clean_address(address: str, field: str) -> str:
            done, hits = redact_address(address, rules)
            self._note(id, field, address, hits, of=entry.id)
            return done

        item = Item(
            native_id=native,
            parent_id=parent,
            kind=seen.kind,
            text=clean(seen.text, "text"),
            creator_name=clean(seen.creator_name, "creator"),
            creator_handle=clean(seen.creator_handle, "handle"),
            created=seen.created,
            modified=seen.modified,
            language=seen.language,
            links=tuple(clean_address(each, "link") for each in seen.links),
            media=tuple(
                MediaRef(url=clean_address(each.url, "picture"), kind=each.kind, alt=clean(each.alt, "alt text"))
                for each in seen.media
            ),
            source_url=clean_address(seen.source_url, "address"),
        )
        versions = tuple(replace(each, text=clean(each.text, "earlier text")) for each in entry.versions)
        return replace(entry, id=id, item=item, versions=versions)

    def _withheld(
        self, entry: CataloguedItem, how: ItemRelease, *, id: str, native: str, parent: str | None
    ) -> CataloguedItem:
        """Its place in the thread, and nothing of what it said or who said it."""
        seen, everywhere = entry.item, how.label != label(NOT_RESPONSIVE)
        self._log.append(Logged(item=id, field="whole item", section=how.label, rule="", count=1))
        texts = [seen.text, *(each.text for each in entry.versions), *(each.alt for each in seen.media)]
        for text in filter(None, (each.strip() for each in texts)):
            self._literals[text] = how.label
            self._secrets[Secret(text=text, everywhere=False, item=entry.id, rule="withheld" if everywhere else "")] = (
                None
            )
        item = Item(native_id=native, parent_id=parent, kind=seen.kind, text=how.label)
        return CataloguedItem(
            id=id,
            record_id=entry.record_id,
            item=item,
            observed=Observed.PRESENT,
            first_seen=entry.first_seen,
            last_seen=entry.last_seen,
        )

    def _record(self, record: Record) -> Record:
        rules = self._rules("")

        def clean(text: str, field: str, *, address: bool = False) -> str:
            done, hits = (redact_address if address else redact)(text, rules)
            self._note("", field, text, hits)
            return done

        return replace(
            record,
            title=clean(record.title, "title"),
            creator_name=clean(record.creator_name, "creator"),
            creator_handle=clean(record.creator_handle, "handle"),
            canonical_url=clean(record.canonical_url, "address", address=True),
            keywords=tuple(clean(each, "keyword") for each in record.keywords),
            tags=(),
        )

    def _headless(self, record: Record, begun: CataloguedItem, told: str) -> Record:
        if title := record.title.strip():
            rule = "" if told == label(NOT_RESPONSIVE) else "withheld"
            self._literals[title] = told
            self._secrets[Secret(text=title, everywhere=False, item=begun.id, rule=rule)] = None
        self._log.append(Logged(item=record.id, field="title and address", section=told, rule="", count=1))
        return without_first_post(record, told)

    def _note(self, item: str, field: str, text: str, hits: Sequence[Hit], *, of: str = "") -> None:
        """`item` is its id in the bundle, `of` that in the archive."""
        if not hits:
            return
        counts: dict[tuple[str, str], int] = {}
        rules = {each.id: each for each in self._gate.rules}
        for hit in hits:
            counts[(hit.section, hit.rule)] = counts.get((hit.section, hit.rule), 0) + 1
            rule, found = rules[hit.rule], text[hit.start : hit.end]
            if rule.kind == "item" and field not in _SAID:
                continue  # whoever wrote it may have written what is released
            self._literals[found] = label(hit.section)
            told = "withheld" if rule.kind == "item" else hit.rule
            self._secrets[Secret(text=found, everywhere=rule.scope == "everywhere", item=of, rule=told)] = None
        name = item or self._produced.record.id
        self._log += [
            Logged(item=name, field=field, section=section, rule=rule, count=count)
            for (section, rule), count in counts.items()
        ]

    def _pictures(
        self, releases: Mapping[str, ItemRelease]
    ) -> tuple[dict[CaptureId, tuple[ReleasedPicture, ...]], dict[CaptureId, Mapping[str, Rectangle]], int]:
        pictures: dict[CaptureId, tuple[ReleasedPicture, ...]] = {}
        boxes: dict[CaptureId, Mapping[str, Rectangle]] = {}
        painted = 0
        for capture in self._produced.captures:
            if not capture.stored(ObjectRole.SCREENSHOT):
                continue
            page = self._gate.page(self._produced, capture)
            plan = self._plan(capture, page, releases)
            painted += 1 if plan is None else len(plan)
            if plan is not None and page.layout is not None:
                self._left[capture.capture.id] = left_words(page.layout, plan)
            shown = [each.sha256 for each in capture.stored(ObjectRole.SCREENSHOT)]
            self._drawn.update(repr((capture.capture.id, shown, plan, sorted(page.boxes.items()))).encode())
            if not self._gate.pictures:
                continue
            tiles = _tiles(capture)
            if plan is None:
                pictures[capture.capture.id] = tuple(blank_pictures(tiles, "[withheld: text of the page unknown]"))
                continue
            pictures[capture.capture.id] = tuple(release_pictures(tiles, plan))
            boxes[capture.capture.id] = dict(page.boxes)
        return pictures, boxes, painted

    def _plan(
        self, capture: ProducedCapture, page: Page, releases: Mapping[str, ItemRelease]
    ) -> list[PaintedBox] | None:
        """What to paint; None where the page must be withheld as a whole."""
        if page.layout is None or page.layout.get("cut"):
            return None
        held, hidden = list[tuple[Rectangle, str]](), dict[str, str]()
        for entry in self._produced.items:
            how = releases[entry.id]
            whole = how.release == "withheld" or any(
                each.kind == "item" and each.holds(entry.record_id, entry.id) for each in self._gate.rules
            )
            if not whole:
                continue
            for picture in entry.item.media:
                hidden |= {each: how.label or "withheld" for each in (picture.url, picture.alt.strip()) if each}
            if not entry.first_seen <= capture.capture.started <= entry.last_seen:
                continue
            place = page.boxes.get(entry.item.native_id)
            if place is None:
                return None  # it is on this page, and nobody knows where
            held.append((place, how.label or "withheld"))
        here = [each for each in self._gate.rules if each.holds(self._produced.record.id, "")]
        return paint_plan(
            page.layout,
            here,
            capture=capture.capture.id,
            literals=self._literals,
            withheld=held,
            cleared=self._gate.cleared.get(capture.capture.id, frozenset()),
            hidden=hidden,
        )

    def _capture(self, capture: ProducedCapture, withheld: str = "") -> ProducedCapture:
        """Without any file, and with addresses as they may be told: `withheld` in place of those of a withheld post."""
        rules = self._rules("")
        seen = capture.capture
        told = replace(
            seen,
            url=withheld or redact_address(seen.url, rules)[0],
            final_url=withheld or redact_address(seen.final_url, rules)[0],
            reason=redact(seen.reason, rules)[0],
        )
        return ProducedCapture(capture=told, files=())

    def _rules(self, item: str) -> list[RedactionRule]:
        """Those that hold of an item; with "" those of the record's own fields."""
        record = self._produced.record.id
        return [
            each
            for each in self._gate.rules
            if each.holds(record, item) and (each.kind != "item" or (bool(item) and each.item == item))
        ]


def _tiles(capture: ProducedCapture) -> list[bytes]:
    """Its screenshot as it is kept. Raises EvidenceDamaged."""
    places = dict(capture.files)
    stored = capture.stored(ObjectRole.SCREENSHOT)
    tiles = [places[each].read_bytes() for each in stored]
    for each, tile in zip(stored, tiles, strict=True):
        if f"sha256:{hashlib.sha256(tile).hexdigest()}" != each.sha256:
            raise EvidenceDamaged(f"objects/{each.path} differs from its SHA-256 digest: run `archiver verify`")
    return tiles


def commitments(salt: str, captures: Sequence[ProducedCapture]) -> Iterator[dict[str, str]]:
    """Salted commitments to files that are left out, so that the agency can prove later what they were."""
    for capture in captures:
        for stored, _ in capture.files:
            value = hmac.new(bytes.fromhex(salt), f"{stored.path}\n{stored.sha256}".encode(), hashlib.sha256)
            yield {"capture": capture.capture.id, "role": stored.role.value, "hmac_sha256": value.hexdigest()}

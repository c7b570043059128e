"""What is known of a record's items after one more capture: a pure function of what was known and seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from archiver.core.records import Capture, CataloguedItem, Item, ItemVersion, Observed, RecordId, RecordKind
from capture.compare import Changes, compare, same_text

# A feed moves on: an entry that a snapshot no longer shows is not gone from the site.
_KINDS_THAT_LOSE_ITEMS = frozenset({RecordKind.THREAD, RecordKind.PAGE, RecordKind.PROFILE})


def history_after(
    previous: Sequence[CataloguedItem],
    seen: Sequence[Item],
    capture: Capture,
    kind: RecordKind,
    *,
    complete: bool,
    comparable: Callable[[CataloguedItem], bool] = lambda _: True,
) -> tuple[list[CataloguedItem], Changes]:
    """The record's items after `capture`, in the order of the page, gone ones after those they stood behind.

    `complete`: whether the capture saw all there was, so that what it did not see is gone; `comparable`:
    whether an item was last seen with the capture's own access.
    """
    assert capture.record_id is not None
    loses = complete and kind in _KINDS_THAT_LOSE_ITEMS
    changes = compare(previous, seen, complete=loses, comparable=comparable)
    known = {each.item.native_id: each for each in previous}
    gone = {each.item.native_id for each in changes.gone}
    after = [_seen(known.get(item.native_id), item, capture, capture.record_id) for item in seen]
    shown = {item.native_id for item in seen}
    for position, entry in enumerate(previous):
        if entry.item.native_id in shown:
            continue
        kept = _gone(entry, capture) if entry.item.native_id in gone else entry
        after.insert(_place_of(position, previous, after), kept)
    return after, changes


def same_access(access: Mapping[datetime, str], own: str) -> Callable[[CataloguedItem], bool]:
    """Whether an item was last seen with `own` access: with another one it may only be hidden.

    `access` is that of the record's captures, by their start.
    """
    return lambda item: access.get(item.last_seen, own) == own


def _seen(known: CataloguedItem | None, item: Item, capture: Capture, record: RecordId) -> CataloguedItem:
    if known is None:
        first = ItemVersion(number=1, text=item.text, seen=capture.started, capture_id=capture.id)
        return CataloguedItem(
            id=f"{record}/{item.native_id}",
            record_id=record,
            item=item,
            observed=Observed.PRESENT,
            first_seen=capture.started,
            last_seen=capture.started,
            versions=(first,),
        )
    versions = known.versions
    if same_text(versions[-1].text, item.text):
        item = replace(item, text=versions[-1].text)  # a reader sees no difference: none is told
    else:
        new = ItemVersion(number=len(versions) + 1, text=item.text, seen=capture.started, capture_id=capture.id)
        versions = (*versions, new)
    return replace(
        known,
        item=item,
        observed=Observed.EDITED if len(versions) > 1 else Observed.PRESENT,
        last_seen=capture.started,
        gone_after=None,
        gone_before=None,
        versions=versions,
    )


def _gone(entry: CataloguedItem, capture: Capture) -> CataloguedItem:
    return replace(entry, observed=Observed.GONE, gone_after=entry.last_seen, gone_before=capture.finished)


def _place_of(position: int, previous: Sequence[CataloguedItem], after: Sequence[CataloguedItem]) -> int:
    """Right behind the nearest item that stood before it and is still in the list."""
    places = {each.item.native_id: place for place, each in enumerate(after)}
    for earlier in reversed(previous[:position]):
        if earlier.item.native_id in places:
            return places[earlier.item.native_id] + 1
    return 0

"""What describes a thread is its first post's: where all of that is out, so are title, creator and address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archiver.core.records import CataloguedItem, Record


def first_post(record: Record, items: Sequence[CataloguedItem]) -> CataloguedItem | None:
    """The item that the record's title and address are of; None for what stands for several, a timeline say."""
    root = record.native_root_id
    if root is None and record.kind.is_one_post and items and items[0].item.parent_id is None:
        return items[0]
    return next((each for each in items if root is not None and each.item.native_id == root), None)


def without_first_post(record: Record, told: str) -> Record:
    """The record with `told` in place of what the post said of it."""
    return replace(
        record,
        title=told,
        creator_name="",
        creator_handle="",
        canonical_url=told,
        created=None,
        modified=None,
        keywords=(),
        tags=(),
    )

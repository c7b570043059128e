"""The order a thread is read in: every item under the one it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archiver.core.records import CataloguedItem

DEEPEST = 6
"""Answers are indented so many levels; deeper ones stand at the last level and name what they answer."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An item at its place. `number` counts the items in the order they were captured, from 1.

    `answers` is the number of the item it answers; None for a root, and for an `orphan`, which
    answers an item that the record does not hold. In nested lists, `begins` says that a list
    begins before it, `holds` that the next list is inside it, `ends` how many lists end after it.
    """

    number: int
    item: CataloguedItem
    depth: int
    answers: int | None
    orphan: bool
    begins: bool
    holds: bool
    ends: int


def reading_order(items: Sequence[CataloguedItem]) -> list[Reply]:
    """Every item once: answers follow what they answer, siblings keep their order.

    Items that answer each other in a circle are shown from the first of them on.
    """
    parents = _parents(items)
    placed = _walk(parents)
    replies = []
    for index, (position, depth) in enumerate(placed):
        before = placed[index - 1][1] if index else -1
        after = placed[index + 1][1] if index + 1 < len(placed) else 0
        parent = parents[position]
        replies.append(
            Reply(
                number=position + 1,
                item=items[position],
                depth=depth,
                answers=None if parent is None else parent + 1,
                orphan=parent is None and items[position].item.parent_id is not None,
                begins=depth > before,
                holds=after > depth,
                ends=max(0, depth - after),
            )
        )
    return replies


def _parents(items: Sequence[CataloguedItem]) -> list[int | None]:
    positions: dict[str, int] = {}
    for position, each in enumerate(items):
        positions.setdefault(each.item.native_id, position)
    return [None if each.item.parent_id is None else positions.get(each.item.parent_id) for each in items]


def _walk(parents: Sequence[int | None]) -> list[tuple[int, int]]:
    """(position, depth) in reading order; a stack of our own, because a thread may be thousands deep."""
    answers: dict[int, list[int]] = {}
    for position, parent in enumerate(parents):
        if parent is not None:
            answers.setdefault(parent, []).append(position)
    roots = [position for position, parent in enumerate(parents) if parent is None]
    placed: dict[int, int] = {}
    for root in [*roots, *range(len(parents))]:  # what no root leads to is in a circle
        stack = [(root, 0)]
        while stack:
            position, depth = stack.pop()
            if position in placed:
                continue
            placed[position] = depth
            below = min(depth + 1, DEEPEST)
            stack += [(answer, below) for answer in reversed(answers.get(position, []))]
    return list(placed.items())

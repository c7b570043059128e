"""Posts and comments that say the same or nearly the same, across records and sites, and what is like one of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound
from archiver.core.item_texts import current_texts
from archiver.core.progress import Progress, silent
from archiver.core.records import AccountId, CataloguedItem, Record, RecordId
from archiver.workflows.indexing.catching_up import current_engine
from archiver.workflows.search.find import understand
from archiver.workflows.search.joining import join, record_of
from index.engine import SearchEngine
from index.query import All, Field, Or
from index.query import Term as Word
from index.resemblance import group_texts, words_of

LEAST_WORDS = 5
"""Shorter texts say the same by chance: thanks, congratulations."""
_MOST_CANDIDATES = 5_000
_UNDATED = "~"  # behind every date


@dataclass(frozen=True, kw_only=True)
class Alike:
    """One item of a group. `nearness` is to the group's first item: 1.0 where the words are the same."""

    item: str
    record: RecordId
    site: str
    account: str  # handle of the registered account; "" where there is none
    creator: str
    created: datetime | None
    nearness: float
    text: str


@dataclass(frozen=True, kw_only=True)
class AlikeGroup:
    """Items that say nearly the same, the one created first leading. `cross_post`: of several sites or accounts."""

    same: bool  # whether all have the same words
    cross_post: bool
    items: tuple[Alike, ...]


@dataclass(frozen=True, kw_only=True)
class AlikeReport:
    """`compared` items were looked at; `too_short` were not, for they have fewer words than asked for."""

    query: str
    interpreted: str
    nearness: float
    compared: int
    too_short: int
    groups: tuple[AlikeGroup, ...]


@dataclass(frozen=True, kw_only=True)
class Similar:
    """An item like another one: how much of their words, the rare ones counting more, both have; and those words."""

    item: CataloguedItem
    record: Record
    similarity: float
    shared: tuple[str, ...]


def find_alike(
    archive: Archive,
    query: str,
    *,
    now: datetime,
    nearness: float = 0.8,
    least_words: int = LEAST_WORDS,
    cross_posts_only: bool = False,
    progress: Progress = silent,
) -> AlikeReport:
    """Groups among the hits of `query`, the largest first; items are compared by their current text.

    `nearness` is above 0 and at most 1. Raises BadInput where it is not, BadQuery.
    """
    if not 0.0 < nearness <= 1.0:
        raise BadInput(f"the nearness is a number above 0 and up to 1, not {nearness}")
    parsed = understand(archive, query, now)
    with current_engine(archive, progress) as engine:
        ids = list(engine.iter_ids(join(archive, engine, parsed)))
    said = sorted(current_texts(archive.db, ids), key=lambda each: (each[2] or _UNDATED, each[0]))
    worded = [(id, words_of(text)) for id, text, _ in said]
    compared = [each for each in worded if len(each[1]) >= max(1, least_words)]
    resembling = group_texts([words for _, words in compared], nearness=nearness)
    grouped = [compared[number][0] for group in resembling for number in group.texts]
    entries = {entry.id: (record, entry) for record, entry in _entries(archive, grouped)}
    handles = {account.id: account.handle for account in archive.register.accounts()}
    groups = []
    for found in resembling:
        alike = tuple(
            _alike(*entries[compared[number][0]], handles, value)
            for number, value in zip(found.texts, found.nearness, strict=True)
        )
        cross = len({(each.site, each.account) for each in alike}) > 1
        if cross or not cross_posts_only:
            groups.append(AlikeGroup(same=min(found.nearness) == 1.0, cross_post=cross, items=alike))
    groups.sort(key=lambda group: (-len(group.items), group.items[0].item))
    return AlikeReport(
        query=query,
        interpreted=parsed.interpreted,
        nearness=nearness,
        compared=len(compared),
        too_short=len(worded) - len(compared),
        groups=tuple(groups),
    )


def find_similar(archive: Archive, item: str, *, limit: int = 20, progress: Progress = silent) -> list[Similar]:
    """Items with words of `item`, given by its id, the most similar first. Raises NotFound."""
    own = next((entry for _, entry in _entries(archive, [item])), None)
    if own is None:
        raise NotFound(f"no item {item} in this archive: `archiver search QUERY --json` tells the ids of items")
    words = set(words_of(own.item.text))
    with current_engine(archive, progress) as engine:
        weights = _weights(engine, words)
        candidates = _candidates(engine, weights, item)
    mean = sum(weights.values()) / len(weights) if weights else 0.0
    scored: list[tuple[float, str, tuple[str, ...]]] = []
    for id, text, _ in current_texts(archive.db, candidates):
        others = set(words_of(text))
        shared = sum(weights[word] for word in words & others)
        union = sum(weights.values()) + mean * len(others - words)
        common = sorted(words & others, key=lambda word: (-weights[word], word))
        if shared:
            scored.append((-round(shared / union, 4), id, tuple(common)))
    best = sorted(scored)[:limit]
    entries = {entry.id: (record, entry) for record, entry in _entries(archive, [id for _, id, _ in best])}
    return [
        Similar(item=entries[id][1], record=entries[id][0], similarity=-less, shared=common)
        for less, id, common in best
    ]


def _weights(engine: SearchEngine, words: set[str]) -> dict[str, float]:
    """Rare words weigh more: the logarithm of how many items there are for each that has it."""
    total = engine.count(All())
    return {
        word: math.log(1 + total / max(1, engine.count(Word(field=Field.TEXT, text=word)))) for word in sorted(words)
    }


def _candidates(engine: SearchEngine, weights: dict[str, float], item: str) -> list[str]:
    """Items with the rarest of the words: as many words as keep the number of items in bounds."""
    chosen: list[Word] = []
    found: list[str] = []
    for word in sorted(weights, key=lambda each: (-weights[each], each)):
        wider = [*chosen, Word(field=Field.TEXT, text=word)]
        asked = Or(parts=tuple(wider))
        if chosen and engine.count(asked) > _MOST_CANDIDATES:
            break
        chosen, found = wider, list(engine.iter_ids(asked))
    return [each for each in found if each != item]


def _entries(archive: Archive, ids: list[str]) -> Iterator[tuple[Record, CataloguedItem]]:
    """The items with their records, record by record."""
    for record, items in groupby(sorted(ids), key=record_of):
        wanted = set(items)
        held = [entry for entry in archive.catalogue.items(record) if entry.id in wanted]
        if held:
            described = archive.catalogue.record(record)
            yield from ((described, entry) for entry in held)


def _alike(record: Record, entry: CataloguedItem, handles: dict[AccountId, str], nearness: float) -> Alike:
    return Alike(
        item=entry.id,
        record=record.id,
        site=record.site,
        account=handles.get(record.account_id, "") if record.account_id else "",
        creator=entry.item.creator_handle or entry.item.creator_name,
        created=entry.item.created,
        nearness=nearness,
        text=entry.item.text,
    )

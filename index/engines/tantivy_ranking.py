"""Hits of all partitions in an order that is total, and stays the same.

Tantivy orders by one thing, and breaks ties by where a document happens to lie, which changes
with every merge. So each partition's hits are fetched down to the end of the last group of equals that may be
shown, and only such groups are put in order here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from tantivy import DocAddress, Order, Searcher

from index.engine import Hit, Page, Sort
from index.engines.tantivy_partition import MOMENT, Asked

_OPTIONS: dict[Sort, dict[str, Any]] = {
    Sort.NEWEST: {"order_by_field": MOMENT, "order": Order.Desc},
    Sort.OLDEST: {"order_by_field": MOMENT, "order": Order.Asc},
    Sort.RELEVANCE: {},
}


class _Ranked(NamedTuple):
    key: float  # what Tantivy sorted by: the moment or the score
    searcher: Searcher
    address: DocAddress


def ranked(partitions: Iterable[Asked], sort: Sort, first: int, last: int) -> Page:
    """Hits number `first` to `last` in the order of `sort`, and the exact total. `last` > `first`."""
    total = 0
    fetched: list[_Ranked] = []
    for asked in partitions:
        found, hits = _down_to(asked, sort, last)
        total += found
        fetched += [_Ranked(key, asked.searcher, address) for key, address in hits]
    fetched.sort(key=lambda each: each.key, reverse=sort is not Sort.OLDEST)
    shown: list[Hit] = []
    for key, equals, start, end in _shown(fetched, first, last):
        if sort is Sort.RELEVANCE:
            shown += _newest(equals, key, start, end)
        else:
            shown += _by_id(equals, 0.0)[start:end]
    return Page(total=total, hits=tuple(shown))


def _down_to(asked: Asked, sort: Sort, last: int) -> tuple[int, list[tuple[float, DocAddress]]]:
    """The total, and the hits down to number `last` with every further one that equals it."""
    everything = max(1, asked.searcher.num_docs)
    limit = min(last + 1, everything)
    while True:
        result: Any = asked.searcher.search(asked.query, limit=limit, **_OPTIONS[sort])  # its stub leaves out `count`
        fetched: list[tuple[float, DocAddress]] = result.hits
        if len(fetched) < limit or limit == everything or fetched[-1][0] != fetched[last - 1][0]:
            return result.count, fetched
        limit = min(limit * 4, everything)


def _shown(fetched: Iterable[_Ranked], first: int, last: int) -> Iterator[tuple[float, list[_Ranked], int, int]]:
    """Groups of equals of which something is shown: key, members, and the part of them from and to."""
    number = 0
    for key, group in groupby(fetched, key=lambda each: each.key):
        if number >= last:
            return
        equals = list(group)
        start, end = max(first - number, 0), min(last - number, len(equals))
        if start < end:
            yield key, equals, start, end
        number += len(equals)


def _newest(equals: list[_Ranked], score: float, first: int, last: int) -> list[Hit]:
    """Numbers `first` to `last` of `equals`, newest first, those of one moment by id."""
    dated: list[_Ranked] = []
    for searcher, group in groupby(sorted(equals, key=lambda each: id(each.searcher)), key=lambda each: each.searcher):
        addresses = [each.address for each in group]
        moments: Any = searcher.fast_field_values(MOMENT, addresses)
        dated += [_Ranked(*each) for each in zip(moments, [searcher] * len(addresses), addresses, strict=True)]
    dated.sort(key=lambda each: -each.key)
    hits: list[Hit] = []
    for _, of_one_moment, start, end in _shown(dated, first, last):
        hits += _by_id(of_one_moment, score)[start:end]
    return hits


def _by_id(equals: Iterable[_Ranked], score: float) -> list[Hit]:
    found = []
    for each in equals:
        document = each.searcher.doc(each.address)
        found.append(Hit(id=document["id"][0], record_id=document["record"][0], score=score))
    return sorted(found, key=lambda hit: hit.id)

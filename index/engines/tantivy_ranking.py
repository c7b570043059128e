"""Tantivy's hits in an order that is total, and stays the same.

Tantivy orders by one thing, and breaks ties by where a document happens to lie, which changes
with every merge. So hits are fetched down to the end of the last group of equals that is
shown, and only such groups are put in order here.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from tantivy import DocAddress, Order, Query, Searcher

from index.engine import Hit, Page, Sort

MOMENT = "moment"
"""The fast field by which dates are sorted: microseconds since 1970, UTC."""

_Ranked = tuple[float, DocAddress]
_OPTIONS: dict[Sort, dict[str, Any]] = {
    Sort.NEWEST: {"order_by_field": MOMENT, "order": Order.Desc},
    Sort.OLDEST: {"order_by_field": MOMENT, "order": Order.Asc},
    Sort.RELEVANCE: {},
}


def ranked(searcher: Searcher, query: Query, sort: Sort, first: int, last: int) -> Page:
    """Hits number `first` to `last` in the order of `sort`, and the exact total. `last` > `first`."""
    total, fetched = _down_to(searcher, query, sort, last)
    hits: list[Hit] = []
    number = 0
    for key, group in groupby(fetched, key=lambda pair: pair[0]):
        equals = [address for _, address in group]
        start, end = max(first - number, 0), min(last - number, len(equals))
        if start < end:
            score = key if sort is Sort.RELEVANCE else 0.0
            hits += _in_order(searcher, equals, sort, score)[start:end]
        number += len(equals)
    return Page(total=total, hits=tuple(hits))


def _down_to(searcher: Searcher, query: Query, sort: Sort, last: int) -> tuple[int, list[_Ranked]]:
    """The total, and the hits down to number `last` with every further one that equals it."""
    everything = max(1, searcher.num_docs)
    limit = min(last + 1, everything)
    while True:
        result: Any = searcher.search(query, limit=limit, **_OPTIONS[sort])  # its stub leaves out `count`
        fetched: list[_Ranked] = result.hits
        if len(fetched) < limit or limit == everything or fetched[-1][0] != fetched[last - 1][0]:
            return result.count, fetched
        limit = min(limit * 4, everything)


def _in_order(searcher: Searcher, equals: list[DocAddress], sort: Sort, score: float) -> list[Hit]:
    hits = [
        Hit(id=document["id"][0], record_id=document["record"][0], score=score)
        for document in map(searcher.doc, equals)
    ]
    if len(hits) == 1:
        return hits
    if sort is not Sort.RELEVANCE:
        return sorted(hits, key=lambda hit: hit.id)
    moments: Any = searcher.fast_field_values(MOMENT, equals)
    by_moment = sorted(zip(moments, hits, strict=True), key=lambda pair: (-pair[0], pair[1].id))
    return [hit for _, hit in by_moment]

"""Tantivy's hits in an order that is total, and stays the same.

Tantivy orders by one thing, and breaks ties by where a document happens to lie, which changes
with every merge. So hits are fetched down to the end of the last group of equals that is
shown, and only such groups are put in order here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from tantivy import DocAddress, FieldType, Occur, Order, Query, Schema, Searcher

from index.engine import Hit, Page, Sort

MOMENT = "moment"
"""The fast field by which dates are sorted: microseconds since 1970, UTC."""

_Ranked = tuple[float, DocAddress]
_OPTIONS: dict[Sort, dict[str, Any]] = {
    Sort.NEWEST: {"order_by_field": MOMENT, "order": Order.Desc},
    Sort.OLDEST: {"order_by_field": MOMENT, "order": Order.Asc},
    Sort.RELEVANCE: {},
}
_MANY = 200
"""Equals worth a query of their own rather than a look at each."""


def ranked(schema: Schema, searcher: Searcher, query: Query, sort: Sort, first: int, last: int) -> Page:
    """Hits number `first` to `last` in the order of `sort`, and the exact total. `last` > `first`."""
    total, fetched = _down_to(searcher, query, sort, last)
    hits: list[Hit] = []
    for key, equals, start, end in _shown(fetched, first, last):
        if sort is Sort.RELEVANCE:
            hits += _newest(searcher, equals, key, start, end)
        elif len(equals) > _MANY:
            hits += _by_id(schema, searcher, query, int(key), start, end)
        else:
            hits += sorted((_hit(searcher, address) for address in equals), key=lambda hit: hit.id)[start:end]
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


def _shown(fetched: Iterable[_Ranked], first: int, last: int) -> Iterator[tuple[float, list[DocAddress], int, int]]:
    """Groups of equals of which something is shown: key, members, and the part of them from and to."""
    number = 0
    for key, group in groupby(fetched, key=lambda pair: pair[0]):
        equals = [address for _, address in group]
        start, end = max(first - number, 0), min(last - number, len(equals))
        if start < end:
            yield key, equals, start, end
        number += len(equals)


def _newest(searcher: Searcher, equals: list[DocAddress], score: float, first: int, last: int) -> list[Hit]:
    """Numbers `first` to `last` of `equals`, newest first, those of one moment by id."""
    moments: Any = searcher.fast_field_values(MOMENT, equals)
    dated = sorted(zip(moments, equals, strict=True), key=lambda pair: -pair[0])
    hits: list[Hit] = []
    for _, of_one_moment, start, end in _shown(dated, first, last):
        found = sorted((_hit(searcher, address, score) for address in of_one_moment), key=lambda hit: hit.id)
        hits += found[start:end]
    return hits


def _by_id(schema: Schema, searcher: Searcher, query: Query, moment: int, start: int, end: int) -> list[Hit]:
    """Numbers `start` to `end` of the hits of one moment, by id."""
    then = Query.range_query(schema, MOMENT, FieldType.Integer, moment, moment)
    both = Query.boolean_query([(Occur.Must, query), (Occur.Must, then)])
    result = searcher.search(both, limit=end - start, offset=start, order_by_field="id", order=Order.Asc)
    return [_hit(searcher, address) for _, address in result.hits]


def _hit(searcher: Searcher, address: DocAddress, score: float = 0.0) -> Hit:
    document = searcher.doc(address)
    return Hit(id=document["id"][0], record_id=document["record"][0], score=score)

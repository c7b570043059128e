"""Tantivy's best hits in an order that stays the same: equal scores are put newest first.

Tantivy breaks ties by where a document happens to lie, which changes with every merge.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from tantivy import DocAddress, Query, Searcher

from index.engine import Hit, hit_of

_Scored = tuple[float, DocAddress]


def by_relevance(searcher: Searcher, query: Query, first: int, last: int) -> tuple[int, tuple[Hit, ...]]:
    """The exact total, and hits number `first` to `last` by score, equals newest first."""
    total, scored = _down_to(searcher, query, last)
    hits: list[Hit] = []
    number = 0
    for score, group in groupby(scored, key=lambda pair: pair[0]):
        equals = list(group)
        start, end = max(first - number, 0), min(last - number, len(equals))
        if start < end:
            keys = sorted((_order(searcher, address) for _, address in equals), reverse=True)
            hits += [hit_of(key, score) for key in keys[start:end]]
        number += len(equals)
    return total, tuple(hits)


def _down_to(searcher: Searcher, query: Query, last: int) -> tuple[int, list[_Scored]]:
    """The hits down to number `last`, and with them every further one of the same score."""
    everything = max(1, searcher.num_docs)
    limit = min(last + 1, everything)
    while True:
        result: Any = searcher.search(query, limit=limit)  # its type's stub leaves out `count`
        scored: list[_Scored] = result.hits
        whole = len(scored) < limit or limit == everything
        if whole or scored[-1][0] < scored[last - 1][0]:
            return result.count, scored
        limit = min(limit * 4, everything)


def _order(searcher: Searcher, address: DocAddress) -> str:
    key: str = searcher.doc(address)["order"][0]
    return key

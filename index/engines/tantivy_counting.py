"""Facets and timelines over Tantivy's partitions, by its aggregations over fast fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from index.engine import Facet, Step, Timeline, ranked_counts
from index.engines.patience import Patience
from index.engines.tantivy_partition import Asked, count
from index.engines.tantivy_query import microseconds
from index.query import LABELS, Field
from index.timeline import bars_between, midnights

_COLUMNS = {Field.ACCOUNT: "account_name", Field.CREATOR: "creator_name"}
_MOST, _LEAST = 20_000, 500
"""Values of one field that are counted in all partitions together, and in each at least: the most frequent ones."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def count_facets(partitions: Sequence[Asked], fields: Sequence[Field], patience: Patience) -> dict[Field, Facet]:
    """How hits fall on the values of `fields`."""
    most = max(_LEAST, _MOST // max(1, len(partitions)))
    counters: dict[Field, Counter[str]] = {field: Counter() for field in fields}
    exact = dict.fromkeys(fields, True)
    for searcher, query in partitions:
        for field, counter in counters.items():
            patience.check()
            terms = {"field": _COLUMNS.get(field, field.value), "size": most, "segment_size": most}
            found: Any = searcher.aggregate(query, {"values": {"terms": terms}})["values"]
            for bucket in found["buckets"]:
                for value in dict.fromkeys(bucket["key"].split()) if field in LABELS else (bucket["key"],):
                    counter[value] += bucket["doc_count"]
            if found.get("sum_other_doc_count") or found.get("doc_count_error_upper_bound"):
                exact[field] = False
    return {field: Facet(counts=ranked_counts(counter), exact=exact[field]) for field, counter in counters.items()}


def count_times(partitions: Sequence[Asked], patience: Patience, time_zone: tzinfo, most: int, least: Step) -> Timeline:
    """When hits were created."""
    column = Field.CREATED.value
    total = dated = 0
    ends: list[float] = []
    for searcher, query in patience.rest(partitions):
        found: Any = searcher.aggregate(query, {"moments": {"stats": {"field": column}}})["moments"]
        total += count(searcher, query)
        if found["count"]:
            dated += int(found["count"])
            ends += (found["min"], found["max"])
    if not ends:
        return Timeline(step=least, bars=(), undated=total)
    first, last = _moment(min(ends)), _moment(max(ends))
    step, days = bars_between(first, last, time_zone=time_zone, most=most, least=least)
    edges = [microseconds(each) for each in midnights(days, time_zone)]
    ranges = [{"key": str(number), "from": start, "to": end} for number, (start, end) in enumerate(pairwise(edges))]
    counts = [0] * len(ranges)
    for searcher, query in patience.rest(partitions):
        asked = {"bars": {"range": {"field": column, "ranges": ranges}}}
        for bucket in searcher.aggregate(query, asked)["bars"]["buckets"]:
            if str(bucket["key"]).isdigit():  # what is outside of all ranges is told too
                counts[int(bucket["key"])] += bucket["doc_count"]
    return Timeline(step=step, bars=tuple(zip(days, counts, strict=False)), undated=total - dated)


def _moment(value: float) -> datetime:
    return _EPOCH + timedelta(microseconds=int(value))

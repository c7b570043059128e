"""How the hits of a search fall on sites, people, kinds, classes, tags and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from archiver.core.archive import Archive
from archiver.core.tallies import classes_of, tags_of
from index.engine import Facet, SearchEngine, Step, Timeline, ranked_counts
from index.query import Field, Node

SHOWN = {
    "site": Field.SITE,
    "account": Field.ACCOUNT,
    "creator": Field.CREATOR,
    "kind": Field.KIND,
    "observed": Field.OBSERVED,
    "language": Field.LANGUAGE,
    "media": Field.HAS,
}
"""What the engine counts, by the name it is shown under."""

MOST_RECORDS = 25_000
"""Records looked up for their classes and tags; of an answer in more records these two facets are partial."""

_MOST_BARS = 60
_MOST_MONTHS = 1_200


@dataclass(frozen=True, kw_only=True)
class Facets:
    """`by` has: site, account, creator, kind, observed, language, media, class, tag, year and month."""

    by: Mapping[str, Facet]
    timeline: Timeline


def count_facets(archive: Archive, engine: SearchEngine, node: Node) -> Facets:
    """Facets and timeline of what answers `node`, which the catalogue has resolved already."""
    zone = archive.settings.archive.zone
    counted = engine.facets(node, (*SHOWN.values(), Field.RECORD))
    by = {name: counted[field] for name, field in SHOWN.items()}
    by["class"] = _decided(partial(classes_of, archive.db), counted[Field.RECORD])
    by["tag"] = _decided(partial(tags_of, archive.db), counted[Field.RECORD])
    months = engine.timeline(node, time_zone=zone, most=_MOST_MONTHS, least=Step.MONTH)
    return Facets(by=by | _calendar(months), timeline=engine.timeline(node, time_zone=zone, most=_MOST_BARS))


def _decided(look_up: Callable[[Collection[str]], dict[str, list[str]]], records: Facet) -> Facet:
    looked_at = dict(records.counts[:MOST_RECORDS])
    counts: Counter[str] = Counter()
    for record, values in look_up(looked_at.keys()).items():
        for value in values:
            counts[value] += looked_at[record]
    return Facet(counts=ranked_counts(counts), exact=records.exact and len(records.counts) <= MOST_RECORDS)


def _calendar(timeline: Timeline) -> dict[str, Facet]:
    """Years and months with any hit, in order of time; of more than a century, years alone."""
    years: Counter[str] = Counter()
    months: Counter[str] = Counter()
    for day, count in timeline.bars:
        if count:
            years[f"{day:%Y}"] += count
            months[f"{day:%Y-%m}"] += count
    by_month = timeline.step is not Step.YEAR
    return {
        "year": Facet(counts=tuple(years.items())),
        "month": Facet(counts=tuple(months.items()) if by_month else (), exact=by_month),
    }

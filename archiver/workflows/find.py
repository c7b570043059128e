"""Searching: from a query an officer types to hits with their records and the words that matched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.progress import Progress, silent
from archiver.core.records import CataloguedItem, Record, RecordId
from archiver.workflows.facets import Facets, count_facets
from archiver.workflows.indexing import current_engine
from archiver.workflows.joining import join
from index.engine import Sort
from index.highlight import Snippet, snippet
from index.parse import ParsedQuery, parse_query
from index.query import Node

SNIPPET_WIDTH = 160
"""Characters of an item's text shown around the first hit."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One hit: the item, its record, and the part of its text that matched.

    `earlier_text` is set where only a text that was edited away matched.
    """

    item: CataloguedItem
    record: Record
    snippet: Snippet
    earlier_text: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`total` is exact; `hits` is the part asked for."""

    query: str
    interpreted: str
    total: int
    hits: tuple[Found, ...]
    analyser_version: int
    watermark: int
    facets: Facets | None = None  # where they were asked for


@dataclass(frozen=True, kw_only=True)
class FrozenHits:
    """Every hit of a query at one watermark, as (item id, record id)."""

    query: str
    interpreted: str
    hits: tuple[tuple[str, RecordId], ...]
    analyser_version: int
    watermark: int
    at: datetime


def find(
    archive: Archive,
    query: str,
    *,
    now: datetime,
    limit: int | None = 20,
    offset: int = 0,
    sort: Sort = Sort.NEWEST,
    facets: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Answer `query` as of `now`; `limit` None gives every hit. Raises BadQuery."""
    parsed = _parse(archive, query, now)
    with current_engine(archive, progress) as engine:
        mark = engine.watermark()
        asked = join(archive, engine, parsed)
        most = engine.count(asked) if limit is None else limit
        page = engine.search(asked, sort=sort, limit=most, offset=offset)
        counted = count_facets(archive, engine, asked) if facets else None
    records: dict[str, tuple[Record, dict[str, CataloguedItem]]] = {}
    found = []
    for number, hit in enumerate(page.hits, 1):
        if hit.record_id not in records:
            items = {each.id: each for each in archive.catalogue.items(hit.record_id)}
            records[hit.record_id] = (archive.catalogue.record(hit.record_id), items)
        record, items = records[hit.record_id]
        found.append(_show(record, items[hit.id], parsed.node))
        progress(number, len(page.hits), "reading hits")
    return Answer(
        query=query,
        interpreted=parsed.interpreted,
        total=page.total,
        hits=tuple(found),
        analyser_version=mark.analyser,
        watermark=mark.seq,
        facets=counted,
    )


def freeze(archive: Archive, query: str, *, now: datetime, progress: Progress = silent) -> FrozenHits:
    """Every hit of `query` as of now. Raises BadQuery."""
    parsed = _parse(archive, query, now)
    with current_engine(archive, progress) as engine:
        mark = engine.watermark()
        ids = list(engine.iter_ids(join(archive, engine, parsed)))
    return FrozenHits(
        query=query,
        interpreted=parsed.interpreted,
        hits=tuple((id, RecordId(id.partition("/")[0])) for id in ids),  # an item's id begins with its record's
        analyser_version=mark.analyser,
        watermark=mark.seq,
        at=now,
    )


def _parse(archive: Archive, query: str, now: datetime) -> ParsedQuery:
    zone = archive.settings.archive.zone
    return parse_query(query, today=now.astimezone(zone).date(), time_zone=zone)


def _show(record: Record, entry: CataloguedItem, node: Node) -> Found:
    shown = snippet(entry.item.text, node, width=SNIPPET_WIDTH)
    if not any(is_hit for _, is_hit in shown.parts):
        for version in reversed(entry.versions):
            earlier = snippet(version.text, node, width=SNIPPET_WIDTH)
            if any(is_hit for _, is_hit in earlier.parts):
                return Found(item=entry, record=record, snippet=earlier, earlier_text=True)
    return Found(item=entry, record=record, snippet=shown)

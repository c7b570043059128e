"""Searching: from a query an officer types to hits with their records and the words that matched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.progress import Progress, silent
from archiver.core.records import CataloguedItem, Record, RecordId
from archiver.workflows.indexing.catching_up import current_engine
from archiver.workflows.search.facets import Facets, count_facets
from archiver.workflows.search.joining import join, record_of
from index.engine import Sort
from index.highlight import Snippet, find_hits, snippet
from index.parse import ParsedQuery, parse_query
from index.query import Field, Node, Thread, interpret
from retention.holds import matters

SNIPPET_WIDTH = 160
"""Characters of an item's text shown around the first hit."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One hit: the item, its record, and the part of its text that matched.

    `earlier_text` is set where only a text that was edited away matched. `marks` are the places in the item's
    current text that were asked for: offsets in characters (Unicode code points), never inside a grapheme.
    `title_marks` are those in the record's title, which only its root item is found by. `held` names what forbids the
    record's disposal, in words.
    """

    item: CataloguedItem
    record: Record
    snippet: Snippet
    earlier_text: bool = False
    marks: tuple[tuple[int, int], ...] = ()
    title_marks: tuple[tuple[int, int], ...] = ()
    held: tuple[str, ...] = ()


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
    whole_threads: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Answer `query` as of `now`; `limit` None gives every hit. Raises BadQuery.

    With `whole_threads` every hit brings all items of its thread.
    """
    parsed = understand(archive, query, now, whole_threads=whole_threads)
    with current_engine(archive, progress) as engine:
        mark = engine.watermark()
        asked = join(archive, engine, parsed)
        most = engine.count(asked) if limit is None else limit
        page = engine.search(asked, sort=sort, limit=most, offset=offset)
        counted = count_facets(archive, engine, asked) if facets else None
    records: dict[str, tuple[Record, dict[str, CataloguedItem], tuple[str, ...]]] = {}
    today = now.astimezone(archive.settings.archive.zone).date()
    found = []
    for number, hit in enumerate(page.hits, 1):
        if hit.record_id not in records:
            items = {each.id: each for each in archive.catalogue.items(hit.record_id)}
            id = RecordId(hit.record_id)
            records[id] = (archive.catalogue.record(id), items, matters(archive.db, today, id).get(id, ()))
        record, items, held = records[hit.record_id]
        is_root = hit.id == next(iter(items))
        title_marks = find_hits(record.title, parsed.node, field=Field.TITLE) if is_root else ()
        found.append(replace(_show(record, items[hit.id], parsed.node), title_marks=title_marks, held=held))
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


def freeze(
    archive: Archive, query: str, *, now: datetime, whole_threads: bool = False, progress: Progress = silent
) -> FrozenHits:
    """Every hit of `query` as of now, with `whole_threads` every item of its threads. Raises BadQuery."""
    parsed = understand(archive, query, now, whole_threads=whole_threads)
    with current_engine(archive, progress) as engine:
        mark = engine.watermark()
        ids = list(engine.iter_ids(join(archive, engine, parsed)))
    return FrozenHits(
        query=query,
        interpreted=parsed.interpreted,
        hits=tuple((id, record_of(id)) for id in ids),
        analyser_version=mark.analyser,
        watermark=mark.seq,
        at=now,
    )


def understand(archive: Archive, query: str, now: datetime, *, whole_threads: bool = False) -> ParsedQuery:
    """`query` as it is read on the day of `now` in the archive's time zone. Raises BadQuery."""
    zone = archive.settings.archive.zone
    parsed = parse_query(query, today=now.astimezone(zone).date(), time_zone=zone)
    if not whole_threads:
        return parsed
    widened = Thread(part=parsed.node)
    return replace(parsed, node=widened, interpreted=interpret(widened, time_zone=zone))


def _show(record: Record, entry: CataloguedItem, node: Node) -> Found:
    shown = snippet(entry.item.text, node, width=SNIPPET_WIDTH)
    if not any(is_hit for _, is_hit in shown.parts):
        for version in reversed(entry.versions):
            earlier = snippet(version.text, node, width=SNIPPET_WIDTH)
            if any(is_hit for _, is_hit in earlier.parts):
                return Found(item=entry, record=record, snippet=earlier, earlier_text=True)
    return Found(item=entry, record=record, snippet=shown, marks=find_hits(entry.item.text, node))

"""Many queries at once, from a file: for each how much it finds, also where that is nothing or it cannot be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, BadQuery
from archiver.core.progress import Progress, silent
from archiver.workflows.indexing.catching_up import current_engine
from archiver.workflows.search.find import understand
from archiver.workflows.search.joining import join, record_of
from index.engine import SearchEngine
from index.query import And, Node

MOST_TERMS = 10_000


@dataclass(frozen=True, kw_only=True)
class Term:
    """One query of a list, with the line of the file it stands on, from 1."""

    line: int
    query: str


@dataclass(frozen=True, kw_only=True)
class TermHits:
    """What one query of a list found.

    `only` are items that no other query of the list finds. Where the query was refused, `error` says why, and
    `position` and `end` where in the query; its counts are then 0.
    """

    line: int
    query: str
    interpreted: str = ""
    items: int = 0
    records: int = 0
    only: int = 0
    error: str = ""
    position: int | None = None
    end: int | None = None


@dataclass(frozen=True, kw_only=True)
class TermReport:
    """`items` and `records` are those that any query finds, each counted once."""

    terms: tuple[TermHits, ...]
    items: int
    records: int
    without_hits: int
    refused: int
    within: str  # as interpreted; "" where all was searched
    analyser_version: int
    watermark: int


def read_terms(content: bytes, *, table: bool, column: str = "") -> list[Term]:
    """The queries of a file, UTF-8: one a line, or of a CSV file (`table`) one a row.

    Empty lines are passed over. Of a CSV file the queries stand in `column`, by its heading; "" is the first
    column of a file without headings. Raises BadInput.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput(f"line {line} of the list is not UTF-8 text: save it as UTF-8") from error
    found = [term for term in (_cells(text, column) if table else _lines(text)) if term.query]
    if not found:
        raise BadInput("the list holds no query")
    if len(found) > MOST_TERMS:
        raise BadInput(f"the list holds {len(found):,} queries, more than {MOST_TERMS:,}: search in parts")
    return found


def _lines(text: str) -> Iterator[Term]:
    for number, line in enumerate(text.split("\n"), start=1):
        yield Term(line=number, query=line.strip())


def _cells(text: str, column: str) -> Iterator[Term]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)  # half-quoted cells would be other queries
    place = 0
    try:
        if column:
            headings = [each.strip().casefold() for each in next(reader, [])]
            if column.strip().casefold() not in headings:
                raise BadInput(f"the list has no column {column!r}; it has {', '.join(headings) or 'no headings'}")
            place = headings.index(column.strip().casefold())
        before = reader.line_num
        for row in reader:
            yield Term(line=before + 1, query=row[place].strip() if place < len(row) else "")
            before = reader.line_num
    except csv.Error as error:
        raise BadInput(f"line {reader.line_num} of the list is no CSV: {error}") from error


def search_terms(
    archive: Archive, terms: Sequence[Term], *, now: datetime, within: str = "", progress: Progress = silent
) -> TermReport:
    """Search every term, of what the query `within` finds; "" is everything. Raises BadQuery for `within` alone."""
    frame = understand(archive, within, now) if within.strip() else None
    finders: dict[str, int] = {}  # by item: the one term that finds it, or _SEVERAL
    hits: list[TermHits] = []
    with current_engine(archive) as engine:
        mark = engine.watermark()
        inside = join(archive, engine, frame) if frame else None
        for number, term in enumerate(terms):
            hits.append(_search(archive, engine, term, inside, now, number, finders))
            progress(number + 1, len(terms), term.query)
    only: dict[int, int] = {}
    for finder in finders.values():
        only[finder] = only.get(finder, 0) + 1
    return TermReport(
        terms=tuple(replace(each, only=only.get(number, 0)) for number, each in enumerate(hits)),
        items=len(finders),
        records=len({record_of(item) for item in finders}),
        without_hits=sum(1 for each in hits if not each.items and not each.error),
        refused=sum(1 for each in hits if each.error),
        within=frame.interpreted if frame else "",
        analyser_version=mark.analyser,
        watermark=mark.seq,
    )


_SEVERAL = -1


def _search(
    archive: Archive,
    engine: SearchEngine,
    term: Term,
    inside: Node | None,
    now: datetime,
    number: int,
    finders: dict[str, int],
) -> TermHits:
    try:
        parsed = understand(archive, term.query, now)
        asked = join(archive, engine, parsed)
        found = list(engine.iter_ids(asked if inside is None else And(parts=(inside, asked))))
    except BadQuery as error:
        place = (error.position, error.end) if error.query else (None, None)
        return TermHits(line=term.line, query=term.query, error=str(error), position=place[0], end=place[1])
    for item in found:
        finders[item] = number if item not in finders else _SEVERAL
    return TermHits(
        line=term.line,
        query=term.query,
        interpreted=parsed.interpreted,
        items=len(found),
        records=len({record_of(item) for item in found}),
    )

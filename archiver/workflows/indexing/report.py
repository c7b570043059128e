"""The search index as it stands, and how far a new one is."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.core.archive import Archive
from archiver.core.errors import IndexDamaged
from archiver.workflows.indexing.catching_up import index_directory, open_engine
from archiver.workflows.indexing.making import Making, last_making
from index.generations import current
from index.query import All


@dataclass(frozen=True, kw_only=True)
class IndexReport:
    """`generation` names the index that answers, "" where none does; `fault` says why it does not, or not rightly.

    `seq` is the last change of the catalogue that it knows, `lag` how many records have changed since: the next search
    teaches it those first.
    """

    engine: str
    generation: str
    analyser: int
    seq: int
    items: int
    lag: int
    fault: str
    making: Making | None


def describe_index(archive: Archive) -> IndexReport:
    """Without teaching it anything, or making it anew."""
    directory = index_directory(archive)
    analyser = seq = items = 0
    fault = ""
    try:
        with open_engine(archive) as engine:
            mark = engine.watermark()
            analyser, seq, items = mark.analyser, mark.seq, engine.count(All())
    except IndexDamaged as error:
        fault = str(error)
    return IndexReport(
        engine=archive.settings.search.engine,
        generation=current(directory) or "",
        analyser=analyser,
        seq=seq,
        items=items,
        lag=len(archive.catalogue.records_changed_since(seq)),
        fault=fault,
        making=last_making(directory),
    )

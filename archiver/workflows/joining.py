"""What a query asks of the catalogue, and of whole threads, turned into sets of records an engine can be asked for."""

from __future__ import annotations

from archiver.core.archive import Archive
from archiver.core.errors import BadQuery, NotFound
from archiver.core.selections import records_of_class, records_of_request, records_of_tag
from index.engine import SearchEngine
from index.parse import ParsedQuery
from index.query import And, Field, Joined, Node, Not, Or, Records, Thread

_LOOKUPS = {Field.CLASS: records_of_class, Field.TAG: records_of_tag, Field.REQUEST: records_of_request}


def join(archive: Archive, engine: SearchEngine, parsed: ParsedQuery) -> Node:
    """The tree of `parsed` as an engine is asked for it. Raises BadQuery for a class or request that does not exist."""
    return _join(archive, engine, parsed.text, parsed.node)


def _join(archive: Archive, engine: SearchEngine, text: str, node: Node) -> Node:
    def inner(part: Node) -> Node:
        return _join(archive, engine, text, part)

    match node:
        case Joined():
            try:
                return Records(ids=_LOOKUPS[node.field](archive.db, node.value))
            except NotFound as error:
                place = max(0, text.find(node.value))
                raise BadQuery(str(error), query=text, position=place, end=place + len(node.value)) from error
        case Thread():
            # an item's id begins with its record's
            return Records(ids=frozenset(item.partition("/")[0] for item in engine.iter_ids(inner(node.part))))
        case And():
            return And(parts=tuple(map(inner, node.parts)))
        case Or():
            return Or(parts=tuple(map(inner, node.parts)))
        case Not():
            return Not(part=inner(node.part))
    return node

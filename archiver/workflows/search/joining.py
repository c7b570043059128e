"""What a query asks of the catalogue, of whole threads and of texts as written, turned into what an engine answers."""

from __future__ import annotations

from collections.abc import Callable

from archiver.core import selections
from archiver.core.archive import Archive
from archiver.core.errors import BadQuery, NotFound
from archiver.core.item_texts import every_text
from archiver.core.records import RecordId
from index.engine import SearchEngine
from index.exact_form import has_form
from index.parse import ParsedQuery
from index.query import And, Exact, Field, Items, Joined, Node, Not, Or, Range, Records, Thread
from retention.holds import records_kept

_RECORDS: dict[Field, Callable[..., frozenset[str]]] = {
    Field.CLASS: selections.records_of_class,
    Field.TAG: selections.records_of_tag,
    Field.COLLECTION: selections.records_of_collection,
    Field.HOLD: records_kept,
    Field.REQUEST: selections.records_of_request,
}
_ITEMS: dict[Field, Callable[..., frozenset[str]]] = {Field.POSTED_BY: selections.items_posted_by}
_EVERYONE_ELSE = "public"


def join(archive: Archive, engine: SearchEngine, parsed: ParsedQuery) -> Node:
    """The tree of `parsed` as an engine is asked for it.

    Raises BadQuery at its place for a class, hold, request or account that does not exist.
    """
    return _Join(archive, engine, parsed.text).join(parsed.node)


class _Join:
    def __init__(self, archive: Archive, engine: SearchEngine, text: str) -> None:
        self._archive = archive
        self._engine = engine
        self._text = text

    def join(self, node: Node) -> Node:
        match node:
            case Joined():
                return self._decided(node)
            case Range(field=Field.OBSERVED):
                return Items(ids=selections.items_observed(self._archive.db, node.start, node.end))
            case Thread():
                # an item's id begins with its record's
                return Records(ids=frozenset(map(record_of, self._engine.iter_ids(self.join(node.part)))))
            case Exact():
                return self._written_so(node, ())
            case And():
                # texts are read last, and only those that everything else leaves
                others = tuple(self.join(part) for part in node.parts if not isinstance(part, Exact))
                exact = [self._written_so(part, others) for part in node.parts if isinstance(part, Exact)]
                return And(parts=(*others, *exact))
            case Or():
                return Or(parts=tuple(map(self.join, node.parts)))
            case Not():
                return Not(part=self.join(node.part))
        return node

    def _decided(self, node: Joined) -> Node:
        try:
            if node.field in _RECORDS:
                return Records(ids=_RECORDS[node.field](self._archive.db, node.value))
            if node.value.casefold() == _EVERYONE_ELSE:
                return Not(part=Items(ids=_ITEMS[node.field](self._archive.db, selections.ANY_ACCOUNT)))
            return Items(ids=_ITEMS[node.field](self._archive.db, node.value))
        except NotFound as error:
            start, end = node.place
            raise BadQuery(str(error), query=self._text, position=start, end=end) from error

    def _written_so(self, node: Exact, others: tuple[Node, ...]) -> Items:
        """The items with a text that has the words in this form; of them only those that `others` find too."""
        found = list(self._engine.iter_ids(And(parts=(*others, node.part))))
        texts = every_text(self._archive.db, found)
        return Items(ids=frozenset(id for id, said in texts if any(has_form(text, node.text) for text in said)))


def record_of(item: str) -> RecordId:
    """The record's id, with which that of its item begins."""
    return RecordId(item.partition("/")[0])

"""The plainest engine: tries the query on the words of every item in turn.

It is what the others are tested against; nothing in it is clever enough to be wrong. It
keeps everything in memory and forgets it with the process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from archiver.core.records import IndexDoc
from index.analyser import ANALYSER_VERSION
from index.engine import (
    Facet,
    Hit,
    Page,
    PurgeProof,
    Receipt,
    Sort,
    Step,
    Timeline,
    Watermark,
    moment_of,
    ranked_counts,
)
from index.fields import field_terms, names_of
from index.query import (
    DATES,
    EXACT,
    All,
    And,
    Exact,
    Field,
    Fuzzy,
    Items,
    Joined,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Records,
    Term,
    Thread,
    Wildcard,
    compile_wildcard,
)
from index.slips import within_slips
from index.spans import field_of, spans
from index.timeline import timeline_of


@dataclass(frozen=True, kw_only=True)
class _Entry:
    hit: Hit
    moment: datetime
    terms: Mapping[str, tuple[str, ...]]  # every field's words and labels in order, by name
    dates: Mapping[Field, datetime | None]
    names: Mapping[Field, str]

    def values(self, field: Field) -> Collection[str]:
        """What a facet of `field` counts."""
        if field in self.names:
            return [self.names[field]] if self.names[field] else []
        return dict.fromkeys(self.terms.get(field.value, ()))


class OracleEngine:
    """A `SearchEngine` in memory."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._seq = 0

    def apply(self, adds: Iterable[IndexDoc], deletes: Iterable[str], *, seq: int) -> Receipt:
        """See SearchEngine."""
        added = {doc.id: _entry(doc) for doc in adds}
        gone = (set(deletes) & self._entries.keys()) - added.keys()
        self._entries = {item: entry for item, entry in self._entries.items() if item not in gone} | added
        self._seq = seq
        return Receipt(added=len(added), deleted=len(gone), total=len(self._entries), seq=seq)

    def watermark(self) -> Watermark:
        """See SearchEngine."""
        return Watermark(seq=self._seq, analyser=ANALYSER_VERSION)

    def search(self, node: Node, *, sort: Sort, limit: int, offset: int = 0) -> Page:
        """See SearchEngine. Scores everything alike."""
        found = sorted(self._found(node), key=lambda entry: entry.hit.id)
        found.sort(key=lambda entry: entry.moment, reverse=sort is not Sort.OLDEST)
        shown = found[offset : offset + max(0, limit)]
        return Page(total=len(found), hits=tuple(entry.hit for entry in shown))

    def count(self, node: Node) -> int:
        """See SearchEngine."""
        return len(self._found(node))

    def iter_ids(self, node: Node) -> Iterator[str]:
        """See SearchEngine."""
        return iter(sorted(entry.hit.id for entry in self._found(node)))

    def facets(self, node: Node, fields: Sequence[Field]) -> dict[Field, Facet]:
        """See SearchEngine."""
        found = self._found(node)
        return {
            field: Facet(counts=ranked_counts(Counter(value for entry in found for value in entry.values(field))))
            for field in fields
        }

    def timeline(self, node: Node, *, time_zone: tzinfo, most: int, least: Step = Step.DAY) -> Timeline:
        """See SearchEngine."""
        moments = [entry.dates[Field.CREATED] for entry in self._found(node)]
        return timeline_of(moments, time_zone=time_zone, most=most, least=least)

    def purge(self, records: Collection[str], docs_of: Callable[[Collection[str]], Iterable[IndexDoc]]) -> PurgeProof:
        """See SearchEngine. It has no files."""
        gone = [item for item, entry in self._entries.items() if entry.hit.record_id in records]
        for item in gone:
            del self._entries[item]
        return PurgeProof(records=len(records), items=len(gone), rewritten=(), terms=0, files=0, bytes=0)

    def prepare(self) -> None:
        """See SearchEngine. There is nothing to prepare."""

    def check(self) -> None:
        """See SearchEngine. There is nothing to be damaged."""

    def close(self) -> None:
        """See SearchEngine."""

    def _found(self, node: Node) -> list[_Entry]:
        return [entry for entry in self._entries.values() if _matches(entry, node)]


def _entry(doc: IndexDoc) -> _Entry:
    exact = {field.value for field in EXACT}
    return _Entry(
        hit=Hit(id=doc.id, record_id=doc.record_id),
        moment=moment_of(doc),
        terms={name: (terms,) if name in exact else tuple(terms.split()) for name, terms in field_terms(doc).items()},
        dates={Field(name): getattr(doc, name) for name in DATES},
        names={Field.ACCOUNT: doc.account, Field.CREATOR: doc.creator},
    )


def _matches(entry: _Entry, node: Node) -> bool:
    match node:
        case Term():
            return any(node.text in terms for terms in _looked_in(entry, node.field))
        case Phrase():
            return any(spans(terms, node) for terms in _words_of(entry, node.field))
        case Near():
            return any(spans(terms, node) for terms in _words_of(entry, field_of(node)))
        case Fuzzy():
            return any(
                within_slips(term, node.text, node.distance) for terms in _words_of(entry, node.field) for term in terms
            )
        case Wildcard():
            form = compile_wildcard(node.pattern)
            return any(form.fullmatch(term) for terms in _looked_in(entry, node.field) for term in terms)
        case Records():
            return entry.hit.record_id in node.ids
        case Items():
            return entry.hit.id in node.ids
        case Exact() | Joined() | Thread():
            raise ValueError(f"{node} is for the catalogue to resolve")
        case Range():
            moment = entry.dates[node.field]
            return (
                moment is not None
                and (node.start is None or node.start <= moment)
                and (node.end is None or moment < node.end)
            )
        case And():
            return all(_matches(entry, part) for part in node.parts)
        case Or():
            return any(_matches(entry, part) for part in node.parts)
        case Not():
            return not _matches(entry, node.part)
        case All():
            return True


def _looked_in(entry: _Entry, field: Field) -> list[tuple[str, ...]]:
    return [entry.terms[name] for name in names_of(field) if name in entry.terms]


def _words_of(entry: _Entry, field: Field) -> list[tuple[str, ...]]:
    return [entry.terms[name] for name in names_of(field, marks=False) if name in entry.terms]

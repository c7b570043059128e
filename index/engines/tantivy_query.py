"""From the query tree to Tantivy's own queries. Tantivy's parser never sees what a person typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from tantivy import FieldType, Occur, Query, Schema

from archiver.core.errors import BadQuery
from index.fields import names_of
from index.query import (
    All,
    And,
    Exact,
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
    wildcard_regex,
)
from index.spans import Run, count_runs, runs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LISTED = 24
"""Letters of a word whose slips are written out; of longer ones they would be too many."""
_FEW = 4
"""Such words in one query: an expression of one takes megabytes."""
_REMEMBERED = 16
"""Expressions: a page, its facets, its timeline and the next page ask for the same ones, each in up to four fields."""

WORDED = ("body", "title", "account", "creator", "keyword")
"""The fields whose words have places, and similar spellings."""
_MOST_SPELLINGS = 60  # looked up one by one: of more, one expression takes no longer

_Similar = Callable[[str, Fuzzy], Query]  # in the field of that name
_EARLIEST, _LATEST = -(2**63), 2**63 - 1


def microseconds(moment: datetime) -> int:
    """Since 1970 UTC; negative before."""
    return (moment - _EPOCH) // _MICROSECOND


Spelled = Callable[[str], Sequence[str]]
"""All words that one slip or none turns into the one given."""


def build_query(schema: Schema, node: Node, spelled: Spelled | None = None) -> Query:
    """`node` as Tantivy runs it. Raises BadQuery for a wildcard too intricate to run.

    With `spelled`, similar spellings are looked up there, which is only right where it knows all words.
    """
    written_out = _count_fuzzy(node) <= _FEW
    spelled = spelled and cache(spelled)  # asked of each field

    def similar(name: str, fuzzy: Fuzzy) -> Query:
        if spelled is not None and written_out and fuzzy.distance == 1 and name in WORDED:
            words = spelled(fuzzy.text)
            if len(words) <= _MOST_SPELLINGS:
                return _one_of(schema, name, words)
        return _fuzzy(schema, name, fuzzy, written_out=written_out)

    return _build(schema, node, similar)


def uses_spellings(node: Node) -> bool:
    """Whether `node` asks for similar spellings that `build_query` may look up."""
    match node:
        case Fuzzy():
            return node.distance == 1
        case And() | Or():
            return any(map(uses_spellings, node.parts))
        case Not():
            return uses_spellings(node.part)
    return False


def _one_of(schema: Schema, name: str, words: Sequence[str]) -> Query:
    """Scored as an expression is: each hit alike."""
    return Query.const_score_query(_any([Query.term_query(schema, name, word) for word in words]), 1.0)


def _count_fuzzy(node: Node) -> int:
    match node:
        case Fuzzy():
            return 1
        case And() | Or():
            return sum(map(_count_fuzzy, node.parts))
        case Not():
            return _count_fuzzy(node.part)
    return 0


def _build(schema: Schema, node: Node, similar: _Similar) -> Query:
    match node:
        case Term():
            return _any([Query.term_query(schema, name, node.text) for name in names_of(node.field)])
        case Phrase():
            words: list[str | tuple[int, str]] = list(node.words)
            return _any([Query.phrase_query(schema, name, words) for name in names_of(node.field, marks=False)])
        case Near():
            return _near(schema, node)
        case Fuzzy():
            names = names_of(node.field, marks=False)
            return _any([similar(name, node) for name in names])
        case Wildcard():
            return _any([_wildcard(schema, name, node.pattern) for name in names_of(node.field)])
        case Range():
            return _range(schema, node)
        case Records():
            return Query.term_set_query(schema, "record", sorted(node.ids)) if node.ids else Query.empty_query()
        case Items():
            return Query.term_set_query(schema, "id", sorted(node.ids)) if node.ids else Query.empty_query()
        case Exact() | Joined() | Thread():
            raise ValueError(f"{node} is for the catalogue to resolve")
        case And():
            return _all(schema, node.parts, similar)
        case Or():
            return _any([_build(schema, part, similar) for part in node.parts])
        case Not():
            return _all(schema, (node,), similar)
        case All():
            return Query.all_query()


def is_scored(node: Node) -> bool:
    """Whether Tantivy scores hits of `node` differently: it does for words and phrases only."""
    match node:
        case Term() | Phrase() | Near():
            return True
        case And() | Or():
            return any(is_scored(part) for part in node.parts)
        case _:
            return False


def _any(queries: list[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _all(schema: Schema, parts: tuple[Node, ...], similar: _Similar) -> Query:
    clauses = [
        (Occur.MustNot, _build(schema, part.part, similar))
        if isinstance(part, Not)
        else (Occur.Must, _build(schema, part, similar))
        for part in parts
    ]
    if all(isinstance(part, Not) for part in parts):  # a query that only excludes finds nothing by itself
        clauses.append((Occur.Must, Query.all_query()))
    return Query.boolean_query(clauses)


def _near(schema: Schema, node: Near) -> Query:
    left, right = ([run.words[0][1] for run in runs(side) if run.length == 1] for side in (node.left, node.right))
    whole = len(left) == count_runs(node.left) and len(right) == count_runs(node.right)
    if whole and not node.ordered and _apart(left, right):
        # For two different words Tantivy's slop counts the words between as we do, in either order.
        return _any(
            [
                Query.phrase_query(schema, name, [one.text, other.text], slop=node.distance)
                for lefts, rights in ((left, right), (right, left))
                for one in lefts
                for other in rights
                for name in names_of(one.field, marks=False)
                if isinstance(one, Term) and isinstance(other, Term)
            ]
        )
    return _any([query for run in runs(node) for query in _run(schema, run)])


def _apart(left: list[Term | Wildcard], right: list[Term | Wildcard]) -> bool:
    """Whether all are words, and none is on both sides."""
    return all(isinstance(each, Term) for each in (*left, *right)) and not {*left} & {*right}


def _run(schema: Schema, run: Run) -> list[Query]:
    """Queries for words at set distances, which Tantivy's slop cannot say: it takes a swapped pair for two words."""
    field = run.words[0][1].field
    if any(isinstance(word, Wildcard) for _, word in run.words):
        forms: list[str | tuple[int, str]] = [
            (place, wildcard_regex(word.pattern) if isinstance(word, Wildcard) else wildcard_regex(word.text))
            for place, word in run.words
        ]
        return [Query.regex_phrase_query(schema, name, forms) for name in names_of(field, marks=False)]
    words: list[str | tuple[int, str]] = [(place, word.text) for place, word in run.words if isinstance(word, Term)]
    return [Query.phrase_query(schema, name, words) for name in names_of(field, marks=False)]


def _wildcard(schema: Schema, name: str, pattern: str) -> Query:
    try:
        return _expression(_Known(schema), name, wildcard_regex(pattern))
    except ValueError as error:
        raise BadQuery(f"{pattern!r} has too many wildcards; type more of the word") from error


def _fuzzy(schema: Schema, name: str, node: Fuzzy, *, written_out: bool) -> Query:
    if written_out and node.distance == 1 and len(node.text) <= _LISTED:
        with suppress(ValueError):  # more states than Tantivy takes, as long words of three-byte letters may have
            return _expression(_Known(schema), name, one_slip_regex(node.text))
    return Query.fuzzy_term_query(schema, name, node.text, node.distance)


class _Known:
    """A schema, which Tantivy gives no hash, told from others by being another object."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.schema is other.schema

    def __hash__(self) -> int:
        return id(self.schema)


@lru_cache(maxsize=_REMEMBERED)
def _expression(known: _Known, name: str, pattern: str) -> Query:
    """Raises ValueError for one of too many states."""
    return Query.regex_query(known.schema, name, pattern)


def one_slip_regex(word: str) -> str:
    """Every word that one slip or none turns into `word`: an expression all partitions share.

    Tantivy's own automaton is made for each partition anew, and takes half as long again to walk each dictionary.
    What follows a slip is written once, whichever letter it was in: that keeps the states few.
    """
    letters = [wildcard_regex(letter) for letter in word]
    slipped = "."  # what has had its slip before the letter at `place`
    for place, letter in enumerate(letters):
        before = "".join(letters[:place])
        forms = [f"(?:{slipped}){letter}", f"{before}.?", f"{before}{letter}."]
        if place:
            forms.append("".join((*letters[: place - 1], letter, letters[place - 1])))
        slipped = "|".join(forms)
    return f"{slipped}|{''.join(letters)}"


def _range(schema: Schema, node: Range) -> Query:
    first = _EARLIEST if node.start is None else microseconds(node.start)
    last = _LATEST if node.end is None else microseconds(node.end) - 1
    if first > last:
        return Query.empty_query()
    return Query.range_query(schema, node.field.value, FieldType.Integer, first, last)

"""Where in a run of words a phrase or nearness holds, and every form such a run can have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from index.query import Exact, Field, Fuzzy, Near, Node, Or, Phrase, Term, Wildcard, compile_wildcard

Span = tuple[int, int]
"""First word and the one behind the last."""


def spans(words: Sequence[str], node: Node) -> set[Span]:
    """Where in `words` what may stand in a Near holds."""
    match node:
        case Term():
            return {(place, place + 1) for place, word in enumerate(words) if word == node.text}
        case Wildcard():
            form = compile_wildcard(node.pattern)
            return {(place, place + 1) for place, word in enumerate(words) if form.fullmatch(word)}
        case Phrase():
            length = len(node.words)
            starts = range(len(words) - length + 1)
            return {(start, start + length) for start in starts if tuple(words[start : start + length]) == node.words}
        case Or():
            return {span for part in node.parts for span in spans(words, part)}
        case Near():
            return set(_near(spans(words, node.left), spans(words, node.right), node))
    raise ValueError(f"{node} has no place among words")


def _near(left: set[Span], right: set[Span], node: Near) -> Iterator[Span]:
    for one in left:
        for other in right:
            if 0 <= other[0] - one[1] <= node.distance:
                yield one[0], other[1]
            if not node.ordered and 0 <= one[0] - other[1] <= node.distance:
                yield other[0], one[1]


def field_of(node: Node) -> Field:
    """What the words of `node` are looked for in; all of a Near are looked for in the same."""
    match node:
        case Near():
            return field_of(node.left)
        case Or():
            return field_of(node.parts[0])
        case Exact():
            return Field.TEXT
        case Term() | Phrase() | Wildcard() | Fuzzy():
            return node.field
    raise ValueError(f"{node} has no place among words")


class Run(NamedTuple):
    """One form of a run of words: what stands how many words after its first, and its length in words."""

    words: tuple[tuple[int, Term | Wildcard], ...]
    length: int


def runs(node: Node) -> list[Run]:
    """Every form a run of words can have in which `node` holds, as `spans` has it."""
    match node:
        case Term() | Wildcard():
            return [Run(((0, node),), 1)]
        case Phrase():
            words = tuple((place, Term(field=node.field, text=word)) for place, word in enumerate(node.words))
            return [Run(words, len(words))]
        case Or():
            return [run for part in node.parts for run in runs(part)]
        case Near():
            left, right = runs(node.left), runs(node.right)
            pairs = [(one, other) for one in left for other in right]
            if not node.ordered:
                pairs += [(other, one) for one in left for other in right]
            return [_after(one, other, gap) for one, other in pairs for gap in range(node.distance + 1)]
    raise ValueError(f"{node} has no place among words")


def count_runs(node: Node) -> int:
    """How many `runs` would list."""
    match node:
        case Or():
            return sum(map(count_runs, node.parts))
        case Near():
            orders = 1 if node.ordered else 2
            return count_runs(node.left) * count_runs(node.right) * (node.distance + 1) * orders
    return 1


def _after(one: Run, other: Run, gap: int) -> Run:
    start = one.length + gap
    return Run((*one.words, *((start + place, word) for place, word in other.words)), start + other.length)

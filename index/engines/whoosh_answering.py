"""Queries over a segment of Whoosh's by plain sets: words to items, items joined as the query says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce

from index.engines.patience import Patience
from index.engines.whoosh_index import Segment
from index.fields import names_of
from index.query import (
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


class Answering:
    """The items of `segment` that answer a query, by number."""

    def __init__(self, segment: Segment, patience: Patience) -> None:
        self._segment = segment
        self._patience = patience

    def matching(self, node: Node) -> set[int]:
        """Raises BadQuery when the patience has run out."""
        self._patience.check()
        match node:
            case Term():
                return self._any(names_of(node.field), [node.text])
            case Phrase() | Near():
                return {number for name in _places(node) for number in self._standing(name, node)}
            case Fuzzy():
                names = names_of(node.field, marks=False)
                return self._chosen(names, "", lambda word: within_slips(word, node.text, node.distance))
            case Wildcard():
                form = compile_wildcard(node.pattern)
                beginning = _beginning(node.pattern)
                return self._chosen(names_of(node.field), beginning, lambda word: form.fullmatch(word) is not None)
            case Records():
                return {number for number, item in self._segment.items.items() if item["record"] in node.ids}
            case Items():
                return {number for number, item in self._segment.items.items() if item["id"] in node.ids}
            case Range():
                return {number for number, item in self._segment.items.items() if _is_within(item, node)}
            case And():
                return reduce(set.intersection, map(self.matching, node.parts))
            case Or():
                return reduce(set.union, map(self.matching, node.parts))
            case Not():
                return self._segment.items.keys() - self.matching(node.part)
            case All():
                return set(self._segment.items)
            case Exact() | Joined() | Thread():
                raise ValueError(f"{node} is for the catalogue to resolve")

    def _any(self, names: Iterable[str], words: Iterable[str]) -> set[int]:
        wanted = list(words)
        return {number for name in names for word in wanted for number in self._segment.numbers(name, word)}

    def _chosen(self, names: Iterable[str], beginning: str, is_asked: Callable[[str], bool]) -> set[int]:
        return {
            number
            for name in names
            for word in self._patience.rest(self._words(name, beginning, is_asked))
            for number in self._segment.numbers(name, word)
        }

    def _words(self, name: str, beginning: str, is_asked: Callable[[str], bool]) -> list[str]:
        found = []
        for number, word in enumerate(self._segment.words(name, beginning)):
            if number % 256 == 0:
                self._patience.check()
            if is_asked(word):
                found.append(word)
        return found

    def _standing(self, name: str, node: Node) -> set[int]:
        """The items in whose field `name` a phrase or nearness holds."""
        texts: dict[int, dict[int, str]] = {}
        for word in self._words_beside(name, node):
            self._patience.check()
            for number, positions in self._segment.positions(name, word).items():
                texts.setdefault(number, {}).update(dict.fromkeys(positions, word))
        # words that the query does not ask for stand as empty ones
        return {
            number
            for number, known in texts.items()
            if spans([known.get(place, "") for place in range(max(known) + 1)], node)
        }

    def _words_beside(self, name: str, node: Node) -> set[str]:
        match node:
            case Term():
                return {node.text}
            case Phrase():
                return set(node.words)
            case Wildcard():
                form = compile_wildcard(node.pattern)
                return set(self._words(name, _beginning(node.pattern), lambda word: form.fullmatch(word) is not None))
            case Or():
                return {word for part in node.parts for word in self._words_beside(name, part)}
            case Near():
                return self._words_beside(name, node.left) | self._words_beside(name, node.right)
        raise ValueError(f"{node} has no place among words")


def _places(node: Node) -> tuple[str, ...]:
    return names_of(field_of(node), marks=False)


def _beginning(pattern: str) -> str:
    return pattern[: min((place for place, char in enumerate(pattern) if char in "*?"), default=len(pattern))]


def _is_within(item: object, node: Range) -> bool:
    moment = item[node.field.value]  # type: ignore[index]  # stored as a mapping
    return (
        moment is not None and (node.start is None or node.start <= moment) and (node.end is None or moment < node.end)
    )


def words_asked_for(node: Node) -> list[tuple[Field, str]]:
    """What a hit is better for having: words outside of any NOT."""
    match node:
        case Term():
            return [(node.field, node.text)]
        case Phrase():
            return [(node.field, word) for word in node.words]
        case Near():
            return words_asked_for(node.left) + words_asked_for(node.right)
        case And() | Or():
            return [each for part in node.parts for each in words_asked_for(part)]
    return []

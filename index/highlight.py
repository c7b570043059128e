"""Where in a text the words of a query stand, and the stretch of it worth showing.

Offsets come from the analyser, so that what is marked is what was found, in every script. No
mark and no cut ever falls inside a grapheme: a syllable with its vowel signs, an emoji with its
skin tone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import regex

from index.analyser import Token, analyse
from index.exact_form import places_of_form
from index.query import And, Exact, Field, Fuzzy, Near, Node, Not, Or, Phrase, Term, Thread, Wildcard, compile_wildcard
from index.slips import within_slips
from index.spans import Span, field_of, spans
from index.unspaced import is_one_character

_GRAPHEME = regex.compile(r"\X")
_SPACE = regex.compile(r"\s+")
CUT = "…"
"""Stands where a snippet leaves out text."""


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """A stretch of text in pieces: each piece, and whether the query asked for it."""

    parts: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The stretch without marks."""
        return "".join(text for text, _ in self.parts)


def find_hits(text: str, node: Node, *, field: Field = Field.TEXT) -> tuple[tuple[int, int], ...]:
    """The places in `text` that words, phrases and wildcards of `node` ask for, as offsets, in order.

    `field` says what `text` is: a title shows what was looked for in TEXT and in TITLE. What
    stands under NOT is asked for nowhere. Places do not overlap; the words of a phrase are one.
    """
    fields = {field, Field.TEXT} if field is Field.TITLE else {field}
    leaves = [leaf for leaf in _leaves(node) if field_of(leaf) in fields]
    if not leaves:
        return ()
    tokens = analyse(text)
    words = [token for token in tokens if not token.mark]
    places = sorted({place for leaf in leaves for place in _places(leaf, text, tokens, words)})
    return _whole_graphemes(text, places)


def snippet(text: str, node: Node, *, width: int, field: Field = Field.TEXT) -> Snippet:
    """At most `width` graphemes of `text`, chosen where most of the query is to be seen.

    White space is shown as single spaces. Where nothing is to be seen (the hit is in another
    field), it is the text's beginning.
    """
    edges = [match.start() for match in _GRAPHEME.finditer(text)] + [len(text)]
    hits = find_hits(text, node, field=field)
    if len(edges) - 1 <= width:
        first, last = 0, len(text)
    else:
        first, last = _window(text, edges, hits, max(1, width - 2))
    parts = [(CUT, False)] if first > 0 else []
    place = first
    for start, end in hits:
        if end <= first or start >= last:
            continue
        parts += [(text[place : max(start, first)], False), (text[max(start, first) : min(end, last)], True)]
        place = min(end, last)
    parts.append((text[place:last], False))
    if last < len(text):
        parts.append((CUT, False))
    return Snippet(parts=tuple((_SPACE.sub(" ", piece), hit) for piece, hit in parts if piece))


_Leaf = Term | Phrase | Wildcard | Fuzzy | Near | Exact


def _leaves(node: Node) -> Iterator[_Leaf]:
    match node:
        case Term() | Phrase() | Wildcard() | Fuzzy() | Near() | Exact():
            yield node
        case Thread():
            yield from _leaves(node.part)
        case And() | Or():
            for part in node.parts:
                if not isinstance(part, Not):
                    yield from _leaves(part)


def _places(leaf: _Leaf, text: str, tokens: list[Token], words: list[Token]) -> Iterator[tuple[int, int]]:
    match leaf:
        case Exact():
            yield from places_of_form(text, leaf.text)
        case Term():
            yield from ((token.start, token.end) for token in tokens if token.text == leaf.text)
        case Wildcard() if is_one_character(leaf.pattern[:-1]):
            yield from _characters(leaf.pattern[:-1], words)
        case Wildcard():
            form = compile_wildcard(leaf.pattern)
            yield from ((token.start, token.end) for token in tokens if form.fullmatch(token.text))
        case Fuzzy():
            yield from ((word.start, word.end) for word in words if within_slips(word.text, leaf.text, leaf.distance))
        case Phrase():
            yield from _stretches(spans([word.text for word in words], leaf), words)
        case Near():
            texts = [word.text for word in words]
            whole = spans(texts, leaf)
            for part in _joined(leaf):
                held = {each for each in spans(texts, part) if any(a <= each[0] and each[1] <= b for a, b in whole)}
                yield from _stretches(held, words)


def _characters(character: str, words: list[Token]) -> Iterator[tuple[int, int]]:
    """Places of one character of a script without spaces: the pair that begins with it ends in its neighbour."""
    for word, following in zip_longest(words, words[1:]):
        if word.text.startswith(character):
            paired = following is not None and following.start < word.end
            yield word.start, following.start if paired else word.end


def _stretches(found: set[Span], words: list[Token]) -> Iterator[tuple[int, int]]:
    return ((words[first].start, words[last - 1].end) for first, last in found)


def _joined(node: Node) -> Iterator[Node]:
    """The words and phrases that nearness joins."""
    match node:
        case Near():
            yield from _joined(node.left)
            yield from _joined(node.right)
        case Or():
            for part in node.parts:
                yield from _joined(part)
        case _:
            yield node


def _whole_graphemes(text: str, places: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """`places` widened to grapheme edges, those that then overlap made one."""
    if not places:
        return ()
    edges = [match.start() for match in _GRAPHEME.finditer(text)] + [len(text)]
    joined: list[tuple[int, int]] = []
    for start, end in places:
        start = edges[bisect_right(edges, start) - 1]
        end = edges[bisect_left(edges, end)]
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)


def _window(text: str, edges: list[int], hits: tuple[tuple[int, int], ...], width: int) -> tuple[int, int]:
    """Offsets of `width` graphemes that hold the most hits, the earliest such; cut between words if near."""
    count = len(edges) - 1
    spans = [(bisect_left(edges, start), bisect_left(edges, end)) for start, end in hits]
    best, most = 0, 0
    for begin, _ in spans:
        inside = sum(1 for start, end in spans if begin <= start and end <= begin + width)
        if inside > most:
            best, most = begin, inside
    last_hit = max((end for start, end in spans if best <= start and end <= best + width), default=best)
    first = max(0, min(best - (width - min(width, last_hit - best)) // 2, count - width))
    first = _after_space(text, edges, first, best)
    last = min(count, first + width)
    return edges[first], edges[_before_space(text, edges, last, max(last_hit, first + 1))]


def _after_space(text: str, edges: list[int], first: int, latest: int) -> int:
    """`first`, or the first grapheme of the next word if that comes soon and not after `latest`."""
    if first == 0 or text[edges[first - 1]].isspace():
        return first
    for number in range(first, min(first + 15, latest)):
        if text[edges[number]].isspace():
            return number + 1
    return first


def _before_space(text: str, edges: list[int], last: int, earliest: int) -> int:
    """`last`, or the end of the word before if that is near and not before `earliest`."""
    if last >= len(edges) - 1 or text[edges[last]].isspace():
        return last
    for number in range(last, max(last - 15, earliest), -1):
        if text[edges[number - 1]].isspace():
            return number - 1
    return last

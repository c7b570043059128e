"""Cuts a typed query into words, phrases, fields and operators, or says where it is wrong.

The grammar behind it (engines/whoosh_grammar.py) never refuses anything: it reads
`(council AND` as three words. So everything a person could have got wrong is refused here,
with its place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import NoReturn

from archiver.core.errors import BadQuery
from index.query import DATES, MAX_NEAR, RANGED, Field

MAX_LENGTH = 8_000
"""Characters of a query."""
MAX_LEAVES = 256
"""Words, phrases and ranges of a query: engines answer that many well within two seconds."""
MAX_DEPTH = 20
"""Parentheses inside parentheses."""

FIELDS = {field.value: field for field in Field} | {"state": Field.OBSERVED}
"""What may stand before a colon, beside those below and `thread`."""
MARKED = {"hashtag": "#", "mention": "@"}
"""Names for what can also be typed with its sign."""


class Kind(Enum):
    WORD = "word"
    PHRASE = "phrase"
    RANGE = "range"
    NEARNESS = "nearness"  # words, phrases and what joins them by nearness (nearness.py)
    FIELD = "field"
    THREAD = "thread"  # thread_of with the query in parentheses behind it (threads.py)
    THREAD_OF = "thread:"
    NEAR = "near"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    OPEN = "("
    CLOSE = ")"


LEAVES = frozenset({Kind.WORD, Kind.PHRASE, Kind.RANGE, Kind.NEARNESS, Kind.THREAD})


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of a query. `text` is a phrase without its quotes, a range without its brackets."""

    kind: Kind
    text: str
    start: int
    end: int
    inner: tuple[Piece, ...] = ()


_QUOTES = '"“”„«»'
_OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}
_JOINING = frozenset({Kind.AND, Kind.OR, Kind.NEAR})
_WORD = re.compile(rf"[^\s(){_QUOTES}]+")
_NEAR = re.compile(r"(?i)(?:w|pre)/([0-9]{1,9})")
_FIELD = re.compile(r"([A-Za-z_]+):(?!//)")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NOT_OFFERED = (
    (re.compile(r"(?i)near(/\d+)?$"), "write w/5 for at most five words between, pre/5 where the first comes first"),
    (re.compile(r".*~\d+$(?<!~[12])"), "a word is found with one or two slips: ~1 or ~2"),
    (re.compile(r".*\^[\d.]+$"), "weights (^) are not part of the query language; leave them out"),
    (re.compile(r"(ANDNOT|ANDMAYBE|REQUIRE)$"), "write AND NOT, AND or OR as separate words"),
    (re.compile(r"[-!]\w*[^\W\d]"), "write NOT before a word to exclude it"),
    (re.compile(r"\+\w*[^\W\d]"), "write AND between words; every word is required anyway"),
    (re.compile(r"[\[{]"), "a range stands right after a date field: created:[2026-01-01 TO 2026-03-31]"),
    (re.compile(r"[*?]."), "a wildcard cannot be the beginning of a word; type its first letters"),
)  # fmt: skip


def read_query(text: str) -> list[Piece]:
    """The pieces of `text`, proven to be a well-formed query. Raises BadQuery at the place of the fault."""
    _check_characters(text)
    pieces = list(_cut(text))
    _check_order(text, pieces)
    return pieces


def fail(query: str, message: str, start: int, end: int) -> NoReturn:
    """Raise BadQuery pointing at `query[start:end]`."""
    raise BadQuery(message, query=query, position=start, end=max(end, start + 1))


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        fail(
            text,
            f"the query has {len(text):,} characters, more than {MAX_LENGTH:,}; search in parts",
            MAX_LENGTH,
            len(text),
        )
    for place, char in enumerate(text):
        if unicodedata.category(char) in ("Cc", "Cs") and not char.isspace():
            fail(text, f"the query holds the control character U+{ord(char):04X}; delete it", place, place + 1)
    if match := _BIDI.search(text):
        fail(
            text,
            f"the query holds the invisible direction override U+{ord(match[0]):04X}, "
            "which can make it read as another query; delete it",
            *match.span(),
        )


def _cut(text: str) -> Iterator[Piece]:
    place = 0
    while place < len(text):
        char = text[place]
        if char.isspace():
            place += 1
        elif char in "()":
            yield Piece(kind=Kind(char), text=char, start=place, end=place + 1)
            place += 1
        elif char in _QUOTES:
            piece = _phrase(text, place)
            yield piece
            place = piece.end
        else:
            for piece in _word(text, place):
                yield piece
                place = piece.end


def _phrase(text: str, start: int) -> Piece:
    closing = next((n for n in range(start + 1, len(text)) if text[n] in _QUOTES), -1)
    if closing < 0:
        fail(text, "the quotation mark is never closed", start, start + 1)
    if re.match(r"~\d*", text[closing + 1 :]):
        fail(text, "for words near each other write w/5 between them", closing + 1, closing + 2)
    content = text[start + 1 : closing]
    if re.search(r"\w\*|\*\w", content):
        fail(text, "wildcards do not work inside quotation marks", start, closing + 1)
    return Piece(kind=Kind.PHRASE, text=content, start=start, end=closing + 1)


def _word(text: str, start: int) -> Iterator[Piece]:
    match = _WORD.match(text, start)
    assert match is not None  # the caller saw a character that is neither space, quote nor parenthesis
    word = match[0]
    if word in _OPERATORS:
        yield Piece(kind=_OPERATORS[word], text=word, start=start, end=match.end())
        return
    if near := _NEAR.fullmatch(word):
        if int(near[1]) > MAX_NEAR:
            fail(text, f"{word}: at most {MAX_NEAR} words can stand between", start, match.end())
        yield Piece(kind=Kind.NEAR, text=word, start=start, end=match.end())
        return
    named = _FIELD.match(text, start)
    if named is None:
        _check_word(text, word, start)
        yield Piece(kind=Kind.WORD, text=word, start=start, end=match.end())
        return
    name, value = named[1].lower(), named.end()
    if name == "thread":
        if not text.startswith("(", value):
            fail(text, "thread: takes a query in parentheses: thread:(dam burst)", start, value)
        yield Piece(kind=Kind.THREAD_OF, text=named[0], start=start, end=value)
        return
    if name in MARKED:
        match = _WORD.match(text, value)
        if match is None:
            fail(text, f"{name}: takes one name, written right after the colon", start, value)
        _check_word(text, match[0], value)
        yield Piece(kind=Kind.WORD, text=MARKED[name] + match[0].lstrip("#@"), start=start, end=match.end())
        return
    field = _field(text, named)
    yield Piece(kind=Kind.FIELD, text=field.value, start=start, end=named.end())
    yield from _value(text, field, start, named.end())


def _field(text: str, named: re.Match[str]) -> Field:
    field = FIELDS.get(named[1].lower())
    if field is None:
        names = {*FIELDS, *MARKED, "thread"}
        near = get_close_matches(named[1].lower(), names, n=1)
        hint = f"perhaps {near[0]}:" if near else f"there are {', '.join(sorted(names))}"
        fail(
            text,
            f"there is no field {named[1]!r} ({hint}); in quotation marks it is searched for as words",
            *named.span(),
        )
    return field


def _value(text: str, field: Field, start: int, place: int) -> Iterator[Piece]:
    """The value right after a field's colon; a parenthesis or quotation mark is cut by the caller."""
    following = text[place : place + 1]
    if following and following in "(" + _QUOTES:
        return
    if following in "[{" and following and field in RANGED:
        closing = text.find("]", place)
        if following == "{" or closing < 0:
            fail(
                text,
                "a range is written [2026-01-01 TO 2026-03-31], with its closing bracket",
                place,
                len(text),
            )
        yield Piece(kind=Kind.RANGE, text=text[place + 1 : closing], start=place, end=closing + 1)
        return
    match = _WORD.match(text, place)
    if match is None:
        fail(text, f"{field.value}: has no value; write it right after the colon", start, place)
    if field not in DATES | {Field.FORM}:
        _check_word(text, match[0], place)
    yield Piece(kind=Kind.WORD, text=match[0], start=place, end=match.end())


def _check_word(text: str, word: str, start: int) -> None:
    for pattern, message in _NOT_OFFERED:
        if pattern.match(word):
            fail(text, f"{word!r}: {message}", start, start + len(word))


def _check_order(text: str, pieces: list[Piece]) -> None:
    if not pieces:
        fail(text, "the query is empty; * finds everything", 0, 1)
    opened: list[tuple[Piece, bool]] = []  # parentheses still open, and whether a field holds them
    leaves = 0
    previous: Piece | None = None
    for piece in pieces:
        wants_operand = previous is None or previous.kind not in LEAVES | {Kind.CLOSE}
        if piece.kind in _JOINING and wants_operand:
            _fail_dangling(text, piece, "before")
        elif piece.kind is Kind.NOT and previous and previous.kind is Kind.NOT:
            fail(text, "NOT NOT: once is enough", previous.start, piece.end)
        elif piece.kind in (Kind.FIELD, Kind.THREAD_OF) and any(by_field for _, by_field in opened):
            fail(text, f"{piece.text}: cannot stand inside another field's parentheses", piece.start, piece.end)
        elif piece.kind is Kind.OPEN:
            opened.append((piece, previous is not None and previous.kind is Kind.FIELD))
            if len(opened) > MAX_DEPTH:
                fail(text, f"more than {MAX_DEPTH} parentheses inside each other", piece.start, piece.end)
        elif piece.kind is Kind.CLOSE:
            if not opened:
                fail(text, "this parenthesis closes none", piece.start, piece.end)
            if previous and previous.kind is Kind.OPEN:
                fail(text, "the parentheses are empty", previous.start, piece.end)
            if previous and wants_operand:
                _fail_dangling(text, previous, "after")
            opened.pop()
        leaves += piece.kind in LEAVES
        if leaves > MAX_LEAVES:
            fail(text, f"more than {MAX_LEAVES} words; search in parts", piece.start, piece.end)
        previous = piece
    if previous and previous.kind in {Kind.NOT, *_JOINING}:
        _fail_dangling(text, previous, "after")
    if opened:
        fail(text, "the parenthesis is never closed", opened[-1][0].start, opened[-1][0].end)


def _fail_dangling(text: str, operator: Piece, side: str) -> NoReturn:
    word = operator.text
    instead = "put it in quotation marks to search for it"
    if operator.kind is not Kind.NEAR:
        instead = f"lower case {word.lower()!r} searches for the word"
    fail(
        text,
        f"nothing stands {side} {word} for it to join; {instead}",
        operator.start,
        operator.end,
    )

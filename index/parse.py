"""From what a person typed to the tree an engine answers.

lexer.py refuses what is malformed, Whoosh's grammar joins the rest, and here each word,
phrase and range becomes analysed words. What is asked for is shown back as `interpreted`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, tzinfo

import regex

from archiver.core.errors import BadQuery
from archiver.core.records import ItemKind, Observed, RecordKind
from index.analyser import Token, analyse, analyse_query, is_in_parts
from index.days import fold_spaces, named_days, read_days
from index.engines.whoosh_grammar import Tree, parse_grammar, placeholder
from index.folding import UNSEEN, fold, fold_beginnings
from index.lexer import LEAVES, Kind, Piece, fail, read_query
from index.nearness import gather_near, read_near
from index.query import (
    DATES,
    EXACT,
    JOINED,
    LABELS,
    All,
    And,
    Exact,
    Field,
    Fuzzy,
    Joined,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Term,
    Thread,
    Wildcard,
    interpret,
)
from index.unspaced import UNSPACED, is_one_character


@dataclass(frozen=True, kw_only=True)
class ParsedQuery:
    """A query as typed, as understood, and as understood in words."""

    text: str
    node: Node
    interpreted: str


_CLOSED_LISTS: dict[Field, frozenset[str]] = {
    Field.KIND: frozenset(ItemKind) | frozenset(RecordKind),
    Field.OBSERVED: frozenset(Observed),
    Field.HAS: frozenset({"image", "video", "audio", "link"}),
}


def parse_query(text: str, *, today: date, time_zone: tzinfo) -> ParsedQuery:
    """Understand `text`; days are days in `time_zone`, where it is `today`.

    Words side by side are joined by AND; AND binds closer than OR. Raises BadQuery with the
    place of the first fault.
    """
    pieces = gather_near(text, gather_threads(read_query(text)))
    leaves = [piece for piece in pieces if piece.kind in LEAVES]
    try:
        tree = parse_grammar(_grammar(pieces), len(leaves))
    except BadQuery as error:
        fail(text, str(error), 0, len(text))
    node = _Compiler(text, leaves, today, time_zone).compile(tree)
    return ParsedQuery(text=text, node=node, interpreted=interpret(node, time_zone=time_zone))


def gather_threads(pieces: list[Piece]) -> list[Piece]:
    """`pieces` with every `thread:(…)` as one piece of its own; those inside it are gathered too."""
    gathered: list[Piece] = []
    opened: list[int] = []  # where in `gathered` the thread: of each parenthesis still open stands, or -1
    for piece in pieces:
        if piece.kind is Kind.OPEN:
            after_thread = bool(gathered) and gathered[-1].kind is Kind.THREAD_OF
            opened.append(len(gathered) - 1 if after_thread else -1)
        gathered.append(piece)
        if piece.kind is Kind.CLOSE and (place := opened.pop()) >= 0:
            first, inner = gathered[place], tuple(gathered[place + 2 : -1])
            del gathered[place:]
            gathered.append(Piece(kind=Kind.THREAD, text=first.text, start=first.start, end=piece.end, inner=inner))
    return gathered


def _grammar(pieces: list[Piece]) -> str:
    """The query with placeholders for its leaves and every AND written out."""
    words: list[str] = []
    number = 0
    ended = False  # whether the piece before could be joined to the next by AND
    glue = ""
    for piece in pieces:
        if ended and piece.kind in LEAVES | {Kind.FIELD, Kind.OPEN, Kind.NOT}:
            words.append("AND")
        if piece.kind is Kind.FIELD:
            glue = piece.text + ":"
            ended = False
            continue
        if piece.kind in LEAVES:
            words.append(glue + placeholder(number))
            number += 1
        else:
            words.append(glue + piece.kind.value)
        glue = ""
        ended = piece.kind in LEAVES | {Kind.CLOSE}
    return " ".join(words)


class _Compiler:
    """Makes nodes of one query's grammar tree and leaves."""

    def __init__(self, text: str, leaves: list[Piece], today: date, time_zone: tzinfo) -> None:
        self._text = text
        self._leaves = leaves
        self._today = today
        self._time_zone = time_zone

    def compile(self, tree: Tree) -> Node:
        head, rest = tree
        if isinstance(rest, int):
            assert isinstance(head, Field)
            return self._leaf(head, self._leaves[rest])
        parts = [self.compile(part) for part in rest]
        if head == "NOT":
            return Not(part=parts[0])
        return _join_all(parts) if head == "AND" else _join_any(parts)

    def _leaf(self, field: Field, piece: Piece) -> Node:
        if piece.kind is Kind.THREAD:
            inner = gather_near(self._text, list(piece.inner))
            leaves = [each for each in inner if each.kind in LEAVES]
            tree = parse_grammar(_grammar(inner), len(leaves))
            return Thread(part=_Compiler(self._text, leaves, self._today, self._time_zone).compile(tree))
        if piece.kind is not Kind.NEARNESS and (field in DATES or _is_time_observed(field, piece, self._today)):
            return read_days(self._text, field, piece, today=self._today, time_zone=self._time_zone)
        return _leaf(self._text, field, piece)


def _is_time_observed(field: Field, piece: Piece, today: date) -> bool:
    """Whether what is asked of OBSERVED is when, not how: a range, a day, a month, "last quarter"."""
    if field is not Field.OBSERVED:
        return False
    return (
        piece.kind is Kind.RANGE or piece.text[:1].isdigit() or named_days(fold_spaces(piece.text), today) is not None
    )


def _join_all(parts: list[Node]) -> Node:
    flat = dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else And(parts=tuple(flat))


def _join_any(parts: list[Node]) -> Node:
    flat = dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else Or(parts=tuple(flat))


def _leaf(text: str, field: Field, piece: Piece) -> Node:
    if piece.kind is Kind.NEARNESS:
        return _nearness(text, field, piece)
    slips = _SLIPS.fullmatch(piece.text) if piece.kind is Kind.WORD and "://" not in piece.text else None
    if slips:
        return _fuzzy(text, field, piece, slips[1], int(slips[2] or 1))
    if piece.kind is Kind.WORD and piece.text == "*" and field is Field.TEXT:
        return All()
    if field in JOINED:
        return _joined(text, field, piece)
    if field is Field.FORM:
        return _exact_form(text, piece)
    if field in EXACT:
        return _exact(field, piece)
    if field in LABELS:
        return _label(text, field, piece)
    if piece.kind is Kind.WORD and _is_wildcard(piece.text):
        return _wildcard(text, field, piece)
    return _words(text, field, piece)


def _joined(text: str, field: Field, piece: Piece) -> Node:
    value = piece.text.strip()
    if not value:
        fail(text, f"{field.value}: has no value", piece.start, piece.end)
    return Joined(field=field, value=value, place=(piece.start, piece.end))


def _exact_form(text: str, piece: Piece) -> Node:
    if piece.kind is Kind.WORD and _is_wildcard(piece.text):
        fail(text, f"{piece.text!r}: exact: takes no wildcard", piece.start, piece.end)
    found = _words(text, Field.TEXT, replace(piece, kind=Kind.PHRASE))
    return Exact(text=" ".join(piece.text.split()), part=found)


def _exact(field: Field, piece: Piece) -> Node:
    if piece.kind is Kind.WORD and "*" in piece.text:
        return Wildcard(field=field, pattern=piece.text)
    return Term(field=field, text=piece.text)


def _label(text: str, field: Field, piece: Piece) -> Node:
    value = piece.text.casefold()
    if piece.kind is Kind.WORD and "*" in value:
        return Wildcard(field=field, pattern=value)
    known = _CLOSED_LISTS.get(field)
    labels = value.split()
    if not labels:
        fail(text, f"{field.value}: has no value", piece.start, piece.end)
    for label in labels:
        if known is not None and label not in known:
            fail(
                text,
                f"{field.value}: is never {label!r}; it is one of {', '.join(sorted(known))}",
                piece.start,
                piece.end,
            )
    return _join_all([Term(field=field, text=label) for label in labels])


_SLIPS = re.compile(r"(.+)~([12])?")
_LEAST_LETTERS = {1: 3, 2: 5}  # shorter words are but a slip away from any other
_WORDED = frozenset({Field.TEXT, Field.TITLE, Field.CREATOR, Field.ACCOUNT, Field.KEYWORD})


def _fuzzy(text: str, field: Field, piece: Piece, typed: str, distance: int) -> Fuzzy:
    asked = analyse_query(typed)
    if field not in _WORDED or len(asked) != 1 or asked[0].mark or "*" in typed:
        fail(
            text,
            f"{piece.text!r}: similar spellings (~) can be asked for of one word of a text",
            piece.start,
            piece.end,
        )
    word = asked[0].text
    if len(word) < _LEAST_LETTERS[distance]:
        fail(text, f"{piece.text!r}: the word is too short, almost any would be found", piece.start, piece.end)
    return Fuzzy(field=field, text=word, distance=distance)


def _nearness(text: str, field: Field, piece: Piece) -> Node:
    if field not in (Field.TEXT, Field.TITLE):
        fail(text, f"{field.value}: has no words near each other; leave {field.value}: out", piece.start, piece.end)

    def leaf(inner: Piece) -> Node:
        if inner.kind is Kind.THREAD:
            fail(text, "thread: has no place among words", inner.start, inner.end)
        if inner.kind is Kind.WORD and _SLIPS.fullmatch(inner.text):
            fail(text, f"{inner.text!r}: similar spellings (~) cannot stand beside w/ or pre/", inner.start, inner.end)
        if inner.kind is Kind.WORD and _is_wildcard(inner.text):
            return _wildcard(text, field, inner)
        words = [token for token in analyse(inner.text) if not token.mark]
        if not words:
            fail(text, f"{inner.text!r} is no word, and has no place among words", inner.start, inner.end)
        return _in_a_row(field, words)

    return read_near(text, piece, leaf)


_ONE_WORD = regex.compile(rf"[#@]?[\p{{L}}\p{{M}}\p{{N}}_{UNSEEN}]*")
_UNSPACED = regex.compile(UNSPACED, regex.V1)


def _is_wildcard(word: str) -> bool:
    return "://" not in word and ("*" in word or re.search(r"\w\?+\w", word) is not None)


def _wildcard(text: str, field: Field, piece: Piece) -> Node:
    typed = piece.text.rstrip(".,;:!")
    if _UNSPACED.search(typed) and typed[0] not in "#@":
        return _unspaced_beginning(text, field, piece)
    literals = re.split(r"[*?]+", typed)
    named = typed[0] in "#@"
    if not literals[0].lstrip("#@") or not all(_ONE_WORD.fullmatch(part) for part in literals):
        fail(
            text,
            f"{piece.text!r}: a wildcard works inside one word, after its first letter",
            piece.start,
            piece.end,
        )
    if "_" in typed and not named:
        fail(text, f"{piece.text!r}: a wildcard works inside one word; _ separates two", piece.start, piece.end)
    signs = [re.sub(r"\*+", "*", sign) if "*" not in sign else "*" for sign in re.findall(r"[*?]+", typed)]
    beginnings = fold_beginnings(literals[0])
    rest = "".join(sign + fold(part) for sign, part in zip(signs, literals[1:], strict=True))
    return _join_any([Wildcard(field=field, pattern=beginning + rest) for beginning in beginnings])


def _words(text: str, field: Field, piece: Piece) -> Node:
    asked = analyse_query(piece.text)
    marks = [
        _as_one_or_in_parts(field, piece.text, token) if is_in_parts(token) else Term(field=field, text=token.text)
        for token in asked
        if token.mark and not (len(asked) > 1 and is_in_parts(token))  # of several words, its parts say it
    ]
    spoken = analyse(piece.text) if piece.kind is Kind.PHRASE and len(asked) > 1 else asked
    words = [token for token in spoken if not token.mark]
    parts: list[Node] = [_in_a_row(field, words)] if words else []
    parts += dict.fromkeys(marks)
    if not parts:
        fail(
            text,
            f"{piece.text!r} holds no letter, digit or emoji to search for; leave it out",
            piece.start,
            piece.end,
        )
    return _join_all(parts)


def _as_one_or_in_parts(field: Field, text: str, token: Token) -> Node:
    """A number with grouped digits, in one piece or in the parts it is typed in: 1,000 may also be two numbers."""
    parts = [part for part in analyse(text[token.start : token.end]) if not part.mark]
    return Or(parts=(Term(field=field, text=token.text), _in_a_row(field, parts)))


def _in_a_row(field: Field, words: list[Token]) -> Node:
    """One after the other. The last may be a lone character of a script without spaces: then what begins with it."""
    texts = tuple(word.text for word in words)
    if not is_one_character(texts[-1]):
        return _phrase(field, texts)
    if len(words) > 1 and words[-2].end == words[-1].end:  # the pair before has it
        return _phrase(field, texts[:-1])
    last = Wildcard(field=field, pattern=texts[-1] + "*")
    return last if len(words) == 1 else Near(left=_phrase(field, texts[:-1]), right=last, distance=0, ordered=True)


def _phrase(field: Field, texts: tuple[str, ...]) -> Node:
    return Term(field=field, text=texts[0]) if len(texts) == 1 else Phrase(field=field, words=texts)


def _unspaced_beginning(text: str, field: Field, piece: Piece) -> Node:
    """Any part of a word is found in scripts without spaces, so that `*` at its end asks for nothing more."""
    typed = piece.text.rstrip(".,;:!").rstrip("*")
    if "*" in typed or re.search(r"\w\?+\w", typed):
        fail(
            text,
            f"{piece.text!r}: no wildcard stands inside words of a script without spaces; each part of one is found",
            piece.start,
            piece.end,
        )
    return _in_a_row(field, [token for token in analyse(typed) if not token.mark])

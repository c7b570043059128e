"""What a search asks for, as a tree: already analysed, the same for every engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum


class Field(StrEnum):
    """What can be searched; the value is the name typed before the colon."""

    TEXT = "text"  # body and title: what a word without a field is looked for in
    TITLE = "title"
    SITE = "site"
    ACCOUNT = "account"
    CREATOR = "creator"
    KIND = "kind"
    OBSERVED = "observed"
    LANGUAGE = "language"
    KEYWORD = "keyword"
    ID = "id"
    RECORD = "record"
    HAS = "has"
    LINK = "link"
    CREATED = "created"
    CAPTURED = "captured"
    GONE = "gone"
    CLASS = "class"
    TAG = "tag"
    COLLECTION = "collection"
    HOLD = "hold"
    REQUEST = "request"
    POSTED_BY = "posted_by"
    FORM = "exact"  # text, in the very form it is written


MAX_NEAR = 50
"""Words between, at most, that nearness can ask for."""

DATES = frozenset({Field.CREATED, Field.CAPTURED, Field.GONE})
"""Searched by days, not by words."""

RANGED = DATES | {Field.OBSERVED}
"""What a range of days can be asked of."""

EXACT = frozenset({Field.ID, Field.RECORD})
"""Compared letter by letter, as stored."""

LABELS = frozenset({Field.SITE, Field.KIND, Field.OBSERVED, Field.LANGUAGE, Field.HAS, Field.LINK})
"""A few values separated by spaces; compared whole, case aside."""


JOINED = frozenset({Field.CLASS, Field.TAG, Field.COLLECTION, Field.HOLD, Field.REQUEST, Field.POSTED_BY})
"""What officers decide, and change often: never indexed, looked up in the catalogue when a query is answered."""

Place = tuple[int, int]
"""Where in the query something was typed: offsets of its beginning and its end."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """Has this word, mark or label."""

    field: Field
    text: str


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """Has these words one after the other. Title and body are two texts: no phrase spans them."""

    field: Field
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wildcard:
    """Has a word of this form: `*` stands for any characters, `?` for one. Never starts with either."""

    field: Field
    pattern: str


@dataclass(frozen=True, kw_only=True)
class Fuzzy:
    """Has a word that `distance` slips or fewer turn into `text`.

    A slip is a letter (code point) added, left out or changed, or two neighbours swapped. Hashtags,
    mentions and emoji are no words.
    """

    field: Field
    text: str
    distance: int


@dataclass(frozen=True, kw_only=True)
class Near:
    """Has what `left` and `right` ask for with at most `distance` words between them.

    Both are a Term, Phrase, Wildcard or Near, or an Or of these, in one field. `ordered`: left comes
    first. What is near is the whole stretch from the first word to the last, so that nearness chains.
    """

    left: Node
    right: Node
    distance: int
    ordered: bool


@dataclass(frozen=True, kw_only=True)
class Range:
    """`start <= moment < end`, UTC; None leaves that side open. What has no moment never matches.

    Of OBSERVED it asks for what any capture saw between the two, and becomes other nodes before an engine is asked.
    """

    field: Field
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, kw_only=True)
class Joined:
    """What the catalogue says so of. Becomes `Records` or `Items` before an engine is asked."""

    field: Field
    value: str
    place: Place = dataclass_field(default=(0, 1), compare=False)


@dataclass(frozen=True, kw_only=True)
class Exact:
    """Has `text` in this very form: case, accents and signs (see exact_form.py).

    `part` finds everything that may have it. Becomes `Items` before an engine is asked: the index
    knows words in their folded form only.
    """

    text: str
    part: Node


@dataclass(frozen=True, kw_only=True)
class Thread:
    """Belongs to a record of which any item answers `part`. Becomes `Records` before an engine is asked."""

    part: Node


@dataclass(frozen=True, kw_only=True)
class Records:
    """Belongs to one of these records."""

    ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Items:
    """Is one of these items."""

    ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Not:
    """Everything but `part`; stands by itself."""

    part: Node


@dataclass(frozen=True, kw_only=True)
class All:
    """Everything."""


Node = (
    Term | Phrase | Wildcard | Fuzzy | Near | Range | Exact | Joined | Thread | Records | Items | And | Or | Not | All
)


def wildcard_regex(pattern: str) -> str:
    """`pattern` as a regular expression for the whole word, in the syntax `re` and the engines share."""
    escaped = {"*": ".*", "?": "."}
    return "".join(escaped.get(char) or _literal(char) for char in pattern)


def _literal(char: str) -> str:
    return "\\" + char if char in "\\.+*?()|[]{}^$#&-~" else char


def compile_wildcard(pattern: str) -> re.Pattern[str]:
    """`pattern` for Python's `fullmatch`."""
    return re.compile(wildcard_regex(pattern), re.DOTALL)


def interpret(node: Node, *, time_zone: tzinfo) -> str:
    """`node` written out with every operator and parenthesis; dates are days in `time_zone`."""
    match node:
        case Term():
            text = f'"{node.text}"' if re.search(r"[\s()]", node.text) else node.text
            return _labelled(node.field, text)
        case Phrase():
            return _labelled(node.field, '"' + " ".join(node.words) + '"')
        case Wildcard():
            return _labelled(node.field, node.pattern)
        case Fuzzy():
            return _labelled(node.field, f"{node.text}~{node.distance}")
        case Near():
            sign = f"{'pre' if node.ordered else 'w'}/{node.distance}"
            return f"{_grouped(node.left, time_zone)} {sign} {_grouped(node.right, time_zone)}"
        case Range():
            start = node.start.astimezone(time_zone).date().isoformat() if node.start else "*"
            last = node.end and node.end.astimezone(time_zone) - timedelta(microseconds=1)
            return f"{node.field.value}:[{start} TO {last.date().isoformat() if last else '*'}]"
        case Joined():
            return _labelled(node.field, f'"{node.value}"' if re.search(r"[\s()]", node.value) else node.value)
        case Exact():
            return f'{Field.FORM.value}:"{node.text}"'
        case Thread():
            return f"thread:({interpret(node.part, time_zone=time_zone)})"
        case Records():
            return f"{len(node.ids)} records"
        case Items():
            return f"{len(node.ids)} items"
        case And():
            return " AND ".join(_grouped(part, time_zone) for part in node.parts)
        case Or():
            return " OR ".join(_grouped(part, time_zone) for part in node.parts)
        case Not():
            return f"NOT {_grouped(node.part, time_zone)}"
        case All():
            return "*"


def _labelled(field: Field, text: str) -> str:
    return text if field is Field.TEXT else f"{field.value}:{text}"


def _grouped(node: Node, time_zone: tzinfo) -> str:
    text = interpret(node, time_zone=time_zone)
    return f"({text})" if isinstance(node, And | Or | Near) else text

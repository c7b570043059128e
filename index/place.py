"""Shows on a terminal where in a query a fault lies."""

from __future__ import annotations

import unicodedata

import regex

from archiver.core.errors import BadQuery

_GRAPHEME = regex.compile(r"\X")
_BEFORE, _AFTER = 60, 40  # characters of a long query that are shown around the fault


def show_place(query: str, error: BadQuery) -> str:
    """Two lines: the query, and below it carets under the part `error` points at.

    A long query is cut around the place. Columns are counted as terminals do: wide characters
    are two, combining ones none. What a terminal would act upon is shown as �.
    """
    first = max(0, error.position - _BEFORE)
    end = min(error.end, error.position + _AFTER, len(query))
    last = min(len(query), end + _AFTER)
    before = ("…" if first else "") + _printable(query[first : error.position])
    fault = _printable(query[error.position : end])
    after = _printable(query[end:last]) + ("…" if last < len(query) else "")
    return f"{before}{fault}{after}\n{' ' * columns(before)}{'^' * max(1, columns(fault))}"


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(_width(grapheme) for grapheme in _GRAPHEME.findall(text))


def _width(grapheme: str) -> int:
    if regex.match(r"(?!\p{L})\p{Emoji_Presentation}|.\ufe0f", grapheme):
        return 2
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in grapheme
        if unicodedata.category(char) not in ("Mn", "Me", "Cf")
    )


def _printable(text: str) -> str:
    """White space as spaces; control characters and direction overrides as the replacement character."""
    return "".join(
        " "
        if char.isspace()
        else "\ufffd"
        if unicodedata.category(char) in ("Cc", "Cs")
        or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        else char
        for char in text
    )

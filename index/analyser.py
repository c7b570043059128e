"""The one analyser: what counts as a word, in texts and in queries, for every engine.

Engines are given words joined by spaces, never text, so that all of them, the highlighter and
the queries agree to the character.

A text has *words*, numbered one after the other, and *marks* that stand beside them: a whole
`#hashtag`, a whole `@handle`, an emoji, a number without the signs that group its digits.
`#RoadSafety` is the words `road` and `safety` and the marks `#roadsafety` and `roadsafety`; phrases
see words only. Scripts written without spaces are cut into pairs of characters (unspaced.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import regex

from index.folding import UNSEEN, fold, fold_emoji
from index.unspaced import UNSPACED, cut_pairs

ANALYSER_VERSION = 3
"""Changes whenever a text may yield other tokens than before; indexes of another version are rebuilt."""


class Token(NamedTuple):
    """A word or mark of a text.

    `start` and `end` are offsets into the original text. `position` counts words; a mark has
    the position of the first word at or after its place.
    """

    text: str
    start: int
    end: int
    position: int
    mark: bool = False


class Kind(Enum):
    WORD = 1
    MARK = 2
    JOINED = 3  # a split hashtag written as one word: a mark that no query asks for by itself


_Piece = tuple[str, int, int, Kind]

# Circled and squared letters are letters in fancy dress; the signs of the apostrophe (Hawaiʻi, Ukrainian п’ять) are
# typed as quotation marks, and ৷ as the danda: they part words.
_LETTER = r"[[\p{L}\p{M}\p{N}\u24b6-\u24e9\U0001f130-\U0001f149]--[\u02b9-\u02bf\u09f7]]"
_JOINER = rf"[[{UNSEEN}]--[\u200b]]"  # a space of no width is one
_IN_WORD = rf"[{_LETTER}{_JOINER}]"
_IN_NAME = rf"[{_LETTER}{_JOINER}_]"
_NAME = rf"{_IN_NAME}+(?:[.\-]{_IN_NAME}+)*"
SPACED = rf"[{_LETTER}--{UNSPACED}]"
_INDIC = r"[\p{Devanagari}\p{Bengali}]"
_UNBROKEN = "\u00a0\u202f\u2009"
_GROUPS = rf",.٬'’\x20{_UNBROKEN}"
"""What groups the digits of a number: 1,000; 1.000; 1 000; 1’000. The parts are words still: it may be a list."""

_SPOKEN = rf"""
    (?P<domain>(?<![{_LETTER}\-])(?i:xn)--[0-9A-Za-z\-]*[0-9A-Za-z])
  | (?P<number>(?<!{_LETTER})(?<!\p{{N}}[.,])
      \p{{N}}{{1,3}}(?P<group>[{_GROUPS}])(?:\p{{N}}{{2,3}}(?P=group))*\p{{N}}{{3}}(?!(?P=group)?\p{{N}}))
  | (?P<visarga>{_INDIC}+:{_INDIC}+)
  | (?P<unspaced>{UNSPACED}[{UNSPACED}\p{{M}}{UNSEEN}]*)
  | (?P<word>{SPACED}[{SPACED}{_JOINER}]*(?:(?<=[lL])·(?=[lL])[{SPACED}{_JOINER}]+)*)
"""
_WORD = regex.compile(rf"{_SPOKEN}", regex.VERBOSE | regex.V1)
_SINGLE = regex.compile(
    rf"[{SPACED}][{SPACED}{_JOINER}]*|(?P<unspaced>{UNSPACED}[{UNSPACED}\p{{M}}{UNSEEN}]*)", regex.V1
)
_FIRST_UNSPACED = "\u0e00"
_PIECES = regex.compile(
    rf"""
    (?P<url>(?i:https?)://(?:(?i:www)\.)?(?P<address>\S+))
  | (?P<www>(?<![{_LETTER}.@\-])(?:[wW]ww|WWW)\.(?=\w))
  | (?P<emoji>[0-9\#*]\ufe0f?\u20e3
      | \p{{Regional_Indicator}}{{2}}
      | (?!\p{{L}})\p{{Extended_Pictographic}}[\ufe0e\ufe0f\p{{Emoji_Modifier}}\U000e0020-\U000e007f]*
        (?:\u200d\p{{Extended_Pictographic}}[\ufe0e\ufe0f\p{{Emoji_Modifier}}]*)*)
  | (?<![{_LETTER}&/])[\#＃](?P<tag>{_IN_NAME}*{_LETTER}{_IN_NAME}*)
  | (?<![{_LETTER}._\-])[@＠](?P<handle>{_NAME}(?:@{_NAME})?)
  | {_SPOKEN}
    """,
    regex.VERBOSE | regex.V1,
)
# RTIAct: an acronym ends where a capitalised word begins.
_TAG_PARTS = regex.compile(
    r"\p{Lu}\p{M}*(?:\p{Lu}\p{M}*)*(?!\p{Ll})|\p{Lu}?\p{M}*[\p{Ll}\p{M}]+|\p{N}+|[^\p{Lu}\p{Ll}\p{N}_]+"
)
CHUNK = re.compile(rf"(?:\S|(?<=[0-9])[\x20](?=[0-9]{{3}}(?![0-9]))|(?<=\d)[{_UNBROKEN}](?=\d{{3}}(?!\d)))+")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def pieces_of(chunk: str) -> Iterator[_Piece]:
    """Words and marks of a stretch of text without white space, in order of their place."""
    if chunk.isascii() and chunk.isalnum():
        yield fold(chunk), 0, len(chunk), Kind.WORD
        return
    for match in _PIECES.finditer(chunk):
        if match["url"] is not None:
            yield from _address(chunk, match.start("address"), match.end())
        elif match["emoji"] is not None:
            yield fold_emoji(match[0]), match.start(), match.end(), Kind.MARK
        elif match["tag"] is not None:
            yield from _tag(chunk, match.start(), match.end())
        elif match["handle"] is not None:
            yield "@" + fold(match["handle"]), match.start(), match.end(), Kind.MARK
            yield from _words(chunk, match.start("handle"), match.end())
        elif match["www"] is None:
            yield from _spoken(match)


def _words(text: str, start: int, end: int) -> Iterator[_Piece]:
    for match in _WORD.finditer(text, start, end):
        yield from _spoken(match)


def _spoken(match: regex.Match[str]) -> Iterator[_Piece]:
    """What one match of _SPOKEN says."""
    if match["word"] is not None:
        yield fold(match[0]), match.start(), match.end(), Kind.WORD
    elif match["unspaced"] is not None:
        yield from _paired(match[0], match.start())
    elif match["domain"] is not None:
        yield from ((text, *match.span(), kind) for text, _, _, kind in _words_alone(_unicode_label(match[0]), 0))
    else:  # a number in groups, or a colon typed for visarga: as one, and part by part
        whole = "".join(sign for sign in match[0] if sign.isalnum() or not match["number"])
        yield fold(whole), match.start(), match.end(), Kind.MARK
        yield from _words_alone(match[0], match.start())


def _words_alone(text: str, base: int) -> Iterator[_Piece]:
    if max(text) < _FIRST_UNSPACED and text.isalnum():
        yield fold(text), base, base + len(text), Kind.WORD
        return
    for match in _SINGLE.finditer(text):
        if match["unspaced"] is not None:
            yield from _paired(match[0], base + match.start())
        else:
            yield fold(match[0]), base + match.start(), base + match.end(), Kind.WORD


def _paired(run: str, base: int) -> Iterator[_Piece]:
    return ((text, base + start, base + end, Kind.WORD) for text, start, end in cut_pairs(run))


def _unicode_label(label: str) -> str:
    """A label of a domain as its readers write it (RFC 5891): xn--h2brj9c is भारत."""
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, IndexError, OverflowError):
        return label


def _address(chunk: str, start: int, end: int) -> Iterator[_Piece]:
    """The words of an address; what is written in per cent signs (RFC 3986) counts as what it says."""
    if "%" not in chunk:
        yield from _words(chunk, start, end)
        return
    plain: list[str] = []
    places: list[tuple[int, int]] = []  # of each character of `plain` in `chunk`
    place = start
    for escape in _ESCAPES.finditer(chunk, start, end):
        said = unquote_to_bytes(escape[0]).decode("utf-8", "replace")
        plain += (chunk[place : escape.start()], said)
        places += [(each, each + 1) for each in range(place, escape.start())] + [escape.span()] * len(said)
        place = escape.end()
    plain.append(chunk[place:end])
    places += [(each, each + 1) for each in range(place, end)]
    text = "".join(plain)
    for word, first, last, kind in _words(text, 0, len(text)):
        yield word, places[first][0], places[last - 1][1], kind


def _tag(chunk: str, start: int, end: int) -> Iterator[_Piece]:
    name = start + 1
    body = chunk[name:end]
    yield "#" + fold(body), start, end, Kind.MARK
    parts = [match for match in _TAG_PARTS.finditer(body) if fold(match[0])]
    if len(parts) > 1:
        yield fold(body.replace("_", "")), name, end, Kind.JOINED
    for part in parts:
        yield from _words_alone(part[0], name + part.start())


MEMORABLE = 64  # characters of a chunk worth remembering


class _Chunks(dict[str, tuple[_Piece, ...]]):
    """Remembers the pieces of each chunk: most of what people write they have written before."""

    limit = 200_000

    def __missing__(self, chunk: str) -> tuple[_Piece, ...]:
        if len(self) >= self.limit:
            self.clear()
        pieces = tuple(piece for piece in pieces_of(chunk) if piece[0])
        if len(chunk) <= MEMORABLE:
            self[chunk] = pieces
        return pieces


_CHUNKS = _Chunks()


def _tokens(text: str, wanted: frozenset[Kind], *, names_whole: bool) -> list[Token]:
    found: list[Token] = []
    position = 0
    for chunk in CHUNK.finditer(text):
        base = chunk.start()
        whole = -1  # the end of a hashtag or handle whose words the query does not ask for
        for word, start, end, kind in _CHUNKS[chunk[0]]:
            if kind in wanted and not (names_whole and end <= whole):
                found.append(Token(word, base + start, base + end, position, kind is not Kind.WORD))
                position += kind is Kind.WORD
            if kind is Kind.MARK:
                whole = end
    return found


_ALL = frozenset(Kind)
_ASKED = frozenset({Kind.WORD, Kind.MARK})


def analyse(text: str) -> list[Token]:
    """Every word and mark of `text`, as it is indexed, in order of their place."""
    return _tokens(text, _ALL, names_whole=False)


def analyse_query(text: str) -> list[Token]:
    """What `text` asks for when it is typed as a query.

    A hashtag, handle or grouped number asks for itself as a whole, not for its parts: `#RoadSafety`
    must not answer with every post that has both `road` and `safety`.
    """
    return _tokens(text, _ASKED, names_whole=True)


def is_in_parts(token: Token) -> bool:
    """Whether it is a mark made of words' letters and digits: 1,000 as 1000, दु:ख as दुःख."""
    return token.mark and token.text[0].isalnum() and KEYCAP not in token.text


KEYCAP = "\u20e3"


def forget() -> None:
    """Empty the memory of texts seen."""
    _CHUNKS.clear()

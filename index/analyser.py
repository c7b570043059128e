"""The one analyser: what counts as a word, in texts and in queries, for every engine.

Engines are given words joined by spaces, never text, so that all of them, the highlighter and
the queries agree to the character.

A text has *words*, numbered one after the other, and *marks* that stand beside them: a whole
`#hashtag`, a whole `@handle`, an emoji. `#RoadSafety` is the words `road` and `safety` and the
marks `#roadsafety` and `roadsafety`; phrases see words only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

import regex

from index.folding import IGNORABLE, MAX_WORD, fold, fold_emoji

ANALYSER_VERSION = 1
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


class _Kind(Enum):
    WORD = 1
    MARK = 2
    JOINED = 3  # a split hashtag written as one word: a mark that no query asks for by itself


_Piece = tuple[str, int, int, _Kind]

_LETTER = r"\p{L}\p{M}\p{N}"
_IN_WORD = rf"[{_LETTER}{IGNORABLE}]"
_IN_NAME = rf"[{_LETTER}{IGNORABLE}_]"
_NAME = rf"{_IN_NAME}+(?:[.\-]{_IN_NAME}+)*"

_WORD = regex.compile(rf"[{_LETTER}]{_IN_WORD}*")
_PIECES = regex.compile(
    rf"""
    (?P<url>(?i:https?)://(?:(?i:www)\.)?(?P<address>\S+))
  | (?P<emoji>[0-9\#*]\ufe0f?\u20e3
      | \p{{Regional_Indicator}}{{2}}
      | (?!\p{{L}})\p{{Extended_Pictographic}}[\ufe0e\ufe0f\p{{Emoji_Modifier}}\U000e0020-\U000e007f]*
        (?:\u200d\p{{Extended_Pictographic}}[\ufe0e\ufe0f\p{{Emoji_Modifier}}]*)*)
  | (?<![{_LETTER}&/])[\#＃](?P<tag>{_IN_NAME}*[{_LETTER}]{_IN_NAME}*)
  | (?<![{_LETTER}._\-])[@＠](?P<handle>{_NAME}(?:@{_NAME})?)
  | (?P<word>[{_LETTER}]{_IN_WORD}*)
    """,
    regex.VERBOSE,
)
# RTIAct: an acronym ends where a capitalised word begins.
_TAG_PARTS = regex.compile(
    r"\p{Lu}\p{M}*(?:\p{Lu}\p{M}*)*(?!\p{Ll})|\p{Lu}?\p{M}*[\p{Ll}\p{M}]+|\p{N}+|[^\p{Lu}\p{Ll}\p{N}_]+"
)
_CHUNK = re.compile(r"\S+")


def _pieces(chunk: str) -> Iterator[_Piece]:
    """Words and marks of a stretch of text without white space, in order of their place."""
    if chunk.isascii() and chunk.isalnum():
        yield fold(chunk), 0, len(chunk), _Kind.WORD
        return
    for match in _PIECES.finditer(chunk):
        if match["word"] is not None:
            yield fold(match[0]), match.start(), match.end(), _Kind.WORD
        elif match["url"] is not None:
            yield from _words(chunk, match.start("address"), match.end())
        elif match["emoji"] is not None:
            yield fold_emoji(match[0]), match.start(), match.end(), _Kind.MARK
        elif match["tag"] is not None:
            yield from _tag(chunk, match.start(), match.end())
        else:
            yield "@" + fold(match["handle"]), match.start(), match.end(), _Kind.MARK
            yield from _words(chunk, match.start("handle"), match.end())


def _words(chunk: str, start: int, end: int) -> Iterator[_Piece]:
    for match in _WORD.finditer(chunk, start, end):
        yield fold(match[0]), match.start(), match.end(), _Kind.WORD


def _tag(chunk: str, start: int, end: int) -> Iterator[_Piece]:
    name = start + 1
    body = chunk[name:end]
    yield "#" + fold(body), start, end, _Kind.MARK
    parts = [
        (word, name + match.start(), name + match.end())
        for match in _TAG_PARTS.finditer(body)
        if (word := fold(match[0]))
    ]
    if len(parts) > 1:
        yield fold(body.replace("_", "")), name, end, _Kind.JOINED
    for word, first, last in parts:
        yield word, first, last, _Kind.WORD


_MEMORABLE = 64  # characters of a chunk worth remembering


class _Chunks(dict[str, tuple[_Piece, ...]]):
    """Remembers the pieces of each chunk: most of what people write they have written before."""

    limit = 200_000

    def __missing__(self, chunk: str) -> tuple[_Piece, ...]:
        if len(self) >= self.limit:
            self.clear()
        pieces = tuple(piece for piece in _pieces(chunk) if piece[0])
        if len(chunk) <= _MEMORABLE:
            self[chunk] = pieces
        return pieces


_CHUNKS = _Chunks()


def _tokens(text: str, wanted: frozenset[_Kind], *, names_whole: bool) -> list[Token]:
    found: list[Token] = []
    position = 0
    for chunk in _CHUNK.finditer(text):
        base = chunk.start()
        whole = -1  # the end of a hashtag or handle whose words the query does not ask for
        for word, start, end, kind in _CHUNKS[chunk[0]]:
            if kind in wanted and not (names_whole and end <= whole):
                found.append(Token(word, base + start, base + end, position, kind is not _Kind.WORD))
                position += kind is _Kind.WORD
            if kind is _Kind.MARK:
                whole = end
    return found


_ALL = frozenset(_Kind)
_ASKED = frozenset({_Kind.WORD, _Kind.MARK})


def analyse(text: str) -> list[Token]:
    """Every word and mark of `text`, as it is indexed, in order of their place."""
    return _tokens(text, _ALL, names_whole=False)


def analyse_query(text: str) -> list[Token]:
    """What `text` asks for when it is typed as a query.

    A hashtag or handle asks for itself as a whole, not for its parts: `#RoadSafety` must not
    answer with every post that has both `road` and `safety`.
    """
    return _tokens(text, _ASKED, names_whole=True)


_PUNCTUATION = ".,;:!?()[]\"'“”‘’«»…।،؛؟۔"
_PLAIN = regex.compile(rf"(?!.*\u20e3)[{_LETTER}]+")  # no keycap, which is an emoji

_MARK_FOLLOWS = "\x1f"


class _Streams(dict[str, str]):
    """The words of each chunk, joined by spaces; then its marks, each behind _MARK_FOLLOWS."""

    limit = 400_000

    def __missing__(self, chunk: str) -> str:
        if len(self) >= self.limit:
            self.clear()
        terms = _stream(chunk)
        if len(chunk) <= _MEMORABLE:
            self[chunk] = terms
        return terms


_STREAMS = _Streams()


def _stream(chunk: str) -> str:
    bare = chunk.strip(_PUNCTUATION)
    if _is_word(bare):  # as most chunks are
        return fold(bare)
    if chunk[0] == "@" and _is_word(bare[1:]) and (name := fold(bare[1:])):
        return f"{name}{_MARK_FOLLOWS}@{name}"
    pieces = [piece for piece in _pieces(chunk) if piece[0]]
    words = [piece[0] for piece in pieces if piece[3] is _Kind.WORD]
    marks = [_MARK_FOLLOWS + piece[0] for piece in pieces if piece[3] is not _Kind.WORD]
    return " ".join(words) + "".join(marks)


def _is_word(bare: str) -> bool:
    """Whether no letter of `bare` is anything but part of one word; some such words are not known as one."""
    return bare.isalpha() or _PLAIN.fullmatch(bare) is not None


_ENDINGS = (", ", ". ", "! ", "? ", "। ", "، ", "۔ ")  # no part of any word or mark: fewer chunks to remember
_SIGN = re.compile(r"[#@:\x80-\U0010ffff]")  # what makes a chunk more than its ASCII letters and digits
_LOWER_OR_SPACE = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))


def index_terms(text: str) -> str:
    """The words of `text` in order, then its marks, for an engine's whitespace tokenizer.

    Equal to the tokens of `analyse`, only faster.
    """
    words, marks = words_and_marks(text)
    return f"{words} {marks}" if words and marks else words or marks


def words_and_marks(text: str) -> tuple[str, str]:
    """The words of `text` in order, and its marks, each joined by spaces."""
    written = text.encode("utf-8", "surrogatepass")
    if 8 * len(written) <= 9 * len(text) and _words_short(text):
        terms = _mostly_ascii_terms(text, written)
    else:
        for ending in _ENDINGS:
            text = text.replace(ending, " ")
        terms = " ".join(map(_STREAMS.__getitem__, text.split()))
    return _apart(terms) if _MARK_FOLLOWS in terms else (terms, "")


def _mostly_ascii_terms(text: str, written: bytes) -> str:
    """The streams of a text without cutting its ASCII parts, which are words alone where no sign stands."""
    if len(written) == len(text) and not (b"#" in written or b"@" in written or b":" in written):
        return written.translate(_LOWER_OR_SPACE).decode()
    terms: list[str] = []
    place = 0
    while sign := _SIGN.search(text, place):
        start = text.rfind(" ", place, sign.start()) + 1 or place
        end = text.find(" ", sign.end())
        if end < 0:
            end = len(text)
        terms += (_ascii_words(text[place:start]), _STREAMS[text[start:end]])
        place = end
    terms.append(_ascii_words(text[place:]))
    return " ".join(terms)


def _ascii_words(text: str) -> str:
    return text.encode().translate(_LOWER_OR_SPACE).decode()


def _apart(terms: str) -> tuple[str, str]:
    first, *others = terms.split(_MARK_FOLLOWS)
    parted = [other.partition(" ") for other in others]
    words = " ".join([first, *(words for _, _, words in parted)])
    return words if words.strip() else "", " ".join([mark for mark, _, _ in parted])


def _words_short(text: str) -> bool:
    return len(text) <= MAX_WORD or max(map(len, text.split()), default=0) <= MAX_WORD


def forget() -> None:
    """Empty the memory of texts seen."""
    _CHUNKS.clear()
    _STREAMS.clear()

"""The words and marks of whole texts, as engines are given them: equal to the tokens of `analyse`, only faster."""

from __future__ import annotations

import re

import regex

from index.alphabets import Alphabet, alphabet_of
from index.analyser import CHUNK, KEYCAP, MEMORABLE, SPACED, Kind, pieces_of
from index.folding import MAX_WORD, fold

_PUNCTUATION = ".,;:!?()[]\"'“”‘’«»…।॥،؛؟۔"


class _Impure(dict[int, str]):
    """A `str.translate` table that leaves of a text what is not a letter of one spaced word by itself."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = left = "" if letter != KEYCAP and _PLAIN.match(letter) else letter
        return left


_PLAIN = regex.compile(SPACED, regex.V1)
_IMPURE = _Impure()

_MARK_FOLLOWS = "\x1f"


class _Streams(dict[str, str]):
    """The words of each chunk, joined by spaces; then its marks, each behind _MARK_FOLLOWS."""

    limit = 400_000

    def __missing__(self, chunk: str) -> str:
        if len(self) >= self.limit:
            self.clear()
        terms = _stream(chunk)
        if len(chunk) <= MEMORABLE:
            self[chunk] = terms
        return terms


_STREAMS = _Streams()


def _stream(chunk: str) -> str:
    bare = chunk.strip(_PUNCTUATION)
    if bare.isascii() and bare.isalnum():
        return bare.lower()[:MAX_WORD]
    if _is_word(bare):  # as most chunks are
        return fold(bare)
    if chunk[0] == "@" and _is_word(bare[1:]) and (name := fold(bare[1:])):
        return f"{name}{_MARK_FOLLOWS}@{name}"
    pieces = [piece for piece in pieces_of(chunk) if piece[0]]
    words = [piece[0] for piece in pieces if piece[3] is Kind.WORD]
    marks = [_MARK_FOLLOWS + piece[0] for piece in pieces if piece[3] is not Kind.WORD]
    return " ".join(words) + "".join(marks)


def _is_word(bare: str) -> bool:
    """Whether no letter of `bare` is anything but part of one word; some such words are not known as one."""
    return bare != "" and not bare.translate(_IMPURE)


def index_terms(text: str) -> str:
    """The words of `text` in order, then its marks, for an engine's whitespace tokenizer."""
    words, marks = words_and_marks(text)
    return f"{words} {marks}" if words and marks else words or marks


def words_and_marks(text: str) -> tuple[str, str]:
    """The words of `text` in order, and its marks, each joined by spaces."""
    alphabet = alphabet_of(text)
    terms = None if alphabet is None else _by_letters(text, alphabet)
    if terms is None:
        terms = _by_chunks(text)
    return _apart(terms) if _MARK_FOLLOWS in terms else (terms, "")


_DIGITS = b"0123456789"
_GROUPED = re.compile(b"[,.'][0-9]{3}|[0-9] [0-9]{3}(?![0-9])")


def _by_letters(text: str, alphabet: Alphabet) -> str | None:
    """The terms of a text most of whose words are letters that fold one by one; None where more is to be looked at:
    numbers in groups, www., xn--.
    """
    written = alphabet.encode(text)
    if len(written.translate(None, _DIGITS)) < len(written) and _GROUPED.search(written):
        return None
    if "--" in text or "ww." in text or "WW." in text:
        return None
    written = alphabet.hide_pairs(written)
    if alphabet.is_simple(written):
        return alphabet.words(written)
    terms: list[str] = []
    place = 0
    for start, end in alphabet.chunks(written):
        terms += (alphabet.words(written[place:start]), _STREAMS[text[start:end]])
        place = end
    terms.append(alphabet.words(written[place:]))
    return " ".join(terms)


_ENDINGS = (", ", ". ", "! ", "? ", "। ", "، ", "۔ ")  # no part of any word or mark: fewer chunks to remember
_SPACED_NUMBER = re.compile("[0-9] [0-9]{3}(?![0-9])|[\u00a0\u202f\u2009]")


def _by_chunks(text: str) -> str:
    if _SPACED_NUMBER.search(text):
        return " ".join(map(_STREAMS.__getitem__, CHUNK.findall(text)))
    for ending in _ENDINGS:
        text = text.replace(ending, " ")
    return " ".join(map(_STREAMS.__getitem__, text.split()))


def _apart(terms: str) -> tuple[str, str]:
    first, *others = terms.split(_MARK_FOLLOWS)
    parted = [other.partition(" ") for other in others]
    words = " ".join([first, *(words for _, _, words in parted)])
    return words if words.strip() else "", " ".join([mark for mark, _, _ in parted])


def forget() -> None:
    """Empty the memory of texts seen."""
    _STREAMS.clear()

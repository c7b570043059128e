"""The letters of a text alone, folded as `spelling` folds them: what a search of many bytes begins with.

A text that holds a redacted string in any of its spellings has, squeezed, its letters in a row. The reverse need not
be so: what is found here is looked at again, word by word.
"""

from __future__ import annotations

import string
from functools import lru_cache
from typing import Any
from unicodedata import category, is_normalized

import numpy as np
import numpy.typing as npt

from exports.redaction.spelling import VARIANTS, decode_pieces, fold

_SHORT = 400
"""Characters below which letter by letter is quicker than an array."""
_MOST_FOLDED = 3
_LONG, _SEVERAL, _UNKNOWN = 0xFDD0, 0xFFFE, 0xFFFF
"""In place of a letter: it is more than three; it is two or three; it was not looked up yet. No letter is folded to
one of these, for Unicode gives them no meaning.
"""
_ASCII_LETTERS = (string.ascii_letters + string.digits).encode()
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_NO_LETTERS = bytes(each for each in range(128) if each not in _ASCII_LETTERS)
_FIRST_WIDE = 0x10000
_WIDE_BYTES = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4", b"\xed")
"""How wide characters and halves of such begin in UTF-8."""

_Codes = npt.NDArray[np.unsignedinteger[Any]]


class _Letters(dict[int, str | None]):
    """The folding of single characters for str.translate, without what parts words."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code)
        # most of what is learned are ideographs that chance made of bytes; they are letters as they are
        if category(letter) != "Lo" or not is_normalized("NFKD", letter) or letter.translate(VARIANTS) != letter:
            letter = "".join(fold(letter)).replace(" ", "")
        self[code] = letter or None
        return self[code]


class _Foldings:
    """The same as arrays: for each character its letter, 0 where there is none, and the letters where it is several."""

    def __init__(self, letters: _Letters, encoding: str, kind: type[np.uint16 | np.uint32], size: int) -> None:
        self._letters, self._encoding, self._kind = letters, encoding, kind
        self._one = np.full(size, _UNKNOWN, kind)
        self._several = np.zeros((size, _MOST_FOLDED), kind)
        self._end = chr(min(size, 0x10FFFF))
        if size <= _FIRST_WIDE:  # what some old ideographs are folded to is wide: its halves stay
            self._one[0xD800:0xE000] = range(0xD800, 0xE000)

    def fold(self, text: str) -> str:
        codes: _Codes = np.frombuffer(text.encode(self._encoding, "surrogatepass"), self._kind)
        folded = self._one.take(codes)
        marks = folded[(folded >= _LONG) & (folded <= _UNKNOWN)] if folded.max() >= _LONG else folded[:0]
        if (marks == _UNKNOWN).any():
            self._learn(np.unique(codes[folded == _UNKNOWN]))
            return self.fold(text)
        if (marks == _LONG).any():  # a ligature of a whole phrase, say
            for code in map(int, np.unique(codes[folded == _LONG])):
                text = text.replace(chr(code), self._letters[code] or "")
            return self.fold(text)
        if (marks == _SEVERAL).any():
            folded = self._spread(codes, folded)
        kept: bytes = folded[folded != 0].tobytes()
        return kept.decode(self._encoding, "surrogatepass")

    def _spread(self, codes: _Codes, folded: _Codes) -> _Codes:
        """With room for each that is several letters, and these in it."""
        places = np.flatnonzero(folded == _SEVERAL)
        after = np.repeat(places + 1, _MOST_FOLDED - 1)
        several = self._several[codes[places]]
        folded[places] = several[:, 0]
        return np.insert(folded, after, several[:, 1:].ravel())

    def _learn(self, codes: _Codes) -> None:
        for code, letters in ((each, self._letters[each] or "") for each in codes.tolist()):
            if len(letters) <= 1 and letters < self._end:
                self._one[code] = ord(letters or "\0")
            elif len(letters) > _MOST_FOLDED or max(letters) >= self._end:
                self._one[code] = _LONG
            else:
                self._one[code] = _SEVERAL
                self._several[code, : len(letters)] = list(map(ord, letters))


_LETTERS = _Letters()


@lru_cache(maxsize=1)
def _narrow() -> _Foldings:
    return _Foldings(_LETTERS, "utf-16-le", np.uint16, 0x10000)


@lru_cache(maxsize=1)
def _wide() -> _Foldings:
    return _Foldings(_LETTERS, "utf-32-le", np.uint32, 0x110000)


def squeeze(text: str) -> str:
    """The letters, digits and signs of the text, folded, and nothing between them."""
    if "%" in text or "&" in text:
        text = decode_pieces(text)
    # what ASCII has beside letters first, by far the quickest
    kept = text.encode("utf-8", "surrogatepass").translate(_LOWER, _NO_LETTERS)
    if kept.isascii():
        return kept.decode()
    text = kept.decode("utf-8", "surrogatepass")
    if len(text) <= _SHORT:
        return text.translate(_LETTERS)
    return (_wide() if any(each in kept for each in _WIDE_BYTES) else _narrow()).fold(text)

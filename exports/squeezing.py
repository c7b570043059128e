"""The letters of a text alone, folded as `spelling` folds them: what a search of many bytes begins with.

A text that holds a redacted string in any of its spellings has, squeezed, its letters in a row. The reverse need not
be so: what is found here is looked at again, word by word.
"""

from __future__ import annotations

import string
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from exports.spelling import decode_pieces, spell

_SHORT = 400
"""Characters below which letter by letter is quicker than an array."""
_MOST_FOLDED = 3
_UNKNOWN, _LONG = 255, 254
"""In place of the count of letters that follow the first."""
_ASCII_LETTERS = (string.ascii_letters + string.digits).encode()
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_NO_LETTERS = bytes(each for each in range(128) if each not in _ASCII_LETTERS)


class _Letters(dict[int, str | None]):
    """The folding of single characters for str.translate, without what parts words."""

    def __missing__(self, code: int) -> str | None:
        self[code] = spell(chr(code)).text.replace(" ", "") or None
        return self[code]


class _Foldings:
    """The same as arrays: for each character its first letter, 0 where there is none, and what follows it, if any."""

    def __init__(self, letters: _Letters) -> None:
        self._letters = letters
        self._first = np.zeros(0x110000, np.uint32)
        self._more = np.full(0x110000, _UNKNOWN, np.uint8)
        self._rest = np.zeros((0x110000, _MOST_FOLDED - 1), np.uint32)

    def fold(self, text: str) -> str:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        more = self._more.take(codes)
        highest = more.max()
        if highest == _UNKNOWN:
            self._learn(np.unique(codes[more == _UNKNOWN]))
            return self.fold(text)
        if highest == _LONG:  # a ligature of a whole phrase, say
            for code in map(int, np.unique(codes[more == _LONG])):
                text = text.replace(chr(code), self._letters[code] or "")
            return self.fold(text)
        folded = self._first.take(codes)
        if highest:
            places = np.flatnonzero(more)
            after = np.repeat(places + 1, _MOST_FOLDED - 1)
            folded = np.insert(folded, after, self._rest[codes[places]].ravel())
        kept: bytes = folded[folded != 0].tobytes()
        return kept.decode("utf-32-le", "surrogatepass")

    def _learn(self, codes: npt.NDArray[np.uint32]) -> None:
        for code in map(int, codes):
            letters = [ord(each) for each in self._letters[code] or ""]
            if len(letters) > _MOST_FOLDED:
                self._more[code] = _LONG
                continue
            self._more[code] = max(0, len(letters) - 1)
            self._first[code], *self._rest[code] = letters + [0] * (_MOST_FOLDED - len(letters))


_LETTERS = _Letters()


@lru_cache(maxsize=1)
def _foldings() -> _Foldings:
    return _Foldings(_LETTERS)


def squeeze(text: str) -> str:
    """The letters, digits and signs of the text, folded, and nothing between them."""
    if "%" in text or "&" in text:
        text = decode_pieces(text)
    if text.isascii():
        return text.encode().translate(_LOWER, _NO_LETTERS).decode()
    return _foldings().fold(text) if len(text) > _SHORT else text.translate(_LETTERS)

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
_UNKNOWN, _LONG = 0xFFFFFFFF, 0xFFFFFFFE
_ASCII_LETTERS = (string.ascii_letters + string.digits).encode()
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_NO_LETTERS = bytes(each for each in range(128) if each not in _ASCII_LETTERS)


class _Letters(dict[int, str | None]):
    """The folding of single characters for str.translate, without what parts words."""

    def __missing__(self, code: int) -> str | None:
        self[code] = spell(chr(code)).text.replace(" ", "") or None
        return self[code]


class _Foldings:
    """The same as an array: a row of up to three letters for each character, 0 where there is none."""

    def __init__(self, letters: _Letters) -> None:
        self._letters = letters
        self._rows = np.zeros((0x110000, _MOST_FOLDED), np.uint32)
        self._rows[:, 0] = _UNKNOWN

    def fold(self, text: str) -> str:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        folded = self._rows.take(codes, axis=0)
        highest = folded.max()
        if highest == _UNKNOWN:
            self._learn(np.unique(codes[folded[:, 0] == _UNKNOWN]))
            return self.fold(text)
        if highest == _LONG:  # a ligature of a whole phrase, say
            for code in map(int, np.unique(codes[folded[:, 0] == _LONG])):
                text = text.replace(chr(code), self._letters[code] or "")
            return self.fold(text)
        kept: bytes = folded[folded != 0].tobytes()
        return kept.decode("utf-32-le", "surrogatepass")

    def _learn(self, codes: npt.NDArray[np.uint32]) -> None:
        for code in map(int, codes):
            letters = [ord(each) for each in self._letters[code] or ""]
            row = letters if len(letters) <= _MOST_FOLDED else [_LONG]
            self._rows[code] = row + [0] * (_MOST_FOLDED - len(row))


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

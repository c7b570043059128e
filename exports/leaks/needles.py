"""Many strings looked for in one pass over a text, however many they are.

Every place of the text is hashed with the letters that follow, all places at once; only where the hash is that of a
needle's first letters is the needle itself compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

_GRAM = 4
"""Letters that are hashed; shorter needles have passes of their own."""
_BITS = 20
_FACTORS = (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F)
_FEW = 4
"""So many needles are quicker looked for one by one."""
_PIECE = 1 << 20


class Needles:
    """A set of strings, none of them empty."""

    def __init__(self, needles: Iterable[str]) -> None:
        self._all = tuple(dict.fromkeys(needles))
        self._grams: dict[int, dict[str, list[str]]] = {}
        for each in self._all:
            gram = each[:_GRAM]
            self._grams.setdefault(len(gram), {}).setdefault(gram, []).append(each)
        self._tables = {size: _table(grams) for size, grams in self._grams.items()}

    def __len__(self) -> int:
        return len(self._all)

    def find(self, text: str) -> Iterator[tuple[str, int]]:
        """Each needle with each place it stands at, in no order."""
        if len(self._all) <= _FEW:
            for each in self._all:
                place = text.find(each)
                while place >= 0:
                    yield each, place
                    place = text.find(each, place + 1)
            return
        for start in range(0, len(text), _PIECE):
            codes = _codes(text[start : start + _PIECE + _GRAM - 1])
            for size, table in self._tables.items():
                if len(codes) < size:
                    continue
                for place in map(int, np.flatnonzero(table[_hashes(codes, size)])):
                    if place < _PIECE:
                        yield from self._compare(text, start + place, size)

    def _compare(self, text: str, place: int, size: int) -> Iterator[tuple[str, int]]:
        for each in self._grams[size].get(text[place : place + size], ()):
            if text.startswith(each, place):
                yield each, place


def _codes(text: str) -> npt.NDArray[np.uint32]:
    if text.isascii():
        return np.frombuffer(text.encode(), np.uint8).astype(np.uint32)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _hashes(codes: npt.NDArray[np.uint32], size: int) -> npt.NDArray[np.uint32]:
    """Of the `size` codes from each place on."""
    count = len(codes) - size + 1
    mixed = codes[:count] * np.uint32(_FACTORS[0])
    for shift in range(1, size):
        mixed ^= codes[shift : shift + count] * np.uint32(_FACTORS[shift])
    return mixed >> np.uint32(32 - _BITS)


def _table(grams: Iterable[str]) -> npt.NDArray[np.bool_]:
    table = np.zeros(1 << _BITS, np.bool_)
    for gram in grams:
        table[_hashes(_codes(gram), len(gram))] = True
    return table

"""Runs of bytes that may be something else than they seem: base64, hexadecimal digits, UTF-16 in the midst of others.

Each finds what its pattern alone would find, and looks at the bytes all at once first, for most hold nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

_BLOCK = 1 << 22
_HIGH = bytes([*range(5), 6, 9, 0x0A, 0x20, *range(0xD8, 0xE0), *range(0xFB, 0x100)])
"""High bytes of the letters of the scripts that are read here, of signs, and of the halves of surrogate pairs."""
_HIGH_CLASS = b"[" + b"".join(b"\\x%02x" % each for each in _HIGH) + b"]"
_WIDE = {
    "utf-16-le": (re.compile(rb"(?:[\x00-\xff]" + _HIGH_CLASS + rb"){4,}"), 1),
    "utf-16-be": (re.compile(rb"(?:" + _HIGH_CLASS + rb"[\x00-\xff]){4,}"), 0),
}
"""The pattern, and how far its first high byte is from its begin."""
_IS_HIGH = np.isin(np.arange(256), list(_HIGH))
_PRINTED = bytes(each if each in b"\t\r\n" or 0x20 <= each < 0x7F or each >= 0x80 else 0x20 for each in range(256))


def _marks(members: bytes) -> bytes:
    return bytes(each in members for each in range(256))


BASE64 = (
    re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}(?:\r?\n[A-Za-z0-9+/_-]+={0,2})*"),
    _marks(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"),
    20,
)
HEX = (re.compile(rb"[0-9a-fA-F]{48,}"), _marks(b"0123456789abcdefABCDEF"), 48)


def packed_runs(content: bytes, kind: tuple[re.Pattern[bytes], bytes, int]) -> Iterator[tuple[int, bytes]]:
    """Runs of BASE64 or HEX with their places."""
    pattern, marks, least = kind
    marked, wanted = content.translate(marks), b"\1" * least
    place = marked.find(wanted)
    while place >= 0:
        found = pattern.match(content, place)
        if found is None:  # it never is: so many members stand there
            return
        yield place, found[0]
        place = marked.find(wanted, found.end())


def wide_runs(content: bytes, order: str) -> Iterator[bytes]:
    """Runs of four or more characters of UTF-16, at whatever place they begin. `order`: utf-16-le or utf-16-be."""
    pattern, ahead = _WIDE[order]
    end = 0
    for start in range(0, len(content), _BLOCK):
        high = _IS_HIGH[np.frombuffer(content, np.uint8, min(_BLOCK + 6, len(content) - start), start)]
        if len(high) < 7:
            continue
        places = np.flatnonzero(high[:-6] & high[2:-4] & high[4:-2] & high[6:]) + (start - ahead)
        at = int(np.searchsorted(places, end))
        while at < len(places):
            found = pattern.match(content, int(places[at]))
            if found is None:
                at += 1
                continue
            yield found[0]
            end = found.end()
            at = int(np.searchsorted(places, end))


def printed(content: bytes) -> str:
    """What reads as text in bytes that are something else, blanks in place of the rest."""
    return content.translate(_PRINTED).decode("utf-8", "ignore")

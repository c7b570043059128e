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
_PRINTED = bytes(each if each in b"\t\r\n" or 0x20 <= each < 0x7F or each >= 0x80 else 0x20 for each in range(256))


def _marks(members: bytes) -> bytes:
    return bytes(each in members for each in range(256))


_HIGH_MARKS = _marks(_HIGH)

BASE64 = (
    re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}(?:\r?\n[A-Za-z0-9+/_-]+={0,2})*"),
    _marks(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"),
    20,
)
HEX = (re.compile(rb"[0-9a-fA-F]{48,}"), _marks(b"0123456789abcdefABCDEF"), 48)


def packed_runs(content: bytes, kind: tuple[re.Pattern[bytes], bytes, int]) -> Iterator[tuple[int, bytes]]:
    """Runs of BASE64 or HEX with their places."""
    pattern, marks, least = kind
    marked, end = content.translate(marks), 0
    for start, stop in _stretches(marked, marked.find(b"\1" * least), least):
        if start < end:  # a further line of the run before
            continue
        end = stop
        if content[stop : stop + 1] in b"=\r\n" and (found := pattern.match(content, start)):
            end = found.end()
        yield start, content[start:end]


def _stretches(marked: bytes, first: int, least: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each stretch of `least` or more ones, from the first one's begin on; none where it is -1."""
    begun: list[int] = [first]
    for start in range(first, len(marked) if first >= 0 else first, _BLOCK):
        bits = np.frombuffer(marked, np.uint8, min(_BLOCK + 1, len(marked) - start), start)
        borders = np.append(begun, np.flatnonzero(bits[1:] != bits[:-1]) + (start + 1)).astype(np.int64)
        begun = [int(borders[-1])] if len(borders) % 2 else []
        begins, ends = borders[: len(borders) // 2 * 2 : 2], borders[1::2]
        long = ends - begins >= least
        yield from zip(begins[long].tolist(), ends[long].tolist(), strict=True)
    if first >= 0 and begun and len(marked) - begun[0] >= least:
        yield begun[0], len(marked)


def wide_runs(content: bytes) -> dict[str, list[bytes]]:
    """Runs of four or more characters of UTF-16, at whatever place they begin: by utf-16-le and utf-16-be."""
    runs: dict[str, list[bytes]] = {order: [] for order in _WIDE}
    ends = dict.fromkeys(_WIDE, 0)
    for start in range(0, len(content), _BLOCK):
        high = np.frombuffer(content[start : start + _BLOCK + 6].translate(_HIGH_MARKS), np.bool_)
        if len(high) < 7:
            continue
        fours = np.flatnonzero(high[:-6] & high[2:-4] & high[4:-2] & high[6:]) + start
        for order, (pattern, ahead) in _WIDE.items():
            places = fours - ahead
            at = int(np.searchsorted(places, ends[order]))
            while at < len(places):
                found = pattern.match(content, int(places[at]))
                if found is None:
                    at += 1
                    continue
                runs[order].append(found[0])
                ends[order] = found.end()
                at = int(np.searchsorted(places, found.end()))
    return runs


def printed(content: bytes) -> str:
    """What reads as text in bytes that are something else, blanks in place of the rest."""
    return content.translate(_PRINTED).decode("utf-8", "ignore")

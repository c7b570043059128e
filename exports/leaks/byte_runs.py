"""Runs of bytes that may be something else than they seem: base64, hexadecimal digits, UTF-16 in the midst of others.

Each finds what its pattern alone would find, and looks at the bytes all at once first, for most hold nothing.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

GZIP = b"\x1f\x8b\x08"
PNG = b"\x89PNG\r\n\x1a\n"
_BLOCK = 1 << 22
_SHORT_RUN = 200
_PLAIN_ALPHABET = bytes.maketrans(b"-_", b"+/")
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
    end = 0
    for start, stop in _stretches(content, marks, least):
        if start < end:  # a further line of the run before
            continue
        end = stop
        if content[stop : stop + 1] in b"=\r\n" and (found := pattern.match(content, start)):
            end = found.end()
        yield start, content[start:end]


def _stretches(content: bytes, marks: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each stretch of `least` or more bytes that are marked."""
    begun: list[int] = []
    for start in range(0, len(content), _BLOCK):
        marked = content[start : start + _BLOCK].translate(marks)
        if not begun and b"\1" * least not in marked:  # only what the next block goes on with
            ends = len(marked) - len(marked.rstrip(b"\1"))
            begun = [start + len(marked) - ends] if ends else []
            continue
        bits = np.frombuffer(bytes([bool(begun)]) + marked, np.uint8)
        borders = np.append(begun, np.flatnonzero(bits[1:] != bits[:-1]) + start).astype(np.int64)
        begun = [int(borders[-1])] if len(borders) % 2 else []
        begins, ends_at = borders[: len(borders) // 2 * 2 : 2], borders[1::2]
        long = ends_at - begins >= least
        yield from zip(begins[long].tolist(), ends_at[long].tolist(), strict=True)
    if begun and len(content) - begun[0] >= least:
        yield begun[0], len(content)


def unpacked_runs(content: bytes) -> Iterator[tuple[str, int, bytes]]:
    """What such runs stand for where it is worth reading: base64 or hex, the place, the bytes."""
    packed = False
    for start, run in packed_runs(content, BASE64):
        packed = True
        if (inner := _short_base64(run) if len(run) <= _SHORT_RUN else _decode_base64(run)) is not None:
            yield "base64", start, inner
    for start, run in packed_runs(content, HEX) if packed else ():  # its digits are among base64's
        if (inner := _short_hex(run) if len(run) <= _SHORT_RUN else _decode_hex(run)) is not None:
            yield "hex", start, inner


def _decode_base64(run: bytes) -> bytes | None:
    packed = run.translate(_PLAIN_ALPHABET, b"\r\n=")
    try:
        inner = binascii.a2b_base64(packed + b"=" * (-len(packed) % 4) if len(packed) % 4 != 1 else packed[:-1])
    except binascii.Error:
        return None
    return inner if _is_worth_reading(inner) else None


def _decode_hex(run: bytes) -> bytes | None:
    inner = binascii.unhexlify(run[: len(run) // 2 * 2])
    return inner if _is_worth_reading(inner) else None


_short_base64 = lru_cache(maxsize=1 << 15)(_decode_base64)  # ids and digests come again and again
_short_hex = lru_cache(maxsize=1 << 15)(_decode_hex)


def _is_worth_reading(inner: bytes) -> bool:
    """Whether decoded bytes are text or a package, and not a digest or a key."""
    if inner[:3] == GZIP or inner[:4] in (b"PK\x03\x04", b"%PDF", PNG[:4]):
        return True
    if inner.count(0) * 3 > len(inner):
        return True
    try:
        inner.decode()
    except UnicodeDecodeError as error:
        return error.start > max(8, len(inner) // 2)
    return True


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
    """What reads as text in bytes that are something else, blanks in place of the rest.

    Bytes from 128 on that are no UTF-8 are left out, as a decoder that ignores errors does; it takes far longer.
    """
    codes = np.frombuffer(content.translate(_PRINTED) + bytes(3), np.uint8)
    followed = (codes[1:] & 0xC0) == 0x80
    leads = np.flatnonzero((codes[:-1] >= 0xC2) & followed)
    first, second = codes[leads], codes[leads + 1]
    # the second byte has narrower bounds after four of the first ones (Unicode, table 3-7)
    wrong = ((first == 0xE0) & (second < 0xA0)) | ((first == 0xED) & (second > 0x9F))
    wrong |= ((first == 0xF0) & (second < 0x90)) | ((first == 0xF4) & (second > 0x8F)) | (first > 0xF4)
    leads, first = leads[~wrong], first[~wrong]
    for place, least in ((2, 0xE0), (3, 0xF0)):
        whole = (first < least) | followed.take(leads + place - 1, mode="clip")
        leads, first = leads[whole], first[whole]
    kept = codes[:-3] < 0x80
    for place, least in ((0, 0), (1, 0), (2, 0xE0), (3, 0xF0)):
        kept[leads[first >= least] + place] = True
    return codes.take(np.flatnonzero(kept)).tobytes().decode()  # quicker than by the mask

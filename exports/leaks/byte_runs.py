"""Runs of bytes that may be something else than they seem: base64, hexadecimal digits, UTF-16 in the midst of others.

Each finds what its pattern alone would find, and looks at the bytes all at once first, for most hold nothing.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

GZIP = b"\x1f\x8b\x08"
PNG = b"\x89PNG\r\n\x1a\n"
_Bytes = npt.NDArray[np.integer[Any]]
_Flags = npt.NDArray[np.bool_]
_Places = npt.NDArray[np.int64]

_PACKAGES = (GZIP, PNG[:4], b"PK\3\4", b"%PDF")
_BLOCK = 1 << 22
_MANY = 500
"""So many stretches are quicker looked at all at once."""
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


@dataclass(frozen=True)
class Packing:
    """A way of writing bytes in letters.

    `marks` has a 1 for each byte that may be in a run of `least` or more, `values` what each stands for, and `join`
    makes bytes of the values of as many as `letters`. `zeros` marks those of which every zero byte takes one or more.
    """

    pattern: re.Pattern[bytes]
    marks: bytes
    least: int
    values: _Bytes
    letters: int
    join: Callable[[Sequence[_Bytes]], list[_Bytes]]
    zeros: bytes


def _values(*alphabets: bytes) -> _Bytes:
    return np.array([max(0, *(each.find(byte) for each in alphabets)) for byte in range(256)], np.uint8)


def _join_quads(values: Sequence[_Bytes]) -> list[_Bytes]:
    joined = list[_Bytes]()
    for one, two, three, four in zip(*(values[each::4] for each in range(4)), strict=True):
        joined += [one << 2 | two >> 4, two << 4 | three >> 2, three << 6 | four]
    return joined


def _join_pairs(values: Sequence[_Bytes]) -> list[_Bytes]:
    return [one << 4 | two for one, two in zip(values[::2], values[1::2], strict=True)]


_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BASE64 = Packing(
    pattern=re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}(?:\r?\n[A-Za-z0-9+/_-]+={0,2})*"),
    marks=_marks(_BASE64_ALPHABET + b"-_"),
    least=20,
    values=_values(_BASE64_ALPHABET, _BASE64_ALPHABET.translate(bytes.maketrans(b"+/", b"-_"))),
    letters=12,
    join=_join_quads,
    zeros=_marks(b"ABCD"),
)
HEX = Packing(
    pattern=re.compile(rb"[0-9a-fA-F]{48,}"),
    marks=_marks(b"0123456789abcdefABCDEF"),
    least=48,
    values=_values(b"0123456789abcdef", b"0123456789ABCDEF"),
    letters=18,
    join=_join_pairs,
    zeros=_marks(b"0"),
)


def packed_runs(content: bytes, kind: Packing) -> Iterator[tuple[int, bytes]]:
    """Runs of BASE64 or HEX with their places."""
    return _runs(content, kind, _stretches(content, kind))


def _runs(content: bytes, kind: Packing, stretches: Iterable[tuple[_Places, _Places]]) -> Iterator[tuple[int, bytes]]:
    end = 0
    for begins, stops in stretches:
        for start, stop in zip(begins.tolist(), stops.tolist(), strict=True):
            if start < end:  # a further line of the run before
                continue
            end = stop
            if content[stop : stop + 1] in b"=\r\n" and (found := kind.pattern.match(content, start)):
                end = found.end()
            yield start, content[start:end]


def _stretches(content: bytes, kind: Packing) -> Iterator[tuple[_Places, _Places]]:
    """Begins and ends of the stretches of marked bytes that are long enough, many at a time."""
    begun: list[int] = []
    for start in range(0, len(content), _BLOCK):
        marked = content[start : start + _BLOCK].translate(kind.marks)
        if not begun and b"\1" * kind.least not in marked:  # only what the next block goes on with
            ends = len(marked) - len(marked.rstrip(b"\1"))
            begun = [start + len(marked) - ends] if ends else []
            continue
        bits = np.frombuffer(bytes([bool(begun)]) + marked, np.uint8)
        borders = np.append(begun, np.flatnonzero(bits[1:] != bits[:-1]) + start).astype(np.int64)
        begun = [int(borders[-1])] if len(borders) % 2 else []
        begins, ends_at = borders[: len(borders) // 2 * 2 : 2], borders[1::2]
        long = ends_at - begins >= kind.least
        yield begins[long], ends_at[long]
    if begun and len(content) - begun[0] >= kind.least:
        yield np.array(begun), np.array([len(content)])


def unpacked_runs(content: bytes) -> Iterator[tuple[str, int, bytes]]:
    """What such runs stand for where it is worth reading: base64 or hex, the place, the bytes."""
    in_base64 = list(_stretches(content, BASE64))
    in_hex = _stretches(content, HEX) if in_base64 else ()  # its digits are among base64's letters
    for name, kind, stretches, decode in (
        ("base64", BASE64, in_base64, _decode_base64),
        ("hex", HEX, in_hex, _decode_hex),
    ):
        for start, run in _runs(content, kind, (_hopeful(content, kind, *each) for each in stretches)):
            if (inner := decode(run)) is not None:
                yield name, start, inner


def _hopeful(content: bytes, kind: Packing, begins: _Places, stops: _Places) -> tuple[_Places, _Places]:
    """Without the stretches that certainly are not worth reading, as most of a thousand ids and digests are.

    Not looked at are those that may go on in another line.
    """
    if len(begins) < _MANY:
        return begins, stops
    codes = np.frombuffer(content, np.uint8)
    after = codes[np.minimum(stops, len(codes) - 1)]  # at the content's end a letter of the run itself
    kept = (after == ord("=")) | (after == ord("\r")) | (after == ord("\n"))
    low, high = int(begins[0]), int(stops[-1])
    zeros = np.flatnonzero(np.frombuffer(content[low:high].translate(kind.zeros), np.bool_)) + low
    kept |= 4 * (zeros.searchsorted(stops) - zeros.searchsorted(begins)) > stops - begins
    first = kind.join([kind.values[codes[begins + each]] for each in range(kind.letters)])
    kept |= ~_is_no_text(first)
    for begin in _PACKAGES:
        kept |= np.logical_and.reduce([column == byte for column, byte in zip(first, begin, strict=False)])
    return begins[kept], stops[kept]


def _is_no_text(first: Sequence[_Bytes]) -> _Flags:
    """Whether bytes, given as a first one of each, a second, and so on, are certainly no begin of UTF-8."""
    wide = [each >= 0x80 for each in first]
    follows = [(each & 0xC0) == 0x80 for each in first]
    wrong: _Flags = follows[0] | (first[0] >= 0xF5)
    for place in range(1, len(first)):
        wrong |= follows[place] & ~wide[place - 1]
        wrong |= wide[place - 1] & ~follows[place - 1] & ~follows[place]
        wrong |= first[place] >= 0xF5
    return wrong


def _decode_base64(run: bytes) -> bytes | None:
    packed = run.translate(_PLAIN_ALPHABET, b"\r\n=")
    try:
        inner = binascii.a2b_base64(packed + b"=" * (-len(packed) % 4) if len(packed) % 4 != 1 else packed[:-1])
    except binascii.Error:
        return None
    return inner if is_worth_reading(inner) else None


def _decode_hex(run: bytes) -> bytes | None:
    inner = binascii.unhexlify(run[: len(run) // 2 * 2])
    return inner if is_worth_reading(inner) else None


def is_worth_reading(inner: bytes) -> bool:
    """Whether decoded bytes are text or a package, and not a digest or a key."""
    if inner.startswith(_PACKAGES):
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

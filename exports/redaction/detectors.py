"""Patterns that give a person away: e-mail addresses, telephone numbers, numbers of identity papers.

Digits of any script are read. Numbers with check digits are checked, so that a date or a price is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archiver.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Detector:
    """`told` says what it finds; `sound` is asked about the digits of each find."""

    name: str
    told: str
    pattern: re.Pattern[str]
    sound: Callable[[str], bool] = lambda digits: True


def detect(name: str, text: str) -> Iterator[tuple[int, int]]:
    """Places in the text of what the detector finds. Raises BadInput for a detector there is none of."""
    detector = find_detector(name)
    plain = _plain_digits(text)
    place = 0
    while found := detector.pattern.search(plain, place):
        if detector.sound(re.sub(r"\D", "", found[0])):
            yield found.start(), found.end()
            place = found.end()
        else:
            place = found.start() + 1


def find_detector(name: str) -> Detector:
    """Raises BadInput."""
    for each in DETECTORS:
        if each.name == name:
            return each
    raise BadInput(f"no detector {name!r}: {', '.join(each.name for each in DETECTORS)}")


def _plain_digits(text: str) -> str:
    """Of the same length: every decimal digit as ASCII, full-width signs as their plain ones."""
    return "".join(_plain(each) for each in text)


def _plain(character: str) -> str:
    if character < "\x80":
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    if character in "‐‑‒–—−":
        return "-"
    if character in "＠":
        return "@"
    return "+" if character == "＋" else character


def verhoeff(digits: str) -> bool:
    """The check of Aadhaar numbers (Verhoeff's dihedral group D5)."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _D5[check][_turned(place, int(digit))]
    return check == 0


def luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_D5 = [[(a + b) % 5 if a < 5 and b < 5 else (a + b - 5) % 5 + 5 if a < 5 else (a - 5 - b) % 5 + 5 if b < 5
        else (a - b) % 5 for b in range(10)] for a in range(10)]  # fmt: skip
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _turned(place: int, digit: int) -> int:
    for _ in range(place % 8):
        digit = _TURN[digit]
    return digit


_LETTER = (
    r"\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963"
    r"\u0981-\u0983\u09bc-\u09cd\u09d7\u09e2\u09e3"
)
"""With the vowel signs of Assamese, Hindi and Urdu, which for `re` are no part of a word."""
_LEFT, _RIGHT = r"(?<![\w.+-])", r"(?![\w-])"

DETECTORS = (
    Detector(
        name="e-mail",
        told="e-mail addresses",
        pattern=re.compile(
            rf"(?<![{_LETTER}.+%-])[{_LETTER}.+%-]+(?:(?:@|%40|\s(?:@|%40)\s)[{_LETTER}-]+(?:\.[{_LETTER}-]+)+"
            # a blank on one side alone stands as often between a name and a handle: Luc Tremblay @luc.tremblay
            rf"|(?:\s(?:@|%40)|(?:@|%40)\s)[{_LETTER}-]+(?:\.[{_LETTER}-]+)*"
            rf"\.(?i:com|org|net|edu|gov|info|biz|example|[a-z]{{2}})(?![{_LETTER}-]))"
        ),
    ),
    Detector(
        name="phone",
        told="telephone numbers: international, Indian, Pakistani and North American ways of writing",
        pattern=re.compile(
            r"(?<![\w.])(?:(?:\+|00)\d{1,3}[ .()-]{0,2}(?:\d[ .()-]{0,2}){6,12}\d"
            r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}|0?3\d{2}[ -]?\d{7}|0\d{2,4}[ -]\d{6,8}|[6-9]\d{4}[ -]?\d{5})(?!\w)"
        ),
        sound=lambda digits: 7 <= len(digits) <= 15,
    ),
    Detector(
        name="aadhaar",
        told="Indian Aadhaar numbers, by their check digit",
        pattern=re.compile(_LEFT + r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}" + _RIGHT),
        sound=verhoeff,
    ),
    Detector(
        name="pan", told="Indian permanent account numbers", pattern=re.compile(r"(?<!\w)[A-Z]{5}\d{4}[A-Z](?!\w)")
    ),
    Detector(
        name="cnic",
        told="Pakistani identity card numbers",
        pattern=re.compile(_LEFT + r"[1-7]\d{4}[ -]?\d{7}[ -]?\d" + _RIGHT),
    ),
    Detector(
        name="sin",
        told="Canadian social insurance numbers, by their check digit",
        pattern=re.compile(_LEFT + r"[1-9]\d{2}[ -]?\d{3}[ -]?\d{3}" + _RIGHT),
        sound=luhn,
    ),
)
"""What a redaction by pattern can look for."""

"""One spelling for what readers take for the same, with the way back to the text as it stands.

Unicode forms, case, invisible characters, Latin accents, Arabic marks and letter variants, digits of any script,
percent-encoding and HTML's entities are folded; what parts words is one blank. Positions of the folding lead
back to the characters they came from, so that exactly these can be replaced.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

VARIANTS = str.maketrans("يىكهۃۀأإٱ", "ییکہہہااا")
_ENCODED = (r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*", r"&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});")
_ENCODED_PIECES = tuple(map(re.compile, _ENCODED))
"""Each begins with a letter of its own: that is what makes `re` pass quickly over the rest."""
_PIECE = re.compile("|".join([*_ENCODED, "."]), re.DOTALL)
_JOINED = re.compile(r"[#＃@]\w+|\bhttps?://\S+|\bwww\.\S+", re.IGNORECASE)
"""Where words are written together: hashtags, handles, addresses."""
_SHORT = 4096
"""Characters up to which a folding is remembered, for it takes far more room than its text."""


@dataclass(frozen=True)
class Spelled:
    """`text` is the folding; `starts` and `ends` are, for each of its characters, the place it came from.

    `bounds` are places in the folding at which a word begins or ends, the ends of the text among them.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    bounds: frozenset[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Of the text as it stands, what the folding's part came from."""
        return self.starts[start], self.ends[end - 1]


def spell(text: str) -> Spelled:
    """Fold a text."""
    return _spell_short(text) if len(text) <= _SHORT else _spell(text)


@lru_cache(maxsize=4096)
def _spell_short(text: str) -> Spelled:
    return _spell(text)


def _spell(text: str) -> Spelled:
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    breaks: set[int] = set()
    joined = _joined_places(text)
    before = ""
    for piece, start, end in _pieces(text):
        if joined and start in joined and before and _parts_words(before, piece):
            breaks.add(len(letters))
        folding = tuple(fold(piece))
        if not folding and letters and letters[-1] != " ":
            ends[-1] = end  # a mark belongs to its letter
        for character in folding:
            if character == " " and letters and letters[-1] == " ":
                ends[-1] = end
                continue
            letters.append(character)
            starts.append(start)
            ends.append(end)
        if piece.strip():
            before = piece
    folded = "".join(letters)
    return Spelled(folded, tuple(starts), tuple(ends), frozenset(breaks | set(_bounds(folded))))


def tokens(text: str) -> list[str]:
    """The words of a text, folded; signs such as emoji are words of their own."""
    return [each for each in spell(text).text.split(" ") if each]


def decode_pieces(text: str) -> str:
    """The text with percent-encoding and entities decoded, where they are some; the rest as it stands."""
    parts, end = [], 0
    for start, stop in sorted(found.span() for pattern in _ENCODED_PIECES for found in pattern.finditer(text)):
        parts += [text[end:start], _decoded(text[start:stop])]
        end = stop
    return "".join([*parts, text[end:]])


@lru_cache(maxsize=1024)
def _decoded(piece: str) -> str:
    decoded = unquote_to_bytes(piece).decode("utf-8", "replace") if piece[0] == "%" else html.unescape(piece)
    return piece if "\ufffd" in decoded else decoded


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """Characters with their places; an encoded run gives its characters, all with the run's place."""
    for found in _PIECE.finditer(text):
        piece = found[0]
        if len(piece) > 1:
            decoded = _decoded(piece)
            if decoded != piece:
                for character in decoded:
                    yield character, found.start(), found.end()
                continue
            for place, character in enumerate(piece, found.start()):
                yield character, place, place + 1
            continue
        yield piece, found.start(), found.end()


def fold(character: str) -> Iterator[str]:
    if character < "\x80":  # most of what is read
        yield character.lower() if character.isalnum() else " "
        return
    for each in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold()):
        kind = unicodedata.category(each)
        if kind in ("Cf", "Cc", "Cs") and not each.isspace():
            continue
        if _is_dropped(each):
            continue
        digit = unicodedata.decimal(each, None)
        if digit is not None:
            yield str(digit)
        elif kind[0] in "PZC":
            yield " "
        else:
            yield each.translate(VARIANTS)


def _is_dropped(character: str) -> bool:
    """Accents of Latin letters, vowel marks and the lengthening stroke of Arabic ones, variation selectors."""
    return (
        "\u0300" <= character <= "\u036f"
        or "\u0610" <= character <= "\u061a"
        or "\u064b" <= character <= "\u065f"
        or "\u06d6" <= character <= "\u06ed"
        or character in "\u0640\u0670"
        or "\ufe00" <= character <= "\ufe0f"
    )


def _joined_places(text: str) -> frozenset[int]:
    if "#" not in text and "＃" not in text and "@" not in text and "www." not in text and "://" not in text:
        return frozenset()
    return frozenset(place for found in _JOINED.finditer(text) for place in range(found.start(), found.end()))


def _parts_words(before: str, piece: str) -> bool:
    """Where a word begins in #WaterForRita2: at a capital after a small letter, between letters and digits."""
    return (before.islower() and piece.isupper()) or (
        before.isalnum() and piece.isalnum() and before.isdigit() != piece.isdigit()
    )


def _bounds(folded: str) -> Iterator[int]:
    yield 0
    yield len(folded)
    for place in range(1, len(folded)):
        before, after = folded[place - 1], folded[place]
        if before == " " or after == " " or _is_sign(before) != _is_sign(after) or _is_sign(after):
            yield place


def _is_sign(character: str) -> bool:
    return character != " " and unicodedata.category(character)[0] == "S"

"""Where a text has words in the very form they were asked for: case, accents, digits and signs as written.

Canonically equivalent spellings (UAX15) are one form, for nobody can see which was typed; any white
space is as good as another.
"""

from __future__ import annotations

import re
import unicodedata

import regex

from index.unspaced import UNSPACED

_GRAPHEME = regex.compile(r"\s+|\X")
_UNSPACED = regex.compile(UNSPACED, regex.V1)
_IN_WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]")


def places_of_form(text: str, form: str) -> list[tuple[int, int]]:
    """Offsets of `form` in `text`, in order, whole words only; none overlap."""
    pieces = [match.span() for match in _GRAPHEME.finditer(text)]
    shown = [_normal(text[start:end]) for start, end in pieces]
    wanted = [_normal(match[0]) for match in _GRAPHEME.finditer(form)]
    if not wanted:
        return []
    found: list[tuple[int, int]] = []
    place = 0
    while place <= len(shown) - len(wanted):
        end = place + len(wanted)
        if shown[place:end] == wanted and not (_cuts(shown, place) or _cuts(shown, end)):
            found.append((pieces[place][0], pieces[end - 1][1]))
            place = end
        else:
            place += 1
    return found


def has_form(text: str, form: str) -> bool:
    """Whether `places_of_form` finds any; faster, for many texts."""
    written = unicodedata.normalize("NFC", text)
    words = [re.escape(unicodedata.normalize("NFC", word)) for word in form.split()]
    wanted = re.compile(r"\s+".join(words))
    match = wanted.search(written) if words else None
    while match is not None:
        start, end = match.span()  # widened to white space, which no grapheme goes across
        while start > 0 and not written[start - 1].isspace():
            start -= 1
        while end < len(written) and not written[end].isspace():
            end += 1
        if places_of_form(written[start:end], form):
            return True
        match = wanted.search(written, match.start() + 1)  # the end of one word may be the beginning of what is sought
    return False


def _normal(piece: str) -> str:
    return " " if piece.isspace() else unicodedata.normalize("NFC", piece)


def _cuts(shown: list[str], place: int) -> bool:
    """Whether a word of a script with spaces stands on both sides of `place`."""
    if not 0 < place < len(shown):
        return False
    before, after = shown[place - 1], shown[place]
    return all(_IN_WORD.match(each) and not _UNSPACED.match(each) for each in (before, after))

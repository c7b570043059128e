"""A page's text as the rules of outcomes read it: by sentences, without marks that writers leave out. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_MOST = 60
"""Sentences that are looked at: what bars the way to a page says so early."""

_ENDS = re.compile(r"(?<=[.!?;।؟۔…])\s+")
_TITLE_PARTS = re.compile(r"\s+[|–—·•‧»«:-]+\s+|\s*[|•»«]\s*")

# Marks that change no word and that writers set or leave out: the nukta of Devanagari and of Bengali letters,
# short vowels of Arabic letters, joiners.
_LEFT_OUT = re.compile("[\u093c\u09bc\u064b-\u0652\u0670\u200b-\u200f\u2060\ufeff]")
_SAME = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ۂ": "ہ", "'": "’", "ʼ": "’", "‘": "’"})


def fold(text: str) -> str:
    """`text` as patterns are compared with it; patterns are folded alike."""
    return _LEFT_OUT.sub("", unicodedata.normalize("NFC", text).translate(_SAME))


def sentences(title: str, lines: Iterable[str]) -> tuple[str, ...]:
    """The title's parts and the first sentences of `lines`, without the marks around them.

    A question is none of them: a wall states, and who asks "page not found?" goes on to answer.
    """
    found: list[str] = []
    for each in (*_TITLE_PARTS.split(title), *(part for line in lines for part in _ENDS.split(line))):
        bare = _bare(each)
        if bare and not each.rstrip().endswith(("?", "؟")):
            found.append(bare)
            if len(found) == _MOST:
                break
    return tuple(found)


def _bare(text: str) -> str:
    """`text` without punctuation, symbols and blanks at both ends; a vowel sign is part of its letter."""
    kept = [place for place, each in enumerate(text) if unicodedata.category(each)[0] not in "PSZC"]
    return text[kept[0] : kept[-1] + 1] if kept else ""


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text that say something, blanks within them made one."""
    for line in text.splitlines():
        if tidy := " ".join(line.split()):
            yield tidy

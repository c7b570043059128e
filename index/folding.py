"""Which spellings of a word count as the same word, script by script.

Texts and queries are folded by the same rules, so what matters is only which words fall
together. Every rule is a choice between missing a record and showing one too many; the pairs
in tests/index/test_folding.py state each choice with its reason. A change here needs a new
`ANALYSER_VERSION` (analyser.py) and makes existing indexes rebuild.
"""

from __future__ import annotations

import unicodedata

import regex

MAX_WORD = 256
"""Folded words are cut here, in texts and queries alike: engines drop very long ones silently."""

_LETTERS = {
    # Latin letters without a canonical decomposition: the plain letter typed where it is missing.
    "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    # Assamese ra typed on a Bengali keyboard. Neither language has both, so no two words fall together.
    "ৰ": "র",
    # Khanda ta, and its spelling before Unicode 4.1 (ta, virama, joiner).
    "ৎ": "ত্",
    # Hindi is written with anusvara for chandrabindu wherever the font or the keyboard makes it hard.
    "ँ": "ं",
    # Nukta is optional in everyday Hindi and Marathi. (Bengali nukta makes other letters: kept.)
    "\u093c": "",
    # Arabic yeh and alef maksura, and Farsi/Urdu yeh: one key, three code points.
    "ي": "ی", "ى": "ی",
    # Arabic kaf, swash kaf, and Farsi/Urdu keheh.
    "ك": "ک", "ڪ": "ک",
    # Pashto gaf with ring, Farsi/Urdu gaf.
    "ګ": "گ",
    # Arabic heh, ae, teh marbuta (both spellings), and Urdu heh goal.
    "ه": "ہ", "ە": "ہ", "ة": "ہ", "ۃ": "ہ",
    "ٱ": "ا",  # alef wasla
    "ـ": "",  # tatweel only stretches a word
    "\u0654": "", "\u0655": "",  # hamza above and below: أ إ ؤ ئ ۂ ۓ as often typed without
}  # fmt: skip

_OPTIONAL_MARKS = (
    ("\u0610", "\u061a"), ("\u064b", "\u0652"), ("\u0656", "\u065f"), ("\u0670", "\u0670"),
    ("\u06d6", "\u06dc"), ("\u06df", "\u06e4"), ("\u06e7", "\u06e8"), ("\u06ea", "\u06ed"),
    ("\u08d3", "\u08e1"), ("\u08e3", "\u08ff"),  # Arabic vowel and reading marks
    ("\ufe00", "\ufe0f"),  # variation selectors
)  # fmt: skip

IGNORABLE = "\u00ad\u034f\u061c\u200c-\u200f\u2060\ufeff"
"""Characters inside a word that no reader sees (joiners, direction marks, soft hyphen), as a regex class."""

_UNSEEN = regex.compile(f"[{IGNORABLE}]")
_ACCENTS = regex.compile(r"(?<=[\p{Latin}\p{Greek}\p{Hebrew}])\p{Mn}+")
# Hindi writes a nasal before a consonant of its own class either in full or as anusvara.
_HINDI_NASAL = regex.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
_BEYOND_ACCENTS = "\u0600"  # Latin, Greek and Hebrew letters with accents decompose to letters below this
_EMOJI_VARIANTS = regex.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")


class _FoldTable(dict[int, str]):
    """A `str.translate` table that learns a character when it first meets it."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", chr(code)).casefold())
        self[code] = folded = "".join(map(_fold_character, plain))
        return folded


def _fold_character(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    unseen = character.isspace() or _UNSEEN.match(character)
    if unseen or any(first <= character <= last for first, last in _OPTIONAL_MARKS):
        return ""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    return character


_TABLE = _FoldTable()


def fold(word: str) -> str:
    """The form under which `word` is indexed and looked for; empty where nothing readable is left.

    Compatibility forms, case, accents on Latin, Greek and Hebrew letters, digits of every
    script and the spellings listed above fall together. Deliberately kept apart, because they
    tell common words apart: Urdu ے/ی (لڑکے/لڑکی), ھ/ہ inside a word (کھا/کہا), آ/ا (آب/اب), Assamese
    ৱ/ব, and Bengali letters with nukta. The result holds no white space.
    """
    text = word.translate(_TABLE)
    if text.isascii():
        return text[:MAX_WORD]
    if min(text) < _BEYOND_ACCENTS:
        text = _ACCENTS.sub("", text)
    if "्" in text:
        text = _HINDI_NASAL.sub("ं", text)
    if text.startswith("ھ"):  # it only makes aspirates, and none starts a word: there it is heh
        text = "ہ" + text[1:]
    if text.endswith("ء") and text[-2:-1].isdigit():  # Urdu's sign of the common era, written on to the year
        text = text[:-1]
    return unicodedata.normalize("NFC", text)[:MAX_WORD]


_LAST_NASAL = regex.compile("(?<=.)[ङञणनम]्?$")


def fold_beginnings(beginning: str) -> tuple[str, ...]:
    """The folded forms with which a word that begins with `beginning` may begin.

    What a letter folds to can depend on the next one: हिन begins हिन्दी, which is indexed as हिंदी.
    """
    folded = fold(beginning)
    other = _LAST_NASAL.sub("ं", folded)
    return (folded,) if other == folded else (folded, other)


def fold_emoji(emoji: str) -> str:
    """`emoji` without skin tone and presentation selector: 👍🏽 is found by 👍."""
    folded: str = _EMOJI_VARIANTS.sub("", emoji)
    return folded

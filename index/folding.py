"""Which spellings of a word count as the same word, script by script.

Texts and queries are folded by the same rules, so what matters is only which words fall
together. Every rule is a choice between missing a record and showing one too many; the pairs
in tests/index/test_folding.py state each choice with its reason. A change here needs a new
`ANALYSER_VERSION` (analyser.py) and makes existing indexes rebuild.
"""

from __future__ import annotations

import re
import unicodedata

import regex

MAX_WORD = 256
"""Folded words are cut here, in texts and queries alike: engines drop very long ones silently."""

_LETTERS = {
    # Latin letters without a canonical decomposition: the plain letter typed where it is missing.
    "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "ŋ": "n", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ɛ": "e", "ɔ": "o", "ə": "e", "ɨ": "i", "ʉ": "u", "ƀ": "b",
    "·": "", "ʼ": "",  # of the Catalan ŀ and the Afrikaans ŉ
    # Yiddish digraphs as typed letter by letter.
    "װ": "וו", "ױ": "וי", "ײ": "יי",
    # Assamese ra typed on a Bengali keyboard. Neither language has both, so no two words fall together.
    "ৰ": "র",
    # Khanda ta, and its spelling before Unicode 4.1 (ta, virama, joiner); Malayalam chillus before Unicode 5.1.
    "ৎ": "ত্",
    "ൺ": "ണ്", "ൻ": "ന്", "ർ": "ര്", "ൽ": "ല്", "ൾ": "ള്", "ൿ": "ക്",
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
    "\u0654": "", "\u0655": "", "ٴ": "",  # hamza above, below and high: أ إ ؤ ئ ۂ as often typed without
}  # fmt: skip
# Katakana and hiragana write the same sounds: ゴミ and ごみ are one word in two styles.
_LETTERS |= {chr(code): chr(code - 0x60) for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}

_OPTIONAL_MARKS = (
    ("\u0610", "\u061a"), ("\u064b", "\u0652"), ("\u0656", "\u065f"), ("\u0670", "\u0670"),
    ("\u06d6", "\u06dc"), ("\u06df", "\u06e4"), ("\u06e7", "\u06e8"), ("\u06ea", "\u06ed"),
    ("\u08d3", "\u08e1"), ("\u08e3", "\u08ff"),  # Arabic vowel and reading marks
)  # fmt: skip

UNSEEN = r"\p{Default_Ignorable_Code_Point}"
"""Characters that no reader sees (joiners, direction marks, soft hyphen, variation selectors), for a regex class."""

_UNSEEN = regex.compile(UNSEEN)
_ACCENTS = regex.compile(r"(?<=[\p{Latin}\p{Greek}\p{Hebrew}])\p{Mn}+")
# Russian leaves the dots of ё out; a stress mark stands on a vowel in dictionaries only. й, ї, ў are letters.
_CYRILLIC_MARKS = re.compile("(?<=е)\u0308|(?<=[аеиоуыэюяіє])[\u0300\u0301]")
# A nasal before a consonant of its own class is written in full or as anusvara: Hindi, Marathi; Bengali velars.
_HINDI_NASAL = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
_BENGALI_NASAL = re.compile("ঙ্(?=[ক-ঘ])")
# Sequences that look like a letter and that The Unicode Standard (chapter 12, vowel letters) says not to use.
_LOOKALIKES = {
    "अा": "आ", "अॅ": "ॲ", "अॉ": "ऑ", "अॊ": "ऒ", "अो": "ओ", "अौ": "औ", "आॅ": "ऑ", "आॆ": "ऒ", "आे": "ओ", "आै": "औ",
    "अॆ": "ऄ", "एॅ": "ऍ", "एॆ": "ऎ", "एे": "ऐ", "र्इ": "ई", "उु": "ऊ",
    "অা": "আ", "ঋৃ": "ৠ", "ঌৢ": "ৡ",
    "ব\u09bc": "র",  # ba with the dot of ra
}  # fmt: skip
_LOOKALIKE = re.compile("[अआएउरঅঋঌব](?:[\u093e\u0941\u0945-\u094c\u09be\u09c3\u09e2\u09bc]|्इ)")
# Two-eyed heh makes aspirates of stops. After n, m, l, r Urdu writes either heh (انہیں, انھیں); elsewhere it is heh.
_HEH = re.compile("(?<![بپتٹثجچدڈڑکگ])ھ")
# Thai and Lao am (ำ) is typed as one sign behind the tone, or as its circle before the tone and aa after it.
_SARA_AM = re.compile("([\u0e48-\u0e4b\u0ec8-\u0ecb]+)([\u0e4d\u0ecd])")
_EMOJI_VARIANTS = regex.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")

_YEH_BARREE_WITH_HAMZA = ord("ۓ")


class _FoldTable(dict[int, str]):
    """A `str.translate` table that learns a character when it first meets it."""

    def __missing__(self, code: int) -> str:
        if code == _YEH_BARREE_WITH_HAMZA:  # short for yeh and bari yeh: گۓ is گئے, and never گے
            return "یے"
        plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", chr(code)).casefold())
        self[code] = folded = _fold_accents("".join(map(_fold_character, plain)))
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
    tell common words apart: Urdu ے/ی (لڑکے/لڑکی), ھ/ہ after a stop (کھا/کہا), آ/ا (آب/اب), ں/ن (میں/مین),
    Pashto ې/ی, Assamese ৱ/ব, Bengali letters with nukta, and Russian й/и. The result holds no white space.
    """
    if "\u0654" in word:
        word = word.replace("ے\u0654", "ۓ")
    text = word.translate(_TABLE)
    if text.isascii():
        return text[:MAX_WORD]
    highest = max(text)
    if highest < "\u0600":
        text = _fold_accents(text)
    elif highest < "\u0900":
        text = _fold_arabic(text)
    elif highest < "\u0a00":
        text = _fold_indic(text)
    else:
        text = _SARA_AM.sub(r"\2\1", _fold_accents(text))
    return unicodedata.normalize("NFC", text)[:MAX_WORD]


def _fold_accents(text: str) -> str:
    return _CYRILLIC_MARKS.sub("", _ACCENTS.sub("", text))


def _fold_indic(text: str) -> str:
    text = _LOOKALIKE.sub(lambda match: _LOOKALIKES.get(match[0], match[0]), text)
    if "्" in text:
        text = _HINDI_NASAL.sub("ं", text)
    if "ঙ্" in text:
        text = _BENGALI_NASAL.sub("ং", text)
    if ":" in text:
        text = text.replace(":", "ঃ" if max(text) >= "\u0980" else "ः")
    # Modern spelling leaves the last visarga out (Bengali ক্রমশ), and typists write a colon for it (Hindi अत:).
    return text[:-1] if text[-1] in "ঃः" and len(text) > 2 else text


def _fold_arabic(text: str) -> str:
    if "ھ" in text:
        text = _HEH.sub("ہ", text)
    if text[-1] != "ء":
        return text
    if text[-2:-1].isdigit():  # Urdu's sign of the common era, written on to the year
        return text[:-1]
    return text[:-1] if text[-2:-1] == "ا" and len(text) > 3 else text  # Urdu writes علما for the Arabic علماء


_LAST_NASAL = regex.compile("(?<=.)(?:([ङञणनम])|ঙ)[्্]?$")


def fold_beginnings(beginning: str) -> tuple[str, ...]:
    """The folded forms with which a word that begins with `beginning` may begin.

    What a letter folds to can depend on the next one: हिन begins हिन्दी, which is indexed as हिंदी.
    """
    folded = fold(beginning)
    other = _LAST_NASAL.sub(lambda match: "ं" if match[1] else "ং", folded)
    return (folded,) if other == folded else (folded, other)


def fold_emoji(emoji: str) -> str:
    """`emoji` without skin tone and presentation selector: 👍🏽 is found by 👍."""
    folded: str = _EMOJI_VARIANTS.sub("", emoji)
    return folded

"""The language of a text, as a BCP 47 tag: what is declared if it can be, else by letters, else by statistics."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

import py3langid

UNDETERMINED = "und"

# First letter of each range of one script, ascending; "" ends a range (Unicode blocks, letters only).
_RANGES: tuple[tuple[int, str], ...] = (
    (0x0041, "Latn"),
    (0x0370, "Grek"),
    (0x0400, "Cyrl"),
    (0x0530, "Armn"),
    (0x0590, "Hebr"),
    (0x0600, "Arab"),
    (0x0700, ""),
    (0x0750, "Arab"),
    (0x0780, ""),
    (0x08A0, "Arab"),
    (0x0900, "Deva"),
    (0x0980, "Beng"),
    (0x0A00, "Guru"),
    (0x0A80, "Gujr"),
    (0x0B00, "Orya"),
    (0x0B80, "Taml"),
    (0x0C00, "Telu"),
    (0x0C80, "Knda"),
    (0x0D00, "Mlym"),
    (0x0D80, "Sinh"),
    (0x0E00, "Thai"),
    (0x0E80, "Laoo"),
    (0x0F00, "Tibt"),
    (0x1000, "Mymr"),
    (0x10A0, "Geor"),
    (0x1100, "Hang"),
    (0x1200, ""),
    (0x1C50, "Olck"),
    (0x1C80, ""),
    (0x1E00, "Latn"),
    (0x1F00, "Grek"),
    (0x2000, ""),
    (0x3040, "Kana"),
    (0x3100, ""),
    (0x3400, "Hani"),
    (0xA000, ""),
    (0xABC0, "Mtei"),
    (0xAC00, "Hang"),
    (0xD7B0, ""),
    (0xFB50, "Arab"),
    (0xFE00, ""),
    (0xFE70, "Arab"),
    (0xFF00, ""),
)
_STARTS = [start for start, _ in _RANGES]

# What each script is taken to write; the first is the guess where a text is too short to tell.
_LANGUAGES: dict[str, tuple[str, ...]] = {
    "Latn": ("en", "fr", "de", "es", "pt", "it", "nl", "sv", "da", "pl", "cs", "tr", "id", "vi", "sw", "fi", "ro"),
    "Cyrl": ("ru", "uk", "bg", "sr", "be", "mk", "kk"),
    "Deva": ("hi", "mr", "ne"),
    "Beng": ("bn", "as"),
    "Arab": ("ar", "fa", "ur", "ps"),
    "Grek": ("el",),
    "Armn": ("hy",),
    "Hebr": ("he",),
    "Guru": ("pa",),
    "Gujr": ("gu",),
    "Orya": ("or",),
    "Taml": ("ta",),
    "Telu": ("te",),
    "Knda": ("kn",),
    "Mlym": ("ml",),
    "Sinh": ("si",),
    "Thai": ("th",),
    "Laoo": ("lo",),
    "Tibt": ("bo", "dz"),
    "Mymr": ("my",),
    "Geor": ("ka",),
    "Hang": ("ko",),
    "Olck": ("sat",),
    "Mtei": ("mni",),
    "Kana": ("ja",),
    "Hani": ("zh", "ja"),
}
# Languages a declaration may name, beside those above, with the scripts they are written in.
_ALSO = {
    "pa": {"Guru", "Arab"},
    "ks": {"Arab", "Deva"},
    "sd": {"Arab", "Deva"},
    "sa": {"Deva"},
    "kok": {"Deva"},
    "mai": {"Deva"},
    "bho": {"Deva"},
    "doi": {"Deva"},
    "brx": {"Deva"},
    "mni": {"Beng", "Mtei"},
    "sat": {"Olck", "Deva", "Beng"},
    "sr": {"Cyrl", "Latn"},
    "ckb": {"Arab"},
    "ug": {"Arab"},
    "yi": {"Hebr"},
    "ja": {"Kana", "Hani"},
    "ko": {"Hang", "Hani"},
    "kk": {"Cyrl", "Latn", "Arab"},
}

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_NOT_WORDS = re.compile(r"https?://\S+|[@#]\w+|\S+@\S+")
_LONGEST = 4_000  # characters looked at
_FEWEST_LATIN = 12  # letters; statistics on fewer are guesses
_MARGIN = 2.0  # by which the best Latin guess must lead, in nats

_ASSAMESE = frozenset("ৰৱ")  # Bengali writes র and has no ৱ
_PASHTO = frozenset("ټځڅډړږښګڼېۍ")
_URDU = frozenset("ٹڈڑںےۓہھۂ")


def detect_language(text: str, declared: str = "", fallback: str = "") -> str:
    """The tag of `text`; "und" where nothing tells.

    `declared` is believed if it names a language of the script most letters are in;
    `fallback`, the language of the page around, on the same condition where the letters do
    not tell.
    """
    words = _NOT_WORDS.sub(" ", text[:_LONGEST])
    script, letters = main_script(words)
    if not script:
        return UNDETERMINED
    if _plausible(declared, script):
        return canonical_tag(declared)
    found = _by_letters(words, script, letters)
    if found == UNDETERMINED and _plausible(fallback, script):
        return canonical_tag(fallback)
    return found


def canonical_tag(tag: str) -> str:
    """`tag` with the letter case that RFC 5646, section 2.1.1 recommends; "und" where it is no tag."""
    tag = tag.strip().replace("_", "-")
    if not _TAG.fullmatch(tag):
        return UNDETERMINED
    first, *rest = tag.split("-")
    return "-".join(
        [first.lower(), *(p.title() if len(p) == 4 else p.upper() if len(p) == 2 else p.lower() for p in rest)]
    )


def main_script(text: str) -> tuple[str, int]:
    """ISO 15924 code of the script most letters of `text` are in, and how many; ("", 0) without letters."""
    counts: Counter[str] = Counter()
    for character, number in Counter(text).items():
        if character.isalpha():
            counts[_RANGES[bisect_right(_STARTS, ord(character)) - 1][1]] += number
    del counts[""]
    if counts["Kana"] and counts["Hani"]:  # Japanese mixes them; Chinese has no kana
        counts["Kana"] += counts.pop("Hani")
    counts = +counts
    if not counts:
        return "", 0
    return max(counts.items(), key=lambda found: (found[1], found[0]))


def _plausible(tag: str, script: str) -> bool:
    canonical = canonical_tag(tag)
    if canonical == UNDETERMINED:
        return False
    primary, *rest = canonical.split("-")
    stated = next((part for part in rest if len(part) == 4 and part.isalpha()), "")
    if stated:
        return stated == script or (stated in ("Hans", "Hant", "Jpan") and script in ("Hani", "Kana"))
    scripts = {code for code, names in _LANGUAGES.items() if primary in names} | _ALSO.get(primary, set())
    return script in scripts if scripts else script == "Latn"


def _by_letters(text: str, script: str, letters: int) -> str:
    candidates = _LANGUAGES[script]
    if len(candidates) == 1 or script == "Hani":
        return candidates[0]
    if script == "Beng":
        return "as" if _ASSAMESE & set(text) else _best(text, candidates, at_least=20, letters=letters)
    if script == "Arab":
        pashto = sum(text.count(letter) for letter in _PASHTO)
        urdu = sum(text.count(letter) for letter in _URDU)
        if pashto or urdu:
            return "ps" if pashto > urdu else "ur"
        return _best(text, ("ar", "fa"), at_least=4, letters=letters)
    if script == "Latn":
        if letters < _FEWEST_LATIN:
            return UNDETERMINED
        (best, first), (_, second) = _ranked(text, candidates)[:2]
        return best if first - second >= _MARGIN else UNDETERMINED
    return _best(text, candidates, at_least=20, letters=letters)


def _best(text: str, candidates: tuple[str, ...], *, at_least: int, letters: int) -> str:
    return _ranked(text, candidates)[0][0] if letters >= at_least else candidates[0]


def _ranked(text: str, candidates: tuple[str, ...]) -> list[tuple[str, float]]:
    ranks = {language: float(score) for language, score in py3langid.rank(text)}
    return sorted(((name, ranks[name]) for name in candidates if name in ranks), key=lambda rank: -rank[1])

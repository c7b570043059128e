"""Alphabets whose letters fold one by one, whatever stands beside them.

Most words of most texts are made of such letters alone. Those words are folded all at once: a text is written as a
byte for each character, and read back folded. Whatever else a text has (hashtags, emoji, addresses, letters whose
folding asks what stands beside them) is found by its byte, and analysed as `analyse` does.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import cache

from index.folding import MAX_WORD, fold

_UNKNOWN = b"\xff"
"""The byte of what an alphabet has no letter for."""

_PARTING = "«»“”„‘–—…।॥،؛؟۔"  # not ’ and ٬, which group digits
_SIGNS = b"#@:" + _UNKNOWN  # what makes a chunk more than its letters and digits
_WHITE = bytes.maketrans(b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f", b" " * 9)
_ASCII_READ = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))


class Alphabet:
    """ASCII, and `letters`; the two letters of one of `pairs` are folded together, so they are told by the byte of
    what is unknown. A letter that folds to several is among `letters` too.
    """

    def __init__(self, letters: str, pairs: Iterable[str] = ()) -> None:
        folded = {letter: fold(letter) for letter in dict.fromkeys(letters)}
        beyond = [*folded, *_PARTING]
        self._codes = codecs.charmap_build("".join(map(chr, range(128))) + "".join(beyond).ljust(128, "\ufffe"))
        self._pairs = tuple(self.encode(pair) for pair in pairs)
        read = [*_ASCII_READ[:128].decode()]
        # a letter that folds to several stands for itself until all is read
        read += [plain if len(plain) == 1 else letter for letter, plain in folded.items()] + [" "] * len(_PARTING)
        self._read = "".join(read).ljust(256)
        self._several = tuple((letter, plain) for letter, plain in folded.items() if len(plain) > 1)
        self._simple = bytes(code for code in range(128 + len(beyond)) if code not in _SIGNS)
        self._sign = re.compile(b"[^" + re.escape(self._simple) + b"]")

    def encode(self, text: str) -> bytes:
        """A byte for each character; ASCII is written as itself."""
        return text.encode() if text.isascii() else codecs.charmap_encode(text, _ERRORS, self._codes)[0]

    def hide_pairs(self, written: bytes) -> bytes:
        """`written` with the letters that are folded together as if they were unknown."""
        for pair in self._pairs:
            if pair in written:
                written = written.replace(pair, _UNKNOWN * len(pair))
        return written

    def is_simple(self, written: bytes) -> bool:
        """Whether all of it is letters, digits and what parts words."""
        return not written.translate(None, self._simple)

    def chunks(self, written: bytes) -> Iterable[tuple[int, int]]:
        """The places of those stretches between white space that are more than letters and digits."""
        written = written.translate(_WHITE)
        place = 0
        while sign := self._sign.search(written, place):
            start = written.rfind(b" ", place, sign.start()) + 1 or place
            end = written.find(b" ", sign.end())
            place = len(written) if end < 0 else end
            yield start, place

    def words(self, written: bytes) -> str:
        """The folded words of what is simple, with spaces between them and perhaps around."""
        if written.isascii():
            read = written.translate(_ASCII_READ).decode()
        else:
            read = codecs.charmap_decode(written, "strict", self._read)[0]
            for letter, plain in self._several:
                if letter in read:
                    read = read.replace(letter, plain)
        return read if len(read) <= MAX_WORD else " ".join([word[:MAX_WORD] for word in read.split()])


def _as_unknown(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    return _UNKNOWN * (error.end - error.start), error.end


_ERRORS = "archiver.unknown"
codecs.register_error(_ERRORS, _as_unknown)


def _between(first: str, last: str, *, but: str = "") -> str:
    return "".join(letter for letter in map(chr, range(ord(first), ord(last) + 1)) if letter not in but)


_LETTERS = {
    # without × and ÷
    "Latin": _between("À", "ÿ", but="×÷") + "ŒœŸ",
    # without hamza, tatweel and two-eyed heh, which ask for their neighbours, and the marks
    "Arabic": _between("آ", "غ", but="\u063b\u063c\u063d\u063e\u063f") + _between("ف", "ي") + "ٱٹپچڈڑژکڪگںہۂۃیے"
    + "ټځڅډړږښګڼۍېۀۆۇۋەٽٿڀڃڄڇڊڌڏڙڦڱڳڻ",
    # without visarga, nukta and the rare vocalic l
    "Bengali": "ঁং" + _between("অ", "ঋ") + "এঐওঔ" + _between("ক", "ন") + _between("প", "র") + "লশষসহ"
    + _between("া", "ৄ") + "েৈোৌ্ৎ\u09dc\u09dd\u09dfৰৱ",
    "Devanagari": "ँं" + _between("अ", "ऋ") + "एऐऑओऔ" + _between("क", "न") + _between("प", "र") + "लळवशषसह"
    + _between("ा", "ॄ") + "ॅेैॉोौ्" + _between("\u0958", "\u095f"),
}  # fmt: skip

_PAIRS = {
    "Bengali": ("অা", "ঋৃ", "\u09c7\u09be", "ঙ্"),
    "Devanagari": (
        *("ङ्", "ञ्", "ण्", "न्", "म्", "्इ"),
        *("अा", "अॅ", "अॉ", "अो", "अौ", "आॅ", "आे", "आै", "एॅ", "एे", "उु"),
    ),
}

SCRIPTS = tuple(_LETTERS)
_FIRST_LETTER = re.compile(r"[^\x00-\x7f\W]")


@cache
def _alphabet(script: str) -> Alphabet:
    return Alphabet(_LETTERS[script], _PAIRS.get(script, ()))


class _Scripts(dict[str, str]):
    """The script of each letter that has an alphabet here, else nothing."""

    def __missing__(self, letter: str) -> str:
        self[letter] = script = next((name for name, letters in _LETTERS.items() if letter in letters), "")
        return script


_SCRIPTS = _Scripts()


def letters_of(script: str) -> str:
    """Every letter beyond ASCII of a script's alphabet."""
    return _LETTERS[script]


def alphabet_of(text: str) -> Alphabet | None:
    """The alphabet of the first letter beyond ASCII, else the Latin one; None where its script has none here."""
    letter = None if text.isascii() else _FIRST_LETTER.search(text)
    script = _SCRIPTS[letter[0]] if letter else "Latin"
    return _alphabet(script) if script else None

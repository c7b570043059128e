"""Proof before sealing: nothing of what was redacted or withheld is in any byte of a production.

Every reading of every file (`readings`) is searched for every redacted string in all its spellings, and for the
patterns; every picture is read by OCR where Tesseract is installed. What could not be searched is a finding.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from archiver.core.errors import LeakFound
from exports.detectors import detect
from exports.gate import Secret
from exports.readings import NotSearched, Reading, read_all
from exports.redaction_rules import RedactionRule, match_words
from exports.spelling import spell, tokens

_LEAST_LETTERS = 12
"""Withheld texts shorter than that ("yes, thank you") are looked for in their own renditions only."""
_OWN_FILES = re.compile(r"(^|/)(production|trail|capture)\.json|manifest-|bag-info\.txt|items\.[a-z]+\.jsonl$")
"""Files full of lengths and digests, in which a pattern of digits means nothing."""
_CHUNK = 1 << 22


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A redacted string where it must not be. `fatal`: nobody can acknowledge it."""

    place: str
    rule: str
    item: str
    fatal: bool
    reason: str = ""  # of its acknowledgement

    @property
    def told(self) -> str:
        what = f"what {self.rule} redacts" if self.rule else "the text of what is withheld"
        return f"{self.place}: {what}" + (f" in {self.item}" if self.item else "")


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    """What was searched and found. `leaks` stop the sealing where they are fatal or not acknowledged."""

    leaks: tuple[Leak, ...]
    not_searched: tuple[str, ...]
    files: int
    size: int
    readings: int
    strings: int
    pictures_read: int
    ocr: str

    @property
    def stopping(self) -> tuple[str, ...]:
        return (*(each.told for each in self.leaks if each.fatal or not each.reason), *self.not_searched)

    def require_clean(self) -> None:
        """Raises LeakFound, naming the places."""
        if self.stopping:
            more = f"; and {len(self.stopping) - 20} more" if len(self.stopping) > 20 else ""
            raise LeakFound(f"nothing was sealed: {'; '.join(self.stopping[:20])}{more}")


class LeakCheck:
    """Searches files one after the other for the secrets of one production.

    `own` has, for an item, words that name its own renditions: a hit of a string redacted `here` is fatal in a
    place that holds one. `acknowledged` are places of other hits with the reason a person gave.
    """

    def __init__(
        self,
        secrets: Iterable[Secret],
        rules: Sequence[RedactionRule],
        *,
        own: Mapping[str, Sequence[str]] | None = None,
        acknowledged: Mapping[str, str] | None = None,
        read_picture: Callable[[bytes], str] | None = None,
    ) -> None:
        self._own, self._acknowledged = own or {}, acknowledged or {}
        self._read_picture = read_picture
        self._patterns = [each for each in rules if each.kind == "pattern" and each.scope == "everywhere"]
        self._wanted: dict[tuple[str, ...], list[Secret]] = {}
        inside = {each.id for each in rules if each.inside}
        self._inside: set[tuple[str, ...]] = set()
        for secret in secrets:
            words = tuple(tokens(secret.text))
            if words:
                self._wanted.setdefault(words, []).append(secret)
                if secret.rule in inside:
                    self._inside.add(words)
        for rule in rules:
            if rule.kind in ("phrase", "person") and rule.scope == "everywhere":
                for phrase in rule.phrases:
                    words = tuple(tokens(phrase))
                    self._wanted.setdefault(words, []).append(
                        Secret(text=phrase, everywhere=True, item="", rule=rule.id)
                    )
                    if rule.inside:
                        self._inside.add(words)
        self._squeezed = {"".join(words): words for words in self._wanted}
        self._leaks: dict[Leak, None] = {}
        self._not_searched: list[str] = []
        self._files = self._size = self._readings = self._pictures = 0

    def search(self, name: str, content: bytes) -> None:
        """Search one file of the production; `name` is its path there."""
        self._files += 1
        self._size += len(content)
        for reading in read_all(name, content):
            if isinstance(reading, NotSearched):
                self._not_searched.append(str(reading))
            else:
                self._search(reading)
        if self._read_picture is not None and content[:8] == b"\x89PNG\r\n\x1a\n":
            self._pictures += 1
            self._search(Reading(f"{name} (as read by OCR)", self._read_picture(content), False))

    def search_tree(self, root: Path) -> None:
        for path in sorted(each for each in root.rglob("*") if each.is_file()):
            self.search(path.relative_to(root).as_posix(), path.read_bytes())

    def report(self) -> LeakReport:
        return LeakReport(
            leaks=tuple(self._leaks),
            not_searched=tuple(self._not_searched),
            files=self._files,
            size=self._size,
            readings=self._readings,
            strings=len(self._wanted),
            pictures_read=self._pictures,
            ocr="read by Tesseract (what it cannot read unredacted proves nothing)"
            if self._read_picture
            else "not read: Tesseract is not installed",
        )

    def _search(self, reading: Reading) -> None:
        self._readings += 1
        text = reading.text
        for start in range(0, max(1, len(text)), _CHUNK):
            self._search_part(reading, text[max(0, start - 4096) : start + _CHUNK])
        if reading.plain and self._patterns and not _OWN_FILES.search(reading.place):
            for rule in self._patterns:
                for _ in detect(rule.detector, text):
                    self._enter(reading.place, Secret(text="", everywhere=True, item="", rule=rule.id))
                    break

    def _search_part(self, reading: Reading, text: str) -> None:
        squeezed = squeeze(text)
        for letters, words in self._squeezed.items():
            if letters not in squeezed:
                continue
            found = next(match_words(spell(text), words, inside=words in self._inside), None)
            if found is None:
                continue
            for secret in self._wanted[words]:
                self._enter(reading.place, secret)

    def _enter(self, place: str, secret: Secret) -> None:
        own = any(each in place for each in self._own.get(secret.item, ())) if secret.item else False
        fatal = secret.everywhere or own
        if not fatal and secret.rule in ("", "withheld") and not _is_telling(secret):
            return
        leak = Leak(place=place, rule=secret.rule.replace("withheld", ""), item=secret.item, fatal=fatal)
        reason = "" if fatal else self._acknowledged.get(leak.told, "")
        self._leaks[Leak(place=place, rule=leak.rule, item=leak.item, fatal=fatal, reason=reason)] = None


def _is_telling(secret: Secret) -> bool:
    """Whether a withheld text is looked for elsewhere too: what was not responsive is no secret."""
    return bool(secret.rule) and sum(map(len, tokens(secret.text))) >= _LEAST_LETTERS


class _Letters(dict[int, str]):
    """`spelling`'s folding of single letters for str.translate, without what parts words."""

    def __missing__(self, code: int) -> str:
        folded = spell(chr(code)).text.replace(" ", "")
        self[code] = folded
        return folded


_LETTERS = _Letters()


@lru_cache(maxsize=64)
def squeeze(text: str) -> str:
    """The letters alone, folded: quick, and a superset of what `spell` finds."""
    if "%" in text:
        text = unquote(text, errors="replace")
    if "&" in text:
        text = html.unescape(text)
    return unicodedata.normalize("NFKC", text).translate(_LETTERS)

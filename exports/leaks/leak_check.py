"""Proof before sealing: nothing of what was redacted or withheld is in any byte of a production.

Every reading of every file (`readings`) is searched for every redacted string in all its spellings, and for the
patterns; every picture is read by OCR where Tesseract is installed. What could not be searched is a finding.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from exports.bundle.bag import files_below
from exports.leaks.findings import Found, Leak, LeakReport, Sought, unread
from exports.leaks.needles import Needles
from exports.leaks.readings import Memory, NotSearched, Reading, is_package, read_all, read_package
from exports.leaks.short_files import File, part_plain
from exports.leaks.squeezing import squeeze
from exports.redaction.detectors import detect
from exports.redaction.rules import RedactionRule, match_words
from exports.redaction.secrets import Secret
from exports.redaction.spelling import Spelled, spell, tokens

_LEAST_LETTERS = 12
"""Withheld texts shorter than that ("yes, thank you") are looked for in their own renditions only."""
_OWN_FILES = re.compile(r"(^|/)(production|trail|capture)\.json|manifest-|bag-info\.txt|items\.[a-z]+\.jsonl$")
"""Files full of lengths and digests, in which a pattern of digits means nothing."""
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"\xff\xd8\xff")
"""How PNG, TIFF and JPEG begin."""
_BLANK = re.compile(r"\s")
_CHUNK = 1 << 20
_OVERLAP = 4096
_BATCH = 1 << 16
"""Characters of short readings that are searched together."""
_WINDOW, _TOGETHER = 256, 8
"""Characters of a piece, and pieces in which a hit is looked at word by word, rather than in the whole text."""
_REMEMBERED = 1 << 14
"""Bytes from which on a WARC, or a body in it, is remembered when nothing was found in it."""
_SHORT_FILE = 1 << 13


class Helper(Protocol):
    """Another process that takes its share of the files."""

    def share(self, check: LeakCheck, root: Path, names: Sequence[str]) -> None:
        """Search them, or have `check` search them; it knows in the end what was found in all."""


class LeakCheck:
    """Searches files one after the other for the secrets of one production.

    `own` has, for an item, words that name its own renditions: a hit of a string redacted `here` is fatal in a
    place that holds one. `acknowledged` are places of other hits with the reason a person gave. `numbers` are those
    of the production's own pages, in which a pattern of digits means nothing. A check that `leaves_pictures` tells
    which ones OCR has to read.
    """

    def __init__(
        self,
        secrets: Iterable[Secret],
        rules: Sequence[RedactionRule],
        *,
        own: Mapping[str, Sequence[str]] | None = None,
        acknowledged: Mapping[str, str] | None = None,
        read_picture: Callable[[bytes], str] | None = None,
        numbers: re.Pattern[str] | None = None,
        leaves_pictures: bool = False,
    ) -> None:
        secrets = tuple(secrets)
        self._own, self._acknowledged = own or {}, acknowledged or {}
        self._numbers = numbers
        self._read_picture, self._leaves_pictures = read_picture, leaves_pictures
        self.sought = Sought(
            secrets=secrets,
            rules=tuple(rules),
            own=self._own,
            acknowledged=self._acknowledged,
            numbers=numbers,
            reads_pictures=read_picture is not None,
        )
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
        self._letters: dict[str, list[tuple[str, ...]]] = {}
        for words in self._wanted:
            self._letters.setdefault("".join(words), []).append(words)
        self._needles = Needles(self._letters)
        self._overlap = max(_OVERLAP, 4 * max(map(len, self._letters), default=0))
        self._memory = _CleanOnes(self)
        self._short: list[File] = []
        self._short_size = self.hits = 0
        self._skipped: list[tuple[str, str]] = []
        self._left: list[str] = []
        self._leaks: dict[Leak, None] = {}
        self._waiting: list[Reading] = []
        self._waiting_size = 0
        self._not_searched: list[str] = []
        self._files = self._size = self._readings = self._pictures = 0

    def search(self, name: str, content: bytes) -> None:
        """Search one file of the production; `name` is its path there."""
        self._files += 1
        self._size += len(content)
        if len(content) > _SHORT_FILE or self._patterns or content.startswith(_PICTURES):
            self._search_file(name, content)
            return
        self._short.append((name, content))
        self._short_size += len(content)
        if self._short_size >= _BATCH:
            self._search_short()

    def _search_short(self) -> None:
        """Search the short files that are waiting."""
        short, self._short, self._short_size = self._short, [], 0
        plain, others = part_plain(short)
        self._search_plain(plain)
        for name, content in others:
            self._search_file(name, content)

    def _search_plain(self, files: Sequence[File]) -> None:
        """Texts joined: what is in none of them joined is in none of them."""
        joined = squeeze("\n".join(f"{name}\n{content.decode()}" for name, content in files))
        if next(self._needles.find(joined), None) is None:
            self._readings += 2 * len(files)
        elif len(files) > 1:
            half = len(files) // 2
            self._search_plain(files[:half])
            self._search_plain(files[half:])
        else:
            self._search_file(*files[0])

    def _search_file(self, name: str, content: bytes) -> None:
        begun = self._memory.begin() if name.endswith(".warc.gz") else None  # a WACZ holds it again
        self._search_all(read_all(name, content, self._memory))
        if (self._read_picture or self._leaves_pictures) and content.startswith(_PICTURES):
            self._search_picture(name, content)
        if begun is not None:
            self._memory.keep(content, begun)

    def search_words(self, place: str, words: str) -> None:
        """Search words that are in no file of the production, but on a picture of it."""
        self._search(Reading(place, words, False))

    def _search_picture(self, name: str, content: bytes) -> None:
        page = unread(Path(name).stem)
        if page in self._acknowledged:
            self._skipped.append((page, self._acknowledged[page]))
        elif self._read_picture is None:
            self._left.append(name)
        else:
            self._pictures += 1
            self._search(Reading(f"{name} (as read by OCR)", self._read_picture(content), False))

    def search_tree(self, root: Path, helper: Helper | None = None) -> None:
        """Search every file below `root`, some of them by the helper; packages last, for they hold much of the others
        again.
        """
        packages, others = list[str](), list[str]()
        for name in sorted(files_below(root)):
            (packages if name.endswith(".wacz") else others).append(name)
        (helper.share if helper else LeakCheck.search_files)(self, root, others)
        self.search_files(root, packages)

    def search_files(self, root: Path, names: Iterable[str]) -> None:
        """Search these files, whose names are their paths below `root`."""
        for name in names:
            path = f"{root}/{name}"
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path for each file takes longer
                content = file.read(_CHUNK)
                if not is_package(content):
                    content += file.readall() if len(content) == _CHUNK else b""
                    self.search(name, content)
                    continue
            self._files += 1
            self._size += Path(path).stat().st_size
            self._search_all(read_package(name, Path(path), self._memory))

    def found(self) -> Found:
        """What was found so far, for another check to `add`."""
        self._search_short()
        self.search_waiting()
        return Found(
            leaks=tuple(self._leaks),
            not_searched=tuple(self._not_searched),
            files=self._files,
            size=self._size,
            readings=self._readings,
            skipped=tuple(self._skipped),
            pictures=tuple(self._left),
            clean=frozenset(self._memory.clean),
        )

    def add(self, root: Path, found: Found) -> None:
        """What another check, of the same secrets, found in other files below `root`; its pictures are read."""
        self._leaks |= dict.fromkeys(found.leaks)
        self._not_searched += found.not_searched
        self._skipped += found.skipped
        self.hits += len(found.leaks) + len(found.not_searched)
        self._files, self._size = self._files + found.files, self._size + found.size
        self._readings += found.readings
        self._memory.clean |= found.clean
        for name in found.pictures:
            self._search_picture(name, (root / name).read_bytes())

    def report(self) -> LeakReport:
        found = self.found()
        return LeakReport(
            leaks=found.leaks,
            not_searched=found.not_searched,
            files=found.files,
            size=found.size,
            readings=found.readings,
            strings=len(self._wanted),
            pictures_read=self._pictures,
            ocr="read by Tesseract (what it cannot read unredacted proves nothing)"
            if self._read_picture
            else "not read: OCR was left out, or Tesseract is not installed",
            skipped=found.skipped,
        )

    def _search_all(self, readings: Iterable[Reading | NotSearched]) -> None:
        for reading in readings:
            if isinstance(reading, NotSearched):
                self.hits += 1
                if reason := self._acknowledged.get(told := str(reading)):
                    self._skipped.append((told, reason))
                else:
                    self._not_searched.append(told)
            else:
                self._search(reading)

    def _search(self, reading: Reading) -> None:
        self._readings += 1
        if reading.plain and self._patterns and not _OWN_FILES.search(reading.place.partition(", ")[0]):
            text = self._numbers.sub(" ", reading.text) if self._numbers else reading.text
            for rule in self._patterns:
                for _ in detect(rule.detector, text):
                    self._enter(reading.place, Secret(text="", everywhere=True, item="", rule=rule.id))
                    break
        if len(reading.text) >= _BATCH:
            self._search_alone(reading)
            return
        self._waiting.append(reading)
        self._waiting_size += len(reading.text)
        if self._waiting_size >= _BATCH:
            self.search_waiting()

    def search_waiting(self) -> None:
        """Search what is waiting; texts in ASCII by themselves, for they are squeezed far more quickly."""
        waiting, self._waiting, self._waiting_size = self._waiting, [], 0
        for ascii in (True, False):
            self._search_together([each for each in waiting if each.text.isascii() is ascii])

    def _search_together(self, readings: Sequence[Reading]) -> None:
        """What is in none of them joined is in none of them; where something is, ever fewer are joined."""
        if len(readings) < 2:
            for each in readings:
                self._search_alone(each)
            return
        joined = squeeze("\n".join(each.text for each in readings))
        if next(self._needles.find(joined), None) is not None:
            half = len(readings) // 2
            self._search_together(readings[:half])
            self._search_together(readings[half:])

    def _search_alone(self, reading: Reading) -> None:
        text = reading.text
        if reading.words is not None:
            if next(self._needles.find(squeeze(text)), None) is None:
                return
            text = reading.words()
        for start in range(0, len(text), _CHUNK):
            self._search_part(reading, text[max(0, start - self._overlap) : start + _CHUNK])

    def _search_part(self, reading: Reading, text: str) -> None:
        windows: _Windows | None = None
        confirmed = set[tuple[str, ...]]()
        for letters, place in self._needles.find(squeeze(text)):
            sought = [words for words in self._letters[letters] if words not in confirmed]
            if not sought:
                continue
            windows = windows or _Windows(text)
            spelled = windows.around(place, len(letters))
            for words in sought:
                if next(match_words(spelled, words, inside=words in self._inside), None) is not None:
                    confirmed.add(words)
                    for secret in self._wanted[words]:
                        self._enter(reading.place, secret)

    def _enter(self, place: str, secret: Secret) -> None:
        self.hits += 1
        own = any(each in place for each in self._own.get(secret.item, ())) if secret.item else False
        fatal = secret.everywhere or own
        if not fatal and secret.rule in ("", "withheld") and not _is_telling(secret):
            return
        leak = Leak(place=place, rule=secret.rule.replace("withheld", ""), item=secret.item, fatal=fatal)
        reason = "" if fatal else self._acknowledged.get(leak.told, "")
        self._leaks[Leak(place=place, rule=leak.rule, item=leak.item, fatal=fatal, reason=reason)] = None


class _CleanOnes(Memory):
    """Digests of what was searched and held nothing. Whatever is found anywhere in the meantime counts against it."""

    def __init__(self, check: LeakCheck) -> None:
        self._check = check
        self.clean = set[bytes]()
        self._asked = (b"", b"")

    def is_clean(self, content: bytes) -> bool:
        return len(content) >= _REMEMBERED and self._digest(content) in self.clean

    def keep(self, content: bytes, begun: int) -> None:
        if len(content) >= _REMEMBERED and not self.found(begun):
            self.clean.add(self._digest(content))

    def _digest(self, content: bytes) -> bytes:
        if content is not self._asked[0]:  # it is asked for twice in a row
            self._asked = (content, hashlib.sha256(content).digest())
        return self._asked[1]

    def begin(self) -> int:
        self._check.search_waiting()
        return self._check.hits

    def found(self, begun: int) -> bool:
        self._check.search_waiting()
        return self._check.hits > begun


def _is_telling(secret: Secret) -> bool:
    """Whether a withheld text is looked for elsewhere too: what was not responsive is no secret."""
    return bool(secret.rule) and sum(map(len, tokens(secret.text))) >= _LEAST_LETTERS


class _Windows:
    """The parts of a text around places of its squeezed letters, cut at blanks."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._cuts = [0, *_cuts(text), len(text)]
        pieces = (text[start:end] for start, end in zip(self._cuts, self._cuts[1:], strict=False))
        self._letters = list(accumulate(len(squeeze(each)) for each in pieces))
        self._spelled: tuple[tuple[int, int], Spelled] | None = None

    def around(self, place: int, length: int) -> Spelled:
        """The text where the letters from `place` on stand, with a piece more before and after.

        Windows begin at every so many pieces, so that places near one another share one.
        """
        first, last = (bisect_right(self._letters, each) for each in (place, place + length))
        begin = first - first % _TOGETHER
        window = (
            self._cuts[max(0, begin - 1)],
            self._cuts[min(len(self._cuts) - 1, max(last + 2, begin + _TOGETHER + 1))],
        )
        if self._spelled is None or self._spelled[0] != window:
            self._spelled = (window, spell(self._text[window[0] : window[1]]))
        return self._spelled[1]


def _cuts(text: str) -> Iterator[int]:
    """Places of blanks, about so many characters apart; any place where there is none."""
    place = 0
    while (place := place + _WINDOW) < len(text):
        blank = _BLANK.search(text, place, place + 2 * _WINDOW)
        place = blank.start() if blank else place
        yield place

"""All words of an index in one file, so that similar spellings are looked up instead of sought in every part.

A word that one slip turns into another keeps its first half or its last half, or has the two letters between them
swapped. So words lie there twice, forwards and backwards, sorted among those of their length, and only what begins or
ends as the word that is asked for is compared with it.

The file answers nothing by itself, and may know words that are gone; of a part that it does not name it knows nothing.
It holds its own digest: lost, or altered, it is as if it had never been made.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from archiver.core.durable import durable_file, part_path
from index.engines.seal import Part
from index.slips import is_one_slip

FILE = "spellings"
_FORMAT = 1
_END = b"\n"  # no word has one in it
_BEYOND = b"\xff"  # no text in UTF-8 has one

_Stamp = tuple[int, int, int]
_Places = Mapping[str, tuple[int, int]]  # where words of each length begin and end


class Spellings:
    """The words of the parts that it `covers`, as `make_spellings` left them."""

    def __init__(self, content: mmap.mmap, body: int, header: Mapping[str, _Places], parts: Mapping[str, str]) -> None:
        self._content = content
        self._body = body
        self._header = header
        self._parts = parts
        self._compared: dict[str, tuple[Part, bool]] = {}

    @classmethod
    def open(cls, directory: Path) -> Spellings | None:
        """What `directory` has; None where there is none that is whole."""
        try:
            with (directory / FILE).open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            body = content.find(_END) + 1
            header = json.loads(content[:body])
            if header.pop("sha256") != _digest(header, memoryview(content)[body:]) or header["format"] != _FORMAT:
                return None
            return cls(content, body, {way: header[way] for way in ("forwards", "backwards")}, header["parts"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def covers(self, name: str, part: Part) -> bool:
        """Whether it has all words of this part."""
        compared, same = self._compared.get(name, (None, False))
        if compared is not part:
            same = self._parts.get(name) == _part_digest(part)
            self._compared[name] = part, same
        return same

    def covers_all(self, parts: Mapping[str, Part]) -> bool:
        """Whether it was made of these parts, and no others."""
        return self._parts.keys() == parts.keys() and all(self.covers(name, part) for name, part in parts.items())

    def words(self) -> Iterator[str]:
        """All of them."""
        for start, end in self._header["forwards"].values():
            yield from self._listed(start, end)

    def similar(self, word: str) -> list[str]:
        """Words that one slip or none turns into `word`, which has two letters or more; perhaps some that are gone."""
        middle = len(word) // 2
        first, last = word[:middle], word[middle:]
        found = {first[:-1] + last[0] + first[-1] + last[1:]}
        for length in range(len(word) - 1, len(word) + 2):
            candidates = [*self._beginning("forwards", length, first)]
            candidates += (each[::-1] for each in self._beginning("backwards", length, last[::-1]))
            found |= {each for each in candidates if is_one_slip(each, word)}
        return sorted(found)

    def _beginning(self, way: str, length: int, letters: str) -> list[str]:
        place = self._header[way].get(str(length))
        if place is None:
            return []
        sought = letters.encode()
        return self._listed(self._first(*place, sought), self._first(*place, sought + _BEYOND))

    def _first(self, start: int, end: int, sought: bytes) -> int:
        """Where the first word stands that is not before `sought`."""
        content, start, end = self._content, self._body + start, self._body + end
        while start < end:
            middle = (start + end) // 2
            begin = max(start, content.rfind(_END, start, middle) + 1)
            until = content.find(_END, begin)
            if content[begin:until] < sought:
                start = until + 1
            else:
                end = begin
        return start - self._body

    def _listed(self, start: int, end: int) -> list[str]:
        return self._content[self._body + start : self._body + end].decode().split("\n")[:-1]


def make_spellings(directory: Path, parts: Mapping[str, Part], words_of: Callable[[str], Iterable[str]]) -> None:
    """Write the words of `parts`; `words_of` is asked for those of each that the file there does not cover.

    Only while nobody else writes to the index. Raises StorageFull.
    """
    before = Spellings.open(directory)
    if before is not None and before.covers_all(parts):
        return
    words = set(before.words()) if before is not None else set[str]()
    for name, part in parts.items():
        if before is None or not before.covers(name, part):
            words.update(words_of(name))
    by_length: dict[int, list[str]] = {}
    for word in words:
        by_length.setdefault(len(word), []).append(word)
    pieces: list[bytes] = []
    header: dict[str, object] = {"format": _FORMAT}
    size = 0
    for way in ("forwards", "backwards"):
        places = {}
        for length, each in sorted(by_length.items()):
            piece = "".join(f"{word}\n" for word in sorted(each if way == "forwards" else (w[::-1] for w in each)))
            pieces.append(piece.encode())
            places[str(length)] = (size, size + len(pieces[-1]))
            size += len(pieces[-1])
        header[way] = places
    header["parts"] = {name: _part_digest(part) for name, part in parts.items()}
    body = b"".join(pieces)
    with durable_file(directory / FILE) as file:
        file.write(json.dumps({**header, "sha256": _digest(header, body)}).encode() + _END + body)


def drop_spellings(directory: Path) -> None:
    """Leave nothing of the words, nor of an unfinished file of them."""
    path = directory / FILE
    path.unlink(missing_ok=True)
    part_path(path).unlink(missing_ok=True)


class SpellingsAtHand:
    """The file in `directory` as it stands whenever it is asked for, read once as long as it is the same."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stamp: _Stamp | None = None
        self._opened: Spellings | None = None

    def get(self) -> Spellings | None:
        """None where there is none."""
        stamp: _Stamp | None = None
        with suppress(OSError):
            seen = (self._directory / FILE).stat()
            stamp = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
        if stamp != self._stamp:
            self._stamp = stamp
            self._opened = Spellings.open(self._directory) if stamp else None
        return self._opened


def _part_digest(part: Part) -> str:
    """What tells a part from every other, of whatever name."""
    return hashlib.sha256(json.dumps(part.files, sort_keys=True).encode()).hexdigest()


def _digest(header: Mapping[str, object], body: bytes | memoryview) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    digest.update(body)
    return digest.hexdigest()

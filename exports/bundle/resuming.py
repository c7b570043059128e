"""What a run that was broken off or refused had made of a production, so that the next one goes on where it stopped.

Beside the `.part` grows a journal: a line for each record whose pages are made, and one for each picture that OCR has
read. The next run takes the pages over, by their digests, where all that decides what is on them is the same; texts,
tables and load files are quickly written anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from archiver.core.durable import part_path, write_durably
from archiver.core.records import RecordId

Pages = Sequence[Sequence[tuple[str, bytes]]]
"""For each document of a record the ending and the bytes of each page."""


class Progressing:
    """The journal of the production that is made at `into`, and the pages kept of an earlier run."""

    def __init__(self, into: Path) -> None:
        self._part = part_path(into)
        self._journal = into.with_name(f"{into.name}.journal")
        self._pages = into.with_name(f"{into.name}.pages")
        self._records: dict[tuple[str, int], dict[str, list[list[list[str]]]]] = {}
        self._read: dict[str, str] = {}

    def begin(self) -> None:
        """Set aside the pages that are in the `.part`, and remove the rest of it: copies, no evidence."""
        entries = list(_lines(self._journal))
        self._set_aside(entries)
        for entry in entries:
            if "picture" in entry:
                self._read[entry["picture"]] = entry["text"]
            else:
                self._records.setdefault((entry["record"], entry["place"]), {})[entry["of"]] = entry["pages"]
        self._part.mkdir()
        # written anew: what a kill tore off its end is gone
        write_durably(self._journal, "".join(json.dumps(each) + "\n" for each in entries).encode())

    def stop(self) -> None:
        """Keep the pages made so far for the next run, and nothing else: a leak was found, or the disk is full."""
        entries = list(_lines(self._journal))
        self._set_aside(entries)
        if not entries:
            self.end()

    def _set_aside(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self._pages.mkdir(exist_ok=True)
        newest_first = (document for each in reversed(entries) for document in each.get("pages", ()))
        for name, _, digest in (page for document in newest_first for page in document):
            made = self._part / "data" / name
            if made.is_file():
                made.replace(self._pages / digest)
        if self._part.exists():
            shutil.rmtree(self._part)

    def knows(self, record: RecordId, place: int) -> bool:
        """Whether an earlier run made pages of the record, numbered from `place` on."""
        return (record, place) in self._records

    def kept(self, record: RecordId, place: int, of: str) -> Pages | None:
        """They, where they were made of the same; None where they are not all there as they were made."""
        known = self._records.get((record, place), {}).get(of)
        if known is None:
            return None
        found = []
        for document in known:
            pages = []
            for _, ending, digest in document:
                path = self._pages / digest
                content = path.read_bytes() if path.is_file() else b""
                if hashlib.sha256(content).hexdigest() != digest:
                    return None
                pages.append((ending, content))
            found.append(pages)
        return found

    def note(self, record: RecordId, place: int, of: str, pages: Sequence[Sequence[tuple[str, str, str]]]) -> None:
        """Once they are written: for each document name in the bag, ending and SHA-256 in hex of each page.

        `of` is the digest of all that decides what is on them.
        """
        if of not in self._records.get((record, place), {}):
            self._append({"record": record, "place": place, "of": of, "pages": pages})

    def reading(self, read_picture: Callable[[bytes], str] | None) -> Callable[[bytes], str] | None:
        """The same reader, which asks for no picture twice."""
        if read_picture is None:
            return None

        def read(picture: bytes) -> str:
            digest = hashlib.sha256(picture).hexdigest()
            if digest not in self._read:
                self._read[digest] = read_picture(picture)
                self._append({"picture": digest, "text": self._read[digest]})
            return self._read[digest]

        return read

    def end(self) -> None:
        """Remove the journal and what was kept: the production has its name, or there is nothing to go on with."""
        shutil.rmtree(self._pages, ignore_errors=True)
        self._journal.unlink(missing_ok=True)

    def _append(self, entry: Mapping[str, Any]) -> None:
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def hand_over(earlier: Path, into: Path) -> None:
    """What was kept of a production that was never finished is for the one that takes its place."""
    for ending in ("pages", "journal"):
        kept, place = (each.with_name(f"{each.name}.{ending}") for each in (earlier, into))
        if kept.exists() and not place.exists():
            kept.rename(place)
    part = part_path(earlier)
    if part.exists() and not part_path(into).exists():
        part.rename(part_path(into))


def _lines(journal: Path) -> Iterator[dict[str, Any]]:
    """Its entries up to the first line that a kill tore; none of those that an earlier release wrote otherwise."""
    if not journal.is_file():
        return
    for line in journal.read_bytes().splitlines():
        try:
            entry = dict(json.loads(line))
        except ValueError:
            return
        if "picture" in entry or "of" in entry:
            yield entry

"""What a run that was broken off had made of a production, so that the next one goes on where it stopped.

Beside the `.part` grows a journal: a line for each record whose pages are made, and one for each picture that OCR has
read. The next run takes the pages over, by their digests; texts, tables and load files are quickly written anew. A
journal of another plan, or of other decisions, is never taken up.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from archiver.core.durable import part_path
from archiver.core.records import RecordId

Pages = Sequence[Sequence[tuple[str, bytes]]]
"""For each document of a record the ending and the bytes of each page."""


class Progressing:
    """The journal of the production that is made at `into`, and the pages kept of an earlier run.

    `plan` is anything that determines the production's bytes.
    """

    def __init__(self, into: Path, plan: str) -> None:
        self._part = part_path(into)
        self._journal = into.with_name(f"{into.name}.journal")
        self._pages = into.with_name(f"{into.name}.pages")
        self._digest = hashlib.sha256(plan.encode()).hexdigest()
        self._records: dict[tuple[str, int], list[list[list[str]]]] = {}
        self._read: dict[str, str] = {}

    def begin(self) -> None:
        """Set aside the pages that are in the `.part`, and remove the rest of it: copies, no evidence."""
        entries = list(_lines(self._journal))
        if not entries or entries[0].get("plan") != self._digest:
            self.end()
            entries = [{"plan": self._digest}]
        self._pages.mkdir(exist_ok=True)
        for entry in entries[1:]:
            if "picture" in entry:
                self._read[entry["picture"]] = entry["text"]
                continue
            self._records[entry["record"], entry["place"]] = entry["pages"]
            for name, _, digest in (page for document in entry["pages"] for page in document):
                made = self._part / "data" / name
                if made.is_file():
                    made.replace(self._pages / digest)
        if self._part.exists():
            shutil.rmtree(self._part)
        self._part.mkdir()
        # written anew: what a kill tore off its end is gone
        self._journal.write_text("".join(json.dumps(each) + "\n" for each in entries), encoding="utf-8")

    def kept(self, record: RecordId, place: int) -> Pages | None:
        """The record's pages, numbered from `place` on; None where they are not all there as they were made."""
        known = self._records.get((record, place))
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

    def note(self, record: RecordId, place: int, pages: Sequence[Sequence[tuple[str, str, str]]]) -> None:
        """Once they are written: for each document name in the bag, ending and SHA-256 in hex of each page."""
        if (record, place) not in self._records:
            self._append({"record": record, "place": place, "pages": pages})

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
        """Remove the journal and what was kept: the production has its name, or was refused."""
        shutil.rmtree(self._pages, ignore_errors=True)
        self._journal.unlink(missing_ok=True)

    def _append(self, entry: Mapping[str, Any]) -> None:
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _lines(journal: Path) -> Iterator[dict[str, Any]]:
    """Its entries up to the first line that a kill tore."""
    if not journal.is_file():
        return
    for line in journal.read_bytes().splitlines():
        try:
            yield dict(json.loads(line))
        except ValueError:
            return

"""The court's volumes: load files, page images, texts and RSMF messages, cut by size, numbered without a gap."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack

from exports.bundle.bag import BagWriter, HashedFile
from exports.release.documents import Document
from exports.release.load_files import Links, OptLine, dat_header, dat_line, document_cells, opt_line, warc_of
from exports.release.rsmf import write_rsmf

_FILES_IN_FOLDER = 1000


class Volumes:
    """Writes documents into VOL01, VOL02, … of a bag, each with its own DAT and OPT. Close it."""

    def __init__(self, bag: BagWriter, *, most: int, agency: str, software: str) -> None:
        self._bag, self._most, self._agency, self._software = bag, most, agency, software
        self._number = self._size = self._images = self._texts = 0
        self._open = ExitStack()
        self._dat: HashedFile | None = None
        self._opt: HashedFile | None = None

    @property
    def name(self) -> str:
        return f"VOL{self._number:02d}"

    def add(self, documents: Sequence[Document]) -> dict[str, str]:
        """A thread's documents, which are never parted over two volumes; the file of each page by its number."""
        size = sum(len(page.content) for each in documents for page in each.pages)
        if self._dat is None or (self._size and self._size + size > self._most):
            self.close()
            self._begin()
        messages = self._write_messages(documents)
        files: dict[str, str] = {}
        for document in documents:
            files |= self._write_document(document, messages)
        return files

    def close(self) -> None:
        """The volume's load files; the next thread begins another."""
        self._dat = self._opt = None
        self._open.close()

    def _begin(self) -> None:
        self._number += 1
        self._size = self._images = self._texts = 0
        for ending in ("dat", "opt"):
            file = self._open.enter_context(self._bag.open(f"{self.name}/LOADFILES/{self.name}.{ending}"))
            if ending == "dat":
                self._dat = file
                file.write(dat_header())
            else:
                self._opt = file

    def _write_messages(self, documents: Sequence[Document]) -> str:
        """The thread's RSMF messages; the first one's path, backslashed, "" where it has no items."""
        paths = []
        for number, message in enumerate(write_rsmf(documents, agency=self._agency, software=self._software), 1):
            suffix = "" if number == 1 else f"-{number}"
            name = f"{self.name}/RSMF/{documents[0].begin}{suffix}.rsmf"
            self._bag.write(name, message)
            self._size += len(message)
            paths.append(name)
        return _backslashed(paths[0]) if paths else ""

    def _write_document(self, document: Document, messages: str) -> dict[str, str]:
        files: dict[str, str] = {}
        text = document.text.encode()
        name = f"{self.name}/TEXT/{self._texts // _FILES_IN_FOLDER + 1:04d}/{document.begin}.txt"
        self._texts += 1
        digest = self._bag.write(name, text)
        self._size += len(text)
        warc = warc_of(document)
        links = Links(
            text=_backslashed(name),
            rsmf=messages,
            warc=_backslashed(warc) if warc else "",
            size=len(text),
            md5=hashlib.md5(text, usedforsecurity=False).hexdigest(),
            sha1=hashlib.sha1(text, usedforsecurity=False).hexdigest(),
            sha256=digest,
        )
        if self._dat is None or self._opt is None:
            raise RuntimeError("no volume is open")
        self._dat.write(dat_line(document_cells(document, links)))
        for number, page in enumerate(document.pages):
            image = f"{self.name}/IMAGES/{self._images // _FILES_IN_FOLDER + 1:04d}/{page.number}.{page.ending}"
            self._images += 1
            self._bag.write(image, page.content)
            files[page.number] = image
            self._size += len(page.content)
            self._opt.write(
                opt_line(
                    OptLine(
                        page=page.number,
                        volume=self.name,
                        path=_backslashed(image),
                        first=number == 0,
                        pages=len(document.pages),
                    )
                )
            )
        return files


def _backslashed(name: str) -> str:
    return ".\\" + name.replace("/", "\\")

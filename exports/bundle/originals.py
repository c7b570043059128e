"""The evidence of a bundle as it was captured: files copied and compared with their digests, WARCs made whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath

from archiver.core import wacz
from archiver.core.records import ObjectRole
from archiver.core.warc import write_supplement
from exports.bundle.bag import BagWriter
from exports.bundle.pages import file_place
from exports.bundle.produced import ProducedRecord

WACZ = "production.wacz"
SUPPLEMENT = "assets.warc.gz"


class OriginalsWriter:
    """Puts the evidence of records into a bag, and at its end the same WARCs as one WACZ."""

    def __init__(self, bag: BagWriter, *, made_at: datetime, software: str) -> None:
        self._bag, self._made_at, self._software = bag, made_at, software
        self._warcs: list[tuple[str, Path]] = []
        self._pages: list[wacz.Page] = []

    @property
    def any(self) -> bool:
        """Whether there is any recorded traffic."""
        return bool(self._warcs)

    def add(self, produced: ProducedRecord) -> None:
        """Raises EvidenceDamaged, BadWarc."""
        held, copied = list[tuple[str, Path]](), set[str]()
        for capture in produced.captures:
            for stored, source in capture.files:
                name = file_place(produced, capture, stored.path)
                if name in copied:
                    continue  # an earlier capture keeps it for this one too
                self._bag.copy(name, source, stored)
                copied.add(name)
                if stored.role is ObjectRole.WARC:
                    held.append(("/".join(PurePosixPath(name).parts[-2:]), self._bag.path_of(name)))
                    self._warcs.append((f"{capture.capture.id}-{PurePosixPath(name).name}", self._bag.path_of(name)))
                    self._pages.append(
                        wacz.Page(
                            url=capture.capture.final_url or capture.capture.url,
                            ts=capture.capture.started,
                            title=produced.record.title,
                            text="\n".join(each.item.text for each in produced.items),
                        )
                    )
        self._add_supplement(produced, held)

    def _add_supplement(self, produced: ProducedRecord, held: Sequence[tuple[str, Path]]) -> None:
        """What the record's WARCs leave to other files, so that the bundle is whole in itself."""
        name = f"records/{produced.record.id}/{SUPPLEMENT}"
        path = self._bag.path_of(name)
        if write_supplement(path, held, produced.resolve, made_at=self._made_at, software=self._software):
            self._bag.add(name)
            self._warcs.append((f"{produced.record.id}-{SUPPLEMENT}", path))

    def write_wacz(self, title: str) -> None:
        """Where there is any recorded traffic."""
        if not self._warcs:
            return
        wacz.write_wacz(self._bag.path_of(WACZ), self._warcs, self._pages, title=title, created=self._made_at)
        self._bag.add(WACZ)

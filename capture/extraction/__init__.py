"""Reading items out of evidence. A pure function of the WARC, which can be run again years later."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from archiver.core.records import Extraction
from archiver.core.warc import Resolve, nowhere
from capture.extraction import discovery, generic, wordpress
from capture.extraction.page import PageEvidence, read_evidence
from capture.extraction.unicode_text import well_formed


class Extractor(Protocol):
    """One kind of site. `VERSION` rises whenever the same evidence may give other items."""

    NAME: str
    VERSION: int

    def applies(self, evidence: PageEvidence) -> bool:
        """Whether the page is of this kind."""

    def extract(self, evidence: PageEvidence) -> Extraction:
        """Read it; nothing the page holds may raise."""


EXTRACTORS: tuple[Extractor, ...] = (discovery, wordpress, generic)
"""In the order they are asked; the last one takes every page."""


def extract(warc: Path, *, resolve: Resolve = nowhere) -> Extraction:
    """What the page recorded in `warc` says, by the first extractor that applies to it.

    `resolve` says where a thinned WARC's payloads lie. Raises BadWarc if the file cannot be read
    to its end or holds no page; whatever the page itself holds, something comes out.
    """
    return extract_page(read_evidence(warc, resolve=resolve))


def extract_page(evidence: PageEvidence) -> Extraction:
    """The same for evidence already read."""
    chosen = next(each for each in EXTRACTORS if each.applies(evidence))
    return well_formed(chosen.extract(evidence))

"""What a night's discovery of an address is as a record: a list of threads, kept for a short time. Pure.

Each is a record of its own, named after its capture: it becomes due by itself, while the next night's is
made. It holds no items: what it lists are records of their own.
"""

from __future__ import annotations

from archiver.core.records import Extraction, RecordKind
from capture.extraction.addresses import normal_url, site_of
from capture.extraction.page import PageEvidence

NAME = "discovery"
VERSION = 1

KEYWORD = "discovery"
"""What a file plan's rules know these records by."""


def applies(evidence: PageEvidence) -> bool:
    return bool(evidence.discovery)


def extract(evidence: PageEvidence) -> Extraction:
    told = evidence.discovery
    declared, found = told.get("declared"), told.get("found")
    url = normal_url(evidence.final_url)
    return Extraction(
        extractor=NAME,
        version=VERSION,
        site=site_of(url),
        kind=RecordKind.TIMELINE,
        native_root_id=f"discovery-{told.get('capture')}",
        canonical_url=url,
        title=f"Threads listed by {url}",
        keywords=(KEYWORD,),
        declared={"threads": declared} if isinstance(declared, int) else {},
        found={"threads": len(found)} if isinstance(found, list) else {},
    )

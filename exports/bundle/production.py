"""Making a production: a bag that answers a request, read by people, replayed by tools, verified by anyone.

The bundle is built in a `.part` directory record by record, made durable, then renamed: it is there
whole or not at all. The same inputs give the same bytes.

    bagit.txt bag-info.txt manifest-sha256.txt manifest-sha512.txt tagmanifest-*.txt
    data/index.html threads/<n>-<title>.html    what people read
    data/records/<record>/<capture>/...         the evidence, as captured
    data/records/<record>/assets.warc.gz        what its WARCs leave to other files
    data/production.wacz                        the same WARCs, for replay tools
    data/items.jsonl items.csv                  every item as a table
    data/production.json trail.json README.txt  what was asked, the proofs, how to verify
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archiver.core.clock import to_iso, to_utc
from archiver.core.durable import make_directory, move_directory, part_path, storage_errors
from archiver.core.errors import ProductionRefused
from archiver.core.progress import Progress, silent
from archiver.core.records import ObjectRole
from exports.bundle.bag import BagWriter
from exports.bundle.barring import without_barred
from exports.bundle.originals import WACZ, OriginalsWriter
from exports.bundle.pages import About, Entry, file_place, render_index, render_record, slug
from exports.bundle.produced import (
    NotProduced,
    ProducedCapture,
    ProducedRecord,
    ProducedRequest,
    ProducedSearch,
    Production,
)
from exports.bundle.readme import DOES_NOT_PROVE, PROVES, write_readme
from exports.bundle.tables import csv_header, item_line, item_row

__all__ = [
    "FORMAT",
    "NotProduced",
    "ProducedCapture",
    "ProducedRecord",
    "ProducedRequest",
    "ProducedSearch",
    "Production",
    "make_production",
]

FORMAT = "archiver-production 1"


def make_production(
    request: ProducedRequest,
    records: Iterable[ProducedRecord],
    *,
    into: Path,
    production_id: str,
    made_at: datetime,
    made_by: str,
    trail: Mapping[str, Any],
    asked: int | None = None,
    not_produced: Sequence[NotProduced] = (),
    progress: Progress = silent,
) -> Production:
    """Make the bundle `into`, which must not exist yet.

    `trail` is `{"archive", "checkpoint", "events": [{"index", "line", "proof"}]}`. `asked` is how
    many records the searches found; it must be those given plus `not_produced`.
    Raises ProductionRefused where nothing is left to produce or the counts disagree,
    EvidenceDamaged where a file is not what was recorded, BadWarc, StorageFull; each leaves no bundle.
    """
    if into.exists():
        raise ProductionRefused(f"{into} exists already: a production is never written over; name another place")
    part = part_path(into)
    with storage_errors(into):
        make_directory(into.parent)
        if part.exists():
            shutil.rmtree(part)  # what a broken-off run left: copies, no evidence
        part.mkdir()
        try:
            about = About(
                production_id=production_id,
                made_at=to_utc(made_at),
                made_by=made_by,
                software=f"records-archiver {version('records-archiver')}",
                request=request,
            )
            assembly = _Assembly(part, about, asked)
            assembly.add_records(records, progress)
            digest = assembly.finish(not_produced, trail)
            move_directory(part, into)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return Production(
        path=into,
        sha256=digest,
        records=assembly.counts["records_exported"],
        items=assembly.counts["items"],
        files=assembly.bag.files,
        size=assembly.bag.size,
    )


class _Assembly:
    """A bundle under way: what was written of it, and what the summaries at its end need."""

    def __init__(self, directory: Path, about: About, asked: int | None) -> None:
        self.bag = BagWriter(directory)
        self._about = about
        self._asked = asked
        self._entries: list[Entry] = []
        self._described: list[dict[str, Any]] = []
        self._originals = OriginalsWriter(self.bag, made_at=about.made_at, software=about.software)
        self.counts = {"items": 0, "hits": 0, "captures": 0}

    def add_records(self, records: Iterable[ProducedRecord], progress: Progress) -> None:
        with ExitStack() as stack:
            lines = stack.enter_context(self.bag.open("items.jsonl"))
            rows = stack.enter_context(self.bag.open("items.csv"))
            rows.write(csv_header())
            for number, produced in enumerate(map(without_barred, records), 1):
                strangers = produced.hit_ids - {each.id for each in produced.items}
                if strangers:
                    raise ProductionRefused(
                        f"{produced.record.id} does not hold {min(strangers)}, which a search found: search again"
                    )
                for item in produced.items:
                    hit = item.id in produced.hit_ids
                    lines.write(item_line(item, produced.record, hit=hit))
                    rows.write(item_row(item, produced.record, hit=hit))
                self._originals.add(produced)
                self._enter(number, produced)
                progress(number, self._asked or number, produced.record.title)
        if not self._entries:
            raise ProductionRefused(
                f"{self._about.request.number}: nothing was found to produce; search first, or answer that there "
                "is nothing"
            )

    def _enter(self, number: int, produced: ProducedRecord) -> None:
        page = f"threads/{number:04d}-{slug(produced.record.title)}.html"
        thumbnail = None
        shown = produced.latest_content
        if shown is not None and shown.stored(ObjectRole.THUMBNAIL):
            thumbnail = file_place(produced, shown, shown.stored(ObjectRole.THUMBNAIL)[0].path)
        self.bag.write(page, render_record(self._about, produced, number=number))
        self._entries.append(
            Entry(
                number=number,
                page=page,
                thumbnail=thumbnail,
                record=produced.record,
                items=len(produced.items),
                hits=len(produced.hit_ids),
            )
        )
        self._described.append(
            {
                "id": produced.record.id,
                "title": produced.record.title,
                "url": produced.record.canonical_url,
                "page": page,
                "items": len(produced.items),
                "found": len(produced.hit_ids),
                "captures": [each.capture.id for each in produced.captures],
                "left_out": [
                    {"capture": each.capture.id, "file": bar.file, "reason": bar.reason}
                    for each in produced.captures
                    for bar in each.barred
                ],
            }
        )
        self.counts["items"] += len(produced.items)
        self.counts["hits"] += len(produced.hit_ids)
        self.counts["captures"] += len(produced.captures)

    def finish(self, not_produced: Sequence[NotProduced], trail: Mapping[str, Any]) -> str:
        """Write the summaries and seal the bag; the hex digest of its tagmanifest."""
        about, exported = self._about, len(self._entries)
        asked = exported + len(not_produced) if self._asked is None else self._asked
        withheld = sum(each.withheld for each in not_produced)
        if asked != exported + len(not_produced):
            raise ProductionRefused(
                f"{about.request.number}: {asked} records were found, but {exported} given and {len(not_produced)} "
                "explained; every record found must be produced, withheld or said to have failed"
            )
        self.counts |= {
            "records_asked": asked,
            "records_exported": exported,
            "records_withheld": withheld,
            "records_failed": len(not_produced) - withheld,
        }
        self._originals.write_wacz(f"{about.request.number}: {about.request.subject}")
        notes = {"proves": PROVES, "does_not_prove": DOES_NOT_PROVE, "wacz": self._originals.any}
        self.bag.write("index.html", render_index(about, self._entries, not_produced, self.counts, notes))
        self.bag.write("trail.json", _json(trail))
        self.bag.write("production.json", _json(self._describe(not_produced)))
        self.bag.write("README.txt", write_readme(about))
        return self.bag.seal(about.bag_info)

    def _describe(self, not_produced: Sequence[NotProduced]) -> dict[str, Any]:
        about, request = self._about, self._about.request
        return {
            "format": FORMAT,
            "id": about.production_id,
            "made_at": to_iso(about.made_at),
            "made_by": about.made_by,
            "software": about.software,
            "agency": request.agency,
            "jurisdiction": request.jurisdiction,
            "time_zone": request.time_zone,
            "request": {
                "number": request.number,
                "law": request.law,
                "received": request.received.isoformat(),
                "requester": request.requester,
                "subject": request.subject,
            },
            "searches": [
                {
                    "query": each.query,
                    "interpreted": each.interpreted,
                    "total_hits": each.total_hits,
                    "at": to_iso(each.at),
                    "analyser_version": each.analyser_version,
                    "watermark": each.watermark,
                }
                for each in request.searches
            ],
            "counts": self.counts,
            "records": self._described,
            "not_produced": [
                {"record": each.record_id, "state": "withheld" if each.withheld else "failed", "reason": each.reason}
                for each in not_produced
            ],
            "wacz": WACZ if self._originals.any else None,
            "proves": list(PROVES),
            "does_not_prove": list(DOES_NOT_PROVE),
        }


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()

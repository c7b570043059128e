"""The forms of a released production: tables, pages, PDF, volumes, originals, custody, by its profile."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver.core.clock import to_iso
from exports.bundle.bag import BagWriter, HashedFile
from exports.bundle.originals import WACZ, OriginalsWriter
from exports.bundle.pages import About, slug
from exports.bundle.premis import PremisEvent, premis_lines
from exports.bundle.produced import NotProduced
from exports.bundle.signed_bag import PROFILE_ID, tag_files
from exports.bundle.tables import BOM, csv_header, csv_row, item_line, item_row
from exports.redaction.gate import ReleasedRecord, commitments
from exports.release.documents import Document
from exports.release.pages import (
    ExemptionRow,
    PrintedRecord,
    ReleaseEntry,
    custody_page,
    exemption_page,
    letter,
    print_page,
    release_index,
    release_thread,
    search_entry,
    search_page,
)
from exports.release.pdf_pages import count_pages, stamp_pages
from exports.release.plan import ReleasePlan, Surroundings
from exports.release.volumes import Volumes

FORMAT = "archiver-release 1"
_LOG_COLUMNS = ("page", "item", "what", "section", "reason", "times")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the summaries say: counts by release, what is not in the bundle, and the numbers used so far."""

    counts: Mapping[str, int]
    not_produced: Sequence[NotProduced]
    first: str
    place: int
    asked: int
    exported: int


class Forms:
    """Writes one bundle in all the forms of its profile."""

    def __init__(self, directory: Path, about: About, plan: ReleasePlan, around: Surroundings) -> None:
        self.bag = BagWriter(directory)
        self._about, self._plan, self._around = about, plan, around
        self._site = plan.profile == "requester"
        self._originals = OriginalsWriter(self.bag, made_at=about.made_at, software=about.software)
        self._volumes = Volumes(
            self.bag,
            most=plan.volume,
            agency=about.request.agency,
            software=about.software,
        )
        self._entries: list[ReleaseEntry] = []
        self._described: list[dict[str, Any]] = []
        self._log: list[ExemptionRow] = []
        self._search: list[dict[str, str]] = []
        self._printed: list[PrintedRecord] = []
        self._custody: list[dict[str, Any]] = []
        self._tables: dict[str, HashedFile] = {}

    def open(self, stack: ExitStack) -> None:
        """The tables that grow with each record; they are closed with the stack."""
        for name in ("items.jsonl", "items.csv"):
            self._tables[name] = stack.enter_context(self.bag.open(name))
        self._tables["items.csv"].write(csv_header())
        stack.callback(self._volumes.close)

    def add(self, number: int, released: ReleasedRecord, documents: Sequence[Document]) -> dict[str, str]:
        """Write a record; the file of each page by its number."""
        produced, record = released.produced, released.produced.record
        for item in produced.items:
            hit = item.id in produced.hit_ids
            self._tables["items.jsonl"].write(item_line(item, record, hit=hit))
            self._tables["items.csv"].write(item_row(item, record, hit=hit))
        page = f"threads/{number:04d}-{slug(record.title)}.html"
        begins = {each.item.id: each.begin for each in documents if each.item}
        self._log += [
            ExemptionRow(
                page=begins.get(each.item, documents[0].begin),
                item=each.item,
                field=each.field,
                section=each.section,
                reason=self._around.reasons.get(each.rule, ""),
                count=each.count,
            )
            for each in released.log
        ]
        files: dict[str, str] = {}
        if self._site:
            files = self._add_pages(number, page, released, documents)
        if self._plan.profile == "court":
            files = self._volumes.add(documents)
        if not self._site and released.original:
            self._originals.add(produced)
        self._describe(page, released, documents)
        return files

    def _add_pages(
        self, number: int, page: str, released: ReleasedRecord, documents: Sequence[Document]
    ) -> dict[str, str]:
        record, files = released.produced.record, dict[str, str]()
        for document in documents:
            for each in document.pages:
                files[each.number] = f"pictures/{each.number}.{each.ending}"
                self.bag.write(files[each.number], each.content)
            self._search.append(search_entry(document, page))
        self.bag.write(page, release_thread(self._about, number, documents))
        self._entries.append(
            ReleaseEntry(
                number=number,
                page=page,
                title=record.title or record.canonical_url,
                kind=record.kind.value,
                site=record.site,
                language=record.language,
                created=record.created,
                first=documents[0].begin,
                last=documents[-1].end,
                items=len(released.produced.items),
            )
        )
        if self._around.print_pdf is not None and self._plan.pdf:
            self._printed.append(
                PrintedRecord(
                    number=number,
                    record=record,
                    produced=released.produced,
                    first=documents[0].begin,
                    last=documents[-1].end,
                    pages=tuple(each.number for each in documents[0].pages),
                )
            )
        return files

    def _describe(self, page: str, released: ReleasedRecord, documents: Sequence[Document]) -> None:
        produced = released.produced
        left_out = list(commitments(self._plan.salt, () if released.original else released.source))
        self._described.append(
            {
                "id": produced.record.id,
                "title": produced.record.title,
                "original": released.original and not self._site,
                "first": documents[0].begin,
                "last": documents[-1].end,
                "items": len(produced.items),
                "captures": [each.capture.id for each in produced.captures],
                "painted": released.painted,
                "left_out": left_out,
            }
            | ({"page": page} if self._site else {})
        )
        if self._site:
            return
        events = {each["capture"]: each["index"] for each in self._plan.trail["events"]}
        for capture in produced.captures:
            files = [
                {"name": stored.path.rpartition("/")[2], "digest": stored.sha256} for stored, _ in capture.files
            ] or [
                {"name": f"{each['role']}, left out", "digest": f"hmac-sha256:{each['hmac_sha256']}"}
                for each in left_out
                if each["capture"] == capture.capture.id
            ]
            self._custody.append(
                {
                    "capture": capture.capture.id,
                    "record": produced.record.id,
                    "held": self._plan.held.get(produced.record.id, ()),
                    "started": capture.capture.started,
                    "finished": capture.capture.finished,
                    "outcome": capture.capture.outcome.value,
                    "event": events.get(capture.capture.id, ""),
                    "files": files,
                }
            )

    def finish(self, told: Told) -> int:
        """Write the summaries; the place after the last page."""
        place = told.place
        around, about = self._around, self._about
        self._write_log()
        if self._site:
            if self._printed:
                place = self._write_pdf(place)
            last = self._plan.numbering.number(place - 1)
            self._write_site(told, last)
        else:
            self._originals.write_wacz(f"{about.request.number}: {about.request.subject}")
            for name, token in sorted(around.stamps.items()):
                self.bag.write(f"timestamps/{name}", token)
            self.bag.write(
                "custody.html",
                custody_page(about, self._custody, self._plan.trail["checkpoint"], sorted(around.stamps)),
            )
            self._write_premis()
        self.bag.write("trail.json", _json(self._trail()))
        self.bag.write("production.json", _json(self._production(told, place)))
        return place

    def close(self) -> str:
        """Write the manifests; the hex SHA-256 that commits to every byte."""
        return self.bag.seal(
            [*self._about.bag_info, ("BagIt-Profile-Identifier", PROFILE_ID)],
            beside=tag_files(self._about.production_id),
        )

    def _write_log(self) -> None:
        with self.bag.open("exemptions.csv") as file:
            file.write(BOM.encode() + csv_row(_LOG_COLUMNS))
            for row in self._log:
                file.write(csv_row((row.page, row.item, row.field, row.section, row.reason, str(row.count))))

    def _write_site(self, told: Told, last: str) -> None:
        about, around = self._about, self._around
        warnings = list(around.told.get("warnings", ()))
        shared = {"counts": told.counts, "first": told.first, "last": last}
        summary = {
            "not_produced": told.not_produced,
            "replaces": self._plan.replaces,
            "why": self._plan.why,
            "pdf": bool(self._printed),
        }
        self.bag.write("index.html", release_index(about, self._entries, shared | summary))
        used = dict.fromkeys(each.section for each in self._log)
        notes = around.told.get("sections", {})
        sections = [(each, notes.get(each, "")) for each in used]
        self.bag.write("exemptions.html", exemption_page(about, self._log, sections, warnings))
        said = {key: around.told.get(key, "") for key in ("refusal", "appeal", "key")}
        content = shared | said | {"records": told.exported, "logged": len(self._log), "warnings": warnings}
        self.bag.write("letter.html", letter(about, content, template=around.told.get("letter_template", "")))
        self.bag.write("search.html", search_page(about, self._search))

    def _write_pdf(self, place: int) -> int:
        """Everything on paper, its pages numbered after those of the pictures."""
        if self._around.print_pdf is None:
            return place
        pictures = self.bag.path_of("pictures")
        with tempfile.TemporaryDirectory(prefix=".print-", dir=self.bag.directory.parent) as folder:
            beside = Path(folder) / "pictures"
            beside.mkdir()
            for each in {number for record in self._printed for number in record.pages}:
                (beside / f"{each}.png").hardlink_to(pictures / f"{each}.png")
            page = Path(folder) / "production.html"
            page.write_bytes(print_page(self._about, self._printed))
            printed = self._around.print_pdf(page)
        pages = count_pages(printed)
        numbers = [self._plan.numbering.number(place + each) for each in range(pages)]
        self.bag.write("production.pdf", stamp_pages(printed, numbers, title=self._about.request.number))
        return place + pages

    def _write_premis(self) -> None:
        files = self.bag.files_so_far()
        objects = ((f"data/{name}", digest, size, _media_type(name)) for name, digest, size in files)
        of_capture: dict[str, list[str]] = {}
        for name, _, _ in files:
            if name.startswith("records/"):
                of_capture.setdefault(name.split("/")[2], []).append(f"data/{name}")
        events = [
            PremisEvent(
                id=str(row["event"]),
                code="cap",
                at=to_iso(row["started"]),
                outcome=row["outcome"],
                agent="archiver",
                objects=tuple(of_capture.get(row["capture"], ())),
            )
            for row in self._custody
        ]
        events.append(
            PremisEvent(
                id=self._plan.id,
                code="exp",
                at=to_iso(self._about.made_at),
                outcome=self._plan.profile,
                agent="archiver",
                objects=(),
            )
        )
        with self.bag.open("premis.xml") as file:
            for lines in premis_lines(objects, events, {"archiver": self._about.software}):
                file.write(lines)

    def _trail(self) -> dict[str, Any]:
        """The proofs; where originals are left out, leaves in place of lines, for a line holds their digest."""
        shown = {c for each in self._described if each["original"] for c in each["captures"]}
        known = {c for each in self._described for c in each["captures"]}
        events = []
        for each in self._plan.trail["events"]:
            if each["capture"] in known:
                hidden = "leaf" if each["capture"] in shown else "line"
                events.append({key: value for key, value in each.items() if key != hidden})
        return {**self._plan.trail, "events": events}

    def _production(self, told: Told, place: int) -> dict[str, Any]:
        about, request = self._about, self._about.request
        return {
            "format": FORMAT,
            "id": about.production_id,
            "profile": self._plan.profile,
            "made_at": to_iso(about.made_at),
            "software": about.software,
            "replaces": self._plan.replaces or None,
            "why": self._plan.why,
            "request": {
                "number": request.number,
                "law": request.law,
                "received": request.received.isoformat(),
                "subject": request.subject,
                "agency": request.agency,
                "searches": [
                    {"query": each.query, "interpreted": each.interpreted, "hits": each.total_hits}
                    for each in request.searches
                ],
            },
            "numbers": {"first": told.first, "last": self._plan.numbering.number(place - 1), "pages": place},
            "counts": {
                **told.counts,
                "records_asked": told.asked,
                "records_exported": told.exported,
                "records_not_produced": len(told.not_produced),
            },
            "records": self._described,
            "not_produced": [
                {"record": each.record_id, "state": "withheld" if each.withheld else "failed", "reason": each.reason}
                for each in told.not_produced
            ],
            "wacz": WACZ if self._originals.any else None,
            "warnings": list(self._around.told.get("warnings", ())),
        }


def _media_type(name: str) -> str:
    endings = {
        "png": "image/png", "html": "text/html", "csv": "text/csv", "jsonl": "application/jsonl", "txt": "text/plain",
        "json": "application/json", "gz": "application/warc", "wacz": "application/wacz", "dat": "text/plain",
        "opt": "text/plain", "rsmf": "message/rfc822", "webp": "image/webp",
        "tif": "image/tiff", "jpg": "image/jpeg",
    }  # fmt: skip
    return endings.get(name.rpartition(".")[2], "application/octet-stream")


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()

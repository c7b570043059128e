"""A record as a PDF for paper: its description, every item, every capture, and the page as it was shown."""

from __future__ import annotations

import re
import tempfile
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archiver.core.archive import Archive
from archiver.core.clock import to_utc
from archiver.core.records import ObjectRole, Record
from archiver.workflows.requests.answer import describe_record
from capture.browser.browser import Browser, Paper
from capture.browser.chromium import find_chromium
from capture.pictures.screenshot import cut_into_pages
from exports.bundle.pages import render_print
from retention.holds import matters

SOFTWARE = f"records-archiver {version('records-archiver')}"
_HIGH = {Paper.A4: 1.29, Paper.LETTER: 1.17}
"""How high a part of a screenshot may be, in its width, so that it fits one page with its caption."""
_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:[0-9+'-]*\)")


def print_record(archive: Archive, id: str, *, paper: Paper, now: datetime) -> bytes:
    """The PDF: the same record printed at the same moment by the same browser gives the same bytes.

    Raises NotFound, BrowserMissing, BrowserFailed, EvidenceDamaged.
    """
    produced = describe_record(archive, archive.catalogue.record(id).id)
    settings = archive.settings.archive
    today = now.astimezone(settings.zone).date()
    shown = produced.latest_content
    with tempfile.TemporaryDirectory(prefix="archiver-") as folder:
        place = Path(folder)
        names: list[str] = []
        if shown is not None:
            stored = shown.stored(ObjectRole.SCREENSHOT)
            tiles = [archive.objects.path_of(each.path).read_bytes() for each in stored]
            for number, part in enumerate(cut_into_pages(tiles, high=_HIGH[paper]), 1):
                names.append(f"part-{number:03d}.png")
                (place / names[-1]).write_bytes(part)
        page = place / "record.html"
        page.write_bytes(
            render_print(
                produced,
                agency=settings.agency,
                class_reason=archive.catalogue.class_reason(id),
                held=matters(archive.db, today, produced.record.id).get(produced.record.id, ()),
                slices=names,
                made_at=to_utc(now),
                software=SOFTWARE,
                zone=settings.zone,
            )
        )
        with Browser(executable=find_chromium(archive.settings.capture.browser)) as browser:
            printed = browser.print_pdf(page, paper=paper, head=_head(produced.record, settings.zone))
    return _dated(printed, now)


def _head(record: Record, zone: Any) -> str:
    captured = record.last_captured
    when = "" if captured is None else f", last captured {captured.astimezone(zone):%Y-%m-%d %H:%M:%S %z}"
    return f"{record.id}{when}"


def _dated(pdf: bytes, now: datetime) -> bytes:
    """With the moment we were told, not the browser's; of the same length, so that no offset in the file moves."""

    def moment(found: re.Match[bytes]) -> bytes:
        stamp = f"/{found[1].decode()} (D:{to_utc(now):%Y%m%d%H%M%S}+00'00')".encode()
        return stamp if len(stamp) == len(found[0]) else found[0]

    return _DATES.sub(moment, pdf)

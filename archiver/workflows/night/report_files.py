"""The report of a night on disk: `runs/<run id>/report.json` for programs, `report.html` for people."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from archiver.core.archive import Archive
from archiver.core.clock import to_iso
from archiver.core.durable import make_directory, write_durably
from archiver.core.errors import ArchiverError, NightDoubtful, NotFound
from archiver.core.nights import Nights
from archiver.workflows.night.page import render_page
from archiver.workflows.night.report import NightReport


def keep_report(archive: Archive, report: NightReport, *, now: datetime) -> NightReport:
    """Write both files. Where the disk refuses them, the report given back says so, and so does the run."""
    folder = report_folder(archive, report.run)
    try:
        make_directory(folder)
        write_durably(folder / "report.json", write_report(report))
        write_durably(folder / "report.html", render_page(read_report(archive, report.run)).encode())
    except ArchiverError as error:
        note = f"the report could not be kept: {error}"
        with archive.change(at=now, actor=Nights(archive.db).run(report.run).actor):
            Nights(archive.db).note(report.run, note, at=now)
        return replace(
            report, exit_code=NightDoubtful.exit_code, verdict=NightDoubtful.__name__, notes=(*report.notes, note)
        )
    return report


def report_folder(archive: Archive, run: str) -> Path:
    return archive.directory / "runs" / run


def write_report(report: NightReport) -> bytes:
    """The JSON text: UTF-8, moments ISO 8601 in UTC, days `YYYY-MM-DD`."""
    return (json.dumps(asdict(report), ensure_ascii=False, indent=1, default=_plain) + "\n").encode()


def read_report(archive: Archive, run: str) -> dict[str, Any]:
    """The report of a finished run, by id or `last`. Raises NotFound."""
    found = Nights(archive.db).run(run)
    path = report_folder(archive, found.id) / "report.json"
    if not path.exists():
        raise NotFound(f"the run {found.id} has no report: it was killed, or its report could not be kept")
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a report")

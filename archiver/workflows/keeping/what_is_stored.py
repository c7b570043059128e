"""What an archive's files are, by format and by class: evidence, what captures share, and its own papers."""

from __future__ import annotations

import mimetypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.assets import known_assets
from archiver.core.paper_files import sizes_of_paper
from archiver.core.papers import papers
from archiver.workflows.keeping.keep_papers import plan_papers
from retention.register import active_plan

UNDECIDED = "undecided"
SHARED = "shared by captures"
_TEXT = "any text editor"
_FONT = "any browser, any font viewer"
OPENED_BY = {
    "application/warc": "any WARC/1.1 reader: pywb, warcio, ReplayWeb.page",
    "image/png": "any viewer of pictures",
    "image/webp": "any browser",
    "image/jpeg": "any viewer of pictures",
    "application/jsonl": _TEXT,
    "application/json": _TEXT,
    "text/plain": _TEXT,
    "text/csv": "any spreadsheet",
    "text/html": "any browser",
    "application/pdf": "any PDF reader",
    "application/gzip": "gzip: a script or style as it was sent",
    "application/zip": "any ZIP tool",
    "application/wacz": "any WACZ reader: pywb, ReplayWeb.page",
    "application/x-pem-file": "openssl",
    "application/x-signature": "openssl: a signature by the key beside it",
    "application/timestamp-reply": "openssl",
    "font/woff": _FONT,
    "font/woff2": _FONT,
    "font/otf": _FONT,
}
_BY_NAME = {
    ".jsonl": "application/jsonl",
    ".wacz": "application/wacz",
    ".cdxj": "text/plain",
    ".md": "text/plain",
    ".pem": "application/x-pem-file",
    ".sig": "application/x-signature",
    ".tsr": "application/timestamp-reply",
}
_MAGIC = {
    b"wOFF": "font/woff",
    b"wOF2": "font/woff2",
    b"OTTO": "font/otf",
    b"\0\1\0\0": "font/otf",
    b"\x1f\x8b": "application/gzip",
}


class Kept(StrEnum):
    """What a file is there for."""

    EVIDENCE = "evidence"
    SHARED = "shared"  # a script, style or font that many captures need, kept and counted once
    PAPERS = "papers"  # bundles, certificates, reports of nights, the trail


@dataclass(frozen=True, kw_only=True)
class StoredFormat:
    """How much of one format is kept, what for, and what opens it."""

    media_type: str
    kept: Kept
    files: int
    size: int
    opened_by: str


@dataclass(frozen=True, kw_only=True)
class StoredClass:
    """How much one class takes, and where its records lie by the plan. Files that captures of all classes share are on
    a line of their own, counted once; a paper that is only rows of the catalogue has no file.
    """

    class_code: str
    records: int
    papers: int
    files: int
    size: int
    storage: str


def formats(archive: Archive) -> list[StoredFormat]:
    """The formats kept, the most frequent first."""
    files: Counter[tuple[str, Kept]] = Counter()
    sizes: Counter[tuple[str, Kept]] = Counter()
    for media_type, kept, size in _every_file(archive):
        files[media_type, kept] += 1
        sizes[media_type, kept] += size
    return [
        StoredFormat(
            media_type=media_type,
            kept=kept,
            files=count,
            size=sizes[media_type, kept],
            opened_by=OPENED_BY.get(media_type, "no tool is noted for it"),
        )
        for (media_type, kept), count in sorted(files.items(), key=lambda each: (-each[1], each[0]))
    ]


def _every_file(archive: Archive) -> Iterator[tuple[str, Kept, int]]:
    for stored, _ in archive.catalogue.all_objects():
        yield stored.media_type, Kept.EVIDENCE, stored.size
    for asset in known_assets(archive.db):
        yield _format_of_asset(archive.assets.path_of(asset.name)), Kept.SHARED, asset.size
    for paper in papers(archive.db, date.max, archive.settings.archive.zone):
        for name, size in sizes_of_paper(archive.directory, paper.place):
            yield _format_by_name(name), Kept.PAPERS, size


def _format_of_asset(path: Path) -> str:
    """By its first bytes: an asset is kept as it was sent, and its name is its digest."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError:
        return "missing"
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "text/plain")


def _format_by_name(name: str) -> str:
    if name.endswith(".warc.gz"):
        return "application/warc"
    guessed = mimetypes.guess_type(name, strict=False)[0]
    return _BY_NAME.get(Path(name).suffix) or guessed or "application/octet-stream"


def storage_by_class(archive: Archive) -> list[StoredClass]:
    """What each class takes on the disk, by its code; UNDECIDED for what has none, SHARED for what all share."""
    records, own, files, sizes = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    rows = archive.db.conn.execute(
        f"SELECT coalesce(r.class_code, '{UNDECIDED}') AS code, count(DISTINCT r.id), count(o.path), "  # noqa: S608 - a constant
        "coalesce(sum(o.size), 0) FROM records r LEFT JOIN captures c ON c.record_id = r.id "
        "LEFT JOIN objects o ON o.capture_id = c.id GROUP BY code"
    )
    for code, *counted in rows:
        records[code], files[code], sizes[code] = counted
    for code, place in _papers(archive):
        found = sizes_of_paper(archive.directory, place)
        own[code] += 1
        files[code] += len(found)
        sizes[code] += sum(size for _, size in found)
    if shared := known_assets(archive.db):
        files[SHARED], sizes[SHARED] = len(shared), sum(each.size for each in shared)
    plan = active_plan(archive.db)
    where = {each.class_code: each.storage for each in plan.schedules} if plan else {}
    return [
        StoredClass(
            class_code=code,
            records=records[code],
            papers=own[code],
            files=files[code],
            size=sizes[code],
            storage=where.get(code, ""),
        )
        for code in sorted({*records, *own, *files})
    ]


def _papers(archive: Archive) -> Iterator[tuple[str, str]]:
    """Each paper's class and place; without a plan all are undecided."""
    if active_plan(archive.db) is None:
        for paper in papers(archive.db, date.max, archive.settings.archive.zone):
            yield UNDECIDED, paper.place
        return
    for each in plan_papers(archive, today=date.max):
        yield each.decision.class_code or UNDECIDED, each.paper.place

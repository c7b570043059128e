"""WACZ 1.1.1: WARCs, their index and their pages in one ZIP that replay tools open.

Source: https://specs.webrecorder.net/wacz/1.1.1/. Version 1.2.0's `profile: "wacz"` is left
out on purpose: ReplayWeb.page refuses it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from archiver.core import clock
from archiver.core.cdxj import index_lines
from archiver.core.durable import durable_file
from archiver.core.records import Digest
from archiver.core.wacz_checking import PACKAGE, PACKAGE_DIGEST, WaczCheck, check_wacz
from archiver.core.warc import read_heads

__all__ = ["Page", "WaczCheck", "check_wacz", "write_wacz"]

_CHUNK = 1 << 20
_LINES_PER_BLOCK = 300


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page a reader may start from; `ts` is when it was captured, `text` what full-text search reads."""

    url: str
    ts: datetime
    title: str = ""
    text: str = ""


def write_wacz(
    out: Path,
    warcs: Sequence[tuple[str, Path]],
    pages: Sequence[Page],
    *,
    title: str,
    created: datetime,
) -> None:
    """Write the WARCs, each under `archive/NAME`, with an index and the pages; durable, replacing `out`.

    The same input gives the same bytes. Raises BadWarc where a WARC cannot be read to its
    end, StorageFull, and ValueError if two WARCs have one name or a name is not a plain
    `….warc.gz`.
    """
    names = [name for name, _ in warcs]
    if len(set(names)) < len(names) or any("/" in name or not name.endswith(".warc.gz") for name in names):
        raise ValueError(f"WARC names in a WACZ are unique, end in .warc.gz and have no folder: {names}")
    lines = sorted(
        (line for name, path in warcs for line in index_lines(read_heads(path), name)),
        key=lambda line: line.encode(),
    )
    index, summary = _compress_index(lines)
    with durable_file(out) as file, zipfile.ZipFile(file, "w") as package:
        resources = [
            _add(package, f"archive/{name}", _file_pieces(path), created, path.stat().st_size) for name, path in warcs
        ]
        resources += [
            _add(package, "indexes/index.cdx.gz", [index], created, len(index)),
            _add(package, "indexes/index.idx", [summary], created, len(summary)),
        ]
        listed = _page_lines(pages)
        resources.append(_add(package, "pages/pages.jsonl", [listed], created, len(listed)))
        described = _as_json(_describe(resources, pages, title, created))
        digest = _sha256(described)
        _add(package, PACKAGE, [described], created, len(described))
        sealed = _as_json({"path": PACKAGE, "hash": digest})
        _add(package, PACKAGE_DIGEST, [sealed], created, len(sealed))


def _add(
    package: zipfile.ZipFile, name: str, pieces: Iterable[bytes], created: datetime, size: int
) -> dict[str, object]:
    """Store one file; its resource entry."""
    moment = clock.to_utc(created)
    entry = zipfile.ZipInfo(name, (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second))
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # Unix, on whatever machine it is written
    entry.file_size = size  # tells zipfile whether it needs 64 bits
    digest = hashlib.sha256()
    with package.open(entry, "w") as stored:
        for piece in pieces:
            digest.update(piece)
            stored.write(piece)
    return {
        "name": name.rpartition("/")[2].lower(),
        "path": name,
        "hash": f"sha256:{digest.hexdigest()}",
        "bytes": size,
    }


def _file_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


def _compress_index(lines: Sequence[str]) -> tuple[bytes, bytes]:
    """The index in gzip blocks of 300 lines, and the summary that finds a block by its first key."""
    packed = bytearray()
    meta = json.dumps({"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"})
    summary = [f"!meta 0 {meta}"]
    for start in range(0, len(lines), _LINES_PER_BLOCK):
        block_lines = lines[start : start + _LINES_PER_BLOCK]
        compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
        block = compressor.compress("".join(f"{line}\n" for line in block_lines).encode())
        block += compressor.flush()
        place = {"offset": len(packed), "length": len(block), "digest": _sha256(block)}
        summary.append(f"{' '.join(block_lines[0].split(' ', 2)[:2])} {json.dumps(place)}")
        packed += block
    return bytes(packed), "".join(f"{line}\n" for line in summary).encode()


def _page_lines(pages: Sequence[Page]) -> bytes:
    header = {
        "format": "json-pages-1.0",
        "id": "pages",
        "title": "All Pages",
        "hasText": any(page.text for page in pages),
    }
    lines: list[dict[str, object]] = [header]
    for page in pages:
        ts = _seconds(page.ts)
        identity = hashlib.sha256(f"{ts} {page.url}".encode()).hexdigest()[:22]
        line: dict[str, object] = {"id": identity, "url": page.url, "title": page.title, "ts": ts}
        lines.append({**line, "text": page.text} if page.text else line)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _describe(
    resources: Sequence[dict[str, object]], pages: Sequence[Page], title: str, created: datetime
) -> dict[str, object]:
    described: dict[str, object] = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": title,
        "created": _seconds(created),
        "software": f"Archiver/{version('records-archiver')}",
        "resources": resources,
    }
    if pages:
        described |= {"mainPageUrl": pages[0].url, "mainPageDate": _seconds(pages[0].ts)}
    return described


def _seconds(moment: datetime) -> str:
    return clock.to_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def _as_json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _sha256(content: bytes) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")

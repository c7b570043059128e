"""Load files of review platforms: Concordance DAT and Opticon OPT, written and read.

DAT: UTF-8 with a byte order mark, CRLF; fields quoted with U+00FE and parted by 0x14; a line break inside a field is
U+00AE; several values are parted by `;`. A literal U+00FE is doubled; a literal U+00AE would be read as a line break,
so it is written as `(R)`, which the row's last field says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from archiver.core.clock import to_iso
from archiver.core.records import ObjectRole, Observed
from exports.release.documents import Document

BOM = "\ufeff"
QUOTE, SEPARATOR, NEWLINE = "þ", "\x14", "®"
_BETWEEN = f"{QUOTE}{SEPARATOR}{QUOTE}"
_SPECIAL = re.compile("[þ®\x14\0\r\n]")
FIELDS = (
    "DOCID", "BEGBATES", "ENDBATES", "BEGATTACH", "ENDATTACH", "PARENTID", "ATTACHMENTIDS", "CUSTODIAN",
    "ALLCUSTODIANS", "RECORDTYPE", "FILENAME", "FILESIZE", "MD5HASH", "SHA1HASH", "THREADID", "INREPLYTO", "NATIVELINK",
    "TEXTLINK", "PAGECOUNT", "SHA256", "PLATFORM", "POSTURL", "POSTID", "AUTHORHANDLE", "AUTHORNAME", "POSTDATE_UTC",
    "CAPTUREDATE_UTC", "EDITED", "DELETEDATSOURCE", "WARCFILE", "WARCOFFSET", "WARCRECORDID", "REDACTED", "EXEMPTIONS",
    "WITHHELD", "RSMFID", "TITLE", "NOTE",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where a document's files lie in the volume, backslashed; "" where there is none."""

    text: str
    rsmf: str = ""
    warc: str = ""
    size: int = 0
    md5: str = ""
    sha1: str = ""
    sha256: str = ""


def dat_line(cells: Iterable[str]) -> bytes:
    """One line, CRLF at the end."""
    values = list(cells)
    if _SPECIAL.search("".join(values)):
        values = [_quoted(each) for each in values]
    return f"{QUOTE}{_BETWEEN.join(values)}{QUOTE}\r\n".encode()


def dat_header() -> bytes:
    return BOM.encode() + dat_line(FIELDS)


def _quoted(cell: str) -> str:
    plain = cell.replace(NEWLINE, "(R)").replace(SEPARATOR, " ").replace("\0", "")
    return plain.replace(QUOTE, QUOTE + QUOTE).replace("\r\n", NEWLINE).replace("\n", NEWLINE).replace("\r", NEWLINE)


def read_dat(content: bytes) -> Iterator[list[str]]:
    """Rows of a DAT in this dialect, the header first; line breaks back in their place. Raises ValueError."""
    text = content.decode("utf-8")
    if not text.startswith(BOM):
        raise ValueError("it does not begin with a byte order mark")
    for number, line in enumerate(text[1:].split("\r\n")[:-1], 1):
        cells = line.split(_BETWEEN)
        if len(line) < 2 or line[0] != QUOTE or line[-1] != QUOTE:
            raise ValueError(f"line {number} is not quoted")
        cells[0], cells[-1] = cells[0][1:], cells[-1][:-1] if len(cells) > 1 else cells[0][1:-1]
        yield [each.replace(QUOTE + QUOTE, QUOTE).replace(NEWLINE, "\n") for each in cells]


def document_cells(document: Document, links: Links) -> list[str]:
    """A document's row, in the order of FIELDS."""
    record, entry = document.record.produced.record, document.item
    account = document.record.produced.account
    custodian = account.department or account.handle if account else ""
    seen = entry.item if entry else None
    withheld = document.release.release == "withheld"
    codes = dict.fromkeys(each.section for each in document.record.log if entry and each.item == entry.id)
    values = {
        "DOCID": document.begin,
        "BEGBATES": document.begin,
        "ENDBATES": document.end,
        "BEGATTACH": document.family[0],
        "ENDATTACH": document.family[1],
        "PARENTID": document.parent,
        "ATTACHMENTIDS": ";".join(document.children),
        "CUSTODIAN": custodian,
        "ALLCUSTODIANS": custodian,
        "RECORDTYPE": seen.kind.value if seen else record.kind.value,
        "FILENAME": f"{document.begin}.txt",
        "FILESIZE": str(links.size),
        "MD5HASH": links.md5,
        "SHA1HASH": links.sha1,
        "THREADID": record.id,
        "INREPLYTO": document.parent,
        "NATIVELINK": links.rsmf,
        "TEXTLINK": links.text,
        "PAGECOUNT": str(max(1, len(document.pages))),
        "SHA256": links.sha256,
        "PLATFORM": record.site,
        "POSTURL": seen.source_url if seen else record.canonical_url,
        "POSTID": seen.native_id if seen else "",
        "AUTHORHANDLE": seen.creator_handle if seen else record.creator_handle,
        "AUTHORNAME": seen.creator_name if seen else record.creator_name,
        "POSTDATE_UTC": to_iso(seen.created) if seen and seen.created else "",
        "CAPTUREDATE_UTC": to_iso(entry.first_seen) if entry else "",
        "EDITED": "Y" if entry and entry.observed is Observed.EDITED else "N",
        "DELETEDATSOURCE": "Y" if entry and entry.observed is Observed.GONE else "N",
        "WARCFILE": links.warc,
        "WARCOFFSET": "",
        "WARCRECORDID": "",
        "REDACTED": "Y" if codes or (not document.record.original and document.record.painted) else "N",
        "EXEMPTIONS": ";".join(codes),
        "WITHHELD": "Y" if withheld else "N",
        "RSMFID": record.id if links.rsmf else "",
        "TITLE": record.title,
    }
    replaced = NEWLINE in "".join(values.values())
    return [*(values[name] for name in FIELDS[:-1]), "(R) stands for the registered sign" if replaced else ""]


def warc_of(document: Document) -> str:
    """The newest WARC of an original, as its bundle names it; "" where none is shipped."""
    if not document.record.original:
        return ""
    captures = sorted(document.record.produced.captures, key=lambda each: each.capture.started, reverse=True)
    for each in captures:
        for stored in each.stored(ObjectRole.WARC):
            return f"records/{document.record.produced.record.id}/{each.capture.id}/{stored.path.rpartition('/')[2]}"
    return ""


@dataclass(frozen=True, kw_only=True)
class OptLine:
    """One page in an Opticon file; `pages` counts the document's, on its first page."""

    page: str
    volume: str
    path: str
    first: bool
    pages: int


def opt_line(line: OptLine) -> bytes:
    """`PageID,Volume,Path,DocBreak,FolderBreak,BoxBreak,PageCount`, CRLF. Raises ValueError for a comma in a path."""
    if "," in line.path or "," in line.page:
        raise ValueError(f"{line.path}: an Opticon file has no way to write a comma")
    count = str(line.pages) if line.first else ""
    return f"{line.page},{line.volume},{line.path},{'Y' if line.first else ''},,,{count}\r\n".encode()


def read_opt(content: bytes) -> list[OptLine]:
    """Raises ValueError."""
    lines: list[OptLine] = []
    for text in content.decode("utf-8-sig").splitlines():
        cells: Sequence[str] = text.split(",")
        if len(cells) != 7:
            raise ValueError(f"{text!r} has {len(cells)} fields, not seven")
        first = cells[3] == "Y"
        lines.append(
            OptLine(page=cells[0], volume=cells[1], path=cells[2], first=first, pages=int(cells[6]) if first else 0)
        )
    return lines

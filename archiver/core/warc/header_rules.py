"""What WARC 1.1 (ISO 28500:2017) asks of a record's own header, field by field. Pure.

warcio's parser is lenient on purpose; a check is strict: fields that are not UTF-8, lines that
end without CR, and a field given twice are defects, whatever a reader would make of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archiver.core import clock
from archiver.core.warc.members import Defect

HEAD_LIMIT = 1 << 20
"""Bytes within which a WARC header must end; the standard sets none."""

VERSIONS = ("WARC/1.1", "WARC/1.0")
TYPES = frozenset({"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"})
_WITHOUT_URI = frozenset({"warcinfo", "metadata"})
# section 5: only these may be given more than once; the last two are extensions in wide use
_REPEATABLE = frozenset({"warc-concurrent-to", "warc-protocol", "warc-cipher-suite"})
_VERSION = re.compile(r"WARC/\d+\.\d+")
_ID = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+>")
# W3C profile of ISO 8601 in UTC, each precision the standard allows (5.4)
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?)?)?")

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token: section 4
_FIELD = re.compile(rf"({_NAME.pattern}):([^\r\n]*)\r\n")
_HEAD = re.compile(rf"WARC/[^\r\n]*\r\n(?:{_NAME.pattern}:[^\r\n]*\r\n)*\r\n")

Problem = tuple[Defect, str]


@dataclass(frozen=True)
class StrictHead:
    """`fields` by name in lower case, in order of appearance; `problems` of the writing alone."""

    version: str
    fields: Mapping[str, list[str]]
    problems: tuple[Problem, ...]

    def first(self, name: str) -> str | None:
        values = self.fields.get(name)
        return values[0] if values else None


def parse_strictly(block: bytes) -> StrictHead | None:
    """The header in `block`, its closing empty line included; None where it is none at all."""
    problems: list[Problem] = []
    try:
        text = block.decode()
    except UnicodeDecodeError:
        text = block.decode("latin-1")
        problems.append((Defect.HEADER, "its WARC header is not UTF-8"))
    version, fields = _well_formed(text)
    if not version:
        version, fields = _ill_formed(text, problems)
    if not _VERSION.fullmatch(version):
        return None
    if version not in VERSIONS:
        problems.append((Defect.VERSION, f"{version} is no version known: {', '.join(VERSIONS)}"))
    for name, values in fields.items():
        if len(values) > 1 and name not in _REPEATABLE:
            problems.append((Defect.HEADER, f"{name} is given {len(values)} times"))
    return StrictHead(version, fields, tuple(problems))


def _well_formed(text: str) -> tuple[str, dict[str, list[str]]]:
    """Version and fields of a header of one line a field, each as the grammar has it; "" for any other."""
    if not _HEAD.fullmatch(text):
        return "", {}
    version, _, rest = text.partition("\r\n")
    fields: dict[str, list[str]] = {}
    for name, value in _FIELD.findall(rest):
        fields.setdefault(name.lower(), []).append(value.strip())
    return version, fields


def _ill_formed(text: str, problems: list[Problem]) -> tuple[str, dict[str, list[str]]]:
    """What can be read of it all the same; adds to `problems`, but not for folded lines, which are allowed."""
    text = text.removesuffix("\r\n\r\n")
    lines = text.split("\r\n")
    if not text.count("\n") == text.count("\r") == len(lines) - 1:
        problems.append((Defect.HEADER, "a line of its WARC header ends without CR LF"))
        lines = [part for line in lines for part in re.split("[\r\n]", line)]
    fields: dict[str, list[str]] = {}
    last: list[str] = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and last:
            last[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name):
            problems.append((Defect.HEADER, f"a line of its WARC header is no field: {line[:40]!r}"))
            continue
        last = fields.setdefault(name.lower(), [])
        last.append(value.strip())
    return lines[0], fields


def check_fields(head: StrictHead) -> Iterator[Problem]:
    """What is missing or wrong in the fields; digests and lengths are compared with the block elsewhere."""
    yield from head.problems
    record_type = head.first("warc-type") or ""
    if record_type not in TYPES:
        yield Defect.TYPE, f"WARC-Type {record_type!r} is not one of WARC 1.1"
    record_id = head.first("warc-record-id") or ""
    if not record_id:
        yield Defect.ID, "WARC-Record-ID is missing"
    elif not _ID.fullmatch(record_id):
        yield Defect.ID, f"WARC-Record-ID {record_id!r} is no URI in angle brackets"
    if not _is_date(head.first("warc-date") or ""):
        yield Defect.DATE, "WARC-Date is missing or no date"
    if record_type not in _WITHOUT_URI and not head.first("warc-target-uri"):
        yield Defect.URI, "WARC-Target-URI is missing"
    if record_type == "revisit" and not head.first("warc-profile"):
        yield Defect.PROFILE, "WARC-Profile is missing, which a revisit must have"


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        clock.from_iso(text if len(text) >= len("2026-11-21") else f"{text}-01-01"[: len("2026-11-21")])
    except ValueError:
        return False
    return True

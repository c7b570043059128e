"""What a crash left behind: cut back to its last whole record.

warcio has no recovery, and its reader ends at a torn record as if the record were whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archiver.core.durable import storage_errors, sync_file
from archiver.core.errors import BadWarc
from archiver.core.warc.reading import read_record


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What was kept of a leftover `.part` file, and how many bytes after the last whole record were cut."""

    path: Path
    records: int
    size: int
    cut_bytes: int


def recover(part: Path) -> Recovered:
    """Cut the unfinished WARC at `part` behind its last whole record, in place, durably.

    The file keeps its `.part` name: whether it counts as evidence is the caller's decision.
    """
    size = part.stat().st_size
    offset = records = 0
    while offset < size:
        try:
            record = read_record(part, offset)
        except BadWarc:
            break
        offset += record.length
        records += 1
    if offset < size:
        with storage_errors(part), part.open("r+b") as file:
            file.truncate(offset)
            sync_file(file)
    return Recovered(path=part, records=records, size=offset, cut_bytes=size - offset)

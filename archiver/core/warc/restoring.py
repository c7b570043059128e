"""Reading a thinned WARC as it was recorded: every record in its place, payloads from where they are kept.

A WARC that was not thinned reads the same as with `read_records`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from archiver.core import clock
from archiver.core.errors import BadWarc
from archiver.core.warc.heads import HTTP_HEAD_LIMIT, first_value
from archiver.core.warc.members import damaged
from archiver.core.warc.reading import WarcRecord, read_record, read_records
from archiver.core.warc.repeats import Holder, Repeat, is_repeats, read_repeats

_CHUNK = 1 << 18

Resolve = Callable[[str], Path]
"""Where a holder's file lies: `cap_.../...` of the same record, or `assets/...`."""


def nowhere(file: str) -> Path:
    """For a WARC that must be whole in itself. Raises BadWarc."""
    raise BadWarc(f"the payload lies in {file}, and where that is was not told")


def read_restored(path: Path, resolve: Resolve = nowhere) -> Iterator[WarcRecord]:
    """Every record as recorded, in its order.

    Payloads that lie elsewhere are read, and compared with their digests, when they are asked for:
    then BadWarc, naming both files, says what is missing or damaged.
    """
    waiting: list[Repeat] = []
    carrier: WarcRecord | None = None
    place = 0
    for record in read_records(path):
        if place == 1 and carrier is None and is_repeats(record):
            carrier, waiting = record, read_repeats(record)[::-1]
            continue
        while carrier is not None and waiting and waiting[-1].position <= place:
            yield restore(waiting.pop(), carrier, resolve)
            place += 1
        yield record
        place += 1
    while carrier is not None and waiting:
        yield restore(waiting.pop(), carrier, resolve)


def repeats_of(path: Path) -> tuple[WarcRecord | None, list[Repeat]]:
    """What the WARC keeps elsewhere, and the record that says so; (None, []) where it is whole in itself."""
    for record in islice(read_records(path), 1, 2):
        if is_repeats(record):
            return record, read_repeats(record)
    return None, []


def restore(repeat: Repeat, carrier: WarcRecord, resolve: Resolve) -> WarcRecord:
    """The record that `repeat`, read out of `carrier`, stands for. Raises BadWarc where that is none."""
    head_end = repeat.block.find(b"\r\n\r\n", 0, HTTP_HEAD_LIMIT) + 4
    head = repeat.block[: head_end if head_end >= 4 else 0]
    try:
        date = clock.from_iso(first_value(repeat.headers, "WARC-Date") or "")
    except ValueError as error:
        raise damaged(carrier.path, carrier.offset, "a record of its inner WARC has no date") from error
    length = int(first_value(repeat.headers, "Content-Length") or 0)
    kept = repeat.block[len(head) :] if repeat.holder is None else None
    return WarcRecord(
        path=carrier.path,
        offset=carrier.offset,
        length=carrier.length,
        type=repeat.type,
        id=repeat.id,
        date=date,
        uri=(first_value(repeat.headers, "WARC-Target-URI") or "").strip("<>"),
        headers=repeat.headers,
        http_head=head,
        payload_size=length - len(head),
        _kept=kept,
        _source=None if repeat.holder is None else lambda: iter_held(repeat, carrier.path, resolve),
    )


def iter_held(repeat: Repeat, needed_by: Path, resolve: Resolve) -> Iterator[bytes]:
    """The payload from where it is kept, its digest compared at its end. Raises BadWarc naming both files."""
    assert repeat.holder is not None
    digest = hashlib.sha256()
    try:
        for piece in _pieces(repeat.holder, resolve(repeat.holder.file)):
            digest.update(piece)
            yield piece
    except (BadWarc, OSError) as error:
        raise BadWarc(f"{needed_by} needs a payload of {repeat.holder.file}, which cannot be read: {error}") from error
    if f"sha256:{digest.hexdigest()}" != repeat.digest:
        raise BadWarc(
            f"{needed_by} needs {repeat.digest} of {repeat.holder.file}, where another payload lies; "
            "restore that file from a copy"
        )


def _pieces(holder: Holder, path: Path) -> Iterator[bytes]:
    if holder.offset is not None:
        yield from read_record(path, holder.offset).iter_payload()
        return
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece

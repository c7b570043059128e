"""Making a finished WARC small: what an earlier capture, an asset or a screenshot file holds is not kept twice.

What is thinned gives back every record, head and payload, byte for byte (`read_restored`). A payload is
left out only after the one that is to stand for it was read where it lies and has its digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.core.durable import durable_file
from archiver.core.errors import BadWarc
from archiver.core.warc.copying import WarcCopy
from archiver.core.warc.reading import WarcRecord, read_records
from archiver.core.warc.repeats import (
    MEDIA_TYPE,
    REPEATS,
    Holder,
    Repeat,
    is_repeats,
    read_repeats,
    write_request,
    write_revisit,
)
from archiver.core.warc.restoring import Resolve, iter_held
from archiver.core.warc.writing import ascii_uri

_SMALL = 1 << 16
"""A request with a longer body stays a record of its own."""

Find = Callable[[WarcRecord, str | None], Holder | None]
"""Where the payload of a response or resource is kept, None where nowhere else; the method where it is a response."""


@dataclass(frozen=True, kw_only=True)
class Thinned:
    """`records` counts the file's records as it now stands; `holders` are those it depends on."""

    records: int
    holders: tuple[Holder, ...]


class KnownPayloads:
    """The payloads that earlier captures of one record keep, by digest; the one of the same address is preferred."""

    def __init__(self, warcs: Iterable[tuple[str, Path]]) -> None:
        """`warcs`: each as a holder names it, and where it lies. What cannot be read is not relied on."""
        self._holders: dict[tuple[str, str], Holder] = {}
        for name, path in warcs:
            with contextlib.suppress(BadWarc, OSError):
                for digest, uri, holder in _kept_payloads(name, path):
                    self._holders.setdefault((digest, uri), holder)
                    self._holders.setdefault((digest, ""), holder)

    def find(self, digest: str, uri: str) -> Holder | None:
        return self._holders.get((digest, uri)) or self._holders.get((digest, ""))


def _kept_payloads(name: str, path: Path) -> Iterator[tuple[str, str, Holder]]:
    for record in read_records(path):
        if is_repeats(record):
            for each in read_repeats(record):
                if each.holder is not None:
                    yield each.digest, dict(each.headers).get("WARC-Target-URI", ""), each.holder
        elif record.type in ("response", "resource"):
            stated = record.header("WARC-Payload-Digest") or ""
            holder = Holder(
                file=name,
                offset=record.offset,
                id=record.id,
                uri=record.uri,
                date=record.header("WARC-Date") or "",
            )
            yield stated, record.uri, holder


def thin(path: Path, *, url: str, find: Find, resolve: Resolve) -> Thinned:
    """Rewrite the WARC at `path`, of the page `url`: whatever `find` knows elsewhere becomes a revisit.

    The file is replaced in one rename: at any moment it is the full one or the thinned one, whole.
    Raises BadWarc where it cannot be read, StorageFull.
    """
    methods = {
        record.header("WARC-Concurrent-To"): record.method for record in read_records(path) if record.type == "request"
    }
    inner: dict[int, bytes] = {}
    holders: list[Holder] = []
    revisited: set[str] = set()
    records = 0
    for position, record in enumerate(read_records(path)):
        records += 1
        if record.type in ("response", "resource"):
            holder = find(record, methods.get(record.id))
            text = None if holder is None else write_revisit(record, position, holder)
            # what is first stays: the second place is where the repeats are looked for
            if position and holder is not None and text is not None and _is_held(record, holder, resolve):
                inner[position] = text
                holders.append(holder)
                revisited.add(record.id)
        elif record.type == "request" and record.header("WARC-Concurrent-To") in revisited:
            text = write_request(record, position) if record.payload_size <= _SMALL else None
            if text is not None:
                inner[position] = text
    if not inner:
        return Thinned(records=records, holders=())
    with durable_file(path) as file:
        copy = WarcCopy(file)
        for position, record in enumerate(read_records(path)):
            if position not in inner:
                copy.copy(record)
            if position == 0:
                _add_repeats(copy, url, record, b"".join(inner.values()))
    return Thinned(records=copy.records, holders=tuple(dict.fromkeys(holders)))


def _is_held(record: WarcRecord, holder: Holder, resolve: Resolve) -> bool:
    """Whether the payload lies there now, byte for byte."""
    repeat = Repeat(position=0, type=record.type, headers=record.headers, block=b"", holder=holder)
    own = hashlib.sha256()
    for piece in record.iter_payload():
        own.update(piece)
    if f"sha256:{own.hexdigest()}" != repeat.digest:
        return False
    try:
        for _ in iter_held(repeat, record.path, resolve):
            pass
    except BadWarc:
        return False  # damaged since: then this copy is the one to keep
    return True


def _add_repeats(copy: WarcCopy, url: str, first: WarcRecord, inner: bytes) -> None:
    """The record with all that was left out, right behind the warcinfo, so that one reading restores all in order."""
    digest = f"sha256:{hashlib.sha256(inner).hexdigest()}"
    fields = (
        ("WARC-Type", "resource"),
        ("WARC-Record-ID", f"<{uuid.uuid5(uuid.NAMESPACE_URL, first.id).urn}>"),
        ("WARC-Date", first.header("WARC-Date") or ""),
        ("WARC-Target-URI", f"{REPEATS}{ascii_uri(url)}"),
        ("WARC-Block-Digest", digest),
        ("WARC-Payload-Digest", digest),
        ("Content-Type", MEDIA_TYPE),
        ("Content-Length", str(len(inner))),
    )
    copy.add(fields, [inner])

"""Checking that a bundle is whole in itself: every payload a thinned WARC leaves elsewhere is in the bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from archiver.core.errors import BadWarc
from archiver.core.warc import Repeat, WarcRecord, check_warc, read_records, repeats_of
from exports.bundle.originals import SUPPLEMENT
from exports.checking.bag import show


def check_repeats(root: Path, place: str, warcs: Sequence[str]) -> Iterator[str]:
    """`place` is the record's directory in the bundle, `warcs` the paths of its captures' WARCs.

    The supplement, if there is one, must hold exactly what these WARCs leave to other files.
    """
    left: dict[str, Repeat] = {}
    kept = set[str]()
    for name in warcs:
        try:
            left |= {each.id: each for each in repeats_of(root / name)[1]}
            kept |= {_digest(each) for each in read_records(root / name) if each.type in ("response", "resource")}
        except (BadWarc, OSError) as error:
            yield f"{name} could not be read to its end: {show(str(error))}"
    supplement = f"{place}/{SUPPLEMENT}"
    if not (root / supplement).is_file():
        if left:
            yield f"{supplement} is missing: WARCs of this record leave {len(left)} records to it"
        return
    found = set[str]()
    try:
        for defect in check_warc(root / supplement).findings:
            yield f"{supplement}, byte {defect.offset}: {show(defect.problem)}"
        for record in read_records(root / supplement):
            if record.type == "warcinfo":
                continue
            found.add(record.id)
            if record.type in ("response", "resource"):
                kept.add(_digest(record))
            if record.id not in left or not _is_what_was_left(record, left[record.id]):
                yield f"{supplement}: no WARC of this record leaves {show(record.id)} to it as it stands there"
    except (BadWarc, OSError) as error:
        yield f"{supplement} could not be read to its end: {show(str(error))}"
        return
    for id in sorted(left.keys() - found):
        yield f"{supplement} lacks {show(id)}, which a WARC of this record leaves to it"
    for each in left.values():
        if each.holder is not None and each.digest not in kept:
            yield f"{place}: the payload {show(each.digest)} of {show(each.id)} is nowhere in the bundle"


def _digest(record: WarcRecord) -> str:
    return record.header("WARC-Payload-Digest") or ""


def _is_what_was_left(record: WarcRecord, repeat: Repeat) -> bool:
    """Whether a record of the supplement is the one recorded, or a revisit of it."""
    if record.type == "request":
        return record.headers == repeat.headers and record.http_head + record.payload() == repeat.block
    if record.type == "revisit" and repeat.holder is not None:
        return (record.http_head + record.payload(), _digest(record)) == (repeat.block, repeat.digest)
    return (record.type, record.headers, record.http_head) == (repeat.type, repeat.headers, repeat.block)

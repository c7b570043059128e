"""The supplement of thinned WARCs: all they leave to other files, in one standard WARC for any tool.

Each payload stands in it once, as the response or resource it was recorded as; wherever else it is needed,
or where an unthinned record of the WARCs themselves has it, there is a `revisit` that names that record.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from archiver.core import clock
from archiver.core.durable import durable_file
from archiver.core.warc.copying import WarcCopy, whole_block
from archiver.core.warc.heads import Headers
from archiver.core.warc.repeats import PROFILE, Holder, Repeat, refers_to
from archiver.core.warc.restoring import Resolve, repeats_of, restore
from archiver.core.warc.writing import CONFORMS_TO, FORMAT


def write_supplement(
    out: Path, warcs: Sequence[tuple[str, Path]], resolve: Resolve, *, made_at: datetime, software: str
) -> bool:
    """Write the supplement of `warcs` (each as holders name it, and where it lies) to `out`, durably.

    False, and no file, where they are whole in themselves. The same input gives the same bytes.
    Raises BadWarc where a payload is missing or damaged, StorageFull.
    """
    thinned = [(carrier, repeats) for carrier, repeats in (repeats_of(path) for _, path in warcs) if carrier]
    if not thinned:
        return False
    there = {name for name, _ in warcs}
    written: dict[str, Holder] = {}
    with durable_file(out) as file:
        copy = WarcCopy(file)
        _add_warcinfo(copy, out.name, thinned[0][0].id, made_at, software)
        for carrier, repeats in thinned:
            for repeat in repeats:
                holder = repeat.holder
                if holder is not None and (holder.offset is None or holder.file not in there):
                    holder = written.get(repeat.digest)
                if repeat.holder is not None and holder is not None:
                    copy.add(_revisit_headers(repeat, holder), [repeat.block])
                    continue
                whole = restore(repeat, carrier, resolve)
                copy.add(whole.headers, whole_block(whole))
                if repeat.holder is not None:
                    date = whole.header("WARC-Date") or ""
                    written[repeat.digest] = Holder(file="", offset=0, id=whole.id, uri=whole.uri, date=date)
    return True


def _revisit_headers(repeat: Repeat, holder: Holder) -> Headers:
    changed = {
        "WARC-Type": "revisit",
        "WARC-Block-Digest": f"sha256:{hashlib.sha256(repeat.block).hexdigest()}",
        "Content-Length": str(len(repeat.block)),
    }
    fields = [(name, changed.get(name, value)) for name, value in repeat.headers]
    return (*fields, ("WARC-Profile", PROFILE), *refers_to(holder))


def _add_warcinfo(copy: WarcCopy, name: str, first: str, made_at: datetime, software: str) -> None:
    text = (
        f"software: {software}\r\nformat: {FORMAT}\r\nconformsTo: {CONFORMS_TO}\r\n"
        "description: what the WARCs of these captures leave to other files\r\n"
    ).encode()
    fields = (
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", f"<{uuid.uuid5(uuid.NAMESPACE_URL, f'{first} {name} supplement').urn}>"),
        ("WARC-Date", clock.to_warc_date(made_at)),
        ("WARC-Filename", name),
        ("WARC-Block-Digest", f"sha256:{hashlib.sha256(text).hexdigest()}"),
        ("Content-Type", "application/warc-fields"),
        ("Content-Length", str(len(text))),
    )
    copy.add(fields, [text])

"""Which pictures, videos and sounds a page's items showed, by the digests of what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urldefrag

from archiver.core.records import Item
from archiver.core.warc import read_restored
from archiver.core.warc.writing import ascii_uri

_WHOLE = 200
_PART = 206


def media_digests(warc: Path, items: Iterable[Item]) -> dict[str, tuple[frozenset[str], ...]]:
    """By native id, for each medium of the item in its order, the payload digests recorded under its address.

    None are there where the browser loaded another size of it, or none. Heads are read, no payload:
    a thinned WARC does as well. Raises BadWarc.
    """
    items = [each for each in items if each.media]
    wanted = {_plain(medium.url) for each in items for medium in each.media}
    found: dict[str, set[str]] = {}
    if wanted:
        for record in read_restored(warc):
            if record.type == "response" and record.status in (_WHOLE, _PART) and _plain(record.uri) in wanted:
                found.setdefault(_plain(record.uri), set()).add(record.header("WARC-Payload-Digest") or "")
    return {
        each.native_id: tuple(frozenset(found.get(_plain(medium.url), ())) for medium in each.media) for each in items
    }


def _plain(url: str) -> str:
    try:
        return ascii_uri(urldefrag(url).url)
    except ValueError:
        return url

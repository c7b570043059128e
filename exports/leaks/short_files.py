"""Short files that can be read as nothing but text, told from others many at a time.

A production has a text for each item. That none of many holds a picture's bytes, a tag, an escape or a run that may be
base64 is seen in all of them joined; a text of which that is true has one reading.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from exports.leaks.byte_runs import BASE64, packed_runs

File = tuple[str, bytes]

_SPECIAL = (b"\0", b"<", b"\\", b"\x14", b"MIME-Version:")
"""Of UTF-16, of tags, of escapes, of load files, of messages."""
_PACKED = (b"PK", b"%PDF-")
"""How packages begin that may be valid UTF-8."""
_BETWEEN = b"\n\n"


def part_plain(files: Sequence[File]) -> tuple[list[File], list[File]]:
    """Those whose only reading beside their names is their text, and the others."""
    joined = _BETWEEN.join(content for _, content in files)
    try:
        joined.decode()
    except UnicodeDecodeError:
        apart = {place for place, (_, content) in enumerate(files) if not _is_text(content)}
    else:
        apart = set[int]()
    found = [each for each in _SPECIAL if each in joined]
    apart |= {
        place
        for place, (name, content) in enumerate(files)
        if content.startswith(_PACKED) or name.endswith(".jsonl") or any(each in content for each in found)
    }
    begins = list(accumulate((len(content) + len(_BETWEEN) for _, content in files), initial=0))
    apart |= {bisect_right(begins, start) - 1 for start, _ in packed_runs(joined, BASE64)}
    plain = [each for place, each in enumerate(files) if place not in apart]
    return plain, [files[place] for place in sorted(apart)]


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True

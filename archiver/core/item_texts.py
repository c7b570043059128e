"""Texts of many items at once, as they are searched and compared: one query for hundreds. SQL lives here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sqlite_utils import Database

_AT_ONCE = 500
_TEXT_AND_TITLE = (
    "SELECT i.id, i.text, i.media, i.record_id, CASE i.id WHEN (SELECT f.id FROM items f WHERE f.record_id = "
    "i.record_id ORDER BY f.position, f.native_id LIMIT 1) THEN r.title END FROM items i JOIN records r "
    "ON r.id = i.record_id"
)


def current_texts(db: Database, ids: Sequence[str]) -> Iterator[tuple[str, str, str | None]]:
    """Id, current text and moment created (ISO 8601, None where unknown) of these items; unknown ids are left out."""
    for some in _batches(ids):
        yield from db.conn.execute(f"SELECT id, text, created FROM items WHERE id IN ({_marks(some)})", some)  # noqa: S608


def every_text(db: Database, ids: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Id and all that an item is searched by as text: current, earlier, said of its pictures, its record's title.

    The title is its record's as corrected, and only its first item's.
    """
    titles = {
        record: json.loads(value)
        for record, value in db.conn.execute(
            "SELECT record_id, value FROM record_corrections WHERE field = 'title' ORDER BY id"
        )
    }
    for some in _batches(ids):
        earlier: dict[str, list[str]] = {}
        for item, text in db.conn.execute(
            f"SELECT item_id, text FROM item_versions WHERE item_id IN ({_marks(some)})",  # noqa: S608 - question marks
            some,
        ):
            earlier.setdefault(item, []).append(text)
        for item, text, media, record, title in db.conn.execute(
            f"{_TEXT_AND_TITLE} WHERE i.id IN ({_marks(some)})",
            some,
        ):
            shown = [each["alt"] for each in json.loads(media) if each.get("alt")]
            said = [] if title is None else [titles.get(record, title) or ""]
            yield item, (text, *earlier.get(item, ()), *shown, *said)


def _batches(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield list(ids[start : start + _AT_ONCE])


def _marks(ids: Sequence[str]) -> str:
    return ", ".join("?" * len(ids))

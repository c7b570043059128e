"""Searches that officers keep, and a declaration of every time one was run: what was asked, how, and what was found.

SQL for the tables `saved_searches`, `search_runs` and `search_run_hits`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.core.clock import from_iso, to_iso
from archiver.core.errors import AlreadyExists, BadInput, NotFound
from archiver.core.records import RecordId, new_id


@dataclass(frozen=True, kw_only=True)
class SavedSearch:
    """A query under a name. It is never changed: another query takes another name."""

    id: str  # `srch_` and 16 hex digits
    name: str
    query: str
    whole_threads: bool  # whether every hit brings its whole thread
    note: str
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, kw_only=True)
class SearchRun:
    """One run of a saved search, so that anyone can see what was asked and repeat it.

    `watermark` is the number of the catalogue's change up to which the index had followed; `total` counts items.
    """

    id: int
    search_id: str
    interpreted: str
    analyser_version: str
    watermark: int
    total: int
    records: int
    at: datetime
    actor: str


class SavedSearches:
    """The saved searches of one archive. Changes belong inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, *, name: str, query: str, whole_threads: bool, note: str, now: datetime, actor: str) -> SavedSearch:
        """Raises BadInput, AlreadyExists."""
        name = name.strip()
        if not name:
            raise BadInput("a saved search needs a name")
        if self._row(name) is not None:
            raise AlreadyExists(f"a search named {name!r} is saved already: choose another name, or run it")
        saved = SavedSearch(
            id=new_id("srch"),
            name=name,
            query=query,
            whole_threads=whole_threads,
            note=note.strip(),
            saved_at=now,
            saved_by=actor,
        )
        self._db.table("saved_searches").insert(
            {**asdict(saved), "whole_threads": int(whole_threads), "saved_at": to_iso(now)}
        )
        return saved

    def searches(self) -> list[SavedSearch]:
        """By name."""
        return [_search(row) for row in self._db.table("saved_searches").rows_where(order_by="name")]

    def search(self, name: str) -> SavedSearch:
        """By name or id. Raises NotFound."""
        row = self._row(name)
        if row is None:
            raise NotFound(f"no search named {name!r} is saved: see `archiver searches list`")
        return _search(row)

    def declare(
        self,
        search: SavedSearch,
        *,
        interpreted: str,
        analyser_version: int,
        watermark: int,
        hits: Collection[tuple[str, RecordId]],
        now: datetime,
        actor: str,
    ) -> SearchRun:
        """Keep what a run found, as it stood; a run is never changed."""
        cursor = self._db.conn.execute(
            "INSERT INTO search_runs (search_id, interpreted, analyser_version, watermark, total, records, at, actor) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                search.id,
                interpreted,
                str(analyser_version),
                watermark,
                len(hits),
                len({record for _, record in hits}),
                to_iso(now),
                actor,
            ),
        )
        run = int(cursor.lastrowid or 0)
        self._db.conn.executemany(
            "INSERT INTO search_run_hits (run_id, item_id, record_id) VALUES (?, ?, ?)",
            ((run, item, record) for item, record in hits),
        )
        return self.runs(search)[-1]

    def runs(self, search: SavedSearch) -> list[SearchRun]:
        """Oldest first."""
        rows = self._db.table("search_runs").rows_where("search_id = ?", [search.id], order_by="id")
        return [SearchRun(**{**row, "at": from_iso(row["at"])}) for row in rows]

    def hits(self, run: SearchRun) -> dict[str, RecordId]:
        """Items that the run found, with their records, in the order of the items."""
        rows = self._db.conn.execute(
            "SELECT item_id, record_id FROM search_run_hits WHERE run_id = ? ORDER BY item_id", (run.id,)
        )
        return {item: RecordId(record) for item, record in rows}

    def _row(self, name: str) -> dict[str, Any] | None:
        wanted = [name.strip()]
        return next(iter(self._db.table("saved_searches").rows_where("name = ?1 OR id = ?1", wanted)), None)


def _search(row: dict[str, Any]) -> SavedSearch:
    return SavedSearch(**{**row, "whole_threads": bool(row["whole_threads"]), "saved_at": from_iso(row["saved_at"])})

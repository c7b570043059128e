"""Which records officers put under a class, a tag or a request: looked up when asked, never indexed. SQL lives here."""

from __future__ import annotations

from sqlite_utils import Database

from archiver.core.errors import NotFound


def records_of_class(db: Database, code: str) -> frozenset[str]:
    """Records of the class and of every class below it; `none`: those without a class.

    Raises NotFound where no file plan has such a class.
    """
    if code.casefold() == "none":
        return _ids(db, "SELECT id FROM records WHERE class_code IS NULL")
    known = db.execute("SELECT DISTINCT code FROM record_classes WHERE code = ? COLLATE NOCASE", [code]).fetchall()
    if not known:
        codes = [row[0] for row in db.execute("SELECT DISTINCT code FROM record_classes ORDER BY code")]
        there_are = f"there are {', '.join(codes)}" if codes else "no file plan is loaded yet"
        raise NotFound(f"no file plan has a class {code!r}; {there_are}, and none for what is unclassified")
    return _ids(
        db,
        "WITH RECURSIVE below(code) AS (SELECT ? UNION SELECT c.code FROM record_classes c "
        "JOIN below b ON c.parent = b.code) SELECT id FROM records WHERE class_code IN (SELECT code FROM below)",
        known[0][0],
    )


def records_of_tag(db: Database, tag: str) -> frozenset[str]:
    """Records tagged so, case aside for A to Z."""
    return _ids(db, "SELECT DISTINCT record_id FROM record_tags WHERE tag = ? COLLATE NOCASE", tag)


def records_of_request(db: Database, number: str) -> frozenset[str]:
    """Records with a hit in any search made for the request. Raises NotFound where there is no such request."""
    if not db.execute("SELECT 1 FROM requests WHERE number = ? COLLATE NOCASE", [number]).fetchone():
        raise NotFound(f"there is no request {number!r}: see `archiver request list`")
    return _ids(
        db,
        "SELECT DISTINCT h.record_id FROM request_hits h JOIN request_searches s ON s.id = h.search_id "
        "WHERE s.request_number = ? COLLATE NOCASE",
        number,
    )


def _ids(db: Database, sql: str, *values: str) -> frozenset[str]:
    return frozenset(row[0] for row in db.execute(sql, list(values)))

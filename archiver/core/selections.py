"""Which records officers put under a class, a tag or a request, and which items a registered account posted.

Looked up when asked, never indexed: what is decided changes often. SQL lives here.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from archiver.core.clock import to_iso
from archiver.core.errors import NotFound

COLLECTION_TAG = "collection:"
"""Begins the tag that puts a record into a collection."""
ANY_ACCOUNT = "agency"
"""Stands for every registered account."""


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


def records_of_collection(db: Database, name: str) -> frozenset[str]:
    """Records tagged `collection:<name>`, case aside for A to Z."""
    return records_of_tag(db, COLLECTION_TAG + name)


def items_posted_by(db: Database, account: str) -> frozenset[str]:
    """Items whose creator is the registered account of this handle on the record's site; `agency`: any account.

    Only a handle tells an account: where a site shows none, the creator's name is compared. Case and a
    leading @ aside. Raises NotFound where no account has the handle.
    """
    db.conn.create_function("handle", 1, _plain_handle, deterministic=True)
    every = account.casefold() == ANY_ACCOUNT
    if not every and not db.execute("SELECT 1 FROM accounts WHERE handle(handle) = handle(?)", [account]).fetchone():
        raise NotFound(
            f"no account {account!r} is registered: see `archiver account list`; {ANY_ACCOUNT} asks for all of them"
        )
    return _ids(
        db,
        "SELECT i.id FROM accounts a JOIN records r ON r.site = a.site JOIN items i ON i.record_id = r.id AND "
        "handle(CASE i.creator_handle WHEN '' THEN i.creator_name ELSE i.creator_handle END) = handle(a.handle) "
        "WHERE ?1 = '' OR handle(a.handle) = handle(?1)",
        "" if every else account,
    )


def _plain_handle(handle: str) -> str:
    return handle.strip().lstrip("@").casefold()


def items_observed(db: Database, start: datetime | None, end: datetime | None) -> frozenset[str]:
    """Items that captures saw from `start` until before `end`, UTC; None leaves that side open.

    An item counts as seen all the time between the first and the last capture that saw it.
    """
    return _ids(
        db,
        "SELECT id FROM items WHERE last_seen >= ? AND first_seen < ?",
        to_iso(start) if start else "",
        to_iso(end) if end else "~",  # behind every date
    )


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

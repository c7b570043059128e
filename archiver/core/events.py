"""The audit trail: an append-only Merkle tree of events, in the catalogue and in `trail/events.jsonl`.

An event is one line of JSON with ids, enumerations and digests, never content, and a random salt,
so that its leaf hash in a published proof cannot be guessed back. The line's bytes are the leaf's
entry. Events are inserted in the transaction of the change they tell of; right after its commit
they are appended to the file and fsynced. This module says SQL for the table `events`.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from archiver.core.clock import to_iso
from archiver.core.errors import TrailBroken
from archiver.core.merkle import Frontier, hash_leaf

_FRONTIER = "trail_frontier"


class EventType(StrEnum):
    """What can happen to an archive; a closed list."""

    ARCHIVE_MADE = "archive_made"
    PERSON_ADDED = "person_added"
    PERSON_DISABLED = "person_disabled"
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_STATUS_SET = "account_status_set"
    JOB_ADDED = "job_added"
    JOB_STATUS_SET = "job_status_set"
    JOB_RUN = "job_run"
    NIGHT_BEGUN = "night_begun"
    NIGHT_ENDED = "night_ended"
    NIGHT_TOLD = "night_told"  # somebody was notified of it, or could not be
    CAPTURED = "captured"
    CAPTURE_ENDED = "capture_ended"  # nothing was filed; the outcome says why
    RECORD_CORRECTED = "record_corrected"
    RECORD_TAGGED = "record_tagged"
    CLASSIFIED = "classified"
    PLAN_LOADED = "plan_loaded"
    PLAN_ACTIVATED = "plan_activated"
    PLAN_APPROVED = "plan_approved"  # that a plan which lets records go sooner may be put in force
    RETENTION_EXTENDED = "retention_extended"
    TRIGGER_ENTERED = "trigger_entered"  # the day of an event that periods count from
    HOLD_PLACED = "hold_placed"
    HOLD_EXTENDED = "hold_extended"  # a live hold took in what came under it since
    HOLD_RELEASED = "hold_released"
    BATCH_PROPOSED = "batch_proposed"
    BATCH_REVIEWED = "batch_reviewed"  # a reviewer took records out of it, or put them off
    BATCH_APPROVED = "batch_approved"
    BATCH_ENDED = "batch_ended"  # withdrawn, or done with its certificate
    DISPOSAL_BEGUN = "disposal_begun"  # announced before anything goes
    DISPOSAL_STOPPED = "disposal_stopped"  # a record was left whole after it was announced
    RECORD_DISPOSED = "record_disposed"  # destroyed or transferred; a stub stays
    PAPER_DISPOSED = "paper_disposed"  # one of the archive's own papers was destroyed
    RECORD_TRANSFERRED = "record_transferred"  # handed over, and kept here as a copy
    HANDED_OVER = "handed_over"  # a package lies where the other archive takes it in
    TRANSFER_RECEIVED = "transfer_received"  # another archive confirmed what was handed over
    DISPOSAL_UNLOCKED = "disposal_unlocked"  # two people confirmed the holds after a rebuild or a restore
    REQUEST_CLOSED = "request_closed"
    REQUEST_REOPENED = "request_reopened"
    REQUEST_OPENED = "request_opened"
    REQUEST_SEARCHED = "request_searched"
    SEARCH_SAVED = "search_saved"
    SEARCH_RUN = "search_run"  # a saved search, with the figures of what it found
    REQUEST_LOGGED = "request_logged"  # a letter, what moves its clock, a delivery, an appeal
    REQUESTER_SEEN = "requester_seen"  # somebody looked at the requester's name
    REVIEW_FROZEN = "review_frozen"
    REVIEW_ASSIGNED = "review_assigned"
    REVIEW_CODED = "review_coded"
    REVIEW_UNDONE = "review_undone"
    REDACTED = "redacted"
    REDACTION_LIFTED = "redaction_lifted"
    PICTURE_CLEARED = "picture_cleared"
    LEAK_ACKNOWLEDGED = "leak_acknowledged"
    PRODUCED = "produced"
    DELIVERED = "delivered"
    PACKED = "packed"  # a production, as an encrypted ZIP
    SITE_SESSION_STORED = "site_session_stored"
    SITE_SESSION_SET = "site_session_set"  # what its checks open and must see
    SITE_SESSION_KEPT = "site_session_kept"  # the site renewed its cookies during a capture
    SITE_SESSION_CHECKED = "site_session_checked"
    SITE_SESSION_FORGOTTEN = "site_session_forgotten"
    BACKED_UP = "backed_up"
    RESTORE_DRILLED = "restore_drilled"  # a backup was restored for practice, with what was found
    ROWS_COMMITTED = "rows_committed"  # what earlier versions entered without a commitment
    KEY_ROTATED = "key_rotated"
    TIMESTAMPED = "timestamped"
    TIMESTAMP_FAILED = "timestamp_failed"

    @property
    def premis(self) -> str | None:
        """The code of the PREMIS event type vocabulary (id.loc.gov), None where it has no such event."""
        return _PREMIS.get(self)

    @property
    def decision(self) -> bool:
        """Whether a person's decision is told of, which only the catalogue holds in full."""
        return self not in (
            EventType.JOB_RUN,
            EventType.NIGHT_BEGUN,
            EventType.NIGHT_ENDED,
            EventType.NIGHT_TOLD,
            EventType.ARCHIVE_MADE,
            EventType.LOGGED_IN,
            EventType.LOGGED_OUT,
            EventType.CAPTURED,
            EventType.CAPTURE_ENDED,
            EventType.SITE_SESSION_STORED,
            EventType.SITE_SESSION_SET,
            EventType.SITE_SESSION_KEPT,
            EventType.SITE_SESSION_CHECKED,
            EventType.SITE_SESSION_FORGOTTEN,
            EventType.BACKED_UP,
            EventType.RESTORE_DRILLED,
            EventType.ROWS_COMMITTED,
            EventType.REQUESTER_SEEN,
            EventType.PACKED,
            EventType.KEY_ROTATED,
            EventType.TIMESTAMPED,
            EventType.TIMESTAMP_FAILED,
            EventType.DISPOSAL_BEGUN,
            EventType.DISPOSAL_STOPPED,
            EventType.HANDED_OVER,
        )


_PREMIS = {
    EventType.CAPTURED: "cap",
    EventType.CAPTURE_ENDED: "cap",
    EventType.RECORD_CORRECTED: "mee",
    EventType.RECORD_TAGGED: "mee",
    EventType.CLASSIFIED: "poa",
    EventType.PLAN_ACTIVATED: "poa",
    EventType.RETENTION_EXTENDED: "poa",
    EventType.TRIGGER_ENTERED: "poa",
    EventType.RECORD_DISPOSED: "dea",
    EventType.PAPER_DISPOSED: "dea",
    EventType.RECORD_TRANSFERRED: "tra",
    EventType.HANDED_OVER: "dis",
    EventType.REDACTED: "red",
    EventType.PRODUCED: "exp",
    EventType.DELIVERED: "dis",
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """One entry of the trail. `subjects` are ids; `detail` holds ids, enumerations, counts and digests."""

    seq: int  # from 0: the leaf's index
    at: str  # ISO 8601 UTC
    actor: str  # a person's id
    type: str
    subjects: tuple[str, ...]
    detail: Mapping[str, Any]
    line: str

    @property
    def leaf(self) -> bytes:
        return hash_leaf(self.line.encode())


@dataclass(frozen=True, kw_only=True)
class TrailHead:
    size: int
    root: str  # hex


def read_event(line: str) -> Event:
    """Parse a trail line. Raises TrailBroken where it is no event."""
    try:
        entry = json.loads(line)
        return Event(
            seq=entry["seq"],
            at=entry["at"],
            actor=entry["actor"],
            type=entry["type"],
            subjects=tuple(entry["subjects"]),
            detail=entry["detail"],
            line=line,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TrailBroken(f"a line of the trail is no event: {line[:80]!r}") from error


def _write_line(
    seq: int, type: EventType, subjects: Sequence[str], detail: Mapping[str, Any], at: datetime, actor: str
) -> str:
    entry: dict[str, Any] = {
        "seq": seq,
        "at": to_iso(at),
        "actor": actor,
        "type": type.value,
        "subjects": list(subjects),
        "detail": dict(detail),
        "salt": secrets.token_hex(16),
    }
    if type.premis:
        entry["premis"] = type.premis
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Trail:
    """The trail of one archive. `append` belongs inside a transaction, `publish` right after its commit."""

    def __init__(self, db: Database, directory: Path) -> None:
        self._db = db
        self.path = directory / "events.jsonl"

    # -- writing ----------------------------------------------------------------------------

    def append(
        self, type: EventType, subjects: Sequence[str], detail: Mapping[str, Any], *, at: datetime, actor: str
    ) -> Event:
        frontier = self._frontier()
        line = _write_line(frontier.size, type, subjects, detail, at, actor)
        self.insert_line(line)
        return read_event(line)

    def insert_line(self, line: str) -> None:
        """Add a line that exists already (a rebuild reads them from the file), inside a transaction."""
        frontier = self._frontier()
        event = read_event(line)
        if event.seq != frontier.size:
            raise TrailBroken(f"event {event.seq} of the trail stands where event {frontier.size} must stand")
        self._db.conn.execute(
            "INSERT INTO events (seq, line, leaf) VALUES (?, ?, ?)", (event.seq, line, event.leaf.hex())
        )
        self._store(frontier.add(event.leaf))

    def publish(self) -> None:
        """Append to the trail file, durably, whatever the catalogue has and the file has not.

        Raises TrailBroken where the file does not continue as the catalogue says.
        """
        with self._locked_file() as descriptor:
            last = self._cut_torn_line(descriptor)
            known = -1 if last is None else last.seq
            if last is not None:
                self._check_same(last)
            rows = self._db.conn.execute("SELECT line FROM events WHERE seq > ? ORDER BY seq", (known,)).fetchall()
            if rows:
                os.lseek(descriptor, 0, os.SEEK_END)
                _write_all(descriptor, "".join(line + "\n" for (line,) in rows).encode())
                os.fsync(descriptor)

    # -- reading ----------------------------------------------------------------------------

    def head(self) -> TrailHead:
        frontier = self._frontier()
        return TrailHead(size=frontier.size, root=frontier.root().hex())

    def events(self) -> Iterator[Event]:
        for (line,) in self._db.conn.execute("SELECT line FROM events ORDER BY seq"):
            yield read_event(line)

    def leaves(self) -> list[bytes]:
        return [bytes.fromhex(leaf) for (leaf,) in self._db.conn.execute("SELECT leaf FROM events ORDER BY seq")]

    def verify(self) -> list[str]:
        """Compare catalogue and file line by line and recompute the tree; a finding for each difference."""
        findings: list[str] = []
        rows = self._db.conn.execute("SELECT line, leaf FROM events ORDER BY seq").fetchall()
        stored = [line for line, _ in rows]
        try:
            filed = read_trail_file(self.path)
        except TrailBroken as error:
            findings.append(str(error))
            filed = stored
        for seq, (ours, theirs) in enumerate(zip(stored, filed, strict=False)):
            if ours != theirs:
                findings.append(f"event {seq} differs between the catalogue and {self.path.name}")
        if len(stored) > len(filed):
            findings.append(
                f"{self.path.name} ends at event {len(filed) - 1}, the catalogue at {len(stored) - 1}: its tail is cut"
            )
        if len(filed) > len(stored):
            findings.append(
                f"the catalogue ends at event {len(stored) - 1}, {self.path.name} at {len(filed) - 1}: "
                "the catalogue is older than its trail"
            )
        for seq, line in enumerate(stored):
            try:
                if read_event(line).seq != seq:
                    findings.append(f"event {seq} is numbered otherwise: the trail was reordered")
            except TrailBroken as error:
                findings.append(str(error))
        leaves = [hash_leaf(line.encode()) for line in stored]
        if [leaf.hex() for leaf in leaves] != [leaf for _, leaf in rows]:
            findings.append("a leaf hash in the catalogue is not its event's")
        if self._frontier() != Frontier().extend(leaves):
            findings.append("the tree's root in the catalogue is not the one its events give")
        return findings

    # -- inside -----------------------------------------------------------------------------

    def _frontier(self) -> Frontier:
        row = self._db.conn.execute("SELECT value FROM meta WHERE key = ?", (_FRONTIER,)).fetchone()
        if row is None:
            return Frontier()
        try:
            stored = json.loads(row[0])
            return Frontier(stored["size"], tuple(bytes.fromhex(peak) for peak in stored["peaks"]))
        except (ValueError, KeyError, TypeError) as error:
            raise TrailBroken(f"the catalogue's note of the trail's tree is damaged: {row[0]!r}") from error

    def _store(self, frontier: Frontier) -> None:
        value = json.dumps({"size": frontier.size, "peaks": [peak.hex() for peak in frontier.peaks]})
        self._db.conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_FRONTIER, value))

    def _locked_file(self) -> _LockedFile:
        return _LockedFile(self.path)

    def _cut_torn_line(self, descriptor: int) -> Event | None:
        """The file's last event; a last line without its newline was torn by a crash and is cut off."""
        size = os.fstat(descriptor).st_size
        tail = b""
        start = size
        while start > 0 and tail.count(b"\n") < 2:
            start = max(0, start - 65536)
            tail = os.pread(descriptor, size - start, start)
        if not tail.endswith(b"\n"):
            keep = tail.rfind(b"\n") + 1
            os.ftruncate(descriptor, size - (len(tail) - keep))
            tail = tail[:keep]
        lines = tail.splitlines()
        # bytes that are no UTF-8 are no event either
        return read_event(lines[-1].decode(errors="replace")) if lines else None

    def _check_same(self, last: Event) -> None:
        row = self._db.conn.execute("SELECT line FROM events WHERE seq = ?", (last.seq,)).fetchone()
        if row is None:
            raise TrailBroken(
                f"the catalogue is older than its trail ({self.path} goes on to event {last.seq}): "
                "it was restored from an older copy or lost its tail. Run `archiver rebuild`"
            )
        if row[0] != last.line:
            raise TrailBroken(f"event {last.seq} differs between the catalogue and {self.path}: run `archiver verify`")


class _LockedFile:
    """The trail file, open for appending, under an exclusive lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> int:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def read_trail_file(path: Path) -> list[str]:
    """The complete lines of a trail file; a torn last line (no newline) is left out.

    Raises TrailBroken where the file is missing or not UTF-8.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError as error:
        raise TrailBroken(f"{path} is missing") from error
    except UnicodeDecodeError as error:
        raise TrailBroken(f"{path} is damaged at byte {error.start}") from error
    return text.split("\n")[:-1]

"""The trail recomputed, and compared with whatever vouches for it: its signatures, copies kept elsewhere, stamps,
snapshots, and the rows of decisions it commits to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from archiver.core.archive import DISPOSAL_LOCK, LOST_DECISIONS, Archive
from archiver.core.checkpoints import FILE_NAME, Checkpoint, check_checkpoints, read_checkpoints
from archiver.core.clock import from_iso
from archiver.core.commitments import check_commitments
from archiver.core.errors import BadSettings, TimestampFailed, TrailBroken
from archiver.core.events import Event, EventType
from archiver.core.fixity import Fault, Finding
from archiver.core.key_chain import KeyChain, key_changes
from archiver.core.snapshots import snapshots
from archiver.core.timestamps import DIRECTORY, Authorities, Stamp, check_token, digest_of
from archiver.core.witness import Witnessed, check_witnessed
from archiver.workflows.archive.timestamp import authorities, stamped_bytes

_CLOCK_MAY_DIFFER = 600.0
"""Seconds that a checkpoint's own time may be after its stamp's."""


@dataclass(frozen=True, kw_only=True)
class Proved:
    """That everything the first `events` events commit to existed at `at` or before, on the authority's word."""

    events: int
    at: datetime
    authority: str


@dataclass(frozen=True, kw_only=True)
class TrailCheck:
    checkpoints: int
    proved: tuple[Proved, ...]
    findings: tuple[Finding, ...]


def check_trail(
    archive: Archive, *, trusted: Collection[str], witnessed: Sequence[Witnessed], now: datetime
) -> TrailCheck:
    findings = [_finding("trail", message) for message in archive.trail.verify()]
    subject = f"trail/{FILE_NAME}"
    try:
        checkpoints = read_checkpoints(archive.directory / "trail")
    except TrailBroken as error:
        checkpoints = []
        findings.append(_finding(subject, str(error)))
    else:
        if not checkpoints:
            message = "there is no signed checkpoint: that the trail was not cut cannot be checked"
            findings.append(_finding(subject, message))
    try:
        events = list(archive.trail.events())
    except TrailBroken:
        events = []  # told of by the trail's own check
    leaves, id = archive.trail.leaves(), archive.settings.archive.id
    chain = KeyChain(id, key_changes(events), trusted)
    findings += [_finding("trail/events.jsonl", message) for message in chain.findings]
    findings += [_finding(subject, message) for message in check_checkpoints(checkpoints, leaves, id, chain)]
    findings += [_finding("trail", message) for message in check_witnessed(witnessed, leaves, id, chain)]
    proved, of_stamps = _check_stamps(archive, events, checkpoints, now)
    findings += of_stamps
    findings += _check_snapshots(archive, events)
    for row, message in check_commitments(archive.db, events, known_lost(archive)):
        findings.append(Finding(fault=Fault.DECISION, subject=row, message=message))
    findings += _check_classes(archive, events)
    return TrailCheck(checkpoints=len(checkpoints), proved=tuple(proved), findings=tuple(findings))


def _finding(subject: str, message: str, fault: Fault = Fault.TRAIL) -> Finding:
    return Finding(fault=fault, subject=subject, message=message)


def known_lost(archive: Archive) -> set[int]:
    """Events of decisions that a rebuild could not bring back: disposal is locked for them, and says so."""
    noted = filter(None, (archive.meta(DISPOSAL_LOCK), archive.meta(LOST_DECISIONS)))
    return {int(each["seq"]) for note in noted for each in json.loads(note)["missing"]}


def _check_classes(archive: Archive, events: Sequence[Event]) -> Iterator[Finding]:
    """The class that decides how long a record is kept is the one its newest event tells of."""
    if known_lost(archive):
        return  # the file plan may be among what is lost, and with it the classes it gave
    told: dict[str, tuple[str | None, int]] = {}
    for event in events:
        if "class" in event.detail and event.subjects and event.type != EventType.CAPTURE_ENDED:
            told[event.subjects[0]] = (event.detail["class"], event.seq)
    for id in archive.catalogue.record_ids():
        code, seq = told.get(id, (None, -1))
        if id in told and archive.catalogue.record(id).class_code != code:
            yield Finding(fault=Fault.DECISION, subject=id, message=f"its class is not the one event {seq} tells of")


def _check_snapshots(archive: Archive, events: Sequence[Event]) -> Iterator[Finding]:
    """The newest copy of the catalogue must be there, whole, and of this trail: decisions have no other copy."""
    newest = next(iter(snapshots(archive.directory / "snapshots")), None)
    if newest is None:
        yield _finding(
            "snapshots", "there is no snapshot: with the catalogue every decision would be lost", Fault.SNAPSHOT
        )
        return
    try:
        with closing(sqlite3.connect(f"file:{newest}?mode=ro", uri=True)) as copy:
            whole = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            lines = [line for (line,) in copy.execute("SELECT line FROM events ORDER BY seq")]
    except sqlite3.DatabaseError as error:
        yield _finding(f"snapshots/{newest.name}", f"it cannot be read: {error}", Fault.SNAPSHOT)
        return
    if not whole or lines != [each.line for each in events[: len(lines)]]:
        yield _finding(f"snapshots/{newest.name}", "it is damaged, or of another trail", Fault.SNAPSHOT)


# -- time-stamps ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Token:
    name: str
    checkpoint: Checkpoint
    stamp: Stamp


def _check_stamps(
    archive: Archive, events: Sequence[Event], checkpoints: Sequence[Checkpoint], now: datetime
) -> tuple[list[Proved], list[Finding]]:
    directory = archive.directory / "trail" / DIRECTORY
    told = {str(event.detail["name"]): event for event in events if event.type == EventType.TIMESTAMPED}
    names = sorted({*told, *(path.stem for path in directory.glob("*.tsr"))})
    if not names:
        return [], []
    try:
        anchors = authorities(archive)
    except BadSettings as error:
        return [], [_finding(f"trail/{DIRECTORY}", f"{len(names)} stamps cannot be checked: {error}", Fault.TIMESTAMP)]
    tokens: list[_Token] = []
    findings: list[Finding] = []
    known = {stamped_bytes(each): each for each in checkpoints}
    for name in names:
        try:
            tokens.append(_check_one(directory, name, known, anchors, told.get(name)))
        except (TimestampFailed, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            findings.append(_finding(f"trail/{DIRECTORY}/{name}.tsr", str(reason), Fault.TIMESTAMP))
    findings += _check_order(tokens, now)
    proved = [Proved(events=t.checkpoint.size, at=t.stamp.at, authority=t.stamp.authority) for t in tokens]
    return proved, findings


def _check_one(
    directory: Path, name: str, known: dict[bytes, Checkpoint], anchors: Authorities, told: Event | None
) -> _Token:
    content, answer = (directory / f"{name}.checkpoint").read_bytes(), (directory / f"{name}.tsr").read_bytes()
    if content not in known:
        raise TimestampFailed(f"what it stamps is no line of {FILE_NAME}")
    if told is not None and told.detail.get("token") != digest_of(answer):
        raise TimestampFailed(f"it is not the token that event {told.seq} tells of")
    return _Token(name, known[content], check_token(answer, content, anchors))


def _check_order(tokens: Sequence[_Token], now: datetime) -> Iterator[Finding]:
    """Later checkpoints are stamped later, each after it was signed; and what expired was renewed in time."""
    for each in tokens:
        subject = f"trail/{DIRECTORY}/{each.name}.tsr"
        if (from_iso(each.checkpoint.at) - each.stamp.at).total_seconds() > _CLOCK_MAY_DIFFER:
            message = f"stamped at {each.stamp.at:%Y-%m-%d %H:%M} UTC, before its checkpoint says it was signed"
            yield _finding(subject, f"{message}: the archive's clock was ahead", Fault.TIMESTAMP)
        later = [t.stamp for t in tokens if t.stamp.at >= each.stamp.at and t.checkpoint.size > each.checkpoint.size]
        renewed = any(other.at <= each.stamp.ends and not other.weak for other in later)
        if each.stamp.ends < now and not renewed:
            message = f"its certificate ended on {each.stamp.ends:%Y-%m-%d}, and no later stamp was made before that"
            yield _finding(subject, message, Fault.TIMESTAMP)
        if each.stamp.weak and not renewed:
            message = f"it rests on {', '.join(each.stamp.algorithms)}, and no stronger stamp was made since"
            yield _finding(subject, message, Fault.TIMESTAMP)
    for before, after in pairwise(sorted(tokens, key=lambda each: each.checkpoint.size)):
        if after.stamp.at < before.stamp.at and after.checkpoint.size > before.checkpoint.size:
            message = f"it is older than {before.name}.tsr, which stamps fewer events"
            yield _finding(f"trail/{DIRECTORY}/{after.name}.tsr", message, Fault.TIMESTAMP)

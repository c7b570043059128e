"""Stamping the trail's newest checkpoint by an outside authority, when that is due."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.authority import ask_authority
from archiver.core.checkpoints import Checkpoint
from archiver.core.clock import from_iso
from archiver.core.durable import make_directory, write_durably
from archiver.core.errors import BadSettings, TimestampFailed
from archiver.core.events import EventType
from archiver.core.timestamps import (
    DIRECTORY,
    Authorities,
    Stamp,
    build_request,
    check_token,
    digest_of,
    due_stamp,
    read_authorities,
    stamp_of,
    token_name,
)

Ask = Callable[[str, bytes], bytes]


@dataclass(frozen=True, kw_only=True)
class Stamped:
    """A stamp just made, or the one there is; `files` are below the archive's directory."""

    at: datetime
    events: int
    authority: str
    ends: datetime
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StampState:
    """What the trail tells of stamps: the newest, and the last failure after it."""

    stamps: tuple[Stamp, ...]
    events: int  # covered by the newest
    failed: datetime | None
    reason: str
    grown: bool

    @property
    def newest(self) -> Stamp | None:
        return self.stamps[-1] if self.stamps else None


def stamp_state(archive: Archive) -> StampState:
    stamps: list[Stamp] = []
    covered, failed, reason, grown = 0, None, "", False
    for event in archive.trail.events():
        if event.type == EventType.TIMESTAMPED:
            stamps.append(stamp_of(event.detail))
            covered, failed, reason, grown = int(event.detail["size"]), None, "", False
        elif event.type == EventType.TIMESTAMP_FAILED:
            failed, reason = from_iso(event.at), str(event.detail["reason"])
        else:
            grown = True
    return StampState(stamps=tuple(stamps), events=covered, failed=failed, reason=reason, grown=grown)


def stamp_if_due(archive: Archive, *, now: datetime, ask: Ask = ask_authority) -> Stamped | None:
    """At the end of a run: never fails it. What went wrong is an event, and tried again by a later run."""
    wanted = archive.settings.timestamp
    if not wanted.url:
        return None
    state = stamp_state(archive)
    if not due_stamp(state.stamps, now, every=wanted.every, grown=state.grown, failed=state.failed):
        return None
    try:
        return stamp(archive, now=now, ask=ask)
    except (TimestampFailed, BadSettings) as error:
        with archive.change(at=now, actor="archive") as change:
            change.record(EventType.TIMESTAMP_FAILED, [], {"reason": str(error)[:200]})
        return None


def stamp(archive: Archive, *, now: datetime, ask: Ask = ask_authority) -> Stamped:
    """Sign a checkpoint of the trail as it stands, and have it stamped.

    The token is checked before it is kept. Raises BadSettings, TimestampFailed; then nothing is kept.
    """
    wanted = archive.settings.timestamp
    if not wanted.url:
        raise BadSettings("timestamp.url is not set: name the address of a time-stamping authority (RFC 3161)")
    anchors = authorities(archive)
    checkpoint = archive.sign_checkpoint(at=now)
    if checkpoint is None:
        raise TimestampFailed("this machine has no key to sign a checkpoint with: stamp where the key is")
    content = stamped_bytes(checkpoint)
    request = build_request(content)
    answer = ask(wanted.url, request.as_bytes())
    token = check_token(answer, content, anchors, nonce=request.nonce)
    directory = archive.directory / "trail" / DIRECTORY
    make_directory(directory)
    name = token_name(checkpoint.size, token.at)
    write_durably(directory / f"{name}.checkpoint", content)
    write_durably(directory / f"{name}.tsr", answer)
    with archive.change(at=now, actor="archive") as change:
        detail = {"size": checkpoint.size, "name": name, "token": digest_of(answer), **token.describe()}
        change.record(EventType.TIMESTAMPED, [], detail)
    return Stamped(
        at=token.at,
        events=checkpoint.size,
        authority=token.authority,
        ends=token.ends,
        files=tuple(f"trail/{DIRECTORY}/{name}.{kind}" for kind in ("checkpoint", "tsr")),
    )


def stamped_bytes(checkpoint: Checkpoint) -> bytes:
    """The checkpoint's line without its newline, as `checkpoints.jsonl` has it."""
    return json.dumps(asdict(checkpoint), sort_keys=True).encode()


def authorities(archive: Archive) -> Authorities:
    """The trust anchors of the settings; a relative path is below the archive. Raises BadSettings."""
    named = archive.settings.timestamp.ca_file
    if not named:
        raise BadSettings("timestamp.ca_file is not set: name a PEM file with the authority's root certificate")
    return read_authorities(archive.directory / Path(named))

"""The key that signs the trail: shown for publication, replaced by a successor it signs for, or after its loss."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.core.archive import Archive
from archiver.core.checkpoints import read_checkpoints
from archiver.core.commitments import uncommitted_rows
from archiver.core.errors import BadInput, NotFound
from archiver.core.events import EventType
from archiver.core.key_chain import describe_change, key_changes
from archiver.core.people import Permission, Person
from archiver.core.signing import SigningKey, fingerprint, load_key, make_key, to_pem
from archiver.core.witness import Witnessed, export_head
from archiver.workflows.archive.admit import second_administrator


@dataclass(frozen=True, kw_only=True)
class TrailKey:
    """What an agency publishes. `since` is the event that introduced the key; None: `archiver init` made it."""

    archive_id: str
    fingerprint: str
    public_key: str  # 32 raw bytes, base64
    pem: str
    since: int | None
    here: bool  # whether this machine has the private key


def trail_key(archive: Archive) -> TrailKey:
    """The key that signs now. Raises NotFound where neither this machine nor the trail knows one."""
    changes = key_changes(archive.trail.events())
    own = archive.signing_key()
    if changes:
        public = changes[-1].new_key
    elif own is not None:
        public = own.public_key
    else:
        public = _last_signer(archive)
    return TrailKey(
        archive_id=archive.settings.archive.id,
        fingerprint=fingerprint(public),
        public_key=public,
        pem=to_pem(public),
        since=changes[-1].seq if changes else None,
        here=own is not None and own.public_key == public,
    )


def rotate_key(
    archive: Archive, *, actor: Person, lost: bool, second: tuple[str, str] | None, now: datetime
) -> TrailKey:
    """Make a new key, signed by the old one, and sign with it from here on; the old private key is overwritten.

    `lost`: the old private key is gone, so the new one stands on the word of the people who replaced it;
    as for a role that can approve, that takes two administrators where there are two. Raises BadInput,
    SecondPersonNeeded, NotFound.
    """
    actor.require(Permission.ADMINISTER)
    old = archive.signing_key()
    if old is None and not lost:
        raise BadInput(
            f"this machine has no key for the archive: restore it to {archive.key_file}, or, where it is lost for "
            "good, use --lost"
        )
    if old is not None and lost:
        raise BadInput(
            f"the key is not lost: it lies in {archive.key_file}; leave --lost out, and it signs the new one"
        )
    witness = second_administrator(archive, actor, second, "replacing a lost key") if lost else None
    before = trail_key(archive).public_key
    new = _successor(archive.next_key_file)
    with archive.change(at=now, actor=actor.id) as change:
        detail = describe_change(archive.settings.archive.id, before, new, old)
        told = {**detail, "second": witness.id} if witness else detail
        change.record(EventType.KEY_ROTATED, [archive.settings.archive.id], told)
    return trail_key(archive)


def export_trail_head(archive: Archive, since: Witnessed | None, *, now: datetime) -> dict[str, Any]:
    """The tree head of now, signed; where this machine cannot sign, the newest that is. Raises BadInput, NotFound."""
    checkpoints = read_checkpoints(archive.directory / "trail")
    newest = checkpoints[-1] if checkpoints else None
    if newest is None or newest.size < archive.trail.head().size:
        newest = archive.sign_checkpoint(at=now) or newest
    if newest is None:
        raise NotFound("no checkpoint was ever signed, and this machine has no key to sign one with")
    return export_head(newest, archive.trail.leaves(), since)


def commit_rows_found(archive: Archive, *, actor: Person, now: datetime) -> list[str]:
    """Commit to every row of a decision that has no commitment yet; their subjects."""
    actor.require(Permission.ADMINISTER)
    rows = uncommitted_rows(archive.db)
    if rows:
        with archive.change(at=now, actor=actor.id) as change:
            change.record(EventType.ROWS_COMMITTED, [archive.settings.archive.id], {"rows": len(rows)}, commits=rows)
    return [f"{kind}/{key}" for kind, key in rows]


def _successor(path: Path) -> SigningKey:
    """The key made for this, or one that a rotation cut short has left."""
    return load_key(path) or make_key(path)


def _last_signer(archive: Archive) -> str:
    checkpoints = read_checkpoints(archive.directory / "trail")
    if not checkpoints:
        raise NotFound("no key has signed this trail yet, and this machine has none")
    return checkpoints[-1].public_key

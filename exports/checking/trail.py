"""Checking trail.json: each event leads to the checkpoint's root, and the checkpoint is signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archiver.core.checkpoints import Checkpoint
from archiver.core.errors import TrailBroken
from archiver.core.events import Event, EventType, read_event
from archiver.core.merkle import verify_inclusion
from archiver.core.signing import fingerprint


def check_trail(
    trail: Mapping[str, Any], manifests: Mapping[str, str], trusted: str | None
) -> tuple[list[str], Checkpoint | None]:
    """The findings, and the checkpoint where there is one to name.

    `manifests` holds the `sha256:` digest of each capture's capture.json by the capture's id: each
    must stand in a proved event. `trusted` is the fingerprint of the key the agency publishes.
    """
    findings: list[str] = []
    checkpoint = _read_checkpoint(trail, findings)
    if checkpoint is None:
        return findings, None
    if not is_signed(checkpoint):
        findings.append("trail.json: the checkpoint's signature is wrong: nothing in it can be relied on")
    elif trusted is not None and fingerprint(checkpoint.public_key) != trusted:
        findings.append(
            f"trail.json: the checkpoint is signed by {fingerprint(checkpoint.public_key)}, not by {trusted}"
        )
    events = trail.get("events")
    if not isinstance(events, list):
        return [*findings, "trail.json lists no events"], checkpoint
    vouched: dict[str, set[str]] = {}
    listed: set[int] = set()
    for number, entry in enumerate(events, 1):
        event = _prove(entry, number, checkpoint, findings)
        if event is not None and event.seq in listed:
            findings.append(f"trail.json lists event {event.seq} of the trail a second time, as event {number}")
        elif event is not None:
            listed.add(event.seq)
        if event is not None and event.type == EventType.CAPTURED and event.subjects:
            vouched.setdefault(str(event.subjects[-1]), set()).add(str(event.detail.get("manifest")))
    for capture, digest in manifests.items():
        if capture not in vouched:
            findings.append(f"trail.json has no proved event for {capture}: nothing shows when it was filed")
        elif digest not in vouched[capture]:
            findings.append(f"{capture}: capture.json is not the one whose digest the audit trail holds")
    for capture in sorted(vouched.keys() - manifests.keys()):
        findings.append(f"trail.json proves {capture}, which is not in the bundle")
    return findings, checkpoint


def is_signed(checkpoint: Checkpoint) -> bool:
    """Like `Checkpoint.is_signed`, of a checkpoint whose texts may be no text at all."""
    try:
        return checkpoint.is_signed()
    except ValueError:  # lone surrogates cannot be encoded
        return False


def _read_checkpoint(trail: Mapping[str, Any], findings: list[str]) -> Checkpoint | None:
    entry = trail.get("checkpoint")
    try:
        checkpoint = Checkpoint(**entry) if isinstance(entry, dict) else None
    except TypeError:
        checkpoint = None
    if checkpoint is None or not all(
        isinstance(value, kind)
        for value, kind in (
            (checkpoint.archive, str),
            (checkpoint.size, int),
            (checkpoint.root, str),
            (checkpoint.at, str),
            (checkpoint.public_key, str),
            (checkpoint.signature, str),
        )
    ):
        findings.append("trail.json holds no signed checkpoint: the captures' place in the audit trail was not checked")
        return None
    if trail.get("archive") != checkpoint.archive:
        findings.append("trail.json: the checkpoint belongs to another archive than the one named")
    return checkpoint


def _prove(entry: object, number: int, checkpoint: Checkpoint, findings: list[str]) -> Event | None:
    try:
        if not isinstance(entry, dict):
            raise ValueError("no object")
        event = read_event(entry["line"])
        proof = [bytes.fromhex(each) for each in entry["proof"]]
        proved = verify_inclusion(event.leaf, entry["index"], checkpoint.size, proof, bytes.fromhex(checkpoint.root))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, TrailBroken):
        findings.append(f"trail.json: event {number} cannot be read")
        return None
    if not proved or event.seq != entry["index"]:
        findings.append(f"trail.json: event {number} is not in the trail that the checkpoint was signed over")
        return None
    if not isinstance(event.detail, dict):
        findings.append(f"trail.json: event {number} cannot be read")
        return None
    return event

"""Which key may have signed which checkpoint: the keys of a trail, one after the other. Pure.

A new key is introduced by an event that the key before it signed. Its time begins with that event: a
checkpoint over it, or over anything later, by the old key is a forgery, and so is an earlier one by the
new key. A key that was lost cannot sign for its successor; whoever verifies then names both fingerprints.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from archiver.core.events import Event, EventType
from archiver.core.signing import SigningKey, fingerprint, verify_signature


@dataclass(frozen=True, kw_only=True)
class KeyChange:
    """One event that introduced a key. `signature` is the old key's, "" where that was lost."""

    seq: int
    at: str
    old_key: str
    new_key: str
    signature: str

    def is_signed(self, archive_id: str) -> bool:
        text = change_text(archive_id, self.old_key, self.new_key)
        return verify_signature(self.old_key, text, self.signature)


def change_text(archive_id: str, old_key: str, new_key: str) -> bytes:
    """What the old key signs: four lines, each ended by a newline."""
    return f"archiver-key 1\n{archive_id}\n{old_key}\n{new_key}\n".encode()


def describe_change(archive_id: str, old_key: str, new: SigningKey, old: SigningKey | None) -> dict[str, str]:
    """The detail of the event that introduces `new`; unsigned where the old private key is lost (None)."""
    signature = old.sign(change_text(archive_id, old_key, new.public_key)) if old else ""
    return {"old_key": old_key, "new_key": new.public_key, "signature": signature}


def key_changes(events: Iterable[Event]) -> list[KeyChange]:
    """Oldest first."""
    return [
        KeyChange(
            seq=event.seq,
            at=event.at,
            old_key=str(event.detail.get("old_key")),
            new_key=str(event.detail.get("new_key")),
            signature=str(event.detail.get("signature")),
        )
        for event in events
        if event.type == EventType.KEY_ROTATED
    ]


class KeyChain:
    """The keys of a trail, and which of them the fingerprints given vouch for.

    A fingerprint vouches for its own key and for those that signatures lead to from there, forwards and
    backwards. Without any given every key of the chain is taken, the first on its own word.
    """

    def __init__(self, archive_id: str, changes: Sequence[KeyChange], trusted: Collection[str] = ()) -> None:
        self._starts = [each.seq for each in changes]
        self._keys = [changes[0].old_key, *(each.new_key for each in changes)] if changes else []
        self._trusted = frozenset(trusted)
        links = []
        self.findings: list[str] = []
        for number, each in enumerate(changes):
            signed = each.is_signed(archive_id)
            links.append(signed and each.old_key == self._keys[number])
            if each.old_key != self._keys[number]:
                self.findings.append(f"event {each.seq} replaces a key that was not the trail's at that time")
            elif each.signature and not signed:
                self.findings.append(f"event {each.seq} introduces a key with a signature that is not the old key's")
        self._vouched = self._reach(links)

    def _reach(self, links: Sequence[bool]) -> set[int]:
        """Places in the chain that a trusted fingerprint leads to."""
        if not self._trusted:
            return set(range(len(self._keys)))
        reached = {place for place, key in enumerate(self._keys) if fingerprint(key) in self._trusted}
        for place, linked in enumerate(links):
            if linked and place in reached:
                reached.add(place + 1)
        for place in range(len(links) - 1, -1, -1):
            if links[place] and place + 1 in reached:
                reached.add(place)
        return reached

    def problem(self, public_key: str, size: int) -> str:
        """What is wrong with `public_key` having signed over `size` events; "" if nothing is."""
        name = fingerprint(public_key)
        if not self._keys:
            unknown = self._trusted and name not in self._trusted
            return f"is signed by {name}, not by the key given" if unknown else ""
        place = sum(start < size for start in self._starts)
        if public_key != self._keys[place]:
            return f"is signed by {name}, while the trail's key was {fingerprint(self._keys[place])}"
        return "" if place in self._vouched else f"is signed by {name}, not by the key given"

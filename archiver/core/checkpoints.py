"""Signed statements of how long the trail was and what its root was, one JSON line each.

`trail/checkpoints.jsonl` belongs on another machine too: a copy elsewhere is what proves that a
tail was cut off, which no log can prove of itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.core.clock import to_iso
from archiver.core.durable import storage_errors, sync_directory, sync_file
from archiver.core.errors import TrailBroken
from archiver.core.events import TrailHead
from archiver.core.key_chain import KeyChain
from archiver.core.merkle import Frontier
from archiver.core.signing import SigningKey, verify_signature

FILE_NAME = "checkpoints.jsonl"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    archive: str
    size: int
    root: str
    at: str
    public_key: str
    signature: str

    @property
    def signed_text(self) -> bytes:
        """What the signature is over: five lines, each ended by a newline."""
        return f"archiver-checkpoint 1\n{self.archive}\n{self.size}\n{self.root}\n{self.at}\n".encode()

    def is_signed(self) -> bool:
        return verify_signature(self.public_key, self.signed_text, self.signature)


def sign_checkpoint(archive_id: str, head: TrailHead, key: SigningKey, *, at: datetime) -> Checkpoint:
    unsigned = Checkpoint(
        archive=archive_id,
        size=head.size,
        root=head.root,
        at=to_iso(at),
        public_key=key.public_key,
        signature="",
    )
    return Checkpoint(**{**asdict(unsigned), "signature": key.sign(unsigned.signed_text)})


def append_checkpoint(directory: Path, checkpoint: Checkpoint) -> None:
    """Write it to the end of the file, durably; a last line that a crash tore is cut off.

    Raises StorageFull.
    """
    path = directory / FILE_NAME
    with storage_errors(path):
        with path.open("ab+") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(json.dumps(asdict(checkpoint), sort_keys=True).encode() + b"\n")
            sync_file(file)
        sync_directory(directory)


def read_checkpoints(directory: Path) -> list[Checkpoint]:
    """Every checkpoint, oldest first; a torn last line is left out. Raises TrailBroken on any other fault."""
    path = directory / FILE_NAME
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            found.append(read_checkpoint(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise TrailBroken(f"{path}, line {number}, is no checkpoint") from error
    return found


def read_checkpoint(entry: dict[str, Any]) -> Checkpoint:
    """From the object it is written as. Raises TypeError, ValueError."""
    checkpoint = Checkpoint(**entry)
    texts = (checkpoint.archive, checkpoint.root, checkpoint.at, checkpoint.public_key, checkpoint.signature)
    if type(checkpoint.size) is not int or checkpoint.size < 0:
        raise ValueError("its size is no count of events")
    if not all(isinstance(each, str) for each in texts):
        raise TypeError("a field is no text")
    return checkpoint


def check_checkpoints(
    checkpoints: list[Checkpoint], leaves: list[bytes], archive_id: str, chain: KeyChain
) -> list[str]:
    """A finding for each checkpoint that the trail's leaves, or its keys, do not bear out."""
    findings = []
    frontiers = _roots(leaves, {each.size for each in checkpoints})
    for each in checkpoints:
        name = f"the checkpoint of {each.at} over {each.size} events"
        if each.archive != archive_id:
            findings.append(f"{name} belongs to another archive")
        if not each.is_signed():
            findings.append(f"{name} is not signed by its key")
        elif problem := chain.problem(each.public_key, each.size):
            findings.append(f"{name} {problem}")
        if each.size > len(leaves):
            findings.append(f"{name} is newer than the trail, which has {len(leaves)}: the trail's tail was cut off")
        elif frontiers[each.size] != each.root:
            findings.append(f"{name} has another root than the trail's events give: the trail was changed")
    return findings


def _roots(leaves: Sequence[bytes], sizes: Collection[int]) -> dict[int, str]:
    """The root at each of the sizes, in one pass over the leaves."""
    frontier = Frontier()
    roots = {0: frontier.root().hex()}
    for leaf in leaves:
        frontier = frontier.add(leaf)
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root().hex()
    return roots

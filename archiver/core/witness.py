"""What a copy kept elsewhere knows of the trail: tree heads, with or without their signature.

No log can prove of itself that its end was not cut off together with the checkpoint over it. Whoever
keeps a tree head elsewhere can: the trail must begin with exactly those events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archiver.core.checkpoints import Checkpoint, read_checkpoint
from archiver.core.errors import BadInput
from archiver.core.key_chain import KeyChain
from archiver.core.merkle import consistency_proof, tree_root, verify_consistency

FORMAT = "archiver-trail-head 1"


@dataclass(frozen=True, kw_only=True)
class Witnessed:
    """A tree head that was kept elsewhere; `source` is where it was read from."""

    size: int
    root: str  # hex
    source: str
    checkpoint: Checkpoint | None = None

    @property
    def name(self) -> str:
        return f"the tree head over {self.size} events of {self.source}"


def read_head(text: str) -> Witnessed:
    """`SIZE:ROOT`, as it is printed on paper or read over the telephone. Raises BadInput."""
    found = re.fullmatch(r"(\d{1,12}):([0-9a-fA-F]{64})", text.strip())
    if not found:
        raise BadInput(f"{text!r} is no tree head: write the number of events, a colon, and the root's 64 hex digits")
    return Witnessed(size=int(found[1]), root=found[2].lower(), source="--checkpoint")


def read_witness(path: Path) -> list[Witnessed]:
    """Every tree head of an exported one, or of a copy of `checkpoints.jsonl`. Raises BadInput."""
    try:
        text = path.read_text(encoding="utf-8")
        entries = [json.loads(text)] if FORMAT in text else [json.loads(line) for line in text.splitlines() if line]
        read = [read_checkpoint(each.get("checkpoint", each)) for each in entries]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(f"{path} is no exported tree head and no copy of checkpoints.jsonl: {error}") from error
    if not read:
        raise BadInput(f"{path} holds no tree head")
    return [Witnessed(size=each.size, root=each.root, source=path.name, checkpoint=each) for each in read]


def export_head(checkpoint: Checkpoint, leaves: Sequence[bytes], since: Witnessed | None) -> dict[str, Any]:
    """What is kept elsewhere; with `since`, the proof that today's tree begins with that one.

    Raises BadInput where the trail has fewer events than `since`.
    """
    exported: dict[str, Any] = {"format": FORMAT, "checkpoint": asdict(checkpoint)}
    if since is not None:
        try:
            proof = consistency_proof(leaves[: checkpoint.size], since.size)
        except IndexError as error:
            raise BadInput(f"{since.name} is not of this trail, which has {checkpoint.size} events") from error
        exported["since"] = {"size": since.size, "root": since.root, "proof": [each.hex() for each in proof]}
    return exported


def check_witnessed(
    witnessed: Sequence[Witnessed], leaves: Sequence[bytes], archive_id: str, chain: KeyChain
) -> list[str]:
    """A finding for each tree head that the trail does not continue."""
    findings = []
    for each in witnessed:
        if each.size > len(leaves):
            findings.append(f"{each.name} is newer than the trail, which has {len(leaves)}: its tail was cut off")
        elif tree_root(leaves[: each.size]).hex() != each.root:
            findings.append(f"{each.name} is not the beginning of this trail: the trail was changed")
        if each.checkpoint is not None:
            if each.checkpoint.archive != archive_id:
                findings.append(f"{each.name} is another archive's")
            if not each.checkpoint.is_signed():
                findings.append(f"{each.name} is not signed by its key")
            elif problem := chain.problem(each.checkpoint.public_key, each.size):
                findings.append(f"{each.name} {problem}")
    return findings


def compare_exports(old: Path, new: Path) -> list[str]:
    """What is wrong with `new`, an exported tree head, as a continuation of `old`; without the archive.

    Both signatures and the proof in `new` are checked. Raises BadInput.
    """
    before, after = read_witness(old)[-1], read_witness(new)[-1]
    findings = [
        f"{each.name} is not signed by its key"
        for each in (before, after)
        if each.checkpoint is None or not each.checkpoint.is_signed()
    ]
    if before.checkpoint and after.checkpoint and before.checkpoint.archive != after.checkpoint.archive:
        findings.append(f"{before.name} and {after.name} are of different archives")
    try:
        since = json.loads(new.read_text(encoding="utf-8"))["since"]
        stated, proof = (since["size"], since["root"]), [bytes.fromhex(each) for each in since["proof"]]
        roots = bytes.fromhex(before.root), bytes.fromhex(after.root)
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{new} holds no proof: export it with --since {old}") from error
    if stated != (before.size, before.root):
        findings.append(f"the proof in {new.name} is about another tree head than {old.name}")
    elif not verify_consistency(before.size, roots[0], after.size, roots[1], proof):
        findings.append(f"{after.name} does not continue {before.name}: the trail was changed")
    return findings

"""The Merkle tree of the audit trail: RFC 9162 (Certificate Transparency 2.0), section 2.1, with SHA-256.

Pure functions over 32-byte hashes; nothing here knows what a leaf means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162, 2.1.1)."""


def hash_leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The roots of the complete subtrees that tile the tree, largest first.

    Enough to add leaves and to tell the root, at O(log n) hashes each.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def add(self, leaf: bytes) -> Frontier:
        peaks, node, level = list(self.peaks), leaf, self.size
        while level & 1:
            node = hash_node(peaks.pop(), node)
            level >>= 1
        return Frontier(self.size + 1, (*peaks, node))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        frontier = self
        for leaf in leaves:
            frontier = frontier.add(leaf)
        return frontier

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = hash_node(peak, node)
        return node


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, in order."""
    return Frontier().extend(leaves).root()


class InclusionProver:
    """Gives inclusion proofs in one tree: the tree is hashed once, each proof takes O(log n)."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        # pairing from the bottom and lifting an odd last node unchanged gives the tree of RFC 9162,
        # which is defined from the top by splitting at the largest power of two
        self._levels = [list(leaves)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            level = [hash_node(left, right) for left, right in zip(below[::2], below[1::2], strict=False)]
            self._levels.append(level + below[len(level) * 2 :])

    def root(self) -> bytes:
        return self._levels[-1][0] if self._levels[0] else EMPTY_ROOT

    def proof(self, index: int) -> list[bytes]:
        """The sibling hashes from leaf `index` up to the root (RFC 9162, 2.1.3.1). Raises IndexError."""
        if not 0 <= index < len(self._levels[0]):
            raise IndexError(index)
        siblings = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                siblings.append(level[index ^ 1])
            index >>= 1
        return siblings


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from `leaf` at `index` to the `root` of a tree of `size` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = hash_node(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = hash_node(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and node == root

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


def consistency_proof(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """That the tree of the first `size` leaves is the beginning of the tree of all (RFC 9162, 2.1.4.1).

    Raises IndexError where `size` is none of a tree before it: 0, or more than there are.
    """
    if not 0 < size <= len(leaves):
        raise IndexError(size)
    return _subproof(leaves, size, whole=True)


def _subproof(leaves: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [tree_root(leaves)]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if size <= split:
        return [*_subproof(leaves[:split], size, whole=whole), tree_root(leaves[split:])]
    return [*_subproof(leaves[split:], size - split, whole=False), tree_root(leaves[:split])]


def verify_consistency(first_size: int, first_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the first tree is the beginning of the second (RFC 9162, 2.1.4.2)."""
    if not 0 < first_size <= size:
        return False
    if first_size == size:
        return not proof and first_root == root
    path = list(proof) if first_size & (first_size - 1) else [first_root, *proof]
    if not path:
        return False
    position, last = first_size - 1, size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    before = after = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            before, after = hash_node(each, before), hash_node(each, after)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            after = hash_node(after, each)
        position >>= 1
        last >>= 1
    return before == first_root and after == root and last == 0

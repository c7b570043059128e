"""The tree is RFC 9162's: against the RFC's own definition, and against another implementation."""

from __future__ import annotations

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    InclusionProver,
    consistency_proof,
    hash_leaf,
    hash_node,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = st.lists(st.binary(max_size=12), max_size=70)


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word by word, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = defined_root(leaves[:split]), defined_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1, word by word."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*defined_path(index, leaves[:split]), defined_root(leaves[split:])]
    return [*defined_path(index - split, leaves[split:]), defined_root(leaves[:split])]


def test_the_empty_tree_has_the_root_of_no_bytes() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree_root([]) == EMPTY_ROOT
    assert InclusionProver([]).root() == EMPTY_ROOT


def test_the_known_trees_of_certificate_transparency_have_their_known_roots() -> None:
    """The eight entries that the Certificate Transparency reference implementations test with."""
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    leaves = [hash_leaf(bytes.fromhex(each)) for each in entries]
    assert [tree_root(leaves[:size]).hex() for size in range(1, 9)] == roots


def test_a_leaf_is_never_mistaken_for_a_node() -> None:
    left, right = hash_leaf(b"a"), hash_leaf(b"b")
    assert hash_leaf(left + right) != hash_node(left, right)


@given(ENTRIES)
def test_the_root_is_the_one_the_rfc_defines(entries: list[bytes]) -> None:
    leaves = [hash_leaf(each) for each in entries]
    assert tree_root(leaves) == defined_root(leaves)
    assert InclusionProver(leaves).root() == defined_root(leaves)


@given(ENTRIES)
def test_another_implementation_finds_the_same_root(entries: list[bytes]) -> None:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    assert tree_root([hash_leaf(each) for each in entries]) == tree.get_root()


@given(ENTRIES, ENTRIES)
def test_a_tree_grown_in_two_goes_is_the_tree_grown_in_one(first: list[bytes], second: list[bytes]) -> None:
    grown = Frontier().extend(map(hash_leaf, first)).extend(map(hash_leaf, second))
    assert grown.size == len(first) + len(second)
    assert grown.root() == tree_root([hash_leaf(each) for each in first + second])
    assert len(grown.peaks) == grown.size.bit_count()


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=70), st.data())
def test_every_leaf_is_proved_as_the_rfc_proves_it(entries: list[bytes], data: st.DataObject) -> None:
    leaves = [hash_leaf(each) for each in entries]
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = InclusionProver(leaves).proof(index)
    assert proof == defined_path(index, leaves)
    assert verify_inclusion(leaves[index], index, len(leaves), proof, tree_root(leaves))


@pytest.mark.parametrize("size", range(1, 34))
def test_a_proof_holds_for_its_leaf_at_its_place_only(size: int) -> None:
    leaves = [hash_leaf(bytes([number])) for number in range(size)]
    prover, root = InclusionProver(leaves), tree_root(leaves)
    for index in range(size):
        proof = prover.proof(index)
        assert verify_inclusion(leaves[index], index, size, proof, root)
        assert not verify_inclusion(hash_leaf(b"other"), index, size, proof, root)
        assert not verify_inclusion(leaves[index], index, size, proof, hash_leaf(b"other"))
        assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
        for other in range(size):
            if other != index:
                assert not verify_inclusion(leaves[index], other, size, proof, root)
        if proof:
            assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)
            assert not verify_inclusion(leaves[index], index, size, [root, *proof[1:]], root)


@pytest.mark.parametrize("index", [-1, 3, 99])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int) -> None:
    leaves = [hash_leaf(bytes([number])) for number in range(3)]
    with pytest.raises(IndexError):
        InclusionProver(leaves).proof(index)
    assert not verify_inclusion(leaves[0], index, 3, [], leaves[0])


def test_every_earlier_tree_is_proved_to_be_the_beginning_and_no_other_is() -> None:
    """All pairs of sizes up to 20 (RFC 9162, 2.1.4): the second opinion is the tree itself."""
    leaves = [hash_leaf(bytes([number])) for number in range(20)]
    roots = [tree_root(leaves[:size]) for size in range(21)]
    for size in range(1, 21):
        for first in range(1, size + 1):
            proof = consistency_proof(leaves[:size], first)
            assert verify_consistency(first, roots[first], size, roots[size], proof)
            assert not verify_consistency(first, hash_leaf(b"other"), size, roots[size], proof)
            assert not verify_consistency(first, roots[first], size, hash_leaf(b"other"), proof)
            assert not verify_consistency(first, roots[first], size, roots[size], [*proof, roots[first]])
            if proof:
                assert not verify_consistency(first, roots[first], size, roots[size], proof[:-1])


def test_an_example_of_the_standard() -> None:
    """RFC 9162, 2.1.5: from 3 leaves to 7 the proof is c, d, g, l; from 4 it is l; from 6 it is i, j, k."""
    d = [hash_leaf(bytes([number])) for number in range(7)]
    g, k = hash_node(d[0], d[1]), hash_node(hash_node(d[0], d[1]), hash_node(d[2], d[3]))
    i, j = hash_node(d[4], d[5]), d[6]
    assert consistency_proof(d, 3) == [d[2], d[3], g, hash_node(i, j)]
    assert consistency_proof(d, 4) == [hash_node(i, j)]
    assert consistency_proof(d, 6) == [i, j, k]


@pytest.mark.parametrize("size", [0, 8, -1])
def test_there_is_no_proof_from_a_tree_that_was_none_before(size: int) -> None:
    with pytest.raises(IndexError):
        consistency_proof([hash_leaf(bytes([number])) for number in range(7)], size)

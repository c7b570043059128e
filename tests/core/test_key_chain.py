"""Who may have signed what: a successor the old key signed for, one that stands on people's word, and forgeries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archiver.core.errors import BadInput
from archiver.core.key_chain import KeyChain, KeyChange, change_text, describe_change
from archiver.core.signing import SigningKey, fingerprint, make_key, read_fingerprints, to_pem

ARCHIVE = "arc_0000000000000001"


@pytest.fixture
def keys(tmp_path: Path) -> list[SigningKey]:
    return [make_key(tmp_path / f"{number}.pem") for number in range(3)]


def name(key: SigningKey) -> str:
    return fingerprint(key.public_key)


def change(old: SigningKey, new: SigningKey, seq: int, *, lost: bool = False) -> KeyChange:
    detail = describe_change(ARCHIVE, old.public_key, new, None if lost else old)
    return KeyChange(seq=seq, at="2026-11-21T07:45:00.000000Z", **detail)


def test_the_old_key_signs_four_lines() -> None:
    assert change_text(ARCHIVE, "old", "new") == b"archiver-key 1\narc_0000000000000001\nold\nnew\n"


def test_a_key_signs_from_the_event_that_introduced_it_on(keys: list[SigningKey]) -> None:
    first, second, third = keys
    chain = KeyChain(ARCHIVE, [change(first, second, 5), change(second, third, 9)])
    assert chain.findings == []
    signers = {size: [key for key in keys if not chain.problem(key.public_key, size)] for size in (1, 5, 6, 9, 10, 99)}
    assert signers == {1: [first], 5: [first], 6: [second], 9: [second], 10: [third], 99: [third]}
    assert "while the trail's key was" in chain.problem(first.public_key, 6)


@pytest.mark.parametrize("published", [0, 1, 2])
def test_any_published_key_vouches_for_those_signatures_lead_to(published: int, keys: list[SigningKey]) -> None:
    changes = [change(keys[0], keys[1], 5), change(keys[1], keys[2], 9)]
    chain = KeyChain(ARCHIVE, changes, [name(keys[published])])
    assert [chain.problem(key.public_key, size) for key, size in zip(keys, (5, 9, 10), strict=True)] == ["", "", ""]


def test_a_key_that_replaced_a_lost_one_must_be_published_itself(keys: list[SigningKey]) -> None:
    first, second, _ = keys
    lost = [change(first, second, 5, lost=True)]
    old_only = KeyChain(ARCHIVE, lost, [name(first)])
    assert old_only.problem(first.public_key, 5) == ""
    assert old_only.problem(second.public_key, 6).endswith("not by the key given")
    new_only = KeyChain(ARCHIVE, lost, [name(second)])
    assert new_only.problem(first.public_key, 5).endswith("not by the key given")
    both = KeyChain(ARCHIVE, lost, [name(first), name(second)])
    assert both.problem(first.public_key, 5) == both.problem(second.public_key, 6) == ""
    assert both.findings == []


def test_a_successor_that_the_old_key_did_not_sign_for_is_found(keys: list[SigningKey]) -> None:
    first, second, forger = keys
    forged = replace(change(first, forger, 5), signature=change(second, forger, 5).signature)
    chain = KeyChain(ARCHIVE, [forged], [name(first)])
    assert chain.findings == ["event 5 introduces a key with a signature that is not the old key's"]
    assert chain.problem(forger.public_key, 6).endswith("not by the key given")


def test_a_change_of_a_key_that_was_not_the_trails_is_found(keys: list[SigningKey]) -> None:
    first, second, forger = keys
    chain = KeyChain(ARCHIVE, [change(first, second, 5), change(first, forger, 9)], [name(first)])
    assert chain.findings == ["event 9 replaces a key that was not the trail's at that time"]
    assert chain.problem(forger.public_key, 10).endswith("not by the key given")


def test_a_signature_for_another_archive_does_not_count(keys: list[SigningKey]) -> None:
    chain = KeyChain("arc_other", [change(keys[0], keys[1], 5)], [name(keys[0])])
    assert chain.findings


def test_a_fingerprint_is_read_from_whatever_is_published(keys: list[SigningKey]) -> None:
    key = keys[0]
    for text in (name(key), f"Archive key:\n{name(key)}\n", key.public_key + "\n", to_pem(key.public_key)):
        assert read_fingerprints(text) == [name(key)]
    assert read_fingerprints(f"{name(key)}\n{name(keys[1])}") == [name(key), name(keys[1])]


@pytest.mark.parametrize(
    "text", ["", "ed25519:abc", "শিৱসাগৰ", "-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_fingerprints(text)

"""Signed checkpoints: what the trail was at a moment, provable elsewhere."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import pytest

from archiver.core.checkpoints import (
    Checkpoint,
    append_checkpoint,
    check_checkpoints,
    read_checkpoints,
    sign_checkpoint,
)
from archiver.core.errors import TrailBroken
from archiver.core.events import TrailHead
from archiver.core.key_chain import KeyChain
from archiver.core.merkle import hash_leaf, tree_root
from archiver.core.signing import SigningKey, fingerprint, make_key

ARCHIVE = "arc_0000000000000001"
LEAVES = [hash_leaf(bytes([number])) for number in range(9)]


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return make_key(tmp_path / "a.pem")


def sign(key: SigningKey, size: int, now: datetime, archive: str = ARCHIVE) -> Checkpoint:
    head = TrailHead(size=size, root=tree_root(LEAVES[:size]).hex())
    return sign_checkpoint(archive, head, key, at=now)


def chain(*trusted: str) -> KeyChain:
    return KeyChain(ARCHIVE, (), trusted)


def test_the_signature_is_over_five_lines(key: SigningKey, now: datetime) -> None:
    checkpoint = sign(key, 2, now)
    assert checkpoint.signed_text == (
        b"archiver-checkpoint 1\n"
        b"arc_0000000000000001\n"
        b"2\n"
        b"a20bf9a7cc2dc8a08f5f415a71b19f6ac427bab54d24eec868b5d3103449953a\n"
        b"2026-11-21T07:45:00.000000Z\n"
    )
    assert checkpoint.is_signed()


def test_a_checkpoint_is_one_line_and_comes_back(tmp_path: Path, key: SigningKey, now: datetime) -> None:
    first, second = sign(key, 2, now), sign(key, 9, now)
    append_checkpoint(tmp_path, first)
    append_checkpoint(tmp_path, second)
    assert read_checkpoints(tmp_path) == [first, second]
    assert (tmp_path / "checkpoints.jsonl").read_text().split("\n")[0] == (
        f'{{"archive": "{ARCHIVE}", "at": "2026-11-21T07:45:00.000000Z", "public_key": "{key.public_key}", '
        f'"root": "{first.root}", "signature": "{first.signature}", "size": 2}}'
    )


def test_a_trail_that_grew_bears_out_its_checkpoints(key: SigningKey, now: datetime) -> None:
    checkpoints = [sign(key, size, now) for size in range(10)]
    assert check_checkpoints(checkpoints, LEAVES, ARCHIVE, chain(fingerprint(key.public_key))) == []
    assert check_checkpoints(checkpoints, LEAVES, ARCHIVE, chain()) == []


def test_a_cut_tail_is_found(key: SigningKey, now: datetime) -> None:
    assert check_checkpoints([sign(key, 9, now)], LEAVES[:8], ARCHIVE, chain()) == [
        "the checkpoint of 2026-11-21T07:45:00.000000Z over 9 events is newer than the trail, "
        "which has 8: the trail's tail was cut off"
    ]


@pytest.mark.parametrize(
    "leaves",
    [
        [*LEAVES[:3], hash_leaf(b"other"), *LEAVES[4:]],
        [*LEAVES[:3], *LEAVES[4:], hash_leaf(b"other")],
        [LEAVES[1], LEAVES[0], *LEAVES[2:]],
    ],
    ids=["edited", "deleted", "reordered"],
)
def test_a_changed_trail_is_found(leaves: list[bytes], key: SigningKey, now: datetime) -> None:
    (finding,) = check_checkpoints([sign(key, 9, now)], leaves, ARCHIVE, chain())
    assert finding.endswith("has another root than the trail's events give: the trail was changed")


def test_another_archives_checkpoint_is_found(key: SigningKey, now: datetime) -> None:
    (finding,) = check_checkpoints([sign(key, 9, now, "arc_other")], LEAVES, ARCHIVE, chain())
    assert finding.endswith("belongs to another archive")


def test_a_forgers_own_key_is_found_only_against_the_published_one(
    tmp_path: Path, key: SigningKey, now: datetime
) -> None:
    forger = make_key(tmp_path / "b.pem")
    forged = [sign(forger, 9, now)]
    assert check_checkpoints(forged, LEAVES, ARCHIVE, chain()) == []
    (finding,) = check_checkpoints(forged, LEAVES, ARCHIVE, chain(fingerprint(key.public_key)))
    assert finding.endswith(f"is signed by {fingerprint(forger.public_key)}, not by the key given")


@pytest.mark.parametrize(
    "change",
    [
        {"size": 8, "root": tree_root(LEAVES[:8]).hex()},
        {"at": "2025-01-01T00:00:00.000000Z"},
        {"signature": ""},
        {"signature": "no base64"},
        {"public_key": "AAAA"},
    ],
    ids=lambda change: "+".join(change),
)
def test_a_changed_checkpoint_is_found(change: dict[str, object], key: SigningKey, now: datetime) -> None:
    changed = Checkpoint(**{**asdict(sign(key, 9, now)), **change})
    (finding,) = check_checkpoints([changed], LEAVES, ARCHIVE, chain(fingerprint(key.public_key)))
    assert finding.endswith("is not signed by its key")


def test_no_checkpoint_yet_is_an_empty_list(tmp_path: Path) -> None:
    assert read_checkpoints(tmp_path) == []


def test_a_torn_last_line_is_left_out_and_mended_by_the_next(tmp_path: Path, key: SigningKey, now: datetime) -> None:
    first, second = sign(key, 2, now), sign(key, 9, now)
    append_checkpoint(tmp_path, first)
    with (tmp_path / "checkpoints.jsonl").open("ab") as file:
        file.write(b'{"archive": "arc_00')
    assert read_checkpoints(tmp_path) == [first]
    append_checkpoint(tmp_path, second)
    assert read_checkpoints(tmp_path) == [first, second]


WRONG: dict[str, dict[str, object]] = {
    "size as text": {"size": "2"},
    "a negative size": {"size": -2},
    "a size of half an event": {"size": 0.5},
    "a key as number": {"public_key": 5},
}


@pytest.mark.parametrize("line", ["", "{}", "[]", "nonsense", "শিৱসাগৰ", *WRONG])
def test_what_is_no_checkpoint_is_refused_by_its_line(
    tmp_path: Path, key: SigningKey, now: datetime, line: str
) -> None:
    whole = sign(key, 2, now)
    wrong = WRONG.get(line)
    append_checkpoint(tmp_path, whole)
    with (tmp_path / "checkpoints.jsonl").open("a", encoding="utf-8") as file:
        file.write((line if wrong is None else json.dumps({**asdict(whole), **wrong})) + "\n")
    with pytest.raises(TrailBroken, match=r"checkpoints\.jsonl, line 2, is no checkpoint"):
        read_checkpoints(tmp_path)


def test_a_signature_cannot_be_moved_to_another_checkpoint(key: SigningKey, now: datetime) -> None:
    assert not replace(sign(key, 9, now), signature=sign(key, 8, now).signature).is_signed()

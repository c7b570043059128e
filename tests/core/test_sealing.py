"""Sealed boxes: what is in them is in no byte of them, and without the key they are nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import SiteSessionUnusable
from archiver.core.sealing import Vault

CONTENT = "sid=0123456789abcdef; পানী".encode()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "sealed", tmp_path / "config" / "keys")


def test_a_box_gives_back_what_was_sealed(vault: Vault) -> None:
    vault.put("box_1", CONTENT, about="town")
    assert vault.open("box_1", about="town") == CONTENT
    assert vault.boxes() == ["box_1"]


def test_the_file_is_aes_256_gcm_as_documented(vault: Vault, tmp_path: Path) -> None:
    vault.put("box_1", CONTENT, about="town")
    sealed = vault.path("box_1").read_bytes()
    key = (tmp_path / "config" / "keys" / "box_1.key").read_bytes()
    assert len(key) == 32
    assert sealed[:18] == b"archiver-sealed 1\n"
    assert AESGCM(key).decrypt(sealed[18:30], sealed[30:], b"archiver-sealed 1\ntown") == CONTENT


def test_the_same_content_is_never_sealed_to_the_same_bytes(vault: Vault) -> None:
    first = vault.put("box_1", CONTENT, about="town")
    before = vault.path("box_1").read_bytes()
    assert vault.put("box_1", CONTENT, about="town") != first
    assert vault.path("box_1").read_bytes()[18:30] != before[18:30]


@given(st.integers(0), st.integers(1, 255))
def test_any_changed_byte_is_noticed(at: int, bits: int) -> None:
    key, nonce = bytes(32), bytes(12)
    sealed = bytearray(AESGCM(key).encrypt(nonce, CONTENT, b""))
    sealed[at % len(sealed)] ^= bits
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(nonce, bytes(sealed), b"")


def test_files_are_for_their_owner_alone_whatever_the_umask(vault: Vault, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        vault.put("box_1", CONTENT, about="town")
    finally:
        os.umask(before)
    key = tmp_path / "config" / "keys" / "box_1.key"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (key, vault.path("box_1"))] == [0o600, 0o600]


def test_a_box_opens_for_its_own_words_only(vault: Vault) -> None:
    vault.put("box_1", CONTENT, about="town")
    with pytest.raises(SiteSessionUnusable, match="another session's"):
        vault.open("box_1", about="city")


def test_a_box_in_another_s_place_does_not_open(vault: Vault) -> None:
    vault.put("box_1", CONTENT, about="town")
    vault.put("box_2", b"other", about="town")
    vault.path("box_1").write_bytes(vault.path("box_2").read_bytes())
    with pytest.raises(SiteSessionUnusable, match="is damaged, or another session's"):
        vault.open("box_1", about="town")


def test_a_cut_file_a_short_key_and_a_missing_one_are_told_apart(vault: Vault, tmp_path: Path) -> None:
    vault.put("box_1", CONTENT, about="town")
    whole = vault.path("box_1").read_bytes()
    for length in (0, 5, 18, 29, 30, 45, len(whole) - 1):
        vault.path("box_1").write_bytes(whole[:length])
        with pytest.raises(SiteSessionUnusable, match="is damaged"):
            vault.open("box_1", about="town")
    key = tmp_path / "config" / "keys" / "box_1.key"
    key.write_bytes(b"short")
    with pytest.raises(SiteSessionUnusable, match="is no key"):
        vault.open("box_1", about="town")
    key.unlink()
    with pytest.raises(SiteSessionUnusable, match="has no key for it: run as the user"):
        vault.open("box_1", about="town")


def test_a_destroyed_box_opens_from_no_copy(vault: Vault) -> None:
    vault.put("box_1", CONTENT, about="town")
    copy = vault.path("box_1").read_bytes()
    vault.destroy("box_1")
    assert vault.boxes() == []
    vault.path("box_1").write_bytes(copy)
    with pytest.raises(SiteSessionUnusable, match="has no key"):
        vault.open("box_1", about="town")
    vault.destroy("box_1")
    vault.destroy("box_1")


def test_a_missing_sealed_file_is_told(vault: Vault) -> None:
    vault.put("box_1", CONTENT, about="town")
    vault.path("box_1").unlink()
    with pytest.raises(SiteSessionUnusable, match="cannot be read"):
        vault.open("box_1", about="town")

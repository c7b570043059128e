"""Keys lie outside the archive, for their owner's eyes only, and sign what they say they sign."""

from __future__ import annotations

import base64
import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import BadSettings
from archiver.core.signing import SigningKey, fingerprint, key_path, load_key, make_key, verify_signature

# RFC 8032, 7.1, test 2
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(SECRET))


def test_a_signature_is_the_one_of_the_standard() -> None:
    assert KEY.public_key == base64.b64encode(PUBLIC).decode()
    assert KEY.sign(b"\x72") == base64.b64encode(SIGNATURE).decode()
    assert verify_signature(KEY.public_key, b"\x72", KEY.sign(b"\x72"))


def test_the_fingerprint_is_what_sha256sum_gives_of_the_raw_key() -> None:
    assert fingerprint(KEY.public_key) == "ed25519:" + hashlib.sha256(PUBLIC).hexdigest()


@given(st.binary(max_size=50), st.integers(0, 511))
def test_a_changed_message_or_signature_is_refused(message: bytes, bit: int) -> None:
    signature = bytearray(base64.b64decode(KEY.sign(message)))
    assert not verify_signature(KEY.public_key, message + b"\n", KEY.sign(message))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify_signature(KEY.public_key, message, base64.b64encode(signature).decode())


@pytest.mark.parametrize("wrong", ["", "AAAA", "no base64!", "শিৱসাগৰ", base64.b64encode(bytes(33)).decode()])
def test_a_malformed_key_or_signature_is_simply_not_right(wrong: str) -> None:
    assert not verify_signature(wrong, b"\x72", KEY.sign(b"\x72"))
    assert not verify_signature(KEY.public_key, b"\x72", wrong)


def test_a_key_is_its_owners_only_and_loads_again(tmp_path: Path) -> None:
    path = key_path(tmp_path, "arc_0000000000000001")
    assert path == tmp_path / "keys" / "arc_0000000000000001.pem"
    made = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    loaded = load_key(path)
    assert loaded is not None
    assert loaded.public_key == made.public_key
    assert verify_signature(made.public_key, b"x", loaded.sign(b"x"))


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"
    make_key(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        make_key(path)
    assert path.read_bytes() == before


def test_every_key_is_another(tmp_path: Path) -> None:
    assert make_key(tmp_path / "a.pem").public_key != make_key(tmp_path / "b.pem").public_key


def test_where_there_is_no_key_there_is_none(tmp_path: Path) -> None:
    assert load_key(tmp_path / "a.pem") is None


def _pem(encryption: serialization.KeySerializationEncryption) -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        _pem(serialization.NoEncryption())[:60],
        _pem(serialization.BestAvailableEncryption(b"a password")),
        generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    ],
    ids=["empty", "text", "cut", "encrypted", "another kind"],
)
def test_a_file_that_is_no_signing_key_is_told_by_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pem"
    path.write_bytes(content)
    with pytest.raises(BadSettings, match=r"a\.pem holds .*: restore it from a copy of the keys"):
        load_key(path)

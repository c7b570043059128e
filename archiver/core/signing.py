"""Ed25519 signatures over trail checkpoints. The private key lives outside the archive and its backups."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archiver.core.errors import BadInput, BadSettings

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


@dataclass(frozen=True)
class SigningKey:
    """A private key and the text forms of its public half."""

    _private: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        """The 32 raw bytes, base64."""
        return base64.b64encode(self._private.public_key().public_bytes(*_RAW)).decode()

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self._private.sign(message)).decode()


def fingerprint(public_key: str) -> str:
    """`ed25519:` and the SHA-256 of the raw public key in hex: what an agency publishes."""
    return "ed25519:" + hashlib.sha256(base64.b64decode(public_key)).hexdigest()


def to_pem(public_key: str) -> str:
    """The key as other tools read it (SubjectPublicKeyInfo)."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def read_fingerprints(text: str) -> list[str]:
    """Fingerprints in what an agency publishes: lines `ed25519:…`, base64 public keys, or PEM.

    Raises BadInput where there is none.
    """
    found = re.findall(r"ed25519:[0-9a-f]{64}\b", text)
    for pem in re.findall(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", text, re.DOTALL):
        try:
            key = serialization.load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise BadInput("the published key is no PEM public key") from error
        if isinstance(key, Ed25519PublicKey):
            found.append(fingerprint(base64.b64encode(key.public_bytes(*_RAW)).decode()))
    if not found:
        found = [fingerprint(each) for each in re.findall(r"(?<![\w+/])[A-Za-z0-9+/]{43}=(?![\w=])", text)]
    if not found:
        raise BadInput("no fingerprint (ed25519: and 64 hex digits) and no Ed25519 public key is in it")
    return list(dict.fromkeys(found))


def verify_signature(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the base64 `signature` over `message` is the key's; malformed input is simply not."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_path(config_directory: Path, archive_id: str) -> Path:
    return config_directory / "keys" / f"{archive_id}.pem"


def make_key(path: Path) -> SigningKey:
    """Make a key readable by its owner only; an existing one is never overwritten (FileExistsError)."""
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return SigningKey(key)


def load_key(path: Path) -> SigningKey | None:
    """The key at `path`, None where there is none. Raises BadSettings where the file is no Ed25519 key."""
    if not path.exists():
        return None
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadSettings(f"{path} holds no signing key: restore it from a copy of the keys") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadSettings(f"{path} holds another kind of key than Ed25519: restore it from a copy of the keys")
    return SigningKey(key)

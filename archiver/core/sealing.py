"""Secrets at rest: AES-256-GCM, each sealed under a key of its own that lies outside the archive.

A box is one sealed file in the archive and one key file in the configuration directory. Whoever has
the archive or any backup of it has nothing; destroying the key destroys every copy of the box.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archiver.core.durable import make_directory, storage_errors, sync_directory, write_durably
from archiver.core.errors import SiteSessionUnusable
from archiver.core.records import Digest

_MAGIC = b"archiver-sealed 1\n"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D, 8.2.2: random, for up to 2^32 sealings under one key


class Vault:
    """The boxes of one archive: `sealed` is a directory of the archive, `keys` one outside of it."""

    def __init__(self, sealed: Path, keys: Path) -> None:
        self._sealed = sealed
        self._keys = keys

    def put(self, box: str, content: bytes, *, about: str) -> Digest:
        """Seal `content` into the box, making its key where it is new; the digest of the sealed file.

        `about` says what it is and whose: the box opens for the same words only. Raises StorageFull.
        """
        make_directory(self._sealed.absolute())
        key = self._read_key(box) if self._key_path(box).exists() else self._make_key(box)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = _MAGIC + nonce + AESGCM(key).encrypt(nonce, content, _MAGIC + about.encode())
        path = self.path(box)
        write_durably(path, sealed)
        path.chmod(0o600)
        return Digest("sha256:" + hashlib.sha256(sealed).hexdigest())

    def open(self, box: str, *, about: str) -> bytes:
        """The content. Raises SiteSessionUnusable where the key or the file is missing, damaged or of another box."""
        key = self._read_key(box)
        path = self.path(box)
        try:
            sealed = path.read_bytes()
        except OSError as error:
            raise SiteSessionUnusable(f"{path} cannot be read ({error.strerror}): {_RENEW}") from error
        start = len(_MAGIC) + _NONCE_BYTES
        try:
            if not sealed.startswith(_MAGIC):
                raise InvalidTag
            return AESGCM(key).decrypt(sealed[len(_MAGIC) : start], sealed[start:], _MAGIC + about.encode())
        except (InvalidTag, ValueError) as error:
            raise SiteSessionUnusable(f"{path} is damaged, or another session's: {_RENEW}") from error

    def destroy(self, box: str) -> None:
        """Destroy the key, which makes every copy of the box worthless, then remove the sealed file."""
        key = self._key_path(box)
        if key.exists():
            with storage_errors(key):
                # where a file system writes in place the old bytes go; where it does not (flash), nothing could
                with key.open("r+b") as file:
                    file.write(bytes(_KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                key.unlink()
            sync_directory(key.parent)
        path = self.path(box)
        if path.exists():
            with storage_errors(path):
                path.unlink()
            sync_directory(path.parent)

    def boxes(self) -> list[str]:
        """Every box that has a sealed file."""
        return sorted(each.stem for each in self._sealed.glob("*.sealed"))

    def path(self, box: str) -> Path:
        return self._sealed / f"{box}.sealed"

    def _key_path(self, box: str) -> Path:
        return self._keys / f"{box}.key"

    def _make_key(self, box: str) -> bytes:
        key = AESGCM.generate_key(8 * _KEY_BYTES)
        with storage_errors(self._key_path(box)):
            self._keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(self._key_path(box), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
        sync_directory(self._keys)
        return key

    def _read_key(self, box: str) -> bytes:
        path = self._key_path(box)
        try:
            key = path.read_bytes()
        except FileNotFoundError as error:
            raise SiteSessionUnusable(
                f"{path.parent} has no key for it: run as the user, or with the ARCHIVER_CONFIG, it was stored with; "
                f"where the key is lost, {_RENEW}"
            ) from error
        except OSError as error:
            raise SiteSessionUnusable(f"{path} cannot be read ({error.strerror})") from error
        if len(key) != _KEY_BYTES:
            raise SiteSessionUnusable(f"{path} is no key: {_RENEW}")
        return key


_RENEW = "store the login anew with `archiver session import` or `archiver session login`"

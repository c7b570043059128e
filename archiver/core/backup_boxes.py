"""Encrypted copies of files, each sealed by itself, in a directory that needs no trust: the boxes of a backup.

    BACKUP/archiver-backup.json     format, and how the key is come by
    BACKUP/boxes/ab/abcd...         a file, sealed; its name tells nothing to who has no key
    BACKUP/sets/2026...-....        what one backup consists of, sealed likewise
    BACKUP/keys/ab/abcd...          keys of what may have to go, where they lie nowhere else (`backup_keys.py`)

A box is `archiver-box 1`, a newline, 32 random bytes, then chunks of 1 MiB, each AES-256-GCM (NIST SP 800-38D) under a
key made for this box alone (HKDF-SHA256, RFC 5869). A chunk's nonce is its number in 11 bytes and one byte that is 1 in
the last chunk only, so that no chunk can be lost, moved or cut off unseen (STREAM: Hoang et al., 2015). What may have
to go (`part`: a record, say) is in a box `archiver-box 2`, which takes the backup's key and that part's together.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from archiver.core.backup_keys import FOLDER, BackupKeys, require_place
from archiver.core.durable import durable_file, make_directory, storage_errors, sync_directory, write_durably
from archiver.core.errors import AlreadyExists, BackupDamaged, BackupKeyWrong, NotFound

FILE_NAME = "archiver-backup.json"
FORMAT = "archiver-backup 1"
CHUNK = 1 << 20
_MAGIC = b"archiver-box 1\n"
_OF_PART = b"archiver-box 2\n"
_OF_ROWS = b"archiver-rows 1\n"
_SALT = 32
_TAG = 16
# RFC 7914: so much that a guess costs 128 MiB of memory and about half a second
_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}
_ELSEWHERE = "copy it from another place of the backup, or take an older set"


def make_key_file(path: Path) -> None:
    """A new random key, as 64 hex digits, for this user's eyes only. Raises AlreadyExists, StorageFull."""
    make_directory(path.absolute().parent)
    with storage_errors(path):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise AlreadyExists(f"{path} is there: a key that may open backups is never overwritten") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    sync_directory(path.absolute().parent)


def read_key_file(path: Path) -> bytes:
    """Raises BackupKeyWrong where it holds no key."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise BackupKeyWrong(f"{path} is no key of a backup: `archiver backup key` makes one") from error
    if len(key) != 32:
        raise BackupKeyWrong(f"{path} is no key of a backup: it has {len(key)} bytes instead of 32")
    return key


class BackupBoxes:
    """One backup directory, open under its key; `keys` are those of the parts."""

    def __init__(self, root: Path, key: bytes, *, archive: str, keys_in: Sequence[Path] = ()) -> None:
        self.root = root
        self._key = key
        for each in keys_in:
            require_place(each)
        self.keys = BackupKeys(
            tuple(keys_in) or (root / FOLDER,),
            archive,
            lambda source, target, about: self.seal(source, target, about=about),
            lambda box, about: self.unseal(box, about=about),
        )

    @classmethod
    def begin(
        cls, root: Path, *, archive: str, key: bytes | None, passphrase: str | None, keys_in: Sequence[Path] = ()
    ) -> BackupBoxes:
        """Open the backup at `root`, or make a new one for the archive of that id.

        `keys_in` are directories that have the keys of its parts, each all of them; none: they lie in the backup.

        Raises BackupKeyWrong, BackupDamaged, AlreadyExists where the directory holds something else.
        """
        if not (root / FILE_NAME).exists():
            if root.exists() and any(root.iterdir()):
                raise AlreadyExists(f"{root} holds something else than a backup: name a directory that is empty")
            make_directory(root.absolute())
            salt = None if passphrase is None else secrets.token_hex(16)
            opened = _derive(key, passphrase, {"salt": salt, **_SCRYPT})
            stated = {
                "format": FORMAT,
                "archive": archive,
                "scrypt": None if salt is None else {"salt": salt, **_SCRYPT},
                "check": _check(opened, archive),
            }
            write_durably(root / FILE_NAME, (json.dumps(stated, indent=2) + "\n").encode())
        boxes = cls.open(root, key=key, passphrase=passphrase, keys_in=keys_in)
        if boxes.archive != archive:
            raise AlreadyExists(f"{root} is the backup of another archive, {boxes.archive}: name another directory")
        return boxes

    @classmethod
    def open(
        cls, root: Path, *, key: bytes | None, passphrase: str | None, keys_in: Sequence[Path] = ()
    ) -> BackupBoxes:
        """Raises NotFound where there is no backup, BackupKeyWrong, BackupDamaged, CopyUnreachable."""
        stated = _stated(root)
        if (stated["scrypt"] is None) == (key is None):
            how = "a key file: name it with --key" if stated["scrypt"] is None else "a passphrase: give no --key"
            raise BackupKeyWrong(f"the backup {root} opens with {how}")
        opened = _derive(key, passphrase, stated["scrypt"] or {})
        if not hmac.compare_digest(_check(opened, stated["archive"]), stated["check"]):
            raise BackupKeyWrong(f"this is not the key, or not the passphrase, of the backup {root}")
        return cls(root, opened, archive=stated["archive"], keys_in=keys_in)

    @property
    def archive(self) -> str:
        """The id of the archive it is of."""
        return str(_stated(self.root)["archive"])

    def name_of(self, path: str, sha256: str, part: str = "") -> str:
        """Of the box for a file of that place and content: the same file has the same box in every set.

        With a new key a part has new boxes. Raises BackupDamaged where the part has no key.
        """
        message = f"{path}\n{sha256}".encode()
        return hmac.new(self._under(part), message, hashlib.sha256).hexdigest()

    def path_of(self, name: str) -> Path:
        return self.root / "boxes" / name[:2] / name

    def seal(self, source: BinaryIO, target: Path, *, about: str, part: str = "") -> None:
        """Seal what is read into `target`, durably; it opens for the same `about` only. Raises StorageFull."""
        make_directory(target.parent)
        salt = secrets.token_bytes(_SALT)
        cipher, magic = AESGCM(self._box_key(salt, part)), _magic(part)
        with durable_file(target) as file:
            file.write(magic + salt)
            number, chunk = 0, source.read(CHUNK)
            while True:
                following = source.read(CHUNK)
                file.write(cipher.encrypt(_nonce(number, last=not following), chunk, about.encode()))
                if not following:
                    return
                number, chunk = number + 1, following

    def unseal(self, box: Path, *, about: str, part: str = "") -> Iterator[bytes]:
        """The content, piece by piece. Raises BackupDamaged where one byte is not what was sealed."""
        try:
            with box.open("rb") as file:
                if file.read(len(_MAGIC)) != _magic(part):
                    raise BackupDamaged(f"{box} is no box of a backup: {_ELSEWHERE}")
                cipher = AESGCM(self._box_key(file.read(_SALT), part))
                number, chunk = 0, file.read(CHUNK + _TAG)
                while True:
                    following = file.read(CHUNK + _TAG)
                    yield cipher.decrypt(_nonce(number, last=not following), chunk, about.encode())
                    if not following:
                        return
                    number, chunk = number + 1, following
        except (InvalidTag, ValueError) as error:
            raise BackupDamaged(
                f"{box} is damaged, a byte differs from what was sealed or its end is lost: {_ELSEWHERE}"
            ) from error
        except OSError as error:
            raise BackupDamaged(f"{box} cannot be read ({error.strerror}): {_ELSEWHERE}") from error

    def seal_rows(self, part: str, rows: bytes) -> bytes:
        """Rows of the catalogue under the part's key: 32 bytes of salt, then AES-256-GCM with a nonce of zeros, for no
        other key is ever made from that salt. Raises BackupDamaged where the part has no key.
        """
        salt = secrets.token_bytes(_SALT)
        key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=_OF_ROWS).derive(self._under(part))
        return salt + AESGCM(key).encrypt(bytes(12), rows, part.encode())

    def open_rows(self, part: str, sealed: bytes) -> bytes:
        """Raises BackupDamaged where they are not what was sealed, or the part has no key."""
        salt, content = sealed[:_SALT], sealed[_SALT:]
        key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=_OF_ROWS).derive(self._under(part))
        try:
            return AESGCM(key).decrypt(bytes(12), content, part.encode())
        except (InvalidTag, ValueError) as error:
            raise BackupDamaged(f"the rows of {part} are not what was sealed: {_ELSEWHERE}") from error

    def keep_only(self, boxes: set[str], sets: set[str]) -> int:
        """Remove every box and set but these: none of the sets that stay needs them. How many boxes went."""
        removed = 0
        for path in sorted((self.root / "sets").glob("*")):
            if path.name not in sets:
                path.unlink()
        for path in sorted((self.root / "boxes").glob("*/*")):
            if path.name not in boxes:
                path.unlink()
                removed += 1
        for directory in [self.root / "sets", *sorted((self.root / "boxes").glob("*/"))]:
            if directory.is_dir():
                sync_directory(directory)
        return removed

    def _box_key(self, salt: bytes, part: str) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=_magic(part)).derive(self._under(part))

    def _under(self, part: str) -> bytes:
        return self._key + self.keys.key_of(part) if part else self._key


def _magic(part: str) -> bytes:
    return _OF_PART if part else _MAGIC


def _stated(root: Path) -> dict[str, Any]:
    path = root / FILE_NAME
    if not path.is_file():
        raise NotFound(f"{root} is no backup: it has no {FILE_NAME}")
    try:
        stated = dict(json.loads(path.read_bytes()))
        if stated["format"] != FORMAT:
            raise BackupDamaged(f"{path} is of another format, {stated['format']!r}: a newer version opens it")
        if not all(isinstance(stated[name], str) for name in ("archive", "check")) or "scrypt" not in stated:
            raise KeyError("check")
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"{path} is damaged: copy it from another place of the backup") from error
    return stated


def _derive(key: bytes | None, passphrase: str | None, scrypt: dict[str, Any]) -> bytes:
    if key is not None:
        return key
    if not passphrase:
        raise BackupKeyWrong("a backup needs its key file (--key) or its passphrase")
    try:
        if scrypt["n"] * scrypt["r"] * scrypt["p"] > 16 * _SCRYPT["n"] * _SCRYPT["r"]:
            raise ValueError("it would take all memory")
        salt, cost = bytes.fromhex(scrypt["salt"]), {name: scrypt[name] for name in ("n", "r", "p")}
        return Scrypt(salt=salt, length=32, **cost).derive(passphrase.encode())
    except (KeyError, TypeError, ValueError) as error:
        raise BackupDamaged(f"{FILE_NAME} is damaged: its scrypt is none ({error})") from error


def _check(key: bytes, archive: str) -> str:
    """Opens nothing; tells a wrong key before anything is read."""
    return hmac.new(key, f"{FORMAT}\n{archive}".encode(), hashlib.sha256).hexdigest()


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])

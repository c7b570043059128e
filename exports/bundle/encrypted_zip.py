"""A bundle as one ZIP that only its password opens: WinZip's AES-256, which 7-Zip, WinZip and others read.

What the files hold is encrypted; their names and sizes are not, as in every ZIP. The bundle's own digests are inside.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyzipper  # type: ignore[import-untyped]
from pyzipper.zipfile_aes import AESZipInfo  # type: ignore[import-untyped]

from archiver.core.durable import durable_file, part_path
from archiver.core.errors import BadInput, ProductionRefused
from archiver.core.fixity import digest_file
from exports.bundle.bag import files_below

LEAST_LETTERS = 14
"""Of a password: what is encrypted can be tried without end by whoever has the file."""
_PACKED_ALREADY = (".png", ".jpg", ".tif", ".webp", ".gz", ".wacz", ".pdf")
_STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class EncryptedZip:
    """`sha256` is of the ZIP, with its algorithm before it."""

    path: Path
    sha256: str
    size: int
    files: int


def write_encrypted_zip(bundle: Path, into: Path, password: str) -> EncryptedZip:
    """Write `into` from every file of the bundle, in order of their names, and read it back before it has its name.

    Raises BadInput for a password that is too short, ProductionRefused where `into` exists, StorageFull.
    """
    if len(password) < LEAST_LETTERS:
        raise BadInput(f"a password for a bundle has at least {LEAST_LETTERS} letters; a sentence is easier to tell")
    if into.exists():
        raise ProductionRefused(f"{into} exists already: a bundle is never written over; name another file")
    names = sorted(files_below(bundle))
    secret = password.encode()
    with durable_file(into) as file:
        with pyzipper.AESZipFile(file, "w", encryption=pyzipper.WZ_AES) as package:
            package.setpassword(secret)
            for name in names:
                entry = AESZipInfo(f"{bundle.name}/{name}", _STAMP)
                entry.compress_type = pyzipper.ZIP_STORED if name.endswith(_PACKED_ALREADY) else pyzipper.ZIP_DEFLATED
                entry.file_size = (bundle / name).stat().st_size
                with (bundle / name).open("rb") as source, package.open(entry, "w") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        file.flush()
        _read_back(part_path(into), bundle, names, secret)
    return EncryptedZip(path=into, sha256=digest_file(into), size=into.stat().st_size, files=len(names))


def _read_back(package_path: Path, bundle: Path, names: list[str], secret: bytes) -> None:
    with pyzipper.AESZipFile(package_path) as package:
        package.setpassword(secret)
        for name in names:
            hasher = hashlib.sha256()
            with package.open(f"{bundle.name}/{name}") as file:
                while piece := file.read(1 << 20):
                    hasher.update(piece)
            if f"sha256:{hasher.hexdigest()}" != digest_file(bundle / name):
                raise ProductionRefused(f"{name} could not be read back from the ZIP as it is in the bundle: try again")

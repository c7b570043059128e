"""Sealing: the list of all files is signed, and a verifier lies beside it that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from archiver.core.durable import write_durably

SIGNATURE = "manifest-signature.json"
PROFILE_ID = "urn:archiver:bagit-profile:production:1"

_VERIFY = """\
How anyone can check this production

1. With Python 3.8 or later, and nothing else, in this directory:

       python3 verify.py

   It lists every defect in plain words: a file that was changed, is missing, was
   added or renamed, a manifest out of order, a wrong signature, a proof of the
   audit trail that was removed. Name the agency's published key to be sure whose
   signature it is:

       python3 verify.py --key ed25519:...

2. With tools of every Linux or macOS machine:

       sha256sum -c --quiet manifest-sha256.txt
       sha256sum -c --quiet tagmanifest-sha256.txt

3. With any BagIt tool: this is a BagIt 1.0 bag, its profile is bagit-profile.json.

4. With OpenSSL, where data/timestamps has files: that the audit trail stood so at the
   time an authority stamped it, on the word of that authority (ca.pem, its root):

       openssl ts -verify -data data/timestamps/NAME.checkpoint \\
           -in data/timestamps/NAME.tsr -CAfile ca.pem

manifest-signature.json holds the agency's signature (Ed25519) over the SHA-256 of
tagmanifest-sha256.txt, which commits to every byte of every other file.

What is not proved: that what the site showed was true or written by the person it
names, and that what is redacted was rightly so. The exemption log names the
section for each redaction; nothing of what was redacted is in any file.

Production {id}
"""


def tag_files(production_id: str) -> dict[str, bytes]:
    """What lies beside the payload: the verifier, how to use it, and the bag's profile."""
    room = files("exports")
    return {
        "verify.py": room.joinpath("checking", "verifier.py").read_bytes(),
        "VERIFY.txt": _VERIFY.format(id=production_id).encode(),
        "bagit-profile.json": room.joinpath("bundle", "bagit-profile.json").read_bytes(),
    }


def is_release(bundle: Path) -> bool:
    """Whether it is sealed so, and checked by the verifier it ships; a bundle of originals is sealed by its trail."""
    return (bundle / SIGNATURE).is_file()


def seal_bag(root: Path, digest: str, sign: Callable[[bytes], tuple[str, str]]) -> None:
    """Sign the hex SHA-256 of the bag's tagmanifest-sha256.txt."""
    key, signature = sign(f"archiver-production 1\n{digest}\n".encode())
    stated = {"format": "archiver-signature 1", "tagmanifest_sha256": digest, "public_key": key, "signature": signature}
    write_durably(root / SIGNATURE, (json.dumps(stated, indent=1) + "\n").encode())

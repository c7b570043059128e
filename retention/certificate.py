"""Certificates of destruction and transfer: what went, when, why, on whose word, and what is left elsewhere.

A certificate is a directory that stock tools verify: `sha256sum -c SHA256SUMS` and the signature over that file by
`openssl pkeyutl`. It holds ids, dates, counts and salted digests, never content.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archiver.core.durable import make_directory, write_durably
from archiver.core.signing import SigningKey, to_pem
from retention.pages import render_page

FORMAT = "archiver-certificate 1"
SUMS = "SHA256SUMS"
RESIDUE_NOTE = (
    "Before anything went, the texts and pictures of these records were searched for in every other record's items and "
    "evidence, in bundles and in reports. What was found is listed; each place has a schedule of its own. The stub of "
    "each record keeps its site, its id there and its addresses, so that it is not taken in again."
)
PAPERS_NOTE = (
    "These are papers that the archive made of its own work: their rows and files are gone. Copies that were handed "
    "over, packed or made outside of the archive, and backups made before, are listed. The stub of each keeps its "
    "number, which is never given again; the events of the trail, which name ids and digests alone, stay."
)
_README = """This certificate verifies without the archive:

    sha256sum -c SHA256SUMS
    openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig

The first says that certificate.json and certificate.pdf are the files that were signed, the second that the archive's
key signed them. Compare the key with the fingerprint the agency publishes: the SHA-256 of its 32 raw bytes, which are
the last 32 of `openssl pkey -pubin -in public-key.pem -outform DER`.

certificate.json holds, under "trail", the trail's event of each record that went, with the proof that it is in the tree
whose root the signed checkpoint states (RFC 9162).
"""


def render_certificate(content: Mapping[str, Any]) -> bytes:
    """The certificate as a page for paper, HTML without scripts."""
    action = content["schedule"]["action"]
    words = {
        "destroy": ("Certificate of destruction", "destroyed"),
        "transfer": ("Certificate of transfer", "transferred"),
    }
    heading, gone = words.get(action, ("Certificate of disposal", "gone"))
    return render_page("certificate.html", c=content, heading=heading, gone=gone)


def write_certificate(directory: Path, content: Mapping[str, Any], pdf: bytes | None, key: SigningKey) -> str:
    """Write it durably; the SHA-256 of SHA256SUMS, which the trail's event tells of.

    `pdf` is None where no browser could print one. Writing it again, after a crash, gives it anew.
    """
    make_directory(directory)
    files = {
        "README.txt": _README.encode(),
        "certificate.json": json.dumps(content, ensure_ascii=False, indent=1).encode(),
        "certificate.html": render_certificate(content),
        "public-key.pem": to_pem(key.public_key).encode(),
        **({"certificate.pdf": pdf} if pdf is not None else {}),
    }
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    for name, written in files.items():
        write_durably(directory / name, written)
    write_durably(directory / SUMS, sums)
    write_durably(directory / f"{SUMS}.sig", base64.b64decode(key.sign(sums)))
    return "sha256:" + hashlib.sha256(sums).hexdigest()

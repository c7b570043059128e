"""A record, or a paper of the archive's own, as a package for another archive.

BagIt around an E-ARK CSIP layout, with METS, Dublin Core and PREMIS 3. CSIP 2.1 names the folders (`metadata/`,
`representations/`) and a METS.xml at the root; BagIt adds manifests that every tool checks. The evidence is copied as
it is, compared with its digests while it is.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from archiver.core.clock import to_iso
from archiver.core.fixity import KeptFile
from exports.bundle.bag import BagWriter

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold."""
_DATA = "representations/rep1/data"


@dataclass(frozen=True, kw_only=True)
class PackageSubject:
    """What a package is of, in the terms of Dublin Core; `form` is what METS says of its content."""

    id: str
    identifiers: tuple[str, ...]
    title: str
    creator: str
    publisher: str
    created: datetime | None
    language: str
    type: str
    keywords: tuple[str, ...] = ()
    form: tuple[str, str] = ("Websites", "WARC 1.1")


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """One file of evidence: its name within the record (`cap_.../capture.warc.gz`), and where it lies."""

    name: str
    path: Path
    stored: KeptFile
    media_type: str


@dataclass(frozen=True, kw_only=True)
class PackageEvent:
    """One event of the trail about the record; `leaf` is its hash in the tree."""

    seq: int
    at: str
    type: str
    leaf: str


def write_package(
    directory: Path,
    subject: PackageSubject,
    files: Sequence[PackageFile],
    events: Sequence[PackageEvent],
    *,
    agency: str,
    batch: str,
    made_at: datetime,
    rows: bytes | None = None,
) -> str:
    """Write the package at `directory`, replacing what a broken-off run left; the hex SHA-256 of its tag manifest.

    `rows` is what the catalogue has of a paper, as JSON. Raises EvidenceDamaged where a file is not what was recorded.
    """
    if directory.exists():
        shutil.rmtree(directory)  # an unfinished copy, never evidence
    directory.mkdir(parents=True)
    bag = BagWriter(directory)
    for each in files:
        bag.copy(f"{_DATA}/{each.name}", each.path, each.stored)
    about = {"subject": subject, "files": files, "events": events, "agency": agency, "batch": batch, "data": _DATA}
    described = {
        "metadata/descriptive/dc.xml": _fill("dc.xml", **about),
        "metadata/preservation/premis.xml": _fill("premis.xml", **about),
        **({"metadata/descriptive/rows.json": rows} if rows is not None else {}),
    }
    for name, content in described.items():
        bag.write(name, content)
    bag.write("METS.xml", _fill("mets.xml", made_at=to_iso(made_at), described=sorted(described), **about))
    return bag.seal(
        [
            ("Source-Organization", agency),
            ("External-Identifier", subject.id),
            ("Internal-Sender-Identifier", batch),
            ("Bagging-Date", made_at.date().isoformat()),
        ]
    )


def _fill(name: str, **values: object) -> bytes:
    return _NO_XML.sub("", _environment().get_template(name).render(**values)).encode()


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("exports", "templates/package"), autoescape=True, undefined=StrictUndefined)

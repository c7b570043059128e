"""Checking a WACZ file: the package against its files, the index against its records."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from archiver.core.cdxj import index_lines, parse_line
from archiver.core.errors import BadWarc
from archiver.core.warc import check_stream, read_stream
from archiver.core.zipped import stored_file

PACKAGE = "datapackage.json"
PACKAGE_DIGEST = "datapackage-digest.json"

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class WaczCheck:
    path: Path
    resources: int
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


def check_wacz(path: Path) -> WaczCheck:
    """List every defect of the package at `path`.

    Every file is listed with its true size and digest and every listed file is there; every
    WARC passes `check_warc` and is stored uncompressed; every index line points at its
    record and every response and resource has its line.
    """
    findings: list[str] = []
    resources: list[dict[str, Any]] = []
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as package:
            resources = _check_package(package, findings)
            _check_index(file, package, findings)
    # zipfile tells an entry marked as encrypted by a plain RuntimeError (NotImplementedError is one too)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError) as error:
        findings.append(f"{path} cannot be read as a ZIP file: {error}")
    return WaczCheck(path=path, resources=len(resources), findings=tuple(findings))


def _check_package(package: zipfile.ZipFile, findings: list[str]) -> list[dict[str, Any]]:
    names = package.namelist()
    findings += [f"{name} is in the ZIP twice" for name in sorted(set(names)) if names.count(name) > 1]
    missing = [name for name in (PACKAGE, PACKAGE_DIGEST) if name not in names]
    findings += [f"{name} is missing" for name in missing]
    if missing:
        return []
    described = package.read(PACKAGE)
    try:
        resources: list[dict[str, Any]] = json.loads(described)["resources"]
        listed = {str(resource["path"]): resource for resource in resources}
        stated = json.loads(package.read(PACKAGE_DIGEST))["hash"]
    except (ValueError, KeyError, TypeError) as error:
        findings.append(f"{PACKAGE} or its digest cannot be read: {error!r}")
        return []
    if stated != f"sha256:{hashlib.sha256(described).hexdigest()}":
        findings.append(f"{PACKAGE} differs from its digest")
    findings += [f"{name} is listed but missing" for name in listed if name not in names]
    for name in sorted(set(names) - {PACKAGE, PACKAGE_DIGEST}):
        if name not in listed:
            findings.append(f"{name} is not listed")
            continue
        with package.open(name) as stored:
            digest, size = _measure(stored)
        if digest != listed[name].get("hash"):
            findings.append(f"{name} differs from its digest")
        if size != listed[name].get("bytes"):
            findings.append(f"{name} has {size} bytes where {listed[name].get('bytes')} are listed")
    return resources


def _measure(file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := file.read(_CHUNK):
        digest.update(piece)
        size += len(piece)
    return f"sha256:{digest.hexdigest()}", size


def _check_index(file: BinaryIO, package: zipfile.ZipFile, findings: list[str]) -> None:
    warcs = [entry for entry in package.infolist() if entry.filename.startswith("archive/")]
    if not warcs:
        findings.append("there is no WARC below archive/")
    expected: set[str] = set()
    for entry in warcs:
        if entry.compress_type != zipfile.ZIP_STORED:
            findings.append(f"{entry.filename} is compressed: its records cannot be reached by offset")
            continue
        label, stored = Path(entry.filename), stored_file(file, entry)
        checked = check_stream(stored, label)
        findings += [f"{label}, offset {finding.offset}: {finding.problem}" for finding in checked.findings]
        try:
            expected.update(index_lines(read_stream(stored, label), label.name))
        except BadWarc as error:
            findings.append(str(error))
    if "indexes/index.cdx.gz" not in package.namelist():
        findings.append("indexes/index.cdx.gz is missing")
        return
    found = _inflate_lines(package.read("indexes/index.cdx.gz"))
    findings += [f"index line points at no such record: {_where(line)}" for line in found if line not in expected]
    findings += [f"record is not in the index: {_where(line)}" for line in sorted(expected - set(found))]
    if found != sorted(found, key=lambda line: line.encode()):
        findings.append("the index is not sorted")


def _inflate_lines(packed: bytes) -> list[str]:
    """The lines of concatenated gzip members. Raises zlib.error."""
    text = b""
    while packed:
        decoder = zlib.decompressobj(31)
        text += decoder.decompress(packed) + decoder.flush()
        packed = decoder.unused_data
    return text.decode("utf-8", "replace").splitlines()


def _where(line: str) -> str:
    try:
        _, _, fields = parse_line(line)
    except ValueError:
        return line[:100]
    return f"{fields.get('filename')} at {fields.get('offset')} ({fields.get('url')})"

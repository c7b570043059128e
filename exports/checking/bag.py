"""Checking a BagIt bag that may come from anyone: every defect in plain words, none by an exception.

Stricter than RFC 8493 where a bundle of ours has one form only: both manifests of both kinds, two
blanks after the digest, plain UTF-8 names. So every changed byte shows, and shows where it is.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import bagit

from exports.bundle.bag import ALGORITHMS, DECLARATION

LONGEST_LINE = 1 << 16
_CHUNK = 1 << 20
_LINE = {name: re.compile(rf"([0-9a-f]{{{hashlib.new(name).digest_size * 2}}})  (\S.*)") for name in ALGORITHMS}
_OXUM = re.compile(rb"^Payload-Oxum: (\d{1,18})\.(\d{1,18})$", re.MULTILINE)


@dataclass(kw_only=True)
class BagCheck:
    """What was found. `digests` holds the SHA-256 of every payload file, by its path in the bag."""

    findings: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    size: int = 0  # bytes of payload
    sha256: str | None = None  # of tagmanifest-sha256.txt, which names the bundle


def check_bag(root: Path) -> BagCheck:
    """Read every file below `root` once and compare it with the manifests, both ways."""
    check = BagCheck()
    files, strange = _list_files(root, check.findings)
    payload = {name for name in files if name.startswith("data/")}
    tags = files - payload
    found = {name: _hash_file(root, name, check) for name in sorted(files)}
    check.digests = {name: digests["sha256"] for name, digests in found.items() if name in payload and digests}
    check.sha256 = found.get("tagmanifest-sha256.txt", {}).get("sha256")
    check.findings += _check_declaration(root, tags)
    for algorithm in ALGORITHMS:
        for manifest, covered in (
            (f"manifest-{algorithm}.txt", payload),
            (f"tagmanifest-{algorithm}.txt", {name for name in tags if not name.startswith("tagmanifest-")}),
        ):
            listed = _read_manifest(root, manifest, algorithm, tags, check.findings)
            if listed is not None:
                check.findings += _compare(manifest, algorithm, listed, covered, found)
    check.findings += _check_extra_tags(tags)
    check.findings += _check_oxum(root, tags, check.size, len(payload))
    check.findings += _ask_bagit(root, strange)
    return check


def _list_files(root: Path, findings: list[str]) -> tuple[set[str], bool]:
    """Regular files, relative with slashes; whether there is anything else, which is never followed."""
    files: set[str] = set()
    strange = False
    for folder, directories, names in os.walk(
        root, onerror=lambda error: findings.append(f"cannot be listed: {error}")
    ):
        for name in [*directories, *names]:
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            if path.is_symlink():
                strange = True
                findings.append(
                    f"{show(relative)} is a symbolic link: it is not followed, and nothing it leads to was checked"
                )
            elif name in directories:
                continue
            elif not path.is_file():
                strange = True
                findings.append(f"{show(relative)} is no regular file")
            else:
                files.add(relative)
    return files, strange


def _hash_file(root: Path, name: str, check: BagCheck) -> dict[str, str]:
    hashers = {algorithm: hashlib.new(algorithm) for algorithm in ALGORITHMS}
    size = 0
    try:
        with (root / name).open("rb") as file:
            while piece := file.read(_CHUNK):
                size += len(piece)
                for hasher in hashers.values():
                    hasher.update(piece)
    except OSError as error:
        check.findings.append(f"{show(name)} could not be read: {error.strerror}")
        return {}
    if name.startswith("data/"):
        check.size += size
    return {algorithm: hasher.hexdigest() for algorithm, hasher in hashers.items()}


def _check_declaration(root: Path, tags: set[str]) -> Iterator[str]:
    if "bagit.txt" not in tags:
        yield "bagit.txt is missing: this is no BagIt bag"
    elif _head(root / "bagit.txt") != DECLARATION:
        yield "bagit.txt does not hold the two lines that declare a BagIt 1.0 bag in UTF-8"


def _head(path: Path) -> bytes:
    """A tag file that ought to be small; what is longer than it may be is cut, and so differs."""
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_LINE)
    except OSError:
        return b""


def _read_manifest(
    root: Path, manifest: str, algorithm: str, tags: set[str], findings: list[str]
) -> dict[str, str] | None:
    """Path to digest; None where the manifest is missing, which is a finding like each line at fault."""
    if manifest not in tags:
        findings.append(f"{manifest} is missing")
        return None
    listed: dict[str, str] = {}
    try:
        with (root / manifest).open("rb") as file:
            for number, raw in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
                place = f"{manifest}, line {number},"
                try:
                    line = raw.decode()
                except UnicodeDecodeError:
                    findings.append(f"{place} is not UTF-8 text")
                    continue
                matched = _LINE[algorithm].fullmatch(line.removesuffix("\n")) if line.endswith("\n") else None
                if matched is None:
                    findings.append(f"{place} is not a digest, two blanks and a path: {show(line[:100])}")
                    continue
                digest, name = matched.groups()
                if name.startswith("/") or ".." in name.split("/") or "\\" in name or name[1:2] == ":":
                    findings.append(f"{place} names a path outside the bag: {show(name[:200])}")
                elif name in listed:
                    findings.append(f"{place} lists {show(name)} a second time")
                else:
                    listed[name] = digest
    except OSError as error:
        findings.append(f"{manifest} could not be read: {error.strerror}")
        return None
    return listed


def _compare(
    manifest: str, algorithm: str, listed: dict[str, str], covered: set[str], found: dict[str, dict[str, str]]
) -> Iterator[str]:
    for name in sorted(listed.keys() | covered):
        if name not in covered:
            yield f"{show(name)} is missing: {manifest} lists it"
        elif name not in listed:
            yield f"{show(name)} is not listed in {manifest}: it was added, or its line was removed"
        elif found[name].get(algorithm) != listed[name]:
            yield f"{show(name)} differs from its digest in {manifest}"


def _check_extra_tags(tags: set[str]) -> Iterator[str]:
    known = {f"tagmanifest-{algorithm}.txt" for algorithm in ALGORITHMS}
    for name in sorted(tags):
        if name == "fetch.txt":
            yield "fetch.txt names files that are not in the bag; a production has none"
        elif name.startswith("tagmanifest-") and name not in known:
            yield f"{show(name)} is no file of a production"


def _check_oxum(root: Path, tags: set[str], size: int, count: int) -> Iterator[str]:
    stated = _OXUM.findall(_head(root / "bag-info.txt")) if "bag-info.txt" in tags else []
    if len(stated) != 1:
        yield "bag-info.txt does not state the Payload-Oxum once"
    elif (int(stated[0][0]), int(stated[0][1])) != (size, count):
        octets, streams = (int(each) for each in stated[0])
        yield f"bag-info.txt states {octets} bytes in {streams} files under data/; there are {size} in {count}"


def _ask_bagit(root: Path, strange: bool) -> Iterator[str]:
    """A second opinion, of the library most archives use; it would follow links, so it is not asked about them."""
    if strange:
        yield "bagit was not asked for its opinion, because the bundle holds links or devices"
        return
    logging.getLogger("bagit").addHandler(logging.NullHandler())  # its findings are listed here, not logged
    try:
        bagit.Bag(str(root)).validate(processes=1)
    except (bagit.BagError, OSError, ValueError) as error:
        yield f"bagit: {show(str(error).replace(f'{root}: ', ''))[:2000]}"


def show(text: str) -> str:
    """Text from a stranger's bundle on one line, without control characters."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)

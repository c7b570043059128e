"""Checking what a production holds: its counts, its captures and their files, its recorded traffic."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.core.clock import from_iso
from archiver.core.errors import BadWarc
from archiver.core.records import ObjectRole
from archiver.core.wacz import check_wacz
from archiver.core.warc import check_warc
from exports.bundle.originals import SUPPLEMENT
from exports.checking.bag import show
from exports.checking.items import CaptureItems, check_items
from exports.checking.repeats import check_repeats
from exports.checking.unpacking import ZIP_FAULTS

_LARGEST_JSON = 1 << 26


@dataclass(kw_only=True)
class ContentCheck:
    """What was found. `manifests` holds the `sha256:` digest of each capture.json by its capture's id."""

    findings: list[str] = field(default_factory=list)
    manifests: dict[str, str] = field(default_factory=dict)
    records: int = 0
    items: int = 0
    shown: list[CaptureItems] = field(default_factory=list)
    warcs: dict[str, str] = field(default_factory=dict)  # SHA-256 in hex of each capture's WARC, by its path


def read_json(path: Path, name: str, findings: list[str]) -> dict[str, Any] | None:
    """A JSON object; None, with a finding, where it is missing, too large or something else."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_JSON + 1)
        if len(content) > _LARGEST_JSON:
            findings.append(f"{name} is larger than it may be, and was not checked")
            return None
        value = json.loads(content)
    except FileNotFoundError:
        findings.append(f"{name} is missing: what it states was not checked")
        return None
    except (OSError, ValueError, RecursionError) as error:
        findings.append(f"{name} cannot be read: {show(str(error))[:200]}")
        return None
    if not isinstance(value, dict):
        findings.append(f"{name} is no JSON object")
        return None
    return value


def check_content(root: Path, digests: Mapping[str, str]) -> ContentCheck:
    """Compare production.json with what is there. `digests`: SHA-256 in hex of every payload file, by path."""
    check = ContentCheck()
    described = read_json(root / "data/production.json", "data/production.json", check.findings)
    if described is None:
        return check
    try:
        counts, records = described["counts"], described["records"]
        stated = {str(each["id"]): (each["items"], tuple(each["captures"]), each["page"]) for each in records}
        expected = {key: int(counts[key]) for key in ("items", "captures", *_ACCOUNTED)}
        wacz = described["wacz"]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        check.findings.append("data/production.json does not describe a production: its contents were not checked")
        return check
    check.records = len(stated)
    check.findings += _check_sums(expected, len(stated))
    for page in ["index.html", "README.txt", *(page for _, _, page in stated.values())]:
        if f"data/{page}" not in digests:
            check.findings.append(f"data/{show(str(page))} is missing")
    captures = [(record, capture) for record, (_, ids, _) in stated.items() for capture in ids]
    if len(captures) != expected["captures"]:
        check.findings.append(f"data/production.json lists {len(captures)} captures and counts {expected['captures']}")
    for record, capture in captures:
        _check_capture(root, f"data/records/{record}/{capture}", str(capture), digests, check)
    warcs = dict(check.warcs)
    for record in stated:
        place = f"data/records/{record}"
        check.findings += check_repeats(root, place, [name for name in check.warcs if name.startswith(f"{place}/")])
        if (supplement := f"{place}/{SUPPLEMENT}") in digests:
            warcs[supplement] = digests[supplement]
    named = {f"data/records/{record}/{capture}" for record, capture in captures}
    check.findings += [
        f"{show(name)} belongs to no capture that data/production.json lists"
        for name in sorted(digests)
        if name.startswith("data/records/") and name.rpartition("/")[0] not in named and name not in warcs
    ]
    check.findings += _check_replay(root, wacz, list(warcs.values()))
    pages = {str(page) for _, _, page in stated.values()}
    check.findings += [
        f"{show(name)} is no file of a production" for name in sorted(digests) if not _is_known(name, pages)
    ]
    check.items, findings = check_items(
        root, check.shown, {id: items for id, (items, _, _) in stated.items()}, expected["items"]
    )
    check.findings += findings
    return check


def _is_known(name: str, pages: Set[str]) -> bool:
    inside = name.removeprefix("data/")
    if inside.startswith("records/") or inside in _FILES:
        return True  # what lies in records/ was compared with the captures
    return inside in pages and _PAGE.fullmatch(inside) is not None


_FILES = frozenset(
    ("index.html", "README.txt", "items.jsonl", "items.csv", "production.json", "production.wacz", "trail.json")
)
_PAGE = re.compile(r"threads/[^/]+\.html")
_ACCOUNTED = ("records_asked", "records_exported", "records_withheld", "records_failed")


def _check_sums(counts: Mapping[str, int], records: int) -> Iterator[str]:
    asked, exported, withheld, failed = (counts[key] for key in _ACCOUNTED)
    if asked != exported + withheld + failed:
        yield (
            f"data/production.json does not account for every record: {asked} asked for, {exported} produced, "
            f"{withheld} withheld, {failed} failed"
        )
    if exported != records:
        yield f"data/production.json lists {records} records and counts {exported}"


def _check_capture(root: Path, place: str, capture: str, digests: Mapping[str, str], check: ContentCheck) -> None:
    """Compare the capture's files with its `capture.json`; what is there of WARCs and items is noted in `check`."""
    name = f"{place}/capture.json"
    if name not in digests:
        check.findings.append(f"{show(name)} is missing: the capture's files were not compared with it")
        return
    check.manifests[capture] = f"sha256:{digests[name]}"
    manifest = read_json(root / name, name, check.findings)
    if manifest is None:
        return
    try:
        about, objects = manifest["capture"], manifest["objects"]
        records = int(about["warc_records"])
        files = {f"{place}/{_name(each)}": _described(each) for each in objects}
        repeated = {_place_of_repeated(place, each): _described(each) for each in manifest.get("same_as", ())}
        identity, owner = about["id"], about["record_id"]
        barred = {str(each["file"]) for each in manifest.get("barred", ())}
        started, finished = from_iso(about["started"]), from_iso(about["finished"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        check.findings.append(f"{name} does not describe a capture: its files were not checked")
        return
    if identity != capture:
        check.findings.append(f"{name} describes {show(str(identity))}, not {capture}")
    record = place.split("/")[2]
    if owner != record:
        check.findings.append(f"{name} belongs to the record {show(str(owner))}, not to {record}")
    tables = []
    for path, (role, digest, size) in {**repeated, **files}.items():
        if path.rpartition("/")[2] in barred:
            if path in digests and path in files:
                check.findings.append(f"{show(path)} is in the bundle, though its capture bars it from leaving")
            continue
        if path not in digests:
            check.findings.append(
                f"{show(path)} is missing: {show(name) if path in repeated else 'capture.json'} lists it"
            )
            continue
        if f"sha256:{digests[path]}" != digest:
            check.findings.append(f"{show(path)} differs from the digest noted at its capture")
        if (root / path).stat().st_size != size:
            check.findings.append(f"{show(path)} has another length than noted at its capture")
        if role == ObjectRole.ITEMS:
            tables.append(path)
        if role == "warc" and path in files:
            check.warcs[path] = digests[path]
            check.findings += _check_warc(root / path, path, records)
    check.shown.append(CaptureItems(record=record, capture=capture, started=started, finished=finished, files=tables))
    present = {each for each in digests if each.rpartition("/")[0] == place}
    for file in sorted(present - files.keys() - {name}):
        check.findings.append(f"{show(file)} is not listed in its capture.json")


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry["path"]).rpartition("/")[2]


def _described(entry: Mapping[str, Any]) -> tuple[str, str, int]:
    """Role, digest and length. Raises KeyError, ValueError, TypeError."""
    return str(entry["role"]), str(entry["sha256"]), int(entry["size"])


def _place_of_repeated(place: str, entry: Mapping[str, Any]) -> str:
    """Where the bundle has a file that an earlier capture of the same record keeps."""
    return f"{place.rpartition('/')[0]}/{'/'.join(str(entry['path']).split('/')[-2:])}"


def _check_warc(path: Path, name: str, records: int) -> Iterator[str]:
    try:
        for each in check_warc(path, records=records).findings:
            yield f"{name}, byte {each.offset}: {show(each.problem)}"
    except (BadWarc, OSError) as error:
        yield f"{name} could not be read to its end: {show(str(error))}"


def _check_replay(root: Path, wacz: object, warcs: list[str]) -> Iterator[str]:
    """The WACZ is whole, and replays the very WARCs that lie in records/."""
    name = "data/production.wacz"
    path = root / name
    if wacz is None and not warcs:
        if path.exists():
            yield f"{name} is there, though data/production.json states none"
        return
    if wacz != "production.wacz" or not path.is_file():
        yield f"{name} is missing: nothing was checked of it"
        return
    try:
        for each in check_wacz(path).findings:
            yield f"{name}: {show(each)}"
        with zipfile.ZipFile(path) as package:
            resources = json.loads(package.read("datapackage.json"))["resources"]
        packed = [each["hash"].removeprefix("sha256:") for each in resources if each["path"].startswith("archive/")]
    except (BadWarc, KeyError, TypeError, AttributeError, *ZIP_FAULTS) as error:
        yield f"{name} could not be read: {show(str(error))[:200]}"
        return
    if sorted(packed) != sorted(warcs):
        yield f"{name} does not hold the same WARCs as data/records/"

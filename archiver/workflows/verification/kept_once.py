"""Is all there that captures rely on outside of their own files: assets, earlier captures' payloads and files?

Whatever is missing or damaged is told with every capture that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from archiver.core.archive import Archive
from archiver.core.assets import PREFIX, Asset, known_assets
from archiver.core.errors import BadWarc, EvidenceDamaged
from archiver.core.fixity import Fault, Finding, check_object
from archiver.core.manifest import CaptureManifest, read_manifest
from archiver.core.objects import MANIFEST
from archiver.core.records import CaptureId, ObjectRole, StoredObject
from archiver.core.warc import Holder, read_record, repeats_of


def kept_once_findings(archive: Archive, damaged: Set[str]) -> Iterator[Finding]:
    """`damaged` are the objects already found wanting, by their paths."""
    assets = known_assets(archive.db)
    yield from _unknown_assets(archive, {each.name for each in assets})
    faults = dict.fromkeys(damaged, "which is damaged or missing")
    for asset, captures in assets.items():
        for finding in _check_asset(archive, asset):
            yield finding
            faults[asset.name] = f"which is damaged: {finding.message}"
        if not captures:
            yield Finding(fault=Fault.CATALOGUE, subject=asset.name, message="no capture refers to this asset")
    captures_check = _Captures(archive, assets, faults)
    for capture in archive.catalogue.all_captures():
        if capture.record_id is None:
            continue
        place = archive.objects.place(capture.id, capture.record_id)
        try:
            manifest = read_manifest(archive.objects.path_of(f"{place}/{MANIFEST}"))
        except (EvidenceDamaged, OSError):
            continue  # told where the manifests are compared with the trail
        yield from captures_check.compare_statements(manifest, place)
        yield from captures_check.find_needs(manifest, place)


def _unknown_assets(archive: Archive, known: Set[str]) -> Iterator[Finding]:
    for name in archive.assets.names():
        if name not in known:
            yield Finding(fault=Fault.UNKNOWN_FILE, subject=name, message="the catalogue does not know this asset")
        elif (archive.directory / name).is_symlink():
            yield Finding(
                fault=Fault.UNKNOWN_FILE,
                subject=name,
                message="a symbolic link: what it leads to can be changed from elsewhere, assets lie here themselves",
            )


def _check_asset(archive: Archive, asset: Asset) -> Iterator[Finding]:
    described = StoredObject(path=asset.name, role=ObjectRole.WARC, media_type="", sha256=asset.sha256, size=asset.size)
    yield from check_object(described, archive.directory / asset.name)


class _Captures:
    """What the captures of an archive need, against what there is. `faults` says of damaged files what ails them."""

    def __init__(
        self, archive: Archive, assets: Mapping[Asset, tuple[CaptureId, ...]], faults: Mapping[str, str]
    ) -> None:
        self._archive = archive
        self._faults = faults
        self._stored = {each.path: each for each, _ in archive.catalogue.all_objects()}
        self._counted: dict[str, set[Asset]] = {}
        for asset, captures in assets.items():
            for capture in captures:
                self._counted.setdefault(capture, set()).add(asset)
        self._repeated: dict[str, set[str]] = {}
        for capture, path in archive.catalogue.repeated_objects():
            self._repeated.setdefault(capture, set()).add(path)
        self._read: dict[tuple[str, int | None], tuple[str, str]] = {}

    def compare_statements(self, manifest: CaptureManifest, place: str) -> Iterator[Finding]:
        """What the catalogue counts must be what `capture.json` states, both ways."""
        source, id = f"{place}/{MANIFEST}", manifest.capture.id
        for name in {each.name for each in self._counted.get(id, set()) ^ set(manifest.assets)}:
            yield _differ(name, f"the catalogue and {source} do not agree on whether that capture needs this asset")
        for path in self._repeated.get(id, set()) ^ {each.path for each in manifest.same_as}:
            yield _differ(path, f"the catalogue and {source} do not agree on whether that capture repeats this file")
        for each in manifest.same_as:
            if self._stored.get(each.path) != each or not each.path.startswith(place.rpartition("/")[0] + "/"):
                yield _differ(each.path, f"it is not the file of the same record that {source} says it repeats")

    def find_needs(self, manifest: CaptureManifest, place: str) -> Iterator[Finding]:
        """Whatever the capture leaves to other files lies there, and those files are sound."""
        needs = dict.fromkeys({each.path for each in manifest.same_as}, f"{place}/{MANIFEST}")
        needed_assets = set[str]()
        for warc in (each.path for each in manifest.objects if each.role is ObjectRole.WARC):
            try:
                _, repeats = repeats_of(self._archive.objects.path_of(warc))
            except (BadWarc, EvidenceDamaged, OSError):
                continue  # told where the WARC itself is checked
            for repeat in repeats:
                if repeat.holder is None:
                    continue
                path = _path_of(repeat.holder, place)
                needs[path] = warc
                if path.startswith(PREFIX):
                    needed_assets.add(path)
                if path in self._faults:
                    continue
                if self._held(repeat.holder, path) != (repeat.holder.id, repeat.digest):
                    yield _lack(warc, path, f"where {repeat.digest} does not lie")
            for name in needed_assets ^ {each.name for each in manifest.assets}:
                yield _differ(name, f"{warc} and the {MANIFEST} beside it do not agree on whether it needs this asset")
        for path, subject in needs.items():
            if path in self._faults:
                yield _lack(subject, path, self._faults[path])

    def _held(self, holder: Holder, path: str) -> tuple[str, str]:
        """Id and payload digest of what lies there, as the file checked before states them; ("", "") for nothing."""
        key = (path, holder.offset)
        if key not in self._read:
            self._read[key] = self._look(holder, path)
        return self._read[key]

    def _look(self, holder: Holder, path: str) -> tuple[str, str]:
        if path.startswith(PREFIX):
            there = (self._archive.directory / path).is_file()
            return ("", f"sha256:{path.rpartition('sha256-')[2]}") if there else ("", "")
        stored = self._stored.get(path)
        if stored is None:
            return ("", "")
        if holder.offset is None:
            return ("", stored.sha256)
        try:
            record = read_record(self._archive.objects.path_of(path), holder.offset)
        except (BadWarc, EvidenceDamaged, OSError):
            return ("", "")
        return (record.id, record.header("WARC-Payload-Digest") or "")


def _path_of(holder: Holder, place: str) -> str:
    return holder.file if holder.file.startswith(PREFIX) else f"{place.rpartition('/')[0]}/{holder.file}"


def _differ(subject: str, message: str) -> Finding:
    return Finding(fault=Fault.CATALOGUE, subject=subject, message=message)


def _lack(subject: str, path: str, why: str) -> Finding:
    return Finding(fault=Fault.MISSING, subject=subject, message=f"it needs a payload of {path}, {why}")

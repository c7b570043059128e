"""What lies beside each WARC: `capture.json` and `items.<extractor>.jsonl`.

They are master of all that the catalogue knows of a capture. `capture.json` names every other file of
the capture with its digest and length; the trail's event holds the digest of `capture.json`. So the
trail commits to every byte of evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.core.assets import Asset
from archiver.core.clock import from_iso, from_optional_iso, to_iso
from archiver.core.errors import EvidenceDamaged
from archiver.core.records import (
    Barred,
    Capture,
    Extraction,
    Item,
    ItemKind,
    MediaRef,
    ObjectRole,
    Outcome,
    RecordKind,
    StoredObject,
)

FORMAT = "archiver-capture 1"


@dataclass(frozen=True, kw_only=True)
class CaptureManifest:
    """One capture's `capture.json`. `extraction` carries no items: they lie in `items_file`.

    `extraction` is None where nothing was filed. `complete` says whether what was not seen may be called
    gone. `barred` are the files that no export may hold; a manifest without the key bars none. `same_as`
    are files of earlier captures of the same record that this one would only have repeated, `assets` the
    shared files it needs.
    """

    capture: Capture
    extraction: Extraction | None
    items_file: str | None
    objects: tuple[StoredObject, ...]
    complete: bool
    actor: str
    software: str
    barred: tuple[Barred, ...] = ()
    same_as: tuple[StoredObject, ...] = ()
    assets: tuple[Asset, ...] = ()

    @property
    def items_path(self) -> str | None:
        """Where the items lie, relative to `objects/`; None where none were read."""
        if self.items_file is None:
            return None
        for each in (*self.objects, *self.same_as):
            if each.role is ObjectRole.ITEMS and each.path.rpartition("/")[2] == self.items_file:
                return each.path
        raise EvidenceDamaged(f"{self.capture.id}: its {self.items_file} is not among its files")


def write_manifest(manifest: CaptureManifest) -> bytes:
    """The JSON text: UTF-8, keys in the order of the values' fields, one object an indented line each."""
    entry = {
        "format": FORMAT,
        "software": manifest.software,
        "actor": manifest.actor,
        "complete": manifest.complete,
        "capture": _plain(asdict(manifest.capture)),
        "record": None if manifest.extraction is None else _plain(asdict(replace(manifest.extraction, items=()))),
        "items": manifest.items_file,
        "objects": [_plain(asdict(each)) for each in manifest.objects],
        "same_as": [_plain(asdict(each)) for each in manifest.same_as],
        "assets": [_plain(asdict(each)) for each in manifest.assets],
    }
    if manifest.barred:
        entry["barred"] = [asdict(each) for each in manifest.barred]
    return (json.dumps(entry, ensure_ascii=False, indent=1) + "\n").encode()


def read_manifest(path: Path) -> CaptureManifest:
    """Raises EvidenceDamaged where the file is not what `write_manifest` writes."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        if entry["format"] != FORMAT:
            raise EvidenceDamaged(f"{path} has the format {entry['format']!r}, this version reads {FORMAT!r}")
        record = entry["record"]
        return CaptureManifest(
            capture=_read_capture(entry["capture"]),
            extraction=None if record is None else _read_extraction(record),
            items_file=entry["items"],
            objects=_read_objects(entry["objects"]),
            complete=entry["complete"],
            actor=entry["actor"],
            software=entry["software"],
            barred=tuple(Barred(**each) for each in entry.get("barred", ())),
            same_as=_read_objects(entry.get("same_as", ())),
            assets=tuple(Asset(**each) for each in entry.get("assets", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvidenceDamaged(f"{path} cannot be read: {error}") from error


def write_items(items: Iterable[Item]) -> bytes:
    """One item a line, in the order extracted."""
    return "".join(json.dumps(_plain(asdict(each)), ensure_ascii=False) + "\n" for each in items).encode()


def read_items(path: Path) -> tuple[Item, ...]:
    """Raises EvidenceDamaged, naming the line; a last line without its newline was cut off."""
    items = []
    number = 1
    try:
        *lines, rest = path.read_bytes().decode().split("\n")
        for number, line in enumerate(lines, 1):  # noqa: B007 - told in the error
            items.append(item_from_dict(json.loads(line)))
    except FileNotFoundError as error:
        raise EvidenceDamaged(f"{path} is missing: restore the file from a copy") from error
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceDamaged(f"{path}, line {number}, cannot be read: {error}") from error
    if rest:
        raise EvidenceDamaged(f"{path}, line {len(lines) + 1}, is cut off: restore the file from a copy")
    return tuple(items)


def item_from_dict(entry: dict[str, Any]) -> Item:
    return Item(
        **{
            **entry,
            "kind": ItemKind(entry["kind"]),
            "created": from_optional_iso(entry["created"]),
            "modified": from_optional_iso(entry["modified"]),
            "links": tuple(entry["links"]),
            "media": tuple(MediaRef(**each) for each in entry["media"]),
        }
    )


def _read_objects(entries: Iterable[dict[str, Any]]) -> tuple[StoredObject, ...]:
    return tuple(StoredObject(**{**each, "role": ObjectRole(each["role"])}) for each in entries)


def _read_capture(entry: dict[str, Any]) -> Capture:
    return Capture(
        **{
            **entry,
            "started": from_iso(entry["started"]),
            "finished": from_iso(entry["finished"]),
            "outcome": Outcome(entry["outcome"]),
            "retry_after": from_optional_iso(entry.get("retry_after")),
        }
    )


def _read_extraction(entry: dict[str, Any]) -> Extraction:
    known = {each.name for each in fields(Extraction)}
    return Extraction(
        **{
            **{key: value for key, value in entry.items() if key in known},
            "kind": RecordKind(entry["kind"]),
            "created": from_optional_iso(entry["created"]),
            "modified": from_optional_iso(entry["modified"]),
            "keywords": tuple(entry["keywords"]),
            "problems": tuple(entry.get("problems", ())),
            "items": (),
        }
    )


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: to_iso(value) if isinstance(value, datetime) else value for key, value in entry.items()}

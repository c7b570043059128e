"""Before a capture is filed: what its record keeps already, and what many records share, is not kept again.

Nothing a record needs lies in another record's file; only scripts, styles and fonts are shared, in `assets/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.assets import PREFIX, Asset
from archiver.core.errors import BadWarc
from archiver.core.fixity import check_object
from archiver.core.manifest import read_manifest
from archiver.core.objects import MANIFEST, describe_object
from archiver.core.records import Barred, Capture, Digest, ObjectRole, RecordId, StoredObject
from archiver.core.warc import Holder, KnownPayloads, Resolve, WarcRecord, thin

LOOK_BACK = 7
"""How many captures back a payload is looked for; each of them tells of those before it that it repeats."""
SMALLEST_ASSET = 1024
"""In bytes. Below, the reference takes as much as the file."""

_STATIC_TYPES = frozenset(
    {
        "text/css",
        "text/javascript",
        "text/ecmascript",
        "application/javascript",
        "application/x-javascript",
        "application/ecmascript",
        "application/vnd.ms-fontobject",
        "application/x-font-ttf",
        "application/x-font-woff",
        "application/font-woff",
        "application/font-woff2",
        "application/font-sfnt",
    }
)
_REPEATABLE = frozenset({ObjectRole.SCREENSHOT, ObjectRole.THUMBNAIL, ObjectRole.ITEMS})


@dataclass(frozen=True, kw_only=True)
class KeptOnce:
    """What is left to keep of a capture: its own files, those of earlier captures it repeats, the assets it needs."""

    objects: tuple[StoredObject, ...]
    same_as: tuple[StoredObject, ...]
    assets: tuple[Asset, ...]
    warc_records: int


def keep_once(archive: Archive, staged: Path, capture: Capture, files: Sequence[StoredObject]) -> KeptOnce:
    """Thin the capture's WARC in `staged` and name the files that repeat earlier ones. Raises StorageFull.

    Repeated files are still there; whoever files the capture leaves them out.
    """
    assert capture.record_id is not None
    same_as = tuple(_repeated(archive, capture.record_id, files))
    told = {(each.role, each.sha256) for each in same_as}
    own = [each for each in files if (each.role, each.sha256) not in told]
    pictures = {
        each.sha256: Holder(file="/".join(each.path.split("/")[-2:]))
        for each in (*own, *same_as)
        if each.role is ObjectRole.SCREENSHOT
    }
    records, assets = capture.warc_records, dict[str, Asset]()
    for number, each in enumerate(own):
        if each.role is not ObjectRole.WARC:
            continue
        known = KnownPayloads(_warcs_before(archive, capture.record_id))
        path = staged / each.path.rpartition("/")[2]

        def find(
            record: WarcRecord,
            method: str | None,
            known: KnownPayloads = known,
        ) -> Holder | None:
            digest = record.header("WARC-Payload-Digest") or ""
            if held := pictures.get(Digest(digest)) or known.find(digest, record.uri):
                return held
            if not is_static(record, method):
                return None
            asset = archive.assets.keep(Digest(digest), record.iter_payload(), staging=staged)
            return None if asset is None else Holder(file=asset.name)

        try:
            thinned = thin(path, url=capture.final_url, find=find, resolve=_resolve_staged(archive, capture, staged))
        except BadWarc:
            continue  # kept as it is: verification tells what ails it
        records = thinned.records
        assets |= {held.file: _asset(archive, held) for held in thinned.holders if held.file.startswith(PREFIX)}
        place = archive.objects.place(capture.id, capture.record_id)
        own[number] = describe_object(staged, place, path.name, each.role, each.media_type)
    return KeptOnce(
        objects=tuple(own), same_as=same_as, assets=tuple(assets[name] for name in sorted(assets)), warc_records=records
    )


def barred_with(archive: Archive, same_as: Iterable[StoredObject]) -> tuple[Barred, ...]:
    """What earlier captures bar of the files that a capture repeats: the same picture shows the same secret."""
    bars = []
    for each in same_as:
        folder, _, name = each.path.rpartition("/")
        manifest = read_manifest(archive.objects.path_of(f"{folder}/{MANIFEST}"))
        bars += [bar for bar in manifest.barred if bar.file == name]
    return tuple(bars)


def is_static(record: WarcRecord, method: str | None) -> bool:
    """Whether a response is a script, a style or a font that a site sends to every page of its own."""
    return (
        record.status == 200
        and method == "GET"
        and record.truncated is None
        and record.payload_size >= SMALLEST_ASSET
        and (record.media_type in _STATIC_TYPES or record.media_type.startswith("font/"))
    )


def _repeated(archive: Archive, record: RecordId, files: Iterable[StoredObject]) -> Iterator[StoredObject]:
    """The earlier file for each that is, byte for byte, one the record keeps, and keeps intact."""
    earlier = {
        (each.role, each.path.rpartition("/")[2], each.sha256): each
        for each in archive.catalogue.stored_objects(record)
        if each.role in _REPEATABLE
    }
    for each in files:
        same = earlier.get((each.role, each.path.rpartition("/")[2], each.sha256))
        if same is not None and not any(check_object(same, archive.objects.path_of(same.path))):
            yield same


def _warcs_before(archive: Archive, record: RecordId) -> Iterator[tuple[str, Path]]:
    """The WARCs of the latest captures, the latest first, as holders name them."""
    warcs = [each for each in archive.catalogue.stored_objects(record) if each.role is ObjectRole.WARC]
    for each in warcs[: -LOOK_BACK - 1 : -1]:
        yield "/".join(each.path.split("/")[-2:]), archive.objects.path_of(each.path)


def _resolve_staged(archive: Archive, capture: Capture, staged: Path) -> Resolve:
    assert capture.record_id is not None
    settled = archive.resolver(capture.record_id)
    own = f"{capture.id}/"
    return lambda file: staged / file.removeprefix(own) if file.startswith(own) else settled(file)


def _asset(archive: Archive, holder: Holder) -> Asset:
    digest = Digest(f"sha256:{holder.file.rpartition('sha256-')[2]}")
    return Asset(sha256=digest, size=archive.assets.path_of(holder.file).stat().st_size)

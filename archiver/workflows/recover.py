"""What a crash left behind, put right at the next start: nothing filed is lost, nothing half kept."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.assets import is_asset_name, known_assets
from archiver.core.clock import from_iso, to_iso
from archiver.core.durable import write_durably
from archiver.core.errors import ArchiveBusy
from archiver.core.manifest import CaptureManifest, read_manifest, write_manifest
from archiver.core.objects import MANIFEST, TICKET
from archiver.core.records import AccountId, Capture, CaptureId, Outcome
from archiver.workflows.disposal.destinations import clear_staging
from archiver.workflows.disposal.destroy import sweep_doomed
from archiver.workflows.disposal.destroy_papers import sweep_papers
from archiver.workflows.filing.file_capture import SOFTWARE, enter_capture


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """Captures that a crash cut off before they were catalogued (`filed`) or finished (`failed`)."""

    filed: tuple[CaptureId, ...] = ()
    failed: tuple[CaptureId, ...] = ()


def write_ticket(
    directory: Path, *, url: str, started: datetime, actor: str, account: str | None, job: str | None
) -> None:
    ticket = {"url": url, "started": to_iso(started), "actor": actor, "account": account, "job": job}
    write_durably(directory / TICKET, json.dumps(ticket).encode())


def recover(archive: Archive, *, now: datetime) -> Recovered:
    """Catalogue captures that were settled but not catalogued; end those that were under way as failed.

    Does nothing while another run holds the archive: what is under way is its own.
    """
    try:
        with archive.run_lock():
            return recover_locked(archive, now=now)
    except ArchiveBusy:
        return Recovered()


def recover_locked(archive: Archive, *, now: datetime) -> Recovered:
    """`recover`, for a run that holds the lock already."""
    sweep_doomed(archive)
    sweep_papers(archive)
    clear_staging(archive)
    failed = [each for each in archive.objects.unfinished() if not _settle_whole(archive, each)]
    for capture in failed:
        _end_as_failed(archive, capture, now)
    waiting = uncatalogued(archive)
    for directory in waiting:
        with archive.change(at=now, actor=_actor_of(directory)) as change:
            enter_capture(archive, change, directory)
    _sweep_assets(archive)
    filed = [CaptureId(each.name) for each in waiting if each.name not in failed]
    return Recovered(filed=tuple(filed), failed=tuple(failed))


def _sweep_assets(archive: Archive) -> None:
    """Remove assets kept for a capture that a crash ended before it was filed.

    Whether one is needed is asked of every `capture.json`, not of the catalogue, which may have lost rows.
    """
    known = {each.name for each in known_assets(archive.db)}
    strangers = [name for name in archive.assets.names() if name not in known and is_asset_name(name)]
    if strangers:
        manifests = [read_manifest(each / MANIFEST) for each in archive.objects.capture_directories()]
        needed = {asset.name for manifest in manifests for asset in manifest.assets}
        for name in strangers:
            if name not in needed:
                archive.assets.remove(name)


def uncatalogued(archive: Archive) -> list[Path]:
    """Settled captures the catalogue does not know, oldest first."""
    known = {each.id for each in archive.catalogue.all_captures()}
    found = [each for each in archive.objects.capture_directories() if CaptureId(each.name) not in known]
    return sorted(found, key=lambda each: (_started(each), each.name))


def _settle_whole(archive: Archive, id: CaptureId) -> bool:
    """Settle a capture whose `capture.json`, written last, is there; False where it is not."""
    directory = archive.objects.root / "incoming" / id
    if not (directory / MANIFEST).exists():
        return False
    (directory / TICKET).unlink(missing_ok=True)
    archive.objects.settle(id, read_manifest(directory / MANIFEST).capture.record_id)
    return True


def _end_as_failed(archive: Archive, id: CaptureId, now: datetime) -> None:
    directory = archive.objects.root / "incoming" / id
    ticket = _read_ticket(directory)
    if not ticket:
        archive.objects.discard(id)  # killed before it had said what it was to capture
        return
    for leftover in directory.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover)
        elif leftover.name != TICKET:
            leftover.unlink()
    capture = Capture(
        id=id,
        record_id=None,
        url=ticket["url"],
        final_url=ticket["url"],
        started=from_iso(ticket["started"]),
        finished=now,
        outcome=Outcome.FAILED,
        cause="interrupted",
        reason="the run was killed while it captured; nothing of it was filed",
        account_id=AccountId(ticket["account"]) if ticket["account"] else None,
        job_id=ticket["job"],
    )
    manifest = CaptureManifest(
        capture=capture,
        extraction=None,
        items_file=None,
        objects=(),
        complete=False,
        actor=ticket["actor"],
        software=SOFTWARE,
    )
    write_durably(directory / MANIFEST, write_manifest(manifest))
    (directory / TICKET).unlink()
    archive.objects.settle(id, None)


def _read_ticket(directory: Path) -> dict[str, str] | None:
    try:
        return dict(json.loads((directory / TICKET).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _started(directory: Path) -> str:
    return to_iso(read_manifest(directory / MANIFEST).capture.started)


def _actor_of(directory: Path) -> str:
    return read_manifest(directory / MANIFEST).actor

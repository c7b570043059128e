"""From what the catalogue and the trail know of a batch that was carried out to its signed certificate."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.core.archive import Archive
from archiver.core.clock import to_iso
from archiver.core.errors import BrowserFailed, BrowserMissing, NotFound, ProductionRefused
from archiver.core.events import EventType
from archiver.core.merkle import InclusionProver
from archiver.core.people import Person
from archiver.workflows.disposal.destroy import METHOD
from archiver.workflows.disposal.residue import stored_residue
from retention import batches
from retention.batches import Batch, ItemState
from retention.certificate import FORMAT, PAPERS_NOTE, RESIDUE_NOTE, render_certificate, write_certificate
from retention.register import schedule_version

DIRECTORY = "certificates"
_GONE = (ItemState.DESTROYED, ItemState.TRANSFERRED)

Print = Callable[[bytes], bytes | None]
"""A page as a PDF; None where there is no browser."""


def issue_certificate(
    archive: Archive,
    batch: Batch,
    *,
    actor: Person,
    now: datetime,
    printed: Print,
    index: Mapping[str, Any],
    receipt: str = "",
) -> str:
    """Write the certificate of everything that went; its digest. Raises ProductionRefused without a signing key."""
    key = archive.signing_key()
    if key is None or batch.certificate is None:
        raise ProductionRefused(f"this machine has no key to sign the certificate of batch {batch.id} with")
    content = certificate_content(archive, batch, actor=actor, now=now, receipt=receipt, index=index)
    pdf = printed(render_certificate(content))
    return write_certificate(archive.directory / DIRECTORY / batch.certificate, content, pdf, key)


def certificate_content(
    archive: Archive, batch: Batch, *, actor: Person, now: datetime, index: Mapping[str, Any], receipt: str = ""
) -> dict[str, Any]:
    """The certificate as JSON has it; `index` is the proof that the search index knows nothing of the records."""
    people = {each.id: each for each in archive.people.everybody()}
    settings, schedule = archive.settings.archive, schedule_version(archive.db, batch.class_code, batch.schedule_number)
    lines = [json.loads(line) for line in batches.lines(archive.db, batch.id)]
    stayed = [each for each in batch.items if each.state not in _GONE]
    gone = len(batch.items) - len(stayed)
    return {
        "format": FORMAT,
        "certificate": batch.certificate,
        "archive": {"id": settings.id, "agency": settings.agency, "jurisdiction": settings.jurisdiction},
        "batch": batch.id,
        "class": {"code": batch.class_code, "title": _class_title(archive, batch.class_code)},
        "schedule": {
            "version": schedule.number,
            "mandate": schedule.mandate,
            "trigger": str(schedule.trigger),
            "period": str(schedule.period),
            "cutoff": str(schedule.cutoff or ""),
            "action": batch.action.value,
        },
        "list": batch.digest,
        "proposed": {"at": to_iso(batch.proposed_at), "by": _name(people, batch.proposed_by)},
        "approvals": [
            {
                "name": _name(people, each.person_id),
                "role": each.role,
                "at": to_iso(each.at),
                "list": each.digest,
                "looked_at": list(each.looked_at),
            }
            for each in batch.approvals
        ],
        "executor": {"name": actor.name, "role": actor.role.value},
        "method": METHOD,
        "counts": {"proposed": len(batch.items), "gone": gone, "stayed": len(stayed), "by_state": batch.counts},
        "lines": lines,
        "stayed": [{"record": each.record_id, "state": each.state.value, "reason": each.reason} for each in stayed],
        "index": dict(index),
        "residue": [asdict(each) for each in stored_residue(archive, batch.id)],
        "residue_note": PAPERS_NOTE if batch.of_papers else RESIDUE_NOTE,
        "transferred_to": archive.settings.retention.transfer_to if receipt else "",
        "receipt": receipt,
        "trail": _prove(archive, batch, now),
        "made_at": to_iso(now),
    }


def _prove(archive: Archive, batch: Batch, now: datetime) -> dict[str, Any]:
    """The events of this batch's approvals and of every record that went, each with its inclusion proof."""
    checkpoint = archive.sign_checkpoint(at=now)
    if checkpoint is None:
        raise ProductionRefused("this machine has no key to sign the trail with: restore it, then run again")
    prover = InclusionProver(archive.trail.leaves()[: checkpoint.size])
    told = (
        EventType.BATCH_APPROVED, EventType.RECORD_DISPOSED, EventType.RECORD_TRANSFERRED, EventType.PAPER_DISPOSED,
        EventType.HANDED_OVER,
    )  # fmt: skip
    events = [
        {"index": event.seq, "line": event.line, "proof": [each.hex() for each in prover.proof(event.seq)]}
        for event in archive.trail.events()
        if event.type in told and batch.id in event.subjects and event.seq < checkpoint.size
    ]
    return {"checkpoint": asdict(checkpoint), "events": events}


def _class_title(archive: Archive, code: str) -> str:
    row = archive.db.conn.execute(
        "SELECT title FROM record_classes WHERE code = ? ORDER BY plan_version DESC LIMIT 1", (code,)
    ).fetchone()
    return row[0] if row else ""


def _name(people: dict[str, Person], id: str) -> str:
    return people[id].name if id in people else id


def read_certificate(archive: Archive, id: str) -> dict[str, Any]:
    """An issued certificate. Raises NotFound."""
    path = archive.directory / DIRECTORY / id / "certificate.json"
    if not path.exists():
        raise NotFound(f"there is no certificate {id}: see `archiver disposal list`")
    return dict(json.loads(path.read_bytes()))


def print_with_browser(archive: Archive) -> Print:
    """Prints with the archive's Chromium; where there is none, the certificate has its HTML page alone."""

    def printed(page: bytes) -> bytes | None:
        # imported here: only a certificate needs a browser, and waits for its library
        from capture.browser.browser import Browser, Paper
        from capture.browser.chromium import find_chromium

        try:
            with tempfile.TemporaryDirectory(prefix="archiver-") as folder:
                path = Path(folder) / "certificate.html"
                path.write_bytes(page)
                with Browser(executable=find_chromium(archive.settings.capture.browser)) as browser:
                    return browser.print_pdf(path, paper=Paper.A4, head=archive.settings.archive.agency)
        except (BrowserMissing, BrowserFailed):
            return None

    return printed

"""What a capture bars from leaving the archive: its capture.json names the files, a production leaves them out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from archiver.core.manifest import read_manifest
from archiver.core.records import ObjectRole
from exports.bundle.produced import ProducedCapture, ProducedRecord


def without_barred(produced: ProducedRecord) -> ProducedRecord:
    """The record with only those files that may leave, each capture telling what was left out.

    Raises EvidenceDamaged where a capture.json cannot be read: in doubt nothing leaves.
    """
    return replace(produced, captures=tuple(_without_barred(each) for each in produced.captures))


def _without_barred(capture: ProducedCapture) -> ProducedCapture:
    bars = {
        bar.file: bar
        for stored, source in capture.files
        if stored.role is ObjectRole.MANIFEST
        for bar in read_manifest(source).barred
    }
    if not bars:
        return capture
    kept = tuple(each for each in capture.files if PurePosixPath(each[0].path).name not in bars)
    return replace(capture, files=kept, barred=tuple(bars.values()))

"""The layout record of a capture, read from its WARC, wherever its payload lies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from archiver.core.errors import EvidenceDamaged
from archiver.core.records import ObjectRole
from archiver.core.warc import Resolve, read_restored
from exports.bundle.produced import ProducedCapture


def read_page_layout(capture: ProducedCapture, resolve: Resolve) -> Mapping[str, Any] | None:
    """None where the capture has none. Raises BadWarc, EvidenceDamaged."""
    for stored, path in capture.files:
        if stored.role is not ObjectRole.WARC:
            continue
        for each in read_restored(path, resolve):
            if each.type == "resource" and each.uri.startswith("urn:layout:"):
                try:
                    return dict(json.loads(each.content()))
                except ValueError as error:
                    raise EvidenceDamaged(f"the layout record in {stored.path} cannot be read: {error}") from error
    return None

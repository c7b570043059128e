"""The layout record of a capture: which word stands on which pixels of its screenshot (docs/formats.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from archiver.core.errors import EvidenceDamaged
from archiver.core.warc import Resolve, read_restored


def read_layout(warcs: Iterable[Path], resolve: Resolve) -> dict[str, Any] | None:
    """The first of a capture's WARCs, wherever its payload lies: a capture that changed nothing keeps none of its own.

    None where there is none. Raises BadWarc, EvidenceDamaged.
    """
    for path in warcs:
        for each in read_restored(path, resolve):
            if each.type == "resource" and each.uri.startswith("urn:layout:"):
                try:
                    return dict(json.loads(each.content()))
                except ValueError as error:
                    raise EvidenceDamaged(f"the layout record in {path} cannot be read: {error}") from error
    return None

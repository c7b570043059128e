"""What a released production is made of beside its records: its plan, and what it takes from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from exports.release.documents import Numbering

PROFILES = ("requester", "court", "transfer")


@dataclass(frozen=True, kw_only=True)
class ReleasePlan:
    """What is settled before the first byte and kept by the agency, so that the same bundle can be made again.

    `trail` is `{"archive", "checkpoint", "events": [{"index", "capture", "line", "proof"}]}`. `salt`, 16 bytes in
    hex, is of the commitments to what is left out and never leaves. `volume` is the size of a volume in bytes,
    `images` the kind of a court's page images. `held` gives the ids of the holds over a record, as they were; a
    requester's bundle is told of none.
    """

    id: str
    profile: str
    made_at: datetime
    made_by: str
    software: str
    numbering: Numbering
    salt: str
    trail: Mapping[str, Any]
    replaces: str = ""
    why: str = ""
    volume: int = 2 << 30
    pictures: bool = True
    pdf: bool = True
    images: str = "png"
    held: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a production takes from elsewhere. `sign` gives public key and signature, base64.

    `print_pdf` makes a PDF of an HTML file, None where there is no browser; `reasons` are those of the redactions by
    id; `told` goes into letter and log: warnings, refusal, appeal, key, sections, letter_template; `stamps` are
    RFC 3161 tokens by file name; `events` are PREMIS events.
    """

    sign: Callable[[bytes], tuple[str, str]]
    print_pdf: Callable[[Path], bytes] | None = None
    read_picture: Callable[[bytes], str] | None = None
    acknowledged: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    stamps: Mapping[str, bytes] = field(default_factory=dict)
    agents: Mapping[str, str] = field(default_factory=dict)

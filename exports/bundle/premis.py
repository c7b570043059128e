"""PREMIS 3 of a production: its objects, the events the trail tells of them, and who acted (loc.gov/premis/v3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_NAMESPACE = "http://www.loc.gov/premis/v3"
_NO_XML = re.compile("[\\x00-\\x08\\x0b-\\x1f]")
_TYPES = {
    "cap": "capture", "exp": "exporting", "red": "redaction", "dis": "dissemination", "poa": "policy assignment",
    "mee": "metadata extraction", "fix": "fixity check", "mes": "message digest calculation",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PremisEvent:
    """`code` is of id.loc.gov's vocabulary; `outcome` in words; `agent` an id, for no name leaves here."""

    id: str
    code: str
    at: str
    outcome: str
    agent: str
    objects: tuple[str, ...]


def premis_lines(
    objects: Iterable[tuple[str, str, int, str]], events: Iterable[PremisEvent], agents: Mapping[str, str]
) -> Iterator[bytes]:
    """The document, some lines at a time. `objects` are path, SHA-256 in hex, length and media type of each file;
    `agents` names by id.
    """
    yield _lines(
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<premis xmlns="{_NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0">',
    )
    for path, digest, size, media in objects:
        yield _lines(
            '  <object xsi:type="file">',
            f"    <objectIdentifier>{_pair('objectIdentifier', 'path', path)}</objectIdentifier>",
            "    <objectCharacteristics>",
            "      <fixity><messageDigestAlgorithm>SHA-256</messageDigestAlgorithm>"
            f"<messageDigest>{digest}</messageDigest></fixity>",
            f"      <size>{size}</size>",
            f"      <format><formatDesignation><formatName>{_text(media)}</formatName></formatDesignation></format>",
            "    </objectCharacteristics>",
            "  </object>",
        )
    for event in events:
        uri = f"http://id.loc.gov/vocabulary/preservation/eventType/{event.code}"
        yield _lines(
            "  <event>",
            f"    <eventIdentifier>{_pair('eventIdentifier', 'trail', event.id)}</eventIdentifier>",
            f"    <eventType valueURI={quoteattr(uri)}>{_TYPES.get(event.code, event.code)}</eventType>",
            f"    <eventDateTime>{event.at}</eventDateTime>",
            "    <eventOutcomeInformation>"
            f"<eventOutcome>{_text(event.outcome)}</eventOutcome></eventOutcomeInformation>",
            f"    {_link('Agent', 'id', event.agent)}",
            *(f"    {_link('Object', 'path', each)}" for each in event.objects),
            "  </event>",
        )
    for id, name in agents.items():
        yield _lines(
            "  <agent>",
            f"    <agentIdentifier>{_pair('agentIdentifier', 'id', id)}</agentIdentifier>",
            f"    <agentName>{_text(name)}</agentName>",
            "  </agent>",
        )
    yield _lines("</premis>")


def _lines(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _pair(name: str, kind: str, value: str) -> str:
    return f"<{name}Type>{kind}</{name}Type><{name}Value>{_text(value)}</{name}Value>"


def _link(what: str, kind: str, value: str) -> str:
    name = f"linking{what}Identifier"
    return f"<{name}>{_pair(name, kind, value)}</{name}>"


def _text(value: str) -> str:
    """Without what XML 1.0 has no way to write."""
    return escape(_NO_XML.sub("", value))

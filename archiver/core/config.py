"""`archive.toml` to typed settings; errors name the key.

Every setting is a field of a dataclass below; its default works. The text after `#:` in each
field's metadata is the manual's, and what `archiver init` writes beside it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from archiver.core.errors import BadSettings

FILE_NAME = "archive.toml"
STAMPED_EVERY = ("run", "day", "week", "month")

_S = TypeVar("_S")


def _setting(default: Any, about: str, *, least: int | None = None) -> Any:
    metadata = {"about": about, "least": least}
    if isinstance(default, tuple):
        return field(default=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class ArchiveSettings:
    id: str = field(metadata={"about": "made by init; names the keys and tokens of this archive", "least": None})
    agency: str = field(metadata={"about": "the public body whose records these are", "least": None})
    jurisdiction: str = field(
        metadata={
            "about": "ISO 3166 code, with subdivision where a law is its own: IN-AS, CA-SK, PK-BA",
            "least": None,
        }
    )
    time_zone: str = _setting("UTC", "IANA name; days in searches and schedules are days of this zone")
    languages: tuple[str, ...] = _setting(("en",), "BCP 47 tags of the languages the agency publishes in")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, kw_only=True)
class CaptureSettings:
    browser: str = _setting("", "path of a Chromium; empty: the system's, else playwright's own")
    allow_hosts: tuple[str, ...] = _setting(
        (),
        "host or host:port names on loopback or private networks that may be captured; others are refused",
    )
    load_seconds: int = _setting(30, "how long a page may take to load before what is there is taken", least=1)
    total_seconds: int = _setting(180, "how long one capture may take in all", least=5)
    max_megabytes: int = _setting(500, "how much one capture may download; what exceeds it is cut and said so", least=1)
    max_scrolls: int = _setting(40, "how many screens far a feed is scrolled", least=0)
    viewport_width: int = _setting(1280, "CSS pixels", least=320)


@dataclass(frozen=True, kw_only=True)
class TimestampSettings:
    url: str = _setting("", "address of an RFC 3161 time-stamping authority; empty: the trail is not stamped")
    ca_file: str = _setting("", "PEM file with the authority's root certificates; a relative path is below the archive")
    every: str = _setting("day", "how often the trail is stamped at the end of a run: run, day, week or month")


@dataclass(frozen=True, kw_only=True)
class Settings:
    archive: ArchiveSettings
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    timestamp: TimestampSettings = field(default_factory=TimestampSettings)


def load_settings(path: Path) -> Settings:
    """Read `archive.toml`. Raises BadSettings with every fault found, each naming its key."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # an editor may have put a byte order mark before it
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: not UTF-8 text at byte {error.start}: save the file as UTF-8") from error
    return parse_settings(text, str(path))


def parse_settings(text: str, name: str = FILE_NAME) -> Settings:
    """Settings from the file's text; `name` is what errors call the file."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{name}: not valid TOML: {error}") from error
    faults: list[str] = []
    sections = {"archive": ArchiveSettings, "capture": CaptureSettings, "timestamp": TimestampSettings}
    faults += [f"[{key}]: unknown section; known: {', '.join(sections)}" for key in tables if key not in sections]
    archive = _read_section(ArchiveSettings, "archive", tables.get("archive", {}), faults)
    capture = _read_section(CaptureSettings, "capture", tables.get("capture", {}), faults)
    timestamp = _read_section(TimestampSettings, "timestamp", tables.get("timestamp", {}), faults)
    if timestamp is not None:
        faults += _timestamp_faults(timestamp)
    if archive is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", archive.id):
        # keys and tokens are files of this name: it must not lead elsewhere
        faults.append(f"archive.id: {archive.id!r} must be up to 64 of the letters A-Z, a-z, digits, _ and -")
    if archive is not None and archive.time_zone not in available_timezones():
        faults.append(f"archive.time_zone: {archive.time_zone!r} is no IANA time zone such as 'Asia/Kolkata'")
    if faults or archive is None or capture is None or timestamp is None:
        raise BadSettings("\n".join(f"{name}: {fault}" for fault in faults))
    return Settings(archive=archive, capture=capture, timestamp=timestamp)


def _timestamp_faults(stated: TimestampSettings) -> Iterator[str]:
    if stated.every not in STAMPED_EVERY:
        yield f"timestamp.every: {stated.every!r} is none of {', '.join(STAMPED_EVERY)}"
    if stated.url and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", stated.url):
        yield f"timestamp.url: {stated.url!r} must begin with http:// or https:// and hold no password"
    if stated.url and not stated.ca_file:
        yield "timestamp.ca_file: missing; a stamp that cannot be verified proves nothing"


def _read_section(kind: type[_S], section: str, table: object, faults: list[str]) -> _S | None:
    if not isinstance(table, dict):
        faults.append(f"[{section}]: must be a section")
        return None
    known: dict[str, Field[Any]] = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]  # dataclasses only
    before = len(faults)
    faults += [f"{section}.{key}: unknown key; known: {', '.join(known)}" for key in table if key not in known]
    values: dict[str, Any] = {}
    for key, setting in known.items():
        if key in table:
            values[key] = _check_value(f"{section}.{key}", table[key], setting, faults)
        elif setting.default is MISSING:
            faults.append(f"{section}.{key}: missing; {setting.metadata['about']}")
    return kind(**values) if len(faults) == before else None


def _check_value(key: str, value: object, setting: Field[Any], faults: list[str]) -> object:
    least = setting.metadata["least"]
    if least is not None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            faults.append(f"{key}: must be a whole number of at least {least}, not {value!r}")
        return value
    if isinstance(setting.default, tuple):
        if not isinstance(value, list) or not all(_is_text(each) and each for each in value):
            faults.append(f"{key}: must be a list of texts, not {value!r}")
            return ()
        return tuple(value)
    if not _is_text(value) or (setting.default is MISSING and not str(value).strip()):
        faults.append(f"{key}: must be a text, not {value!r}")
    return value


def _is_text(value: object) -> bool:
    """Lone surrogates are what Python makes of bytes that were no text: no file can hold them."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def write_toml(settings: Settings) -> str:
    """The file `archiver init` writes: every key with its default and what it is for."""
    lines: list[str] = []
    for section in fields(settings):
        values = getattr(settings, section.name)
        lines.append(f"[{section.name}]")
        for setting in fields(values):
            value = getattr(values, setting.name)
            # a JSON string or array of strings is valid TOML, escapes included; only DEL must be escaped too
            shown = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
            shown = shown.replace("\x7f", "\\u007f")
            lines += [f"# {setting.metadata['about']}", f"{setting.name} = {shown}"]
        lines.append("")
    return "\n".join(lines)

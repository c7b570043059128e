"""`archive.toml` to typed settings; errors name the key.

Every setting is a field of a dataclass below; its default works. The text after `#:` in each
field's metadata is the manual's, and what `archiver init` writes beside it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from archiver.core.bucket_address import transfer_faults
from archiver.core.errors import BadSettings

FILE_NAME = "archive.toml"
SEARCH_ENGINES = ("tantivy", "whoosh")
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
    max_requests: int = _setting(10_000, "how many files one page may ask for; what exceeds it is blocked", least=1)
    max_scrolls: int = _setting(40, "how many screens far a feed is scrolled", least=0)
    max_clicks: int = _setting(300, "how many buttons that show more are pressed on one page", least=0)
    retries: int = _setting(2, "how often a capture is tried again after what passes by itself", least=0)
    retry_seconds: int = _setting(5, "how long to wait before the first retry; later ones wait twice as long", least=0)
    throttle_seconds: int = _setting(
        60, "how long a capture waits where the site asks for patience; for more it ends throttled", least=0
    )
    viewport_width: int = _setting(1280, "CSS pixels", least=320)
    exact_words: bool = _setting(
        True,
        "whether the layout record holds each word's own pixels; false: boxes that no letter leaves, which may touch "
        "their neighbours, and about a tenth less of a capture's processor time",
    )


@dataclass(frozen=True, kw_only=True)
class OutcomeSettings:
    """How pages that are no content are told. `rule` holds the tables of `[[outcomes.rule]]` as they stand."""

    rules_file: str = _setting("", "path of a TOML file of further [[rule]] tables; empty: none")
    without: tuple[str, ...] = _setting((), "names of rules that are not applied here")
    rule: tuple[Mapping[str, Any], ...] = field(
        default=(), metadata={"about": "rules of this archive's own, asked before the product's", "tables": True}
    )


@dataclass(frozen=True, kw_only=True)
class SessionSettings:
    warn_days: int = _setting(14, "how many days before a site's stored login expires it is warned of", least=0)


@dataclass(frozen=True, kw_only=True)
class NightlySettings:
    workers: int = _setting(2, "how many pages are captured at once; each takes about half a gigabyte", least=1)
    max_hours: int = _setting(6, "how long a night may take; what is left then waits for the next", least=1)
    until: str = _setting("", "the local time a night ends at, such as 06:30, where that comes earlier; empty: none")
    delay_seconds: int = _setting(1, "between the beginnings of two visits to one site", least=0)
    per_site: int = _setting(2, "how many pages of one site are captured at once", least=1)
    attempts: int = _setting(3, "how often a visit that fails is tried in one night", least=1)
    failures_in_a_row: int = _setting(5, "after so many a site is left alone for a while", least=1)
    rest_minutes: int = _setting(10, "how long a failing site is left alone before one more visit is tried", least=1)
    patience_minutes: int = _setting(
        75, "how long a night waits for a site that asked to come back later when nothing else is left to do", least=0
    )
    quiet_days: int = _setting(14, "for so long after its last activity a thread is looked at every night", least=0)
    sample_days: int = _setting(30, "within so many nights every quiet thread is looked at once", least=1)
    gone_checks: int = _setting(3, "how often what is gone is looked at again", least=0)
    discovery_requests: int = _setting(600, "how many requests one discovery may take; what is cut is said", least=1)
    discovery_threads: int = _setting(50000, "how many threads one discovery may find; what is cut is said", least=1)
    discovery_minutes: int = _setting(15, "how long one discovery may take", least=1)
    timeline_threads: int = _setting(
        200, "how many threads that a page lists are followed; what is cut is said", least=1
    )
    fixity_sample: int = _setting(
        50, "how many stored files, those that waited longest first, are hashed anew each night at the least", least=0
    )
    notify: str = _setting("trouble", "when to notify: trouble, always or never")
    notify_command: tuple[str, ...] = _setting(
        (), "a program and its arguments; it gets the summary on standard input, the report's path as last argument"
    )
    notify_seconds: int = _setting(60, "how long the program or the mail server may take", least=1)
    mail_to: tuple[str, ...] = _setting((), "addresses that get the report by e-mail; empty: no e-mail")
    mail_from: str = _setting("", "the sender's address")
    mail_host: str = _setting("localhost", "the mail server")
    mail_port: int = _setting(25, "its port", least=1)
    mail_starttls: bool = _setting(True, "whether the connection must be encrypted; false sends in the clear")
    mail_user: str = _setting("", "name at the mail server; empty: no login")
    mail_password_file: str = _setting("", "file that holds the password, outside the archive")


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    engine: str = _setting(
        "tantivy",
        "tantivy, or whoosh where no Tantivy wheel runs: pure Python, enough for some thousands of posts; the next "
        "search makes the index anew",
    )


@dataclass(frozen=True, kw_only=True)
class TimestampSettings:
    url: str = _setting("", "address of an RFC 3161 time-stamping authority; empty: the trail is not stamped")
    ca_file: str = _setting("", "PEM file with the authority's root certificates; a relative path is below the archive")
    every: str = _setting("day", "how often the trail is stamped at the end of a run: run, day, week or month")


@dataclass(frozen=True, kw_only=True)
class RetentionSettings:
    mirror: str = _setting("", "directory on another machine that gets the trail before anything goes; empty: none")
    second_copy: str = _setting("", "directory on another disk or machine with a copy of the evidence; empty: none")
    transfer_to: str = _setting(
        "",
        "directory in which what is transferred to another archive is handed over, or a bucket: "
        "s3+https://HOST/BUCKET/PREFIX",
    )
    transfer_lock_days: int = _setting(
        0, "for so long Object Lock keeps what is put in the bucket, in compliance mode; 0: as the bucket says", least=0
    )
    mass_percent: int = _setting(
        25, "when more of all records than this are newly due at once, a person must confirm that it is meant", least=1
    )
    idle_days: int = _setting(
        45, "after so many days without any event the clock is doubted, and a person asked", least=1
    )
    appeal_days: int = _setting(60, "how long a closed request still holds what it covers", least=0)
    fixity_days: int = _setting(90, "within so many days every stored file is hashed anew", least=1)


@dataclass(frozen=True, kw_only=True)
class BackupSettings:
    place: str = _setting(
        "", "directory on another disk or machine that backups are made in; empty: none are scheduled"
    )
    key_file: str = _setting("", "the backups' key, made by `archiver backup key`, apart from archive and backups")
    keys_in: tuple[str, ...] = _setting(
        (), "directories that each get the keys of records and snapshots, for no copy of the backup; empty: in it"
    )
    drill_in: str = _setting("", "directory in which the monthly drill restores a copy; empty: the system's temporary")


@dataclass(frozen=True, kw_only=True)
class RequestSettings:
    holidays: str = _setting("", "ISO 3166 code whose public holidays close the office; empty: the archive's; or none")
    weekend: tuple[str, ...] = _setting(("saturday", "sunday"), "weekdays on which the office is closed")
    closed_days: tuple[str, ...] = _setting((), "the office's own closed days: 2026-03-02 Founders' day")
    open_days: tuple[str, ...] = _setting((), "days on which it is open though a calendar says otherwise")
    office_closes: str = _setting(
        "", "local time after which a request counts as received on the next open day; empty: midnight"
    )
    letter_template: str = _setting("", "path of the agency's own covering letter, a Jinja template; empty: ours")
    in_force: tuple[str, ...] = _setting(
        (), "announced rules and the day counsel says they came into force: CA-ON-MFIPPA/2=2027-01-01"
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    archive: ArchiveSettings
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    outcomes: OutcomeSettings = field(default_factory=OutcomeSettings)
    sessions: SessionSettings = field(default_factory=SessionSettings)
    nightly: NightlySettings = field(default_factory=NightlySettings)
    timestamp: TimestampSettings = field(default_factory=TimestampSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    requests: RequestSettings = field(default_factory=RequestSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)


def load_settings(path: Path) -> Settings:
    """Read `archive.toml`. Raises BadSettings with every fault found, each naming its key."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # an editor may have put a byte order mark before it
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: not UTF-8 text at byte {error.start}: save the file as UTF-8") from error
    return parse_settings(text, str(path))


SECTIONS: dict[str, type] = {
    "archive": ArchiveSettings,
    "capture": CaptureSettings,
    "outcomes": OutcomeSettings,
    "sessions": SessionSettings,
    "nightly": NightlySettings,
    "timestamp": TimestampSettings,
    "retention": RetentionSettings,
    "search": SearchSettings,
    "requests": RequestSettings,
    "backup": BackupSettings,
}
"""The sections of `archive.toml`, by name; fields of Settings."""


def parse_settings(text: str, name: str = FILE_NAME) -> Settings:
    """Settings from the file's text; `name` is what errors call the file."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{name}: not valid TOML: {error}") from error
    faults = [f"[{key}]: unknown section; known: {', '.join(SECTIONS)}" for key in tables if key not in SECTIONS]
    read: dict[str, Any] = {
        section: _read_section(kind, section, tables.get(section, {}), faults) for section, kind in SECTIONS.items()
    }
    for section, find_faults in _FAULTS.items():
        if read[section] is not None:
            faults += find_faults(read[section])
    if faults:
        raise BadSettings("\n".join(f"{name}: {fault}" for fault in faults))
    return Settings(**read)


def _archive_faults(archive: ArchiveSettings) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", archive.id):
        # keys and tokens are files of this name: it must not lead elsewhere
        yield f"archive.id: {archive.id!r} must be up to 64 of the letters A-Z, a-z, digits, _ and -"
    if not _is_time_zone(archive.time_zone):
        yield f"archive.time_zone: {archive.time_zone!r} is no IANA time zone such as 'Asia/Kolkata'"


def _is_time_zone(name: str) -> bool:
    """Looked up alone: a list of all zones takes reading the system's 600 files, at each command."""
    if name.startswith(("posix/", "right/", "posixrules")):
        return False  # the system's copies and its own files, which other systems lack
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; leads elsewhere, or is no zone's file; a directory
        return False
    return True


def _nightly_faults(nightly: NightlySettings) -> Iterator[str]:
    if nightly.until and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", nightly.until):
        yield f"nightly.until: must be a local time such as '06:30', not {nightly.until!r}"
    if nightly.notify not in ("trouble", "always", "never"):
        yield f"nightly.notify: must be trouble, always or never, not {nightly.notify!r}"
    if nightly.mail_to and not nightly.mail_from:
        yield "nightly.mail_from: must be given where nightly.mail_to is"


def _timestamp_faults(stated: TimestampSettings) -> Iterator[str]:
    if stated.every not in STAMPED_EVERY:
        yield f"timestamp.every: {stated.every!r} is none of {', '.join(STAMPED_EVERY)}"
    if stated.url and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", stated.url):
        yield f"timestamp.url: {stated.url!r} must begin with http:// or https:// and hold no password"
    if stated.url and not stated.ca_file:
        yield "timestamp.ca_file: missing; a stamp that cannot be verified proves nothing"


def _search_faults(search: SearchSettings) -> Iterator[str]:
    if search.engine not in SEARCH_ENGINES:
        yield f"search.engine: {search.engine!r} is none of {', '.join(SEARCH_ENGINES)}"


def _request_faults(stated: RequestSettings) -> Iterator[str]:
    if stated.office_closes and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", stated.office_closes):
        yield f"requests.office_closes: must be a local time such as '17:00', not {stated.office_closes!r}"
    for key in ("closed_days", "open_days"):
        for each in getattr(stated, key):
            if not re.fullmatch(r"\d{4}-\d\d-\d\d( .*)?", each):
                yield f"requests.{key}: {each!r} does not begin with a day such as 2026-03-02"
    for each in stated.in_force:
        if not re.fullmatch(r"\S+=\d{4}-\d\d-\d\d", each):
            yield f"requests.in_force: {each!r} is not RULE=DAY, such as CA-ON-MFIPPA/2=2027-01-01"


_FAULTS: dict[str, Callable[[Any], Iterator[str]]] = {
    "archive": _archive_faults,
    "nightly": _nightly_faults,
    "timestamp": _timestamp_faults,
    "retention": lambda retention: transfer_faults(retention.transfer_to, retention.transfer_lock_days),
    "search": _search_faults,
    "requests": _request_faults,
}


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
    if setting.metadata.get("tables"):
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            faults.append(f"{key}: must be tables, each begun by [[{key}]]")
            return ()
        return tuple(value)
    least = setting.metadata["least"]
    if least is not None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            faults.append(f"{key}: must be a whole number of at least {least}, not {value!r}")
        return value
    if isinstance(setting.default, bool):
        if not isinstance(value, bool):
            faults.append(f"{key}: must be true or false, not {value!r}")
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
        tables = [each for each in fields(values) if each.metadata.get("tables")]
        for setting in fields(values):
            if setting in tables:
                continue
            value = getattr(values, setting.name)
            lines += [f"# {setting.metadata['about']}", f"{setting.name} = {_shown(value)}"]
        for setting in tables:
            for table in getattr(values, setting.name):
                lines += ["", f"[[{section.name}.{setting.name}]]"]
                lines += [f"{key} = {_shown(value)}" for key, value in table.items()]
        lines.append("")
    return "\n".join(lines)


def _shown(value: object) -> str:
    """A JSON string, number, truth or array of them is valid TOML, escapes included; only DEL must be escaped too."""
    shown = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return shown.replace("\x7f", "\\u007f")

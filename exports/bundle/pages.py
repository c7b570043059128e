"""The readable part of a production: an index and one page per record, plain HTML without scripts.

Every text on these pages came from strangers. Jinja escapes all of it, links are made of http and
https addresses only, and a content security policy in each page forbids everything but its own
style and the pictures of the bundle, so that what slips through still cannot run or call home.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files as package_files
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from archiver.core.records import ObjectRole, Outcome, Record
from exports.bundle.produced import NotProduced, ProducedCapture, ProducedRecord, ProducedRequest
from exports.bundle.replies import reading_order

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_OUTCOMES = {
    Outcome.COMPLETE: "complete: everything the site declared was kept",
    Outcome.PARTIAL: "partial",
    Outcome.UNCHANGED: "unchanged since the capture before",
    Outcome.GONE: "the site no longer showed it",
}
_ROLES = {
    ObjectRole.WARC: "recorded traffic (WARC)",
    ObjectRole.SCREENSHOT: "screenshot",
    ObjectRole.THUMBNAIL: "small picture",
    ObjectRole.ITEMS: "items as read from the page",
    ObjectRole.MANIFEST: "capture description",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A record's row in the index. `page` and `thumbnail` are relative to the index."""

    number: int
    page: str
    thumbnail: str | None
    record: Record
    items: int
    hits: int


@dataclass(frozen=True, kw_only=True)
class About:
    """What every page says of its production."""

    production_id: str
    made_at: datetime
    made_by: str
    software: str
    request: ProducedRequest

    @property
    def bag_info(self) -> list[tuple[str, str]]:
        """What bag-info.txt says of it (RFC 8493, 2.2.2)."""
        return [
            ("Source-Organization", self.request.agency),
            ("External-Identifier", self.production_id),
            ("Internal-Sender-Identifier", self.request.number),
            ("External-Description", self.request.subject),
            ("Bagging-Date", self.made_at.date().isoformat()),
            ("Bag-Software-Agent", self.software),
        ]


def render_index(
    about: About,
    entries: Sequence[Entry],
    not_produced: Sequence[NotProduced],
    counts: dict[str, int],
    notes: dict[str, Any],
) -> bytes:
    """index.html: what was asked, how it was searched, what was found. `notes` says what the bundle proves."""
    return render("index.html", about, entries=entries, not_produced=not_produced, counts=counts, notes=notes, top=".")


def render_record(about: About, produced: ProducedRecord, *, number: int) -> bytes:
    """The page of one record, which lies one directory below the index."""
    shown = produced.latest_content
    return render(
        "thread.html",
        about,
        number=number,
        produced=produced,
        record=produced.record,
        corrections=_corrections(produced),
        replies=reading_order(produced.items),
        shown=shown,
        screenshots=() if shown is None else shown.stored(ObjectRole.SCREENSHOT),
        captures=sorted(produced.captures, key=lambda each: (each.capture.started, each.capture.id)),
        top="..",
    )


def render_print(
    produced: ProducedRecord,
    *,
    agency: str,
    class_reason: str | None,
    held: Sequence[str],
    slices: Sequence[str],
    made_at: datetime,
    software: str,
    zone: ZoneInfo,
) -> bytes:
    """One record for paper, HTML without scripts. `slices`: the files of the screenshot's parts, beside the page.

    `held` names what forbids its disposal: the print is for the house, not for who asked.
    """
    shown = produced.latest_content
    return _fill(
        "print.html",
        zone,
        produced=produced,
        record=produced.record,
        corrections=_corrections(produced),
        replies=reading_order(produced.items),
        captures=sorted(produced.captures, key=lambda each: (each.capture.started, each.capture.id)),
        shown=shown,
        slices=slices,
        agency=agency,
        class_reason=class_reason,
        held=held,
        made_at=made_at,
        software=software,
    )


def file_place(produced: ProducedRecord, capture: ProducedCapture, path: str) -> str:
    """Where a file lies in the bundle, relative to the index: with the capture that keeps it."""
    keeper = next((each.capture.id for each in produced.captures if each.capture.id in PurePosixPath(path).parts), None)
    return f"records/{produced.record.id}/{keeper or capture.capture.id}/{PurePosixPath(path).name}"


def slug(title: str) -> str:
    """Up to 40 ASCII letters, digits and hyphens of a title, for file names; "record" where it has none."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "record"


def _corrections(produced: ProducedRecord) -> list[tuple[str, Any, Any]]:
    """(field, as observed, as corrected) of each field an officer corrected."""
    if produced.observed is None:
        return []
    pairs = [
        (name, getattr(produced.observed, name), getattr(produced.record, name))
        for name in ("title", "keywords", "created", "modified")
    ]
    return [each for each in pairs if each[1] != each[2]]


def render(template: str, about: About, **values: Any) -> bytes:
    """A page of the bundle from its template."""
    return _fill(template, ZoneInfo(about.request.time_zone), about=about, place=file_place, **values)


def _fill(template: str, zone: ZoneInfo, **values: Any) -> bytes:
    style, policy = _style()
    page = _environment().get_template(template)
    text = page.render(
        style=style,
        policy=policy,
        zone=zone,
        moment=lambda value: show_moment(value, zone),
        **values,
    )
    return (text.strip() + "\n").encode()


_BRACKETS = re.compile(r"(\[[!-Z\\^-~ ]{1,80}\])")


def isolate_brackets(text: str) -> Markup:
    """The text with what is bracketed, a section in place of what is redacted most of all, in its own direction: in a
    text from right to left `[8(1)(j)]` would read `[(j)(1)8]`.
    """
    parts = _BRACKETS.split(_CONTROLS.sub("\ufffd", text))
    return Markup("").join(
        Markup('<bdi dir="ltr">{}</bdi>').format(each) if number % 2 else each for number, each in enumerate(parts)
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("exports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters.update(
        isolated=isolate_brackets, address=show_address, tag=language_tag, size=show_size, day=show_day
    )
    environment.globals.update(outcomes=_OUTCOMES, roles=_ROLES, role=ObjectRole)
    return environment


@cache
def _style() -> tuple[Markup, str]:
    """The style sheet and the policy that names its digest, so that no other style is obeyed."""
    style = package_files("exports").joinpath("templates/style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # "file:" because browsers differ on what 'self' means for a page opened from a disk
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    return Markup(style), policy  # noqa: S704 - our own file


def _printable(value: object) -> object:
    """Control characters are not allowed in HTML; what strangers wrote may hold them."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _CONTROLS.sub("\ufffd", value)


def show_moment(value: datetime | None, zone: ZoneInfo) -> Markup:
    """`14 March 2026, 15:02:07 UTC+05:30`, with UTC as a tooltip; a dash where the moment is not known."""
    if value is None:
        return Markup('<span class="unknown">not stated</span>')
    local, utc = value.astimezone(zone), value.astimezone(UTC)
    offset = local.strftime("%z")
    name = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
    return Markup('<time datetime="{}" title="{} UTC">{}, {} <span class="zone">{}</span></time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        show_day(local),
        local.strftime("%H:%M:%S"),
        name,
    )


def show_day(value: Any) -> str:
    """`14 March 2026`, of a date or a moment as it stands."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def show_address(url: str) -> Markup:
    """The address as text, a link where it is an http or https one."""
    shown = escape(_printable(url))
    try:
        usable = urlsplit(url).scheme in ("http", "https") and not _BREAKS.search(url)
    except ValueError:
        usable = False
    if not usable:
        return Markup('<bdi class="address">{}</bdi>').format(shown)
    return Markup('<a class="address" rel="noreferrer noopener nofollow" href="{}"><bdi>{}</bdi></a>').format(
        url, shown
    )


def language_tag(language: str) -> str:
    """The tag where it is one and known, else ""; HTML reads an empty `lang` as unknown."""
    return language if language != "und" and _LANGUAGE_TAG.fullmatch(language) else ""


def show_size(size: int) -> str:
    """In the largest fitting unit of 1000 bytes."""
    if size < 1000:
        return f"{size} bytes"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            break
    return f"{value:.1f} {unit}"

"""The values every room shares: accounts, records, items, captures, objects.

No I/O. Moments are aware UTC `datetime`s; law and schedules use `date`.
The words are defined in docs/terminology.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

RecordId = NewType("RecordId", str)
"""`rec_` and 16 lower-case hex digits."""
CaptureId = NewType("CaptureId", str)
"""`cap_` and 16 lower-case hex digits."""
AccountId = NewType("AccountId", str)
"""`acc_` and 16 lower-case hex digits."""
Digest = NewType("Digest", str)
"""`sha256:` and 64 lower-case hex digits."""


def new_id(prefix: str) -> str:
    """A fresh random identifier, `prefix_` and 16 hex digits."""
    return f"{prefix}_{secrets.token_hex(8)}"


class RecordKind(StrEnum):
    """What one record is: the unit that is classified, held, kept and disposed of."""

    THREAD = "thread"  # a root post with its comments
    PAGE = "page"  # any other single page
    TIMELINE = "timeline"  # a snapshot of a feed or index page; never contains the threads it lists
    PROFILE = "profile"  # a snapshot of an account's own description
    SUMMARY = "summary"  # an officer's account of a consultation
    FILE = "file"  # an uploaded or imported file
    PRODUCTION = "production"  # a bundle that answered a request

    @property
    def is_one_post(self) -> bool:
        """Whether the record stands for one thing that its author can take down."""
        return self in (RecordKind.THREAD, RecordKind.PAGE, RecordKind.FILE)


class ItemKind(StrEnum):
    """What one item inside a record is."""

    POST = "post"  # the root of a thread, or an entry of a timeline
    COMMENT = "comment"  # a reply, at any depth
    PAGE = "page"  # the main text of a page that is no thread


class Observed(StrEnum):
    """What the latest healthy capture saw of an item."""

    PRESENT = "present"  # there, as first captured
    EDITED = "edited"  # there, with another text than first captured
    GONE = "gone"  # was there at an earlier capture, is not now
    HIDDEN = "hidden"  # withheld by the site's moderation, known to exist


class Outcome(StrEnum):
    """How one capture ended.

    Only `complete` and `partial` file content; `unchanged`, `gone` and `disposed` are
    healthy observations with nothing new; the rest are never filed as content.
    """

    COMPLETE = "complete"  # everything the site declared was filed
    PARTIAL = "partial"  # content was filed, and the reason says what is missing
    UNCHANGED = "unchanged"  # a complete observation equal to the one before
    GONE = "gone"  # the site answered that what was captured before is there no longer
    DISPOSED = "disposed"  # still online, but destroyed here under its schedule: not taken in again
    LOGIN_WALL = "login_wall"  # the site asked for a login
    CHALLENGE = "challenge"  # the site asked to prove that a person is looking
    THROTTLED = "throttled"  # the site asked to come back later
    REFUSED = "refused"  # the egress guard or the archive's settings forbid the address
    FAILED = "failed"  # anything else, told in the reason

    @property
    def files_content(self) -> bool:
        """Whether the capture's content becomes part of a record."""
        return self in _FILES_CONTENT

    @property
    def healthy(self) -> bool:
        """Whether a run with only such outcomes succeeds."""
        return self in _HEALTHY


_FILES_CONTENT = frozenset({Outcome.COMPLETE, Outcome.PARTIAL})
_HEALTHY = frozenset({Outcome.COMPLETE, Outcome.PARTIAL, Outcome.UNCHANGED, Outcome.GONE, Outcome.DISPOSED})


ANONYMOUS = "anonymous"
"""The access of a capture that used no login."""


class ObjectRole(StrEnum):
    """What one immutable stored file is to its capture."""

    WARC = "warc"  # capture.warc.gz
    SCREENSHOT = "screenshot"  # page.png, page@2.png, ...
    THUMBNAIL = "thumbnail"  # thumb.webp
    ITEMS = "items"  # items.<extractor>.jsonl
    MANIFEST = "manifest"  # capture.json


@dataclass(frozen=True, kw_only=True)
class Account:
    """An official presence on a site, owned by a department."""

    id: AccountId
    site: str  # host name, with port where it is not the scheme's own
    handle: str
    url: str
    department: str = ""
    contact: str = ""
    status: str = "active"  # active | paused | closed


@dataclass(frozen=True, kw_only=True)
class MediaRef:
    """A picture, video or sound an item shows."""

    url: str
    kind: str  # image | video | audio
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One post or comment as one capture saw it.

    `native_id` is the platform's own id, unique within the record; `parent_id` the native
    id it answers, None for a root. `created` and `modified` are UTC, None where the site
    does not say. `language` is a BCP 47 tag, "und" where unknown.
    """

    native_id: str
    parent_id: str | None
    kind: ItemKind
    text: str
    creator_name: str = ""
    creator_handle: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    language: str = "und"
    links: tuple[str, ...] = ()
    media: tuple[MediaRef, ...] = ()
    source_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What an extractor read out of one WARC: a record's description and its items.

    `native_root_id` is None where the page has no platform id of its own; the record's
    identity is then its canonical URL. `declared` holds the counts the site itself states
    (`{"comments": 17}`), `found` the counts extracted, under the same keys.
    """

    extractor: str  # "wordpress", "generic"
    version: int
    site: str
    kind: RecordKind
    native_root_id: str | None
    canonical_url: str
    title: str = ""
    creator_name: str = ""
    creator_handle: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    language: str = "und"
    keywords: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    declared: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()  # what could not be read, so that items may be missing


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One immutable file of evidence. `path` is relative to `objects/`, with slashes."""

    path: str
    role: ObjectRole
    media_type: str
    sha256: Digest
    size: int


@dataclass(frozen=True, kw_only=True)
class Barred:
    """A file of a capture that no export may hold, and why; `file` is its name within the capture."""

    file: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Capture:
    """One observation of a record at one moment.

    `record_id` is None where nothing could be filed. `cause` is the finer kind of the outcome, ""
    for a complete one; `retry_after` when a site that throttles wants to be asked again, None
    where it does not say. `warc_records` counts the WARC's records, so that a cut file is noticed
    even where its digests are intact. `access` is ANONYMOUS or `session:<id>`, the stored login of
    the site it was taken with.
    """

    id: CaptureId
    record_id: RecordId | None
    url: str
    final_url: str
    started: datetime
    finished: datetime
    outcome: Outcome
    cause: str = ""
    reason: str = ""
    retry_after: datetime | None = None
    warc_records: int = 0
    account_id: AccountId | None = None
    job_id: str | None = None
    access: str = ANONYMOUS


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """What a site declared at one capture against what was filed, by kind: {"comments": 17}.

    `percent` is of what was declared, whole percents rounded down, so that 100 means all; None
    where nothing was declared.
    """

    declared: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    percent: int | None = None


def measure_completeness(declared: Mapping[str, int], found: Mapping[str, int]) -> Completeness:
    """Filed items beyond what was declared make up for nothing that is missing of another kind."""
    total = sum(declared.values())
    filed = sum(min(count, found.get(kind, 0)) for kind, count in declared.items())
    percent = (100 * filed // total if total else 100) if declared else None
    return Completeness(declared=dict(declared), found=dict(found), percent=percent)


@dataclass(frozen=True, kw_only=True)
class Record:
    """The unit of record keeping, as the catalogue knows it.

    Descriptive fields hold what was observed, or what an officer corrected it to;
    the observed values stay in the catalogue beside every correction.
    """

    id: RecordId
    site: str
    kind: RecordKind
    native_root_id: str | None
    canonical_url: str
    account_id: AccountId | None = None
    title: str = ""
    creator_name: str = ""
    creator_handle: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    language: str = "und"
    keywords: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    first_captured: datetime | None = None
    last_captured: datetime | None = None
    last_activity: datetime | None = None  # newest created or modified moment of any item
    class_code: str | None = None
    is_reply: bool = False  # its root post answers a post of another thread


@dataclass(frozen=True, kw_only=True)
class CataloguedItem:
    """An item with the history the catalogue keeps of it.

    `gone_after` and `gone_before` bound the moment it disappeared: it was last seen at the
    first and missed at the second. `versions` lists every text seen, oldest first, the
    current one last.
    """

    id: str  # "<record id>/<native id>"
    record_id: RecordId
    item: Item
    observed: Observed
    first_seen: datetime
    last_seen: datetime
    gone_after: datetime | None = None
    gone_before: datetime | None = None
    versions: tuple[ItemVersion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ItemVersion:
    """One text of an item, with the capture that first saw it."""

    number: int  # from 1
    text: str
    seen: datetime
    capture_id: CaptureId


TEXT_SEPARATOR = "\x1e"
"""Between texts that are searched together and read apart: ASCII's record separator."""


@dataclass(frozen=True, kw_only=True)
class IndexDoc:
    """What the index is told of one item; the text is analysed, never stored.

    `id` is the catalogued item's. `body` is the item's current text followed by its
    earlier versions, so that what was said is found though it was edited away; they are
    joined by TEXT_SEPARATOR, which no phrase spans.
    """

    id: str
    record_id: RecordId
    body: str
    title: str = ""
    site: str = ""
    account: str = ""
    creator: str = ""  # name and handle, joined by a space
    kind: str = ""  # the item's kind and its record's kind, joined by a space
    observed: str = ""
    language: str = "und"
    keywords: str = ""
    created: datetime | None = None
    captured: datetime | None = None  # when first captured
    gone: datetime | None = None  # when first missed, for what is gone
    has: str = ""  # "image", "video", "audio", "link", joined by spaces
    link: str = ""  # the hosts its links lead to, each with the domains above it, joined by spaces

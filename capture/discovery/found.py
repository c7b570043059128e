"""What discovery brings back: addresses of threads, and what the site itself tells of their last change. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from archiver.core.clock import from_optional_iso, optional_iso


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What a listing says of a thread without showing it; None where it does not say.

    Moments are the site's own clock's: they are compared with one another, never with ours, except to
    tell how long a thread has been quiet.
    """

    modified: datetime | None = None  # of the post itself
    comments: int | None = None  # how many there are
    activity: datetime | None = None  # of the newest comment listed

    @property
    def latest(self) -> datetime | None:
        """The newest moment it names."""
        return max(filter(None, (self.modified, self.activity)), default=None)

    def tells_of_change(self, seen: Hint) -> bool:
        """Whether the thread is other than when `seen` was listed; what either leaves unsaid tells nothing.

        A newest comment where none was listed before is a change: comments are listed newest first, and
        only those that are new are asked for.
        """
        if self.modified and seen.modified and self.modified != seen.modified:
            return True
        if self.comments is not None and seen.comments is not None and self.comments != seen.comments:
            return True
        return self.activity is not None and (seen.activity is None or self.activity > seen.activity)

    def over(self, earlier: Hint) -> Hint:
        """This hint, with what it leaves unsaid taken from an earlier one."""
        return Hint(
            modified=self.modified or earlier.modified,
            comments=earlier.comments if self.comments is None else self.comments,
            activity=max(filter(None, (self.activity, earlier.activity)), default=None),
        )


def write_hint(hint: Hint) -> str:
    """As JSON, for the catalogue."""
    stated = {
        "modified": optional_iso(hint.modified),
        "comments": hint.comments,
        "activity": optional_iso(hint.activity),
    }
    return json.dumps({name: value for name, value in stated.items() if value is not None})


def read_hint(text: str) -> Hint:
    entry = json.loads(text)
    return Hint(
        modified=from_optional_iso(entry.get("modified")),
        comments=entry.get("comments"),
        activity=from_optional_iso(entry.get("activity")),
    )


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thread's permalink, and what the listing says of it."""

    url: str
    hint: Hint = Hint()


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What one source lists. `declared` is how many threads it says it has, None where it does not say.

    `mark` is what the source wants handed back next time, so that only what is newer is asked for.
    """

    source: str
    found: tuple[Found, ...] = ()
    declared: int | None = None
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """All that was found for one address.

    `status` is None where the address did not answer. `cut` tells what the bounds left out, `problems`
    what could not be read; `marks` are the sources' own, by their name.
    """

    url: str
    final_url: str
    chain: tuple[str, ...]
    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    network_error: str = ""
    found: tuple[Found, ...] = ()
    declared: int | None = None
    sources: tuple[str, ...] = ()
    requested: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)


def one_of_each(found: Iterable[Found]) -> tuple[Found, ...]:
    """Every address once, in the order first found, with all that is said of it."""
    known: dict[str, Found] = {}
    for each in found:
        before = known.get(each.url)
        known[each.url] = each if before is None else Found(url=each.url, hint=before.hint.over(each.hint))
    return tuple(known.values())

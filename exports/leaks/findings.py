"""What a leak check looks for and what it finds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archiver.core.errors import LeakFound
from exports.redaction.rules import RedactionRule
from exports.redaction.secrets import Secret


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A redacted string where it must not be. `fatal`: nobody can acknowledge it."""

    place: str
    rule: str
    item: str
    fatal: bool
    reason: str = ""  # of its acknowledgement

    @property
    def told(self) -> str:
        what = f"what {self.rule} redacts" if self.rule else "the text of what is withheld"
        return f"{self.place}: {what}" + (f" in {self.item}" if self.item else "")


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    """What was searched and found. `leaks` stop the sealing where they are fatal or not acknowledged.

    `skipped` is what a person said need not be searched, pictures by OCR most of all, with the reason.
    """

    leaks: tuple[Leak, ...]
    not_searched: tuple[str, ...]
    files: int
    size: int
    readings: int
    strings: int
    pictures_read: int
    ocr: str
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def stopping(self) -> tuple[str, ...]:
        return (*(each.told for each in self.leaks if each.fatal or not each.reason), *self.not_searched)

    def require_clean(self) -> None:
        """Raises LeakFound, naming the places."""
        if self.stopping:
            more = f"; and {len(self.stopping) - 20} more" if len(self.stopping) > 20 else ""
            found = LeakFound(f"nothing was sealed: {'; '.join(self.stopping[:20])}{more}")
            found.elsewhere = (
                *(each.told for each in self.leaks if not each.fatal and not each.reason),
                *self.not_searched,
            )
            raise found


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What a check looks for, and in what it differs from others: that from which the same check can be made again."""

    secrets: tuple[Secret, ...]
    rules: tuple[RedactionRule, ...]
    own: Mapping[str, Sequence[str]]
    acknowledged: Mapping[str, str]
    numbers: re.Pattern[str] | None
    reads_pictures: bool


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a check found in some of the files: `pictures` are the names of those that OCR has still to read, `clean`
    the digests of what held nothing.
    """

    leaks: tuple[Leak, ...]
    not_searched: tuple[str, ...]
    files: int
    size: int
    readings: int
    skipped: tuple[tuple[str, str], ...]
    pictures: tuple[str, ...]
    clean: frozenset[bytes]


def unread(page: str) -> str:
    """The place under which a person acknowledges that a page's picture is not read by OCR."""
    return f"{page}: its picture is not read by OCR"

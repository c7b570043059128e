"""Moments as pages write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_YEARS = range(1970, 2200)  # what lies outside is a placeholder such as 0001-01-01
_SECONDS = range(10**8, 10**10)
_SHORT_MONTH = re.compile(r"(\d{4})-(\d{2})")


def read_moment(text: object) -> datetime | None:
    """The UTC moment `text` states, None where it states none that can be.

    ISO 8601, RFC 5322 dates, and Unix time in seconds or milliseconds. One without an
    offset is read as UTC: pages that leave it out mostly mean it.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    stated = str(text).strip()
    moment = _unix(stated) or _iso(stated) or _rfc5322(stated)
    if moment is None:
        return None
    try:
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return utc if utc.year in _YEARS else None


def _unix(text: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]{9,13}", text):
        return None
    number = int(text)
    seconds = number / 1000 if number not in _SECONDS else number
    return datetime.fromtimestamp(seconds, UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text + "-01" if _SHORT_MONTH.fullmatch(text) else text)
    except ValueError:
        return None


def _rfc5322(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None

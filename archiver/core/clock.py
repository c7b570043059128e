"""Moments: aware UTC in, WARC-Date, ISO 8601 and 14-digit timestamps out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache


def now() -> datetime:
    """This moment, UTC. The one place that asks; rules take `now` as an argument."""
    return datetime.now(UTC)


def to_utc(moment: datetime, assume: tzinfo = UTC) -> datetime:
    """`moment` in UTC; a naive one is read as being in `assume`."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=assume)).astimezone(UTC)


@lru_cache(maxsize=1 << 12)  # one moment is written in many places
def to_iso(moment: datetime) -> str:
    """`2026-11-21T07:45:00.123456Z`: fixed width, so that text order is time order."""
    # not strftime: its %Y does not pad the years before 1000 that pages do state
    return (moment if moment.tzinfo is UTC else to_utc(moment)).isoformat(timespec="microseconds")[
        : -len("+00:00")
    ] + "Z"


def from_iso(text: str) -> datetime:
    """Read an ISO 8601 moment; one without an offset is read as UTC. Raises ValueError."""
    try:
        return to_utc(datetime.fromisoformat(text))
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC") from error


def optional_iso(moment: datetime | None) -> str | None:
    return None if moment is None else to_iso(moment)


def from_optional_iso(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def to_warc_date(moment: datetime) -> str:
    """W3C profile of ISO 8601 with microseconds, UTC (WARC 1.1, section 5.4)."""
    return to_iso(moment)


def to_timestamp14(moment: datetime) -> str:
    """`20261121074500`, as CDXJ and replay tools want it, UTC."""
    return re.sub("[^0-9]", "", to_iso(moment))[:14]

"""Moments: aware UTC in, WARC-Date, ISO 8601 and 14-digit timestamps out."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def now() -> datetime:
    """This moment, UTC. The one place that asks; rules take `now` as an argument."""
    return datetime.now(UTC)


def to_utc(moment: datetime, assume: tzinfo = UTC) -> datetime:
    """`moment` in UTC; a naive one is read as being in `assume`."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=assume)).astimezone(UTC)


def to_iso(moment: datetime) -> str:
    """`2026-11-21T07:45:00.123456Z`: fixed width, so that text order is time order."""
    return to_utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_iso(text: str) -> datetime:
    """Read an ISO 8601 moment; one without an offset is read as UTC. Raises ValueError."""
    return to_utc(datetime.fromisoformat(text))


def optional_iso(moment: datetime | None) -> str | None:
    return None if moment is None else to_iso(moment)


def from_optional_iso(text: str | None) -> datetime | None:
    return None if text is None else from_iso(text)


def to_warc_date(moment: datetime) -> str:
    """W3C profile of ISO 8601 with microseconds, UTC (WARC 1.1, section 5.4)."""
    return to_iso(moment)


def to_timestamp14(moment: datetime) -> str:
    """`20261121074500`, as CDXJ and replay tools want it, UTC."""
    return to_utc(moment).strftime("%Y%m%d%H%M%S")

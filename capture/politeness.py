"""How long a site asks to be left alone. Pure."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from archiver.core.clock import to_utc

LONGEST_REST = 24 * 3600.0
"""Seconds: a reset further away than a day is one for the next night."""


def seconds_to_rest(retry_after: str, now: datetime) -> float | None:
    """What a Retry-After header asks for, in seconds from `now`; None where it asks for nothing that can be read.

    Source: RFC 9110, 10.2.3: seconds, or an HTTP date. Sites also send Unix times.
    """
    stated = retry_after.strip()
    if stated.isascii() and stated.isdigit() and len(stated) < 13:
        seconds = float(stated)
        if seconds > 10**9:
            seconds -= now.timestamp()
    else:
        try:
            seconds = (to_utc(parsedate_to_datetime(stated)) - now).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_REST)

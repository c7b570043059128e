"""When a site that asks for patience may be visited again, and when a failed capture is tried anew. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from archiver.core.records import Outcome

_LONGEST = timedelta(days=7)
"""No site is believed that wants to be left alone for longer: the header was meant otherwise."""

_RESETS = (
    "x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset", "x-ratelimit-reset-requests",
    "x-app-rate-limit-reset", "x-ratelimit-retry-after", "x-retry-after",
)  # fmt: skip

PASSING = frozenset({"connection_reset", "timeout", "dns_temporary", "bad_gateway", "server_unavailable", "no_answer"})
"""Causes of failure that are often over a moment later."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often and how soon a capture is tried again. Waits double from `first_wait`; seconds."""

    retries: int = 0
    first_wait: float = 5.0
    longest_wait: float = 120.0
    throttle_wait: float = 60.0  # a site that asks for more patience than that ends the capture


class Ended(Protocol):
    """What a capture ended in, as far as it matters here."""

    @property
    def outcome(self) -> Outcome: ...
    @property
    def cause(self) -> str: ...
    @property
    def retry_after(self) -> datetime | None: ...


def next_attempt(
    ended: Ended, attempt: int, now: datetime, *, policy: RetryPolicy, jitter: float = 0.0
) -> datetime | None:
    """When to try again after the attempt of that number (from 1), None where that is no use or not wanted.

    Only what passes by itself is tried again: broken connections, time-outs, a name server's
    temporary failure, 502, 503 and 504, and throttling whose end is near. `jitter` is between 0
    and 1 and lengthens a wait by up to a half.
    """
    if attempt > policy.retries:
        return None
    if ended.outcome is Outcome.THROTTLED:
        if ended.retry_after is None or ended.retry_after - now > timedelta(seconds=policy.throttle_wait):
            return None
        return max(ended.retry_after, now) + timedelta(seconds=1 + jitter)
    if ended.outcome is not Outcome.FAILED or ended.cause not in PASSING:
        return None
    wait = min(policy.longest_wait, policy.first_wait * 2.0 ** (attempt - 1))
    return now + timedelta(seconds=wait * (1 + jitter / 2))


def reset_moment(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The moment from which the site wants to be asked again, by whichever header says so; the latest of them.

    Understands Retry-After (RFC 9110, 10.2.3: seconds or a date), RateLimit with its older and
    newer forms (draft-ietf-httpapi-ratelimit-headers), X-RateLimit-Reset in seconds to go, Unix
    seconds, Unix milliseconds or as a date, and Facebook's usage headers. Names in lower case.
    None where no header says it, or only nonsense.
    """
    moments = [moment for moment in _moments(headers, now) if now <= moment <= now + _LONGEST]
    return max(moments, default=None)


def _moments(headers: Mapping[str, str], now: datetime) -> Iterator[datetime]:
    stated = headers.get("retry-after", "").strip()
    if (seconds := _number(stated)) is not None:
        yield now + timedelta(seconds=min(seconds, 10**9))
    elif (date := _http_date(stated)) is not None:
        yield date
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        yield now + timedelta(milliseconds=min(milliseconds, 10**12))
    for found in re.finditer(r"(?:^|[;,\s])(?:reset|t)\s*=\s*\"?(\d{1,9})", headers.get("ratelimit", "")):
        yield now + timedelta(seconds=int(found[1]))
    spent = _is_spent(headers)
    for name in _RESETS:
        if spent and (moment := _reset(headers.get(name, ""), now)) is not None:
            yield moment
    for name in ("x-business-use-case-usage", "x-app-usage"):
        for minutes in _facebook_minutes(headers.get(name, "")):
            yield now + timedelta(minutes=minutes)


def _is_spent(headers: Mapping[str, str]) -> bool:
    """Whether the budget is used up; where what remains is not stated it is, since the site says so by its status."""
    remaining = [
        headers[name] for name in headers if name.startswith(("x-ratelimit-remaining", "x-rate-limit-remaining"))
    ]
    return not remaining or any(_number(each) == 0 for each in remaining)


def _reset(stated: str, now: datetime) -> datetime | None:
    number = _number(stated)
    if number is None:
        return _http_date(stated) or _iso_date(stated)
    if number > 10**11:  # milliseconds since 1970
        number /= 1000
    if number > 10**8:  # seconds since 1970
        return datetime.fromtimestamp(min(number, 10**10), UTC)
    return now + timedelta(seconds=number)


def _number(stated: str) -> float | None:
    stated = stated.strip().removesuffix("s")
    return float(stated) if re.fullmatch(r"\d{1,15}(?:\.\d{1,9})?", stated, re.ASCII) else None


def _http_date(stated: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(stated)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso_date(stated: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(stated.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _facebook_minutes(stated: str) -> Iterator[float]:
    """Minutes until access comes back, for each kind of use."""
    try:
        usage = json.loads(stated)
    except (ValueError, RecursionError):
        return
    for listed in usage.values() if isinstance(usage, dict) else ():
        for each in listed if isinstance(listed, list) else ():
            minutes = each.get("estimated_time_to_regain_access") if isinstance(each, dict) else None
            if isinstance(minutes, int) and 0 < minutes < 10**5:
                yield float(minutes)

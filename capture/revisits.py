"""Which threads a night looks at again, and why. Pure: the same night gives the same plan.

New ones at once; those whose listing tells of a change; recent ones every night until they have been quiet
for some days; all others once within a sampling period, each on a night of its own. What a site answers is
gone is looked at a few nights more; what was destroyed here under its schedule is never taken in again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from capture.discovery.found import Hint


class VisitReason(StrEnum):
    """Why a thread is looked at; the order is the order of work."""

    NEW = "new"  # it was never captured
    CHANGED = "changed"  # the site's own lists tell of a change
    FAILED = "failed before"  # the last attempt at it was not healthy
    OVERDUE = "overdue"  # nights were missed: it was not looked at for longer than the sampling period
    RECENT = "recent"  # it was active within the last days
    SAMPLED = "sampled"  # its night of the sampling period
    GONE = "gone before"  # is it still?
    DISPOSED = "disposed"  # destroyed under its schedule and still online: listed, not captured


_ORDER = {reason: position for position, reason in enumerate(VisitReason)}


@dataclass(frozen=True, kw_only=True)
class RevisitPolicy:
    """`quiet_days`: for how long after its last activity a thread counts as recent.

    `sample_days`: within how many nights every quiet thread is looked at once. `gone_checks`: how many
    times what is gone is looked at again. `failed_checks`: on how many nights in a row what could not be
    captured is tried again before it waits for its turn like a quiet one.
    """

    quiet_days: int = 14
    sample_days: int = 30
    gone_checks: int = 3
    failed_checks: int = 7


@dataclass(frozen=True, kw_only=True)
class ThreadHistory:
    """What the archive knows of one thread from its captures. Moments are UTC, None where there is none.

    `looked` is its latest capture whatever the outcome, `healthy` the latest healthy one. `active` is the
    latest moment that anything of it is known to have been new: by its own dates, or by a capture after
    the first that filed a change; its first capture where nothing else is known. `failing` counts the nights
    since `healthy` on which it could not be captured, `gone` the captures in a row that said it is gone.
    `seen` is what was listed of it before the capture `healthy`.
    """

    looked: datetime | None = None
    healthy: datetime | None = None
    active: datetime | None = None
    failing: int = 0
    gone: int = 0
    seen: Hint = field(default_factory=Hint)


@dataclass(frozen=True, kw_only=True)
class PlannedVisit:
    url: str
    reason: VisitReason


def plan_visits(
    threads: Sequence[str],
    history: Mapping[str, ThreadHistory],
    hints: Mapping[str, Hint],
    policy: RevisitPolicy,
    *,
    night: date,
    zone: tzinfo,
    disposed: Collection[str] = (),
) -> list[PlannedVisit]:
    """The visits of `night`, each thread at most once, in the order of work.

    `threads` are all permalinks known, `hints` what tonight's lists say of those they list. `night` is the
    local day in `zone` on whose evening the night begins.
    """
    planned = []
    for url in dict.fromkeys(threads):
        if url in disposed:
            reason = VisitReason.DISPOSED if url in hints else None
        else:
            reason = _reason(url, history.get(url, ThreadHistory()), hints.get(url, Hint()), policy, night, zone)
        if reason is not None:
            planned.append(PlannedVisit(url=url, reason=reason))
    return sorted(planned, key=lambda each: _ORDER[each.reason])


def _reason(
    url: str, known: ThreadHistory, hint: Hint, policy: RevisitPolicy, night: date, zone: tzinfo
) -> VisitReason | None:
    if known.looked is None:
        return VisitReason.NEW
    if known.healthy is not None and night_of(known.healthy, zone) == night:
        return None
    if known.healthy is not None and hint.tells_of_change(known.seen):
        return VisitReason.CHANGED
    if known.gone:
        return VisitReason.GONE if known.gone <= policy.gone_checks else None
    if 0 < known.failing <= policy.failed_checks:
        return VisitReason.FAILED
    if night - night_of(known.looked, zone) >= timedelta(days=policy.sample_days):
        return VisitReason.OVERDUE
    active = max(filter(None, (hint.over(known.seen).latest, known.active)), default=None)
    if active is not None and night - night_of(active, zone) < timedelta(days=policy.quiet_days):
        return VisitReason.RECENT
    if (night.toordinal() - _turn(url)) % policy.sample_days == 0:
        return VisitReason.SAMPLED
    return None


def night_of(moment: datetime, zone: tzinfo) -> date:
    """The local day on whose evening the night of `moment` begins: from noon to noon."""
    return (moment.astimezone(zone).replace(tzinfo=None) - timedelta(hours=12)).date()


def _turn(url: str) -> int:
    """Spreads threads evenly over the nights of a period, the same in every run on every machine."""
    return int.from_bytes(hashlib.sha256(url.encode("utf-8", "surrogatepass")).digest()[:8], "big")

"""Which visit comes next: so much at once from one site, never too soon, and none from one that fails.

No clock is asked here: moments are seconds of whatever clock the caller keeps, which must not jump.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from archiver.core.nights import NightVisit


@dataclass(frozen=True, kw_only=True)
class PaceLimits:
    """`delay` and `rest` are seconds; the rest as in the settings of the night."""

    delay: float = 1.0
    per_site: int = 2
    failures: int = 5
    rest: float = 600.0


@dataclass
class _Site:
    waiting: list[tuple[int, str, NightVisit]] = field(default_factory=list)  # a heap
    later: list[tuple[float, int, str, NightVisit]] = field(default_factory=list)  # a heap: not before its moment
    ready: float = 0.0
    busy: int = 0
    failures: int = 0
    on_trial: bool = False  # it was left alone for failing: one visit tells whether it is well again
    trying: bool = False  # that visit is under way
    why: str = ""


class Pace:
    """The visits that wait, by site."""

    def __init__(self, limits: PaceLimits) -> None:
        self._limits = limits
        self._sites: dict[str, _Site] = {}

    def add(self, visit: NightVisit, *, not_before: float = 0.0) -> None:
        """Let it wait, until `not_before` where that is given."""
        site = self._sites.setdefault(visit.site, _Site())
        if not_before > 0:
            heapq.heappush(site.later, (not_before, visit.number, visit.url, visit))
        else:
            heapq.heappush(site.waiting, (visit.number, visit.url, visit))

    def take(self, now: float) -> NightVisit | None:
        """The visit to begin now, first in the order of work; None where none may begin."""
        able = [site for site in self._sites.values() if self._may_begin(site, now)]
        if not able:
            return None
        site = min(able, key=lambda each: each.waiting[0][:2])
        visit = heapq.heappop(site.waiting)[-1]
        site.busy += 1
        site.trying = site.on_trial
        site.ready = max(site.ready, now + self._limits.delay)
        return visit

    def ended(self, site: str, now: float, *, failed: bool, why: str = "") -> bool:
        """A visit to `site` is over; whether the site is given up for failing (`why`) once more after its rest."""
        state = self._sites[site]
        state.busy -= 1
        if not failed:
            state.failures, state.on_trial, state.trying, state.why = 0, False, False, ""
            return False
        state.failures += 1
        state.why = why
        if state.on_trial:
            # one that was under way when the site was left alone is no trial
            return state.trying
        if state.failures >= self._limits.failures:
            state.ready, state.on_trial = now + self._limits.rest, True
        return False

    def rest(self, site: str, until: float, why: str) -> None:
        """The site asked to be left alone."""
        state = self._sites[site]
        state.ready, state.why = max(state.ready, until), why

    def give_up(self, site: str) -> list[NightVisit]:
        """What still waits of the site, which waits no longer."""
        state = self._sites[site]
        left = [each[-1] for each in sorted(state.waiting)] + [each[-1] for each in sorted(state.later)]
        state.waiting, state.later = [], []
        return left

    def wait(self, now: float) -> float | None:
        """Seconds until something may begin if nothing under way ends before; None where nothing waits."""
        moments = [
            max(site.ready, now if site.waiting else site.later[0][0])
            for site in self._sites.values()
            if site.waiting or site.later
        ]
        return max(0.0, min(moments) - now) if moments else None

    def sites(self) -> dict[str, str]:
        """Every site that something waits of, with why it is left alone, where it is."""
        return {name: each.why for name, each in self._sites.items() if each.waiting or each.later}

    def __len__(self) -> int:
        return sum(len(each.waiting) + len(each.later) for each in self._sites.values())

    def _may_begin(self, site: _Site, now: float) -> bool:
        while site.later and site.later[0][0] <= now:
            *_, visit = heapq.heappop(site.later)
            heapq.heappush(site.waiting, (visit.number, visit.url, visit))
        most = 1 if site.on_trial else self._limits.per_site
        return bool(site.waiting) and site.busy < most and site.ready <= now

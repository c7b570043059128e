"""From the agenda and what was found to the rows of the queue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from archiver.core.config import NightlySettings
from archiver.core.nights import KnownThread, NightRun, Nights, NightVisit, ThreadObservation, VisitKind, VisitState
from archiver.core.records import Outcome
from archiver.core.register import site_of
from archiver.workflows.night.agenda import Scope
from capture.discovery.found import Hint, read_hint, write_hint
from capture.revisits import RevisitPolicy, ThreadHistory, VisitReason, night_of, plan_visits

_RANK = {reason: (position + 1) * 1_000_000 for position, reason in enumerate(VisitReason)}
"""Every site's new threads come before any site's sampled ones: what a short night leaves matters least."""


def policy_of(settings: NightlySettings) -> RevisitPolicy:
    return RevisitPolicy(
        quiet_days=settings.quiet_days, sample_days=settings.sample_days, gone_checks=settings.gone_checks
    )


def first_visits(scopes: Sequence[Scope]) -> list[NightVisit]:
    """What begins a night: the accounts' pages and lists, the jobs' addresses."""
    visits: list[NightVisit] = []
    for scope in scopes:
        for url in scope.urls:
            kinds = (VisitKind.DISCOVERY, VisitKind.TIMELINE) if scope.depth else (VisitKind.PAGE,)
            visits += [
                NightVisit(
                    number=len(visits) + position,
                    kind=kind,
                    url=url,
                    site=site_of(url),
                    account_id=scope.account_id,
                    job_id=scope.job_id,
                    reason="its own page" if kind is not VisitKind.DISCOVERY else "its list of threads",
                )
                for position, kind in enumerate(kinds)
            ]
    return visits


def thread_visits(
    nights: Nights,
    run: NightRun,
    scope: Scope,
    *,
    policy: RevisitPolicy,
    zone: tzinfo,
    taken: Collection[str],
    disposed: Callable[[str], bool],
) -> list[NightVisit]:
    """The threads of `scope` this night looks at, those to be listed only (`disposed`) already ended.

    `taken` are addresses that the night looks at anyway.
    """
    known = {each.url: each for each in nights.threads(scope.id)}
    seen = nights.observations(scope.id)
    planned = plan_visits(
        [url for url in known if url not in taken],
        {url: history_of(each, seen.get(url, ()), zone) for url, each in known.items()},
        {url: read_hint(each.hint) for url, each in known.items() if each.last_found >= run.started},
        policy,
        night=run.night,
        zone=zone,
        disposed={url for url in known if disposed(url)},
    )
    visits = [
        NightVisit(
            number=_RANK[each.reason] + position,
            kind=VisitKind.PAGE,
            url=each.url,
            site=site_of(each.url),
            account_id=scope.account_id,
            job_id=scope.job_id,
            reason=each.reason.value,
            hint=known[each.url].hint,
        )
        for position, each in enumerate(planned)
    ]
    return [_listed_only(each) if each.reason == VisitReason.DISPOSED else each for each in visits]


def _listed_only(visit: NightVisit) -> NightVisit:
    told = "destroyed here under its schedule, and still online"
    return replace(visit, state=VisitState.DONE, outcome=Outcome.DISPOSED, told=told)


def history_of(thread: KnownThread, observed: Iterable[ThreadObservation], zone: tzinfo) -> ThreadHistory:
    """What the captures of a thread, oldest first, say of it."""
    looked = healthy = active = None
    failed_nights, gone = set(), 0
    for each in observed:
        looked = each.at
        if not each.outcome.healthy:
            failed_nights.add(night_of(each.at, zone))
            continue
        failed_nights.clear()
        gone = gone + 1 if each.outcome is Outcome.GONE else 0
        if healthy is None or each.outcome is Outcome.COMPLETE:
            # of the first capture what matters is how old the thread itself is
            active = _latest(active, each.last_activity or each.at if healthy is None else each.at)
        active = _latest(active, each.last_activity)
        healthy = each.at
    return ThreadHistory(
        looked=looked,
        healthy=healthy,
        active=active,
        failing=len(failed_nights),
        gone=gone,
        seen=read_hint(thread.seen),
    )


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)


def keep_found(nights: Nights, scope: Scope, found: Iterable[tuple[str, Hint]], *, at: datetime) -> None:
    """Note what was found, within the caller's transaction; what this list leaves unsaid stays as it was said."""
    known = {each.url: read_hint(each.hint) for each in nights.threads(scope.id)}
    job = None if scope.account_id else scope.job_id
    for url, hint in found:
        told = write_hint(hint.over(known.get(url, Hint())))
        nights.note_found(url, account=scope.account_id, job=job, at=at, hint=told)

"""One night, from the lock to the report: begun, or taken up where it was killed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.events import EventType
from archiver.core.nights import NightRun, Nights, NightVisit, VisitKind, VisitState
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.records import AccountId, new_id
from archiver.workflows.capturing.run import open_session
from archiver.workflows.night.agenda import Scope, agenda, narrow
from archiver.workflows.night.closing import close_night
from archiver.workflows.night.planning import first_visits, policy_of, thread_visits
from archiver.workflows.night.report import NightReport, build_report, figures_of
from archiver.workflows.night.report_files import keep_report
from archiver.workflows.night.watch import Watch
from archiver.workflows.night.work import NightWork
from archiver.workflows.recover import recover_locked
from capture.revisits import night_of


def run_night(
    archive: Archive,
    *,
    actor: Person,
    accounts: Sequence[str] = (),
    workers: int | None = None,
    progress: Progress = silent,
    now: Callable[[], datetime] = clock.now,
    seconds: Callable[[], float] = time.monotonic,
) -> NightReport:
    """Do what is due, and keep the report; of the `accounts` named only, where any is.

    Every visit ends in an outcome or in the reason why it was left. `seconds` is a clock that never jumps.
    Raises ArchiveBusy where another run is at work, and what no night can go on with: StorageFull,
    BrowserMissing, RecorderFailed. A run that broke off so, or was killed, is taken up by the next one of
    the same night.
    """
    actor.require(Permission.CAPTURE)
    only = {archive.register.account(each).id for each in accounts}
    settings, zone = archive.settings.nightly, archive.settings.archive.zone
    with archive.run_lock():
        recover_locked(archive, now=now())
        watch = Watch(now, seconds=seconds, hours=settings.max_hours, until=settings.until, zone=zone)
        night = night_of(now(), zone)
        run, scopes = _take_up(archive, night, only, actor, now()) or _begin(archive, night, only, actor, now())
        work = NightWork(
            archive, run, scopes, actor=actor, workers=workers or settings.workers, watch=watch, progress=progress
        )
        if any(each.state is VisitState.WAITING for each in Nights(archive.db).visits(run.id)):
            work.work_off(lambda: open_session(archive, retrying=False))  # a night goes on with other sites first
        _note_jobs(archive, run, scopes, actor, now())
        closing = close_night(archive, actor=actor.id, now=now())
        report = build_report(archive, run, scopes, closing, finished=now())
        with archive.change(at=now(), actor=actor.id) as change:
            Nights(archive.db).finish(run.id, at=now(), exit_code=report.exit_code, figures=report.figures)
            change.record(EventType.NIGHT_ENDED, [run.id], {"exit_code": report.exit_code, **report.figures})
        return keep_report(archive, report, now=now())


def plan_night(archive: Archive, *, accounts: Sequence[str] = (), now: datetime) -> list[NightVisit]:
    """What a night begun now would look at, as far as is known before the sites are asked. Changes nothing."""
    zone, nights = archive.settings.archive.zone, Nights(archive.db)
    night = night_of(now, zone)
    scopes = _due(archive, night, {archive.register.account(each).id for each in accounts})
    run = NightRun(id="", night=night, started=now, actor="", trail_size=0)
    visits = first_visits(scopes)
    for scope in scopes:
        if scope.depth:
            visits += thread_visits(
                nights, run, scope, policy=policy_of(archive.settings.nightly), zone=zone,
                taken={each.url for each in visits},
                disposed=lambda url: archive.catalogue.stub_of_url(url) is not None,
            )  # fmt: skip
    return sorted(visits, key=lambda each: each.number)


def _due(archive: Archive, night: date, only: Collection[AccountId]) -> list[Scope]:
    """What is due; an account named is, whatever was done tonight."""
    register = archive.register
    scopes = agenda(register.accounts(), register.jobs(), night=night, zone=archive.settings.archive.zone)
    if only:
        return narrow(scopes, only)
    done = _done_tonight(Nights(archive.db), night)
    return [each for each in scopes if each.id not in done]


def _done_tonight(nights: Nights, night: date) -> set[str]:
    """Accounts and jobs that a run of this night has finished with nothing left."""
    done: set[str] = set()
    for run in nights.runs():
        if run.night == night and run.finished is not None:
            visits = nights.visits(run.id)
            done |= {each.scope for each in visits} - {each.scope for each in visits if each.state is VisitState.LEFT}
    return done


def _begin(
    archive: Archive, night: date, only: Collection[AccountId], actor: Person, at: datetime
) -> tuple[NightRun, list[Scope]]:
    scopes = _due(archive, night, only)
    run = NightRun(
        id=new_id("run"), night=night, started=at, actor=actor.id, trail_size=archive.trail.head().size,
        narrowed=bool(only),
    )  # fmt: skip
    with archive.change(at=at, actor=actor.id) as change:
        nights = Nights(archive.db)
        nights.begin(run)
        nights.add_visits(run.id, first_visits(scopes))
        change.record(EventType.NIGHT_BEGUN, [run.id], {"night": night.isoformat(), "scopes": len(scopes)})
    return run, scopes


def _take_up(
    archive: Archive, night: date, only: Collection[AccountId], actor: Person, at: datetime
) -> tuple[NightRun, list[Scope]] | None:
    """The run of this night that was killed, its work free again; runs of earlier nights are closed as they are.

    This process holds the lock: whoever leased work and did not end it is no more.
    """
    nights = Nights(archive.db)
    taken = None
    for run in [each for each in nights.runs() if each.finished is None]:
        mine = run.night == night and not run.narrowed and not only
        with archive.change(at=at, actor=actor.id) as change:
            for visit in nights.visits(run.id):
                if visit.state is VisitState.LEASED:
                    _free(archive, nights, run, visit, at)
            if mine and taken is None:
                taken = run
                nights.take_up(run, at=at)
                nights.note(run.id, f"a run killed before was taken up by {socket.gethostname()}", at=at)
            else:
                _close_as_killed(nights, run, at)
                change.record(EventType.NIGHT_ENDED, [run.id], {"exit_code": 105, "killed": True})
    if taken is None:
        return None
    wanted = {each.scope for each in nights.visits(taken.id)}
    zone = archive.settings.archive.zone
    known = agenda(archive.register.accounts(), archive.register.jobs(), night=night, zone=zone)
    return taken, [each for each in known if each.id in wanted]


def _free(archive: Archive, nights: Nights, run: NightRun, visit: NightVisit, at: datetime) -> None:
    """A visit that was under way: done where its capture was whole, else to be made again."""
    capture = archive.catalogue.capture(visit.capture_id) if visit.capture_id else None
    if capture is not None and capture.outcome.healthy and visit.kind is VisitKind.PAGE:
        nights.end_visit(run.id, visit, state=VisitState.DONE, outcome=capture.outcome, told=capture.reason)
        nights.note_seen(visit.url, hint=visit.hint)
    elif visit.attempts >= archive.settings.nightly.attempts:
        told = f"{visit.attempts} runs were killed while it was under way"
        nights.end_visit(run.id, visit, state=VisitState.LEFT, outcome=None, told=told)
    else:
        nights.put_back(run.id, visit, not_before=None, told="the run was killed while it was under way")


def _close_as_killed(nights: Nights, run: NightRun, at: datetime) -> None:
    for visit in nights.visits(run.id):
        if visit.state is VisitState.WAITING:
            told = "the run was killed, and not taken up before its night was over"
            nights.end_visit(run.id, visit, state=VisitState.LEFT, outcome=None, told=told)
    nights.finish(run.id, at=at, exit_code=105, figures=figures_of(nights.visits(run.id), {}))


def _note_jobs(archive: Archive, run: NightRun, scopes: Sequence[Scope], actor: Person, at: datetime) -> None:
    """A job has run when nothing of it was left; otherwise it stays due."""
    visits = Nights(archive.db).visits(run.id)
    left = {each.scope for each in visits if each.state is not VisitState.DONE}
    with archive.change(at=at, actor=actor.id) as change:
        for scope in scopes:
            if scope.id in left:
                continue
            mine = [each for each in visits if each.scope == scope.id]
            healthy = sum(each.outcome is not None and each.outcome.healthy for each in mine)
            for job in scope.jobs:
                archive.register.note_run(job, at)
                change.record(EventType.JOB_RUN, [job.id], {"captures": len(mine), "healthy": healthy})

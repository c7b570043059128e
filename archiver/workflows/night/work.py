"""The work of a night: visits by several workers under one recorder and browser, filed one by one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.nights import NightRun, Nights, NightVisit, VisitKind, VisitState
from archiver.core.people import Person
from archiver.core.progress import Progress
from archiver.core.records import CaptureId, Outcome
from archiver.workflows.capturing.run import begin_capture, listed_threads
from archiver.workflows.capturing.site_logins import keep_login, login_for, sessions_ready
from archiver.workflows.filing.disposed import file_disposed
from archiver.workflows.filing.file_capture import Filed, file_observation
from archiver.workflows.night.agenda import Scope
from archiver.workflows.night.pace import Pace, PaceLimits
from archiver.workflows.night.planning import keep_found, policy_of, thread_visits
from archiver.workflows.night.watch import Watch
from capture.discovery import Bounds, Discovery, Hint
from capture.job import Observation
from capture.logins.site_sessions import SiteLogin
from capture.session import CaptureSession

_LONGEST_REST = 24 * 3600.0  # a reset further away than a day is one for the next night
_RETRY_SECONDS = 20.0
"""Before the second attempt; twice as long before each further one."""
_LOOK_SECONDS = 1.0
"""How often the clock and the night's end are looked at while pages are being captured."""
_GONE = (404, 410)


@dataclass(frozen=True)
class _UnderWay:
    visit: NightVisit
    capture: CaptureId
    staged: Path
    login: SiteLogin | None  # of the site, where one is stored


class NightWork:
    """Works off the queue of one run. The catalogue is written by the thread that calls `work_off` alone."""

    def __init__(
        self,
        archive: Archive,
        run: NightRun,
        scopes: Sequence[Scope],
        *,
        actor: Person,
        workers: int,
        watch: Watch,
        progress: Progress,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._archive, self._run, self._actor = archive, run, actor
        self._nights = Nights(archive.db)
        self._scopes = {each.id: each for each in scopes}
        self._workers, self._watch, self._pause = workers, watch, pause
        self._progress = progress
        self._unready: dict[str, str] = {}  # sites that are not visited tonight, and why
        self._settings = archive.settings.nightly
        self._pace = Pace(
            PaceLimits(
                delay=self._settings.delay_seconds,
                per_site=self._settings.per_site,
                failures=self._settings.failures_in_a_row,
                rest=60.0 * self._settings.rest_minutes,
            )
        )
        self._owner = f"{os.uname().nodename}:{os.getpid()}"
        self._planned: set[str] = set()
        self._marks: dict[str, dict[str, str]] = {}  # of the sources, by address: read before workers need them
        self._ended = 0

    def work_off(self, open_session: Callable[[], AbstractContextManager[CaptureSession]]) -> None:
        """Until nothing waits or the night is over; what is left then is told why.

        Raises StorageFull, and whatever else ends a run: what is under way is then told by the next start.
        """
        running: dict[Future[tuple[Observation, Discovery | None]], _UnderWay] = {}
        # what breaks the run off ends the browser first: no worker is then waited for long
        with ThreadPoolExecutor(self._workers, thread_name_prefix="capture") as pool, open_session() as session:
            self._take_up(session)
            while True:
                self._look_at_the_clock()
                while len(running) < self._workers and not self._watch.over:
                    visit = self._pace.take(self._watch.seconds())
                    if visit is None:
                        break
                    begun = self._begin(visit)
                    running[pool.submit(self._observe, session, begun)] = begun
                if not running and not self._rest():
                    break
                timeout = self._until_next() if len(running) < self._workers else _LOOK_SECONDS
                for done in wait(running, timeout=timeout, return_when=FIRST_COMPLETED).done:
                    self._end(session, running.pop(done), *done.result())
        why = "the night was over before it was its turn"
        while waiting := self._pace.sites():
            for site, resting in waiting.items():
                self._leave(self._pace.give_up(site), resting or why)

    def _take_up(self, session: CaptureSession) -> None:
        """Queue what waits, the stored logins of its sites looked at first: one that ended stops its site alone."""
        visits = self._nights.visits(self._run.id)
        sites = sorted({each.site for each in visits if each.state is VisitState.WAITING})
        self._unready = sessions_ready(self._archive, sites, session=session, actor=self._actor, now=self._watch.now)
        self._queue(visits)
        for scope in self._scopes.values():
            self._plan_threads(scope)

    # -- one visit --------------------------------------------------------------------------

    def _begin(self, visit: NightVisit) -> _UnderWay:
        started = self._watch.now()
        capture, staged = begin_capture(
            self._archive, visit.url, started=started, actor=self._actor.id, account=visit.account_id,
            job=visit.job_id,
        )  # fmt: skip
        login = None
        if visit.kind is not VisitKind.DISCOVERY:  # lists are asked for as everybody sees them
            login = login_for(self._archive, visit.url, now=started)
        longest = timedelta(seconds=60 + self._seconds_of(visit))
        with self._archive.change(at=started, actor=self._actor.id):
            self._nights.lease(
                self._run.id, visit, owner=self._owner, expires=started + longest, capture=capture,
                attempt=visit.attempts + 1,
            )  # fmt: skip
        self._progress(self._ended, self._ended + len(self._pace) + 1, visit.url)
        return _UnderWay(visit, capture, staged, login)

    def _observe(self, session: CaptureSession, begun: _UnderWay) -> tuple[Observation, Discovery | None]:
        """In a worker's thread."""
        url, now = begun.visit.url, self._watch.now
        if begun.visit.kind is not VisitKind.DISCOVERY:
            observed = session.capture(
                url, capture_id=begun.capture, into=begun.staged, now=now, site_login=begun.login
            )
            return observed, None
        bounds = Bounds(requests=self._settings.discovery_requests, threads=self._settings.discovery_threads)
        return session.discover(
            url, capture_id=begun.capture, into=begun.staged, bounds=bounds, now=now,
            seconds=self._seconds_of(begun.visit), marks=self._marks[url],
        )  # fmt: skip

    def _seconds_of(self, visit: NightVisit) -> float:
        if visit.kind is VisitKind.DISCOVERY:
            return 60.0 * self._settings.discovery_minutes
        return float(self._archive.settings.capture.total_seconds)

    def _end(self, session: CaptureSession, begun: _UnderWay, observed: Observation, listed: Discovery | None) -> None:
        visit = begun.visit
        filed = file_observation(
            self._archive, observed, begun.staged, actor=self._actor.id, account=visit.account_id, job=visit.job_id
        )
        if begun.login is not None:
            keep_login(
                self._archive, begun.login, observed, filed.capture.outcome, session=session, actor=self._actor,
                now=self._watch.now,
            )  # fmt: skip
        again = self._again(visit, observed, filed)
        with self._archive.change(at=self._watch.now(), actor=self._actor.id):
            if again is None:
                self._nights.end_visit(
                    self._run.id, visit, state=VisitState.DONE, outcome=filed.capture.outcome,
                    told=filed.capture.reason,
                )  # fmt: skip
            else:
                self._nights.put_back(
                    self._run.id, visit, not_before=self._watch.moment_of(again), told=filed.capture.reason
                )
            if filed.capture.outcome.healthy:
                self._keep_what_was_found(visit, filed, listed)
        if again is None:
            self._ended += 1
            self._plan_threads(self._scopes.get(visit.scope))
        else:
            self._pace.add(replace(visit, attempts=visit.attempts + 1), not_before=again)

    def _again(self, visit: NightVisit, observed: Observation, filed: Filed) -> float | None:
        """When the visit is tried again; None where its outcome stands. The site's health is taken note of."""
        outcome, now = filed.capture.outcome, self._watch.seconds()
        broken = outcome is Outcome.FAILED and not observed.files  # the browser or the recorder, not the site
        failed = not outcome.healthy and not broken and observed.http_status not in _GONE
        why = f"{visit.site} failed {self._settings.failures_in_a_row} times in a row: {filed.capture.reason}"
        throttled = outcome is Outcome.THROTTLED
        if self._pace.ended(visit.site, now, failed=failed and not throttled, why=why):
            self._leave(self._pace.give_up(visit.site), why)
            return None
        resting = None
        if throttled:
            resting = 60.0 * self._settings.rest_minutes
            if observed.retry_after is not None:
                resting = max(0.0, (observed.retry_after - self._watch.now()).total_seconds())
            until = self._watch.moment_of(now + resting)
            told = f"{visit.site} asked to be left alone until {until:%Y-%m-%d %H:%M} UTC"
            self._pace.rest(visit.site, now + resting, told)
        if visit.attempts + 1 >= self._settings.attempts:
            return None
        if resting is not None:
            return now + resting if now + resting < self._watch.deadline else None
        if outcome is Outcome.FAILED and (broken or observed.http_status is None or observed.http_status >= 500):
            return now + (0.0 if broken else _RETRY_SECONDS * 2**visit.attempts)
        return None

    # -- what was found ---------------------------------------------------------------------

    def _keep_what_was_found(self, visit: NightVisit, filed: Filed, listed: Discovery | None) -> None:
        """Within the transaction that ends the visit."""
        at, scope = self._watch.now(), self._scopes.get(visit.scope)
        if listed is not None and scope is not None:
            keep_found(self._nights, scope, ((each.url, each.hint) for each in listed.found), at=at)
            self._nights.set_marks(visit.url, {**self._marks[visit.url], **listed.marks}, at=at)
            for cut in listed.cut:
                self._nights.note(self._run.id, f"{visit.url}: {cut}", at=at, about=visit.scope)
        elif visit.kind is VisitKind.TIMELINE and scope is not None:
            threads, most = listed_threads(self._archive, filed), self._settings.timeline_threads
            keep_found(self._nights, scope, ((url, Hint()) for url in threads[:most]), at=at)
            if len(threads) > most:
                cut = f"{visit.url}: of {len(threads)} threads it lists the first {most} are followed"
                self._nights.note(self._run.id, cut, at=at, about=visit.scope)
        elif visit.kind is VisitKind.PAGE:
            self._nights.note_seen(visit.url, hint=visit.hint)

    def _plan_threads(self, scope: Scope | None) -> None:
        """Queue the threads of `scope` once all that finds them is over; again after a kill, to the same end."""
        if scope is None or scope.id in self._planned or not scope.depth:
            return
        visits = [each for each in self._nights.visits(self._run.id) if each.scope == scope.id]
        finding = [each for each in visits if each.kind is not VisitKind.PAGE]
        if any(each.state in (VisitState.WAITING, VisitState.LEASED) for each in finding):
            return
        self._planned.add(scope.id)
        queued = {each.url for each in visits}
        planned = thread_visits(
            self._nights, self._run, scope,
            policy=policy_of(self._settings),
            zone=self._archive.settings.archive.zone,
            taken=queued,
            disposed=lambda url: self._archive.catalogue.stub_of_url(url) is not None,
        )  # fmt: skip
        for each in planned:
            if each.outcome is not Outcome.DISPOSED:
                continue  # the plan has looked its stub up already
            if (stub := self._archive.catalogue.stub_of_url(each.url)) is not None:
                file_disposed(
                    self._archive, each.url, stub, actor=self._actor.id, now=self._watch.now(),
                    account=each.account_id, job=each.job_id,
                )  # fmt: skip
        with self._archive.change(at=self._watch.now(), actor=self._actor.id):
            self._nights.add_visits(self._run.id, planned)
        self._queue(planned)

    # -- waiting and leaving ----------------------------------------------------------------

    def _queue(self, visits: Sequence[NightVisit]) -> None:
        barred: dict[str, list[NightVisit]] = {}
        for visit in visits:
            if visit.state is not VisitState.WAITING:
                self._ended += 1
            elif why := self._unready.get(visit.site, ""):
                barred.setdefault(why, []).append(visit)
            else:
                if visit.kind is VisitKind.DISCOVERY:
                    self._marks[visit.url] = self._nights.marks(visit.url)
                self._pace.add(visit, not_before=self._seconds_at(visit.not_before))
        for why, left in barred.items():
            self._leave(left, why)

    def _seconds_at(self, moment: datetime | None) -> float:
        """`moment`, which a run before this one noted, on the clock that never jumps; 0 where it is past."""
        if moment is None or moment <= self._watch.now():
            return 0.0
        wait = (moment - self._watch.now()).total_seconds()
        return self._watch.seconds() + min(wait, _LONGEST_REST)

    def _until_next(self) -> float:
        """Seconds until a free worker may have something to do."""
        seconds = self._pace.wait(self._watch.seconds())
        return _LOOK_SECONDS if seconds is None else min(max(seconds, 0.05), _LOOK_SECONDS)

    def _rest(self) -> bool:
        """Wait for sites that are left alone; False where none is worth it, or the night is over."""
        seconds = self._pace.wait(self._watch.seconds())
        left = self._watch.deadline - self._watch.seconds()
        if seconds is None or seconds > min(left, 60.0 * self._settings.patience_minutes) or self._watch.over:
            return False
        self._pause(min(seconds, _LOOK_SECONDS))
        return True

    def _leave(self, visits: Sequence[NightVisit], why: str) -> None:
        if not visits:
            return
        with self._archive.change(at=self._watch.now(), actor=self._actor.id):
            for visit in visits:
                self._nights.end_visit(self._run.id, visit, state=VisitState.LEFT, outcome=None, told=why)
        self._ended += len(visits)
        for id in {each.scope for each in visits if each.kind is not VisitKind.PAGE}:
            self._plan_threads(self._scopes.get(id))

    def _look_at_the_clock(self) -> None:
        if jump := self._watch.jump():
            with self._archive.change(at=self._watch.now(), actor=self._actor.id):
                self._nights.note(self._run.id, jump, at=self._watch.now())

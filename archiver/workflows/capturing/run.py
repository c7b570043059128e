"""One run of captures: addresses, an account or a job, one by one under one recorder and browser."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.errors import BadInput, Interrupted
from archiver.core.events import EventType
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.records import AccountId, CaptureId, Outcome, RecordKind, new_id
from archiver.core.register import check_url, site_of
from archiver.workflows.capturing.site_logins import keep_login, login_for
from archiver.workflows.filing.file_capture import Filed, file_observation
from archiver.workflows.recover import recover_locked, write_ticket
from capture.job import Observation
from capture.observation import CaptureLimits
from capture.secrets.masking import mask_address
from capture.session import CaptureSession
from capture.verdict.outcome_rules import rules_with
from capture.verdict.throttling import RetryPolicy

MOST_THREADS = 200
"""How many threads of one timeline a run captures at most."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """An address to capture; `depth` 1: also the threads it lists."""

    url: str
    account: AccountId | None = None
    job: str | None = None
    depth: int = 0


def capture_urls(
    archive: Archive,
    urls: Sequence[str],
    *,
    actor: Person,
    account: str | None = None,
    depth: int = 0,
    progress: Progress = silent,
    now: Callable[[], datetime] = clock.now,
) -> list[Filed]:
    """Capture each address, in order. Raises BadInput, NotFound, ArchiveBusy, BrowserMissing, StorageFull."""
    owner = archive.register.account(account).id if account else None
    targets = [Target(url=check_url(url), account=owner, depth=depth) for url in urls]
    return run(archive, targets, actor=actor, progress=progress, now=now)


def capture_account(
    archive: Archive,
    name: str,
    *,
    actor: Person,
    depth: int = 0,
    progress: Progress = silent,
    now: Callable[[], datetime] = clock.now,
) -> list[Filed]:
    """Capture the account's own page."""
    account = archive.register.account(name)
    return run(
        archive,
        [Target(url=account.url, account=account.id, depth=depth)],
        actor=actor,
        progress=progress,
        now=now,
    )


def run_job(
    archive: Archive,
    name: str,
    *,
    actor: Person,
    progress: Progress = silent,
    now: Callable[[], datetime] = clock.now,
) -> list[Filed]:
    """Run a job, whenever it is due. Raises BadInput where it is paused."""
    job = archive.register.job(name)
    if job.status != "active":
        raise BadInput(f"job {job.name} is {job.status}: take it up again with `archiver job resume {job.name}`")
    account = archive.register.account(job.account_id) if job.account_id else None
    urls = [account.url] if account else list(job.urls)
    targets = [Target(url=url, account=job.account_id, job=job.id, depth=job.depth) for url in urls]
    filed = run(archive, targets, actor=actor, progress=progress, now=now)
    with archive.change(at=now(), actor=actor.id) as change:
        archive.register.note_run(job, now())
        healthy = sum(each.capture.outcome.healthy for each in filed)
        change.record(EventType.JOB_RUN, [job.id], {"captures": len(filed), "healthy": healthy})
    return filed


def run(
    archive: Archive,
    targets: Sequence[Target],
    *,
    actor: Person,
    progress: Progress = silent,
    now: Callable[[], datetime] = clock.now,
) -> list[Filed]:
    """Capture the targets and the threads that deep ones list. Every one ends in an outcome with its reason.

    Raises Interrupted on Ctrl-C, after what was under way is recorded as failed.
    """
    actor.require(Permission.CAPTURE)
    waiting, seen, filed = deque(targets), {each.url for each in targets}, list[Filed]()
    with archive.run_lock(), open_session(archive) as session:
        recover_locked(archive, now=now())
        while waiting:
            target = waiting.popleft()
            progress(len(filed), len(filed) + len(waiting) + 1, target.url)
            filed.append(_capture(archive, session, target, actor, now))
            for thread in _threads_to_follow(archive, target, filed[-1]):
                if thread.url not in seen:
                    seen.add(thread.url)
                    waiting.append(thread)
            progress(len(filed), len(filed) + len(waiting), target.url)
    return filed


@contextmanager
def open_session(archive: Archive, *, retrying: bool = True) -> Iterator[CaptureSession]:
    """The recorder and the browser as the archive's settings want them; `retrying`: failed captures at once.

    Raises BadSettings for its rules.
    """
    settings, outcomes = archive.settings.capture, archive.settings.outcomes
    with CaptureSession(
        authority_dir=archive.config_directory / "recorder",
        allow_hosts=settings.allow_hosts,
        browser_path=settings.browser,
        limits=CaptureLimits(
            load_seconds=settings.load_seconds,
            total_seconds=settings.total_seconds,
            max_bytes=settings.max_megabytes * 1000 * 1000,
            max_requests=settings.max_requests,
            max_scrolls=settings.max_scrolls,
            max_clicks=settings.max_clicks,
            viewport_width=settings.viewport_width,
            exact_words=settings.exact_words,
        ),
        rules=rules_with(outcomes.rule, outcomes.without, rules_file=outcomes.rules_file),
        retries=RetryPolicy(
            retries=settings.retries if retrying else 0,
            first_wait=settings.retry_seconds,
            throttle_wait=settings.throttle_seconds,
        ),
    ) as session:
        yield session


def begin_capture(
    archive: Archive, url: str, *, started: datetime, actor: str, account: AccountId | None, job: str | None
) -> tuple[CaptureId, Path]:
    """An id and a directory for a capture of `url`; should it be killed, the next start tells what it was to be."""
    id = CaptureId(new_id("cap"))
    staged = archive.objects.begin(id)
    write_ticket(staged, url=mask_address(url), started=started, actor=actor, account=account, job=job)
    return id, staged


def _capture(
    archive: Archive, session: CaptureSession, target: Target, actor: Person, now: Callable[[], datetime]
) -> Filed:
    started, shown = now(), mask_address(target.url)
    id, staged = begin_capture(
        archive, target.url, started=started, actor=actor.id, account=target.account, job=target.job
    )
    login = login_for(archive, target.url, now=started)
    try:
        observed = session.capture(target.url, capture_id=id, into=staged, now=now, site_login=login)
    except KeyboardInterrupt as error:
        observed = Observation(
            capture_id=id,
            url=shown,
            final_url=shown,
            started=started,
            finished=now(),
            outcome=Outcome.FAILED,
            cause="interrupted",
            reason="interrupted by the person running it; nothing of it was filed",
        )
        file_observation(archive, observed, staged, actor=actor.id, account=target.account, job=target.job)
        raise Interrupted(f"interrupted while {shown} was being captured; what was filed before stays filed") from error
    filed = file_observation(archive, observed, staged, actor=actor.id, account=target.account, job=target.job)
    if login is not None:
        keep_login(archive, login, observed, filed.capture.outcome, session=session, actor=actor, now=now)
    return filed


def _threads_to_follow(archive: Archive, target: Target, filed: Filed) -> list[Target]:
    if target.depth < 1:
        return []
    return [
        Target(url=url, account=target.account, job=target.job) for url in listed_threads(archive, filed)[:MOST_THREADS]
    ]


def listed_threads(archive: Archive, filed: Filed) -> list[str]:
    """The threads of its own site that a captured timeline lists, from the top; none for any other page."""
    record = filed.capture.record_id
    if record is None or filed.kind is not RecordKind.TIMELINE:
        return []
    site = site_of(filed.capture.final_url)
    links = [
        each.item.source_url
        for each in archive.catalogue.items(record)
        if each.last_seen == filed.capture.started and each.item.source_url
    ]
    return [url for url in dict.fromkeys(links) if url.startswith("http") and site_of(url) == site]

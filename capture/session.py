"""The recorder and the browser of one run: started once, started anew when one dies."""

from __future__ import annotations

import contextlib
import gc
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from archiver.core import clock
from archiver.core.errors import RecorderFailed
from archiver.core.records import ANONYMOUS, CaptureId, Outcome
from archiver.core.site_sessions import CheckResult
from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium
from capture.discovery import Bounds, Discovery
from capture.discovery.recorded import capture_discovery
from capture.job import Observation, capture_page, discard_files
from capture.logins.site_sessions import LoginCheck, SiteLogin, check_login
from capture.observation import CaptureLimits
from capture.proxy.recording import Recorder
from capture.secrets.masking import mask_address
from capture.verdict.outcome_rules import OutcomeRules
from capture.verdict.throttling import RetryPolicy, next_attempt


class CaptureSession:
    """Takes many captures with one recorder and one browser, as a context manager. Thread-safe.

    A recorder or browser that dies ends every capture it was serving as failed, and is replaced once.

    `browser_path` is the configured Chromium, empty for the system's; `rules` and `retries` are the
    product's own rules and no retries where none are given; `jitter` gives numbers between 0 and 1,
    `pause` waits for so many seconds; the rest as Recorder's.
    Raises BrowserMissing, RecorderFailed or BrowserFailed where it cannot start.
    """

    def __init__(
        self,
        *,
        authority_dir: Path,
        allow_hosts: Collection[str] = (),
        trust_ca: Path | None = None,
        secrets: Collection[str] = (),
        browser_path: str = "",
        limits: CaptureLimits | None = None,
        rules: OutcomeRules | None = None,
        retries: RetryPolicy | None = None,
        jitter: Callable[[], float] = random.random,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._authority_dir = authority_dir
        self._allow_hosts = tuple(allow_hosts)
        self._trust_ca = trust_ca
        self._secrets = tuple(secrets)
        self._browser_path = browser_path
        self._limits = limits or CaptureLimits()
        self._rules = rules
        self._retries = retries or RetryPolicy()
        self._jitter = jitter
        self._pause = pause
        self._parts = contextlib.ExitStack()
        self._changing = threading.Lock()
        self._recorder: Recorder | None = None
        self._in_use: Counter[Recorder] = Counter()
        """Captures under way by recorder: a retired one is ended when the last of its captures is."""
        self._browser: Browser | None = None

    def __enter__(self) -> Self:
        executable = find_chromium(self._browser_path)
        try:
            with self._running_recorder() as recorder:
                spki = recorder.ca_spki
            self._browser = self._parts.enter_context(Browser(executable=executable, ca_spki=spki))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        gc.freeze()  # what the program has loaded by now need not be looked through for garbage at every capture
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gc.unfreeze()
        self._parts.close()
        with self._changing:
            recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.__exit__(None, None, None)

    @property
    def recorder_id(self) -> int | None:
        """Process id of the recording proxy, while it runs."""
        return self._recorder.pid if self._recorder else None

    @property
    def browser_id(self) -> int | None:
        """Process id of the browser, while it runs."""
        return self._browser.process_id if self._browser else None

    def capture(
        self,
        url: str,
        *,
        capture_id: CaptureId,
        into: Path,
        now: Callable[[], datetime] = clock.now,
        progress: Callable[[str], None] = lambda _: None,
        site_login: SiteLogin | None = None,
    ) -> Observation:
        """As capture_page, tried again where that helps; a proxy that dies meanwhile is an outcome too.

        Every attempt before the last is told in the reason. Raises StorageFull, and RecorderFailed
        where a new proxy cannot be started.
        """
        before: list[str] = []
        while True:
            observed = self._attempt(url, capture_id, into, now, progress, site_login)
            attempt = len(before) + 1
            again = next_attempt(observed, attempt, now(), policy=self._retries, jitter=self._jitter())
            if again is None:
                return _with_attempts(observed, before)
            before.append(f"attempt {attempt} at {observed.started:%H:%M:%S} UTC: {observed.reason}")
            discard_files(into)
            progress(f"waiting for attempt {attempt + 1}")
            self._pause(max(0.0, (again - now()).total_seconds()))

    def _attempt(
        self,
        url: str,
        capture_id: CaptureId,
        into: Path,
        now: Callable[[], datetime],
        progress: Callable[[str], None],
        site_login: SiteLogin | None,
    ) -> Observation:
        if self._browser is None:
            raise RuntimeError("a capture session is used within its `with` block")
        started = now()
        with self._running_recorder() as recorder:
            try:
                return capture_page(
                    url,
                    capture_id=capture_id,
                    recorder=recorder,
                    browser=self._browser,
                    into=into,
                    limits=self._limits,
                    rules=self._rules,
                    now=now,
                    progress=progress,
                    site_login=site_login,
                )
            except RecorderFailed as error:
                self._retire(recorder)
                access = site_login.access if site_login else ANONYMOUS
                return _lost(url, capture_id, started, now(), error, access)

    def discover(
        self,
        url: str,
        *,
        capture_id: CaptureId,
        into: Path,
        bounds: Bounds,
        seconds: float,
        marks: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> tuple[Observation, Discovery | None]:
        """As capture_discovery within `seconds`; no discovery where the proxy died meanwhile."""
        started = now()
        with self._running_recorder() as recorder:
            try:
                return capture_discovery(
                    url,
                    capture_id=capture_id,
                    recorder=recorder,
                    into=into,
                    limits=replace(self._limits, total_seconds=seconds),
                    bounds=bounds,
                    marks=marks,
                    rules=self._rules,
                    now=now,
                )
            except RecorderFailed as error:
                self._retire(recorder)
                return _lost(url, capture_id, started, now(), error), None

    def check_login(
        self, login: SiteLogin, url: str, *, expect: str = "", now: Callable[[], datetime] = clock.now
    ) -> LoginCheck:
        """As check_login; a proxy that dies meanwhile leaves it unclear. Raises RecorderFailed where none starts."""
        if self._browser is None:
            raise RuntimeError("a capture session is used within its `with` block")
        with self._running_recorder() as recorder:
            try:
                return check_login(
                    login,
                    url,
                    expect=expect,
                    recorder=recorder,
                    browser=self._browser,
                    limits=self._limits,
                    rules=self._rules,
                    now=now,
                )
            except RecorderFailed as error:
                self._retire(recorder)
                return LoginCheck(result=CheckResult.UNCLEAR, reason=str(error))

    @contextlib.contextmanager
    def _running_recorder(self) -> Iterator[Recorder]:
        """The recorder, started where there is none, and kept until the block ends."""
        with self._changing:
            if self._recorder is None:
                recorder = Recorder(
                    authority_dir=self._authority_dir,
                    allow_hosts=self._allow_hosts,
                    trust_ca=self._trust_ca,
                    secrets=self._secrets,
                )
                self._recorder = recorder.__enter__()
            recorder = self._recorder
            self._in_use[recorder] += 1
        try:
            yield recorder
        finally:
            with self._changing:
                self._in_use[recorder] -= 1
                last = self._recorder is not recorder and not self._in_use[recorder]
            if last:
                del self._in_use[recorder]
                recorder.__exit__(None, None, None)

    def _retire(self, recorder: Recorder) -> None:
        """Begin no further capture with it. Of many captures that saw it fail, one replaces it."""
        with self._changing:
            if self._recorder is recorder:
                self._recorder = None


def _with_attempts(observed: Observation, before: list[str]) -> Observation:
    return replace(observed, reason="; ".join(filter(None, [observed.reason, *before])))


def _lost(
    url: str,
    capture_id: CaptureId,
    started: datetime,
    finished: datetime,
    error: RecorderFailed,
    access: str = ANONYMOUS,
) -> Observation:
    """What is said of a capture whose recorder died."""
    return Observation(
        capture_id=capture_id,
        url=mask_address(url),
        final_url=mask_address(url),
        started=started,
        finished=finished,
        outcome=Outcome.FAILED,
        cause="recorder",
        reason=str(error),
        access=access,
    )

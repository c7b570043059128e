"""The browser: one Chromium for a whole run, a fresh context for every capture.

The only importer of playwright. Playwright runs in a thread of its own, so that Ctrl-C in the
main thread never breaks into it, and every step has a bound: no page can hold up a run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from urllib.parse import unquote, urlsplit

from playwright._impl._driver import compute_driver_executable
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Playwright, Route, StorageState, async_playwright
from playwright.async_api import Error as PlaywrightError

from archiver.core import clock
from archiver.core.child_environment import child_environment
from archiver.core.errors import BrowserFailed
from capture.browser.chromium import launch_flags
from capture.browser.visit import Visit
from capture.cookies.browser_state import BrowserState, from_storage_state, to_storage_state
from capture.observation import CaptureLimits, PageObservation
from capture.page.popups import Popups
from capture.proxy.recording import ProxyLogin
from capture.verdict.outcome_rules import OutcomeRules, shipped_rules

_T = TypeVar("_T")

_START_SECONDS = 60.0
# the fonts of a page do not reach its running head and foot
_RUNNING = (
    "<div style=\"font: 7.5pt 'Noto Sans', sans-serif; color: #444; inline-size: 100%; margin: 0 15mm; display: flex; "
    'justify-content: space-between"><bdi>{start}</bdi><bdi>{end}</bdi></div>'
)
_CLOSE_SECONDS = 5.0
_STATE_SECONDS = 10.0


class Paper(StrEnum):
    """The size of a printed page."""

    A4 = "a4"
    LETTER = "letter"


class Browser:
    """A running Chromium, as a context manager. Thread-safe.

    A browser that does not start raises BrowserFailed; one that died is started anew for the
    next capture.
    """

    def __init__(self, *, executable: Path, ca_spki: str = "") -> None:
        self._executable = executable
        self._flags = launch_flags(ca_spki=ca_spki)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._starting = asyncio.Lock()
        self._gone = asyncio.Event()
        self._under_way = 0
        self._spoilt = False
        """A visit left something that does not end: the browser is ended when no other visit needs it."""
        self._killed = False  # by us; playwright learns of it only a moment later
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None
        self.process_id: int | None = None
        """Of Chromium's main process, while it runs."""

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._wait(self._ready(), _START_SECONDS)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(BrowserFailed):
            self._wait(self._close(), 3 * _CLOSE_SECONDS)
        self._kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def observe(
        self,
        url: str,
        *,
        login: ProxyLogin | None = None,
        limits: CaptureLimits | None = None,
        rules: OutcomeRules | None = None,
        now: Callable[[], datetime] = clock.now,
        progress: Callable[[str], None] = lambda _: None,
        storage_state: BrowserState | None = None,
    ) -> PageObservation:
        """Show `url` and take its screenshots, DOM and layout; with `storage_state`, as one who is logged in.

        What the site did wrong is in the observation. Raises BrowserFailed where the browser
        or the page's process died or hung; the next call works again.
        """
        limits = limits or CaptureLimits()
        work = self._observe(url, login, limits, rules or shipped_rules(), now, progress, storage_state)
        return self._wait(work, limits.total_seconds + 30)

    def print_pdf(self, page: Path, *, paper: Paper, head: str, seconds: float = 300.0) -> bytes:
        """The HTML file `page` as a tagged PDF with an outline, its files taken from its own directory.

        No script runs, nothing is asked of any network. `head` stands at the top of every page, the page's number
        at its foot. Raises BrowserFailed.
        """
        return self._wait(self._print(page, paper, head), seconds)

    def _wait(self, work: Coroutine[Any, Any, _T], seconds: float) -> _T:
        """Run `work` in the browser's thread and wait for it; past `seconds` the browser is killed."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError as error:
            self._kill()
            raise BrowserFailed(f"the browser did not answer for {seconds:.0f} s and was ended") from error
        finally:
            future.cancel()

    async def _ready(self) -> Chromium:
        """The running Chromium, started where there is none."""
        async with self._starting:
            if self._chromium is not None and self._chromium.is_connected() and not self._killed:
                return self._chromium
            await self._close()
            await asyncio.to_thread(_check_driver)
            try:
                with tokens_hidden():
                    self._playwright = await async_playwright().start()
                self._chromium = await self._playwright.chromium.launch(
                    executable_path=self._executable,
                    args=self._flags,
                    env=dict[str, str | float | bool](child_environment()),
                    handle_sigint=False,
                    timeout=_START_SECONDS * 1000,
                )
                self._killed = self._spoilt = False
                self._gone = gone = asyncio.Event()
                self._chromium.on("disconnected", lambda _: gone.set())
                session = await self._chromium.new_browser_cdp_session()
                processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
                self.process_id = next(each["id"] for each in processes if each["type"] == "browser")
                await session.detach()
            except PlaywrightError as error:
                raise BrowserFailed(f"{self._executable} did not start: {_first_line(error)}") from error
            return self._chromium

    async def _close(self) -> None:
        """End browser and driver; a dead one is let go."""
        chromium, self._chromium = self._chromium, None
        driver, self._playwright = self._playwright, None
        self.process_id = None
        for ending in (chromium and chromium.close, driver and driver.stop):
            if ending:
                with contextlib.suppress(PlaywrightError, TimeoutError):
                    await asyncio.wait_for(ending(), _CLOSE_SECONDS)

    def _kill(self) -> None:
        self._killed = True
        if self.process_id is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process_id, signal.SIGKILL)

    async def _observe(
        self,
        url: str,
        login: ProxyLogin | None,
        limits: CaptureLimits,
        rules: OutcomeRules,
        now: Callable[[], datetime],
        progress: Callable[[str], None],
        state: BrowserState | None,
    ) -> PageObservation:
        chromium = await self._ready()
        self._under_way += 1
        work = asyncio.ensure_future(self._visit(chromium, url, login, limits, rules, now, progress, state))
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            # a browser killed while a context is being made would leave playwright waiting for ever
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                await asyncio.wait({work}, timeout=1.0)
            if not work.done():
                raise BrowserFailed(f"the browser ended while showing {url}")
            return work.result()
        except PlaywrightError as error:
            raise BrowserFailed(f"the browser failed while showing {url}: {_first_line(error)}") from error
        finally:
            work.cancel()
            gone.cancel()
            self._under_way -= 1
            if self._spoilt and not self._under_way:
                self._spoilt = False
                self._kill()

    async def _print(self, page: Path, paper: Paper, head: str) -> bytes:
        chromium = await self._ready()
        try:
            context = await chromium.new_context(java_script_enabled=False, offline=True, accept_downloads=False)
            try:
                folder = page.parent.resolve()
                await context.route("**/*", lambda route: _only_below(folder, route))
                sheet = await context.new_page()
                await sheet.goto(page.resolve().as_uri())
                return await sheet.pdf(
                    format=paper.value,
                    display_header_footer=True,
                    header_template=_RUNNING.format(start=escape(head), end=""),
                    footer_template=_RUNNING.format(
                        start="",
                        end='page <span class="pageNumber"></span> of <span class="totalPages"></span>',
                    ),
                    margin={"top": "17mm", "bottom": "17mm", "left": "15mm", "right": "15mm"},
                    print_background=True,
                    tagged=True,
                    outline=True,
                )
            finally:
                await context.close()
        except PlaywrightError as error:
            raise BrowserFailed(f"the browser could not print {page.name}: {_first_line(error)}") from error

    async def _visit(
        self,
        chromium: Chromium,
        url: str,
        login: ProxyLogin | None,
        limits: CaptureLimits,
        rules: OutcomeRules,
        now: Callable[[], datetime],
        progress: Callable[[str], None],
        state: BrowserState | None,
    ) -> PageObservation:
        process = self.process_id
        context = await chromium.new_context(
            storage_state=None if state is None else cast(StorageState, to_storage_state(state)),
            viewport={"width": limits.viewport_width, "height": limits.viewport_height},
            accept_downloads=False,
            service_workers="allow",
            proxy=None
            if login is None
            else {
                "server": login.server,
                "username": login.username,
                "password": login.password,
                "bypass": "<-loopback>",
            },
        )
        try:
            page = await context.new_page()
            popups = Popups(seconds=limits.idle_seconds)
            context.on("page", popups.opened)
            session = await context.new_cdp_session(page)
            seen = await Visit(session, limits=limits, rules=rules, now=now, progress=progress).observe(url)
            seen = replace(seen, behaviours=(*seen.behaviours, *await popups.closed()))
            return seen if state is None else replace(seen, state=await _state_of(context))
        finally:
            try:
                await asyncio.wait_for(context.close(), _CLOSE_SECONDS * max(1, self._under_way))
            except TimeoutError:
                if self.process_id == process:  # not the one started since
                    self._spoilt = True


async def _state_of(context: BrowserContext) -> BrowserState | None:
    """Cookies and stored values after a visit; None where the page does not let them be read."""
    try:
        state = await asyncio.wait_for(context.storage_state(indexed_db=True), _STATE_SECONDS)
    except (PlaywrightError, TimeoutError):
        return None
    return from_storage_state(cast(Mapping[str, Any], state))


async def _only_below(folder: Path, route: Route) -> None:
    """Let a page read files of its own directory, and nothing else."""
    address = urlsplit(route.request.url)
    path = Path(unquote(address.path)).resolve()
    if address.scheme == "file" and path.is_relative_to(folder):
        await route.continue_()
    else:
        await route.abort()


def _check_driver() -> None:
    """Raises BrowserFailed where playwright's driver cannot run; playwright itself says that by a bare Exception."""
    driver, _ = compute_driver_executable()
    try:
        ran = subprocess.run(
            [driver, "--version"],
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            env=child_environment(),
        )
        why = "" if ran.returncode == 0 else ran.stderr.strip() or f"it ended with {ran.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        raise BrowserFailed(
            f"playwright's driver does not start: {why}; "
            "install the library it lacks (Debian: `apt install libatomic1`)"
        )


def _first_line(error: PlaywrightError) -> str:
    return error.message.splitlines()[0] if error.message else type(error).__name__


@contextlib.contextmanager
def tokens_hidden() -> Iterator[None]:
    """Take the archive's variables out of our environment while the driver starts: it inherits ours."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("ARCHIVER_")}
    for name in kept:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(kept)

"""One visit to one page: load, first screen, scroll, wait, hold still, record.

Speaks the DevTools protocol through a session the browser hands in. What the page does wrong
becomes a problem in the observation; only a dead browser is an error.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from archiver.core.errors import BrowserFailed
from capture.observation import TILE_HEIGHT, CaptureLimits, PageObservation, write_feed
from capture.page import questions
from capture.page.behaviours import Behaviours, Deeds, Reach, tell
from capture.page.questions import ScriptError
from capture.page.witness import Session, Witness
from capture.pictures.blank_frames import blank_frames
from capture.pictures.even_ground import EvenGround
from capture.pictures.generated import Generated, read_generated, with_generated
from capture.pictures.ink import Rectangle
from capture.pictures.layout import write_layout
from capture.pictures.word_shots import read_ground, trace_words
from capture.verdict.outcome_rules import OutcomeRules

_T = TypeVar("_T")

_PICTURES_MILLISECONDS = 2_000
"""How long the first screen is waited for to be drawn with its pictures."""
_LONGEST_FRAME_VIEWPORT = 32_768
"""CSS pixels; a window of that height is one surface in memory, of some 170 MB."""

_BLANK_FRAMES = "frames below the first screen may be blank on the screenshot"

_WITHOUT_PAGE = frozenset({"net::ERR_ABORTED", "net::ERR_HTTP_RESPONSE_CODE_FAILURE"})
"""What Chromium says of a download, and of an error status with an empty body, where it shows a page of its own."""

_RECORDING_SHARE = 0.4
_RECORDING_SECONDS = 60.0
"""What behaviours leave of a capture's time, at most that share, for the recording after them."""


class Stalled(Exception):
    """The page did not answer in time."""


class Visit:
    """The course of one visit; used once."""

    def __init__(
        self,
        session: Session,
        *,
        limits: CaptureLimits,
        rules: OutcomeRules,
        now: Callable[[], datetime],
        progress: Callable[[str], None],
    ) -> None:
        self._session = session
        self._limits = limits
        self._rules = rules
        self._now = now
        self._progress = progress
        self._deadline = time.monotonic() + limits.total_seconds
        self._witness = Witness(session, self._end_dialogs, limits.max_requests, self._end_requests)
        self._problems: list[str] = []
        self._behaviours: list[str] = []
        self._given_up = False
        self._download = False
        self._blocking: asyncio.Future[Any] | None = None

    async def observe(self, url: str) -> PageObservation:
        """Visit `url`. Raises BrowserFailed if the page's process dies."""
        started = self._now()
        self._progress("loading")
        try:
            await self._listen()
        except Stalled as error:
            raise BrowserFailed("the browser did not answer when it was to open a page") from error
        network_error = await self._navigate(url)
        kind = str(self._witness.response.get("mimeType", "")).lower()
        recorded: dict[str, Any] = {}
        if not network_error and not self._download and kind != "application/pdf":
            recorded = await self._take()
        final_url = await self._attempt(lambda: questions.current_url(self._send), "address") if recorded else None
        return PageObservation(
            url=url,
            final_url=final_url or (self._witness.chain[-1] if self._witness.chain else url),
            started=started,
            finished=self._now(),
            chain=tuple(self._witness.chain) or (url,),
            status=self._witness.response.get("status"),
            status_text=self._witness.response.get("statusText", ""),
            headers={name.lower(): value for name, value in self._witness.response.get("headers", {}).items()},
            content_type=kind,
            download=self._download,
            network_error=network_error,
            problems=tuple(dict.fromkeys(self._problems)),
            behaviours=tuple(self._behaviours),
            console_errors=tuple(self._witness.errors),
            resources=self._witness.resources,
            **recorded,
        )

    # -- waiting, bounded ----------------------------------------------------------------------

    async def _bounded(self, work: Awaitable[_T], seconds: float) -> _T:
        """The result of `work`, or Stalled past `seconds` or the capture's end; BrowserFailed on death."""
        task = asyncio.ensure_future(work)
        bound = max(0.05, min(seconds, self._deadline - time.monotonic()))
        try:
            waited: set[asyncio.Future[Any]] = {task, self._witness.died}
            await asyncio.wait(waited, timeout=bound, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            if not task.done():
                task.cancel()
        if self._witness.died.done():
            raise BrowserFailed(self._witness.died.result())
        raise Stalled

    async def _send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self._bounded(self._session.send(method, params), self._limits.step_seconds)
        return dict(answer or {})

    async def _attempt(self, work: Callable[[], Awaitable[_T]], what: str) -> _T | None:
        """Do `work`; where a script of the page is in the way, stop scripts and do it again."""
        for again in (False, True):
            if self._given_up:
                break
            try:
                return await work()
            except ScriptError as error:
                self._problems.append(f"the page's {what} could not be read: {error}")
                break
            except Stalled:
                if self._given_up:
                    break
                if not again:
                    await self._stop_scripts()
                elif not self._given_up:
                    self._given_up = True
                    self._problems.append(f"the page did not answer in time, its {what} and more are missing")
        return None

    async def _stop_scripts(self) -> None:
        """Stop the page's scripts; a page that cannot even be told to is given up."""
        try:
            await self._bounded(questions.stop_scripts(self._session.send), self._limits.step_seconds)
            self._problems.append("a script of the page did not end and was stopped")
        except Stalled:
            self._given_up = True
            self._problems.append("the page did not answer in time, and could not be read")

    def _end_dialogs(self) -> None:
        """Give up: between two dialogs nothing else is answered, not even that scripts shall stop."""
        self._problems.append("the page opens dialogs without end, and cannot be read for them")
        self._given_up = True
        self._witness.loaded.set()

    def _end_requests(self) -> None:
        """Let the page ask for nothing more: it has asked for as much as one capture may."""
        self._problems.append(f"the page asked for more than {self._limits.max_requests:,} files, the capture's limit")
        self._blocking = asyncio.ensure_future(self._session.send("Network.setBlockedURLs", {"urls": ["*"]}))

    # -- loading -------------------------------------------------------------------------------

    async def _listen(self) -> None:
        for domain in ("Page", "Network", "Inspector", "Runtime"):
            await self._send(f"{domain}.enable")
        await self._send("Network.setCacheDisabled", {"cacheDisabled": True})
        self._witness.main_frame = (await self._send("Page.getFrameTree"))["frameTree"]["frame"]["id"]

    async def _navigate(self, url: str) -> str:
        """Go to `url`; Chromium's name of what went wrong, or "" once the document is coming in."""
        seconds = self._limits.load_seconds
        try:
            answer = await self._bounded(self._session.send("Page.navigate", {"url": url}), seconds)
        except Stalled:
            if not self._witness.response:
                return "net::ERR_TIMED_OUT"
            answer = {}
        error = str(answer.get("errorText", ""))
        if error in _WITHOUT_PAGE and self._witness.response:
            self._download = True  # or an answer without a body; its status tells
            return ""
        return error

    async def _load(self) -> None:
        """Until the page says it has loaded and what its scripts asked for has come, within bounds."""
        try:
            await self._bounded(self._witness.loaded.wait(), self._limits.load_seconds)
        except Stalled:
            self._problems.append(f"the page had not finished loading after {self._limits.load_seconds:g} s")
            await self._send("Page.stopLoading")
            try:
                await self._bounded(self._session.send("Runtime.evaluate", {"expression": "0"}), 2.0)
            except Stalled:
                await self._stop_scripts()
            return
        await self._settle(quiet=0.5 if self._witness.scripted else 0.0)

    async def _settle(self, quiet: float) -> None:
        seconds = self._limits.idle_seconds
        if not await questions.settle(self._send, self._witness, quiet=quiet, seconds=seconds):
            self._behaviours.append(f"requests were still under way after {seconds:g} s")

    # -- recording -----------------------------------------------------------------------------

    async def _take(self) -> dict[str, Any]:
        """Everything that is recorded of a page that is there."""
        taken: dict[str, Any] = {}
        await self._attempt(self._load, "content")
        await self._attempt(lambda: self._ask("painted", milliseconds=_PICTURES_MILLISECONDS), "pictures")
        taken["view"] = await self._attempt(self._shoot_first_screen, "first screen") or b""
        self._progress("scrolling")
        deeds = await self._behave()
        self._behaviours += deeds.notes
        taken["banner"] = deeds.banner
        await self._attempt(self._unfold, "inner scrolling")
        if deeds.unmounts:
            taken["feed"] = write_feed(deeds.posts, deeds.declared_posts)
        taken["signs"] = signs = await self._attempt(
            lambda: questions.read_signs(self._send, self._rules, self._limits.step_seconds), "description"
        )
        if signs and signs.frames:
            await self._attempt(self._show_frames, "frames")
        self._progress("recording")
        await self._attempt(lambda: questions.freeze(self._send), "scripts")
        metrics = await self._attempt(lambda: self._send("Page.getLayoutMetrics"), "size")
        if metrics is None:
            return taken
        size = metrics["cssContentSize"]
        width = min(max(size["width"], 1), 4 * self._limits.viewport_width)
        height = min(max(size["height"], 1), self._limits.max_page_height)
        if height < size["height"]:
            self._problems.append(f"the screenshot ends at {height:.0f} of {size['height']:.0f} pixels")
        window = metrics["cssLayoutViewport"]
        in_view = window["clientWidth"] >= width and window["clientHeight"] >= height
        characters = self._limits.max_dom_characters
        dom = await self._attempt(lambda: self._ask("dom", characters=characters), "DOM")
        lacking = await self._attempt(lambda: questions.open_roots(self._send), "fields")
        self._problems += filter(None, [lacking])
        # the images are compressed in another process while the page is asked for its words, and read in a thread
        tiles: list[bytes] = []
        shots = asyncio.ensure_future(
            self._attempt(lambda: self._shoot(width, height, in_view, into=tiles), "full screenshot")
        )
        reading = generated = ink = None
        try:
            layout = await self._attempt(lambda: self._layout(metrics), "layout")
            if layout and layout.get("resized"):
                await shots
                layout = await self._attempt(lambda: self._layout(metrics), "layout")
            layout = layout if layout and "texts" in layout else None
            if layout and self._limits.exact_words:
                reading = asyncio.ensure_future(read_ground(layout, tiles, shots))
            shown = await shots or ()
            if layout:
                generated = await self._attempt(lambda: read_generated(self._send, layout), "generated text")
            if layout and reading:
                ink = await self._trace(layout, generated, reading, shown, width, height, in_view)
        finally:
            shots.cancel()
            if reading:
                reading.cancel()
        if dom:
            taken["html"] = dom["html"]
            if dom["cut"]:
                self._problems.append(f"the DOM was cut at {characters:,} characters")
        taken["tiles"] = shown
        if layout:
            if any(each.startswith(_BLANK_FRAMES) for each in self._behaviours):
                self._problems += await asyncio.to_thread(blank_frames, layout["regions"], shown)
            taken["layout"] = write_layout(with_generated(layout, generated, lacking != ""), width, height, ink)
            if layout["cut"]:
                self._problems.append(f"the layout record ends after {layout['count']:,} words")
        return taken

    async def _ask(self, script: str, **options: object) -> dict[str, Any]:
        answer = await questions.run_script(self._send, script, options, seconds=self._limits.step_seconds)
        return dict(answer or {})

    async def _behave(self) -> Deeds:
        """Send banners away, scroll, open what is folded; see capture/page/behaviours.py."""
        deeds = Deeds()
        seconds = self._limits.total_seconds
        reach = Reach(
            session=self._session,
            send=self._send,
            settle=self._settle,
            witness=self._witness,
            limits=self._limits,
            until=self._deadline - min(_RECORDING_SHARE * seconds, _RECORDING_SECONDS),
        )
        behaviours = Behaviours(reach, deeds)
        await self._attempt(behaviours.dismiss_banner, "banner")
        await self._attempt(behaviours.show_all, "further screens")
        self._problems += deeds.problems
        return tell(deeds)

    async def _unfold(self) -> None:
        """A page may scroll inside of one part: the screenshot would show one screen of it."""
        seen = await self._ask("unfold")
        if not seen["found"]:
            return
        if seen["unfolded"]:
            self._behaviours.append("the part of the page that scrolls was laid out in full")
        else:
            self._problems.append(
                f"the page scrolls inside of a part of it: the screenshot shows {seen['shown']:.0f} "
                f"of its {seen['whole']:.0f} pixels"
            )

    async def _show_frames(self) -> None:
        """Make the window as tall as the page: frames below the first screen are drawn only then."""
        before = (await self._send("Page.getLayoutMetrics"))["cssContentSize"]["height"]
        if before <= self._limits.viewport_height:
            return
        if before > _LONGEST_FRAME_VIEWPORT:
            self._behaviours.append(f"{_BLANK_FRAMES}: the page is taller than a window can be made")
            return
        await self._resize(int(before))
        await self._settle(0.0)
        after = (await self._send("Page.getLayoutMetrics"))["cssContentSize"]["height"]
        if after > before * 1.02:  # parts sized by the window grew with it: rather blank frames than a false page
            await self._resize(self._limits.viewport_height)
            await self._settle(0.0)
            self._behaviours.append(f"{_BLANK_FRAMES}: the page grows with its window")
        else:
            self._behaviours.append("window made as tall as the page, for its frames")

    async def _resize(self, height: int) -> None:
        size = {
            "width": self._limits.viewport_width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": False,
        }
        await self._send("Emulation.setDeviceMetricsOverride", size)

    async def _shoot_first_screen(self) -> bytes:
        """As the full page is shot, beyond the window: by itself the window's edges of tiles show by chance."""
        screen = (0.0, 0.0, float(self._limits.viewport_width), float(self._limits.viewport_height))
        return await questions.shoot(self._send, screen)

    async def _shoot(
        self, width: float, height: float, in_view: bool, *, top: float = 0.0, into: list[bytes] | None = None
    ) -> tuple[bytes, ...]:
        """The images of the page down to `height`, as far as they lie below the row `top`; each at once `into` it."""
        tiles = [] if into is None else into
        tiles.clear()  # of an attempt that a script of the page broke off
        while top < height:
            tall = min(TILE_HEIGHT - top % TILE_HEIGHT, height - top)
            tiles.append(await questions.shoot(self._send, (0, top, width, tall), in_view=in_view))
            top += tall
        return tuple(tiles)

    async def _layout(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        return await self._ask(
            "layout",
            screen=metrics["cssLayoutViewport"]["clientHeight"],
            words=self._limits.max_words,
            exact=self._limits.exact_words,
            milliseconds=self._limits.step_seconds * 750,
        )

    async def _trace(
        self,
        layout: Mapping[str, Any],
        generated: Generated | None,
        reading: asyncio.Future[EvenGround],
        tiles: tuple[bytes, ...],
        width: float,
        height: float,
        in_view: bool,
    ) -> list[list[Rectangle]] | None:
        """Every word's ink; None where it cannot be told: the layout then holds boxes."""
        if not tiles or self._given_up or generated is None:
            return None
        try:
            return await trace_words(
                self._send,
                layout,
                generated.texts,
                reading,
                shown=tiles,
                shoot=lambda top, bottom: self._shoot(width, bottom, in_view, top=top),
                seconds=self._limits.step_seconds,
            )
        except (ScriptError, Stalled):
            self._behaviours.append(
                "the page did not answer in time: words are placed by their lines, not by their ink"
            )
            return None

"""What is done on a page before it is recorded: banners sent away, feeds scrolled, folded text opened.

Everything ends: by what the page has, or at a limit, which is then a problem of the capture.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from capture.observation import Banner, CaptureLimits
from capture.page import questions
from capture.page.press_guard import PressGuard
from capture.page.questions import Send
from capture.page.witness import Session, Witness
from capture.page.wording import read_wording

_AT_ONCE = 12
"""Buttons pressed before the page is given time: few enough that an answer can still be told from the next."""
_ROUNDS = 6
"""Times that scrolling and pressing may take turns: what is opened may be scrolled, and the other way round."""
_OVERLAP = 0.7
"""Of a screen, per step, in a feed that unmounts what is scrolled past: no post slips between two steps."""
_POST_CHARACTERS = 60_000
_POSTS_KEPT = 5_000
_POSTS_COME = 1_500
"""Milliseconds that posts may take to fill the screen after a step."""
_WAITS_FOR_MORE = 4


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How behaviours reach the page. `until` is when they must have ended, of the monotonic clock."""

    session: Session
    send: Send
    settle: Callable[[float], Awaitable[None]]
    witness: Witness
    limits: CaptureLimits
    until: float


@dataclass(kw_only=True)
class Deeds:
    """What was done and what it left undone, as it grows."""

    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    banner: Banner | None = None
    pressed: Counter[str] = field(default_factory=Counter)
    stopped: list[str] = field(default_factory=list)
    screens: int = 0
    posts: list[Mapping[str, Any]] = field(default_factory=list)
    declared_posts: int = 0
    unmounts: bool = False
    boxed: bool = False  # not the page scrolls but a box that fills it


class Behaviours:
    """The behaviours of one visit; used once. Raises what the page's questions raise."""

    def __init__(self, reach: Reach, deeds: Deeds) -> None:
        self._reach = reach
        self._limits = reach.limits
        self._deeds = deeds
        self._position = 0.0
        self._grown = 0.0
        self._height = 0.0
        self._began_again = False

    async def dismiss_banner(self) -> None:
        """Send a cookie banner away, or note that it stays."""
        words = read_wording().banner
        if not await self._ask("banner", **words, press=False):
            return
        async with PressGuard(self._reach.session, self._reach.witness.main_frame, self._deeds.stopped, consent=True):
            found = await self._ask("banner", **words, press=True)
            await self._reach.settle(0.2)
        if not found:
            return  # it went by itself
        stays = await self._ask("banner", **words, press=False)
        banner = Banner(
            tool=found["tool"],
            text=found["text"],
            action=found["action"],
            button=found["button"],
            dismissed=bool(found["action"]) and not stays,
            share=(stays or found)["share"],
        )
        self._deeds.banner = banner
        named = f" ({banner.tool})" if banner.tool else ""
        if banner.dismissed:
            self._deeds.notes.append(f"cookie banner{named} dismissed by its button {banner.button!r}")
        elif banner.action:
            self._deeds.notes.append(f"cookie banner{named} stays: its button {banner.button!r} did not dismiss it")
        else:
            self._deeds.notes.append(f"cookie banner{named} stays: no button that dismisses it was found")

    async def show_all(self) -> None:
        """Scroll to the end and open what is folded, in turns, until neither brings anything."""
        if self._began_again:  # scripts had to be stopped: pictures may still load, nothing else answers
            await self._scroll()
            await self._finish()
            return
        self._began_again = True
        await self._scroll()
        for _ in range(_ROUNDS):
            if not await self._open_folded() or self._spent():
                break
            await self._scroll()
        else:
            if await self._left():
                self._say("what is folded on the page kept growing: opening it was stopped")
        await self._finish()

    async def _finish(self) -> None:
        if self._deeds.screens:
            await self._ask("top")
            # a feed that unmounts mounts its first posts again
            await self._reach.settle(0.3 if self._deeds.unmounts else 0.0)

    # -- limits --------------------------------------------------------------------------------

    def _spent(self) -> bool:
        """Whether a limit is reached; then it is a problem of the capture, once."""
        limits, witness = self._limits, self._reach.witness
        if time.monotonic() >= self._reach.until:
            self._say(
                f"scrolling and opening stopped: the time of the capture ({limits.total_seconds:g} s) was running out"
            )
        elif witness.received >= limits.max_bytes:
            self._say(f"scrolling and opening stopped after {witness.received:,} bytes, the capture's limit")
        elif witness.started >= limits.max_requests:
            self._say(f"scrolling and opening stopped after {witness.started:,} requests, the capture's limit")
        else:
            return False
        return True

    def _say(self, problem: str) -> None:
        if problem not in self._deeds.problems:
            self._deeds.problems.append(problem)

    async def _ask(self, script: str, **options: object) -> Any:
        return await questions.run_script(self._reach.send, script, options, seconds=self._limits.step_seconds)

    # -- scrolling -----------------------------------------------------------------------------

    async def _scroll(self) -> None:
        """Down to the end so that lazy images load, on while the page grows within the limit."""
        limits, deeds = self._limits, self._deeds
        quiet = 0.4 if await questions.listens_to_scrolling(self._reach.send) else 0.0
        waits = 0
        while not self._spent():
            if self._position >= limits.max_page_height and not deeds.unmounts:
                self._say(f"scrolling stopped at {self._position:,.0f} pixels, the tallest page that is recorded")
                break
            step = await self._step(quiet)
            if step is None:
                continue
            if self._grown >= limits.max_scrolls:
                self._say(f"the page grew without end: scrolling stopped after {deeds.screens} screens")
                break
            if self._height > self._position + step["screen"] + 1:
                if not step["screens"]:
                    break  # it does not scroll any further, whatever it says of its height
                waits = 0
            elif not step["busy"] or waits == _WAITS_FOR_MORE:
                break
            else:  # the page says that more is coming
                waits += 1
                await self._reach.settle(0.6)

    async def _step(self, quiet: float) -> Mapping[str, Any] | None:
        """One walk downwards; None where it has to be begun anew, post by post."""
        limits, deeds = self._limits, self._deeds
        if deeds.unmounts:
            await self._collect()
        steps = max(1, int((limits.max_page_height - self._position) / limits.viewport_height))
        step: Mapping[str, Any] = await self._ask(
            "scroll",
            **{"from": self._position},
            milliseconds=limits.step_seconds * 500,
            steps=1 if deeds.unmounts else steps,
            share=_OVERLAP if deeds.unmounts else 1,
        )
        await self._reach.settle(0.0 if deeds.unmounts else quiet)
        deeds.screens += step["screens"]
        if step["inner"] and step["screens"]:
            deeds.boxed = True
        after = step  # a page that fits into the window and does not react to scrolling has not grown
        if step["screens"] or quiet:
            after = await self._ask("scroll", **{"from": step["y"]}, milliseconds=0, steps=0, share=1)
        if (step["unmounts"] or after["unmounts"]) and not deeds.unmounts:
            deeds.unmounts = True
            deeds.notes.append("the feed unmounts posts that are scrolled past: each was kept as it was seen")
            self._position, self._height = 0.0, 0.0
            await self._ask("top")
            await self._reach.settle(0.4)
            return None
        self._position = step["y"]
        if deeds.unmounts:
            await self._collect()
        self._grown += (after["height"] - self._height) / step["screen"] if self._height else 0.0
        self._height = after["height"]
        return step

    async def _collect(self) -> None:
        found = await self._ask("posts", characters=_POST_CHARACTERS, limit=_POSTS_KEPT, milliseconds=_POSTS_COME)
        self._deeds.posts += found["posts"]
        self._deeds.declared_posts = max(self._deeds.declared_posts, found["declared"])
        if found["full"]:
            self._say(f"the feed has more posts than are kept of one page ({_POSTS_KEPT:,})")

    # -- opening -------------------------------------------------------------------------------

    async def _open_folded(self) -> bool:
        """Press what shows more until nothing is left; whether anything was opened."""
        deeds, words = self._deeds, read_wording().expand
        before, opened = sum(deeds.pressed.values()), 0
        found = await self._ask("expand", **words, most=1, press=False)
        if not found["left"] and not found["folded"]:
            return False
        async with PressGuard(self._reach.session, self._reach.witness.main_frame, deeds.stopped):
            while not self._spent():
                room = self._limits.max_clicks - sum(deeds.pressed.values())
                if room <= 0:
                    if await self._left():
                        self._say(f"opening stopped after {self._limits.max_clicks} presses, the capture's limit")
                    break
                answer = await self._ask("expand", **words, most=min(_AT_ONCE, room), press=True)
                opened += answer["opened"]
                deeds.pressed.update(answer["pressed"])
                if not answer["pressed"]:
                    break
                await self._reach.settle(0.25)
                if await self._moved_away(found["address"]):
                    break
        return opened > 0 or sum(deeds.pressed.values()) > before

    async def _left(self) -> bool:
        return bool((await self._ask("expand", **read_wording().expand, most=1, press=False))["left"])

    async def _moved_away(self, address: str) -> bool:
        """Whether a press made the page show another address, as a script may; it is told to go back."""
        now = (await self._ask("expand", **read_wording().expand, most=1, press=False))["address"]
        if now.split("#")[0] == address.split("#")[0]:
            return False
        await self._reach.send("Runtime.evaluate", {"expression": "history.back()"})
        await self._reach.settle(0.4)
        self._say(f"a button led to {now}: opening was stopped, and the page told to go back")
        return True


def tell(deeds: Deeds) -> Deeds:
    """The deeds with a line of each, for the record."""
    notes = list(deeds.notes)
    if deeds.screens:
        notes.append(f"scrolled {deeds.screens} screens down")
    if deeds.boxed:
        notes.append("the page scrolls inside a box: the screenshot shows the part of it that the window holds")
    if deeds.unmounts:
        notes.append(f"kept {len(deeds.posts)} posts of the feed")
    if deeds.pressed:
        said = ", ".join(
            f"{label!r}" + (f" {count} times" if count > 1 else "") for label, count in deeds.pressed.most_common(12)
        )
        notes.append(f"pressed {sum(deeds.pressed.values())} buttons that show more: {said}")
    if deeds.stopped:
        first = "; ".join(dict.fromkeys(deeds.stopped[:5]))
        notes.append(f"stopped {len(deeds.stopped)} requests that a press set off and that do more than ask: {first}")
    return replace(deeds, notes=notes)

"""Windows a page opens: shown until they have loaded, so that what they asked for is recorded, then closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

MOST_POPUPS = 5
"""Windows of one page that are let load; further ones are closed at once."""


class Popup(Protocol):
    """A window, as the browser's driver hands it over."""

    @property
    def wait_for_load_state(self) -> Callable[..., Awaitable[Any]]: ...
    @property
    def close(self) -> Callable[..., Awaitable[Any]]: ...


class Popups:
    """The windows of one visit. Each may load for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._showing: list[asyncio.Task[None]] = []
        self._turned_away = 0

    async def opened(self, popup: Popup) -> None:
        if len(self._showing) < MOST_POPUPS:
            self._showing.append(asyncio.ensure_future(self._show(popup)))
        else:
            self._turned_away += 1
            await popup.close()

    async def closed(self) -> list[str]:
        """Wait until all are closed; what there was to see, in plain words."""
        await asyncio.gather(*self._showing, return_exceptions=True)
        told = []
        if self._showing:
            count = len(self._showing)
            told.append(f"{count} window{'s' if count > 1 else ''} that the page opened were let load, then closed")
        if self._turned_away:
            told.append(f"{self._turned_away} further windows were closed at once")
        return told

    async def _show(self, popup: Popup) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(popup.wait_for_load_state("networkidle"), self._seconds)
        finally:
            await popup.close()

"""Watches what the page asks for while it answers a press of ours, and stops what does more than ask."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from capture.page.harmless import only_reads
from capture.page.witness import Session


class PressGuard:
    """An asynchronous context in which the page cannot be left and nothing on a server be changed.

    What was stopped is added to `stopped`. For a banner (`consent`) only leaving is stopped: telling
    the site what was refused is what its button is for.
    """

    def __init__(self, session: Session, main_frame: str, stopped: list[str], *, consent: bool = False) -> None:
        self._session = session
        self._main_frame = main_frame
        self._stopped = stopped
        self._consent = consent
        self._on = False
        self._answers: set[asyncio.Task[None]] = set()
        session.on("Fetch.requestPaused", self._hear)

    async def __aenter__(self) -> Self:
        await self._session.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "requestStage": "Request"}]})
        self._on = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on = False
        # a page that hangs does not hold this up: the browser answers it, not the page
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._session.send("Fetch.disable"), 2.0)

    def _hear(self, event: Mapping[str, Any]) -> None:
        if not self._on:
            return
        task = asyncio.ensure_future(self._answer(event))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, event: Mapping[str, Any]) -> None:
        request, id = event["request"], event["requestId"]
        with contextlib.suppress(Exception):  # the request ended meanwhile, or the page did
            if self._allows(event):
                await self._session.send("Fetch.continueRequest", {"requestId": id})
                return
            self._stopped.append(f"{request['method']} {request['url']}")
            await self._session.send("Fetch.failRequest", {"requestId": id, "errorReason": "Aborted"})

    def _allows(self, event: Mapping[str, Any]) -> bool:
        request = event["request"]
        if event.get("resourceType") == "Document" and event.get("frameId") == self._main_frame:
            return False
        return self._consent or only_reads(request["method"], request["url"], request.get("postData"))

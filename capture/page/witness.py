"""What the browser tells of a page while it lives: requests, answers, dialogs, errors, its death."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_DIALOGS_BORNE = 10
_ERRORS_KEPT = 200
_RESOURCES_KEPT = 20_000
_UNCOUNTED = frozenset({"websocket", "eventsource", "media", "ping", "texttrack"})
"""Requests nobody waits for: streams never end, and media end when the player is full."""


class Session(Protocol):
    """A DevTools protocol session attached to one page."""

    async def send(self, method: str, params: dict[str, Any] | None = None) -> Any: ...
    def on(self, event: str, f: Callable[..., None]) -> None: ...


class Witness:
    """Listens to one page's session; its fields are read while the visit runs."""

    def __init__(
        self, session: Session, on_dialogs: Callable[[], None], max_requests: int, on_requests: Callable[[], None]
    ) -> None:
        self.main_frame = ""
        self.chain: list[str] = []  # every address the main document was asked for
        self.response: dict[str, Any] = {}  # the main document's, empty until it answers
        self.under_way: set[str] = set()
        self.started = 0  # requests made
        self.received = 0  # bytes of the answers, as they came over the wire
        self.scripted = False  # scripts asked for something: they may ask again once it has come
        self.changed = asyncio.Event()
        self.loaded = asyncio.Event()
        self.died: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.resources: dict[str, dict[str, object]] = {}
        self.errors: list[str] = []
        self._urls: dict[str, str] = {}  # request id -> url
        self._dialogs = 0
        self._on_dialogs = on_dialogs
        self._max_requests = max_requests
        self._on_requests = on_requests
        session.on("Network.requestWillBeSent", self._hear_request)
        session.on("Network.responseReceived", self._hear_response)
        session.on("Network.loadingFinished", self._hear_end)
        session.on("Network.loadingFailed", self._hear_failure)
        session.on("Page.loadEventFired", self._hear_load)
        session.on("Page.javascriptDialogOpening", self._hear_dialog)
        session.on("Inspector.targetCrashed", self._hear_death)
        session.on("Runtime.exceptionThrown", self._hear_exception)
        session.on("Runtime.consoleAPICalled", self._hear_console)

    def _hear_request(self, event: Mapping[str, Any]) -> None:
        url, kind = str(event["request"]["url"]), str(event.get("type", "other")).lower()
        if url.startswith(("data:", "blob:")):
            return
        if kind == "document" and event.get("frameId") == self.main_frame:
            self.chain.append(url)
            self.response = {}
            self.loaded.clear()
        self._urls[event["requestId"]] = url
        self.started += 1
        if self.started == self._max_requests:
            self._on_requests()
        self.scripted = self.scripted or kind in ("xhr", "fetch", "websocket")
        # a frame of another site ends its loading in a session of its own; `load` waits for it
        inner = kind == "document" and event.get("frameId") != self.main_frame
        # so does a worker's own script, which belongs to no document's loader
        worker = kind == "script" and not event.get("loaderId")
        if kind not in _UNCOUNTED and not inner and not worker:
            self.under_way.add(event["requestId"])
        self.changed.set()

    def _hear_response(self, event: Mapping[str, Any]) -> None:
        response, kind = event["response"], str(event.get("type", "other")).lower()
        if kind == "document" and event.get("frameId") == self.main_frame:
            self.response = dict(response)
        url = str(response["url"])
        if not url.startswith(("data:", "blob:")):
            self._note(url, {"status": response["status"], "mime": response["mimeType"], "type": kind})

    def _hear_end(self, event: Mapping[str, Any]) -> None:
        self.received += int(event.get("encodedDataLength", 0))
        self.under_way.discard(event["requestId"])
        self.changed.set()

    def _hear_failure(self, event: Mapping[str, Any]) -> None:
        self._hear_end(event)
        if (url := self._urls.get(event["requestId"])) and not event.get("canceled"):
            known = self.resources.get(url, {"type": str(event.get("type", "other")).lower()})
            self._note(url, {**known, "error": event["errorText"]})

    def _note(self, url: str, resource: dict[str, object]) -> None:
        if len(self.resources) < _RESOURCES_KEPT:
            self.resources[url] = resource

    def _hear_load(self, _: Mapping[str, Any]) -> None:
        self.loaded.set()

    def _hear_dialog(self, _: Mapping[str, Any]) -> None:
        # playwright dismisses each; a page that opens them without end is stopped
        self._dialogs += 1
        if self._dialogs == _DIALOGS_BORNE:
            self._on_dialogs()

    def _hear_death(self, _: Mapping[str, Any]) -> None:
        with contextlib.suppress(asyncio.InvalidStateError):
            self.died.set_result("the page's process crashed")

    def _hear_exception(self, event: Mapping[str, Any]) -> None:
        details = event["exceptionDetails"]
        self._keep_error(str(details.get("exception", {}).get("description") or details.get("text", "")))

    def _hear_console(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "error":
            said = (each.get("value", each.get("description", "")) for each in event["args"])
            self._keep_error(" ".join(map(str, said)))

    def _keep_error(self, error: str) -> None:
        if len(self.errors) < _ERRORS_KEPT:
            self.errors.append(error[:500])

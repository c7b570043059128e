"""The recording proxy's desk: the parent's commands, one JSON line each, and their answers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from archiver.core.errors import ArchiverError, RecorderFailed
from archiver.core.warc import WarcWriter
from capture.proxy.tape import Tape, to_json
from capture.secrets.masking import STATEMENT, Secrets, worth_hiding

FORM = (
    "HTTP/2 heads in the form of HTTP/1.1; chunked transfer coding removed, its header kept as "
    "X-Orig-Transfer-Encoding; Accept-Encoding reduced to gzip"
)
"""What the warcinfo says under `recorded-form`."""

Answer = dict[str, object]


class Desk:
    """The captures under way, by id, and the one thread that writes their WARCs."""

    def __init__(self, secrets: Secrets) -> None:
        self.tapes: dict[str, Tape] = {}
        self._secrets = secrets
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warc-writer")
        self._deeds: dict[str, Callable[..., Awaitable[Answer]]] = {
            "begin": self._begin,
            "add_resource": self._add_resource,
            "finish": self._finish,
            "abandon": self._abandon,
            "mask": self._mask,
            "media": self._media,
        }

    async def answer(self, line: bytes) -> Answer:
        """One command's answer: `{"id", "result"}`, or `{"id", "error", "message"}`."""
        command = json.loads(line)
        try:
            return {"id": command["id"], "result": await self._deeds[command["do"]](**command["with"])}
        except ArchiverError as error:
            return {"id": command["id"], "error": type(error).__name__, "message": str(error)}
        except OSError as error:
            message = f"{error}; nothing of this capture is filed"
            return {"id": command["id"], "error": RecorderFailed.__name__, "message": message}

    async def close(self) -> None:
        """Abandon what is still being recorded."""
        for capture in tuple(self.tapes):
            await self._abandon(capture)
        self._thread.shutdown()

    async def _begin(
        self, capture: str, warc: str, info: dict[str, str], password: str, max_bytes: int, secrets: list[str]
    ) -> Answer:
        if capture in self.tapes:
            raise RecorderFailed(f"capture {capture} is being recorded already; finish or abandon it first")
        path = Path(warc)
        known = self._secrets.joined(worth_hiding(secrets))
        info = {name: known.mask_url(value) for name, value in info.items()}
        stated = {**info, "masked": STATEMENT, "recorded-form": FORM}
        loop = asyncio.get_running_loop()
        writer = await loop.run_in_executor(self._thread, lambda: WarcWriter(path, info=stated))
        self.tapes[capture] = Tape(
            path=path,
            password=password,
            writer=writer,
            thread=self._thread,
            max_bytes=max_bytes,
            secrets=known,
        )
        return {}

    async def _add_resource(
        self, capture: str, uri: str, media_type: str, file: str, headers: dict[str, str]
    ) -> Answer:
        return {"masked": await self._tape(capture).add_resource(uri, media_type, Path(file), headers)}

    async def _mask(self, capture: str, texts: list[str]) -> Answer:
        secrets = self._tape(capture).secrets
        return {"texts": [secrets.mask_url(each) for each in texts]}

    async def _media(self, capture: str, named: list[str]) -> Answer:
        """Media URLs that are not in the WARC whole: those seen, and of those `named` the ones never asked for."""
        seen = self._tape(capture).media
        return {"urls": [*seen.partial(), *(url for url in named if not seen.knows(url))]}

    async def _finish(self, capture: str, grace: float) -> Answer:
        tape = self._tape(capture)
        try:
            return to_json(await tape.finish(grace))
        finally:
            del self.tapes[capture]

    async def _abandon(self, capture: str) -> Answer:
        tape = self._tape(capture)
        del self.tapes[capture]
        await tape.abandon()
        return {}

    def _tape(self, capture: str) -> Tape:
        tape = self.tapes.get(capture)
        if tape is None:
            raise RecorderFailed(f"no capture {capture} is being recorded; begin it first")
        return tape


class Faults(logging.Handler):
    """The proxy swallows and logs what goes wrong in its hooks: no capture may pass after that."""

    def __init__(self, tapes: Mapping[str, Tape]) -> None:
        super().__init__(logging.ERROR)
        self.first: str | None = None
        self._tapes = tapes

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "error"
        fault = f"a fault in the recording proxy: {kind}: {record.getMessage()}"
        self.first = self.first or fault
        for tape in self._tapes.values():
            tape.spoil(RecorderFailed(f"{fault}; capture again, and report it"))

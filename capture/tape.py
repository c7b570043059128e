"""One capture's WARC while it is being recorded: bodies taken in, the byte budget, the report.

Bodies are taken in on the proxy's event loop; records are written by one writer thread, in
the order the exchanges ended, because compressing in the loop would stall the traffic.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

from archiver.core.durable import storage_errors
from archiver.core.errors import ArchiverError, RecorderFailed, StorageFull
from archiver.core.warc import Exchange, WarcSummary, WarcWriter
from capture.masking import Secrets
from capture.recorded import Failure, Recorded, Refusal, Truncation

_IN_MEMORY = 1 << 20
"""Bodies up to this many bytes wait for the writer in memory, longer ones in a file without a name."""

Describe = Callable[["Take", str | None], Exchange]
"""Makes the exchange of a take, given the WARC-Truncated reason."""


class Take:
    """One response being taken in."""

    def __init__(self, tape: Tape, url: str) -> None:
        self.url = url
        self.truncated: str | None = None
        self.ended = False
        self.body: BinaryIO | None = None
        self.describe: Describe | None = None
        """Set once there is a response to describe."""
        self.redirect = False
        """A browser hangs up on a redirect without reading its body: nothing a reader would miss."""
        self.stop: Callable[[], object] = lambda: None
        """Stops the traffic, when nothing more of it would be kept."""
        self._tape = tape

    def feed(self, piece: bytes) -> None:
        """Keep a piece of the body, as far as the capture's budget goes."""
        if self.ended or self.truncated is not None:
            return
        kept = self._tape.spend(piece)
        if len(kept) < len(piece):
            self.truncated = "length"
            self.stop()
        if not kept:
            return
        try:
            with storage_errors(self._tape.path):
                if self.body is None:
                    self.body = _spool(self._tape.path.parent)
                self.body.write(kept)
        except StorageFull as error:
            self._tape.spoil(error)

    def end(self, truncated: str | None = None) -> None:
        """The response ended; `truncated` says why it is not whole."""
        if self.ended:
            return
        self.ended = True
        self._tape.take_ended(self, self.truncated or truncated)

    def fail(self, reason: str) -> None:
        """The request ended without a response that could be kept."""
        if self.ended:
            return
        self.ended = True
        self._tape.take_failed(self, reason)


class Tape:
    """What the proxy holds of one capture. Everything but the writing runs on the event loop."""

    def __init__(
        self,
        *,
        path: Path,
        password: str,
        writer: WarcWriter,
        thread: Executor,
        max_bytes: int,
        secrets: Secrets,
    ) -> None:
        self.path = path
        self.password = password
        self.secrets = secrets
        self._writer = writer
        self._thread = thread
        self._budget = max_bytes
        self._under_way: set[Take] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failure: BaseException | None = None
        self._responses = 0
        self._refused: dict[Refusal, None] = {}
        self._truncated: list[Truncation] = []
        self._failed: list[Failure] = []
        self._hosts: set[str] = set()

    @property
    def spent(self) -> bool:
        """Whether the byte budget is used up: nothing more is asked of any server."""
        return self._budget <= 0

    def start(self, url: str) -> Take:
        take = Take(self, url)
        self._under_way.add(take)
        self._idle.clear()
        return take

    def spend(self, piece: bytes) -> bytes:
        """The part of `piece` the budget still covers."""
        kept = piece[: max(0, self._budget)]
        self._budget -= len(kept)
        return kept

    def spoil(self, error: BaseException) -> None:
        """Note that something could not be kept: the capture cannot be finished any more."""
        self._failure = self._failure or error

    def refused(self, refusal: Refusal) -> None:
        self._refused[refusal] = None

    def add_certificates(self, host: str, chain: bytes) -> None:
        """Keep the chain a host showed, once per host, as PEM (RFC 8555's media type for it)."""
        if host not in self._hosts:
            self._hosts.add(host)
            self._submit(
                lambda: self._writer.write_resource(
                    f"urn:certificates:{host}", "application/pem-certificate-chain", chain
                )
            )

    def take_ended(self, take: Take, truncated: str | None) -> None:
        describe = take.describe
        if describe is None:
            raise AssertionError("a take ends only once its response is known")
        self._remove(take)
        self._responses += 1
        if truncated is not None and not (take.redirect and truncated == "disconnect"):
            self._truncated.append(Truncation(url=take.url, reason=truncated))
        self._submit(lambda: self._write(take, describe(take, truncated)))

    def take_failed(self, take: Take, reason: str) -> None:
        self._remove(take)
        self._failed.append(Failure(url=take.url, reason=reason))

    async def add_resource(self, uri: str, media_type: str, file: Path, headers: Mapping[str, str]) -> None:
        def write() -> None:
            with file.open("rb") as content:
                self._writer.write_resource(uri, media_type, content, headers=headers)

        await asyncio.wrap_future(self._thread.submit(write))

    async def finish(self, grace: float) -> Recorded:
        """Wait up to `grace` seconds for responses under way, cut the rest, publish the file."""
        try:
            await asyncio.wait_for(self._idle.wait(), grace)
        except TimeoutError:
            for take in tuple(self._under_way):
                if take.describe is None:
                    take.fail("no answer before the capture ended")
                else:
                    take.end("time")
                take.stop()
        summary = await asyncio.wrap_future(self._thread.submit(self._close))
        return Recorded(
            warc=summary.path,
            records=summary.records,
            size=summary.size,
            sha256=summary.sha256,
            responses=self._responses,
            refused=tuple(self._refused),
            truncated=tuple(self._truncated),
            failed=tuple(self._failed),
        )

    async def abandon(self) -> None:
        for take in tuple(self._under_way):
            take.ended = True
            take.stop()
        self._under_way.clear()
        await asyncio.wrap_future(self._thread.submit(self._writer.abandon))

    def _remove(self, take: Take) -> None:
        self._under_way.discard(take)
        if not self._under_way:
            self._idle.set()

    def _submit(self, write: Callable[[], object]) -> None:
        self._thread.submit(write).add_done_callback(self._note_failure)

    def _note_failure(self, written: Future[object]) -> None:
        error = written.exception()
        if error is not None:
            self.spoil(error)

    def _write(self, take: Take, exchange: Exchange) -> None:
        self._writer.write_exchange(exchange)
        if take.body is not None:
            take.body.close()

    def _close(self) -> WarcSummary:
        if self._failure is None:
            try:
                return self._writer.finish()
            except StorageFull as error:
                self._failure = error
        self._writer.abandon()
        if isinstance(self._failure, ArchiverError):
            raise self._failure
        raise RecorderFailed(
            f"the recorder could not write {self.path}: {self._failure!r}; capture again, report the fault"
        ) from self._failure


def _spool(folder: Path) -> BinaryIO:
    """On the disk of the WARC, so that a full disk shows here and not in a shared /tmp."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(folder)))


def to_json(recorded: Recorded) -> dict[str, object]:
    return {**asdict(recorded), "warc": str(recorded.warc)}

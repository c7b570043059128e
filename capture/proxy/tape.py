"""One capture's WARC while it is being recorded: bodies taken in, the byte budget, the report.

Bodies are taken in on the proxy's event loop; records are written by one writer thread, in
the order the exchanges ended, because compressing in the loop would stall the traffic.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

from archiver.core.durable import storage_errors
from archiver.core.errors import ArchiverError, RecorderFailed, StorageFull
from archiver.core.warc import Exchange, WarcSummary, WarcWriter
from capture.media import MediaSeen
from capture.proxy.afterthought import masking
from capture.proxy.conversation import MEDIA_TYPE, Conversation
from capture.proxy.recorded import Echo, Failure, Recorded, Refusal, Truncation
from capture.secrets.masking import Secrets, mask_layout

_IN_MEMORY = 1 << 20
"""Bodies up to this many bytes wait for the writer in memory, longer ones in a file without a name."""

_TEXTS = ("text/", "application/json")
"""Media types of resources in which secrets are looked for."""

Describe = Callable[["Take", str | None], Exchange]
"""Makes the exchange of a take, given the WARC-Truncated reason. Runs on the writer thread."""


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
        self.response_id: str | None = None
        """Of the response record, once it is written."""
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
                    self.body = self._tape.new_file()
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
        self._written_under = secrets
        self._stale_until = 0  # records that begin before it were written with fewer secrets known than now
        self._under_way: set[Take] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failure: BaseException | None = None
        self._responses = 0
        self._refused: dict[Refusal, None] = {}
        self._truncated: list[Truncation] = []
        self._failed: list[Failure] = []
        self._echoes: dict[Echo, None] = {}
        self._hosts: set[str] = set()
        self._conversations: dict[Conversation, Take] = {}
        self.media = MediaSeen()
        self.logins: dict[str, str] = {}
        """The Cookie header the browser last sent to each origin, for what is fetched in its stead."""

    @property
    def spent(self) -> bool:
        """Whether the byte budget is used up: nothing more is asked of any server."""
        return self._budget <= 0

    def start(self, url: str) -> Take:
        take = Take(self, url)
        self._under_way.add(take)
        self._idle.clear()
        return take

    def learn(self, values: Iterable[str]) -> None:
        """Take these values for secrets from now on."""
        self.secrets = self.secrets.joined(values)

    def echoed(self, url: str) -> None:
        """Note that a response gave a secret back. Called on the writer thread."""
        self._echoes[Echo(url=url)] = None

    def new_file(self) -> BinaryIO:
        """A file without a name, on the disk of the WARC, so that a full disk shows here and not in a shared /tmp."""
        return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(self.path.parent)))

    def converse(self, url: str, take: Take) -> Conversation:
        """Open the record of a web socket whose handshake is `take`."""
        conversation = Conversation(url, self.new_file(), self.spend)
        self._conversations[conversation] = take
        return conversation

    def end_conversation(self, conversation: Conversation) -> None:
        """Write the record of a web socket; a second time does nothing."""
        take = self._conversations.pop(conversation, None)
        if take is None:
            return
        if conversation.cut:
            self._truncated.append(Truncation(url=conversation.url, reason="length"))

        def write() -> None:
            headers = {"WARC-Concurrent-To": take.response_id} if take.response_id else {}
            secrets, file = self.secrets, self.new_file()
            conversation.file.seek(0)
            for line in conversation.file:  # more may be known to be secret than when it was heard
                file.write(secrets.mask(line))
            conversation.file.close()
            uri = f"urn:websocket:{secrets.mask_url(conversation.url)}"
            self._writer.write_resource(uri, MEDIA_TYPE, file, headers=headers)
            file.close()

        self._submit(write)

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
        self._submit(lambda: self._write(take, describe, truncated))

    def take_failed(self, take: Take, reason: str) -> None:
        self._remove(take)
        self._failed.append(Failure(url=take.url, reason=reason))

    async def add_resource(self, uri: str, media_type: str, file: Path, headers: Mapping[str, str]) -> bool:
        """Write `file`; whether it held a secret, which is masked."""

        def write() -> bool:
            secrets, name = self.secrets, self.secrets.mask_url(uri)
            if not secrets or not media_type.startswith(_TEXTS):
                with file.open("rb") as content:
                    self._writer.write_resource(name, media_type, content, headers=headers)
                return False
            plain = file.read_bytes()
            if uri.startswith("urn:layout:"):
                masked, found = mask_layout(plain, secrets)
            else:
                masked = secrets.mask(plain)
                found = masked != plain
            self._writer.write_resource(name, media_type, masked, headers=headers)
            return found

        return await asyncio.wrap_future(self._thread.submit(write))

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
        for conversation in tuple(self._conversations):
            self.end_conversation(conversation)
        summary = await asyncio.wrap_future(self._thread.submit(self._close))
        mask = self.secrets.mask_url  # some were learned after a URL was noted
        return Recorded(
            warc=summary.path,
            records=summary.records,
            size=summary.size,
            sha256=summary.sha256,
            responses=self._responses,
            refused=tuple(self._refused),
            truncated=tuple(Truncation(url=mask(each.url), reason=each.reason) for each in self._truncated),
            failed=tuple(Failure(url=mask(each.url), reason=mask(each.reason)) for each in self._failed),
            echoes=tuple(self._echoes),
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

    def _write(self, take: Take, describe: Describe, truncated: str | None) -> None:
        self._note_stale()  # first: what is learned while this one is described makes it stale too
        take.response_id = self._writer.write_exchange(describe(take, truncated))
        if take.body is not None:
            take.body.close()

    def _note_stale(self) -> None:
        """Where secrets were learned since the last record, the records before may hold them."""
        if self.secrets is not self._written_under:
            self._stale_until, self._written_under = self._writer.size, self.secrets

    def _close(self) -> WarcSummary:
        if self._failure is None:
            try:
                self._note_stale()
                if self._stale_until:
                    change = masking(self.secrets, self.path.parent, self.echoed)
                    self._writer.rewrite(change, until=self._stale_until)
                return self._writer.finish()
            except StorageFull as error:
                self._failure = error
        self._writer.abandon()
        if isinstance(self._failure, ArchiverError):
            raise self._failure
        raise RecorderFailed(
            f"the recorder could not write {self.path}: {self._failure!r}; capture again, report the fault"
        ) from self._failure


def to_json(recorded: Recorded) -> dict[str, object]:
    return {**asdict(recorded), "warc": str(recorded.warc)}

"""The recording proxy: `python -m capture.proxy.recorder`, the one door to the network.

A subprocess of the capture, driven by JSON lines: commands on standard input, one answer
each on standard output (the parent's side is `capture.proxy.recording`). It ends when its input
ends, so it never outlives its parent.

Recorded as it stood on the wire, with these differences, which the warcinfo also states:
what `capture.secrets.masking` masks; HTTP/2 heads are written in HTTP/1.1's form; a chunked body is
stored without its chunks, and its Transfer-Encoding header as X-Orig-Transfer-Encoding.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import sys
from collections.abc import Collection, Mapping
from typing import Any, TextIO
from weakref import WeakKeyDictionary

from mitmproxy.connection import Client, Server
from mitmproxy.http import HTTPFlow
from mitmproxy.options import Options
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from capture.proxy.addons import Master, core, disable_h2c, next_layer, proxyserver, tlsconfig
from capture.proxy.asking_again import ask_again
from capture.proxy.conversation import Conversation
from capture.proxy.desk import Desk, Faults
from capture.proxy.egress import allowed_by_name
from capture.proxy.guard import DOOR, Door, GuardedLoop
from capture.proxy.logins import CAPTURE, ProxyLogins
from capture.proxy.recorded import AS_BROWSER, Refusal
from capture.proxy.tape import Take, Tape
from capture.proxy.wire import exchange_of, pem, request_fields_of
from capture.secrets.masking import Secrets, secrets_of_request, secrets_of_response

_KEY = "take"
_SOCKET = "conversation"
_LARGEST_FORM = 1 << 20
"""Bytes of a request body that is searched for secrets to learn; longer ones are uploads."""

_CHROMIUM_HOSTS = frozenset(
    {
        "android.clients.google.com",
        "clients2.google.com",
        "clientservices.googleapis.com",
        "content-autofill.googleapis.com",
        "edgedl.me.gvt1.com",
        "optimizationguide-pa.googleapis.com",
        "redirector.gvt1.com",
        "safebrowsing.googleapis.com",
        "update.googleapis.com",
    }
)
"""Where Chromium calls on its own account, not the page's."""


class Taping:
    """mitmproxy's hooks: which capture an exchange belongs to, and its bytes onto that capture's tape."""

    def __init__(self, tapes: Mapping[str, Tape], allow_hosts: Collection[str], server: Any) -> None:
        self._server = server
        self._tapes = tapes
        self._allow_hosts = allow_hosts
        self._clients: WeakKeyDictionary[Client, Tape] = WeakKeyDictionary()
        self._doors: WeakKeyDictionary[Server, Door] = WeakKeyDictionary()

    # -- who may connect where ----------------------------------------------------------------

    def http_connect(self, flow: HTTPFlow) -> None:
        self._attribute(flow)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        host, port = data.server.address or ("", 0)
        if data.server.transport_protocol != "tcp":
            data.server.error = "refused: only TCP is recorded"
            return
        door = Door(open=allowed_by_name(host, port, self._allow_hosts))
        self._doors[data.server] = door
        DOOR.set(door)

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        door, tape = self._doors.get(data.server), self._clients.get(data.client)
        if door is None or tape is None or door.refused is None:
            return
        host, port = data.server.address or ("", 0)
        tape.refused(Refusal(host=host, port=port, reason=door.refused))

    # -- what goes onto the tape --------------------------------------------------------------

    def requestheaders(self, flow: HTTPFlow) -> None:
        tape = self._attribute(flow)
        if tape is None:
            return
        self._speak_for_browser(flow, tape)
        tape.learn(secrets_of_request(flow.request.data.path, request_fields_of(flow)))
        take = tape.start(tape.secrets.mask_url(flow.request.url))
        take.stop = lambda: asyncio.get_running_loop().call_soon(self._hang_up, flow)
        flow.metadata[_KEY] = take
        if tape.spent:
            take.fail("not asked for: the capture's byte budget is used up")
            _untyped(flow).kill()
        elif "gzip" in flow.request.headers.get("accept-encoding", ""):
            flow.request.headers["accept-encoding"] = "gzip"

    def request(self, flow: HTTPFlow) -> None:
        body = flow.request.raw_content
        if _KEY in flow.metadata and body and len(body) <= _LARGEST_FORM:
            self._clients[flow.client_conn].learn(secrets_of_request(b"", request_fields_of(flow), body))

    def responseheaders(self, flow: HTTPFlow) -> None:
        take: Take | None = flow.metadata.get(_KEY)
        if take is None or flow.response is None:
            return
        tape = self._clients[flow.client_conn]
        tape.learn(secrets_of_response(flow.response.headers.fields))
        take.describe = lambda taken, truncated: exchange_of(flow, taken, tape, truncated)
        take.redirect = 300 <= flow.response.status_code < 400 and "location" in flow.response.headers
        chain = flow.server_conn.certificate_list
        if chain:
            tape.add_certificates(f"{flow.request.host}:{flow.request.port}", pem(chain))

        def tee(piece: bytes) -> bytes:
            take.feed(piece)
            return b"" if take.ended or take.truncated else piece

        flow.response.stream = tee

    def response(self, flow: HTTPFlow) -> None:
        take: Take | None = flow.metadata.get(_KEY)
        if take is not None and take.describe is not None:
            self._note_media(flow, take, whole=True)
            take.end()

    def error(self, flow: HTTPFlow) -> None:
        take: Take | None = flow.metadata.get(_KEY)
        if take is None:
            return
        if take.describe is not None:
            self._note_media(flow, take, whole=False)
            take.end("disconnect")
        else:
            take.fail(flow.error.msg if flow.error else "the connection was lost")

    def websocket_start(self, flow: HTTPFlow) -> None:
        take: Take | None = flow.metadata.get(_KEY)
        if take is not None:
            tape = self._clients[flow.client_conn]
            url = tape.secrets.mask_url(flow.request.url.replace("http", "ws", 1))
            flow.metadata[_SOCKET] = tape.converse(url, take)

    def websocket_message(self, flow: HTTPFlow) -> None:
        conversation: Conversation | None = flow.metadata.get(_SOCKET)
        if conversation is None or flow.websocket is None:
            return
        message = flow.websocket.messages.pop()  # else every message would stay in memory
        conversation.hear(
            message.content,
            client=message.from_client,
            text=message.is_text,
            at=message.timestamp,
            secrets=self._clients[flow.client_conn].secrets,
        )
        if conversation.cut:
            self._hang_up(flow)

    def websocket_end(self, flow: HTTPFlow) -> None:
        conversation: Conversation | None = flow.metadata.get(_SOCKET)
        socket = flow.websocket
        if conversation is None or socket is None:
            return
        tape = self._clients[flow.client_conn]
        conversation.close(
            socket.close_code or 1006,  # RFC 6455, 7.1.5: closed without a word
            socket.close_reason or "",
            client=bool(socket.closed_by_client),
            at=socket.timestamp_end or flow.request.timestamp_start,
            secrets=tape.secrets,
        )
        tape.end_conversation(conversation)

    def _speak_for_browser(self, flow: HTTPFlow, tape: Tape) -> None:
        """Note the login the browser shows to an origin; give it to what the capture fetches in its stead."""
        headers = flow.request.headers
        origin = f"{flow.request.scheme}://{flow.request.host}:{flow.request.port}"
        asked = headers.pop(AS_BROWSER, None)
        if asked is None:
            if cookies := headers.get_all("cookie"):
                tape.logins[origin] = "; ".join(cookies)
        elif hmac.compare_digest(asked.encode(), tape.password.encode()) and origin in tape.logins:
            headers["cookie"] = tape.logins[origin]

    def _note_media(self, flow: HTTPFlow, take: Take, *, whole: bool) -> None:
        response = flow.response
        if response is not None and flow.request.method == "GET" and not take.ended:
            kind, part = response.headers.get("content-type", ""), response.headers.get("content-range", "")
            media = self._clients[flow.client_conn].media
            media.note(flow.request.url, response.status_code, kind, part, whole=whole and take.truncated is None)

    def _hang_up(self, flow: HTTPFlow) -> None:
        """Close the client's connection, and with it the servers': nothing more would be kept."""
        client = flow.client_conn
        handler = self._server.connections.get(client.id)
        transport = handler and handler.transports.get(client)
        if transport and transport.writer:
            transport.writer.close()

    def _attribute(self, flow: HTTPFlow) -> Tape | None:
        """The tape of the flow's login; without one the flow is left to its 407, or stopped."""
        capture = flow.metadata.get(CAPTURE)
        if capture is None:
            return None
        tape = self._tapes.get(capture)
        if tape is None or flow.request.host in _CHROMIUM_HOSTS:
            _untyped(flow).kill()
            return None
        self._clients[flow.client_conn] = tape
        return tape


def _make_master(settings: Mapping[str, Any], desk: Desk) -> tuple[Any, Any]:
    ask_again()
    master = Master(Options())
    server = proxyserver.Proxyserver()
    master.addons.add(
        core.Core(),
        disable_h2c.DisableH2C(),
        ProxyLogins(desk.tapes),
        server,
        next_layer.NextLayer(),
        tlsconfig.TlsConfig(),
        Taping(desk.tapes, settings["allow_hosts"], server),
    )
    master.options.update(
        confdir=settings["authority_dir"],
        listen_host="127.0.0.1",
        listen_port=0,
        ssl_verify_upstream_trusted_ca=settings["trusted"],
        rawtcp=False,  # what is not HTTP cannot be recorded and does not pass
        http3=False,
    )
    return master, server


async def serve(answers: TextIO) -> None:
    """Run the proxy until standard input ends. The first line holds the settings."""

    def say(message: Mapping[str, object]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=1 << 22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    settings = json.loads(await commands.readline())
    desk = Desk(Secrets(settings["secrets"]))
    faults = Faults(desk.tapes)
    logging.basicConfig(level=logging.ERROR, handlers=[faults])  # lesser messages name URLs
    master, server = _make_master(settings, desk)
    running = asyncio.create_task(master.run())
    while not running.done() and not server.listen_addrs() and faults.first is None:
        await asyncio.sleep(0.01)
    if not server.listen_addrs() or faults.first is not None:
        sys.exit(faults.first or "it ended before it listened")
    say({"port": server.listen_addrs()[0][1]})
    answering: set[asyncio.Task[None]] = set()

    async def answer(line: bytes) -> None:
        say(await desk.answer(line))

    while line := await commands.readline():
        task = asyncio.create_task(answer(line))
        answering.add(task)
        task.add_done_callback(answering.discard)
    master.shutdown()
    await running
    await desk.close()


def _untyped(thing: object) -> Any:
    """mitmproxy leaves some of its functions without types."""
    return thing


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever else prints must not look like an answer
    with asyncio.Runner(loop_factory=GuardedLoop) as runner:
        runner.run(serve(answers))


if __name__ == "__main__":
    main()

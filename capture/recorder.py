"""The recording proxy: `python -m capture.recorder`, the one door to the network.

A subprocess of the capture, driven by JSON lines: commands on standard input, one answer
each on standard output (the parent's side is `capture.recording`). It ends when its input
ends, so it never outlives its parent.

Recorded as it stood on the wire, with these differences, which the warcinfo also states:
what `capture.masking` masks; HTTP/2 heads are written in HTTP/1.1's form; a chunked body is
stored without its chunks, and its Transfer-Encoding header as X-Orig-Transfer-Encoding.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO
from weakref import WeakKeyDictionary

from mitmproxy.addons import core, disable_h2c, next_layer, proxyauth, proxyserver, tlsconfig
from mitmproxy.certs import Cert
from mitmproxy.connection import Client, Server
from mitmproxy.http import HTTPFlow
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from archiver.core.warc import Exchange
from capture.asking_again import ask_again
from capture.desk import Desk, Faults
from capture.egress import allowed_by_name
from capture.guard import DOOR, Door, GuardedLoop
from capture.heads import reason_phrase, without_chunking, write_head
from capture.masking import Secrets, mask_headers
from capture.recorded import Refusal
from capture.tape import Take, Tape

_KEY = "take"
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
        take = tape.start(tape.secrets.mask_url(flow.request.url))
        take.stop = lambda: asyncio.get_running_loop().call_soon(self._hang_up, flow)
        flow.metadata[_KEY] = take
        if tape.spent:
            take.fail("not asked for: the capture's byte budget is used up")
            _untyped(flow).kill()
        elif "gzip" in flow.request.headers.get("accept-encoding", ""):
            flow.request.headers["accept-encoding"] = "gzip"

    def responseheaders(self, flow: HTTPFlow) -> None:
        take: Take | None = flow.metadata.get(_KEY)
        if take is None or flow.response is None:
            return
        tape = self._clients[flow.client_conn]
        take.describe = lambda taken, truncated: _exchange(flow, taken, tape.secrets, truncated)
        take.redirect = 300 <= flow.response.status_code < 400 and "location" in flow.response.headers
        chain = flow.server_conn.certificate_list
        if chain:
            tape.add_certificates(f"{flow.request.host}:{flow.request.port}", _pem(chain))

        def tee(piece: bytes) -> bytes:
            take.feed(piece)
            return b"" if take.ended or take.truncated else piece

        flow.response.stream = tee

    def response(self, flow: HTTPFlow) -> None:
        take: Take | None = flow.metadata.get(_KEY)
        if take is not None and take.describe is not None:
            take.end()

    def error(self, flow: HTTPFlow) -> None:
        take: Take | None = flow.metadata.get(_KEY)
        if take is None:
            return
        if take.describe is not None:
            take.end("disconnect")
        else:
            take.fail(flow.error.msg if flow.error else "the connection was lost")

    def _hang_up(self, flow: HTTPFlow) -> None:
        """Close the client's connection, and with it the servers': nothing more would be kept."""
        client = flow.client_conn
        handler = self._server.connections.get(client.id)
        transport = handler and handler.transports.get(client)
        if transport and transport.writer:
            transport.writer.close()

    def _attribute(self, flow: HTTPFlow) -> Tape | None:
        """The tape of the flow's login; without one the flow is left to its 407, or stopped."""
        login = flow.metadata.get("proxyauth")
        if login is None:
            return None
        tape = self._tapes.get(login[0])
        if tape is None or flow.request.host in _CHROMIUM_HOSTS:
            _untyped(flow).kill()
            return None
        self._clients[flow.client_conn] = tape
        return tape


class _Logins(proxyauth.Validator):
    """Accepts the login of every capture under way, and no other."""

    def __init__(self, tapes: Mapping[str, Tape]) -> None:
        self._tapes = tapes

    def __call__(self, username: str, password: str) -> bool:
        tape = self._tapes.get(username)
        return tape is not None and hmac.compare_digest(tape.password.encode(), password.encode())


def _exchange(flow: HTTPFlow, take: Take, secrets: Secrets, truncated: str | None) -> Exchange:
    request, response, server = flow.request, flow.response, flow.server_conn
    if response is None:
        raise AssertionError("an exchange has a response")
    path = secrets.mask(request.data.path) or b"/"
    request_fields = request.headers.fields
    if "host" not in request.headers:
        host = request.authority or request.pretty_host
        request_fields = ((b"Host", host.encode("utf-8", "surrogateescape")), *request_fields)
    reason = response.data.reason or reason_phrase(response.status_code)
    protocols = ["h2" if response.is_http2 else response.http_version.lower()]
    if server.tls_version:
        protocols.append(server.tls_version.lower().replace("tlsv", "tls/"))
    return Exchange(
        uri=take.url,
        date=datetime.fromtimestamp(request.timestamp_start, UTC),
        request_head=write_head(b"%s %s HTTP/1.1" % (request.data.method, path), mask_headers(request_fields, secrets)),
        request_body=secrets.mask(request.raw_content or b""),
        response_head=write_head(
            b"HTTP/1.1 %d %s" % (response.status_code, reason),
            mask_headers(map(without_chunking, response.headers.fields), secrets),
        ),
        response_body=take.body if take.body is not None else b"",
        ip_address=server.peername[0].partition("%")[0] if server.peername else None,
        protocols=tuple(protocols),
        cipher_suite=server.cipher,
        metadata=_certificates(server.certificate_list),
        truncated=truncated,
    )


def _certificates(chain: Collection[Cert]) -> dict[str, object]:
    digests = [f"sha256:{certificate.fingerprint().hex()}" for certificate in chain]
    return {"certificates": digests} if digests else {}


def _pem(chain: Collection[Cert]) -> bytes:
    return b"".join(certificate.to_pem() for certificate in chain)


def _make_master(settings: Mapping[str, Any], desk: Desk) -> tuple[Any, Any]:
    ask_again()
    master: Any = Master(Options())
    logins = proxyauth.ProxyAuth()
    server: Any = _untyped(proxyserver).Proxyserver()
    master.addons.add(
        core.Core(),
        disable_h2c.DisableH2C(),
        logins,
        server,
        next_layer.NextLayer(),
        tlsconfig.TlsConfig(),
        Taping(desk.tapes, settings["allow_hosts"], server),
    )
    master.options.update(
        confdir=settings["authority_dir"],
        listen_host="127.0.0.1",
        listen_port=0,
        proxyauth="any",  # switches logins on; the validator below decides
        ssl_verify_upstream_trusted_ca=settings["trusted"],
        rawtcp=False,  # what is not HTTP cannot be recorded and does not pass
        http3=False,
    )
    logins.validator = _Logins(desk.tapes)
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

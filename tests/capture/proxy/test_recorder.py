"""The recording proxy keeps what stood on the wire, connects only where it may, and forgets secrets."""

from __future__ import annotations

import gzip
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from archiver.core.errors import RecorderFailed, StorageFull
from archiver.core.warc import WarcRecord, check_warc, read_records, recover
from capture.proxy.recording import ProxyLogin, Recorded, Recorder, Truncation
from tests.capture.origin import Origin, make_certificates, serving

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
TOKEN = "s3cr3t/বান্ধ token"
SENTENCES = "The dam is safe. Le barrage est sûr. বান্ধ সুৰক্ষিত। बाँध सुरक्षित है। بند محفوظ ہے۔ 🛟".encode()


@dataclass
class House:
    """One proxy, and the servers it may reach."""

    recorder: Recorder
    plain: Origin
    secure: Origin
    untrusted: Origin
    secret: Origin  # running, but the settings do not allow it
    authority: Path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    other = tmp_path_factory.mktemp("other")
    authority, leaf = make_certificates(folder, "localhost")
    _, untrusted_leaf = make_certificates(other, "localhost")
    contexts = []
    for file in (leaf, untrusted_leaf):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["h2", "http/1.1"])
        contexts.append(context)
    with (
        serving(Origin()) as plain,
        serving(Origin(), contexts[0]) as secure,
        serving(Origin(), contexts[1]) as untrusted,
        serving(Origin()) as secret,
    ):
        allowed = [
            f"127.0.0.1:{plain.port}",
            f"localhost:{plain.port}",
            f"LOCALHOST:{secure.port}",
            f"localhost:{untrusted.port}",
        ]
        with Recorder(
            authority_dir=folder / "proxy", allow_hosts=allowed, trust_ca=authority, secrets=[TOKEN, ""]
        ) as recorder:
            yield House(recorder, plain, secure, untrusted, secret, authority)


class Session:
    """One capture under way, and a client that goes through it."""

    def __init__(self, house: House, warc: Path, name: str, max_bytes: int = 10_000_000) -> None:
        self.recorder, self.name = house.recorder, name
        self.login: ProxyLogin = self.recorder.begin(name, warc, {"title": "আলিবাট"}, max_bytes=max_bytes)
        self.client = client_of(self.login, house.recorder.ca_file)

    def finish(self, grace: float = 5.0) -> Recorded:
        self.client.close()
        return self.recorder.finish(self.name, grace=grace)


def client_of(login: ProxyLogin, ca_file: Path, *, http2: bool = False) -> httpx.Client:
    return httpx.Client(
        proxy=httpx.Proxy(login.server, auth=(login.username, login.password)),
        verify=ssl.create_default_context(cafile=str(ca_file)),
        http2=http2,
        timeout=20,
        trust_env=False,
    )


@pytest.fixture
def session(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Session]:
    session = Session(house, tmp_path / "capture.warc.gz", f"cap_{zlib.crc32(request.node.name.encode()):x}")
    yield session
    session.client.close()


def url(origin: Origin, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{origin.port}{path}"


def responses(recorded: Recorded) -> list[WarcRecord]:
    return [record for record in read_records(recorded.warc) if record.type == "response"]


def requests(recorded: Recorded) -> list[WarcRecord]:
    return [record for record in read_records(recorded.warc) if record.type == "request"]


# -- what stood on the wire --------------------------------------------------------------------


def test_heads_and_bodies_are_kept_byte_for_byte(house: House, session: Session) -> None:
    head = (
        b"HTTP/1.1 200 Very OK\r\nX-cAsE: 1\r\nX-Place: caf\xe9\r\nX-Twice: a\r\nX-Twice: b\r\n"
        b"Content-Encoding: gzip\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
    )
    body = gzip.compress(SENTENCES)
    house.plain.answers["/exact?q=%E0%A6%85"] = head % len(body) + body
    assert session.client.get(url(house.plain, "/exact?q=%E0%A6%85")).content == SENTENCES
    recorded = session.finish()
    (response,), (request,) = responses(recorded), requests(recorded)
    assert response.http_head == head % len(body)
    assert response.payload() == body
    assert response.content() == SENTENCES
    assert request.http_head == house.plain.requests[-1]
    assert response.uri == url(house.plain, "/exact?q=%E0%A6%85")
    assert response.header("WARC-IP-Address") == "127.0.0.1"
    assert request.header("WARC-Concurrent-To") == response.id
    assert recorded.responses == 1
    assert check_warc(recorded.warc, records=recorded.records).ok


def test_servers_are_asked_for_gzip_only(house: House, session: Session) -> None:
    for asked in ("gzip, deflate, br, zstd", "identity;q=1, *;q=0"):
        session.client.get(url(house.plain, "/"), headers={"accept-encoding": asked})
    session.finish()
    sent = [request.lower() for request in house.plain.requests[-2:]]
    assert b"accept-encoding: gzip\r\n" in sent[0]
    assert b"accept-encoding: identity;q=1, *;q=0\r\n" in sent[1]


def test_a_posted_body_is_kept(house: House, session: Session) -> None:
    session.client.post(url(house.plain, "/form"), content=SENTENCES)
    (request,) = requests(session.finish())
    assert (request.method, request.payload()) == ("POST", SENTENCES)


def test_a_chunked_body_is_stored_whole_and_does_not_claim_chunks(house: House, session: Session) -> None:
    house.plain.answers["/chunked"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsafe\r\n3\r\nty!\r\n0\r\n\r\n"
    )
    assert session.client.get(url(house.plain, "/chunked")).content == b"safety!"
    (response,) = responses(session.finish())
    assert response.http_header("Transfer-Encoding") is None
    assert response.http_header("X-Orig-Transfer-Encoding") == "chunked"
    assert response.payload() == response.content() == b"safety!"


def closing_instead_of_the_second_answer(origin: Origin) -> Callable[[socket.socket, bytes], None]:
    """Answers the first request of a connection; at the next one it hangs up, as servers tired of waiting do."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkept")
        if connection.recv(65536):
            origin.requests.append(b"(hung up on)")

    return answer


def test_a_page_is_asked_for_again_where_the_server_had_closed_the_kept_connection(
    house: House, session: Session
) -> None:
    house.plain.answers["/tired"] = closing_instead_of_the_second_answer(house.plain)
    for _ in range(3):
        assert session.client.get(url(house.plain, "/tired")).content == b"kept"
    recorded = session.finish()
    assert house.plain.requests.count(b"(hung up on)") == 2
    assert [(r.status, r.payload()) for r in responses(recorded)] == [(200, b"kept")] * 3
    assert (recorded.truncated, recorded.failed) == ((), ())


def test_what_was_sent_to_a_closed_connection_is_never_sent_twice(house: House, session: Session) -> None:
    house.plain.answers["/tired"] = closing_instead_of_the_second_answer(house.plain)
    assert session.client.get(url(house.plain, "/tired")).content == b"kept"
    assert session.client.post(url(house.plain, "/tired"), content=b"vote").status_code == 502
    (failure,) = session.finish().failed
    assert failure.reason == "server closed connection"


def test_redirects_errors_and_answers_without_a_body_are_kept(house: House, session: Session) -> None:
    house.plain.answers["/moved"] = b"HTTP/1.1 301 Moved\r\nLocation: /gone\r\nContent-Length: 4\r\n\r\nbye!"
    house.plain.answers["/gone"] = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
    house.plain.answers["/same"] = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
    session.client.get(url(house.plain, "/moved"), follow_redirects=True)
    session.client.get(url(house.plain, "/same"))
    session.client.head(url(house.plain, "/gone"))
    kept = responses(session.finish())
    assert [(response.status, response.payload()) for response in kept] == [
        (301, b"bye!"),
        (410, b""),
        (304, b""),
        (410, b""),
    ]


def test_a_body_longer_than_memory_passes_through(house: House, tmp_path: Path) -> None:
    size = 200_000_000 if PROVE else 5_000_000

    def stream(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _piece in range(size // 50_000):
            connection.sendall(bytes(50_000))

    house.plain.answers["/long"] = stream
    big = Session(house, tmp_path / "a.warc.gz", "cap_long", max_bytes=2 * size)
    with big.client.stream("GET", url(house.plain, "/long")) as response:
        assert sum(map(len, response.iter_raw())) == size
    (response_record,) = responses(big.finish())
    assert response_record.payload_size == size


def test_tls_version_cipher_and_certificates_are_witnessed(house: House, session: Session) -> None:
    house.secure.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    assert session.client.get(url(house.secure, "/", "localhost", "https")).content == b"hi"
    recorded = session.finish()
    (response,) = responses(recorded)
    assert ("WARC-Protocol", "http/1.1") in response.headers
    assert ("WARC-Protocol", "tls/1.3") in response.headers
    assert (response.header("WARC-Cipher-Suite") or "").startswith("TLS_")
    (chain,) = [record for record in read_records(recorded.warc) if record.type == "resource"]
    assert chain.uri == f"urn:certificates:localhost:{house.secure.port}"
    assert chain.payload().startswith(b"-----BEGIN CERTIFICATE-----")
    assert '"certificates":["sha256:' in (response.header("WARC-JSON-Metadata") or "")


def test_http2_is_recorded_in_the_form_of_http_1_1(house: House, session: Session) -> None:
    with client_of(session.login, house.recorder.ca_file, http2=True) as client:
        pages = [client.get(url(house.secure, f"/{n}", "localhost", "https")) for n in range(3)]
    assert {page.http_version for page in pages} == {"HTTP/2"}
    recorded = session.finish()
    kept = responses(recorded)
    assert [response.content() for response in kept] == [b"h2 /0", b"h2 /1", b"h2 /2"]
    assert kept[0].http_head == b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"
    assert ("WARC-Protocol", "h2") in kept[0].headers
    assert requests(recorded)[0].http_header("host") == f"localhost:{house.secure.port}"


def test_a_websocket_passes_and_its_handshake_is_kept(house: House, session: Session) -> None:
    key = b"dGhlIHNhbXBsZSBub25jZQ=="  # with its answer, the example of RFC 6455, 1.3

    def upgrade(connection: socket.socket, _: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02hi"
        )
        connection.recv(100)

    house.plain.answers["/socket"] = upgrade
    with connect_through(session.login, f"127.0.0.1:{house.plain.port}") as connection:
        connection.sendall(
            b"GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
        )
        seen = b""
        while not seen.endswith(b"\x81\x02hi"):
            piece = connection.recv(4096)
            assert piece, seen
            seen += piece
    recorded = session.finish()
    assert [(r.status, r.payload()) for r in responses(recorded)] == [(101, b"")]
    assert (recorded.truncated, recorded.failed) == ((), ())


def test_captures_at_the_same_time_each_get_their_own(house: House, tmp_path: Path) -> None:
    def run(number: int) -> Recorded:
        session = Session(house, tmp_path / f"{number}.warc.gz", f"cap_parallel_{number}")
        for page in range(5):
            session.client.get(url(house.plain, f"/{number}/{page}"))
            session.client.get(url(house.secure, f"/{number}/{page}", "localhost", "https"))
        return session.finish()

    count = 24 if PROVE else 6
    with ThreadPoolExecutor(max_workers=count) as pool:
        for number, recorded in enumerate(pool.map(run, range(count))):
            assert recorded.responses == 10
            assert {r.uri.split("/")[3] for r in responses(recorded)} == {str(number)}
            assert check_warc(recorded.warc, records=recorded.records).ok


def test_resources_are_added_before_the_call_returns(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "dom.html"
    file.write_bytes(SENTENCES)
    session.recorder.add_resource(session.name, "urn:dom:https://a.in/", "text/html", file, {"WARC-Page-ID": "p1"})
    file.unlink()
    (info, dom) = read_records(session.finish().warc)
    assert "title: আলিবাট" in info.payload().decode()
    assert "masked: values of Cookie" in info.payload().decode()
    assert (dom.uri, dom.media_type, dom.payload()) == ("urn:dom:https://a.in/", "text/html", SENTENCES)
    assert dom.header("WARC-Page-ID") == "p1"


# -- secrets -----------------------------------------------------------------------------------


def test_secrets_reach_the_server_but_not_the_warc(house: House, session: Session) -> None:
    query = "t=s3cr3t%2F%E0%A6%AC%E0%A6%BE%E0%A6%A8%E0%A7%8D%E0%A6%A7+token"
    house.plain.answers[f"/login?{query}"] = (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: session=abcdef123; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n"
    )
    answer = session.client.post(
        url(house.plain, f"/login?{query}"),
        headers={"Cookie": "session=abcdef123; theme=dark", "Authorization": "Bearer zyxwv987"},
        content=b'{"token": "' + TOKEN.encode() + b'"}',
    )
    assert answer.headers["set-cookie"] == "session=abcdef123; Path=/; HttpOnly"
    sent = house.plain.requests[-1]
    assert b"session=abcdef123" in sent
    assert b"Bearer zyxwv987" in sent
    recorded = session.finish()
    stored = gzip.decompress(recorded.warc.read_bytes())
    for secret in (b"abcdef123", b"zyxwv987", b"dark", b"s3cr3t", session.login.password.encode()):
        assert secret not in stored
    (response,), (request,) = responses(recorded), requests(recorded)
    assert response.http_header("Set-Cookie") == "session=[masked]; Path=/; HttpOnly"
    assert request.http_header("Cookie") == "session=[masked]; theme=[masked]"
    assert request.http_header("Authorization") == "Bearer [masked]"
    assert request.http_header("Proxy-Authorization") is None
    assert len(request.payload()) == int(request.http_header("Content-Length") or -1)


def test_a_wrong_login_gets_407_and_nothing_else(house: House, session: Session) -> None:
    before = house.plain.connections
    wrong = ProxyLogin(server=session.login.server, username=session.name, password="guess")
    with client_of(wrong, house.recorder.ca_file) as client:
        assert client.get(url(house.plain, "/")).status_code == 407
        with pytest.raises(httpx.ProxyError, match="407"):
            client.get(url(house.secure, "/", "localhost", "https"))
    assert house.plain.connections == before
    assert session.finish().responses == 0


@pytest.mark.parametrize(
    "shown",
    ["", "Basic", "Basic ?", "Basic /w==", "Basic YTpi", "Bearer YTpi", "Basic\r\nProxy-Authorization: Basic YTpi"],
    ids=["none", "empty", "no Base64", "no UTF-8", "unknown", "another scheme", "two"],
)
def test_what_is_no_login_of_a_capture_gets_407(house: House, session: Session, shown: str) -> None:
    host, port = session.login.server.removeprefix("http://").split(":")
    before = house.plain.connections
    for line in (f"CONNECT localhost:{house.plain.port}", f"GET {url(house.plain, '/')}"):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"{line} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: {shown}\r\n\r\n".encode())
            answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 407 "), answer
        assert b"proxy-authenticate: basic " in answer.lower()
    assert house.plain.connections == before
    assert session.finish().responses == 0


def test_a_login_ends_with_its_capture(house: House, session: Session) -> None:
    with connect_through(session.login, f"localhost:{house.plain.port}") as kept_open:
        session.finish()
        asked = len(house.plain.requests)
        kept_open.sendall(b"GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept_open.recv(4096) == b""
        assert len(house.plain.requests) == asked
    with client_of(session.login, house.recorder.ca_file) as client:
        assert client.get(url(house.plain, "/")).status_code == 407


def test_the_child_gets_no_token_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_TOKEN", "s3cr3t")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Recorder(authority_dir=tmp_path / "proxy") as recorder:
        environment = Path(f"/proc/{recorder.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"ARCHIVER_TOKEN" not in environment
    assert b"HTTP_PROXY" not in environment
    assert (tmp_path / "proxy").stat().st_mode & 0o777 == 0o700


# -- where it may connect ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "[::1]"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_private_addresses_are_never_reached(host: str, scheme: str, house: House, session: Session) -> None:
    before = house.secret.connections
    target = f"{host}:{house.secret.port}"
    first_line = f"GET http://{target}/ HTTP/1.1" if scheme == "http" else f"CONNECT {target} HTTP/1.1"
    assert ask_proxy(session.login, first_line).startswith(b"HTTP/1.1 502")
    recorded = session.finish()
    (refusal,) = recorded.refused
    assert (refusal.host, refusal.port) == (host.strip("[]"), house.secret.port)
    assert "address" in refusal.reason
    assert recorded.responses == 0
    assert house.secret.connections == before


def connect_through(login: ProxyLogin, target: str) -> socket.socket:
    """A socket on the far side of a CONNECT."""
    host, port = login.server.removeprefix("http://").split(":")
    credentials = b64encode(f"{login.username}:{login.password}".encode()).decode()
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {credentials}\r\n\r\n".encode())
    answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return connection


def ask_proxy(login: ProxyLogin, first_line: str) -> bytes:
    host, port = login.server.removeprefix("http://").split(":")
    credentials = b64encode(f"{login.username}:{login.password}".encode()).decode()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{first_line}\r\nHost: x\r\nProxy-Authorization: Basic {credentials}\r\n\r\n".encode())
        return connection.recv(4096)


def test_a_redirect_to_a_private_address_is_refused(house: House, session: Session) -> None:
    before = house.secret.connections
    target = url(house.secret, "/admin")
    house.plain.answers["/to-inside"] = (
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target.encode() + b"\r\n\r\n"
    )
    assert session.client.get(url(house.plain, "/to-inside"), follow_redirects=True).status_code == 502
    recorded = session.finish()
    assert [response.status for response in responses(recorded)] == [302]
    assert [failure.url for failure in recorded.failed] == [target]
    assert recorded.refused[0].reason == "127.0.0.1 is a loopback address"
    assert house.secret.connections == before


def test_a_host_that_does_not_exist_is_a_failure_with_its_reason(session: Session) -> None:
    assert session.client.get("http://nowhere.invalid/").status_code == 502
    (failure,) = session.finish().failed
    assert failure.url == "http://nowhere.invalid/"
    assert "not known" in failure.reason or "resolution" in failure.reason


def test_a_certificate_nobody_trusts_is_a_failure(house: House, session: Session) -> None:
    answer = session.client.get(url(house.untrusted, "/", "localhost", "https"))
    assert answer.status_code == 502
    recorded = session.finish()
    (failure,) = recorded.failed
    assert "certificate" in failure.reason.lower()
    assert (recorded.responses, house.untrusted.requests) == (0, [])


def test_chromiums_own_calls_are_stopped_and_not_reported(session: Session) -> None:
    with pytest.raises(httpx.HTTPError):
        session.client.get("http://update.googleapis.com/service")
    recorded = session.finish()
    assert (recorded.responses, recorded.failed, recorded.records) == (0, (), 1)


# -- what is not whole -------------------------------------------------------------------------


def test_over_the_budget_a_response_is_cut_and_nothing_more_is_asked(house: House, tmp_path: Path) -> None:
    house.plain.answers["/wide"] = b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + b"w" * 50_000
    session = Session(house, tmp_path / "a.warc.gz", "cap_budget", max_bytes=20_000)
    with pytest.raises(httpx.RemoteProtocolError):
        session.client.get(url(house.plain, "/wide"))
    with pytest.raises(httpx.RemoteProtocolError):
        session.client.get(url(house.plain, "/after"))
    recorded = session.finish()
    assert recorded.truncated == (Truncation(url=url(house.plain, "/wide"), reason="length"),)
    (response,) = responses(recorded)
    assert (response.truncated, response.payload()) == ("length", b"w" * 20_000)
    assert "budget" in recorded.failed[0].reason
    assert not any(b"/after" in request for request in house.plain.requests)


def test_a_response_the_server_breaks_off_is_kept_as_far_as_it_came(house: House, session: Session) -> None:
    house.plain.answers["/broken"] = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    with pytest.raises(httpx.RemoteProtocolError):
        session.client.get(url(house.plain, "/broken"))
    recorded = session.finish()
    assert recorded.truncated == (Truncation(url=url(house.plain, "/broken"), reason="disconnect"),)
    assert [(r.truncated, r.payload()) for r in responses(recorded)] == [("disconnect", b"half")]


def test_a_redirect_the_browser_hangs_up_on_misses_nothing(house: House, session: Session) -> None:
    house.plain.answers["/moved-on"] = b"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 100\r\n\r\nhalf"
    with pytest.raises(httpx.RemoteProtocolError):
        session.client.get(url(house.plain, "/moved-on"))
    recorded = session.finish()
    assert recorded.truncated == ()
    assert [(r.truncated, r.payload()) for r in responses(recorded)] == [("disconnect", b"half")]


def test_what_still_streams_at_the_end_is_cut_after_the_grace(house: House, session: Session) -> None:
    release = threading.Event()

    def trickle(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        release.wait(20)

    def silent(connection: socket.socket, _: bytes) -> None:
        release.wait(20)

    house.plain.answers |= {"/events": trickle, "/silent": silent}
    threads = [
        threading.Thread(target=_ask_and_ignore, args=(session.client, url(house.plain, path)))
        for path in ("/events", "/silent")
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    started = time.monotonic()
    recorded = session.recorder.finish(session.name, grace=0.3)
    assert time.monotonic() - started < 5
    release.set()
    for thread in threads:
        thread.join()
    assert recorded.truncated == (Truncation(url=url(house.plain, "/events"), reason="time"),)
    assert [(r.truncated, r.payload()) for r in responses(recorded)] == [("time", b"data: 1\n\n")]
    assert [(failure.url, failure.reason) for failure in recorded.failed] == [
        (url(house.plain, "/silent"), "no answer before the capture ended")
    ]


def _ask_and_ignore(client: httpx.Client, target: str) -> None:
    with suppress(httpx.HTTPError):  # the capture ends first, which is the point
        client.get(target)


def test_a_slow_response_is_waited_for(house: House, session: Session) -> None:
    def slow(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl")
        time.sleep(0.7)
        connection.sendall(b"ow")

    house.plain.answers["/slow"] = slow
    thread = threading.Thread(target=_ask_and_ignore, args=(session.client, url(house.plain, "/slow")))
    thread.start()
    time.sleep(0.3)
    recorded = session.recorder.finish(session.name)
    thread.join()
    assert [(r.truncated, r.payload()) for r in responses(recorded)] == [(None, b"slow")]


def test_an_abandoned_capture_leaves_nothing(house: House, tmp_path: Path) -> None:
    session = Session(house, tmp_path / "a.warc.gz", "cap_abandoned")
    session.client.get(url(house.plain, "/"))
    session.client.close()
    session.recorder.abandon("cap_abandoned")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RecorderFailed, match="no capture cap_abandoned is being recorded"):
        session.recorder.finish("cap_abandoned")


def test_a_capture_is_begun_once(house: House, session: Session, tmp_path: Path) -> None:
    with pytest.raises(RecorderFailed, match="recorded already"):
        house.recorder.begin(session.name, tmp_path / "b.warc.gz", {})
    with pytest.raises(RecorderFailed, match="No such file"):
        house.recorder.begin("cap_elsewhere", tmp_path / "missing" / "b.warc.gz", {})
    session.finish()


def test_a_full_disk_fails_the_capture_and_only_it(house: House, tmp_path: Path) -> None:
    body = os.urandom(3_000_000)
    house.plain.answers["/noise"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    session = Session(house, tmp_path / "a.warc.gz", "cap_full")
    limits = resource.prlimit(house.recorder.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(house.recorder.pid, resource.RLIMIT_FSIZE, (1_500_000, limits[1]))
    try:
        assert session.client.get(url(house.plain, "/noise")).content == body
        with pytest.raises(StorageFull, match=r"a\.warc\.gz could not be written"):
            session.finish()
    finally:
        resource.prlimit(house.recorder.pid, resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
    after = Session(house, tmp_path / "b.warc.gz", "cap_after_full")
    after.client.get(url(house.plain, "/noise"))
    assert after.finish().responses == 1


# -- lives and deaths --------------------------------------------------------------------------


def test_a_killed_proxy_is_recorder_failed_and_what_it_wrote_can_be_read(house: House, tmp_path: Path) -> None:
    with Recorder(authority_dir=tmp_path / "proxy", allow_hosts=[f"127.0.0.1:{house.plain.port}"]) as recorder:
        login = recorder.begin("cap_1", tmp_path / "a.warc.gz", {})
        with client_of(login, recorder.ca_file) as client:
            for number in range(3):
                client.get(url(house.plain, f"/{number}"))
        file = tmp_path / "x.txt"
        file.touch()
        recorder.add_resource("cap_1", "urn:x", "text/plain", file)  # all before it is written now
        os.kill(recorder.pid, signal.SIGKILL)
        with pytest.raises(RecorderFailed, match="has died"):
            recorder.finish("cap_1")
        with pytest.raises(RecorderFailed, match="has died"):
            recorder.begin("cap_2", tmp_path / "b.warc.gz", {})
    assert not (tmp_path / "a.warc.gz").exists()
    assert recover(tmp_path / "a.warc.gz.part").records == 8


def test_the_proxy_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from capture.proxy.recording import Recorder\n"
        "with Recorder(authority_dir=Path(sys.argv[1])) as recorder:\n"
        "    print(recorder.pid, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "proxy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        deadline = time.monotonic() + 20
        while _runs(child) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    """A zombie, which only waits to be collected, does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_proxy_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "proxy").mkdir()
    (tmp_path / "proxy" / "mitmproxy-ca.pem").write_text("not a key")
    with pytest.raises(RecorderFailed, match=r"the recording proxy has died \(.+\)"):
        Recorder(authority_dir=tmp_path / "proxy").__enter__()


def test_the_authoritys_key_is_named_as_chromium_wants_it(house: House) -> None:
    command = (
        f"openssl x509 -in {house.recorder.ca_file} -pubkey -noout | openssl pkey -pubin -outform der"
        " | openssl dgst -sha256 -binary | base64"
    )
    found = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert house.recorder.ca_spki == found.strip()

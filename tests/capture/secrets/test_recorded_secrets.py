"""The recording proxy forgets secrets: told ones, shown ones, and those it learns of too late."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from archiver.core.warc import WarcRecord, check_warc, read_records
from capture.client import RecordedClient
from capture.observation import CaptureLimits
from capture.proxy.recorded import Echo, Failure
from capture.proxy.recording import ProxyLogin, Recorded, Recorder
from tests.capture.origin import Origin, serving

TOLD = "t0ld-by-the-login-7Q"
SHOWN = "Sh0wn1nAC00kie99xZ"
LATE = "L4te-bearer-token-3v"
SENTENCE = "The dam is safe. বান্ধ সুৰক্ষিত। بند محفوظ ہے۔ "


@dataclass
class House:
    recorder: Recorder
    origin: Origin

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.origin.port}{path}"

    def put(self, path: str, body: str, head: str = "") -> None:
        content = body.encode()
        self.origin.answers[path] = (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(content)}\r\n{head}\r\n".encode()
            + content
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(Origin()) as origin:
        folder = tmp_path_factory.mktemp("authority")
        with Recorder(authority_dir=folder, allow_hosts=[f"127.0.0.1:{origin.port}"]) as recorder:
            yield House(recorder, origin)


@dataclass
class Session:
    house: House
    login: ProxyLogin
    client: httpx.Client

    def finish(self) -> tuple[Recorded, list[WarcRecord]]:
        self.client.close()
        recorded = self.house.recorder.finish(self.login.username)
        assert check_warc(recorded.warc, records=recorded.records).findings == ()
        records = list(read_records(recorded.warc))
        everything = b"".join(repr(each.headers).encode() + each.http_head + each.content() for each in records)
        for secret in (TOLD, SHOWN, LATE):
            assert secret.encode() not in everything
        return recorded, records


@pytest.fixture
def session(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Session]:
    name = f"cap_{request.node.name}"
    login = house.recorder.begin(
        name, tmp_path / "a.warc.gz", {"asked": f"/?sid={TOLD}"}, secrets=[TOLD, "en", "1234567"]
    )
    proxy = httpx.Proxy(login.server, auth=(login.username, login.password))
    with httpx.Client(proxy=proxy, trust_env=False, timeout=20) as client:
        yield Session(house, login, client)


def test_a_told_secret_is_masked_and_its_echo_flagged(house: House, session: Session) -> None:
    house.put("/echo", SENTENCE + TOLD)
    house.put("/quiet", SENTENCE + "en 1234567")
    session.client.get(house.url("/echo"))
    session.client.get(house.url("/quiet"))
    recorded, records = session.finish()
    assert recorded.echoes == (Echo(url=house.url("/echo")),)
    bodies = {each.uri.rpartition("/")[2]: each.content().decode() for each in records if each.type == "response"}
    assert bodies == {"echo": SENTENCE + "*" * len(TOLD), "quiet": SENTENCE + "en 1234567"}
    marked = [each.uri for each in records if "echoes" in (each.header("WARC-JSON-Metadata") or "")]
    assert marked == [house.url("/echo")]


def test_a_cookie_that_is_set_is_a_secret_from_then_on_unless_it_is_short(house: House, session: Session) -> None:
    house.put("/set", SENTENCE, f"Set-Cookie: s={SHOWN}; Path=/\r\nSet-Cookie: lang=en\r\nSet-Cookie: n=1\r\n")
    house.put("/after", f"{SENTENCE} en 1 {SHOWN}")
    session.client.get(house.url("/set"))
    session.client.get(house.url("/after"))
    recorded, records = session.finish()
    assert recorded.echoes == (Echo(url=house.url("/after")),)
    (after,) = [each for each in records if each.type == "response" and each.uri.endswith("/after")]
    assert after.content().decode() == f"{SENTENCE} en 1 {'*' * len(SHOWN)}"


def test_what_was_written_before_a_secret_was_known_is_masked_at_the_end(house: House, session: Session) -> None:
    house.put("/page", f"{SENTENCE}<script>const token = '{LATE}'</script>")
    house.put("/other", SENTENCE)
    session.client.get(house.url("/other"))
    session.client.get(house.url("/page"))
    session.client.get(house.url("/other"), headers={"authorization": f"Bearer {LATE}"})
    recorded, records = session.finish()
    assert recorded.echoes == (Echo(url=house.url("/page")),)
    contents = [each.content() for each in records if each.type == "response"]
    assert contents == [SENTENCE.encode(), contents[1], SENTENCE.encode()]
    assert b"const token = '" + b"*" * len(LATE) in contents[1]
    assert [each.type for each in records] == ["warcinfo", *["response", "request"] * 3]


def test_a_resource_is_masked_and_says_so(house: House, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "resource"
    add, name = house.recorder.add_resource, session.login.username
    file.write_text(f"<p>{TOLD}</p>", encoding="utf-8")
    assert add(name, "urn:dom:x", "text/html; charset=utf-8", file)
    words = [[TOLD[:7], 0, 0, 9, 9], [TOLD[7:], 9, 0, 9, 9], ["নিৰাপদ", 0, 9, 9, 9]]
    file.write_text(json.dumps({"texts": [{"path": "/p", "words": words}], "regions": []}), encoding="utf-8")
    assert add(name, "urn:layout:x", "application/json", file)
    file.write_text("{}", encoding="utf-8")
    assert not add(name, "urn:pageinfo:x", "application/json", file)
    _, records = session.finish()
    layout = json.loads(next(each.payload() for each in records if each.uri == "urn:layout:x"))
    assert [word[0] for word in layout["texts"][0]["words"]] == ["*" * 7, "*" * (len(TOLD) - 7), "নিৰাপদ"]


def test_reports_and_texts_are_masked(house: House, session: Session) -> None:
    session.client.get(f"http://nowhere.invalid/?q={TOLD}&access_token=abc")
    assert house.recorder.mask(session.login.username, [f"a {TOLD}", "/?sid=পানী"]) == [
        "a " + "*" * len(TOLD),
        "/?sid=পানী",
    ]
    recorded, records = session.finish()
    (failure,) = recorded.failed
    assert isinstance(failure, Failure)
    assert failure.url == f"http://nowhere.invalid/?q={'*' * len(TOLD)}&access_token=***"
    assert f"asked: /?sid={'*' * len(TOLD)}" in records[0].payload().decode()


def test_media_are_fetched_with_the_cookies_the_browser_showed_and_nobody_else_can_ask_so(
    house: House, session: Session
) -> None:
    house.put("/page", SENTENCE)
    house.put("/film.mp4", "film")
    session.client.get(house.url("/page"), headers={"cookie": f"s={SHOWN}"})
    with RecordedClient(session.login, house.recorder.ca_file, CaptureLimits()) as client:
        assert client.fetch_whole(house.url("/film.mp4"))
    assert f"cookie: s={SHOWN}".encode() in house.origin.requests[-1].lower().replace(
        SHOWN.lower().encode(), SHOWN.encode()
    )
    assert b"x-archiver" not in house.origin.requests[-1].lower()
    session.client.get(house.url("/film.mp4"), headers={"x-archiver-as-browser": "guess"})
    assert b"cookie" not in house.origin.requests[-1].lower()
    session.finish()


def test_web_socket_messages_are_kept_masked_and_within_the_budget(house: House, tmp_path: Path) -> None:
    def upgrade(connection: socket.socket, _: bytes) -> None:
        said = [
            b"\x81\x06\xe0\xa6\xaa\xe0\xa6\xbe",
            b"\x81%c%s" % (len(TOLD) + 2, b"a " + TOLD.encode()),
            b"\x82\x02\x00\xff",
        ]
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            + b"".join(said)
            + b"\x81\x7e\x27\x10"
            + b"w" * 10_000
        )
        connection.recv(100)

    house.origin.answers["/socket"] = upgrade
    login = house.recorder.begin("cap_socket", tmp_path / "a.warc.gz", {}, max_bytes=5000, secrets=[TOLD])
    with httpx.Client(
        proxy=httpx.Proxy(login.server, auth=(login.username, login.password)), trust_env=False
    ) as client:
        upgrading = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13",
                     "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
        with client.stream("GET", house.url("/socket"), headers=upgrading) as answer:
            assert answer.status_code == 101
            stream = answer.extensions["network_stream"]
            while stream.read(65536, 5):
                pass
    recorded = house.recorder.finish("cap_socket")
    records = list(read_records(recorded.warc))
    (kept,) = [each for each in records if each.uri.startswith("urn:websocket:")]
    (handshake,) = [each for each in records if each.type == "response"]
    assert kept.uri == f"urn:websocket:ws://127.0.0.1:{house.origin.port}/socket"
    assert kept.header("WARC-Concurrent-To") == handshake.id
    lines = [json.loads(line) for line in kept.payload().splitlines()]
    assert [(each["from"], each["type"]) for each in lines[:4]] == [
        ("server", "text"), ("server", "text"), ("server", "binary"), ("server", "cut"),
    ]  # fmt: skip
    assert [lines[0]["text"], lines[1]["text"], lines[2]["base64"]] == ["পা", "a " + "*" * len(TOLD), "AP8="]
    assert lines[3]["bytes"] == 10_000
    assert [each.reason for each in recorded.truncated] == ["length"]

"""Run inside network and mount namespaces of its own: a hostile page, and a canary on every address it must not reach.

The namespace owns public addresses too, so that the page, its names and its redirects are as on the
internet: a real name server answers, one name first with a public address and then with a private
one. Prints one JSON line: what was counted.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote

from archiver.core.records import CaptureId
from archiver.core.warc import read_records
from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium
from capture.client import RecordedClient
from capture.job import capture_page
from capture.observation import CaptureLimits
from capture.proxy.recording import Recorder

PUBLIC = "93.184.216.34"
FORBIDDEN = (
    "127.0.0.1", "127.1.2.3", "10.1.2.3", "172.16.5.4", "192.168.7.7", "169.254.169.254", "100.64.0.9", "198.18.0.1",
    "192.0.0.192", "168.63.129.16", "192.88.99.1", "3fff::7", "2606:4700::5efe:a01:203",
    "::1", "fd00::7", "fe80::7", "fec0::7", "2002:7f00:1::1", "64:ff9b::a01:203", "64:ff9b:1::1", "2001:db8::1",
)  # fmt: skip
"""Addresses the namespace owns and a canary listens on, TCP and UDP, on the site's port."""

SPELLINGS = (
    "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0", "[::ffff:127.0.0.1]", "[::ffff:10.1.2.3]",
    "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:ffff:7f00:1]", "localhost", "metadata.test", "mapped.test", "inside.test",
    "0xa9fea9fe", "2852039166", "127.0.0.1.", "0.0.0.0", "[::]", "localhost.", "deep.localhost", "inside.test.",
    "0x7f.0x0.0x0.0x1", "0300.0250.7.7", "00000177.1", "%31%32%37.0.0.1", "1\u30020.1.2.3", "\u2460\u2461\u2466.0.0.1",
    "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "town.test@127.0.0.1",
    "127.0.0.1#@town.test", "127.0.0.1\\@town.test",
)  # fmt: skip
NAMES = {
    "town.test": [PUBLIC],
    "metadata.test": ["169.254.169.254"],
    "mapped.test": ["::ffff:10.1.2.3"],
    "inside.test": ["10.1.2.3", "fd00::7"],
    "both.test": [PUBLIC, "10.1.2.3"],
}
REBINDING = ("rebind.test", "rebind-socket.test", "rebind-worker.test")

_FILES = Path(__file__).parent / "hostile"


class _Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # a connection for each request: every one looks its name up anew

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", unquote(query))
            self.end_headers()
            return
        if path in ("/refresh", "/hints", "/moved"):
            self._lead(path, unquote(query))
            return
        body, kind = (
            ((_FILES / "worker.js").read_bytes(), "text/javascript")
            if path == "/worker.js"
            else (_page().encode(), "text/html")
        )
        if path.startswith("/again"):
            body, kind = b"seen in public", "text/plain"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def _lead(self, path: str, url: str) -> None:
        """A page whose head leads elsewhere: by Refresh, by links to load and warm up, by a better place to ask."""
        away = url.replace("http:", "https:", 1)
        heads = {
            "/refresh": [("Refresh", f"0; url={url}")],
            "/hints": [
                ("Link", f"<{url}h>; rel=preload; as=script, <{url}>; rel=preconnect, <{url}>; rel=dns-prefetch"),
                ("Content-Security-Policy-Report-Only", f"default-src 'none'; report-uri {url}csp"),
                ("Report-To", json.dumps({"group": "g", "max_age": 900, "endpoints": [{"url": away}]})),
                ("Reporting-Endpoints", f'g="{away}"'),
                ("NEL", '{"report_to": "g", "max_age": 900, "success_fraction": 1.0, "failure_fraction": 1.0}'),
                ("SourceMap", f"{url}map"),
            ],
            "/moved": [
                ("Alt-Svc", f'h3="{url.split("//")[1].split("/")[0]}"; ma=900, h2="{url.split("//")[1]}"; ma=900')
            ],
        }
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        for name, value in heads[path]:
            self.send_header(name, value.encode("ascii", "ignore").decode())
        self.end_headers()
        self.wfile.write(b"<!doctype html><script src=data:text/javascript,1></script><p>A frame.</p>")

    def log_message(self, format: str, *args: object) -> None:
        pass


def _page() -> str:
    literal = [f"[{each}]" if ":" in each else each for each in FORBIDDEN if not each.startswith("fe80")]
    hosts = json.dumps([*literal, *SPELLINGS])
    page = (_FILES / "page.html").read_text(encoding="utf-8")
    return page.replace("HOSTS", hosts).replace("REBINDING", json.dumps(REBINDING))


class Canaries:
    """Listeners on every forbidden address; each connection and each datagram is counted with its place."""

    def __init__(self, port: int) -> None:
        self.reached: list[str] = []
        for address in FORBIDDEN:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            scope = (0, socket.if_nametoindex("lo")) if address.startswith("fe80") else (0, 0)
            place = (address, port, *scope) if family == socket.AF_INET6 else (address, port)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                listener = socket.socket(family, kind)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind(place)
                threading.Thread(target=self._listen, args=(listener, address, kind), daemon=True).start()

    def _listen(self, listener: socket.socket, address: str, kind: int) -> None:
        if kind == socket.SOCK_DGRAM:
            while True:
                self.reached.append(f"udp {address} {listener.recvfrom(2048)[0][:20]!r}")
        listener.listen(64)
        while True:
            connection, _ = listener.accept()
            self.reached.append(f"tcp {address}")
            connection.close()


class NameServer:
    """A name server on UDP: NAMES, and names that are public when first asked for and private ever after."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.53", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            query, peer = self._socket.recvfrom(1024)
            name, end = _read_name(query)
            kind = struct.unpack(">H", query[end : end + 2])[0]
            answers = [
                each.packed
                for each in map(ip_address, self._addresses(name, kind))
                if each.version == (4 if kind == 1 else 6)
            ]
            records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(each)) + each for each in answers)
            head = query[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, len(answers), 0, 0)
            self._socket.sendto(head + query[12 : end + 4] + records, peer)

    def _addresses(self, name: str, kind: int) -> list[str]:
        if name not in REBINDING:
            return NAMES.get(name, [])
        if kind != 1:
            return []
        self.asked[name] = self.asked.get(name, 0) + 1
        return [PUBLIC] if self.asked[name] == 1 else ["10.1.2.3" if self.asked[name] % 2 else "169.254.169.254"]


def _read_name(query: bytes) -> tuple[str, int]:
    labels, place = [], 12
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode())
        place += length + 1
    return ".".join(labels).lower(), place + 1


def set_up() -> None:
    """The namespace's addresses and its name server's."""
    # WebRTC overlooks loopback: a network card is needed, with a way out, for it to try at all
    for command in (
        "link set lo up", "link add card type veth peer name end", "addr add 203.0.113.5/24 dev card",
        "link set card up",
        "link set end up",
        "route add default via 203.0.113.1 dev card",
    ):  # fmt: skip
        subprocess.run(["ip", *command.split()], check=True)
    for address in (PUBLIC, *FORBIDDEN):
        length = "128" if ":" in address else "32"
        with contextlib.suppress(subprocess.CalledProcessError):  # those loopback has of itself
            subprocess.run(
                ["ip", "addr", "add", f"{address}/{length}", "dev", "lo", "nodad"], check=True, capture_output=True
            )
    resolver = Path(tempfile.mkdtemp()) / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n", encoding="ascii")
    subprocess.run(["mount", "--bind", str(resolver), "/etc/resolv.conf"], check=True)


def _knock(address: str, port: int) -> None:
    for _ in range(50):  # the card takes its time to be up
        with contextlib.suppress(OSError):
            socket.create_connection((address, port), timeout=5).close()
            return
        time.sleep(0.2)


def main() -> None:
    set_up()
    names = NameServer()
    site = ThreadingHTTPServer((PUBLIC, 0), _Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    port = site.server_port
    canaries = Canaries(port)
    # the canaries hear: a connection by hand, over both protocols, is counted
    for address in FORBIDDEN:
        if not address.startswith("fe80"):
            _knock(address, port)
    time.sleep(0.3)
    heard, canaries.reached = len(set(canaries.reached)), []
    limits = CaptureLimits(load_seconds=20, idle_seconds=10, total_seconds=90)
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        with Recorder(authority_dir=into / "authority") as recorder:
            with Browser(executable=find_chromium(), ca_spki=recorder.ca_spki) as browser:
                url = f"http://town.test:{port}/"
                observed = capture_page(
                    url, capture_id=CaptureId("cap_1"), recorder=recorder, browser=browser, into=into, limits=limits
                )
            seen = [each.uri for each in read_records(into / "capture.warc.gz") if each.type == "response"]
            login = recorder.begin("cap_2", into / "client.warc.gz", {})
            with RecordedClient(login, recorder.ca_file, limits) as client:
                hosts = [f"[{each}]" if ":" in each else each for each in FORBIDDEN if not each.startswith("fe80")]
                inward = (
                    *hosts,
                    *(each for each in SPELLINGS if not each.endswith("@town.test")),
                )  # that one is public
                fetched = [host for host in inward if client.fetch_whole(f"http://{host}:{port}/")]
                public = client.fetch_whole(f"http://both.test:{port}/again")
            refused = recorder.finish("cap_2").refused
    told = {
        "heard": heard,
        "reached": sorted(set(canaries.reached)),
        "outcome": observed.outcome.value,
        "reason": observed.reason,
        "seen": len(seen),
        "rebound": {name: names.asked.get(name, 0) for name in REBINDING},
        "rebound_seen": sorted({uri for uri in seen if "rebind" in uri}),
        "fetched": fetched,
        "both": public,
        "refused": len({each.host for each in refused}),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()

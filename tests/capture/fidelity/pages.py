"""The pages and scripts of the fidelity site: a journey that asks for every kind of response once."""

from __future__ import annotations

from pathlib import Path

_FILES = Path(__file__).parent / "site"


def _read(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#357"/></svg>'
)
STYLE = b"""@font-face { font-family: sent; src: url(/font.woff2) }
body { font: 16px sans-serif } h1 { font-family: sent, sans-serif } .wide { background: url(/wide.svg) }"""
META = b"""<!doctype html><meta http-equiv="refresh" content="0; url=/meta-landed"><p>On its way"""
FRAME = b"""<!doctype html><meta charset="utf-8"><p>In a frame of another origin</p>
<script>fetch("/xhr", {method: "POST", body: "from the frame"})</script>"""
POPUP = b"""<!doctype html><title>Popup</title><p>In a window of its own</p><script src="/popup.js"></script>"""
SCRIPT = b"document.documentElement.dataset.script = 'ran'\n"
MODULE = b"export default import('/imported.js')\n"
NESTED = b"""fetch("/from-nested").then((r) => r.text()).then(() => postMessage("done"))"""
SHARED = b"""onconnect = (event) =>
  fetch("/from-shared").then((r) => r.text()).then(() => event.ports[0].postMessage("done"))"""
WORKER = (_read("socket.js") + _read("worker.js")).encode()
SERVICE = _read("service.js").encode()


def journey(query: str) -> bytes:
    """The page; `query` is "ORIGIN|BYTES": the other origin, and the size of the large body."""
    other, _, large = query.partition("|")
    page = _read("journey.html").replace("OTHER", other).replace("LARGE", large)
    return page.replace("/* SOCKET */", _read("socket.js")).encode()

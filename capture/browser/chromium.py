"""Find a Chromium on this machine, and say how it is started."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from archiver.core.errors import BrowserMissing

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_PLAYWRIGHT_BINARIES = (
    "chrome-linux/chrome",
    "chrome-linux64/chrome",
    "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
)


def find_chromium(configured: str = "", *, environment: Mapping[str, str] = os.environ) -> Path:
    """The Chromium to start: the one configured, else the system's, else playwright's own.

    Raises BrowserMissing, also where the configured path is not a program: a browser other
    than the one an officer named would be a silent change of how evidence is made.
    """
    if configured:
        path = Path(configured).expanduser()
        if path.is_file() and os.access(path, os.X_OK):
            return path
        raise BrowserMissing(f"capture.browser is {configured!r}, which is no program; correct or empty the setting")
    for name in SYSTEM_NAMES:
        if found := shutil.which(name, path=environment.get("PATH")):
            return Path(found)
    for browsers in _playwright_folders(environment):
        # the newest build has the highest number, chromium-1234
        for build in sorted(browsers.glob("chromium-*"), key=lambda each: (len(each.name), each.name), reverse=True):
            for binary in _PLAYWRIGHT_BINARIES:
                if (build / binary).is_file():
                    return build / binary
    raise BrowserMissing(
        "no Chromium was found: install one (Debian: `apt install chromium`; elsewhere: "
        "`python -m playwright install chromium`), or name one in `capture.browser`"
    )


def _playwright_folders(environment: Mapping[str, str]) -> list[Path]:
    """Where playwright keeps the browsers it installs."""
    if named := environment.get("PLAYWRIGHT_BROWSERS_PATH", ""):
        return [Path(named)]
    home = Path(environment.get("HOME", "/nonexistent"))
    cache = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    return [cache / "ms-playwright", home / "Library" / "Caches" / "ms-playwright"]


def launch_flags(*, ca_spki: str = "", as_root: bool | None = None) -> list[str]:
    """Chromium's command line: everything through the proxy, nothing in the background.

    `ca_spki` is the recording proxy's key (Base64 SHA-256); only certificates it signed are
    accepted in place of real ones. Chromium refuses to run sandboxed as root.
    """
    flags = [
        "--disable-gpu",  # lifts the 16,384 px limit of surfaces
        "--disable-checker-imaging",  # a screenshot waits until its images are decoded
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-domain-reliability",
        "--disable-sync",
        "--no-first-run",
        "--no-pings",
        "--proxy-bypass-list=<-loopback>",  # by default Chromium sends loopback past any proxy
        # WebRTC would send its datagrams past the proxy, to any address a page names
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--force-color-profile=srgb",  # the same pixels on every machine
    ]
    if ca_spki:
        flags.append(f"--ignore-certificate-errors-spki-list={ca_spki}")
    if os.geteuid() == 0 if as_root is None else as_root:
        flags.append("--no-sandbox")
    return flags

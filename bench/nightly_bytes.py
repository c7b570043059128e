"""What a night adds on disk for threads seen before, against what the first capture of each took.

The sample site changes between its two nights: some threads are unchanged, some have new or edited
comments. A capture's bytes are those of its own directory; a shared asset counts for the capture
that stored it. With ARCHIVER_BENCH_WORDPRESS=http://host:port the newest posts of that WordPress are
captured twice as well; nobody comments in between, so all of them should be unchanged.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx

from archiver.core.archive import Archive
from archiver.core.clock import now
from archiver.core.config import ArchiveSettings, CaptureSettings, Settings
from archiver.core.people import Person
from archiver.core.records import Capture, CaptureId, Outcome
from archiver.core.register import site_of
from archiver.sample import serve
from archiver.workflows.archive.make_archive import make_archive
from archiver.workflows.capturing.run import capture_urls

AIM = 0.05
POSTS = 12
THREADS = range(4101, 4107)


def open_archive(place: Path, host: str) -> Archive:
    """An empty archive that may capture `host`."""
    settings = Settings(
        archive=ArchiveSettings(
            id="arc_00000000000000be", agency="Bench", jurisdiction="CA-ON", time_zone="UTC", languages=("en",)
        ),
        capture=CaptureSettings(allow_hosts=(host,)),
    )
    made = make_archive(
        place / "archive",
        settings,
        administrator="bench",
        secret="not a secret at all",
        now=now(),
        config_directory=place / "config",
    )
    return Archive.open(made.directory, config_directory=place / "config")


def two_nights(archive: Archive, urls: Sequence[str], turn: Callable[[], None]) -> tuple[list[float], list[float], int]:
    """Shares of the first capture's bytes, of unchanged and of changed threads, and the first captures' median."""
    actor: Person = archive.people.find("bench")
    stored: dict[CaptureId, int] = {}
    firsts = dict[str, int]()
    unchanged, changed = list[float](), list[float]()
    for night in range(2):
        for url in urls:
            before = assets_size(archive)
            (filed,) = capture_urls(archive, [url], actor=actor)
            capture = filed.capture
            if not capture.outcome.healthy:
                raise SystemExit(f"nightly_bytes: {url} ended {capture.outcome}: {capture.reason}")
            stored[capture.id] = size(archive, capture) + assets_size(archive) - before
            print(f"  night {night + 1}: {capture.outcome} {stored[capture.id]} {url}", file=sys.stderr, flush=True)
            if night:
                share = stored[capture.id] / firsts[url]
                (unchanged if capture.outcome is Outcome.UNCHANGED else changed).append(share)
            else:
                firsts[url] = stored[capture.id]
        turn()
    return unchanged, changed, int(median(firsts.values()))


def size(archive: Archive, capture: Capture) -> int:
    folder = archive.objects.root / archive.objects.place(capture.id, capture.record_id)
    return sum(path.stat().st_size for path in folder.iterdir())


def assets_size(archive: Archive) -> int:
    return sum((archive.directory / name).stat().st_size for name in archive.assets.names())


def report(what: str, shares: Sequence[float], first: int, aim: float | None) -> None:
    """The worst share for an aim that every thread must meet, the median beside it."""
    if not shares:
        return
    figure = {
        "bench": f"nightly_bytes {what}",
        "value": round(max(shares) * first),
        "unit": "bytes a thread and night",
        "reference": first,
        "ratio": round(max(shares), 4),
        "median": round(median(shares), 4),
        "threads": len(shares),
        "aim": aim,
        "met": None if aim is None else max(shares) <= aim,
    }
    print(json.dumps(figure, ensure_ascii=False), flush=True)


def measure_sample() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-bytes-") as made, serve(night=1) as site:

        def turn() -> None:
            site.night = 2

        with open_archive(Path(made), site_of(site.url)) as archive:
            urls = [f"{site.url.rstrip('/')}/posts/{number}" for number in THREADS]
            unchanged, changed, first = two_nights(archive, urls, turn)
    report("sample unchanged", unchanged, first, AIM)
    report("sample changed", changed, first, None)


def measure_wordpress(address: str) -> None:
    asked = {"per_page": str(POSTS), "_fields": "link"}
    posts = httpx.get(f"{address}/wp-json/wp/v2/posts", params=asked, trust_env=False, timeout=30).json()
    with (
        tempfile.TemporaryDirectory(prefix="bench-bytes-") as made,
        open_archive(Path(made), urlsplit(address).netloc) as archive,
    ):
        unchanged, changed, first = two_nights(archive, [each["link"] for each in posts], lambda: None)
    report("wordpress unchanged", unchanged, first, AIM)
    report("wordpress changed", changed, first, None)


def main() -> None:
    """Print the figures."""
    measure_sample()
    if address := os.environ.get("ARCHIVER_BENCH_WORDPRESS"):
        measure_wordpress(address.rstrip("/"))


if __name__ == "__main__":
    main()

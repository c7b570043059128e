"""Capturing pages of one site with 1, 2 and 4 workers, against a bare Chromium taking the same screenshots.

Ours is the whole of it: recording proxy, first screen and full page, DOM, layout, thumbnail, platform's
interface, files synced, and the items read out of the WARC. The reference is the same Chromium with a new
context for each page, writing the same two PNGs. Both take the same pages of a generated thread site, in turns,
with as many workers; a figure is the median of the rounds' ratios. Beside it stand the processor seconds a page
took, ours and the reference's, which a busy machine falsifies less, and the most memory that the recorder and the
browser held with all their processes (proportional sets: a page that several share is counted once in all).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright

from archiver.core.records import CaptureId, Outcome, new_id
from bench.capture_time import SEED, make_site, serve
from capture.browser.chromium import find_chromium, launch_flags
from capture.extraction import extract
from capture.job import WARC_NAME
from capture.observation import CaptureLimits
from capture.session import CaptureSession

WORKERS = (1, 2, 4)
PAGES = 12 if os.environ.get("ARCHIVER_PROVE") else 8
ROUNDS = 9 if os.environ.get("ARCHIVER_PROVE") else 3
AIM = 0.75
_PATIENCE_MS = 600_000.0
"""A busy machine makes the reference slow, too: that is a figure, and no failure."""
_LOOK_SECONDS = 2.0
"""Between two looks at the memory, which cost the kernel some time."""
AIMED_AT = 2
"""Workers for which the aim is meant: one for each core of a small machine."""


def make_threads(pages: int) -> dict[str, tuple[str, bytes]]:
    """A site of `pages` thread pages, each with pictures of its own beside those they share."""
    site: dict[str, tuple[str, bytes]] = {}
    for number in range(pages):
        thread = make_site(SEED + number)
        kind, page = thread["/"]
        site |= {path: content for path, content in thread.items() if path not in ("/", "/0.png", "/1.png")}
        for own in ("/0.png", "/1.png"):
            site[f"/{number}{own}"] = thread[own]
            page = page.replace(f'src="{own}"'.encode(), f'src="/{number}{own}"'.encode())
        site[f"/thread-{number}"] = (kind, page)
    return site


def time_ours(session: CaptureSession, urls: list[str], workers: int, folder: Path) -> float:
    """Pages a second, every one captured and read."""

    def take(url: str) -> None:
        into = Path(tempfile.mkdtemp(dir=folder))
        seen = session.capture(url, capture_id=CaptureId(new_id("cap")), into=into)
        if seen.outcome is not Outcome.COMPLETE:
            raise SystemExit(f"concurrency: the capture ended {seen.outcome}: {seen.reason}")
        extract(into / WARC_NAME)

    begun = time.perf_counter()
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(take, urls))
    return len(urls) / (time.perf_counter() - begun)


async def time_bare(chromium: Chromium, urls: list[str], workers: int, folder: Path) -> float:
    """Pages a second of a context, a load, a screenshot of the first screen and one of the whole page."""
    limits = CaptureLimits()
    waiting = iter(enumerate(urls))

    async def work() -> None:
        for number, url in waiting:
            context = await chromium.new_context(
                viewport={"width": limits.viewport_width, "height": limits.viewport_height}
            )
            context.set_default_timeout(_PATIENCE_MS)
            page = await context.new_page()
            await page.goto(url, wait_until="load")
            await page.screenshot(path=folder / f"{number}.view.png")
            await page.screenshot(full_page=True, path=folder / f"{number}.png")
            await context.close()

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(workers)))
    return len(urls) / (time.perf_counter() - begun)


@dataclass(frozen=True)
class Usage:
    """What a process and all below it use: seconds of processor time, those of ended ones too, and megabytes.

    Megabytes are of the proportional set.
    """

    seconds: float
    megabytes: float


def usage_below(root: int, *, memory: bool = False) -> Usage:
    """Reads /proc (proc(5)); what ends while it is looked at is left out. Megabytes where `memory` is asked for."""
    below: dict[int, list[int]] = {}
    stats: dict[int, list[str]] = {}
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (each / "stat").read_text().rpartition(")")[2].split()
            below.setdefault(int(fields[1]), []).append(int(each.name))
            stats[int(each.name)] = fields
    seconds, megabytes, waiting = 0.0, 0.0, [root]
    while waiting:
        process = waiting.pop()
        if fields := stats.get(process, []):
            seconds += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
            if memory:
                megabytes += _proportional_megabytes(process)
        waiting += below.get(process, [])
    return Usage(seconds, megabytes)


def _proportional_megabytes(process: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


@contextlib.contextmanager
def peaks(measured: dict[str, Callable[[], int | None]]) -> Iterator[dict[str, float]]:
    """The most each of the processes held while the block ran, in MB."""
    most = dict.fromkeys(measured, 0.0)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_SECONDS):
            for name, process in measured.items():
                if (found := process()) is not None:
                    most[name] = max(most[name], usage_below(found, memory=True).megabytes)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


async def compare(session: CaptureSession, urls: list[str], folder: Path, executable: Path) -> None:
    """Both in turns in one process, and the figures as they come."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=executable, args=launch_flags())
        await time_bare(chromium, urls[:2], 1, folder)
        await asyncio.to_thread(time_ours, session, urls[:2], 1, folder)
        for workers in WORKERS:
            ours, bare, spent = [], [], [usage_below(os.getpid()).seconds]
            with peaks({"recorder": lambda: session.recorder_id, "browser": lambda: session.browser_id}) as most:
                for number in range(ROUNDS):
                    bare.append(await time_bare(chromium, urls, workers, folder))
                    spent.append(usage_below(os.getpid()).seconds)
                    ours.append(await asyncio.to_thread(time_ours, session, urls, workers, folder))
                    spent.append(usage_below(os.getpid()).seconds)
                    print(
                        f"  {workers} workers, round {number + 1}: bare {bare[-1]:.2f}, ours {ours[-1]:.2f} pages/s",
                        file=sys.stderr,
                        flush=True,
                    )
            ratio = median(our / its for our, its in zip(ours, bare, strict=True))
            each = [(after - before) / len(urls) for before, after in pairwise(spent)]
            figure = {
                "bench": "concurrency",
                "workers": workers,
                "value": round(median(ours), 3),
                "unit": "pages/s",
                "reference": round(median(bare), 3),
                "ratio": round(ratio, 2),
                "aim": AIM if workers == AIMED_AT else None,
                "met": ratio >= AIM if workers == AIMED_AT else None,
                "cpu_seconds": round(median(each[1::2]), 2),
                "cpu_reference": round(median(each[0::2]), 2),
                "memory_mb": {name: round(size) for name, size in most.items()},
            }
            print(json.dumps(figure, ensure_ascii=False), flush=True)
        await chromium.close()


def main() -> None:
    """Print a figure for each number of workers."""
    executable = find_chromium()
    with (
        tempfile.TemporaryDirectory(prefix="bench-concurrency-") as made,
        serve(make_threads(PAGES)) as host,
        CaptureSession(authority_dir=Path(made) / "authority", allow_hosts=[host]) as session,
    ):
        urls = [f"http://{host}/thread-{number}" for number in range(PAGES)]
        asyncio.run(compare(session, urls, Path(made), executable))


if __name__ == "__main__":
    main()

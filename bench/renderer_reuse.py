"""What it would give to show the pages of one site in one renderer, instead of a fresh context for each.

A bare Chromium loads the pages of one site and takes a full-page screenshot of each: in a new context each, as
captures do, and in one context with a page of the site left open, so that its process lives on; the cache is off in
both. The value is the processor seconds of a page, the reference those with a context each.

Captures keep a context each: cookies, storage and service workers of one capture would reach the next, and the
recorder tells captures apart by their context's own login to the proxy.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from statistics import median

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, async_playwright

from bench.capture_time import serve
from bench.concurrency import make_threads, usage_below
from capture.browser.chromium import find_chromium, launch_flags
from capture.observation import CaptureLimits

PAGES = 12 if os.environ.get("ARCHIVER_PROVE") else 6
ROUNDS = 9 if os.environ.get("ARCHIVER_PROVE") else 3
_PATIENCE_MS = 600_000.0


async def _context(chromium: Chromium) -> BrowserContext:
    limits = CaptureLimits()
    context = await chromium.new_context(viewport={"width": limits.viewport_width, "height": limits.viewport_height})
    context.set_default_timeout(_PATIENCE_MS)
    return context


async def _shoot(context: BrowserContext, url: str) -> None:
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await page.goto(url, wait_until="load")
    await page.screenshot(full_page=True)
    await page.close()


async def in_fresh_contexts(chromium: Chromium, urls: list[str]) -> None:
    for url in urls:
        context = await _context(chromium)
        await _shoot(context, url)
        await context.close()


async def in_one_renderer(chromium: Chromium, urls: list[str]) -> None:
    context = await _context(chromium)
    left_open = await context.new_page()
    await left_open.goto(urls[0], wait_until="load")
    for url in urls[1:]:
        await _shoot(context, url)
    await context.close()


async def compare(urls: list[str]) -> None:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=find_chromium(), args=launch_flags())
        fresh, shared, rates = list[float](), list[float](), list[float]()
        for number in range(ROUNDS + 1):
            marks = [(usage_below(os.getpid()).seconds, time.perf_counter())]
            for way in (in_fresh_contexts, in_one_renderer):
                await way(chromium, urls)
                marks.append((usage_below(os.getpid()).seconds, time.perf_counter()))
            (before, begun), (between, middle), (after, ended) = marks
            pages = len(urls)
            if number:  # the first round warms up
                fresh.append((between - before) / pages)
                shared.append((after - between) / (pages - 1))
                rates.append((middle - begun) / pages / ((ended - middle) / (pages - 1)))
                print(f"  fresh {fresh[-1]:.2f}, shared {shared[-1]:.2f} CPU s a page", file=sys.stderr, flush=True)
        await chromium.close()
    figure = {
        "bench": "renderer_reuse",
        "value": round(median(shared), 2),
        "unit": "CPU s/page",
        "reference": round(median(fresh), 2),
        "ratio": round(median(one / other for one, other in zip(shared, fresh, strict=True)), 2),
        "aim": None,
        "met": None,
        "times_as_fast": round(median(rates), 2),
    }
    print(json.dumps(figure), flush=True)


def main() -> None:
    """Print the figure."""
    with serve(make_threads(PAGES)) as host:
        asyncio.run(compare([f"http://{host}/thread-{number}" for number in range(PAGES)]))


if __name__ == "__main__":
    main()

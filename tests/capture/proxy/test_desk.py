"""The desk answers every command, and a fault anywhere in the proxy fails what is being recorded."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.core.warc import Exchange, check_warc
from capture.proxy.desk import Desk, Faults
from capture.proxy.tape import Take
from capture.secrets.masking import Secrets

EXCHANGE = Exchange(
    uri="https://a.in/",
    date=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    request_head=b"GET / HTTP/1.1\r\n\r\n",
    response_head=b"HTTP/1.1 200 OK\r\n\r\n",
    response_body="বান্ধ সুৰক্ষিত".encode(),
)


def at_a_desk(work: Callable[[Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        desk = Desk(Secrets([]))
        await work(desk)
        await desk.close()

    asyncio.run(run())


async def ask(desk: Desk, deed: str, **details: object) -> dict[str, Any]:
    return await desk.answer(json.dumps({"id": 7, "do": deed, "with": details}).encode())


async def begin(desk: Desk, warc: Path) -> Take:
    """Begin capture `a` and a take that has got its response's head."""
    await ask(desk, "begin", capture="a", warc=str(warc), info={}, password="p", max_bytes=10**6, secrets=[])
    take = desk.tapes["a"].start("https://a.in/")
    take.describe = lambda _, truncated: EXCHANGE
    return take


def test_a_capture_is_begun_recorded_and_finished(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        (await begin(desk, tmp_path / "a.warc.gz")).end()
        told = await ask(desk, "finish", capture="a", grace=1)
        assert (told["id"], told["result"]["responses"], told["result"]["records"]) == (7, 1, 3)
        assert desk.tapes == {}

    at_a_desk(work)
    assert check_warc(tmp_path / "a.warc.gz", records=3).ok


def test_an_end_told_twice_is_written_once(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        take = await begin(desk, tmp_path / "a.warc.gz")
        take.end()
        take.end("disconnect")
        take.fail("too late")
        take.feed(b"too late")
        told = (await ask(desk, "finish", capture="a", grace=1))["result"]
        assert (told["responses"], told["truncated"], told["failed"]) == (1, (), ())

    at_a_desk(work)


def test_a_fault_in_the_proxy_fails_every_capture_under_way(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        faults = Faults(desk.tapes)
        (await begin(desk, tmp_path / "a.warc.gz")).end()
        logger = logging.Logger("mitmproxy.addonmanager")
        logger.addHandler(faults)
        logger.warning("a certificate is old")
        assert faults.first is None
        try:
            raise KeyError("take")
        except KeyError:
            logger.exception("Addon error")
        assert faults.first == "a fault in the recording proxy: KeyError: Addon error"
        told = await ask(desk, "finish", capture="a", grace=1)
        assert told["error"] == "RecorderFailed"
        assert "KeyError: Addon error" in told["message"]

    at_a_desk(work)
    assert list(tmp_path.iterdir()) == []


def test_a_fault_in_writing_fails_the_capture(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        take = await begin(desk, tmp_path / "a.warc.gz")
        nothing: dict[str, Exchange] = {}
        take.describe = lambda _, truncated: nothing["missing"]
        take.end()
        told = await ask(desk, "finish", capture="a", grace=1)
        assert told["error"] == "RecorderFailed"
        assert "KeyError('missing')" in told["message"]

    at_a_desk(work)
    assert list(tmp_path.iterdir()) == []


def test_closing_leaves_no_half_file(tmp_path: Path) -> None:
    async def work(desk: Desk) -> None:
        await begin(desk, tmp_path / "a.warc.gz")
        assert (tmp_path / "a.warc.gz.part").exists()

    at_a_desk(work)
    assert list(tmp_path.iterdir()) == []

"""One capture: the page through the recording proxy, the platform's API, screenshots, a verdict.

Everything a capture leaves lies in one directory; filing it is the caller's.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from archiver.core import clock
from archiver.core.durable import write_durably
from archiver.core.errors import BrowserFailed, RecorderFailed
from archiver.core.records import CaptureId, Digest, ObjectRole, Outcome
from capture.browser import Browser
from capture.client import RecordedClient
from capture.observation import CaptureLimits, PageObservation, tile_name
from capture.outcomes import PageFacts, judge
from capture.recording import Recorded, Recorder
from capture.screenshot import make_thumbnail, png_size
from capture.wordpress import ApiReport, fetch_api

WARC_NAME = "capture.warc.gz"
THUMBNAIL_NAME = "thumb.webp"


@dataclass(frozen=True, kw_only=True)
class CapturedFile:
    """A file a capture left in its directory."""

    name: str
    role: ObjectRole
    media_type: str


@dataclass(frozen=True, kw_only=True)
class Observation:
    """How a capture ended and what it left. `declared` holds the counts the site itself states."""

    capture_id: CaptureId
    url: str
    final_url: str
    started: datetime
    finished: datetime
    outcome: Outcome
    reason: str = ""
    http_status: int | None = None
    content_type: str = ""
    retry_after: str = ""  # what the site answered of when to come back, as it wrote it
    files: tuple[CapturedFile, ...] = ()
    warc_records: int = 0
    warc_sha256: Digest | None = None
    declared: dict[str, int] = field(default_factory=dict)


def capture_page(
    url: str,
    *,
    capture_id: CaptureId,
    recorder: Recorder,
    browser: Browser,
    into: Path,
    limits: CaptureLimits | None = None,
    now: Callable[[], datetime] = clock.now,
    progress: Callable[[str], None] = lambda _: None,
) -> Observation:
    """Capture `url` into the existing directory `into`: WARC, full-page screenshot, thumbnail.

    Whatever the site or the browser does ends in an outcome. Raises RecorderFailed and
    StorageFull; then, and on Ctrl-C, nothing of the capture stays.
    """
    limits = limits or CaptureLimits()
    started = now()
    if not _is_web_address(url):
        reason = f"{url}: only http and https addresses can be captured"
        return _nothing(capture_id, url, started, now(), Outcome.REFUSED, reason)
    info = {"archiver-capture-id": capture_id, "archiver-capture-url": url}
    login = recorder.begin(capture_id, into / WARC_NAME, info, max_bytes=limits.max_bytes)
    try:
        seen = browser.observe(url, login=login, limits=limits, now=now, progress=progress)
        report, fetched = None, False
        if judge(_facts(seen, limits, fetched=True)).outcome.files_content:
            progress("asking the site's interface" if seen.is_page else "fetching the file")
            with RecordedClient(login, recorder.ca_file, limits) as client:
                if seen.is_page:
                    report = fetch_api(client.get, seen.html, seen.final_url)
                elif not seen.tiles:
                    fetched = client.fetch_whole(seen.final_url)
        progress("writing")
        files = _write_images(seen, into)
        _write_resources(seen, report, capture_id, recorder)
        recorded = recorder.finish(capture_id)
    except BrowserFailed as error:
        discard(capture_id, recorder, into)
        return _nothing(capture_id, url, started, now(), Outcome.FAILED, str(error))
    except BaseException:
        discard(capture_id, recorder, into)
        raise
    verdict = judge(_facts(seen, limits, report, recorded, fetched=fetched))
    warc = CapturedFile(name=WARC_NAME, role=ObjectRole.WARC, media_type="application/warc")
    return Observation(
        capture_id=capture_id,
        url=url,
        final_url=seen.final_url,
        started=started,
        finished=now(),
        outcome=verdict.outcome,
        reason=verdict.reason,
        http_status=seen.status if verdict.answered else None,
        content_type=seen.content_type,
        retry_after=seen.headers.get("retry-after", ""),
        files=(warc, *files),
        warc_records=recorded.records,
        warc_sha256=Digest(recorded.sha256),
        declared=dict(report.declared) if report else {},
    )


def _nothing(
    capture_id: CaptureId, url: str, started: datetime, finished: datetime, outcome: Outcome, reason: str
) -> Observation:
    """A capture that left no file."""
    return Observation(
        capture_id=capture_id,
        url=url,
        final_url=url,
        started=started,
        finished=finished,
        outcome=outcome,
        reason=reason,
    )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _facts(
    seen: PageObservation,
    limits: CaptureLimits,
    report: ApiReport | None = None,
    recorded: Recorded | None = None,
    *,
    fetched: bool = False,
) -> PageFacts:
    return PageFacts(
        url=seen.url,
        final_url=seen.final_url,
        chain=seen.chain,
        status=seen.status,
        headers=seen.headers,
        is_page=seen.is_page,
        content_type=seen.content_type,
        file_fetched=fetched,
        network_error=seen.network_error,
        signs=seen.signs if seen.html or not seen.is_page else None,  # a page without its DOM is not content
        problems=seen.problems,
        refused=recorded.refused if recorded else (),
        truncated=recorded.truncated if recorded else (),
        failed=recorded.failed if recorded else (),
        api_problems=tuple(report.problems) if report else (),
        max_bytes=limits.max_bytes,
    )


def _write_images(seen: PageObservation, into: Path) -> list[CapturedFile]:
    """The full-page screenshot's images and the thumbnail, durably."""
    files: list[CapturedFile] = []
    for number, tile in enumerate(seen.tiles, 1):
        png_size(tile)  # what the browser handed over is whole
        write_durably(into / tile_name(number), tile)
        files.append(CapturedFile(name=tile_name(number), role=ObjectRole.SCREENSHOT, media_type="image/png"))
    # the first screen is small and quick to scale; where it is missing, the full page's top
    if top := seen.view or (seen.tiles[0] if seen.tiles else b""):
        write_durably(into / THUMBNAIL_NAME, make_thumbnail(top))
        files.append(CapturedFile(name=THUMBNAIL_NAME, role=ObjectRole.THUMBNAIL, media_type="image/webp"))
    return files


def _write_resources(
    seen: PageObservation, report: ApiReport | None, capture_id: CaptureId, recorder: Recorder
) -> None:
    """The `urn:` records: what was seen, beside what was sent."""
    url = seen.final_url
    resources = [(f"urn:view:{url}", "image/png", seen.view)]
    for number, tile in enumerate(seen.tiles, 1):
        part = "" if number == 1 else f"@{number}"
        resources.append((f"urn:fullPage{part}:{url}", "image/png", tile))
    resources.append((f"urn:dom:{url}", "text/html; charset=utf-8", seen.html.encode("utf-8", "replace")))
    resources.append((f"urn:layout:{url}", "application/json", seen.layout))
    resources.append((f"urn:pageinfo:{url}", "application/json", write_pageinfo(seen, report)))
    with tempfile.TemporaryDirectory(prefix="archiver-") as folder:
        file = Path(folder) / "resource"
        for uri, media_type, content in resources:
            if content:
                file.write_bytes(content)
                recorder.add_resource(capture_id, uri, media_type, file)


def write_pageinfo(seen: PageObservation, report: ApiReport | None) -> bytes:
    """The `urn:pageinfo` record, JSON.

    `ts` is when the visit began, `declared` what the site's own interface counts.
    """
    signs = seen.signs
    pageinfo = {
        "url": seen.url,
        "finalUrl": seen.final_url,
        "ts": clock.to_iso(seen.started),
        "status": seen.status,
        "contentType": seen.content_type,
        "chain": seen.chain,
        "networkError": seen.network_error,
        "title": signs.title if signs else "",
        "language": signs.language if signs else "",
        "counts": {"jsErrors": len(seen.console_errors), "urls": len(seen.resources)},
        "urls": seen.resources,
        "consoleErrors": seen.console_errors,
        "behaviours": seen.behaviours,
        "problems": seen.problems,
        "declared": dict(report.declared) if report else {},
        "api": {"requested": list(report.requested), "problems": list(report.problems)} if report else {},
    }
    return json.dumps(pageinfo, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def discard(capture_id: CaptureId, recorder: Recorder, into: Path) -> None:
    """Take back what a broken-off capture has written."""
    with contextlib.suppress(RecorderFailed):
        recorder.abandon(capture_id)
    for pattern in ("page*.png*", f"{THUMBNAIL_NAME}*", f"{WARC_NAME}*"):
        for file in into.glob(pattern):
            file.unlink()

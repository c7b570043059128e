"""One discovery as evidence: every question and answer in a WARC of its own, and what was made of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from archiver.core import clock
from archiver.core.records import CaptureId, Digest, ObjectRole, Outcome
from capture.client import RecordedClient
from capture.discovery import Bounds, Discovery, discover
from capture.discovery.found import write_hint
from capture.job import WARC_NAME, CapturedFile, Observation, discard
from capture.observation import CaptureLimits
from capture.proxy.recording import Recorded, Recorder
from capture.verdict.outcome_rules import OutcomeRules
from capture.verdict.outcomes import PageFacts, judge


def capture_discovery(
    url: str,
    *,
    capture_id: CaptureId,
    recorder: Recorder,
    into: Path,
    limits: CaptureLimits,
    bounds: Bounds,
    marks: Mapping[str, str] | None = None,
    rules: OutcomeRules | None = None,
    now: Callable[[], datetime] = clock.now,
) -> tuple[Observation, Discovery]:
    """Ask the site at `url` for its threads, into the existing directory `into`.

    Whatever the site does ends in an outcome; what was listed before it failed is in the discovery. Raises
    RecorderFailed and StorageFull; then nothing of it stays.
    """
    started = now()
    info = {"archiver-capture-id": capture_id, "archiver-capture-url": url}
    login = recorder.begin(capture_id, into / WARC_NAME, info, max_bytes=limits.max_bytes)
    try:
        with RecordedClient(login, recorder.ca_file, limits) as client:
            listed = discover(client.get, url, bounds=bounds, marks=marks)
        with tempfile.TemporaryDirectory(prefix="archiver-") as folder:
            file = Path(folder) / "resource"
            file.write_bytes(_write_discovery(listed, capture_id, started))
            recorder.add_resource(capture_id, f"urn:discovery:{url}", "application/json", file)
        recorded = recorder.finish(capture_id)
    except BaseException:
        discard(capture_id, recorder, into)
        raise
    verdict = judge(_facts(listed, recorded, limits, now()), rules)
    reason = verdict.reason
    if verdict.outcome is Outcome.COMPLETE:
        reason = "" if listed.sources else "the site offers no interface, feed or sitemap that lists its threads"
    observed = Observation(
        capture_id=capture_id,
        url=url,
        final_url=listed.final_url,
        started=started,
        finished=now(),
        outcome=verdict.outcome,
        cause=verdict.cause,
        reason=reason,
        retry_after=verdict.retry_after,
        http_status=listed.status if verdict.answered else None,
        content_type=listed.headers.get("content-type", "").split(";")[0].strip().lower(),
        files=(CapturedFile(name=WARC_NAME, role=ObjectRole.WARC, media_type="application/warc"),),
        warc_records=recorded.records,
        warc_sha256=Digest(recorded.sha256),
    )
    return observed, listed


def _facts(listed: Discovery, recorded: Recorded, limits: CaptureLimits, at: datetime) -> PageFacts:
    """As of a file fetched whole: what the lists say is all there is to see."""
    return PageFacts(
        url=listed.url,
        final_url=listed.final_url,
        chain=listed.chain,
        status=listed.status,
        headers=listed.headers,
        is_page=False,
        content_type=listed.headers.get("content-type", ""),
        file_fetched=True,
        network_error=listed.network_error,
        problems=(*listed.problems, *listed.cut),
        refused=recorded.refused,
        truncated=recorded.truncated,
        failed=recorded.failed,
        max_bytes=limits.max_bytes,
        at=at,
    )


def _write_discovery(listed: Discovery, capture_id: CaptureId, started: datetime) -> bytes:
    """The `urn:discovery` record, JSON; `found` is `[address, what is said of it]` each."""
    discovery = {
        "format": "archiver-discovery",
        "version": 1,
        "capture": capture_id,
        "url": listed.url,
        "finalUrl": listed.final_url,
        "ts": clock.to_iso(started),
        "status": listed.status,
        "sources": listed.sources,
        "declared": listed.declared,
        "found": [[each.url, json.loads(write_hint(each.hint))] for each in listed.found],
        "requested": listed.requested,
        "problems": listed.problems,
        "cut": listed.cut,
    }
    return json.dumps(discovery, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
